// The largest step of S from a node to the next one along an axis, twice |S| in the cells next to an exit
// (docs/numerics.md section 3.4, src/tiers/host/stepLimits.ts). The file that includes this one has `source_at(node)`.
fn step_from(axis: u32, c: vec3u, node: u32) -> f32 {
  let n = grid.axes[axis].x;
  let stride = grid.axes[axis].y;
  var size = 0.0;
  if (c[axis] + 1u < n) {
    size = abs(source_at(node + stride) - source_at(node));
  } else if (grid.axes[axis].z == periodic) {
    size = abs(source_at(node + stride - n * stride) - source_at(node));
  }
  if ((c[axis] == 0u && grid.axes[axis].z == exit_wall) || (c[axis] + 1u == n && grid.axes[axis].w == exit_wall)) {
    size = max(size, 2.0 * abs(source_at(node)));
  }
  return size;
}
