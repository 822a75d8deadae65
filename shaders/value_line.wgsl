// Sub-steps of u of a one-dimensional problem in one workgroup (docs/numerics.md sections 3.2 and 5.2): one dispatch runs a list of
// pieces, each a Strang step (the frozen source where there is an exit, diffusion over half of it, advection by SSPRK3, diffusion
// over the other half) or an explicit one. u stands in workgroup memory, and the order of operations is that of hamiltonian.wgsl,
// combine_sources.wgsl, hjb_stage.wgsl, diffuse_value_line.wgsl and extrapolate_value.wgsl.
//
// Every function is called in one place, in loops over pieces and their parts: each call is a copy in the compiled shader.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "value_diffusion.wgsl"
// #include "node_slopes.wgsl"
struct Piece {
  // Weights of the four stored levels at the start, the middle and the end, for sources and walls.
  at_start: vec4f,
  at_middle: vec4f,
  at_end: vec4f,
  // What `walls_moved` of each diffusion is.
  moved_first: vec4f,
  moved_second: vec4f,
  // The weights of the three stages: dt, dt/4, 2 dt/3.
  weight1: f32,
  weight2: f32,
  weight3: f32,
  // Of each diffusion.
  tau: f32,
  first: f32,
  stages: u32,
  coefficients_at: u32,
  // What becomes of the result, see below.
  outcome: u32,
}

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

override lanes: u32 = 64u;

// Outcomes: the result replaces u; it is kept as the coarse one and u stays; the next piece goes on with it; it replaces u
// extrapolated over the splitting with the coarse one.
const replaces = 0u;
const is_coarse = 1u;
const goes_on = 2u;
const is_extrapolated = 3u;

// Slots. Stages and slope stand where diffusion keeps its increments and changes.
const stage_slot = 0u;
const slope_slot = 2u;
const value_slot = 4u;
const balance_slot = 6u;

// What slopes are taken of, and the weights of the levels at that moment.
var<private> reading: u32;
var<private> weights: vec4f;

fn held_state(slot: u32, i: u32) -> State {
  return state_of(vec2f(take(slot, i), take(slot + 1u, i)));
}

fn hold_state(slot: u32, i: u32, state: State) {
  let pair = pair_of(state);
  put(slot, i, pair.x);
  put(slot + 1u, i, pair.y);
}

fn line_state(line: Line, i: u32) -> State {
  return held_state(value_slot, i);
}

fn set_line_state(line: Line, i: u32, state: State) {
  hold_state(value_slot, i, state);
}

fn frozen_source(line: Line, i: u32) -> f32 {
  return take(balance_slot, i);
}

fn step_between(from_node: u32, to_node: u32) -> f32 {
  return difference(held_state(reading, from_node), held_state(reading, to_node));
}

fn wall_gap(axis: u32, upper: bool, line: u32, node: u32) -> f32 {
  let at = select(grid.walls[axis].x, grid.walls[axis].y, upper) + line;
  var gap = 0.0;
  for (var j = 0u; j < 4u; j++) {
    if (weights[j] != 0.0) {
      gap += weights[j] * difference(walls[at + j * grid.wall_stride], held_state(reading, node));
    }
  }
  return gap;
}

fn drift_at(axis: u32, node: u32) -> f32 {
  if (grid.has_drift == 0u) {
    return 0.0;
  }
  return drift[axis * grid.points + node];
}

// keep slope + S - q at the moment of `weights`.
fn sources_at(i: u32, keep: f32, balanced: bool) -> f32 {
  // Levels of weight 0 and slopes that are not kept may hold anything.
  var sum = 0.0;
  if (keep != 0.0) {
    sum = keep * take(slope_slot, i);
  }
  if (weights.x != 0.0) {
    sum += weights.x * source0[i];
  }
  if (weights.y != 0.0) {
    sum += weights.y * source1[i];
  }
  if (weights.z != 0.0) {
    sum += weights.z * source2[i];
  }
  if (weights.w != 0.0) {
    sum += weights.w * source3[i];
  }
  if (balanced) {
    sum -= take(balance_slot, i);
  }
  return sum;
}

fn finish_piece(outcome: u32, i: u32) {
  let result = held_state(value_slot, i);
  if (outcome == replaces) {
    u[i] = result;
  } else if (outcome == is_coarse) {
    coarse[i] = result;
    hold_state(value_slot, i, u[i]);
  } else if (outcome == is_extrapolated) {
    let better = add_increment(result, (1.0 / 3.0) * difference(coarse[i], result));
    u[i] = better;
    hold_state(value_slot, i, better);
  }
}

@compute @workgroup_size(lanes)
fn main(@builtin(local_invocation_index) lane: u32) {
  let line = line_at(0u, 0u, 0u);
  let n = line.n;
  for (var i = lane; i < n; i += lanes) {
    hold_state(value_slot, i, u[i]);
  }
  line_barrier();
  for (var p = 0u; p < step.pieces; p++) {
    let piece = pieces[step.first_piece + p];
    var fastest = 0u;
    // Frozen source, diffusion, three stages, diffusion.
    for (var part = 0u; part < 6u; part++) {
      if (part == 1u || part == 5u) {
        if (step.splits == 1u) {
          let along = Diffusion(
            select(piece.at_middle, piece.at_start, part == 1u),
            select(piece.moved_second, piece.moved_first, part == 1u),
            0u,
            step.balanced,
            piece.stages,
            piece.coefficients_at,
            piece.first,
            piece.tau,
          );
          diffuse_along(line, along, lane);
          line_barrier();
        }
        continue;
      }
      if (part == 0u && step.balanced == 0u) {
        continue;
      }
      reading = select(stage_slot, value_slot, part < 3u);
      weights = piece.at_start;
      var keep = 0.0;
      var weight = piece.weight1;
      if (part == 3u) {
        weights = piece.at_end;
        keep = 1.0;
        weight = piece.weight2;
      } else if (part == 4u) {
        weights = piece.at_middle;
        keep = 0.25;
        weight = piece.weight3;
      }
      for (var i = lane; i < n; i += lanes) {
        let slopes = node_slopes(vec3u(i, 0u, 0u), i);
        let alpha = dissipation(slopes.one_sided, i);
        var rate = sources_at(i, keep, part > 0u && step.balanced == 1u);
        rate -= numerical_hamiltonian(slopes.one_sided, i, alpha);
        if (step.diffusion == 1u) {
          rate += slopes.diffusion;
        }
        if (part == 0u) {
          put(balance_slot, i, rate);
        } else {
          put(slope_slot, i, rate);
        }
        if (part == 2u) {
          // Sizes compare as their bits do, and those of NaN are larger than any.
          fastest = max(fastest, bitcast<u32>(courant_rate(alpha)));
        }
      }
      line_barrier();
      if (part > 0u) {
        for (var i = lane; i < n; i += lanes) {
          let next = add_increment(held_state(value_slot, i), weight * take(slope_slot, i));
          hold_state(select(stage_slot, value_slot, part == 4u), i, next);
        }
        line_barrier();
      }
    }
    atomicMax(&words[step.word + p], fastest);
    for (var i = lane; i < n; i += lanes) {
      finish_piece(piece.outcome, i);
    }
    line_barrier();
  }
}
