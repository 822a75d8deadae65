// Of a node: m and x_a m, see `density_state` of the file that includes this one.
fn mean_terms(node: u32) -> array<vec2f, terms> {
  var sums: array<vec2f, terms>;
  sums[0] = pair_of(density_state(node));
  let density = value_of(density_state(node));
  for (var a = 0u; a < dimension; a++) {
    let i = (node / grid.axes[a].y) % grid.axes[a].x;
    sums[1u + a] = vec2f((grid.metric[a].w + f32(i) * grid.metric[a].y) * density, 0.0);
  }
  return sums;
}
