// Of one level: the sums of certificate_terms.wgsl.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
struct Step {
  count: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> m: array<State>;
@group(0) @binding(2) var<storage, read> running_cost: array<f32>;
@group(0) @binding(3) var<storage, read> own: array<f32>;
@group(0) @binding(4) var<storage, read> answered: array<f32>;
@group(0) @binding(5) var<storage, read> potential: array<f32>;
@group(0) @binding(6) var<storage, read> terminal: array<State>;

const terms = 3u;

fn term(node: u32) -> array<vec2f, terms> {
  let all = certificate_terms(m[node], running_cost[node], own[node], answered[node], potential[node], terminal[node]);
  return array<vec2f, terms>(vec2f(all.x, 0.0), vec2f(all.y, 0.0), vec2f(all.z, 0.0));
}
// #include "certificate_terms.wgsl"
// #include "partial_sums.wgsl"

@compute @workgroup_size(lanes)
fn main(
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  sum_pairs(local, group.x, groups.x, step.count);
}
