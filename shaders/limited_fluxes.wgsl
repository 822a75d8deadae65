// Second pass of flux blending (docs/numerics.md section 5.2): m = mL - sum div(eta A), eta the share of the cell that A
// leaves; then, for a stage of SSPRK3, m <- base + weight (m - base). The fluxes that were really used are added up.
// #include "solve_grid.wgsl"
// #include "state.wgsl"
// #include "grid_faces.wgsl"
struct Step {
  faces: vec4u,
  weight: f32,
  // 1: the result goes into `base`; 0: into `low_density`.
  into_base: u32,
  // flux += flux_weight (J^L + eta A), flux = ... where flux_mode is 2, nothing where it is 0; J^L only where has_low is 1.
  flux_mode: u32,
  flux_weight: f32,
  has_low: u32,
}

@group(0) @binding(0) var<storage, read> low: array<f32>;
@group(0) @binding(1) var<storage, read> antidiffusive: array<f32>;
@group(0) @binding(2) var<storage, read> share: array<f32>;
@group(0) @binding(3) var<storage, read_write> low_density: array<State>;
@group(0) @binding(4) var<storage, read_write> base: array<State>;
@group(0) @binding(5) var<storage, read_write> flux: array<f32>;
@group(1) @binding(1) var<uniform> step: Step;

// eta A at face j = c[axis] or c[axis] + 1 of the line through node c. What comes from beyond a wall is no cell's to limit.
fn limited_flux(axis: u32, face: u32, node: u32, i: u32, above: bool) -> f32 {
  let flow = antidiffusive[face];
  let n = grid.axes[axis].x;
  let stride = grid.axes[axis].y;
  // The donor is the cell below the face for a flow to the right, else the one above it.
  if (above == (flow > 0.0)) {
    return flow * share[node];
  }
  let wall = select(i == 0u, i + 1u == n, above);
  if (!wall) {
    return flow * share[select(node - stride, node + stride, above)];
  }
  if (grid.axes[axis].z != periodic) {
    return flow;
  }
  return flow * share[select(node + (n - 1u) * stride, node - (n - 1u) * stride, above)];
}

fn record(face: u32, eta_flux: f32) {
  if (step.flux_mode == 0u) {
    return;
  }
  var total = eta_flux;
  if (step.has_low == 1u) {
    total += low[face];
  }
  if (step.flux_mode == 1u) {
    flux[face] += step.flux_weight * total;
  } else {
    flux[face] = step.flux_weight * total;
  }
}

// The state after what passes the faces of an axis.
fn after_axis(state: State, axis: u32, c: vec3u, node: u32) -> State {
  let stride = grid.axes[axis].y;
  let face = face_of(step.faces[axis], axis, c);
  let left = limited_flux(axis, face, node, c[axis], false);
  let right = limited_flux(axis, face + stride, node, c[axis], true);
  record(face, left);
  if (c[axis] + 1u == grid.axes[axis].x) {
    record(face + stride, right);
  }
  return exchange(state, left, right);
}

// Axis by axis and not in a loop: an index that changes would keep coordinates in memory.
@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  if (!is_inside(c)) {
    return;
  }
  let node = node_of(c);
  var state = after_axis(low_density[node], 0u, c, node);
  if (dimension > 1u) {
    state = after_axis(state, 1u, c, node);
  }
  if (dimension > 2u) {
    state = after_axis(state, 2u, c, node);
  }
  if (step.weight != 1.0) {
    state = blend_states(base[node], state, step.weight);
  }
  if (step.into_base == 1u) {
    base[node] = state;
  } else {
    low_density[node] = state;
  }
}
