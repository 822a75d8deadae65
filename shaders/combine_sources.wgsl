// slope <- keep slope + sum_j weight_j S_j - balance: the source S = V + f(m) at one moment, from four stored levels.
// #include "solve_grid.wgsl"
struct Step {
  weights: vec4f,
  keep: f32,
  // 1: subtract the frozen source of balanced splitting (5.2).
  balanced: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> source0: array<f32>;
@group(0) @binding(1) var<storage, read> source1: array<f32>;
@group(0) @binding(2) var<storage, read> source2: array<f32>;
@group(0) @binding(3) var<storage, read> source3: array<f32>;
@group(0) @binding(4) var<storage, read> balance: array<f32>;
@group(0) @binding(5) var<storage, read_write> slope: array<f32>;

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  if (!is_inside(c)) {
    return;
  }
  let node = node_of(c);
  // Levels of weight 0 and slopes that are not kept may hold anything.
  var sum = 0.0;
  if (step.keep != 0.0) {
    sum = step.keep * slope[node];
  }
  if (step.weights.x != 0.0) {
    sum += step.weights.x * source0[node];
  }
  if (step.weights.y != 0.0) {
    sum += step.weights.y * source1[node];
  }
  if (step.weights.z != 0.0) {
    sum += step.weights.z * source2[node];
  }
  if (step.weights.w != 0.0) {
    sum += step.weights.w * source3[node];
  }
  if (step.balanced == 1u) {
    sum -= balance[node];
  }
  slope[node] = sum;
}
