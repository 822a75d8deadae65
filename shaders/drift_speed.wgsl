// The largest of sum_a max(|b_a|, pos(b_right) + pos(-b_left))/h_a over the nodes, b at the node and through its faces: the
// rate at which a cell is emptied, in 1/time (src/tiers/host/fieldKernels.ts, driftSpeed). Left in words[step.word] as the
// bits of an f32 >= 0, which order as the numbers do; NaN is above all.
// #include "solve_grid.wgsl"
// #include "grid_faces.wgsl"
// #include "emptying_rate.wgsl"
// #include "largest.wgsl"
struct Step {
  faces: vec4u,
  word: u32,
}

@group(0) @binding(0) var<storage, read> node_drift: array<f32>;
@group(0) @binding(1) var<storage, read> face_drift: array<f32>;
@group(0) @binding(2) var<storage, read_write> words: array<atomic<u32>>;
@group(1) @binding(1) var<uniform> step: Step;

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = coordinates_of(id);
  if (is_inside(c)) {
    var rate = 0.0;
    for (var a = 0u; a < dimension; a++) {
      let face = face_of(step.faces[a], a, c);
      let left = face_drift[face];
      let right = face_drift[face + grid.axes[a].y];
      let b = node_drift[a * grid.points + node_of(c)];
      rate += emptying_rate(a, b, left, right);
    }
    keep_largest(0u, bitcast<u32>(rate) & 0x7fffffffu);
  }
  report_largest(lane, 1u, step.word);
}
