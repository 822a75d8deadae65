// Of one level of a density: the complement of the first index that is not finite into words[word] (0: none), and the least
// entry, as the complement of its ordered bits, into words[word + 1].
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "ordered_bits.wgsl"
// #include "largest.wgsl"
struct Step {
  word: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> m: array<State>;
@group(0) @binding(1) var<storage, read_write> words: array<atomic<u32>>;

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = coordinates_of(id);
  if (is_inside(c)) {
    let node = node_of(c);
    let bits = bitcast<u32>(value_of(m[node]));
    if ((bits & 0x7f800000u) == 0x7f800000u) {
      atomicMax(&words[step.word], ~node);
    }
    keep_largest(0u, ~ordered_bits(bits));
  }
  report_largest(local, 1u, step.word + 1u);
}
