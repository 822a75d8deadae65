// Slopes of a field u, and the largest speed of the grid. The file that includes this one binds `u`, `walls` (four
// levels of exit values), `drift` and `words`, and has a Step with `moment`.
// #include "state_numbers.wgsl"
// #include "node_slopes.wgsl"
// #include "largest.wgsl"

fn number_at(node: u32) -> Number {
  return u[node];
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

// What is measured of a node's alphas, as bits: with glf the largest alpha of each axis, else the largest rate.
fn speed_bits(alpha: vec3f, scale: f32) -> vec3u {
  if (flux == 1u) {
    return bitcast<vec3u>(alpha);
  }
  return vec3u(bitcast<u32>(courant_rate(alpha) * scale), 0u, 0u);
}

// Called by all invocations of the workgroup.
fn report_speed(speed: vec3u, local: u32, word: u32) {
  keep_largest(0u, speed.x);
  if (flux == 1u) {
    keep_largest(1u, speed.y);
    keep_largest(2u, speed.z);
  }
  report_largest(local, select(1u, dimension, flux == 1u), word);
}
