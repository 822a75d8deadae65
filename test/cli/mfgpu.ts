/** Runs the built command line as a child process. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { root } from "../house/imports.ts";

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  /** Resolves once stderr holds `text`; rejects where the command ends before. */
  readonly says: (text: string) => Promise<void>;
}

const main = join(root, "dist/cli/main.js");

/** Starts `mfgpu ...args`; `env` is added to an environment without the variables that mfgpu reads, and without wisdom. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  return startNode([main, ...args], env);
}

/** Starts `node ...args` in the same way. */
export function startNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const { MFGPU_TIER: _, NO_COLOR: __, ...inherited } = process.env;
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...inherited, MFGPU_WISDOM: "off", ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (stderr.includes(text)) resolve();
      };
      child.stderr.on("data", look);
      void ended.then(() => reject(new Error(`ended without saying ${JSON.stringify(text)}: ${stderr}`)));
      look();
    });
  return { child, ended, says };
}

/** Runs `mfgpu ...args` to its end. */
export function mfgpu(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return start(args, env).ended;
}

/** An empty folder that is gone after the test. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mfgpu-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A small, valid problem, with `changes` on top. */
export function problemWith(changes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    name: "ripple",
    domain: [{ from: 0, to: 1, boundary: "periodic" }],
    horizon: 0.25,
    volatility: 0.5,
    hamiltonian: { kind: "quadratic", control: 1 },
    coupling: { kind: "linear", strength: 1 },
    potential: "cos(2*pi*x)",
    terminalCost: 0,
    initialDensity: "1 + sin(2*pi*x)/2",
    ...changes,
  };
}

/** Writes a problem file into a folder and returns its path. */
export function problemFile(folder: string, changes: Readonly<Record<string, unknown>> = {}): string {
  const path = join(folder, "problem.json");
  writeFileSync(path, JSON.stringify(problemWith(changes)));
  return path;
}
