/**
 * What the flux limiter R_i = min(1, (1 - guard) pos(mL_i)/O_i) of docs/numerics.md section 5.2 leaves in a cell, as a share:
 * it keeps round-off from making the limited density negative (f64).
 */
export const limiterGuard = 1e-12;
