// One axis of K * m, K a product of discrete Gaussians: wrapped, mirrored at reflecting walls, nothing beyond others
// (src/scheme/coupling.ts).
// #include "solve_grid.wgsl"
struct Step {
  axis: u32,
  // The weights w_0..w_reach of the axis begin here.
  weights_at: u32,
  reach: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> field: array<f32>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

fn at_position(start: u32, position: i32) -> f32 {
  let n = i32(grid.axes[step.axis].x);
  var j = position;
  if (grid.axes[step.axis].z == periodic) {
    j = ((j % n) + n) % n;
  } else {
    while (j < 0 || j >= n) {
      let wall = select(grid.axes[step.axis].w, grid.axes[step.axis].z, j < 0);
      if (wall != reflecting) {
        return 0.0;
      }
      j = select(2 * n - 1 - j, -1 - j, j < 0);
    }
  }
  return field[start + u32(j) * grid.axes[step.axis].y];
}

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  if (!is_inside(c)) {
    return;
  }
  let node = node_of(c);
  let i = i32(c[step.axis]);
  let start = node - c[step.axis] * grid.axes[step.axis].y;
  var sum = weights[step.weights_at] * field[node];
  for (var k = 1u; k <= step.reach; k++) {
    sum += weights[step.weights_at + k] * (at_position(start, i - i32(k)) + at_position(start, i + i32(k)));
  }
  result[node] = sum;
}
