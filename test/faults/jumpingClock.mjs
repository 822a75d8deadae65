/** Loaded before a program: its wall clock jumps to and fro every half second, as a clock that somebody sets. */
const jump = Number(process.env.MFGPU_TEST_CLOCK_JUMP);
const Real = globalThis.Date;
const now = () => Real.now() + (Math.floor(performance.now() / 500) % 2 === 1 ? jump : 0);
globalThis.Date = class extends Real {
  constructor(...parts) {
    if (parts.length === 0) super(now());
    else super(...parts);
  }
  static now() {
    return now();
  }
};
