// Steps of relaxation over stored levels of one-dimensional members of a batch, a workgroup per level: blend_history.wgsl and
// add_history.wgsl. One word per job: whether some entry would be negative.
// #include "state.wgsl"
// #include "sweep_member.wgsl"
// #include "history_levels.wgsl"
// #include "next_density.wgsl"
@group(0) @binding(5) var<storage, read_write> densities: array<State>;
@group(0) @binding(6) var<storage, read> transported: array<State>;
@group(0) @binding(7) var<storage, read> histories: array<f32>;

fn work_on(entry: HistoryEntry, at: u32, word: u32) {
  let node = own.density + at;
  let m = densities[node];
  if (entry.mode == blends) {
    densities[node] = add_increment(m, entry.x * difference(m, transported[own.transported + at]));
    return;
  }
  let next = next_density(m, histories[entry.first + at]);
  if (entry.mode == adds) {
    densities[node] = next;
  } else if (!(value_of(next) >= 0.0)) {
    atomicOr(&words[word], 1u);
  }
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  work_on_level(lane, group);
}
