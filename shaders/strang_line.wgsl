// One Strang step of the density of a one-dimensional problem in one dispatch of one workgroup, see strang_steps.wgsl: what takes
// some twenty dispatches elsewhere takes one here.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "line_in_workgroup.wgsl"
// #include "strang_steps.wgsl"
struct Step {
  at_start: vec4f,
  at_end: vec4f,
  at_middle: vec4f,
  near: vec4u,
  flux_weights: vec4f,
  axis: u32,
  dt: f32,
  tau: f32,
  first: f32,
  coefficients_at: u32,
  balanced: u32,
  record: u32,
  guard: f32,
  word: u32,
  stages: u32,
  has_diffusion: u32,
}

@group(0) @binding(0) var<storage, read_write> density: array<State>;
@group(0) @binding(1) var<storage, read> value0: array<State>;
@group(0) @binding(2) var<storage, read> value1: array<State>;
@group(0) @binding(3) var<storage, read> value2: array<State>;
@group(0) @binding(4) var<storage, read> value3: array<State>;
@group(0) @binding(5) var<storage, read> walls: array<State>;
@group(0) @binding(6) var<storage, read> drift_field: array<f32>;
@group(0) @binding(7) var<storage, read> coefficients: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> passed: array<f32>;
@group(0) @binding(9) var<storage, read_write> words: array<atomic<u32>>;
@group(1) @binding(1) var<uniform> given: Step;

var<private> step: Strang;

fn stage_coefficients(k: u32) -> vec4f {
  return coefficients[k];
}

fn node_state(i: u32) -> State {
  return density[i];
}

fn set_node_state(i: u32, state: State) {
  density[i] = state;
}

fn add_passed(k: u32, flux: f32) {
  passed[k] += flux;
}

fn passed_at(k: u32) -> f32 {
  return passed[k];
}

fn wall_state(k: u32) -> State {
  return walls[k];
}

fn drift_at(axis: u32, node: u32) -> f32 {
  if (grid.has_drift == 0u) {
    return 0.0;
  }
  return drift_field[axis * grid.points + node];
}

fn stored_value(j: u32, i: u32) -> State {
  switch j {
    case 0u: {
      return value0[i];
    }
    case 1u: {
      return value1[i];
    }
    case 2u: {
      return value2[i];
    }
    default: {
      return value3[i];
    }
  }
}

@compute @workgroup_size(lanes)
fn main(@builtin(local_invocation_index) lane: u32) {
  line = line_at(0u, 0u, 0u);
  step = Strang(
    given.at_start, given.at_end, given.at_middle, given.near, given.flux_weights,
    given.axis, given.dt, given.tau, given.first, given.coefficients_at, given.balanced, given.record,
    given.guard, given.word,
  );
  let cyclic = grid.axes[0].z == periodic;
  let split = Split(given.has_diffusion == 1u, given.balanced == 1u, cyclic, given.stages, false);
  strang_step(grid.axes[0].x, split, lane);
  report_limited(lane);
}
