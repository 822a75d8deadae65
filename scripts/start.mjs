/** `npm start`: sets up, solves the example that the README shows, and leaves a run and a picture in runs/. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { root, setUp } from "./setup.mjs";

const run = "runs/two-crowds-1d.npz";
const picture = "runs/two-crowds-1d.svg";

if (setUp() !== "ready") process.exit(1);
mkdirSync(join(root, "runs"), { recursive: true });

const options = ["--grid", "100", "--steps", "50", "--tolerance", "1e-8", "--out", run, "--plot", picture];
const { status } = spawnSync(process.execPath, [join(root, "dist/cli/main.js"), "solve", "two-crowds-1d", ...options], {
  cwd: root,
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

process.stdout.write(`\npicture: ${join(root, picture)}\nrun:     ${join(root, run)} (numpy.load opens it)\n`);
