// High-order advective face fluxes F (in units of J) on every axis that has an exit, as balanced splitting freezes them (docs/numerics.md
// section 5.2).
// #include "solve_grid.wgsl"
// #include "state.wgsl"
// #include "grid_faces.wgsl"
// #include "flux_weno.wgsl"
struct Step {
  faces: vec4u,
}

@group(0) @binding(0) var<storage, read> density: array<State>;
@group(0) @binding(1) var<storage, read> node_drift: array<f32>;
@group(0) @binding(2) var<storage, read_write> frozen: array<f32>;
@group(1) @binding(1) var<uniform> step: Step;

fn density_value(node: u32) -> f32 {
  return value_of(density[node]);
}

fn node_drift_at(axis: u32, node: u32) -> f32 {
  return node_drift[axis * grid.points + node];
}

fn set_frozen(axis: u32, c: vec3u) {
  if (((grid.exit_axes >> axis) & 1u) == 0u || !is_face(axis, c)) {
    return;
  }
  var flux = 0.0;
  if (!is_closed(axis, c[axis])) {
    flux = flux_weno(axis, node_of(c) - c[axis] * grid.axes[axis].y, c[axis]);
  }
  frozen[face_of(step.faces[axis], axis, c)] = flux;
}

// Axis by axis and not in a loop: an index that changes would keep coordinates in memory.
@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  set_frozen(0u, c);
  if (dimension > 1u) {
    set_frozen(1u, c);
  }
  if (dimension > 2u) {
    set_frozen(2u, c);
  }
}
