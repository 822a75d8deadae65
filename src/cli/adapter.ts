import { spawn } from "node:child_process";
import { constants } from "node:os";
import { MfgError } from "../errors.ts";
import type { TierChoice } from "../solver/options.ts";
import { findTier } from "../tiers/registry.ts";
import { exitCodes } from "./exit.ts";

const adapterTiers = /^(webgpu|gpujs)/;

/** True where a tier computes on an adapter. */
export function usesAdapter(tier: string): boolean {
  return adapterTiers.test(tier);
}

/**
 * The adapter that is asked for: `--adapter`, else MFGPU_ADAPTER where the tier uses one. An adapter for a tier that runs on
 * the processor is refused.
 */
export function chosenAdapter(
  flag: string | undefined,
  fromEnvironment: string | undefined,
  tier: TierChoice,
): string | undefined {
  if (flag === undefined) return usesAdapter(tier) && fromEnvironment !== "" ? fromEnvironment : undefined;
  if (tier === "auto" || usesAdapter(tier)) return flag;
  throw new MfgError({
    code: "MFGPU_CONFIG_ADAPTER",
    message: `--adapter: tier ${tier} uses no adapter.`,
    path: "--adapter",
    value: flag,
    fix: "Leave out --adapter, or name a tier that runs on an adapter: --tier webgpu.",
  });
}

/**
 * Refuses adapters that are not here, before anything else is done.
 *
 * @param tier that is asked for; where it is left open, WebGPU says what is here
 * @throws MFGPU_TIER_UNAVAILABLE with what is here instead
 */
export async function checkAdapters(adapters: readonly string[], tier: TierChoice): Promise<void> {
  for (const adapter of adapters) await findTier(tier === "auto" ? "webgpu" : tier, { adapter });
}

/** Set for the process that `runAgainWithSoftware` starts. */
const startedAnew = "MFGPU_STARTED_ANEW";

interface SoftwareScript {
  /** Undefined where there is no software adapter to be had. */
  softwareEnvironment(): Readonly<Record<string, string>> | undefined;
}

/**
 * Runs this very command again with the environment of the software adapter, where it is asked for and a process must be
 * started for it: the Vulkan loader looks at its environment once, when a process starts. A driver that the user has named
 * by VK_DRIVER_FILES stays.
 *
 * @returns the exit code of that run; undefined where there is none and this process is to do the work
 */
export async function runAgainWithSoftware(argv: readonly string[]): Promise<number | undefined> {
  const { env } = process;
  if (env[startedAnew] !== undefined) {
    endWithStarter();
    return undefined;
  }
  const at = argv.indexOf("--adapter");
  const flag = at >= 0 ? argv[at + 1] : argv.find((arg) => arg.startsWith("--adapter="))?.slice("--adapter=".length);
  if ((flag ?? env["MFGPU_ADAPTER"]) !== "software" || env["VK_DRIVER_FILES"] !== undefined) return undefined;
  const script = new URL("../../scripts/software.mjs", import.meta.url).href;
  const environment = ((await import(script)) as SoftwareScript).softwareEnvironment();
  if (environment === undefined) return undefined;
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", ...argv], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...env, ...environment, [startedAnew]: "1" },
    // In a group of its own, so that Ctrl-C reaches it once: from here.
    detached: true,
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** Ends this process where the one that started it is killed: in a group of its own no signal of the terminal would. */
function endWithStarter(): void {
  // Not for what this process starts.
  delete process.env[startedAnew];
  process.once("disconnect", () => process.exit(exitCodes.interrupted));
  process.channel?.unref();
}
