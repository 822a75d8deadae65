// The forward sweeps of one-dimensional members of a batch in the mode fdm (docs/numerics.md section 5.1), a workgroup each: as
// sweep_density.wgsl, with an implicit step in place of a Strang step.
// #include "sweep_density_entry.wgsl"
// #include "implicit_density_line.wgsl"
// #include "drift.wgsl"
// #include "interpolated.wgsl"
// #include "value_in_slots.wgsl"

// u takes slots of the solve that are free when the drift is made, and so does the drift.
const value_hi = right_side;
const value_lo = solution;
const face_slot = passed;

fn moment() -> vec4f {
  return step.at_middle;
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
