// base^exponent for base >= 0: whole and half exponents by products and a square root, since pow() loses digits; the rest of
// any other exponent is small, and so is its error.
fn power(base: f32, exponent: f32) -> f32 {
  if (base <= 0.0) {
    return select(0.0, 1.0, exponent == 0.0);
  }
  let halves = round(2.0 * abs(exponent));
  let rest = abs(exponent) - 0.5 * halves;
  let whole = u32(halves) / 2u;
  var result = 1.0;
  var square = base;
  for (var bits = whole; bits > 0u; bits = bits >> 1u) {
    if ((bits & 1u) == 1u) {
      result *= square;
    }
    square *= square;
  }
  if ((u32(halves) & 1u) == 1u) {
    result *= sqrt(base);
  }
  if (rest != 0.0) {
    result *= pow(base, rest);
  }
  return select(result, 1.0 / result, exponent < 0.0);
}
