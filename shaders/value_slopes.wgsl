// Slopes of a field u, and the largest speed of the grid. The file that includes this one binds `u`, `walls` (four
// levels of exit values), `drift` and `words`, and has a Step with `moment`.
// #include "node_slopes.wgsl"

fn step_between(a: u32, b: u32) -> f32 {
  return difference(u[a], u[b]);
}

// The weights sum to 1, so that the gap to the interpolated wall value is the mean of the gaps to the stored ones.
fn wall_gap(axis: u32, upper: bool, line: u32, node: u32) -> f32 {
  let at = select(grid.walls[axis].x, grid.walls[axis].y, upper) + line;
  var gap = 0.0;
  for (var j = 0u; j < 4u; j++) {
    if (step.moment[j] != 0.0) {
      gap += step.moment[j] * difference(walls[at + j * grid.wall_stride], u[node]);
    }
  }
  return gap;
}

fn drift_at(axis: u32, node: u32) -> f32 {
  if (grid.has_drift == 0u) {
    return 0.0;
  }
  return drift[axis * grid.points + node];
}

// The alpha that Lax-Friedrichs uses: the node's own, or with glf the largest of the grid, measured before.
fn shared_alpha(own: vec3f, word: u32) -> vec3f {
  if (flux != 1u) {
    return own;
  }
  var alpha = vec3f(0.0);
  for (var a = 0u; a < dimension; a++) {
    alpha[a] = bitcast<f32>(atomicLoad(&words[word + a]));
  }
  return alpha;
}

var<workgroup> fastest: array<atomic<u32>, 3>;

// Largest of the workgroup, then of the grid. Sizes compare as their bits do, and those of NaN are larger than any.
fn report_speed(alpha: vec3f, inside: bool, local: u32, word: u32, scale: f32) {
  if (inside) {
    if (flux == 1u) {
      for (var a = 0u; a < dimension; a++) {
        atomicMax(&fastest[a], bitcast<u32>(alpha[a]));
      }
    } else {
      atomicMax(&fastest[0], bitcast<u32>(courant_rate(alpha) * scale));
    }
  }
  workgroupBarrier();
  let count = select(1u, dimension, flux == 1u);
  if (local < count) {
    atomicMax(&words[word + local], atomicLoad(&fastest[local]));
  }
}
