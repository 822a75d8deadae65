/** What this machine can do at most on one thread, measured: the two roofs that kernels are drawn under. */
import { systemClock, type Clock } from "./clock.ts";

export interface Roof {
  /** Bytes per second of a copy, read and write counted, between arrays that no cache holds. */
  readonly bandwidth: number;
  /** Floating-point operations per second of a loop of additions and products in one JavaScript thread. */
  readonly arithmetic: number;
}

const copyBytes = 1 << 25;
const rounds = 5;
/** With more, V8 keeps some of them in memory. */
const chains = 6;
const steps = 20_000;
/** Calls of a round: short ones, so that the engine's last form of the loop runs and not the one it entered half-way. */
const calls = 60;

/** Independent chains of x <- a x + b: nothing waits for memory. */
function arithmeticLoop(a: number, b: number): number {
  let x0 = 1.5;
  let x1 = 2.5;
  let x2 = 3.5;
  let x3 = 4.5;
  let x4 = 5.5;
  let x5 = 6.5;
  for (let i = 0; i < steps; i++) {
    x0 = a * x0 + b;
    x1 = a * x1 + b;
    x2 = a * x2 + b;
    x3 = a * x3 + b;
    x4 = a * x4 + b;
    x5 = a * x5 + b;
  }
  return x0 + x1 + x2 + x3 + x4 + x5;
}

/** The best of a few rounds each. */
export function measureRoof(clock: Clock = systemClock): Roof {
  const from = new Float64Array(copyBytes / 8).fill(1);
  const to = new Float64Array(copyBytes / 8);
  let copy = Infinity;
  let loop = Infinity;
  let sum = 0;
  for (let r = 0; r < rounds; r++) {
    const begun = clock.now();
    to.set(from);
    const copied = clock.now();
    for (let k = 0; k < calls; k++) {
      const started = clock.now();
      sum += arithmeticLoop(0.999, 0.001);
      loop = Math.min(loop, clock.now() - started);
    }
    copy = Math.min(copy, copied - begun);
  }
  // The sum is used, so that no engine may leave the loop out.
  const operations = Number.isFinite(sum + (to[0] ?? 0)) ? 2 * chains * steps : 0;
  return { bandwidth: (2 * copyBytes * 1000) / copy, arithmetic: (operations * 1000) / loop };
}

/** Operations and bytes of both one-sided derivatives per point and axis, interval-shared form (67 operations). */
export const derivativeWork: Readonly<Record<"f64" | "f32", { readonly operations: number; readonly bytes: number }>> =
  {
    f64: { operations: 67, bytes: 24 },
    f32: { operations: 67, bytes: 12 },
  };
