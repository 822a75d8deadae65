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

// Of node i of a line; beyond its walls that of the other end, or the mirror's, through whose wall nothing flows. `start` is its node 0.
fn carried_folded(axis: u32, start: u32, i: i32) -> vec3f {
  let carried = carried_at(axis, start + folded(axis, i) * grid.axes[axis].y);
  let mirrored = grid.axes[axis].z != periodic && (i < 0 || i >= i32(grid.axes[axis].x));
  return select(carried, vec3f(-carried.x, carried.y, 0.0), mirrored);
}

// Of the nodes from an exit inwards, of which the ghosts beyond it are made.
struct Inside {
  first: vec3f,
  second: vec3f,
  third: vec3f,
}

fn carried_inwards(axis: u32, edge: u32, inwards: u32) -> Inside {
  return Inside(
    carried_at(axis, edge),
    carried_at(axis, edge + inwards),
    carried_at(axis, edge + 2u * inwards),
  );
}

// Ghost k, counted from the exit outwards.
fn carried_ghost(inside: Inside, k: u32) -> vec3f {
  let w = through_zero[k];
  let sum = w.x * inside.first + w.y * inside.second + w.z * inside.third;
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

// As where no wall is near, and then the ghosts of exits. All by name, as an array would be kept in memory: one lane that comes here
// holds up the lanes beside it.
fn nodes_at_wall(axis: u32, start: u32, j: u32) -> FaceNodes {
  let n = grid.axes[axis].x;
  let stride = grid.axes[axis].y;
  let i = i32(j);
  var at = FaceNodes(
    carried_folded(axis, start, i - 3),
    carried_folded(axis, start, i - 2),
    carried_folded(axis, start, i - 1),
    carried_folded(axis, start, i),
    carried_folded(axis, start, i + 1),
    carried_folded(axis, start, i + 2),
  );
  if (j < 3u && grid.axes[axis].z == exit_wall) {
    let inside = carried_inwards(axis, start, stride);
    at.a = carried_ghost(inside, 2u - j);
    if (j < 2u) {
      at.b = carried_ghost(inside, 1u - j);
    }
    if (j < 1u) {
      at.c = carried_ghost(inside, 0u);
    }
  }
  // Nodes beyond the upper wall.
  let beyond = i + 3 - i32(n);
  if (beyond > 0 && grid.axes[axis].w == exit_wall) {
    // Unsigned arithmetic wraps as it should.
    let inside = carried_inwards(axis, start + (n - 1u) * stride, 0u - stride);
    at.f = carried_ghost(inside, u32(beyond - 1));
    if (beyond > 1) {
      at.e = carried_ghost(inside, u32(beyond - 2));
    }
    if (beyond > 2) {
      at.d = carried_ghost(inside, 0u);
    }
  }
  return at;
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
