// m <- m (+) increment over a slice; or, with `apply` 0, only marks in `words` that some m + increment is negative.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "flat_index.wgsl"
// #include "next_density.wgsl"
struct Step {
  count: u32,
  apply: u32,
  word: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> increment: array<f32>;
@group(0) @binding(1) var<storage, read_write> m: array<State>;
@group(0) @binding(2) var<storage, read_write> words: array<atomic<u32>>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(local, group, groups);
  if (i >= step.count) {
    return;
  }
  let next = next_density(m[i], increment[i]);
  if (step.apply == 1u) {
    m[i] = next;
  } else if (!(value_of(next) >= 0.0)) {
    atomicOr(&words[step.word], 1u);
  }
}
