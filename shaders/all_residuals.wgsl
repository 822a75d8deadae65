// F = G - M over stored levels of one-dimensional members of a batch, a workgroup per level, kept or made a difference:
// anderson_residual.wgsl.
// #include "state.wgsl"
// #include "sweep_member.wgsl"
// #include "history_levels.wgsl"
// #include "kept_difference.wgsl"
@group(0) @binding(5) var<storage, read> densities: array<State>;
@group(0) @binding(6) var<storage, read> transported: array<State>;
@group(0) @binding(7) var<storage, read_write> histories: array<f32>;

fn work_on(entry: HistoryEntry, at: u32, word: u32) {
  let f = difference(densities[own.density + at], transported[own.transported + at]);
  let kept = entry.first + at;
  let step = entry.second + at;
  let next = kept_difference(f, histories[kept], histories[step], entry.mode == appends, entry.x);
  histories[kept] = next.x;
  histories[step] = next.y;
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  work_on_level(lane, group);
}
