#!/bin/sh
# Runs mfgpu on a bare Linux x64 machine: unpacks itself once, finds the graphics driver, starts Node.
#
#   ./run.sh doctor                 what is here
#   ./run.sh bench all --json out.json
#   ./run.sh solve r1 --tier webgpu
#   ./run.sh test                   conformance of every tier on this machine
#
# MFGPU_BUNDLE_CACHE   where to unpack (default: beside this file, else under TMPDIR or /tmp)
# VK_DRIVER_FILES      a Vulkan driver of your choice (default: found below)
set -eu
PATH="${PATH:-/usr/local/bin:/usr/bin:/bin}"
[ -n "$PATH" ] || PATH=/usr/local/bin:/usr/bin:/bin
export PATH
HOME="${HOME:-/tmp}"
[ -n "$HOME" ] || HOME=/tmp
export HOME

case $0 in
  */*) here=$(CDPATH='' cd -- "${0%/*}" && pwd) ;;
  *) here=$(pwd) ;;
esac

say() { printf 'mfgpu bundle: %s\n' "$*" >&2; }

# --- unpack once -----------------------------------------------------------------------------------------------------
payload=
for candidate in "$here"/payload.tar.xz "$here"/payload.tar.gz; do
  [ -f "$candidate" ] && payload=$candidate && break
done
[ -n "$payload" ] || { say "payload.tar.xz is missing beside run.sh; fetch the bundle again"; exit 1; }
stamp=$(cat "$here/payload.id")

writable() { mkdir -p "$1" 2>/dev/null && [ -w "$1" ]; }
if [ -n "${MFGPU_BUNDLE_CACHE:-}" ]; then base=$MFGPU_BUNDLE_CACHE
elif writable "$here/unpacked"; then base=$here/unpacked
else base=${TMPDIR:-/tmp}/mfgpu-bundle
fi
writable "$base" || { say "cannot write to $base; set MFGPU_BUNDLE_CACHE to a folder that can be written to"; exit 1; }
root=$base/$stamp

unpack() {
  case $payload in
    *.gz) tar -xzf "$payload" -C "$1" && return ;;
    *) tar -xJf "$payload" -C "$1" 2>/dev/null && return ;;
  esac
  for python in python3 python; do
    command -v "$python" >/dev/null 2>&1 || continue
    "$python" -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$payload" "$1" && return
  done
  say "neither tar with xz nor Python can unpack $payload"
  return 1
}

if [ ! -f "$root/complete" ]; then
  # A name of its own and a rename: two first runs at once do not meet in half a folder.
  fresh=$base/.unpacking.$$
  rm -rf "$fresh"
  mkdir -p "$fresh"
  say "unpacking to $root"
  unpack "$fresh" || { rm -rf "$fresh"; exit 1; }
  : > "$fresh/complete"
  mv "$fresh" "$root" 2>/dev/null || rm -rf "$fresh"
fi

# --- find the graphics driver ----------------------------------------------------------------------------------------
libraries="/usr/lib/x86_64-linux-gnu /usr/lib64 /usr/lib /usr/local/nvidia/lib64 /usr/local/nvidia/lib /usr/local/lib"
drivers=$root/lib
nvidia=
for folder in $libraries; do
  if [ -e "$folder/libEGL_nvidia.so.0" ]; then nvidia=$folder/libEGL_nvidia.so.0; break; fi
done
if [ -z "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ]; then
  icds=
  if [ -n "$nvidia" ]; then
    # The GLX driver that the system's own file may name fails without a display; the EGL one does not.
    icd=$root/nvidia_icd.json
    printf '{"file_format_version":"1.0.1","ICD":{"library_path":"%s","api_version":"1.4.0"}}\n' "$nvidia" > "$icd.$$"
    mv "$icd.$$" "$icd"
    icds=$icd
    drivers=$drivers:${nvidia%/*}
  fi
  for folder in /etc/vulkan/icd.d /usr/share/vulkan/icd.d /usr/local/share/vulkan/icd.d; do
    for icd in "$folder"/*.json; do
      [ -f "$icd" ] || continue
      # Programs that imitate a GPU are left out: mfgpu must not be given one unasked.
      case $icd in *nvidia*|*lvp*|*llvmpipe*|*swiftshader*) continue ;; esac
      icds=${icds:+$icds:}$icd
    done
  done
  if [ -n "$icds" ]; then
    export VK_DRIVER_FILES="$icds" VK_ICD_FILENAMES="$icds"
  fi
fi
# The loader complains without one.
[ -n "${XDG_RUNTIME_DIR:-}" ] || export XDG_RUNTIME_DIR="${TMPDIR:-/tmp}"
export LD_LIBRARY_PATH="$drivers${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

# --- run -------------------------------------------------------------------------------------------------------------
if [ "${1:-}" = test ]; then
  shift
  cd "$root/app"
  # What stands in test/ may be named instead: run.sh test test/solver/batch.test.ts
  [ $# -gt 0 ] || set -- test/conformance
  exec "$root/bin/node" node_modules/vitest/vitest.mjs run --project fast "$@"
fi
exec "$root/bin/node" "$root/app/dist/cli/main.js" "$@"
