/** A clock that tests wind by hand. */
import type { Clock } from "../../src/decision/clock.ts";

export class FakeClock implements Clock {
  #time = 0;
  readonly tick: number;

  /** @param tick milliseconds that reading the clock takes, so that its grain can be found */
  constructor(tick = 1e-5) {
    this.tick = tick;
  }

  now(): number {
    this.#time += this.tick;
    return this.#time;
  }

  /** Work that takes so many milliseconds. */
  pass(milliseconds: number): void {
    this.#time += milliseconds;
  }
}

/** Repeatable numbers between 0 and 1. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
