// What Anderson keeps of an iterate, F and a step (docs/numerics.md section 7.2): appended to what was kept of the last one they are
// dF and dG = step + dF, else F and beta F.
fn kept_difference(f: f32, last_f: f32, last_step: f32, append: bool, beta: f32) -> vec2f {
  if (append) {
    let df = f - last_f;
    return vec2f(df, last_step + df);
  }
  return vec2f(f, beta * f);
}
