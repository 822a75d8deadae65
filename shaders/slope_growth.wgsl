// The largest step of S between neighbours along each axis, twice |S| in the cells next to an exit, into words[word + a]
// (docs/numerics.md section 3.4, src/tiers/host/stepLimits.ts).
// #include "solve_grid.wgsl"
struct Step {
  word: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> words: array<atomic<u32>>;

var<workgroup> steepest: array<atomic<u32>, 3>;

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = coordinates_of(id);
  if (is_inside(c)) {
    let node = node_of(c);
    for (var a = 0u; a < dimension; a++) {
      let n = grid.axes[a].x;
      let stride = grid.axes[a].y;
      var size = 0.0;
      if (c[a] + 1u < n) {
        size = abs(source[node + stride] - source[node]);
      } else if (grid.axes[a].z == periodic) {
        size = abs(source[node + stride - n * stride] - source[node]);
      }
      if ((c[a] == 0u && grid.axes[a].z == exit_wall) || (c[a] + 1u == n && grid.axes[a].w == exit_wall)) {
        size = max(size, 2.0 * abs(source[node]));
      }
      atomicMax(&steepest[a], bitcast<u32>(size));
    }
  }
  workgroupBarrier();
  if (local < dimension) {
    atomicMax(&words[step.word + local], atomicLoad(&steepest[local]));
  }
}
