// One further stage of RKL2 in increments (see diffuse_value_begin.wgsl). With e_j = d_j - d_{j-1} the recurrence of section 4.1 is
// e_j = -nu_j e_{j-1} + (mu_j + nu_j - 1) d_{j-1} + a (M Y_0 + nu Lap6 d_{j-1}) + gamma M Y_0, in which the rounding of d does not grow
// with the stages. `change` holds e_{j-1} and takes e_j. The last stage ends in u <- u (+) d_s.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "first_differences.wgsl"
// #include "six_differences.wgsl"
struct Step {
  // Weights of the levels of `walls` whose sum is the wall value at this stage less that at the start: they sum to 0.
  walls_moved: vec4f,
  axis: u32,
  // -nu_j and mu_j + nu_j - 1.
  keep: f32,
  pull: f32,
  // muTilde tau and gammaTilde tau.
  a: f32,
  gamma: f32,
  last: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> increment: array<f32>;
@group(0) @binding(1) var<storage, read> walls: array<State>;
@group(0) @binding(2) var<storage, read> rate0: array<f32>;
@group(0) @binding(3) var<storage, read_write> change: array<f32>;
@group(0) @binding(4) var<storage, read_write> next: array<f32>;
@group(0) @binding(5) var<storage, read_write> u: array<State>;

alias Number = f32;

fn number_at(node: u32) -> Number {
  return increment[node];
}

fn number_step(from_number: Number, to_number: Number) -> f32 {
  return to_number - from_number;
}

fn wall_gap(axis: u32, upper: bool, line: u32, node: u32) -> f32 {
  let at = select(grid.walls[axis].x, grid.walls[axis].y, upper) + line;
  var moved = 0.0;
  for (var j = 1u; j < 4u; j++) {
    if (step.walls_moved[j] != 0.0) {
      moved += step.walls_moved[j] * difference(walls[at], walls[at + j * grid.wall_stride]);
    }
  }
  return increment[node] - moved;
}

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  if (!is_inside(c)) {
    return;
  }
  let node = node_of(c);
  let diffused = grid.metric[step.axis].z * laplacian6(first_differences(step.axis, c, node));
  let moved = step.keep * change[node] + step.pull * increment[node] + step.a * diffused +
    (step.a + step.gamma) * rate0[node];
  change[node] = moved;
  next[node] = increment[node] + moved;
  if (step.last == 1u) {
    u[node] = add_increment(u[node], increment[node] + moved);
  }
}
