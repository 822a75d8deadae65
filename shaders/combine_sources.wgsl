// source <- S at one moment.
// #include "solve_grid.wgsl"
// #include "stored_source.wgsl"
struct Step {
  weights: vec4f,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> source0: array<f32>;
@group(0) @binding(1) var<storage, read> source1: array<f32>;
@group(0) @binding(2) var<storage, read> source2: array<f32>;
@group(0) @binding(3) var<storage, read> source3: array<f32>;
@group(0) @binding(4) var<storage, read_write> source: array<f32>;

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  if (!is_inside(c)) {
    return;
  }
  let node = node_of(c);
  source[node] = stored_source(node);
}
