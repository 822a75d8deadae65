// Combinations of plain histories of one-dimensional members of a batch, a workgroup per level: combine_histories.wgsl, which scales
// as well, and rotate_histories.wgsl.
// #include "state.wgsl"
// #include "sweep_member.wgsl"
// #include "history_entry.wgsl"
@group(0) @binding(4) var<storage, read> entries: array<HistoryEntry>;
@group(0) @binding(5) var<storage, read_write> histories: array<f32>;

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
    let first = histories[entry.first + level + i];
    let second = histories[entry.second + level + i];
    if (entry.mode == rotates) {
      histories[entry.first + level + i] = entry.x * first + entry.y * second;
      histories[entry.second + level + i] = entry.x * second - entry.y * first;
      continue;
    }
    // first <- keep first + x second + y third; what has no part may hold anything.
    var total = entry.x * second;
    if (entry.y != 0.0) {
      total += entry.y * histories[entry.third + level + i];
    }
    if (entry.keep != 0.0) {
      total += entry.keep * first;
    }
    histories[entry.first + level + i] = total;
  }
}
