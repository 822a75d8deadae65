// u between stored levels (docs/numerics.md section 3.4): one of the four levels, and to it the weighted differences of the
// others from it, so that a large u costs no digits. The file that includes this one has `stored_value(j, i)`, level j at node i; a
// level of weight 0 is not read.

fn interpolated(weights: vec4f, near: u32, i: u32) -> State {
  let from_level = stored_value(near, i);
  var change = 0.0;
  for (var j = 0u; j < 4u; j++) {
    if (j != near && weights[j] != 0.0) {
      change += weights[j] * difference(from_level, stored_value(j, i));
    }
  }
  return add_increment(from_level, change);
}
