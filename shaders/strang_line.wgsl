// One Strang step of the density of a one-dimensional problem in one workgroup (docs/numerics.md section 5.2): diffusion over half
// of it, advection by SSPRK3, diffusion over the other half, each as in diffuse_density_line.wgsl, density_flux.wgsl,
// flux_shares.wgsl and limited_fluxes.wgsl, with the same numbers but for the rounding of the fluxes that are added up. What
// takes some twenty dispatches there takes one here.
//
// Every function is called in one place, in a loop over the five parts of the step: each call is a copy in the compiled shader.
// #include "line_in_workgroup.wgsl"
// #include "state.wgsl"
// #include "diffuse_density_line.wgsl"
// #include "drift.wgsl"
// #include "flux_weno.wgsl"
struct Step {
  // Weights of the four stored levels at the start, the end and the middle of the step, for u and the walls.
  at_start: vec4f,
  at_end: vec4f,
  at_middle: vec4f,
  axis: u32, // 0
  // Length of the step, and of each diffusion.
  dt: f32,
  tau: f32,
  stages: u32,
  first: f32,
  coefficients_at: u32,
  has_diffusion: u32,
  // 1: balanced splitting.
  balanced: u32,
  // passed += flux_weight times what passed each face, where record is 1.
  flux_weight: f32,
  record: u32,
  guard: f32,
  // Limited cells are counted here; lines that were done again by implicit Euler in the next word.
  word: u32,
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
@group(1) @binding(1) var<uniform> step: Step;

// Slots beyond those of the diffusion; u takes two of those, which are free when the drift is made.
const value_hi = 0u;
const value_lo = 1u;
const node_slot = 8u;
const face_slot = 9u;
const frozen_slot = 10u;
const stage_hi = 11u;
const stage_lo = 12u;

// Parts of the step: diffusion, three stages, diffusion.
var<private> part: u32;

fn moment() -> vec4f {
  if (part < 2u) {
    return step.at_start;
  }
  return select(step.at_end, step.at_middle, part == 3u);
}

fn value_at(i: u32) -> State {
  return state_of(vec2f(take(value_hi, i), take(value_lo, i)));
}

fn step_between(from_node: u32, to_node: u32) -> f32 {
  return difference(value_at(from_node), value_at(to_node));
}

fn wall_gap(axis: u32, upper: bool, line_number: u32, node: u32) -> f32 {
  let at = select(grid.walls[axis].x, grid.walls[axis].y, upper) + line_number;
  let weights = moment();
  var gap = 0.0;
  for (var j = 0u; j < 4u; j++) {
    if (weights[j] != 0.0) {
      gap += weights[j] * difference(walls[at + j * grid.wall_stride], value_at(node));
    }
  }
  return gap;
}

fn drift_at(axis: u32, node: u32) -> f32 {
  if (grid.has_drift == 0u) {
    return 0.0;
  }
  return drift_field[axis * grid.points + node];
}

fn node_drift_at(axis: u32, node: u32) -> f32 {
  return take(node_slot, node);
}

fn face_drift_at(k: u32) -> f32 {
  return take(face_slot, k);
}

fn frozen_at(k: u32) -> f32 {
  return take(frozen_slot, k);
}

fn node_state(i: u32) -> State {
  return density[i];
}

// What the part at hand starts from.
fn part_state(i: u32) -> State {
  if (part == 2u || part == 3u) {
    return state_of(vec2f(take(stage_hi, i), take(stage_lo, i)));
  }
  return density[i];
}

fn density_value(node: u32) -> f32 {
  return value_of(part_state(node));
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

// The drift of u at the moment of the part, at nodes and faces.
fn set_drift(lane: u32) {
  let weights = moment();
  var near = 0u;
  for (var j = 1u; j < 4u; j++) {
    if (abs(weights[j]) > abs(weights[near])) {
      near = j;
    }
  }
  for (var i = lane; i < line.n; i += lanes) {
    let from_level = stored_value(near, i);
    var change = 0.0;
    for (var j = 0u; j < 4u; j++) {
      if (j != near && weights[j] != 0.0) {
        change += weights[j] * difference(from_level, stored_value(j, i));
      }
    }
    let pair = pair_of(add_increment(from_level, change));
    put(value_hi, i, pair.x);
    put(value_lo, i, pair.y);
  }
  line_barrier();
  for (var k = lane; k <= line.n; k += lanes) {
    let c = vec3u(k, 0u, 0u);
    put(face_slot, k, drift_through_face(0u, c));
    if (k < line.n) {
      put(node_slot, k, drift_at_node(0u, c));
    }
  }
  line_barrier();
}

// High-order advective fluxes: frozen in part 0, else with the low-order ones those of a stage.
fn advect(lane: u32) {
  let scale = step.dt * grid.metric[0].x;
  for (var k = lane; k < face_count(); k += lanes) {
    var fast = 0.0;
    if (!is_shut(k)) {
      fast = flux_weno(0u, 0u, k);
    }
    if (part == 0u) {
      put(frozen_slot, k, fast);
      continue;
    }
    var slow = 0.0;
    if (step.balanced == 1u) {
      fast -= take(frozen_slot, k);
    } else if (!is_shut(k)) {
      let b = take(face_slot, k);
      if (k > 0u || is_cycle()) {
        slow += max(b, 0.0) * density_value(select(k, line.n, k == 0u) - 1u);
      }
      if (k < line.n) {
        slow += min(b, 0.0) * density_value(k);
      }
    }
    put(low, k, scale * slow);
    put(high, k, scale * (fast - slow));
  }
  line_barrier();
}

@compute @workgroup_size(lanes)
fn main(@builtin(local_invocation_index) lane: u32) {
  line = line_at(0u, 0u, 0u);
  let n = grid.axes[0].x;
  for (var now = 0u; now < 5u; now++) {
    part = now;
    let diffuses = now == 0u || now == 4u;
    if (diffuses && step.has_diffusion == 0u) {
      continue;
    }
    if (!diffuses || step.balanced == 1u) {
      set_drift(lane);
    }
    if (!diffuses || (now == 0u && step.balanced == 1u)) {
      advect(lane);
    }
    var share_of_step = 1.0;
    if (diffuses) {
      diffuse_line(lane);
    } else {
      share_of_step = select(1.0 / 6.0, 2.0 / 3.0, now == 3u);
      for (var i = lane; i < n; i += lanes) {
        let pair = pair_of(after_fluxes(part_state(i), low, i));
        put(low_hi, i, pair.x);
        put(low_lo, i, pair.y);
      }
    }
    blend_line(lane);
    for (var i = lane; i < n; i += lanes) {
      let state = after_fluxes(low_density(i), high, i);
      if (diffuses) {
        density[i] = state;
      } else if (now == 3u) {
        density[i] = blend_states(density[i], state, 2.0 / 3.0);
      } else {
        var stage = state;
        if (now == 2u) {
          stage = blend_states(density[i], state, 0.25);
        }
        let pair = pair_of(stage);
        put(stage_hi, i, pair.x);
        put(stage_lo, i, pair.y);
      }
    }
    if (step.record == 1u) {
      for (var k = lane; k <= n; k += lanes) {
        passed[k] += step.flux_weight * share_of_step * (flux_at(low, k) + flux_at(high, k));
      }
    }
    // The next part reads what other invocations wrote.
    storageBarrier();
    line_barrier();
  }
  report_limited(lane);
}
