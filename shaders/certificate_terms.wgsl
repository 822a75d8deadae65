// Of a node: m (L + S(m)), m (f(m) - f(M)) and m g (docs/numerics.md section 7.4).
fn certificate_terms(m: State, cost: f32, own_f: f32, answered_f: f32, potential_v: f32, terminal_g: State) -> vec3f {
  let density = value_of(m);
  return vec3f(
    density * (cost + own_f + potential_v),
    density * (own_f - answered_f),
    density * value_of(terminal_g),
  );
}
