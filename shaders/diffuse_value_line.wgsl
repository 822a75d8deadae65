// RKL2 for u_s = nu u_aa + source along one axis, a line per workgroup.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "value_diffusion.wgsl"
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

fn stage_coefficients(k: u32) -> vec4f {
  return coefficients[k];
}

fn wall_state(k: u32) -> State {
  return walls[k];
}

fn line_state(line: Line, i: u32) -> State {
  return u[line.start + i * line.stride];
}

fn set_line_state(line: Line, i: u32, state: State) {
  u[line.start + i * line.stride] = state;
}

fn coordinates_on(line: Line, i: u32) -> vec3u {
  let node = line.start + i * line.stride;
  var c = vec3u(0u);
  for (var a = 0u; a < dimension; a++) {
    c[a] = (node / grid.axes[a].y) % grid.axes[a].x;
  }
  return c;
}

fn frozen_source(line: Line, i: u32) -> f32 {
  return exit_share(step.axis, coordinates_on(line, i)) * source[line.start + i * line.stride];
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
  let along = Diffusion(
    step.moment,
    step.walls_moved,
    step.axis,
    step.balanced,
    step.stages,
    step.coefficients_at,
    step.first,
    step.tau,
  );
  diffuse_along(line, along, lane);
}
