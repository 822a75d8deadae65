// Forward sweeps of a batch in the mode fdm, whose lines fit into workgroup memory: sweep_implicit_run.wgsl.
// #include "state.wgsl"
// #include "line_in_workgroup.wgsl"
// #include "sweep_implicit_run.wgsl"

@compute @workgroup_size(lanes)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  run_sweep(group.x, lane);
}
