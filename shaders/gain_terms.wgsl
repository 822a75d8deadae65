// Of a node: m0 u and m0 (u - response).
fn gain_terms(m: State, value: State, response: State) -> array<vec2f, terms> {
  let density = value_of(m);
  return array<vec2f, terms>(
    vec2f(density * value_of(value), 0.0),
    vec2f(density * difference(response, value), 0.0),
  );
}
