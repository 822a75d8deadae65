// The optimal drift b = -H_p (docs/numerics.md sections 5.1 and 5.2): at the nodes from (p- + p+)/2, one plane of `node_drift`
// per axis, and through the faces from the slope of u across them. On walls that are no exits it is 0.
// #include "solve_grid.wgsl"
// #include "state.wgsl"
// #include "drift.wgsl"
struct Step {
  // Weights of the four levels of `walls` around the moment of `value`.
  moment: vec4f,
  faces: vec4u,
}

@group(0) @binding(0) var<storage, read> value: array<State>;
@group(0) @binding(1) var<storage, read> walls: array<State>;
@group(0) @binding(2) var<storage, read> drift_field: array<f32>;
@group(0) @binding(3) var<storage, read_write> node_drift: array<f32>;
@group(0) @binding(4) var<storage, read_write> face_drift: array<f32>;
@group(1) @binding(1) var<uniform> step: Step;

fn number_at(node: u32) -> Number {
  return value[node];
}

fn wall_gap(axis: u32, upper: bool, line: u32, node: u32) -> f32 {
  let at = select(grid.walls[axis].x, grid.walls[axis].y, upper) + line;
  var gap = 0.0;
  for (var j = 0u; j < 4u; j++) {
    if (step.moment[j] != 0.0) {
      gap += step.moment[j] * difference(walls[at + j * grid.wall_stride], value[node]);
    }
  }
  return gap;
}

fn drift_at(axis: u32, node: u32) -> f32 {
  if (grid.has_drift == 0u) {
    return 0.0;
  }
  return drift_field[axis * grid.points + node];
}

fn set_drifts(axis: u32, c: vec3u) {
  if (is_face(axis, c)) {
    face_drift[face_of(step.faces[axis], axis, c)] = drift_through_face(axis, c);
  }
  if (is_inside(c)) {
    node_drift[axis * grid.points + node_of(c)] = drift_at_node(axis, c);
  }
}

// Axis by axis and not in a loop: an index that changes would keep coordinates in memory.
@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  set_drifts(0u, c);
  if (dimension > 1u) {
    set_drifts(1u, c);
  }
  if (dimension > 2u) {
    set_drifts(2u, c);
  }
}
