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
  let inverse = grid.metric[axis].x;
  let j = face_number(axis, c[axis]);
  if (is_closed(axis, j)) {
    return 0.0;
  }
  // The nodes on both sides of the face; at an exit they are one and the same.
  let at_exit = grid.axes[axis].z != periodic && (j == 0u || j == n);
  var right = c;
  right[axis] = select(j, n - 1u, j == n);
  var left = c;
  left[axis] = select(select(j, n, j == 0u) - 1u, 0u, at_exit && j == 0u);
  let from_node = node_of(left);
  let to_node = node_of(right);
  var slope: f32;
  if (at_exit) {
    let gap = wall_gap(axis, j == n, line_of(axis, right), to_node);
    slope = 2.0 * inverse * select(gap, -gap, j == n);
  } else {
    slope = step_between(from_node, to_node) * inverse;
  }
  // By a loop, which has one copy of what it calls.
  var across = 0.0;
  for (var side = 0; side < 2; side++) {
    across += 0.5 * transverse(axis, select(right, left, side == 0));
  }
  let field = 0.5 * (drift_at(axis, from_node) + drift_at(axis, to_node));
  return drift_of(slope, across, field);
}

fn drift_at_node(axis: u32, c: vec3u) -> f32 {
  return drift_of(mean_slope(axis, c), transverse(axis, c), drift_at(axis, node_of(c)));
}
