// The forward sweeps of one-dimensional members of a batch in the mode fdm (docs/numerics.md section 5.1), a workgroup each: as
// sweep_density.wgsl, with an implicit step in place of a Strang step.
// #include "sweep_density_entry.wgsl"
// #include "implicit_density_line.wgsl"
// #include "drift.wgsl"
// #include "interpolated.wgsl"

// u takes slots of the solve that are free when the drift is made, and so does the drift.
const value_hi = right_side;
const value_lo = solution;
const face_slot = passed;

fn value_at(i: u32) -> State {
  return state_of(vec2f(take(value_hi, i), take(value_lo, i)));
}

fn step_between(from_node: u32, to_node: u32) -> f32 {
  return difference(value_at(from_node), value_at(to_node));
}

fn wall_gap(axis: u32, upper: bool, line_number: u32, node: u32) -> f32 {
  let at = select(grid.walls[axis].x, grid.walls[axis].y, upper) + line_number;
  var gap = 0.0;
  for (var j = 0u; j < 4u; j++) {
    if (step.at_middle[j] != 0.0) {
      gap += step.at_middle[j] * difference(wall_state(at + j * grid.wall_stride), value_at(node));
    }
  }
  return gap;
}

fn face_drift_at(k: u32) -> f32 {
  return take(face_slot, k);
}

fn run_sweep(number: u32, lane: u32) {
  let job = jobs[number];
  begin_job(number);
  values_at = job.start;
  line = line_at(0u, 0u, 0u);
  let n = job.grid.axes[0].x;
  let cyclic = job.grid.axes[0].z == periodic;
  let bits = job.own.ways;
  for (var p = 0u; p < job.entries; p++) {
    let passage = entries[job.entry + p].passage;
    step = entries[job.entry + p].strang;
    begin_piece(passage, n, lane);
    for (var i = lane; i < n; i += lanes) {
      let pair = pair_of(interpolated(step.at_middle, step.near.z, i));
      put(value_hi, i, pair.x);
      put(value_lo, i, pair.y);
    }
    line_barrier();
    for (var k = lane; k <= n; k += lanes) {
      put(face_slot, k, drift_through_face(0u, vec3u(k, 0u, 0u)));
    }
    line_barrier();
    implicit_line(n, cyclic, lane);
    line_barrier();
    if (lane == 0u) {
      if ((bits & has_exits) != 0u) {
        count_outflow(1.0, passed_at(0u), passed_at(n), passage.paid_at);
      }
      if ((passage.place & reports) != 0u) {
        report_outflow(job.word + passage.word);
      }
    }
    storageBarrier();
    line_barrier();
  }
}
