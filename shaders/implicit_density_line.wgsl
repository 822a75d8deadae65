// One implicit Scharfetter-Gummel Euler step along one axis, in place, one workgroup per line (docs/numerics.md section 5.1;
// src/tiers/batched/implicit.ts): direct solve, then refinements in delta form, since the solve alone loses mass at the level
// of its rounding. The file that includes this one brings `take`, `put` and `line_barrier`.
// #include "solve_grid.wgsl"
// #include "state.wgsl"
// #include "grid_lines.wgsl"
// #include "crossing_speed.wgsl"
struct Step {
  axis: u32,
  // Where the axis begins in fields of faces.
  faces: u32,
  tau: f32,
  // flux += the fluxes where record is 1.
  record: u32,
  // The lines of this dispatch: scratch in storage holds so many.
  first_line: u32,
  line_count: u32,
}

@group(0) @binding(0) var<storage, read_write> density: array<State>;
@group(0) @binding(1) var<storage, read> face_drift: array<f32>;
@group(0) @binding(2) var<storage, read_write> flux: array<f32>;
@group(1) @binding(1) var<uniform> step: Step;

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
  let b = face_drift[line.face + k * line.stride];
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

fn implicit_line(lane: u32, place: u32) {
  if (place >= step.line_count) {
    return;
  }
  let number = step.first_line + place;
  begin_line(place);
  line = line_at(number, step.axis, step.faces);
  let n = grid.axes[step.axis].x;
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
    put(right_side, i, value_of(density[line.start + i * line.stride]));
  }
  line_barrier();
  condense(n, is_cycle(), lane);
  factor_tridiagonal(select(n, n - 1u, is_cycle()), lane);
  for (var turn = first_turn(is_cycle()); turn < 3u; turn++) {
    solve_line(n, is_cycle(), turn, lane);
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
      let gap = exchange(density[line.start + i * line.stride], 0.0, take(solution, i));
      put(right_side, i, value_of(exchange(gap, take(passed, i), take(passed, i + 1u))));
    }
    line_barrier();
  }
  if (step.record == 1u) {
    for (var k = lane; k <= n; k += lanes) {
      flux[line.face + k * line.stride] += solved_flux(k);
    }
  }
  for (var i = lane; i < n; i += lanes) {
    let direct = state_of(vec2f(take(solution, i), 0.0));
    density[line.start + i * line.stride] = add_increment(direct, take(right_side, i));
  }
}
