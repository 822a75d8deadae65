// The rate at which the drift empties cells, at stored levels of one-dimensional members of a batch, a workgroup each:
// optimal_drift.wgsl and drift_speed.wgsl. One word per level.
// #include "state.wgsl"
// #include "sweep_member.wgsl"
// #include "drift.wgsl"
// #include "emptying_rate.wgsl"
@group(0) @binding(4) var<storage, read> values: array<State>;

override lanes: u32 = 64u;

var<workgroup> fastest: atomic<u32>;
var<private> value_begin: u32;

fn number_at(node: u32) -> Number {
  return values[value_begin + node];
}

// The walls of the level itself.
fn wall_gap(axis: u32, upper: bool, line: u32, node: u32) -> f32 {
  let at = select(grid.walls[axis].x, grid.walls[axis].y, upper) + line;
  return difference(wall_state(at), values[value_begin + node]);
}

@compute @workgroup_size(lanes)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let job = jobs[group.y];
  if (group.x >= job.count) {
    return;
  }
  begin_job(group.y);
  first_level = job.first + group.x;
  value_begin = job.start + first_level * own.level_stride;
  let n = grid.axes[0].x;
  for (var i = lane; i < n; i += lanes) {
    var left = 0.0;
    var right = 0.0;
    // Both faces in one loop: each call of a function is one more copy of it in the compiled shader.
    for (var side = 0u; side < 2u; side++) {
      let b = drift_through_face(0u, vec3u(i + side, 0u, 0u));
      if (side == 0u) {
        left = b;
      } else {
        right = b;
      }
    }
    let rate = emptying_rate(0u, drift_at_node(0u, vec3u(i, 0u, 0u)), left, right);
    atomicMax(&fastest, bitcast<u32>(rate) & 0x7fffffffu);
  }
  workgroupBarrier();
  if (lane == 0u) {
    atomicStore(&words[job.word + group.x], atomicLoad(&fastest));
  }
}
