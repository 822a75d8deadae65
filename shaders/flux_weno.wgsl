// High-order advective flux F of a face: WENO reconstructions of (b m +- alpha m)/2 from both sides (docs/numerics.md
// section 5.2). alpha is the largest |b| of the face's six nodes. The file that includes this one has
// `density_value(node)` and `node_drift_at(axis, node)`.
// #include "weno5_interval.wgsl"

// Ghosts of m and of b m beyond an exit: the cubic through 0 on the wall. Column k is ghost -1 - k of nodes 0, 1, 2.
const through_zero = array<vec3f, 3>(vec3f(-3.0, 1.0, -0.2), vec3f(-18.0, 8.0, -1.8), vec3f(-50.0, 25.0, -6.0));

// What a face knows of one of the six nodes around it: b m, m and |b|.
fn carried_at(axis: u32, node: u32) -> vec3f {
  let m = density_value(node);
  let b = node_drift_at(axis, node);
  return vec3f(b * m, m, abs(b));
}

// Of node i of a line, beyond its walls too, where there is no |b|; `start` is its node 0.
fn carried_beyond(axis: u32, start: u32, i: i32) -> vec3f {
  let n = i32(grid.axes[axis].x);
  let stride = grid.axes[axis].y;
  let is_periodic = grid.axes[axis].z == periodic;
  let upper = i >= n;
  var inside = i;
  var mirrored = false;
  if (is_periodic) {
    inside = (i + n) % n;
  } else if (i < 0 || upper) {
    let k = select(-1 - i, i - n, upper);
    if (select(grid.axes[axis].z, grid.axes[axis].w, upper) == exit_wall) {
      return carried_through_exit(axis, start, upper, u32(k));
    }
    inside = select(k, n - 1 - k, upper);
    mirrored = true;
  }
  let carried = carried_at(axis, start + u32(inside) * stride);
  return select(carried, vec3f(-carried.x, carried.y, 0.0), mirrored);
}

fn carried_through_exit(axis: u32, start: u32, upper: bool, k: u32) -> vec3f {
  let stride = grid.axes[axis].y;
  let edge = select(start, start + (grid.axes[axis].x - 1u) * stride, upper);
  // Towards the inside; unsigned arithmetic wraps as it should.
  let inwards = select(stride, 0u - stride, upper);
  let w = through_zero[k];
  let sum = w.x * carried_at(axis, edge) + w.y * carried_at(axis, edge + inwards) + w.z * carried_at(axis, edge + 2u * inwards);
  return vec3f(sum.xy, 0.0);
}

// The six nodes around a face by name, so that they stay in registers: the face lies between `c` and `d`.
struct FaceNodes {
  a: vec3f,
  b: vec3f,
  c: vec3f,
  d: vec3f,
  e: vec3f,
  f: vec3f,
}

fn nodes_around(axis: u32, start: u32, j: u32) -> FaceNodes {
  let n = grid.axes[axis].x;
  let stride = grid.axes[axis].y;
  if (j < 3u || j + 3u > n) {
    return nodes_at_wall(axis, start, j);
  }
  let node = start + j * stride;
  return FaceNodes(
    carried_at(axis, node - 3u * stride),
    carried_at(axis, node - 2u * stride),
    carried_at(axis, node - stride),
    carried_at(axis, node),
    carried_at(axis, node + stride),
    carried_at(axis, node + 2u * stride),
  );
}

// By a loop: the compiler keeps its array in memory, which the many faces inside do not pay for.
fn nodes_at_wall(axis: u32, start: u32, j: u32) -> FaceNodes {
  var at: array<vec3f, 6>;
  for (var k = 0; k < 6; k++) {
    at[k] = carried_beyond(axis, start, i32(j) - 3 + k);
  }
  return FaceNodes(at[0], at[1], at[2], at[3], at[4], at[5]);
}

// What the reconstruction of (b m + split m)/2 from five nodes, seen from the side of `a`, takes from its central value.
fn split_correction(axis: u32, split: f32, a: vec3f, b: vec3f, c: vec3f, d: vec3f, e: vec3f) -> f32 {
  let v0 = 0.5 * (a.x + split * a.y);
  let v1 = 0.5 * (b.x + split * b.y);
  let v2 = 0.5 * (c.x + split * c.y);
  let v3 = 0.5 * (d.x + split * d.y);
  let v4 = 0.5 * (e.x + split * e.y);
  let largest = max(max(max(v0 * v0, v1 * v1), max(v2 * v2, v3 * v3)), v4 * v4);
  let guard = grid.guard[axis].z * largest + grid.guard[axis].w;
  return interval_correction(vec4f(v1 - v0, v2 - v1, v3 - v2, v4 - v3), guard).x;
}

// F at face j (j < n on a periodic axis) of the line that begins at `start`.
fn flux_weno(axis: u32, start: u32, j: u32) -> f32 {
  let at = nodes_around(axis, start, j);
  let alpha = max(max(max(at.a.z, at.b.z), max(at.c.z, at.d.z)), max(at.e.z, at.f.z));
  let middle = (7.0 * (at.c.x + at.d.x) - (at.b.x + at.e.x)) * (1.0 / 12.0);
  // From the left and, mirrored, from the right.
  let from_left = split_correction(axis, alpha, at.a, at.b, at.c, at.d, at.e);
  return middle - from_left - split_correction(axis, -alpha, at.f, at.e, at.d, at.c, at.b);
}
