// Sub-steps of u of a one-dimensional problem in one workgroup (docs/numerics.md sections 3.2 and 5.2), by pieces, each a Strang step
// (the frozen source where there is an exit, diffusion over half of it, advection by SSPRK3, diffusion over the other half) or an
// explicit one. u stands in workgroup memory, and the order of operations is that of hamiltonian.wgsl, combine_sources.wgsl,
// hjb_stage.wgsl, diffuse_value_line.wgsl and extrapolate_value.wgsl: the results are the same to the bit.
//
// Every function is called in one place, in loops over pieces and their parts: each call is a copy in the compiled shader. The
// file that includes this one brings the grid, `stage_coefficients(k)`, and of the member `stored_state(i)` and `set_stored(i, state)`,
// u at the start of a sub-step, `coarse_state(i)` and `set_coarse(i, state)`, and of the four stored levels around a piece
// `source_of(j, i)` and `wall_state(k)`, entry k of the walls from the first of them on; and `drift_at(axis, node)`.
// #include "state.wgsl"
// #include "value_diffusion.wgsl"
// #include "state_numbers.wgsl"
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

// What is the same for all pieces of a member: balanced splitting; diffusions by themselves; diffusion within the stages.
struct Ways {
  balanced: bool,
  splits: bool,
  diffusion: bool,
}

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

fn number_at(node: u32) -> Number {
  return held_state(reading, node);
}

fn wall_gap(axis: u32, upper: bool, line: u32, node: u32) -> f32 {
  let at = select(grid.walls[axis].x, grid.walls[axis].y, upper) + line;
  var gap = 0.0;
  for (var j = 0u; j < 4u; j++) {
    if (weights[j] != 0.0) {
      gap += weights[j] * difference(wall_state(at + j * grid.wall_stride), held_state(reading, node));
    }
  }
  return gap;
}

// S - q at the moment of `weights`.
fn sources_at(i: u32, balanced: bool) -> f32 {
  // Levels of weight 0 may hold anything.
  var sum = 0.0;
  for (var j = 0u; j < 4u; j++) {
    if (weights[j] != 0.0) {
      sum += weights[j] * source_of(j, i);
    }
  }
  if (balanced) {
    sum -= take(balance_slot, i);
  }
  return sum;
}

fn finish_piece(outcome: u32, i: u32) {
  let result = held_state(value_slot, i);
  if (outcome == replaces) {
    set_stored(i, result);
  } else if (outcome == is_coarse) {
    set_coarse(i, result);
    hold_state(value_slot, i, stored_state(i));
  } else if (outcome == is_extrapolated) {
    let better = add_increment(result, (1.0 / 3.0) * difference(coarse_state(i), result));
    set_stored(i, better);
    hold_state(value_slot, i, better);
  }
}

// Runs a piece of `line` from what value_slot holds, unless it only measures, and leaves its result there. Returns the largest speeds that this invocation
// met, as the bits of an f32: at its start and, where it `measures`, of its result, with `at_result` the weights of the walls.
fn run_piece(
  line: Line,
  n: u32,
  piece: Piece,
  ways: Ways,
  runs: bool,
  measures: bool,
  at_result: vec4f,
  lane: u32,
) -> vec2u {
  var fastest = vec2u(0u);
  // Frozen source, diffusion, three stages, diffusion, measure.
  for (var part = 0u; part < 7u; part++) {
    if (part == 6u) {
      if (runs) {
        for (var i = lane; i < n; i += lanes) {
          finish_piece(piece.outcome, i);
        }
        line_barrier();
      }
      if (!measures) {
        continue;
      }
    }
    if (part < 6u && !runs) {
      continue;
    }
    if (part == 1u || part == 5u) {
      if (ways.splits) {
        let along = Diffusion(
          select(piece.at_middle, piece.at_start, part == 1u),
          select(piece.moved_second, piece.moved_first, part == 1u),
          0u,
          select(0u, 1u, ways.balanced),
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
    if (part == 0u && !ways.balanced) {
      continue;
    }
    reading = select(stage_slot, value_slot, part < 3u || part == 6u);
    weights = piece.at_start;
    var keep = 0.0;
    var weight = piece.weight1;
    if (part == 3u) {
      weights = piece.at_end;
      keep = 0.25;
      weight = piece.weight2;
    } else if (part == 4u) {
      weights = piece.at_middle;
      keep = 2.0 / 3.0;
      weight = piece.weight3;
    } else if (part == 6u) {
      weights = at_result;
    }
    for (var i = lane; i < n; i += lanes) {
      let slopes = node_slopes(vec3u(i, 0u, 0u), i);
      let alpha = dissipation(slopes.one_sided, i);
      if (part == 2u || part == 6u) {
        // Sizes compare as their bits do, and those of NaN are larger than any.
        let speed = bitcast<u32>(courant_rate(alpha));
        fastest = max(fastest, select(vec2u(0u, speed), vec2u(speed, 0u), part == 2u));
      }
      if (part == 6u) {
        continue;
      }
      var rate = sources_at(i, part > 0u && ways.balanced);
      rate -= numerical_hamiltonian(slopes.one_sided, i, alpha);
      if (ways.diffusion) {
        rate += slopes.diffusion;
      }
      if (part == 0u) {
        put(balance_slot, i, rate);
      } else {
        put(slope_slot, i, rate);
      }
    }
    line_barrier();
    if (part > 0u && part < 6u) {
      for (var i = lane; i < n; i += lanes) {
        let base = held_state(value_slot, i);
        var increment = weight * take(slope_slot, i);
        if (keep != 0.0) {
          increment += keep * difference(base, held_state(stage_slot, i));
        }
        let next = add_increment(base, increment);
        hold_state(select(stage_slot, value_slot, part == 4u), i, next);
      }
      line_barrier();
    }
  }
  return fastest;
}
