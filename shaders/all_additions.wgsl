// Steps of relaxation over stored levels of one-dimensional members of a batch, a workgroup per level: blend_history.wgsl and
// add_history.wgsl. One word per job: whether some entry would be negative.
// #include "state.wgsl"
// #include "sweep_member.wgsl"
// #include "history_entry.wgsl"
@group(0) @binding(4) var<storage, read> entries: array<HistoryEntry>;
@group(0) @binding(5) var<storage, read_write> densities: array<State>;
@group(0) @binding(6) var<storage, read> transported: array<State>;
@group(0) @binding(7) var<storage, read> histories: array<f32>;

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
    let node = own.density + level + i;
    let m = densities[node];
    if (entry.mode == blends) {
      densities[node] = add_increment(m, entry.x * difference(m, transported[own.transported + level + i]));
      continue;
    }
    let next = add_increment(m, histories[entry.first + level + i]);
    if (entry.mode == adds) {
      densities[node] = next;
    } else if (!(value_of(next) >= 0.0)) {
      atomicOr(&words[job.word], 1u);
    }
  }
}
