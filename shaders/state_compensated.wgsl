// The state of a solve in precision compensated: (hi, lo), arithmetic in plain f32 (docs/numerics.md section 8.2).
// #include "compensated.wgsl"
alias State = vec2f;

// Neighbouring hi subtract exactly (Sterbenz): no compensation is needed here.
fn difference(from_state: State, to_state: State) -> f32 {
  return (to_state.x - from_state.x) + (to_state.y - from_state.y);
}

fn add_increment(state: State, increment: f32) -> State {
  return two_sum(state.x, state.y + increment);
}

fn value_of(state: State) -> f32 {
  return state.x + state.y;
}

fn pair_of(state: State) -> vec2f {
  return state;
}

fn state_of(pair: vec2f) -> State {
  return pair;
}
