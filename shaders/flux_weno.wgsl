// High-order advective flux F of a face: WENO reconstructions of (b m +- alpha m)/2 from both sides (docs/numerics.md
// section 5.2). alpha is the largest |b| of the face's six nodes. The file that includes this one has
// `density_value(node)` and `node_drift_at(axis, node)`.
// #include "weno5_interval.wgsl"

// Ghosts of m and of b m beyond an exit: the cubic through 0 on the wall. Column k is ghost -1 - k of nodes 0, 1, 2.
const through_zero = array<vec3f, 3>(vec3f(-3.0, 1.0, -0.2), vec3f(-18.0, 8.0, -1.8), vec3f(-50.0, 25.0, -6.0));

// b m and m.
fn product_at(axis: u32, node: u32) -> vec2f {
  let m = density_value(node);
  return vec2f(node_drift_at(axis, node) * m, m);
}

// Node i of a line, beyond its walls too; `start` is its node 0.
fn product_beyond(axis: u32, start: u32, i: i32) -> vec2f {
  let n = i32(grid.axes[axis].x);
  let stride = grid.axes[axis].y;
  if (grid.axes[axis].z == periodic) {
    return product_at(axis, start + u32((i + n) % n) * stride);
  }
  if (i >= 0 && i < n) {
    return product_at(axis, start + u32(i) * stride);
  }
  let upper = i >= n;
  let k = select(u32(-1 - i), u32(i - n), upper);
  let edge = select(start, start + u32(n - 1) * stride, upper);
  let inwards = select(stride, 0u - stride, upper);
  if (select(grid.axes[axis].z, grid.axes[axis].w, upper) != exit_wall) {
    return product_at(axis, edge + k * inwards) * vec2f(-1.0, 1.0);
  }
  let w = through_zero[k];
  return w.x * product_at(axis, edge) + w.y * product_at(axis, edge + inwards) +
    w.z * product_at(axis, edge + 2u * inwards);
}

// |b| of a node; none beyond a wall.
fn size_beyond(axis: u32, start: u32, i: i32) -> f32 {
  let n = i32(grid.axes[axis].x);
  if (grid.axes[axis].z != periodic && (i < 0 || i >= n)) {
    return 0.0;
  }
  return abs(node_drift_at(axis, start + u32((i + n) % n) * grid.axes[axis].y));
}

// F at face j (j < n on a periodic axis) of the line that begins at `start`.
fn flux_weno(axis: u32, start: u32, j: u32) -> f32 {
  var alpha = 0.0;
  var at: array<vec2f, 6>;
  for (var k = 0; k < 6; k++) {
    let i = i32(j) - 3 + k;
    at[k] = product_beyond(axis, start, i);
    alpha = max(alpha, size_beyond(axis, start, i));
  }
  var flux = (7.0 * (at[2].x + at[3].x) - (at[1].x + at[4].x)) * (1.0 / 12.0);
  // From the left and, mirrored, from the right.
  for (var side = 0; side < 2; side++) {
    let split = select(-alpha, alpha, side == 0);
    var v: array<f32, 5>;
    var squares = 0.0;
    for (var k = 0; k < 5; k++) {
      let from_node = at[select(5 - k, k, side == 0)];
      v[k] = 0.5 * (from_node.x + split * from_node.y);
      squares = max(squares, v[k] * v[k]);
    }
    let e = vec4f(v[1] - v[0], v[2] - v[1], v[3] - v[2], v[4] - v[3]);
    flux -= interval_correction(e, grid.guard[axis].z * squares + grid.guard[axis].w).x;
  }
  return flux;
}
