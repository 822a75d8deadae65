// Sum of a b over a slice of two histories of plain numbers.
// #include "solve_grid.wgsl"
struct Step {
  count: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;

const terms = 1u;

fn term(node: u32) -> array<vec2f, terms> {
  return array<vec2f, terms>(vec2f(a[node] * b[node], 0.0));
}
// #include "partial_sums.wgsl"

@compute @workgroup_size(lanes)
fn main(
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  sum_pairs(local, group.x, groups.x, step.count);
}
