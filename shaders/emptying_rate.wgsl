// The rate at which the drift empties a cell along one axis, in 1/time (src/tiers/host/fieldKernels.ts, driftSpeed): b at the node
// and through its faces.
fn emptying_rate(axis: u32, b: f32, left: f32, right: f32) -> f32 {
  let rate = max(abs(b), max(right, 0.0) - min(left, 0.0)) * grid.metric[axis].x;
  // max() may prefer a number to NaN.
  return rate + 0.0 * (b + left + right);
}
