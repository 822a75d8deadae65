// Of one level of a density: its sum, and the sum of the squares of its difference from another.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
struct Step {
  count: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> m: array<State>;
@group(0) @binding(2) var<storage, read> other: array<State>;

const terms = 2u;

fn term(node: u32) -> array<vec2f, terms> {
  return level_terms(m[node], other[node]);
}
// #include "level_terms.wgsl"
// #include "partial_sums.wgsl"

@compute @workgroup_size(lanes)
fn main(
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  sum_pairs(local, group.x, groups.x, step.count);
}
