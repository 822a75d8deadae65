// Inner products of plain histories of one-dimensional members of a batch, a workgroup per level: two words per pair and level, its
// sum in a fixed order as a pair, as in sum_product.wgsl.
// #include "state.wgsl"
// #include "sweep_member.wgsl"
// #include "history_entry.wgsl"
@group(0) @binding(4) var<storage, read> entries: array<HistoryEntry>;
@group(0) @binding(5) var<storage, read> histories: array<f32>;

var<private> first_at: u32;
var<private> second_at: u32;
var<private> word: u32;

const terms = 1u;

fn term(node: u32) -> array<vec2f, terms> {
  return array<vec2f, terms>(vec2f(histories[first_at + node] * histories[second_at + node], 0.0));
}

fn keep_sum(group: u32, k: u32, sum: vec2f) {
  atomicStore(&words[word], bitcast<u32>(sum.x));
  atomicStore(&words[word + 1u], bitcast<u32>(sum.y));
}
// #include "sum_pairs.wgsl"

@compute @workgroup_size(lanes)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let job = jobs[group.y];
  if (group.x >= job.count) {
    return;
  }
  begin_job(group.y);
  let level = (job.first + group.x) * own.level_stride;
  for (var p = 0u; p < job.entries; p++) {
    let entry = entries[job.entry + p];
    first_at = entry.first + level;
    second_at = entry.second + level;
    word = job.word + 2u * (p * job.count + group.x);
    sum_pairs(lane, 0u, 1u, job.grid.axes[0].x);
    workgroupBarrier();
  }
}
