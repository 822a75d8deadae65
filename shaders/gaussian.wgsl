// One axis of K * m at a node, K a product of discrete Gaussians: wrapped, mirrored at reflecting walls, nothing beyond others
// (src/scheme/coupling.ts). The file that includes this one has `field_at(node)` and `weight_at(k)`, the weights w_0..w_reach.

fn at_position(axis: u32, start: u32, position: i32) -> f32 {
  let n = i32(grid.axes[axis].x);
  var j = position;
  if (grid.axes[axis].z == periodic) {
    j = ((j % n) + n) % n;
  } else {
    while (j < 0 || j >= n) {
      let wall = select(grid.axes[axis].w, grid.axes[axis].z, j < 0);
      if (wall != reflecting) {
        return 0.0;
      }
      j = select(2 * n - 1 - j, -1 - j, j < 0);
    }
  }
  return field_at(start + u32(j) * grid.axes[axis].y);
}

fn convolved(axis: u32, node: u32, i: i32, reach: u32) -> f32 {
  let start = node - u32(i) * grid.axes[axis].y;
  var sum = weight_at(0u) * field_at(node);
  for (var k = 1u; k <= reach; k++) {
    sum += weight_at(k) * (at_position(axis, start, i - i32(k)) + at_position(axis, start, i + i32(k)));
  }
  return sum;
}
