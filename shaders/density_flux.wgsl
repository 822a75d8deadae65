// Face fluxes of one explicit Euler stage of the Fokker-Planck equation on every axis (docs/numerics.md section 5.2): the
// low-order one, and the antidiffusive rest A = J^W - J^L.
// #include "solve_grid.wgsl"
// #include "state.wgsl"
// #include "grid_faces.wgsl"
// #include "flux_weno.wgsl"
// #include "face_slope.wgsl"
// #include "crossing_speed.wgsl"
struct Step {
  faces: vec4u,
  tau: f32,
  // 1: J^W = F - nu G6 and J^L Scharfetter-Gummel; 0: advection alone, F and upwind.
  diffusion: u32,
  // Bit a: axis a is balanced, F - Q and 0.
  balanced: u32,
}

@group(0) @binding(0) var<storage, read> density: array<State>;
@group(0) @binding(1) var<storage, read> node_drift: array<f32>;
@group(0) @binding(2) var<storage, read> face_drift: array<f32>;
// J.
@group(0) @binding(3) var<storage, read> frozen: array<f32>;
@group(0) @binding(4) var<storage, read_write> low: array<f32>;
@group(0) @binding(5) var<storage, read_write> antidiffusive: array<f32>;
@group(1) @binding(1) var<uniform> step: Step;

fn density_value(node: u32) -> f32 {
  return value_of(density[node]);
}

fn node_drift_at(axis: u32, node: u32) -> f32 {
  return node_drift[axis * grid.points + node];
}

fn step_between(a: u32, b: u32) -> f32 {
  return difference(density[a], density[b]);
}

// Node i of a line less node i - 1, beyond its walls too.
fn density_step(axis: u32, start: u32, i: i32) -> f32 {
  let n = i32(grid.axes[axis].x);
  let stride = grid.axes[axis].y;
  if (grid.axes[axis].z == periodic) {
    return step_between(start + u32((i - 1 + n) % n) * stride, start + u32((i + n) % n) * stride);
  }
  if (i >= 1 && i < n) {
    return step_between(start + u32(i - 1) * stride, start + u32(i) * stride);
  }
  let upper = i >= n;
  let k = select(u32(-i), u32(i - n), upper);
  let edge = select(start, start + u32(n - 1) * stride, upper);
  let inwards = select(stride, 0u - stride, upper);
  var size = 0.0;
  if (select(grid.axes[axis].z, grid.axes[axis].w, upper) == exit_wall) {
    // The cubic through 0 on the wall: ghost -1 - k has other weights than ghost -k, and node 0 itself is (1, 0, 0).
    var w = vec3f(1.0, 0.0, 0.0);
    if (k > 0u) {
      w = through_zero[k - 1u];
    }
    w -= through_zero[k];
    size = w.x * value_of(density[edge]) + w.y * value_of(density[edge + inwards]) +
      w.z * value_of(density[edge + 2u * inwards]);
  } else if (k > 0u) {
    size = -step_between(edge + (k - 1u) * inwards, edge + k * inwards);
  }
  return select(size, -size, upper);
}

// h G6 at face j.
fn density_slope(axis: u32, start: u32, j: u32) -> f32 {
  let n = grid.axes[axis].x;
  let stride = grid.axes[axis].y;
  if (j < 3u || j + 3u > n) {
    return slope_at_wall(axis, start, j);
  }
  let node = start + j * stride;
  return face_slope(
    step_between(node - 3u * stride, node - 2u * stride),
    step_between(node - 2u * stride, node - stride),
    step_between(node - stride, node),
    step_between(node, node + stride),
    step_between(node + stride, node + 2u * stride),
  );
}

fn slope_at_wall(axis: u32, start: u32, j: u32) -> f32 {
  let i = i32(j);
  return face_slope(
    density_step(axis, start, i - 2),
    density_step(axis, start, i - 1),
    density_step(axis, start, i),
    density_step(axis, start, i + 1),
    density_step(axis, start, i + 2),
  );
}

// Upwind, or Scharfetter-Gummel with diffusion; beyond an exit there is no density.
fn low_flux(axis: u32, start: u32, j: u32, b: f32) -> f32 {
  let n = grid.axes[axis].x;
  let stride = grid.axes[axis].y;
  let wall = grid.axes[axis].z != periodic && (j == 0u || j == n);
  var left = 0.0;
  var right = 0.0;
  if (!wall || j == n) {
    left = value_of(density[start + (select(j, n, j == 0u) - 1u) * stride]);
  }
  if (!wall || j == 0u) {
    right = value_of(density[start + j * stride]);
  }
  if (step.diffusion == 0u) {
    return max(b, 0.0) * left + min(b, 0.0) * right;
  }
  let nu = grid.physics.z;
  let h = select(grid.metric[axis].y, 0.5 * grid.metric[axis].y, wall);
  return crossing_speed(nu, h, b) * left - crossing_speed(nu, h, -b) * right;
}

fn set_fluxes(axis: u32, c: vec3u) {
  if (!is_face(axis, c)) {
    return;
  }
  let face = face_of(step.faces[axis], axis, c);
  let j = face_number(axis, c[axis]);
  var high = 0.0;
  var slow = 0.0;
  if (!is_closed(axis, j)) {
    let start = node_of(c) - c[axis] * grid.axes[axis].y;
    high = flux_weno(axis, start, j);
    if (step.diffusion == 1u) {
      high -= grid.metric[axis].z * grid.metric[axis].y * density_slope(axis, start, j);
    }
    if (((step.balanced >> axis) & 1u) == 1u) {
      high -= frozen[face];
    } else {
      slow = low_flux(axis, start, j, face_drift[face]);
    }
  }
  let scale = step.tau * grid.metric[axis].x;
  low[face] = scale * slow;
  antidiffusive[face] = scale * (high - slow);
}

// Axis by axis and not in a loop: an index that changes would keep coordinates in memory.
@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  set_fluxes(0u, c);
  if (dimension > 1u) {
    set_fluxes(1u, c);
  }
  if (dimension > 2u) {
    set_fluxes(2u, c);
  }
}
