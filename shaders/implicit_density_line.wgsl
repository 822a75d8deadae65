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

// Crossing speeds to the right and to the left of every face.
const to_right = 0u;
const to_left = 1u;
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

// The speeds through face k; walls that are no exits are shut, and through an exit nothing enters.
fn speeds_at(k: u32) -> vec2f {
  let nu = grid.physics.z;
  let h = grid.metric[step.axis].y;
  let b = face_drift[line.face + k * line.stride];
  if (!is_cycle() && k == 0u) {
    return vec2f(0.0, select(0.0, crossing_speed(nu, 0.5 * h, -b), grid.axes[step.axis].z == exit_wall));
  }
  if (!is_cycle() && k == line.n) {
    return vec2f(select(0.0, crossing_speed(nu, 0.5 * h, b), grid.axes[step.axis].w == exit_wall), 0.0);
  }
  return vec2f(crossing_speed(nu, h, b), crossing_speed(nu, h, -b));
}

// The solution so far: the direct one and its correction.
fn solved(i: u32) -> f32 {
  return take(solution, i) + take(right_side, i);
}

// What passes face k in the step, in units of the density.
fn solved_flux(k: u32) -> f32 {
  var total = 0.0;
  if (k > 0u || is_cycle()) {
    total += take(to_right, k) * solved(select(k, line.n, k == 0u) - 1u);
  }
  if (k < line.n || is_cycle()) {
    total -= take(to_left, k) * solved(select(k, 0u, k == line.n));
  }
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
    put(to_right, k, speeds.x);
    put(to_left, k, speeds.y);
  }
  line_barrier();
  for (var i = lane; i < n; i += lanes) {
    var down = rate * take(to_right, i + 1u);
    var up = rate * take(to_left, i);
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
