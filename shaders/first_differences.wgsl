// The six first differences around a node, ghosts included. The file that includes this one says what the numbers are: `alias Number`,
// `number_at(node)`, `number_step(from_number, to_number)`, the second less the first, and `wall_gap(axis, upper, line, node)`, the number
// at the node next to an exit less that on its wall.
// #include "ghost_difference.wgsl"
// #include "six_differences.wgsl"

fn step_between(from_node: u32, to_node: u32) -> f32 {
  return number_step(number_at(from_node), number_at(to_node));
}

// Each number is read once: a load is worth ten operations.
fn first_differences(axis: u32, c: vec3u, node: u32) -> Six {
  let n = i32(grid.axes[axis].x);
  let stride = stride_of(axis);
  let i = i32(c[axis]);
  if (i < 3 || i >= n - 3) {
    return differences_at_wall(axis, c, node);
  }
  return differences_of(
    number_at(node - 3u * stride),
    number_at(node - 2u * stride),
    number_at(node - stride),
    number_at(node),
    number_at(node + stride),
    number_at(node + 2u * stride),
    number_at(node + 3u * stride),
  );
}

fn differences_of(n0: Number, n1: Number, n2: Number, n3: Number, n4: Number, n5: Number, n6: Number) -> Six {
  return Six(
    number_step(n0, n1),
    number_step(n1, n2),
    number_step(n2, n3),
    number_step(n3, n4),
    number_step(n4, n5),
    number_step(n5, n6),
  );
}

// As where no wall is near, and then those that reach beyond a wall without nodes behind it. All by name, as an array would be kept in
// memory: one lane that comes here holds up the lanes beside it.
fn differences_at_wall(axis: u32, c: vec3u, node: u32) -> Six {
  let n = grid.axes[axis].x;
  let stride = stride_of(axis);
  let i = i32(c[axis]);
  let start = node - c[axis] * stride;
  var d = differences_of(
    folded_number(axis, start, i - 3),
    folded_number(axis, start, i - 2),
    folded_number(axis, start, i - 1),
    number_at(node),
    folded_number(axis, start, i + 1),
    folded_number(axis, start, i + 2),
    folded_number(axis, start, i + 3),
  );
  let lower = grid.axes[axis].z;
  if (i < 3 && !folds(lower)) {
    let e = steps_inwards(start, stride);
    let gap = gap_to_wall(axis, false, c, start);
    d.a = ghost_difference(lower, u32(2 - i), e.x, e.y, e.z, gap);
    if (i < 2) {
      d.b = ghost_difference(lower, u32(1 - i), e.x, e.y, e.z, gap);
    }
    if (i < 1) {
      d.c = ghost_difference(lower, 0u, e.x, e.y, e.z, gap);
    }
  }
  // Nodes beyond the upper wall.
  let beyond = i + 4 - i32(n);
  let upper = grid.axes[axis].w;
  if (beyond > 0 && !folds(upper)) {
    let edge = start + (n - 1u) * stride;
    // Unsigned arithmetic wraps as it should.
    let e = steps_inwards(edge, 0u - stride);
    let gap = gap_to_wall(axis, true, c, edge);
    d.f = -ghost_difference(upper, u32(beyond - 1), e.x, e.y, e.z, gap);
    if (beyond > 1) {
      d.e = -ghost_difference(upper, u32(beyond - 2), e.x, e.y, e.z, gap);
    }
    if (beyond > 2) {
      d.d = -ghost_difference(upper, 0u, e.x, e.y, e.z, gap);
    }
  }
  return d;
}

// Whether what lies beyond a wall is a node again: from the other end, or in the mirror, where ghosts are even.
fn folds(wall: u32) -> bool {
  return wall == periodic || wall == reflecting;
}

fn folded_number(axis: u32, start: u32, i: i32) -> Number {
  return number_at(start + folded(axis, i) * stride_of(axis));
}

// From the node next to a wall on.
fn steps_inwards(edge: u32, inwards: u32) -> vec3f {
  return vec3f(
    step_between(edge, edge + inwards),
    step_between(edge + inwards, edge + 2u * inwards),
    step_between(edge + 2u * inwards, edge + 3u * inwards),
  );
}

fn gap_to_wall(axis: u32, upper: bool, c: vec3u, edge: u32) -> f32 {
  let wall = select(grid.axes[axis].z, grid.axes[axis].w, upper);
  if (wall != exit_wall) {
    return 0.0;
  }
  return wall_gap(axis, upper, line_of(axis, c), edge);
}
