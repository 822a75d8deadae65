import type { LegendreCoefficients } from "../../scheme/diffusion.ts";

/**
 * Advances Y' = rate(Y, t/tau) over tau by Runge-Kutta-Legendre super-time-stepping (section 4.1) and returns the new state.
 * `rate` is given a stage and its abscissa in [0, 1].
 */
export function advanceLegendre(
  coefficients: LegendreCoefficients,
  initial: Float64Array,
  tau: number,
  rate: (state: Float64Array, abscissa: number) => Float64Array,
): Float64Array {
  const { stages, first, mu, nu, muTilde, gammaTilde, abscissa } = coefficients;
  const initialRate = rate(initial, 0);
  let before = initial;
  let state = initial.map((y, i) => y + first * tau * initialRate[i]!);
  for (let j = 2; j <= stages; j++) {
    const present = state;
    const older = before;
    const presentRate = rate(present, abscissa[j - 1]!);
    before = present;
    state = initial.map(
      (y, i) =>
        mu[j]! * present[i]! +
        nu[j]! * older[i]! +
        (1 - mu[j]! - nu[j]!) * y +
        tau * (muTilde[j]! * presentRate[i]! + gammaTilde[j]! * initialRate[i]!),
    );
  }
  return state;
}
