/** A virtual environment of Python with the peers' pinned packages, made on first use. */
import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../build/peers-venv", import.meta.url));
const requirements = fileURLToPath(new URL("../peers/requirements.txt", import.meta.url));
const stamp = join(folder, "requirements.txt");

/** The environment's Python, or why there is none: no Python, no network, a package without a build for this machine. */
export function peersPython(): { readonly python: string } | { readonly why: string } {
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const wanted = readFileSync(requirements, "utf8");
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return { python };
  try {
    mkdirSync(dirname(folder), { recursive: true });
    console.error("making build/peers-venv ...");
    const quiet: ExecFileSyncOptionsWithStringEncoding = { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" };
    execFileSync(process.platform === "win32" ? "python" : "python3", ["-m", "venv", folder], quiet);
    execFileSync(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements], quiet);
    writeFileSync(stamp, wanted);
    return { python };
  } catch (error) {
    const { stderr, message } = error as Error & { readonly stderr?: string };
    const last = (stderr ?? "").trim().split("\n").at(-1);
    return {
      why: `the virtual environment could not be made: ${last === undefined || last === "" ? message.split("\n")[0] : last}`,
    };
  }
}
