/**
 * Passes of the flux limiter. Pass 1 is R_i = min(1, (1 - guard) pos(mL_i)/O_i), O_i the sum of outgoing antidiffusive
 * parts. Every further pass counts the inflow that the pass before guarantees:
 * R_i = min(1, (1 - guard)(pos(mL_i) + sum over incoming faces of R_donor A)/O_i). R never falls from pass to pass, so the density
 * stays >= 0 after each; smooth data, where in- and outflow nearly cancel, are let through. Passes end early where no R < 1.
 */
export const limiterPasses = 1;

/** Keeps round-off from making the limited density negative (f64). */
export const limiterGuard = 1e-12;
