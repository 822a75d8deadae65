// a <- factor a over a slice of plain numbers.
// #include "solve_grid.wgsl"
// #include "flat_index.wgsl"
struct Step {
  count: u32,
  factor: f32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read_write> a: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(local, group, groups);
  if (i < step.count) {
    a[i] = step.factor * a[i];
  }
}
