// The implicit step of the density along lines whose scratch is in workgroup memory: one workgroup each.
// #include "solve_grid.wgsl"
// #include "state.wgsl"
// #include "line_in_workgroup.wgsl"
// #include "implicit_density_line.wgsl"
// #include "implicit_density_fields.wgsl"

@compute @workgroup_size(lanes)
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  work_on_line(lane, group.y * groups.x + group.x);
}
