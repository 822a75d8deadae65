/**
 * How long a sub-step may be and how many an interval takes (docs/numerics.md sections 3.3, 3.4 and 5.1). Steps are made of
 * rates: `speed` = sum_a |H_p|_a / h_a in 1/time, `growth` (of the speed) in 1/time^2, `radius` of the diffusion in 1/time.
 */

/** SSPRK3 on the negative real axis is stable up to here. */
const realStability = 2.5127;

/**
 * The step whose Courant number is `cfl` when the speed grows at the rate `growth` while the step lasts: the root of
 * dt (speed + growth dt) = cfl. Infinite where nothing moves.
 */
export function advectionStep(speed: number, growth: number, cfl: number): number {
  return (2 * cfl) / (speed + Math.sqrt(speed * speed + 4 * growth * cfl));
}

/** The explicit mode's step: 1/dt = 1/advection + radius/2.5127, `advection` the step that advection alone would allow. */
export function explicitStep(advection: number, radius: number): number {
  return 1 / (1 / advection + radius / realStability);
}

/**
 * An explicit Euler step with Scharfetter-Gummel fluxes keeps the density >= 0 for tau times this rate <= 1 (1/time). The
 * exact rate sum_a (nu/h^2)(B(-P_right) + B(P_left)) is bounded by B(-P) <= 1 + pos(P); a cell at an exit reaches the wall
 * over half a cell.
 *
 * @param outflow largest over the nodes of sum_a (pos(b_right) + pos(-b_left))/h_a, face drifts b.
 */
export function positivityRate(
  nu: number,
  spacing: readonly number[],
  exits: readonly boolean[],
  outflow: number,
): number {
  return spacing.reduce((sum, h, a) => sum + ((exits[a] === true ? 3 : 2) * nu) / (h * h), outflow);
}

/** Sub-steps that an interval needs. Round-off in interval/dt does not cost a step of its own. */
export function needOf(interval: number, dt: number): number {
  return Math.max(1, Math.ceil((interval / dt) * (1 - 1e-12)));
}

/** How far the last count may lie above the need before it is given up. */
const keptUpTo = { hjb: (need: number): number => 2 * need + 1, fp: (need: number): number => 1.25 * need + 1 };

/**
 * The count of an interval that no earlier iteration has a say in: one more than it needs. Then a need that grows by one changes
 * no count, and at least two sub-steps smooth the map: with f = 10 m^2 and nu = 0.02 (`test/accuracy/equilibria`) bare needs of
 * one sub-step end the iteration at 3e-7, and with one more it goes on to 1e-10.
 */
export function freshCount(need: number): number {
  return need + 1;
}

/**
 * The count of sub-steps to use: the last iteration's where it still serves, else a fresh one. The count is part of the map
 * whose fixed point is sought, and a count that flips keeps the iteration from converging.
 *
 * @param previous count of the last iteration, 0 where there is none.
 */
export function keepCount(previous: number, need: number, kind: "hjb" | "fp"): number {
  return previous >= need && previous <= keptUpTo[kind](need) ? previous : freshCount(need);
}
