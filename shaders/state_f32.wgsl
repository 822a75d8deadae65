// The state of a solve in precision f32: one number per node.
alias State = f32;

fn difference(from_state: State, to_state: State) -> f32 {
  return to_state - from_state;
}

fn add_increment(state: State, increment: f32) -> State {
  return state + increment;
}

// The state plus what enters less what leaves.
fn exchange(state: State, entering: f32, leaving: f32) -> State {
  return state + (entering - leaving);
}

// first + weight (second - first).
fn blend_states(first: State, second: State, weight: f32) -> State {
  return first + weight * (second - first);
}

fn value_of(state: State) -> f32 {
  return state;
}

fn pair_of(state: State) -> vec2f {
  return vec2f(state, 0.0);
}

fn state_of(pair: vec2f) -> State {
  return pair.x + pair.y;
}
