import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../house/imports.ts";

/** Makes dist fresh before the tests that run it; what the compiler complains of is the type check's to fail on. */
export function setup(): void {
  spawnSync(process.execPath, [join(root, "scripts/setup.mjs")], { stdio: "inherit" });
  if (!existsSync(join(root, "dist/cli/main.js"))) throw new Error("dist/cli/main.js was not built");
}
