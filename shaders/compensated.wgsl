// Sums with what rounding takes from them. The one place of TwoSum: an adapter on which it does not survive compilation offers
// no `compensated` (docs/numerics.md section 8.3). The file that includes this one has `hidden_zero() -> u32`, which is 0 and
// comes from memory.

// x as it was rounded. Compilers may reorder sums, and some do (NVIDIA's turns s - a of s = a + b into b); none can look through
// an exclusive or with a number that it does not know.
fn as_rounded(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ hidden_zero());
}

// (s, e) with s the rounded sum and s + e the exact one (Knuth 1969, section 4.2.2).
fn two_sum(a: f32, b: f32) -> vec2f {
  let first = as_rounded(a);
  let second = as_rounded(b);
  let s = as_rounded(first + second);
  let z = as_rounded(s - first);
  return vec2f(s, as_rounded(first - as_rounded(s - z)) + as_rounded(second - z));
}
