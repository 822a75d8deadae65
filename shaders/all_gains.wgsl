// Sums of m0 u and of m0 (u - response) of one-dimensional members of a batch, a workgroup each: sum_gain.wgsl. The response begins at
// the job's start in `values`; four words.
// #include "state.wgsl"
// #include "sweep_member.wgsl"
@group(0) @binding(4) var<storage, read> values: array<State>;
@group(0) @binding(5) var<storage, read> densities: array<State>;

var<workgroup> sums: array<vec2f, 2>;
var<private> response_at: u32;

const terms = 2u;

fn term(node: u32) -> array<vec2f, terms> {
  return gain_terms(densities[own.density + node], values[own.value + node], values[response_at + node]);
}

fn keep_sum(group: u32, k: u32, sum: vec2f) {
  sums[k] = sum;
}
// #include "gain_terms.wgsl"
// #include "sum_pairs.wgsl"

@compute @workgroup_size(lanes)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let job = jobs[group.y];
  begin_job(group.y);
  response_at = job.start;
  sum_pairs(lane, 0u, 1u, job.grid.axes[0].x);
  workgroupBarrier();
  if (lane < 2u) {
    atomicStore(&words[job.word + 2u * lane], bitcast<u32>(sums[lane].x));
    atomicStore(&words[job.word + 2u * lane + 1u], bitcast<u32>(sums[lane].y));
  }
}
