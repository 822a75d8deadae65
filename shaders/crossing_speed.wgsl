// The Scharfetter-Gummel rate (nu/h) B(-P), P = b h/nu, as in src/scheme/fokkerPlanck.ts: pos(b) + (nu/h) B(|P|), which
// is the same since B(-P) = P + B(P), and loses no digits.

// B(z) = z/(e^z - 1) for z >= 0; WGSL has no expm1, hence a series near 0.
fn bernoulli(z: f32) -> f32 {
  if (z < 0.5) {
    let s = z * z;
    return 1.0 - 0.5 * z + s * (1.0 / 12.0 - s * (1.0 / 720.0 - s * (1.0 / 30240.0)));
  }
  return z / (exp(z) - 1.0);
}

// (nu/h) B(|P|): the part of both speeds through a face that drives down differences of the density.
fn diffusive_speed(nu: f32, h: f32, b: f32) -> f32 {
  if (nu == 0.0 || abs(b) * h > 50.0 * nu) {
    return 0.0;
  }
  return nu / h * bernoulli(abs(b) * h / nu);
}

// The speed at which the density of a cell crosses a face whose outward drift is b.
fn crossing_speed(nu: f32, h: f32, b: f32) -> f32 {
  return max(b, 0.0) + diffusive_speed(nu, h, b);
}
