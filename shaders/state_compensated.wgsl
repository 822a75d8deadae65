// The state of a solve in precision compensated: (hi, lo), arithmetic in plain f32 (docs/numerics.md section 8.2).
// #include "compensated.wgsl"
alias State = vec2f;

// Neighbouring hi subtract exactly (Sterbenz): no compensation is needed here.
fn difference(from_state: State, to_state: State) -> f32 {
  return as_rounded(to_state.x - from_state.x) + (to_state.y - from_state.y);
}

fn add_increment(state: State, increment: f32) -> State {
  return two_sum(state.x, state.y + increment);
}

// The state plus what enters less what leaves, to the last bit of the pair: what two cells exchange is the same number for
// both, so that their sum stays what it is.
fn exchange(state: State, entering: f32, leaving: f32) -> State {
  let first = two_sum(state.x, entering);
  let second = two_sum(first.x, -leaving);
  return two_sum(second.x, (first.y + second.y) + state.y);
}

// first + weight (second - first), the product good to 2^-36 of the difference.
fn blend_states(first: State, second: State, weight: f32) -> State {
  let gap = two_sum(second.x, -first.x);
  // Twelve bits each: their product is exact.
  let weight_hi = bitcast<f32>(bitcast<u32>(weight) & 0xfffff000u);
  let gap_hi = bitcast<f32>(bitcast<u32>(gap.x) & 0xfffff000u);
  let sum = two_sum(first.x, weight_hi * gap_hi);
  let rest = weight_hi * as_rounded(gap.x - gap_hi) + (weight - weight_hi) * gap.x + weight * (gap.y + (second.y - first.y));
  return two_sum(sum.x, (sum.y + first.y) + rest);
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
