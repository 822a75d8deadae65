// S = V + f(x, t, m) of one stored level; floored nodes of a log coupling are counted.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "coupling.wgsl"
struct Step {
  // Where the count of floored nodes goes.
  word: u32,
  // Where the sums of m and of x_a m stand, as pairs (`mean`).
  moment_word: u32,
  // 0: f alone.
  with_potential: u32,
}

@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> m: array<State>;
@group(0) @binding(1) var<storage, read> potential: array<f32>;
@group(0) @binding(2) var<storage, read> goal: array<State>;
// K * m, for `nonlocal`.
@group(0) @binding(3) var<storage, read> smooth_m: array<f32>;
@group(0) @binding(4) var<storage, read_write> words: array<atomic<u32>>;
@group(0) @binding(5) var<storage, read_write> source: array<f32>;

fn summed(term: u32) -> f32 {
  let at = step.moment_word + 2u * term;
  return bitcast<f32>(atomicLoad(&words[at])) + bitcast<f32>(atomicLoad(&words[at + 1u]));
}

fn density_state(node: u32) -> State {
  return m[node];
}

fn goal_state(node: u32) -> State {
  return goal[node];
}

fn smoothed(node: u32) -> f32 {
  return smooth_m[node];
}

fn count_floored() {
  atomicAdd(&words[step.word], 1u);
}

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  if (!is_inside(c)) {
    return;
  }
  let node = node_of(c);
  var sum = coupling_at(node, c);
  if (step.with_potential == 1u) {
    sum += potential[node];
  }
  source[node] = sum;
}
