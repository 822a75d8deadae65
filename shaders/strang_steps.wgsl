// One Strang step of the density of a one-dimensional problem in one workgroup (docs/numerics.md section 5.2): diffusion over half
// of it, advection by SSPRK3, diffusion over the other half, with the numbers and the order of operations of
// interpolate_value.wgsl, optimal_drift.wgsl, advective_flux.wgsl, diffuse_density_line.wgsl, density_flux.wgsl, flux_shares.wgsl
// and limited_fluxes.wgsl: the results are the same to the bit.
//
// Every function is called in one place, in a loop over the parts of the step: each call is a copy in the compiled shader.
// The file that includes this one brings the grid, `take`, `put` and `line_barrier`, a variable `step: Strang`, what
// diffuse_density_line.wgsl asks for but for the drift, and of the member `stored_value(j, i)`, level j of u around the step,
// `wall_state(k)`, entry k of the walls from the first of these levels on, `drift_at(axis, node)`, `set_node_state(i, state)`,
// `passed_at(k)` and `add_passed(k, flux)`.
// #include "state.wgsl"
// #include "density_piece.wgsl"
// #include "diffuse_density_line.wgsl"
// #include "drift.wgsl"
// #include "flux_weno.wgsl"
// #include "interpolated.wgsl"
// #include "value_in_slots.wgsl"
// What decides where barriers stand.
struct Split {
  diffuses: bool,
  balanced: bool,
  cyclic: bool,
  stages: u32,
  // Richardson's correction follows: what passed the faces so far, limited.
  corrects: bool,
}

// Slots beyond those of the diffusion; u takes two of those, which are free when the drift is made.
const value_hi = 0u;
const value_lo = 1u;
const node_slot = 8u;
const face_slot = 9u;
const frozen_slot = 10u;
const stage_hi = 11u;
const stage_lo = 12u;

// Parts of the step: diffusion, three stages, diffusion, correction.
var<private> part: u32;

fn moment() -> vec4f {
  if (part < 2u) {
    return step.at_start;
  }
  return select(step.at_end, step.at_middle, part == 3u);
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

// What the part at hand starts from.
fn part_state(i: u32) -> State {
  if (part == 2u || part == 3u) {
    return state_of(vec2f(take(stage_hi, i), take(stage_lo, i)));
  }
  return node_state(i);
}

fn density_value(node: u32) -> f32 {
  return value_of(part_state(node));
}

// The drift of u at the moment of the part, at nodes and faces.
fn set_drift(lane: u32) {
  let weights = moment();
  let near = step.near[select(select(1u, 2u, part == 3u), 0u, part < 2u)];
  for (var i = lane; i < line.n; i += lanes) {
    let pair = pair_of(interpolated(weights, near, i));
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

// The whole step of `line`, of n nodes.
fn strang_step(n: u32, split: Split, lane: u32) {
  for (var now = 0u; now < 6u; now++) {
    part = now;
    let diffuses = now == 0u || now == 4u;
    if ((diffuses && !split.diffuses) || (now == 5u && !split.corrects)) {
      continue;
    }
    if (now < 5u && (!diffuses || split.balanced)) {
      set_drift(lane);
    }
    if ((now < 5u && !diffuses) || (now == 0u && split.balanced)) {
      advect(lane);
    }
    if (diffuses) {
      diffuse_line(n, split.cyclic, split.stages, lane);
    } else if (now == 5u) {
      for (var k = lane; k < face_count(); k += lanes) {
        put(high, k, passed_at(k));
      }
      for (var i = lane; i < n; i += lanes) {
        let pair = pair_of(node_state(i));
        put(low_hi, i, pair.x);
        put(low_lo, i, pair.y);
      }
    } else {
      for (var i = lane; i < n; i += lanes) {
        let pair = pair_of(after_fluxes(part_state(i), low, i));
        put(low_hi, i, pair.x);
        put(low_lo, i, pair.y);
      }
    }
    blend_line(lane);
    for (var i = lane; i < n; i += lanes) {
      let state = after_fluxes(low_density(i), high, i);
      if (diffuses || now == 5u) {
        set_node_state(i, state);
      } else if (now == 3u) {
        set_node_state(i, blend_states(node_state(i), state, 2.0 / 3.0));
      } else {
        var stage = state;
        if (now == 2u) {
          stage = blend_states(node_state(i), state, 0.25);
        }
        let pair = pair_of(stage);
        put(stage_hi, i, pair.x);
        put(stage_lo, i, pair.y);
      }
    }
    if (step.record == 1u && now < 5u) {
      let weight = step.flux_weights[select(select(1u, 2u, now == 3u), 0u, diffuses)];
      for (var k = lane; k <= n; k += lanes) {
        add_passed(k, weight * (flux_at(low, k) + flux_at(high, k)));
      }
    }
    // The next part reads what other invocations wrote.
    storageBarrier();
    line_barrier();
  }
}
