// Sub-steps of u of a one-dimensional problem, many in one dispatch of one workgroup, see value_pieces.wgsl.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "value_pieces.wgsl"
struct Step {
  first_piece: u32,
  pieces: u32,
  // The largest speed at the start of each piece goes to the words from here on.
  word: u32,
  // 1: balanced splitting; diffusions by themselves; diffusion within the stages.
  balanced: u32,
  splits: u32,
  diffusion: u32,
}

@group(0) @binding(0) var<storage, read_write> u: array<State>;
@group(0) @binding(1) var<storage, read_write> coarse: array<State>;
@group(0) @binding(2) var<storage, read> walls: array<State>;
@group(0) @binding(3) var<storage, read> drift: array<f32>;
@group(0) @binding(4) var<storage, read> coefficients: array<vec4f>;
@group(0) @binding(5) var<storage, read> source0: array<f32>;
@group(0) @binding(6) var<storage, read> source1: array<f32>;
@group(0) @binding(7) var<storage, read> source2: array<f32>;
@group(0) @binding(8) var<storage, read> source3: array<f32>;
@group(0) @binding(9) var<storage, read_write> words: array<atomic<u32>>;
@group(0) @binding(10) var<uniform> pieces: array<Piece, 512>;
@group(1) @binding(1) var<uniform> step: Step;

fn stage_coefficients(k: u32) -> vec4f {
  return coefficients[k];
}

fn stored_state(i: u32) -> State {
  return u[i];
}

fn set_stored(i: u32, state: State) {
  u[i] = state;
}

fn coarse_state(i: u32) -> State {
  return coarse[i];
}

fn set_coarse(i: u32, state: State) {
  coarse[i] = state;
}

fn wall_state(k: u32) -> State {
  return walls[k];
}

fn source_of(j: u32, i: u32) -> f32 {
  switch j {
    case 0u: {
      return source0[i];
    }
    case 1u: {
      return source1[i];
    }
    case 2u: {
      return source2[i];
    }
    default: {
      return source3[i];
    }
  }
}

fn drift_at(axis: u32, node: u32) -> f32 {
  if (grid.has_drift == 0u) {
    return 0.0;
  }
  return drift[axis * grid.points + node];
}

@compute @workgroup_size(lanes)
fn main(@builtin(local_invocation_index) lane: u32) {
  let line = line_at(0u, 0u, 0u);
  for (var i = lane; i < line.n; i += lanes) {
    hold_state(value_slot, i, u[i]);
  }
  line_barrier();
  let ways = Ways(step.balanced == 1u, step.splits == 1u, step.diffusion == 1u);
  for (var p = 0u; p < step.pieces; p++) {
    let fastest = run_piece(line, line.n, pieces[step.first_piece + p], ways, true, false, vec4f(0.0), lane);
    atomicMax(&words[step.word + p], fastest.x);
  }
}
