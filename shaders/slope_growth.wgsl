// The largest step of S between neighbours along each axis into words[word + a].
// #include "solve_grid.wgsl"
// #include "source_step.wgsl"
// #include "largest.wgsl"
struct Step {
  word: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> words: array<atomic<u32>>;

fn source_at(node: u32) -> f32 {
  return source[node];
}

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = coordinates_of(id);
  if (is_inside(c)) {
    let node = node_of(c);
    for (var a = 0u; a < dimension; a++) {
      keep_largest(a, bitcast<u32>(step_from(a, c, node)));
    }
  }
  report_largest(local, dimension, step.word);
}
