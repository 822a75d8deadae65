// Adds the partial sums of the workgroups up, in a fixed order, and leaves each as a pair in `words`.
// #include "add_pairs.wgsl"
// #include "solve_grid.wgsl"
struct Step {
  word: u32,
  terms: u32,
  groups: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> partials: array<vec2f>;
@group(0) @binding(1) var<storage, read_write> words: array<atomic<u32>>;

// Four terms at most.
var<workgroup> lane_sums: array<vec2f, lanes * 4u>;

@compute @workgroup_size(lanes)
fn main(@builtin(local_invocation_index) local: u32) {
  for (var t = 0u; t < step.terms; t++) {
    var sum = vec2f(0.0);
    for (var group = local; group < step.groups; group += lanes) {
      sum = add_pairs(sum, partials[group * step.terms + t]);
    }
    lane_sums[t * lanes + local] = sum;
  }
  workgroupBarrier();
  if (local < step.terms) {
    var sum = vec2f(0.0);
    for (var lane = 0u; lane < lanes; lane++) {
      sum = add_pairs(sum, lane_sums[local * lanes + lane]);
    }
    atomicStore(&words[step.word + 2u * local], bitcast<u32>(sum.x));
    atomicStore(&words[step.word + 2u * local + 1u], bitcast<u32>(sum.y));
  }
}
