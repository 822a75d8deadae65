// Work on whole histories of one-dimensional members of a batch, a workgroup per stored level: what is done at a number comes from
// the including file, whose work_on is given the job's entry, the number's place from where the member's history begins, and the
// job's word, and which calls work_on_level in workgroups of 64.
// #include "sweep_member.wgsl"
// #include "history_entry.wgsl"
@group(0) @binding(4) var<storage, read> entries: array<HistoryEntry>;

fn work_on_level(lane: u32, group: vec3u) {
  let job = jobs[group.y];
  if (group.x >= job.count) {
    return;
  }
  begin_job(group.y);
  let entry = entries[job.entry];
  let level = (job.first + group.x) * own.level_stride;
  for (var i = lane; i < grid.axes[0].x; i += 64u) {
    work_on(entry, level + i, job.word);
  }
}
