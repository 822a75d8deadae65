// Of a node: its density, and the square of its difference from another one.
fn level_terms(m: State, other: State) -> array<vec2f, terms> {
  let gap = difference(other, m);
  return array<vec2f, terms>(pair_of(m), vec2f(gap * gap, 0.0));
}
