// First stage of RKL2 for u_s = nu u_aa + source along one axis (docs/numerics.md section 4.1), in increments d_j = Y_j - Y_0,
// which are small: M Y_0 from the exact differences of the state, d_1 = first M Y_0.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "state_numbers.wgsl"
// #include "first_differences.wgsl"
// #include "six_differences.wgsl"
// #include "exit_share.wgsl"
struct Step {
  moment: vec4f,
  axis: u32,
  // 1: add this axis's share of the frozen source.
  balanced: u32,
  // Coefficient of the first stage times tau.
  first: f32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> u: array<State>;
@group(0) @binding(1) var<storage, read> walls: array<State>;
@group(0) @binding(2) var<storage, read> source: array<f32>;
@group(0) @binding(3) var<storage, read_write> rate0: array<f32>;
@group(0) @binding(4) var<storage, read_write> increment: array<f32>;
@group(0) @binding(5) var<storage, read_write> change: array<f32>;

fn number_at(node: u32) -> Number {
  return u[node];
}

fn wall_gap(axis: u32, upper: bool, line: u32, node: u32) -> f32 {
  let at = select(grid.walls[axis].x, grid.walls[axis].y, upper) + line;
  var gap = 0.0;
  for (var j = 0u; j < 4u; j++) {
    if (step.moment[j] != 0.0) {
      gap += step.moment[j] * difference(walls[at + j * grid.wall_stride], u[node]);
    }
  }
  return gap;
}

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  if (!is_inside(c)) {
    return;
  }
  let node = node_of(c);
  var rate = grid.metric[step.axis].z * laplacian6(first_differences(step.axis, c, node));
  if (step.balanced == 1u) {
    rate += exit_share(step.axis, c) * source[node];
  }
  rate0[node] = rate;
  increment[node] = step.first * rate;
  // e_1 = d_1 - d_0.
  change[node] = step.first * rate;
}
