// #include "weno5_interval.wgsl"
// #include "six_differences.wgsl"

// `interval_correction` of the interval in the middle of five first differences.
fn correction_between(axis: u32, a: f32, b: f32, c: f32, d: f32, e: f32) -> vec2f {
  let largest = max(max(max(a * a, b * b), max(c * c, d * d)), e * e);
  return interval_correction(vec4f(b - a, c - b, d - c, e - d), grid.guard[axis].x * largest + grid.guard[axis].y);
}

// Of the interval that ends at the node in the middle of six differences, and of the one that starts there.
fn correction_before(axis: u32, d: Six) -> vec2f {
  return correction_between(axis, d.a, d.b, d.c, d.d, d.e);
}

fn correction_after(axis: u32, d: Six) -> vec2f {
  return correction_between(axis, d.b, d.c, d.d, d.e, d.f);
}

// The central slope that both one-sided ones correct, times h.
fn central_slope(d: Six) -> f32 {
  return (7.0 * (d.c + d.d) - (d.b + d.e)) * (1.0 / 12.0);
}

// p- and p+ at the node in the middle, from the corrections of the intervals before and after it.
fn corrected_slopes(axis: u32, d: Six, before: f32, after: f32) -> vec2f {
  let middle = central_slope(d);
  return vec2f(middle - before, middle + after) * grid.metric[axis].x;
}

fn one_sided_slopes(axis: u32, d: Six) -> vec2f {
  return corrected_slopes(axis, d, correction_before(axis, d).x, correction_after(axis, d).y);
}
