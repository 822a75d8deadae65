// What a forward sweep reports of stored levels of one-dimensional members of a batch, a workgroup each: sum_level.wgsl and
// level_report.wgsl. Six words per level: two sums as pairs, the complement of the first index that is not finite, the least entry.
// #include "state.wgsl"
// #include "sweep_member.wgsl"
// #include "ordered_bits.wgsl"
@group(0) @binding(4) var<storage, read> densities: array<State>;
@group(0) @binding(5) var<storage, read> transported: array<State>;

var<workgroup> bad: atomic<u32>;
var<workgroup> least: atomic<u32>;
var<workgroup> sums: array<vec2f, 2>;
var<private> density_at: u32;
var<private> transported_at: u32;

const terms = 2u;

fn term(node: u32) -> array<vec2f, terms> {
  let m = transported[transported_at + node];
  return level_terms(m, densities[density_at + node]);
}

fn keep_sum(group: u32, k: u32, sum: vec2f) {
  sums[k] = sum;
}
// #include "level_terms.wgsl"
// #include "sum_pairs.wgsl"

@compute @workgroup_size(lanes)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let job = jobs[group.y];
  if (group.x >= job.count) {
    return;
  }
  begin_job(group.y);
  let level = (job.first + group.x) * own.level_stride;
  density_at = own.density + level;
  transported_at = own.transported + level;
  let n = grid.axes[0].x;
  sum_pairs(lane, 0u, 1u, job.grid.axes[0].x);
  for (var i = lane; i < n; i += lanes) {
    let bits = bitcast<u32>(value_of(transported[transported_at + i]));
    if ((bits & 0x7f800000u) == 0x7f800000u) {
      atomicMax(&bad, ~i);
    }
    atomicMax(&least, ~ordered_bits(bits));
  }
  workgroupBarrier();
  if (lane == 0u) {
    let word = job.word + 6u * group.x;
    for (var k = 0u; k < 2u; k++) {
      atomicStore(&words[word + 2u * k], bitcast<u32>(sums[k].x));
      atomicStore(&words[word + 2u * k + 1u], bitcast<u32>(sums[k].y));
    }
    atomicStore(&words[word + 4u], atomicLoad(&bad));
    atomicStore(&words[word + 5u], atomicLoad(&least));
  }
}
