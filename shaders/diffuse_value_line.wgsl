// RKL2 for u_s = nu u_aa + source along one axis, all stages of a line in one workgroup: diffuse_value_begin.wgsl and
// diffuse_value_stage.wgsl with the increments in workgroup memory.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "line_in_workgroup.wgsl"
// #include "grid_lines.wgsl"
// #include "ghost_difference.wgsl"
// #include "one_sided_slopes.wgsl"
// #include "exit_share.wgsl"
struct Step {
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
  line_count: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read_write> u: array<State>;
@group(0) @binding(1) var<storage, read> walls: array<State>;
@group(0) @binding(2) var<storage, read> source: array<f32>;
// Of stages 2, 3, ...: -nu_j, mu_j + nu_j - 1, muTilde_j, gammaTilde_j.
@group(0) @binding(3) var<storage, read> coefficients: array<vec4f>;

override lanes: u32 = 64u;

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
fn line_step(slot: u32, steps: bool, j: i32, line: Line, gaps: vec2f) -> f32 {
  let n = i32(line.n);
  if (j >= 1 && j < n) {
    return step_of(slot, steps, u32(j), u32(j - 1));
  }
  if (grid.axes[step.axis].z == periodic) {
    return step_of(slot, steps, u32((j + n) % n), u32((j - 1 + n) % n));
  }
  if (j < 1) {
    let e0 = step_of(slot, steps, 1u, 0u);
    let e1 = step_of(slot, steps, 2u, 1u);
    let e2 = step_of(slot, steps, 3u, 2u);
    return ghost_difference(grid.axes[step.axis].z, u32(-j), e0, e1, e2, gaps.x);
  }
  let e0 = -step_of(slot, steps, line.n - 1u, line.n - 2u);
  let e1 = -step_of(slot, steps, line.n - 2u, line.n - 3u);
  let e2 = -step_of(slot, steps, line.n - 3u, line.n - 4u);
  return -ghost_difference(grid.axes[step.axis].w, u32(j - n), e0, e1, e2, gaps.y);
}

fn line_laplacian(slot: u32, steps: bool, i: u32, line: Line, gaps: vec2f) -> f32 {
  var d: array<f32, 6>;
  for (var k = 0; k < 6; k++) {
    d[k] = line_step(slot, steps, i32(i) - 2 + k, line, gaps);
  }
  return grid.metric[step.axis].z * laplacian6(d);
}

// The nodes next to the exits less the interpolated values on their walls.
fn wall_gaps(line: Line) -> vec2f {
  var gaps = vec2f(0.0);
  let last = line.start + (line.n - 1u) * line.stride;
  for (var j = 0u; j < 4u; j++) {
    if (step.moment[j] == 0.0) {
      continue;
    }
    let level = j * grid.wall_stride + line.number;
    if (grid.axes[step.axis].z == exit_wall) {
      gaps.x += step.moment[j] * difference(walls[grid.walls[step.axis].x + level], u[line.start]);
    }
    if (grid.axes[step.axis].w == exit_wall) {
      gaps.y += step.moment[j] * difference(walls[grid.walls[step.axis].y + level], u[last]);
    }
  }
  return gaps;
}

// How far the wall values move over the step.
fn walls_moved(line: Line) -> vec2f {
  var moved = vec2f(0.0);
  for (var j = 1u; j < 4u; j++) {
    if (step.walls_moved[j] == 0.0) {
      continue;
    }
    let level = j * grid.wall_stride;
    let lower = grid.walls[step.axis].x + line.number;
    let upper = grid.walls[step.axis].y + line.number;
    if (grid.axes[step.axis].z == exit_wall) {
      moved.x += step.walls_moved[j] * difference(walls[lower], walls[lower + level]);
    }
    if (grid.axes[step.axis].w == exit_wall) {
      moved.y += step.walls_moved[j] * difference(walls[upper], walls[upper + level]);
    }
  }
  return moved;
}

// Stage j stands for the time abscissa(j) tau; the first one for a third of the second's.
fn abscissa(j: u32) -> f32 {
  let s = f32(step.stages);
  let at = f32(max(j, 2u));
  return select(1.0, 1.0 / 3.0, j == 1u) * (at * at + at - 2.0) / (s * s + s - 2.0);
}

fn coordinates_on(line: Line, i: u32) -> vec3u {
  let node = line.start + i * line.stride;
  var c = vec3u(0u);
  for (var a = 0u; a < dimension; a++) {
    c[a] = (node / grid.axes[a].y) % grid.axes[a].x;
  }
  return c;
}

@compute @workgroup_size(lanes)
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let number = group.y * groups.x + group.x;
  if (number >= step.line_count) {
    return;
  }
  let line = line_at(number, step.axis, 0u);
  let gaps = wall_gaps(line);
  let moved = walls_moved(line);
  for (var i = lane; i < line.n; i += lanes) {
    let before = select(i - 1u, line.n - 1u, i == 0u);
    put(0u, i, difference(u[line.start + before * line.stride], u[line.start + i * line.stride]));
  }
  line_barrier();
  for (var i = lane; i < line.n; i += lanes) {
    var rate = line_laplacian(0u, true, i, line, gaps);
    if (step.balanced == 1u) {
      rate += exit_share(step.axis, coordinates_on(line, i)) * source[line.start + i * line.stride];
    }
    put(rate0, i, rate);
    put(change, i, step.first * rate);
    put(1u, i, step.first * rate);
  }
  var held = 1u;
  for (var j = 2u; j <= step.stages; j++) {
    line_barrier();
    let c = coefficients[step.coefficients_at + j - 2u];
    let outermost = vec2f(take(held, 0u), take(held, line.n - 1u));
    let stage_gaps = outermost - abscissa(j - 1u) * moved;
    for (var i = lane; i < line.n; i += lanes) {
      let d = take(held, i);
      let diffused = step.tau * (c.z * line_laplacian(held, false, i, line, stage_gaps) + (c.z + c.w) * take(rate0, i));
      let e = c.x * take(change, i) + c.y * d + diffused;
      put(change, i, e);
      put(1u - held, i, d + e);
    }
    held = 1u - held;
  }
  for (var i = lane; i < line.n; i += lanes) {
    let node = line.start + i * line.stride;
    u[node] = add_increment(u[node], take(held, i));
  }
}
