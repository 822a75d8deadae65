// The share of the frozen source that the diffusion along `axis` takes where several axes have exits, as in
// src/tiers/host/balance.ts: proportional to the product of the other axes' distances to their exits; 1 with one exit axis.

fn exit_distance(axis: u32, c: vec3u) -> f32 {
  let x = (f32(c[axis]) + 0.5) / f32(grid.axes[axis].x);
  var distance = 1.0;
  if (grid.axes[axis].z == exit_wall) {
    distance *= x;
  }
  if (grid.axes[axis].w == exit_wall) {
    distance *= 1.0 - x;
  }
  return distance;
}

fn exit_share(axis: u32, c: vec3u) -> f32 {
  if (countOneBits(grid.exit_axes) == 1u) {
    return 1.0;
  }
  var total = 0.0;
  var share = 0.0;
  for (var j = 0u; j < dimension; j++) {
    if ((grid.exit_axes & (1u << j)) == 0u) {
      continue;
    }
    var product = 1.0;
    for (var other = 0u; other < dimension; other++) {
      if (other != j && (grid.exit_axes & (1u << other)) != 0u) {
        product *= exit_distance(other, c);
      }
    }
    total += product;
    if (j == axis) {
      share = product;
    }
  }
  return share / total;
}
