// M + increment in Anderson's steps. Below the smallest normal number (2^-126) numbers round by absolute amounts or vanish, which a
// combination multiplies by its condition at most (1e5, src/tiers/webgpu/solve/anderson.ts): what is negative by less is 0.
const lost: f32 = 1.2e-33;

fn next_density(m: State, increment: f32) -> State {
  let next = add_increment(m, increment);
  let value = value_of(next);
  if (value < 0.0 && value >= -lost) {
    return State();
  }
  return next;
}
