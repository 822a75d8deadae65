// One implicit Scharfetter-Gummel Euler step along one axis, in place, one workgroup per line (docs/numerics.md section 5.1;
// src/tiers/batched/implicit.ts): direct solve, then refinements in delta form, since the solve alone loses mass at the level
// of its rounding. The file that includes this one brings the grid, `take`, `put` and `line_barrier`, the numbers of the step,
// `node_state(i)` and `set_node_state(i, state)` of the line, `face_drift_at(k)`, and `add_passed(k, flux)`.
// #include "state.wgsl"
// #include "grid_lines.wgsl"
// #include "crossing_speed.wgsl"
override lanes: u32 = 64u;

// Of every face: drift, and the diffusive part of both crossing speeds.
const face_speed = 0u;
const face_mixing = 1u;
const below = 2u;
const above = 3u;
const excess = 4u;
const right_side = 5u;
const solution = 6u;
const response = 7u;
const from_left = 8u;
const from_right = 9u;
const passed = 10u; // fluxes
// #include "tridiagonal_line.wgsl"

var<private> line: Line;

fn is_cycle() -> bool {
  return grid.axes[step.axis].z == periodic;
}

// Drift and mixing of face k; none on walls that are no exits.
fn speeds_at(k: u32) -> vec2f {
  let wall = !is_cycle() && (k == 0u || k == line.n);
  if (wall && select(grid.axes[step.axis].w, grid.axes[step.axis].z, k == 0u) != exit_wall) {
    return vec2f(0.0);
  }
  let h = grid.metric[step.axis].y;
  let b = face_drift_at(k);
  return vec2f(b, diffusive_speed(grid.physics.z, select(h, 0.5 * h, wall), b));
}

// The solution so far: the direct one and its correction.
fn solved(i: u32) -> f32 {
  return take(solution, i) + take(right_side, i);
}

// What passes face k in the step, in units of the density; beyond an exit there is none. The mixing works on the difference of
// both cells, so that its rounding does not count against the density itself.
fn solved_flux(k: u32) -> f32 {
  var left = 0.0;
  var right = 0.0;
  if (k > 0u || is_cycle()) {
    left = solved(select(k, line.n, k == 0u) - 1u);
  }
  if (k < line.n || is_cycle()) {
    right = solved(select(k, 0u, k == line.n));
  }
  let b = take(face_speed, k);
  let total = max(b, 0.0) * left + min(b, 0.0) * right + take(face_mixing, k) * (left - right);
  return step.tau * grid.metric[step.axis].x * total;
}

// One step of `line`, of n nodes.
fn implicit_line(n: u32, cyclic: bool, lane: u32) {
  let rate = step.tau * grid.metric[step.axis].x;
  for (var k = lane; k <= n; k += lanes) {
    // Both names of a seam give the same numbers.
    let speeds = speeds_at(select(k, 0u, k == n && is_cycle()));
    put(face_speed, k, speeds.x);
    put(face_mixing, k, speeds.y);
  }
  line_barrier();
  for (var i = lane; i < n; i += lanes) {
    var down = rate * (max(take(face_speed, i + 1u), 0.0) + take(face_mixing, i + 1u));
    var up = rate * (take(face_mixing, i) - min(take(face_speed, i), 0.0));
    var own = 1.0;
    if (!is_cycle() && i == 0u) {
      own += up;
      up = 0.0;
    }
    if (!is_cycle() && i + 1u == n) {
      own += down;
      down = 0.0;
    }
    put(below, i, down);
    put(above, i, up);
    put(excess, i, own);
    put(right_side, i, value_of(node_state(i)));
  }
  line_barrier();
  condense(n, cyclic, lane);
  factor_tridiagonal(select(n, n - 1u, cyclic), lane);
  for (var turn = first_turn(cyclic); turn < 3u; turn++) {
    solve_line(n, cyclic, turn, lane);
    if (turn != 1u) {
      continue;
    }
    for (var i = lane; i < n; i += lanes) {
      put(solution, i, take(right_side, i));
      put(right_side, i, 0.0);
    }
    line_barrier();
    for (var k = lane; k <= n; k += lanes) {
      put(passed, k, solved_flux(k));
    }
    line_barrier();
    for (var i = lane; i < n; i += lanes) {
      let gap = exchange(node_state(i), 0.0, take(solution, i));
      put(right_side, i, value_of(exchange(gap, take(passed, i), take(passed, i + 1u))));
    }
    line_barrier();
  }
  if (step.record == 1u) {
    for (var k = lane; k <= n; k += lanes) {
      add_passed(k, solved_flux(k));
    }
  }
  for (var i = lane; i < n; i += lanes) {
    let direct = state_of(vec2f(take(solution, i), 0.0));
    set_node_state(i, add_increment(direct, take(right_side, i)));
  }
}
