// First differences that reach beyond a wall, from differences inside it (docs/numerics.md section 6): of u the ghosts are
// even at reflecting walls, cubics at open ones, cubics through the wall value at exits. Built from differences alone, so
// that a large u costs no digits.

// Node 0 less ghost -1 (k = 0), ghost -1 less ghost -2 (k = 1), ghost -2 less ghost -3 (k = 2), looking inwards from the wall:
// e0, e1, e2 are the steps from node 0 to 1, 1 to 2, 2 to 3; gap is node 0 less the value on the wall.
fn ghost_difference(wall: u32, k: u32, e0: f32, e1: f32, e2: f32, gap: f32) -> f32 {
  if (wall == reflecting) {
    return select(select(-e1, -e0, k == 1u), 0.0, k == 0u);
  }
  if (wall == open_wall) {
    if (k == 0u) {
      return 3.0 * e0 - 3.0 * e1 + e2;
    }
    if (k == 1u) {
      return 6.0 * e0 - 8.0 * e1 + 3.0 * e2;
    }
    return 10.0 * e0 - 15.0 * e1 + 6.0 * e2;
  }
  if (k == 0u) {
    return 3.2 * gap - 0.8 * e0 + 0.2 * e1;
  }
  if (k == 1u) {
    return 9.6 * gap - 5.4 * e0 + 1.6 * e1;
  }
  return 19.2 * gap - 12.8 * e0 + 4.2 * e1;
}
