// h times the sixth-order slope G6 at a face (docs/numerics.md section 5.2) from the five first differences around it, so that a
// large density costs no digits.
fn face_slope(a: f32, b: f32, c: f32, d: f32, e: f32) -> f32 {
  return (2.0 / 180.0) * a - (23.0 / 180.0) * b + (222.0 / 180.0) * c - (23.0 / 180.0) * d + (2.0 / 180.0) * e;
}
