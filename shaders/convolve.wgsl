// One axis of K * m.
// #include "solve_grid.wgsl"
// #include "gaussian.wgsl"
struct Step {
  axis: u32,
  // The weights w_0..w_reach of the axis begin here.
  weights_at: u32,
  reach: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> field: array<f32>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

fn field_at(node: u32) -> f32 {
  return field[node];
}

fn weight_at(k: u32) -> f32 {
  return weights[step.weights_at + k];
}

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  if (!is_inside(c)) {
    return;
  }
  let node = node_of(c);
  result[node] = convolved(step.axis, node, i32(c[step.axis]), step.reach);
}
