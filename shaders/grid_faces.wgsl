// Numbers on the faces of the grid, all axes in one field: axis a begins at `step.faces[a]` and is an array in C order with
// n + 1 entries along a. Face j lies between nodes j - 1 and j; face 0 and face n are the walls, or one and the same face.
// Fluxes there are what a step passes from cell to cell in units of the density, tau J/h, unless something else is said.
// An invocation at coordinates c works on the face below node c of every axis, so a grid of invocations reaches n, not n - 1.

fn is_face(axis: u32, c: vec3u) -> bool {
  for (var a = 0u; a < dimension; a++) {
    if (c[a] > grid.axes[a].x || (c[a] == grid.axes[a].x && a != axis)) {
      return false;
    }
  }
  return true;
}

// Index of face c[axis] on the line through c.
fn face_of(first: u32, axis: u32, c: vec3u) -> u32 {
  var outer = 0u;
  if (axis == 1u) {
    outer = c.x;
  }
  if (axis == 2u) {
    outer = c.x * grid.axes[1].x + c.y;
  }
  return first + node_of(c) + outer * grid.axes[axis].y;
}

// True on walls that nothing passes.
fn is_closed(axis: u32, j: u32) -> bool {
  let lower = grid.axes[axis].z;
  let upper = grid.axes[axis].w;
  return (j == 0u && (lower == reflecting || lower == open_wall)) ||
    (j == grid.axes[axis].x && (upper == reflecting || upper == open_wall));
}

// The seam of a periodic axis has two names; both are worked out as face 0, to the last bit.
fn face_number(axis: u32, j: u32) -> u32 {
  return select(j, 0u, j == grid.axes[axis].x && grid.axes[axis].z == periodic);
}
