// The optimal drift b = -H_p (docs/numerics.md sections 5.1 and 5.2) at nodes, from (p- + p+)/2, and through faces, from the
// slope of u across them. The file that includes this one has `number_at(node)`, `wall_gap(axis, upper, line, node)`
// of u and `drift_at(axis, node)`, the drift field.
// #include "grid_faces.wgsl"
// #include "numerical_hamiltonian.wgsl"
// #include "state_numbers.wgsl"
// #include "first_differences.wgsl"
// #include "one_sided_slopes.wgsl"

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

fn drift_at_node(axis: u32, c: vec3u) -> f32 {
  return drift_of(mean_slope(axis, c), transverse(axis, c), drift_at(axis, node_of(c)));
}
