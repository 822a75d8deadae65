// Sums of m and of x_a m over the nodes: the mean position of a density.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
struct Step {
  count: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> m: array<State>;

const terms = 4u;

fn density_state(node: u32) -> State {
  return m[node];
}

fn term(node: u32) -> array<vec2f, terms> {
  return mean_terms(node);
}
// #include "mean_terms.wgsl"
// #include "partial_sums.wgsl"

@compute @workgroup_size(lanes)
fn main(
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  sum_pairs(local, group.x, groups.x, step.count);
}
