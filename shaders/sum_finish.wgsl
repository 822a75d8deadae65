// Adds the partial sums of up to 256 workgroups up, in a fixed order, and leaves each as a pair in `words`.
// #include "compensated.wgsl"
// #include "solve_grid.wgsl"
struct Step {
  word: u32,
  terms: u32,
  groups: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> partials: array<vec2f>;
@group(0) @binding(1) var<storage, read_write> words: array<atomic<u32>>;

var<workgroup> group_sums: array<vec2f, 256>;

fn add_pairs(a: vec2f, b: vec2f) -> vec2f {
  let s = two_sum(a.x, b.x);
  return two_sum(s.x, s.y + (a.y + b.y));
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
  for (var t = 0u; t < step.terms; t++) {
    group_sums[local] = vec2f(0.0);
    if (local < step.groups) {
      group_sums[local] = partials[local * step.terms + t];
    }
    for (var half = 128u; half > 0u; half = half >> 1u) {
      workgroupBarrier();
      if (local < half) {
        group_sums[local] = add_pairs(group_sums[local], group_sums[local + half]);
      }
    }
    if (local == 0u) {
      atomicStore(&words[step.word + 2u * t], bitcast<u32>(group_sums[0].x));
      atomicStore(&words[step.word + 2u * t + 1u], bitcast<u32>(group_sums[0].y));
    }
    workgroupBarrier();
  }
}
