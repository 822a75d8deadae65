// Combinations of plain histories of one-dimensional members of a batch, a workgroup per level: combine_histories.wgsl, which scales
// as well, and rotate_histories.wgsl.
// #include "state.wgsl"
// #include "sweep_member.wgsl"
// #include "history_levels.wgsl"
@group(0) @binding(5) var<storage, read_write> histories: array<f32>;

fn work_on(entry: HistoryEntry, at: u32, word: u32) {
  let first = histories[entry.first + at];
  let second = histories[entry.second + at];
  if (entry.mode == rotates) {
    histories[entry.first + at] = entry.x * first + entry.y * second;
    histories[entry.second + at] = entry.x * second - entry.y * first;
    return;
  }
  // first <- keep first + x second + y third; what has no part may hold anything.
  var total = entry.x * second;
  if (entry.y != 0.0) {
    total += entry.y * histories[entry.third + at];
  }
  if (entry.keep != 0.0) {
    total += entry.keep * first;
  }
  histories[entry.first + at] = total;
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  work_on_level(lane, group);
}
