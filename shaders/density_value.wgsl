// plain <- m as one f32 per node.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
struct Step {
  unused: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> m: array<State>;
@group(0) @binding(1) var<storage, read_write> plain: array<f32>;

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  if (is_inside(c)) {
    let node = node_of(c);
    plain[node] = value_of(m[node]);
  }
}
