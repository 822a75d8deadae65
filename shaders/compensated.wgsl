// Sums with what rounding takes from them. The one place of TwoSum: an adapter on which it does not survive compilation offers
// no `compensated` (docs/numerics.md section 8.3).

// (s, e) with s the rounded sum and s + e the exact one (Knuth 1969, section 4.2.2).
fn two_sum(a: f32, b: f32) -> vec2f {
  let s = a + b;
  let z = s - a;
  return vec2f(s, (a - (s - z)) + (b - z));
}
