// Sums of m and of x_a m over the nodes: the mean position of a density.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
struct Step {
  count: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> m: array<State>;

const terms = 4u;

fn term(node: u32) -> array<vec2f, terms> {
  var sums: array<vec2f, terms>;
  sums[0] = pair_of(m[node]);
  let density = value_of(m[node]);
  for (var a = 0u; a < dimension; a++) {
    let i = (node / grid.axes[a].y) % grid.axes[a].x;
    sums[1u + a] = vec2f((grid.metric[a].w + f32(i) * grid.metric[a].y) * density, 0.0);
  }
  return sums;
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
