// One RKL2 diffusion sub-step of the density along one axis, high and low order blended (docs/numerics.md section 5.2), one
// workgroup per line: src/tiers/batched/densityDiffusion.ts. All fluxes are those of the whole step over h: what passes from cell
// to cell in units of the density.
//
// The recurrence of section 4.1 runs on the fluxes, in differences: Phi_j = Phi_{j-1} + D_j with
// D_j = -nu_j D_{j-1} + (mu_j + nu_j - 1) Phi_{j-1} + muTilde_j tau J(Y_{j-1}) + gammaTilde_j tau J(Y_0), Phi_0 = 0, in which the
// rounding of Phi does not grow with the stages; `stage_coefficients(k)` gives the four numbers of stages 2, 3, .... Differences of
// Y_j = Y_0 - div Phi_j are those of the state less second differences of Phi, so that a large density costs no digits.
// The file that includes this one brings the grid, `take`, `put` and `line_barrier`, the numbers of the step, `node_state(i)` of the
// line, `face_drift_at(k)`, and `frozen_at(k)`, a flux J. What decides where barriers stand comes as arguments, since private
// numbers do not count as the same in every invocation.
// #include "state.wgsl"
// #include "grid_lines.wgsl"
// #include "six_differences.wgsl"
// #include "face_slope.wgsl"
override lanes: u32 = 64u;

// Beyond an exit, differences of the cubic through 0 on the wall: weights of the nodes next to it.
const through_zero_steps = array<vec3f, 3>(vec3f(4.0, -1.0, 0.2), vec3f(15.0, -7.0, 1.6), vec3f(32.0, -17.0, 4.2));

// Slots of the line's memory. Those of the implicit step take the place of what the recurrence leaves.
const high = 0u; // Phi, then A
const high_change = 1u;
const high_initial = 2u;
const low = 3u; // Phi of the low order, the upwind fluxes included
const low_change = 4u;
const low_initial = 5u;
const state_step = 6u; // Y_0 of a node less that of the node below
const upwind = 7u; // the upwind fluxes of balanced splitting; never on a cycle
const below = 1u;
const above = 2u;
const excess = 4u;
const right_side = 5u;
const solution = 6u;
const response = 7u; // cycles only
// The matrix is symmetric: a row receives from a neighbour what its own column passes there.
const from_left = above;
const from_right = below;
const share = 1u;
const low_hi = 6u;
const low_lo = 5u;
// #include "tridiagonal_line.wgsl"
// #include "blend_line.wgsl"

var<workgroup> negative: atomic<u32>;

var<private> line: Line;

fn is_cycle() -> bool {
  return grid.axes[step.axis].z == periodic;
}

fn wall_of(is_upper: bool) -> u32 {
  return select(grid.axes[step.axis].z, grid.axes[step.axis].w, is_upper);
}

// A flux of the slot; the seam of a cycle is face 0.
fn flux_at(slot: u32, k: u32) -> f32 {
  return take(slot, select(k, 0u, k == line.n && is_cycle()));
}

// The state of a cell after the fluxes of a slot.
fn after_fluxes(state: State, slot: u32, i: u32) -> State {
  return exchange(state, take(slot, i), flux_at(slot, i + 1u));
}

// Y of a node; near exits only, where ghosts are made of values.
fn value_in(slot: u32, i: u32) -> f32 {
  return value_of(node_state(i)) - (flux_at(slot, i + 1u) - take(slot, i));
}

// Y of the node above face k less that of the one below, 0 <= k < n, inside the line or across a seam.
fn inner_step(slot: u32, k: u32) -> f32 {
  var before = k;
  if (k == 0u) {
    before = line.n;
  }
  let bend = (flux_at(slot, k + 1u) - take(slot, k)) - (flux_at(slot, k) - flux_at(slot, before - 1u));
  return take(state_step, k) - bend;
}

// The same at an exit, or one or two faces beyond it. `odd`: ghosts are odd, which gives the low order its positive flux.
fn exit_step(slot: u32, is_upper: bool, beyond: u32, odd: bool) -> f32 {
  let edge = line.n - 1u;
  var w = vec3f(2.0, 0.0, 0.0);
  if (!odd) {
    w = through_zero_steps[beyond];
  }
  var size = 0.0;
  for (var i = 0u; i < 3u; i++) {
    if (w[i] != 0.0) {
      size += w[i] * value_in(slot, select(i, edge - i, is_upper));
    }
  }
  return select(size, -size, is_upper);
}

// The same at any face from -2 to n + 2.
fn step_at(slot: u32, k: i32, odd: bool) -> f32 {
  let n = i32(line.n);
  var inside = k;
  var sign = 1.0;
  if (is_cycle()) {
    inside = (k + n) % n;
  } else if (k < 1 || k >= n) {
    let is_upper = k >= n;
    let beyond = select(-k, k - n, is_upper);
    if (wall_of(is_upper) == exit_wall) {
      return exit_step(slot, is_upper, u32(beyond), odd);
    }
    if (beyond == 0) {
      return 0.0;
    }
    // Ghosts are even.
    inside = select(beyond, n - beyond, is_upper);
    sign = -1.0;
  }
  return sign * inner_step(slot, u32(inside));
}

fn is_shut(k: u32) -> bool {
  if (is_cycle()) {
    return false;
  }
  return (k == 0u && wall_of(false) != exit_wall) || (k == line.n && wall_of(true) != exit_wall);
}

// h times the slopes of Y at a face: G6 of the high order, the second-order one of the low order.
struct FaceSlopes {
  high: f32,
  low: f32,
}

// Where all numbers around face k stand inside the line; `phi` and `phi_low` are those of the face itself.
fn inner_slopes(k: u32, phi: f32, phi_low: f32) -> FaceSlopes {
  let d = six_between(
    take(high, k - 3u),
    take(high, k - 2u),
    take(high, k - 1u),
    phi,
    take(high, k + 1u),
    take(high, k + 2u),
    take(high, k + 3u),
  );
  let middle = take(state_step, k);
  let slope = face_slope(
    take(state_step, k - 2u) - (d.b - d.a),
    take(state_step, k - 1u) - (d.c - d.b),
    middle - (d.d - d.c),
    take(state_step, k + 1u) - (d.e - d.d),
    take(state_step, k + 2u) - (d.f - d.e),
  );
  return FaceSlopes(slope, middle - ((take(low, k + 1u) - phi_low) - (phi_low - take(low, k - 1u))));
}

// By a loop, the low order last: the compiler keeps its array in memory, which the many faces inside do not pay for, and has one copy
// of what is called.
fn slopes_at_wall(k: u32) -> FaceSlopes {
  var d: array<f32, 6>;
  for (var o = 0; o < 6; o++) {
    let of_low = o == 5;
    d[o] = step_at(select(high, low, of_low), i32(k) + select(o - 2, 0, of_low), of_low);
  }
  return FaceSlopes(face_slope(d[0], d[1], d[2], d[3], d[4]), d[5]);
}

// tau/h times the upwind flux of Y_0; beyond an exit there is no density.
fn upwind_flux(k: u32) -> f32 {
  let b = face_drift_at(k);
  var total = 0.0;
  if (k > 0u) {
    total += max(b, 0.0) * value_of(node_state(k - 1u));
  }
  if (k < line.n) {
    total += min(b, 0.0) * value_of(node_state(k));
  }
  return step.tau * grid.metric[step.axis].x * total;
}

// Y_0 of the low order: after the upwind step.
fn low_start(i: u32) -> State {
  if (step.balanced == 0u) {
    return node_state(i);
  }
  return after_fluxes(node_state(i), upwind, i);
}

// Faces that are held: a cycle's seam once.
fn face_count() -> u32 {
  return select(line.n + 1u, line.n, is_cycle());
}

fn run_stages(stages: u32, lane: u32) {
  let n = line.n;
  let count = face_count();
  let balanced = step.balanced == 1u;
  // nu/h^2 and 1/h.
  let rate = grid.metric[step.axis].z;
  let inverse = grid.metric[step.axis].x;
  let tau = step.tau;
  for (var k = lane; k < count; k += lanes) {
    var start = 0.0;
    if (balanced) {
      start = upwind_flux(k);
      put(upwind, k, start);
    }
    put(high, k, 0.0);
    put(low, k, start);
    put(high_change, k, 0.0);
    put(low_change, k, 0.0);
    if (k < n && (k > 0u || is_cycle())) {
      put(state_step, k, difference(node_state(select(k, n, k == 0u) - 1u), node_state(k)));
    }
  }
  for (var j = 1u; j <= stages; j++) {
    line_barrier();
    var c = vec4f(0.0, 0.0, step.first, 0.0);
    if (j > 1u) {
      c = stage_coefficients(step.coefficients_at + j - 2u);
    }
    for (var k = lane; k < count; k += lanes) {
      let phi = take(high, k);
      let phi_low = take(low, k);
      // (-nu G6 + Q)/h of Y, and -nu/h times the second-order slope of that of the low order.
      var fast = 0.0;
      var slow = 0.0;
      let inside = k >= 3u && k + 3u < n;
      if (inside || !is_shut(k)) {
        var slopes: FaceSlopes;
        if (inside) {
          slopes = inner_slopes(k, phi, phi_low);
        } else {
          slopes = slopes_at_wall(k);
        }
        fast = -rate * slopes.high;
        slow = -rate * slopes.low;
        if (balanced) {
          fast += inverse * frozen_at(k);
        }
      }
      var fast0 = fast;
      var slow0 = slow;
      if (j == 1u) {
        put(high_initial, k, fast);
        put(low_initial, k, slow);
      } else {
        fast0 = take(high_initial, k);
        slow0 = take(low_initial, k);
      }
      var start = 0.0;
      if (balanced) {
        start = take(upwind, k);
      }
      let high_rate = c.z * fast + c.w * fast0;
      let low_rate = c.z * slow + c.w * slow0;
      put(high_change, k, c.x * take(high_change, k) + c.y * phi + tau * high_rate);
      put(low_change, k, c.x * take(low_change, k) + c.y * (phi_low - start) + tau * low_rate);
    }
    line_barrier();
    for (var k = lane; k < count; k += lanes) {
      put(high, k, take(high, k) + take(high_change, k));
      put(low, k, take(low, k) + take(low_change, k));
    }
  }
  line_barrier();
}

// The low-order diffusive flux of the density in `solution` and what is added to it.
fn settled_flux(k: u32) -> f32 {
  if (is_shut(k)) {
    return 0.0;
  }
  var left = 0.0;
  var right = 0.0;
  if (k > 0u || is_cycle()) {
    let i = select(k, line.n, k == 0u) - 1u;
    left = take(solution, i) + take(right_side, i);
  }
  if (k < line.n) {
    right = take(solution, k) + take(right_side, k);
  }
  let wall = !is_cycle() && (k == 0u || k == line.n);
  let rate = step.tau * grid.metric[step.axis].z;
  return select(rate, 2.0 * rate, wall) * (left - right);
}

// Implicit Euler with Lap2, positive for every step; one refinement makes the mass exact. Leaves mL as `solution` plus
// `right_side`, and its fluxes in `low`.
fn implicit_step(n: u32, cyclic: bool, lane: u32) {
  let rate = step.tau * grid.metric[step.axis].z;
  for (var i = lane; i < n; i += lanes) {
    var own = 1.0;
    var down = rate;
    var up = rate;
    if (!is_cycle() && i == 0u) {
      own += select(0.0, 2.0 * rate, wall_of(false) == exit_wall);
      up = 0.0;
    }
    if (!is_cycle() && i + 1u == n) {
      own += select(0.0, 2.0 * rate, wall_of(true) == exit_wall);
      down = 0.0;
    }
    put(below, i, down);
    put(above, i, up);
    put(excess, i, own);
    put(solution, i, 0.0);
    put(right_side, i, value_of(low_start(i)));
  }
  line_barrier();
  condense(n, cyclic, lane);
  factor_tridiagonal(select(n, n - 1u, cyclic), lane);
  for (var turn = first_turn(cyclic); turn < 3u; turn++) {
    solve_line(n, cyclic, turn, lane);
    if (turn == 0u) {
      continue;
    }
    let corrected = turn == 2u;
    if (!corrected) {
      for (var i = lane; i < n; i += lanes) {
        put(solution, i, take(right_side, i));
        put(right_side, i, 0.0);
      }
      line_barrier();
    }
    for (var k = lane; k < face_count(); k += lanes) {
      var total = settled_flux(k);
      if (corrected && step.balanced == 1u) {
        total += take(upwind, k);
      }
      put(low, k, total);
    }
    line_barrier();
    if (!corrected) {
      for (var i = lane; i < n; i += lanes) {
        let defect = after_fluxes(exchange(low_start(i), 0.0, take(solution, i)), low, i);
        put(right_side, i, value_of(defect));
      }
      line_barrier();
    }
  }
}

// Both orders of the step: leaves the low-order density, its fluxes in `low`, and the antidiffusive rest in `high`.
fn diffuse_line(n: u32, cyclic: bool, stages: u32, lane: u32) {
  run_stages(stages, lane);
  for (var i = lane; i < n; i += lanes) {
    if (value_of(after_fluxes(node_state(i), low, i)) < 0.0) {
      atomicStore(&negative, 1u);
    }
  }
  let redo = workgroupUniformLoad(&negative) == 1u;
  if (redo) {
    implicit_step(n, cyclic, lane);
    if (lane == 0u) {
      atomicAdd(&words[step.word + 1u], 1u);
      atomicStore(&negative, 0u);
    }
  }
  for (var i = lane; i < n; i += lanes) {
    var state: State;
    if (redo) {
      state = add_increment(state_of(vec2f(take(solution, i), 0.0)), take(right_side, i));
    } else {
      state = after_fluxes(node_state(i), low, i);
    }
    let pair = pair_of(state);
    put(low_hi, i, pair.x);
    put(low_lo, i, pair.y);
  }
  for (var k = lane; k < face_count(); k += lanes) {
    put(high, k, take(high, k) - take(low, k));
  }
}
