// RKL2 for u_s = nu u_aa + source along one axis, all stages of a line in one workgroup: diffuse_value_begin.wgsl and
// diffuse_value_stage.wgsl with the increments in workgroup memory. The file that includes this one declares
// `lanes`, and has `stage_coefficients(k)`, `wall_state(k)`, entry k of the walls, `line_state(line, i)`,
// `set_line_state(line, i, state)` and `frozen_source(line, i)`.
// #include "line_in_workgroup.wgsl"
// #include "grid_lines.wgsl"
// #include "ghost_difference.wgsl"
// #include "six_differences.wgsl"
struct Diffusion {
  moment: vec4f,
  // Weights of the levels of `walls` whose sum is the wall value at the end less that at the start: they sum to 0.
  walls_moved: vec4f,
  axis: u32,
  balanced: u32,
  stages: u32,
  // Where the coefficients of this number of stages begin, and that of the first one; tau.
  coefficients_at: u32,
  first: f32,
  tau: f32,
}

// Slots of the line's memory; before the first stage slot 0 holds the steps of u from node to node.
const change = 2u;
const rate0 = 3u;

// Between nodes j - 1 and j of what a slot holds, or the slot's own entry where it holds steps.
fn step_of(slot: u32, steps: bool, j: u32, before: u32) -> f32 {
  if (steps) {
    return take(slot, j);
  }
  return take(slot, j) - take(slot, before);
}

// The same for any j from -2 to n + 2; `gaps` are the outermost nodes less the wall values.
fn line_step(slot: u32, steps: bool, j: i32, line: Line, gaps: vec2f, axis: u32) -> f32 {
  let n = i32(line.n);
  if (j >= 1 && j < n) {
    return step_of(slot, steps, u32(j), u32(j - 1));
  }
  if (grid.axes[axis].z == periodic) {
    return step_of(slot, steps, u32((j + n) % n), u32((j - 1 + n) % n));
  }
  if (j < 1) {
    let e0 = step_of(slot, steps, 1u, 0u);
    let e1 = step_of(slot, steps, 2u, 1u);
    let e2 = step_of(slot, steps, 3u, 2u);
    return ghost_difference(grid.axes[axis].z, u32(-j), e0, e1, e2, gaps.x);
  }
  let e0 = -step_of(slot, steps, line.n - 1u, line.n - 2u);
  let e1 = -step_of(slot, steps, line.n - 2u, line.n - 3u);
  let e2 = -step_of(slot, steps, line.n - 3u, line.n - 4u);
  return -ghost_difference(grid.axes[axis].w, u32(j - n), e0, e1, e2, gaps.y);
}

fn line_differences(slot: u32, steps: bool, i: u32, line: Line, gaps: vec2f, axis: u32) -> Six {
  if (i < 3u || i + 3u >= line.n) {
    return line_differences_at_wall(slot, steps, i, line, gaps, axis);
  }
  if (steps) {
    return Six(
      take(slot, i - 2u),
      take(slot, i - 1u),
      take(slot, i),
      take(slot, i + 1u),
      take(slot, i + 2u),
      take(slot, i + 3u),
    );
  }
  return six_between(
    take(slot, i - 3u),
    take(slot, i - 2u),
    take(slot, i - 1u),
    take(slot, i),
    take(slot, i + 1u),
    take(slot, i + 2u),
    take(slot, i + 3u),
  );
}

// By a loop: the compiler keeps its array in memory, which the many nodes inside do not pay for.
fn line_differences_at_wall(slot: u32, steps: bool, i: u32, line: Line, gaps: vec2f, axis: u32) -> Six {
  var d: array<f32, 6>;
  for (var k = 0; k < 6; k++) {
    d[k] = line_step(slot, steps, i32(i) - 2 + k, line, gaps, axis);
  }
  return Six(d[0], d[1], d[2], d[3], d[4], d[5]);
}

// The nodes next to the exits less the interpolated values on their walls.
fn wall_gaps(line: Line, along: Diffusion) -> vec2f {
  var gaps = vec2f(0.0);
  for (var j = 0u; j < 4u; j++) {
    if (along.moment[j] == 0.0) {
      continue;
    }
    let level = j * grid.wall_stride + line.number;
    if (grid.axes[along.axis].z == exit_wall) {
      gaps.x += along.moment[j] * difference(wall_state(grid.walls[along.axis].x + level), line_state(line, 0u));
    }
    if (grid.axes[along.axis].w == exit_wall) {
      gaps.y += along.moment[j] * difference(wall_state(grid.walls[along.axis].y + level), line_state(line, line.n - 1u));
    }
  }
  return gaps;
}

// How far the wall values move over the step.
fn walls_moved(line: Line, along: Diffusion) -> vec2f {
  var moved = vec2f(0.0);
  for (var j = 1u; j < 4u; j++) {
    if (along.walls_moved[j] == 0.0) {
      continue;
    }
    let level = j * grid.wall_stride;
    let lower = grid.walls[along.axis].x + line.number;
    let upper = grid.walls[along.axis].y + line.number;
    if (grid.axes[along.axis].z == exit_wall) {
      moved.x += along.walls_moved[j] * difference(wall_state(lower), wall_state(lower + level));
    }
    if (grid.axes[along.axis].w == exit_wall) {
      moved.y += along.walls_moved[j] * difference(wall_state(upper), wall_state(upper + level));
    }
  }
  return moved;
}

// Stage j stands for the time abscissa(j) tau; the first one for a third of the second's.
fn abscissa(j: u32, stages: u32) -> f32 {
  let s = f32(stages);
  let at = f32(max(j, 2u));
  return select(1.0, 1.0 / 3.0, j == 1u) * (at * at + at - 2.0) / (s * s + s - 2.0);
}

fn diffuse_along(line: Line, along: Diffusion, lane: u32) {
  let gaps = wall_gaps(line, along);
  let moved = walls_moved(line, along);
  // nu/h^2.
  let scale = grid.metric[along.axis].z;
  for (var i = lane; i < line.n; i += lanes) {
    let before = select(i - 1u, line.n - 1u, i == 0u);
    put(0u, i, difference(line_state(line, before), line_state(line, i)));
  }
  line_barrier();
  for (var i = lane; i < line.n; i += lanes) {
    var rate = scale * laplacian6(line_differences(0u, true, i, line, gaps, along.axis));
    if (along.balanced == 1u) {
      rate += frozen_source(line, i);
    }
    put(rate0, i, rate);
    put(change, i, along.first * rate);
    put(1u, i, along.first * rate);
  }
  var held = 1u;
  for (var j = 2u; j <= along.stages; j++) {
    line_barrier();
    let c = stage_coefficients(along.coefficients_at + j - 2u);
    let outermost = vec2f(take(held, 0u), take(held, line.n - 1u));
    let stage_gaps = outermost - abscissa(j - 1u, along.stages) * moved;
    for (var i = lane; i < line.n; i += lanes) {
      let d = take(held, i);
      let laplacian = scale * laplacian6(line_differences(held, false, i, line, stage_gaps, along.axis));
      let diffused = along.tau * (c.z * laplacian + (c.z + c.w) * take(rate0, i));
      let e = c.x * take(change, i) + c.y * d + diffused;
      put(change, i, e);
      put(1u - held, i, d + e);
    }
    held = 1u - held;
  }
  for (var i = lane; i < line.n; i += lanes) {
    set_line_state(line, i, add_increment(line_state(line, i), take(held, i)));
  }
}
