// H(x, p) = control/exponent |p|^exponent + drift.p and its monotone numerical forms (docs/numerics.md section 3.1), as in
// src/scheme/hamiltonian.ts. The file that includes this one has `drift_at(axis, node)`.
// #include "power.wgsl"
override quadratic: bool = true;
override separable: bool = true;
override flux: u32 = 0u; // 0 llf, 1 glf, 2 godunov

struct OneSided {
  minus: vec3f,
  plus: vec3f,
}

fn control_energy(squared: f32) -> f32 {
  if (quadratic) {
    return 0.5 * grid.physics.x * squared;
  }
  return grid.physics.x / grid.physics.y * power(squared, 0.5 * grid.physics.y);
}

// c |p|^(q-2): what turns a slope into a speed; 0 at p = 0 for q != 2.
fn speed_per_slope(squared: f32) -> f32 {
  if (quadratic) {
    return grid.physics.x;
  }
  if (squared <= 0.0) {
    return 0.0;
  }
  return grid.physics.x * power(squared, 0.5 * (grid.physics.y - 2.0));
}

fn nearest(a: f32, b: f32) -> f32 {
  return select(min(abs(a), abs(b)), 0.0, a * b <= 0.0);
}

fn farthest(a: f32, b: f32) -> f32 {
  return max(abs(a), abs(b));
}

// Local Lax-Friedrichs: the largest |H_p| of each axis over the box of the one-sided slopes.
fn dissipation(p: OneSided, node: u32) -> vec3f {
  var alpha = vec3f(0.0);
  for (var a = 0u; a < dimension; a++) {
    let minus = p.minus[a];
    let plus = p.plus[a];
    if (separable) {
      let drift = drift_at(a, node);
      alpha[a] = farthest(speed_per_slope(minus * minus) * minus + drift, speed_per_slope(plus * plus) * plus + drift);
      continue;
    }
    var others = 0.0;
    for (var j = 0u; j < dimension; j++) {
      if (j != a) {
        let size = select(nearest(p.minus[j], p.plus[j]), farthest(p.minus[j], p.plus[j]), grid.physics.y >= 2.0);
        others += size * size;
      }
    }
    let largest = farthest(minus, plus);
    alpha[a] = speed_per_slope(largest * largest + others) * largest;
  }
  return alpha;
}

fn lax_friedrichs(p: OneSided, node: u32, alpha: vec3f) -> f32 {
  var squared = 0.0;
  var rest = 0.0;
  for (var a = 0u; a < dimension; a++) {
    let mean = 0.5 * (p.minus[a] + p.plus[a]);
    squared += mean * mean;
    rest += drift_at(a, node) * mean - 0.5 * alpha[a] * (p.plus[a] - p.minus[a]);
  }
  return control_energy(squared) + rest;
}

fn energy_along(slope: f32, drift: f32) -> f32 {
  return control_energy(slope * slope) + drift * slope;
}

fn godunov(p: OneSided, node: u32) -> f32 {
  if (grid.has_drift == 0u) {
    var squared = 0.0;
    for (var a = 0u; a < dimension; a++) {
      let minus = p.minus[a];
      let plus = p.plus[a];
      let size = select(farthest(minus, plus), nearest(minus, plus), minus <= plus);
      squared += size * size;
    }
    return control_energy(squared);
  }
  var sum = 0.0;
  for (var a = 0u; a < dimension; a++) {
    let minus = p.minus[a];
    let plus = p.plus[a];
    let drift = drift_at(a, node);
    // c/2 p^2 + b p is least at -b/c.
    let lowest = -drift / grid.physics.x;
    if (minus <= plus) {
      sum += energy_along(clamp(lowest, minus, plus), drift);
    } else {
      sum += max(energy_along(minus, drift), energy_along(plus, drift));
    }
  }
  return sum;
}

fn numerical_hamiltonian(p: OneSided, node: u32, alpha: vec3f) -> f32 {
  if (flux == 2u) {
    return godunov(p, node);
  }
  return lax_friedrichs(p, node, alpha);
}

// L = p.H_p - H = c (1 - 1/q) |p|^q at p = (p- + p+)/2: the running cost of the optimal control.
fn running_cost(p: OneSided) -> f32 {
  let mean = 0.5 * (p.minus + p.plus);
  return (grid.physics.y - 1.0) * control_energy(dot(mean, mean));
}

// sum_a alpha_a / h_a, in 1/time.
fn courant_rate(alpha: vec3f) -> f32 {
  var rate = 0.0;
  for (var a = 0u; a < dimension; a++) {
    rate += alpha[a] * grid.metric[a].x;
  }
  return rate;
}
