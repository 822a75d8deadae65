// words[word] <- the complement of the first index whose state is not finite; 0 where all are.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
struct Step {
  word: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> field: array<State>;
@group(0) @binding(1) var<storage, read_write> words: array<atomic<u32>>;

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  if (!is_inside(c)) {
    return;
  }
  let node = node_of(c);
  // By its bits: compilers may take a comparison with NaN for granted.
  if ((bitcast<u32>(value_of(field[node])) & 0x7f800000u) == 0x7f800000u) {
    atomicMax(&words[step.word], ~node);
  }
}
