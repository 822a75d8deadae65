/** Energy, where the system counts it: RAPL of the processor (Linux, readable), `nvidia-smi` of a card; else none, and why. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

export interface EnergyMeter {
  readonly source: string;
  /** Milliseconds that a reading takes by itself. */
  readonly readingMs: number;
  /** Joules that a piece of work of at least some hundred milliseconds took. */
  measure(work: () => Promise<void>): Promise<number>;
}

export interface Energy {
  readonly processor: EnergyMeter | undefined;
  readonly card: EnergyMeter | undefined;
  /** Where the figures come from, or why there are none. */
  readonly text: string;
}

const raplFolder = "/sys/class/powercap";

/** Counters of whole processor packages, in microjoules; they wrap around at `range`. */
function raplZones(folder: string): { readonly file: string; readonly range: number }[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => /^intel-rapl:\d+$/.test(name));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      const file = join(folder, name, "energy_uj");
      readFileSync(file, "utf8");
      return [{ file, range: Number(readFileSync(join(folder, name, "max_energy_range_uj"), "utf8")) }];
    } catch {
      // Many systems let only root read it.
      return [];
    }
  });
}

/** The processor's own counter of energy; undefined where it is not there or may not be read. */
export function processorMeter(folder: string = raplFolder): EnergyMeter | undefined {
  const zones = raplZones(folder);
  if (zones.length === 0) return undefined;
  const read = (): number[] => zones.map(({ file }) => Number(readFileSync(file, "utf8")));
  return {
    source: "RAPL, whole processor packages",
    readingMs: 0,
    async measure(work) {
      const before = read();
      await work();
      const after = read();
      return after.reduce((sum, x, k) => {
        const spent = x - before[k]!;
        return sum + (spent < 0 ? spent + zones[k]!.range : spent) / 1e6;
      }, 0);
    },
  };
}

const run = promisify(execFile);

/** Watts that the first NVIDIA card draws now; undefined where that cannot be told. */
async function cardWatts(): Promise<number | undefined> {
  try {
    const { stdout } = await run("nvidia-smi", ["--query-gpu=power.draw", "--format=csv,noheader,nounits", "--id=0"], {
      timeout: 5000,
    });
    const watts = Number(stdout.trim());
    return watts > 0 ? watts : undefined;
  } catch {
    return undefined;
  }
}

/** Power that the card draws while the work goes on, times how long it took. */
async function cardMeter(): Promise<EnergyMeter | undefined> {
  const asked = performance.now();
  if ((await cardWatts()) === undefined) return undefined;
  return {
    source: "nvidia-smi power.draw times time, whole card",
    readingMs: performance.now() - asked,
    async measure(work) {
      const begun = performance.now();
      const [watts] = await Promise.all([cardWatts(), work()]);
      return watts === undefined ? Number.NaN : (watts * (performance.now() - begun)) / 1000;
    },
  };
}

/** Looks for what counts energy here. */
export async function findEnergy(): Promise<Energy> {
  const processor = processorMeter();
  const card = await cardMeter();
  const sources = [processor?.source, card?.source].filter((text) => text !== undefined);
  const text =
    sources.length > 0
      ? sources.join("; ")
      : `none: ${raplFolder}/intel-rapl:* cannot be read and nvidia-smi tells no power`;
  return { processor, card, text };
}
