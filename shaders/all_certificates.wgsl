// The sums of certificates at stored levels of one-dimensional members of a batch, a workgroup each: running_cost.wgsl,
// source_level.wgsl of both flows and sum_certificate.wgsl. Six words per level: three sums as pairs.
// #include "state.wgsl"
// #include "sweep_member.wgsl"
// #include "line_in_workgroup.wgsl"
// #include "member_coupling.wgsl"
// #include "state_numbers.wgsl"
// #include "node_slopes.wgsl"
@group(0) @binding(4) var<storage, read> values: array<State>;
@group(0) @binding(5) var<storage, read> densities: array<State>;
@group(0) @binding(6) var<storage, read> transported: array<State>;

// Slots: a level of the density that is smoothed, f of the flow of the feedback, f of the flow that u answers.
const plain_slot = 0u;
const own_slot = 1u;
const answered_slot = 2u;

var<private> level_at: u32;
// 0: the flow of the feedback, 1: the flow that u answers, 2: the sums.
var<private> pass_number: u32;

fn density_state(node: u32) -> State {
  if (pass_number == 1u) {
    return densities[own.density + level_at + node];
  }
  return transported[own.transported + level_at + node];
}

fn goal_state(node: u32) -> State {
  return constants[own.goal + level_at + node];
}

fn field_at(node: u32) -> f32 {
  return take(plain_slot, node);
}

fn count_floored() {}

fn value_state(node: u32) -> State {
  return values[own.value + level_at + node];
}

fn number_at(node: u32) -> Number {
  return value_state(node);
}

// The walls of the level itself.
fn wall_gap(axis: u32, upper: bool, line: u32, node: u32) -> f32 {
  return difference(wall_state(select(grid.walls[axis].x, grid.walls[axis].y, upper) + line), value_state(node));
}

fn term(node: u32) -> array<vec2f, terms> {
  if (pass_number < 2u) {
    return mean_terms(node);
  }
  let potential = numbers[own.potential + first_level * own.potential_stride + node];
  let cost = running_cost(node_slopes(vec3u(node, 0u, 0u), node).one_sided);
  let g = constants[own.terminal + node];
  let all = certificate_terms(density_state(node), cost, take(own_slot, node), take(answered_slot, node), potential, g);
  return array<vec2f, terms>(vec2f(all.x, 0.0), vec2f(all.y, 0.0), vec2f(all.z, 0.0), vec2f(0.0));
}

// #include "certificate_terms.wgsl"
// #include "sum_pairs.wgsl"

@compute @workgroup_size(lanes)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let job = jobs[group.y];
  if (group.x >= job.count) {
    return;
  }
  begin_job(group.y);
  first_level = job.first + group.x;
  level_at = first_level * own.level_stride;
  let n = job.grid.axes[0].x;
  for (var now = 0u; now < 3u; now++) {
    pass_number = now;
    if (now == 2u || coupling == 6u) {
      sum_pairs(lane, 0u, 1u, n);
      workgroupBarrier();
    }
    if (now == 2u) {
      continue;
    }
    if (coupling == 5u) {
      for (var i = lane; i < n; i += lanes) {
        put(plain_slot, i, value_of(density_state(i)));
      }
      workgroupBarrier();
    }
    for (var i = lane; i < n; i += lanes) {
      put(own_slot + now, i, coupling_at(i, vec3u(i, 0u, 0u)));
    }
    workgroupBarrier();
  }
  if (lane < 3u) {
    let word = job.word + 6u * group.x + 2u * lane;
    atomicStore(&words[word], bitcast<u32>(moments[lane].x));
    atomicStore(&words[word + 1u], bitcast<u32>(moments[lane].y));
  }
}
