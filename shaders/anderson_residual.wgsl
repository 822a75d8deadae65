// F = G - M over a slice, and what is kept of it; with the last iterate's F and the step M - M_last: kept_difference.wgsl.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "flat_index.wgsl"
// #include "kept_difference.wgsl"
struct Step {
  count: u32,
  // 1: kept_f <- F - kept_f, kept_step <- kept_step + dF; 0: kept_f <- F, kept_step <- beta F.
  append: u32,
  beta: f32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> m: array<State>;
@group(0) @binding(1) var<storage, read> transported: array<State>;
@group(0) @binding(2) var<storage, read_write> kept_f: array<f32>;
@group(0) @binding(3) var<storage, read_write> kept_step: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(local, group, groups);
  if (i >= step.count) {
    return;
  }
  let f = difference(m[i], transported[i]);
  let next = kept_difference(f, kept_f[i], kept_step[i], step.append == 1u, step.beta);
  kept_f[i] = next.x;
  kept_step[i] = next.y;
}
