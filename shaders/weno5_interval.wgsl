// WENO5 in the interval-shared form with reciprocals (docs/numerics.md section 2.3; Jiang & Peng 2000): both one-sided values
// that hang on an interval are made of the same three indicators. No product of indicators is taken, and every ratio whose
// square counts lies in [0, 1], or below 1e12 for Z: no differences that f32 can hold, and no guard that is a normal number,
// give an overflow or 0/0.

// 0 JS, 1 Z (power 2), 2 M.
override weno: u32 = 1u;

// The mapping of Henrick, Aslam & Powers (2005) of normalised weights with linear weights d, normalised again.
fn henrick_map(w: vec3f, d: vec3f) -> vec3f {
  let g = w * (d + d * d - 3.0 * d * w + w * w) / (d * d + w * (1.0 - 2.0 * d));
  return g / (g.x + g.y + g.z);
}

// Weights of the outer, middle and outer stencil but for the linear ones, which are (1, 6, 3) seen from the left.
fn unscaled_weights(b: vec3f) -> vec3f {
  if (weno == 1u) {
    // Two indicators 1e12 below tau are both made of rounding errors, and equal weights as good as any.
    let r = min(abs(b.x - b.z) * (1.0 / b), vec3f(1e12));
    return 1.0 + r * r;
  }
  // Any numerator gives the same weights; with the least indicator their sum cannot underflow.
  let r = min(b.x, min(b.y, b.z)) * (1.0 / b);
  return r * r;
}

// e holds the second differences around the interval, guard is 12 epsilon in their units. .x corrects the left-biased value
// at the interval's right end, .y the right-biased value at its left end: what is to be subtracted from, and added to, the
// central value.
fn interval_correction(e: vec4f, guard: f32) -> vec2f {
  let t = e.xyz - e.yzw;
  let s = vec3f(e.x - 3.0 * e.y, e.y + e.z, 3.0 * e.z - e.w);
  let q = t.xy - t.yz;
  let w = unscaled_weights(13.0 * t * t + 3.0 * s * s + guard);
  let left = w * vec3f(1.0, 6.0, 3.0);
  let right = w * vec3f(3.0, 6.0, 1.0);
  let left_sum = 1.0 / (left.x + left.y + left.z);
  let right_sum = 1.0 / (right.x + right.y + right.z);
  if (weno == 2u) {
    let l = henrick_map(left * left_sum, vec3f(0.1, 0.6, 0.3));
    let r = henrick_map(right * right_sum, vec3f(0.3, 0.6, 0.1));
    return vec2f(2.0 * l.x * q.x + l.z * q.y, 2.0 * r.z * q.y + r.x * q.x) * (1.0 / 6.0) - q.yx * (1.0 / 12.0);
  }
  let outer = vec2f(2.0 * left.x * q.x + left.z * q.y, 2.0 * right.z * q.y + right.x * q.x);
  return (outer * vec2f(left_sum, right_sum) - 0.5 * q.yx) * (1.0 / 6.0);
}
