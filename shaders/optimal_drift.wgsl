// The optimal drift b = -H_p (docs/numerics.md sections 5.1 and 5.2): at the nodes from (p- + p+)/2, one plane of `node_drift`
// per axis, and through the faces from the slope of u across them. On walls that are no exits it is 0.
// #include "solve_grid.wgsl"
// #include "state.wgsl"
// #include "grid_faces.wgsl"
// #include "numerical_hamiltonian.wgsl"
// #include "first_differences.wgsl"
// #include "one_sided_slopes.wgsl"
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

fn step_between(from_node: u32, to_node: u32) -> f32 {
  return difference(value[from_node], value[to_node]);
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

fn mean_slope(axis: u32, c: vec3u) -> f32 {
  let p = one_sided_slopes(axis, first_differences(axis, c, node_of(c)));
  return 0.5 * (p.x + p.y);
}

// The squared slopes along the other axes, where H is no sum over the axes.
fn transverse(axis: u32, c: vec3u) -> f32 {
  var sum = 0.0;
  if (!separable) {
    for (var a = 0u; a < dimension; a++) {
      if (a != axis) {
        let p = mean_slope(a, c);
        sum += p * p;
      }
    }
  }
  return sum;
}

fn drift_of(slope: f32, across: f32, field: f32) -> f32 {
  return -(speed_per_slope(slope * slope + across) * slope + field);
}

fn drift_through_face(axis: u32, c: vec3u) -> f32 {
  let n = grid.axes[axis].x;
  let stride = grid.axes[axis].y;
  let inverse = grid.metric[axis].x;
  let j = face_number(axis, c[axis]);
  if (is_closed(axis, j)) {
    return 0.0;
  }
  var right = c;
  right[axis] = j;
  var left = c;
  left[axis] = select(j, n, j == 0u) - 1u;
  if (grid.axes[axis].z != periodic && (j == 0u || j == n)) {
    let at = select(left, right, j == 0u);
    let node = node_of(at);
    let gap = wall_gap(axis, j == n, line_of(axis, at), node);
    let slope = 2.0 * inverse * select(gap, -gap, j == n);
    return drift_of(slope, transverse(axis, at), drift_at(axis, node));
  }
  let from_node = node_of(left);
  let to_node = node_of(right);
  let across = 0.5 * (transverse(axis, left) + transverse(axis, right));
  let field = 0.5 * (drift_at(axis, from_node) + drift_at(axis, to_node));
  return drift_of(step_between(from_node, to_node) * inverse, across, field);
}

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  for (var a = 0u; a < dimension; a++) {
    if (is_face(a, c)) {
      face_drift[face_of(step.faces[a], a, c)] = drift_through_face(a, c);
    }
    if (is_inside(c)) {
      let node = node_of(c);
      node_drift[a * grid.points + node] = drift_of(mean_slope(a, c), transverse(a, c), drift_at(a, node));
    }
  }
}
