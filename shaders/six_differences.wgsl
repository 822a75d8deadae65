// First differences around a node i by name, so that they stay in registers: `a` is node i - 2 less node i - 3, `f` node i + 3 less
// node i + 2.
struct Six {
  a: f32,
  b: f32,
  c: f32,
  d: f32,
  e: f32,
  f: f32,
}

// Of seven numbers in a row.
fn six_between(a: f32, b: f32, c: f32, d: f32, e: f32, f: f32, g: f32) -> Six {
  return Six(b - a, c - b, d - c, e - d, f - e, g - f);
}

// Times h^2: the sixth-order Laplacian.
fn laplacian6(d: Six) -> f32 {
  return (2.0 * (d.f - d.a) - 25.0 * (d.e - d.b) + 245.0 * (d.d - d.c)) * (1.0 / 180.0);
}
