// Richardson over the splitting: u <- u (+) (u - coarse)/3 (docs/numerics.md section 5.2).
// #include "state.wgsl"
// #include "solve_grid.wgsl"
struct Step {
  factor: f32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> coarse: array<State>;
@group(0) @binding(1) var<storage, read_write> u: array<State>;

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  if (!is_inside(c)) {
    return;
  }
  let node = node_of(c);
  u[node] = add_increment(u[node], step.factor * difference(coarse[node], u[node]));
}
