/** Starts a script of this folder that measures its own process, and waits until it ends by itself. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

interface Life {
  /** null where the process had to be ended. */
  readonly code: number | null;
  /** What the script printed. */
  readonly numbers: Readonly<Record<string, number>>;
}

export async function live(script: string, ...args: readonly string[]): Promise<Life> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, ["--expose-gc", "--import", "tsx", path, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    // The allocator's arenas, one per thread that ever was, are no leak.
    env: { ...process.env, MALLOC_ARENA_MAX: "1" },
    timeout: 170_000,
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, numbers: JSON.parse(stdout) as Record<string, number> };
}
