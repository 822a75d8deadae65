// The running cost of the optimal control.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "value_slopes.wgsl"
struct Step {
  moment: vec4f,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> u: array<State>;
@group(0) @binding(1) var<storage, read> walls: array<State>;
@group(0) @binding(2) var<storage, read> drift: array<f32>;
@group(0) @binding(3) var<storage, read_write> words: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> cost: array<f32>;

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  if (!is_inside(c)) {
    return;
  }
  let node = node_of(c);
  cost[node] = running_cost(node_slopes(c, node).one_sided);
}
