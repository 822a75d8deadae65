// F = G - M over stored levels of one-dimensional members of a batch, a workgroup per level, kept or made a difference:
// anderson_residual.wgsl.
// #include "state.wgsl"
// #include "sweep_member.wgsl"
// #include "history_entry.wgsl"
@group(0) @binding(4) var<storage, read> entries: array<HistoryEntry>;
@group(0) @binding(5) var<storage, read> densities: array<State>;
@group(0) @binding(6) var<storage, read> transported: array<State>;
@group(0) @binding(7) var<storage, read_write> histories: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let job = jobs[group.y];
  if (group.x >= job.count) {
    return;
  }
  begin_job(group.y);
  let entry = entries[job.entry];
  let level = (job.first + group.x) * own.level_stride;
  for (var i = lane; i < grid.axes[0].x; i += 64u) {
    let f = difference(densities[own.density + level + i], transported[own.transported + level + i]);
    let kept = entry.first + level + i;
    let step = entry.second + level + i;
    if (entry.mode == appends) {
      let df = f - histories[kept];
      histories[kept] = df;
      histories[step] = histories[step] + df;
    } else {
      histories[kept] = f;
      histories[step] = entry.x * f;
    }
  }
}
