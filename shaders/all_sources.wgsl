// S = V + f(x, t, m) of stored levels of one-dimensional members of a batch, a workgroup each: source_level.wgsl,
// slope_growth.wgsl and what they read. Two words per level: the largest step of S, nodes in which a log coupling used its floor.
// #include "state.wgsl"
// #include "sweep_member.wgsl"
// #include "line_in_workgroup.wgsl"
// #include "member_coupling.wgsl"
// #include "source_step.wgsl"
@group(0) @binding(4) var<storage, read> densities: array<State>;
@group(0) @binding(5) var<storage, read_write> sources: array<f32>;

var<workgroup> steepest: atomic<u32>;
var<workgroup> floored: atomic<u32>;
// Node 0 of the level in `densities`, in `constants` and in `sources`.
var<private> density_at: u32;
var<private> goal_at: u32;
var<private> source_begin: u32;

fn density_state(node: u32) -> State {
  return densities[density_at + node];
}

fn goal_state(node: u32) -> State {
  return constants[goal_at + node];
}

fn field_at(node: u32) -> f32 {
  return take(0u, node);
}

fn count_floored() {
  atomicAdd(&floored, 1u);
}

fn source_at(node: u32) -> f32 {
  return sources[source_begin + node];
}

fn term(node: u32) -> array<vec2f, terms> {
  return mean_terms(node);
}

// #include "sum_pairs.wgsl"

@compute @workgroup_size(lanes)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let job = jobs[group.y];
  if (group.x >= job.count) {
    return;
  }
  begin_job(group.y);
  let level = job.first + group.x;
  let n = job.grid.axes[0].x;
  density_at = job.start + level * own.level_stride;
  goal_at = own.goal + level * own.level_stride;
  source_begin = own.sources + level * own.level_stride;
  if (coupling == 6u) {
    sum_pairs(lane, 0u, 1u, n);
    workgroupBarrier();
  }
  if (coupling == 5u) {
    for (var i = lane; i < n; i += lanes) {
      put(0u, i, value_of(density_state(i)));
    }
    workgroupBarrier();
  }
  for (var i = lane; i < n; i += lanes) {
    let potential = numbers[own.potential + level * own.potential_stride + i];
    sources[source_begin + i] = coupling_at(i, vec3u(i, 0u, 0u)) + potential;
  }
  storageBarrier();
  workgroupBarrier();
  for (var i = lane; i < n; i += lanes) {
    atomicMax(&steepest, bitcast<u32>(step_from(0u, vec3u(i, 0u, 0u), i)));
  }
  workgroupBarrier();
  if (lane == 0u) {
    atomicStore(&words[job.word + 2u * group.x], atomicLoad(&steepest));
    atomicStore(&words[job.word + 2u * group.x + 1u], atomicLoad(&floored));
  }
}
