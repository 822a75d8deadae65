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
  let n0 = number_at(node - 3u * stride);
  let n1 = number_at(node - 2u * stride);
  let n2 = number_at(node - stride);
  let n3 = number_at(node);
  let n4 = number_at(node + stride);
  let n5 = number_at(node + 2u * stride);
  let n6 = number_at(node + 3u * stride);
  return Six(
    number_step(n0, n1),
    number_step(n1, n2),
    number_step(n2, n3),
    number_step(n3, n4),
    number_step(n4, n5),
    number_step(n5, n6),
  );
}

// By a loop: the compiler keeps its array in memory, which the many nodes inside do not pay for.
fn differences_at_wall(axis: u32, c: vec3u, node: u32) -> Six {
  let n = i32(grid.axes[axis].x);
  let stride = stride_of(axis);
  let i = i32(c[axis]);
  let start = node - u32(i) * stride;
  var d: array<f32, 6>;
  for (var k = 0; k < 6; k++) {
    // Between nodes j - 1 and j.
    let j = i - 2 + k;
    if (j >= 1 && j < n) {
      d[k] = step_between(start + u32(j - 1) * stride, start + u32(j) * stride);
    } else if (grid.axes[axis].z == periodic) {
      d[k] = step_between(start + u32((j - 1 + n) % n) * stride, start + u32((j + n) % n) * stride);
    } else {
      d[k] = beyond_wall(axis, j, c, start);
    }
  }
  return Six(d[0], d[1], d[2], d[3], d[4], d[5]);
}

fn beyond_wall(axis: u32, j: i32, c: vec3u, start: u32) -> f32 {
  let n = i32(grid.axes[axis].x);
  let stride = stride_of(axis);
  let upper = j >= n;
  let wall = select(grid.axes[axis].z, grid.axes[axis].w, upper);
  let k = select(u32(-j), u32(j - n), upper);
  let edge = select(start, start + u32(n - 1) * stride, upper);
  // Towards the inside; unsigned arithmetic wraps as it should.
  let inwards = select(stride, 0u - stride, upper);
  let e0 = step_between(edge, edge + inwards);
  let e1 = step_between(edge + inwards, edge + 2u * inwards);
  let e2 = step_between(edge + 2u * inwards, edge + 3u * inwards);
  var gap = 0.0;
  if (wall == exit_wall) {
    gap = wall_gap(axis, upper, line_of(axis, c), edge);
  }
  let size = ghost_difference(wall, k, e0, e1, e2, gap);
  return select(size, -size, upper);
}
