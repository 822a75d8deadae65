// Of one level: the sums of m (L + S(m)), of m (f(m) - f(M)), and of m g (docs/numerics.md section 7.4).
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
  let density = value_of(m[node]);
  return array<vec2f, terms>(
    vec2f(density * (running_cost[node] + own[node] + potential[node]), 0.0),
    vec2f(density * (own[node] - answered[node]), 0.0),
    vec2f(density * value_of(terminal[node]), 0.0),
  );
}
// #include "sum_pairs.wgsl"

@compute @workgroup_size(lanes)
fn main(
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  sum_pairs(local, group.x, groups.x, step.count);
}
