// m <- m (+) theta (transported - m) over a slice of histories; with the increment kept where asked for.
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "flat_index.wgsl"
struct Step {
  count: u32,
  theta: f32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> transported: array<State>;
@group(0) @binding(1) var<storage, read_write> m: array<State>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(local, group, groups);
  if (i < step.count) {
    m[i] = add_increment(m[i], step.theta * difference(m[i], transported[i]));
  }
}
