// The forward sweeps of one-dimensional members of a batch in the mode weno5 (docs/numerics.md section 5.2), a workgroup each: runs
// the pieces of its list, over as many stored intervals as they fill. One Strang step is strang_steps.wgsl.
// #include "sweep_density_entry.wgsl"
// #include "strang_steps.wgsl"

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
    step.word = job.word + passage.word;
    begin_piece(passage, n, lane);
    let split = Split(
      (bits & density_diffuses) != 0u,
      (bits & density_balanced) != 0u,
      cyclic,
      passage.stages,
      passage.outcome == is_corrected,
    );
    strang_step(n, split, lane);
    if (lane == 0u && (bits & has_exits) != 0u) {
      // Fine flux = three times what the faces hold before the correction, less three times what they held before.
      if (passage.outcome == replaces) {
        count_outflow(1.0, passed_at(0u), passed_at(n), passage.paid_at);
      } else if (passage.outcome == is_coarse) {
        count_outflow(-3.0, passed_at(0u), passed_at(n), passage.paid_at);
      } else if (passage.outcome == is_corrected) {
        count_outflow(3.0, passed_at(0u), passed_at(n), passage.paid_at);
        count_outflow(1.0, flux_at(high, 0u), flux_at(high, n), passage.paid_at);
      }
    }
    if ((passage.place & reports) != 0u) {
      report_limited(lane);
      if (lane == 0u) {
        report_outflow(step.word);
        atomicStore(&limited, 0u);
      }
    }
    storageBarrier();
    line_barrier();
  }
}
