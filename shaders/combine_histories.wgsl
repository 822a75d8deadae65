// target <- keep target + x first + y second over a slice of plain numbers.
// #include "solve_grid.wgsl"
// #include "flat_index.wgsl"
struct Step {
  count: u32,
  keep: f32,
  x: f32,
  y: f32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> first: array<f32>;
@group(0) @binding(1) var<storage, read> second: array<f32>;
@group(0) @binding(2) var<storage, read_write> sum: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(local, group, groups);
  if (i < step.count) {
    var total = step.x * first[i];
    if (step.y != 0.0) {
      total += step.y * second[i];
    }
    if (step.keep != 0.0) {
      total += step.keep * sum[i];
    }
    sum[i] = total;
  }
}
