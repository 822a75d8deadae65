// What a coupling reads of a one-dimensional member of a batch: its smoothed density (gaussian.wgsl, `field_at` is the including
// file's) and its moments, kept from sum_pairs.wgsl.
// #include "sweep_member.wgsl"
// #include "coupling.wgsl"
// #include "gaussian.wgsl"
const terms = 4u;

var<workgroup> moments: array<vec2f, 4>;

fn weight_at(k: u32) -> f32 {
  return numbers[own.gaussian + k];
}

fn smoothed(node: u32) -> f32 {
  return convolved(0u, node, i32(node), own.reach);
}

fn summed(k: u32) -> f32 {
  return moments[k].x + moments[k].y;
}

fn keep_sum(group: u32, k: u32, sum: vec2f) {
  moments[k] = sum;
}
// #include "mean_terms.wgsl"
