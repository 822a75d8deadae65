// #include "weno5_interval.wgsl"

// p- and p+ at the middle of six first differences.
fn one_sided_slopes(axis: u32, d: array<f32, 6>) -> vec2f {
  let s = vec4f(d[1] - d[0], d[2] - d[1], d[3] - d[2], d[4] - d[3]);
  let last = d[5] - d[4];
  let inner = max(max(d[1] * d[1], d[2] * d[2]), max(d[3] * d[3], d[4] * d[4]));
  let scale = grid.guard[axis].x;
  let floor_value = grid.guard[axis].y;
  let left = interval_correction(s, scale * max(inner, d[0] * d[0]) + floor_value);
  let right = interval_correction(vec4f(s.yzw, last), scale * max(inner, d[5] * d[5]) + floor_value);
  let middle = (7.0 * (d[2] + d[3]) - (d[1] + d[4])) * (1.0 / 12.0);
  return vec2f(middle - left.x, middle + right.y) * grid.metric[axis].x;
}

// Times h^2: the sixth-order Laplacian of the same differences.
fn laplacian6(d: array<f32, 6>) -> f32 {
  return (2.0 * (d[5] - d[0]) - 25.0 * (d[4] - d[1]) + 245.0 * (d[3] - d[2])) * (1.0 / 180.0);
}
