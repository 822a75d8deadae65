// (a, b) <- (c a + s b, c b - s a) over a slice: a Givens rotation of two columns.
// #include "solve_grid.wgsl"
// #include "flat_index.wgsl"
struct Step {
  count: u32,
  c: f32,
  s: f32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read_write> a: array<f32>;
@group(0) @binding(1) var<storage, read_write> b: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(local, group, groups);
  if (i < step.count) {
    let x = a[i];
    let y = b[i];
    a[i] = step.c * x + step.s * y;
    b[i] = step.c * y - step.s * x;
  }
}
