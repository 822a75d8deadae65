// First pass of flux blending (docs/numerics.md section 5.2): the low-order density mL = m - sum div J^L, and of every
// cell the share R of its outgoing antidiffusive fluxes that it can give. Counts the limited cells in words[step.word].
// #include "solve_grid.wgsl"
// #include "state.wgsl"
// #include "grid_faces.wgsl"
struct Step {
  faces: vec4u,
  // What the limiter leaves in a cell, as a share (1e-6 in f32).
  guard: f32,
  // 0 where there is no low-order flux: mL = m.
  has_low: u32,
  word: u32,
}

@group(0) @binding(0) var<storage, read> density: array<State>;
@group(0) @binding(1) var<storage, read> low: array<f32>;
@group(0) @binding(2) var<storage, read> antidiffusive: array<f32>;
@group(0) @binding(3) var<storage, read_write> low_density: array<State>;
@group(0) @binding(4) var<storage, read_write> share: array<f32>;
@group(0) @binding(5) var<storage, read_write> words: array<atomic<u32>>;
@group(1) @binding(1) var<uniform> step: Step;

var<workgroup> limited: atomic<u32>;

// The state after what passes the faces of an axis by the low-order fluxes, where there are any.
fn after_axis(state: State, axis: u32, c: vec3u) -> State {
  if (step.has_low == 0u) {
    return state;
  }
  let left = face_of(step.faces[axis], axis, c);
  return exchange(state, low[left], low[left + grid.axes[axis].y]);
}

fn outgoing_along(axis: u32, c: vec3u) -> f32 {
  let left = face_of(step.faces[axis], axis, c);
  return max(antidiffusive[left + grid.axes[axis].y], 0.0) - min(antidiffusive[left], 0.0);
}

// Axis by axis and not in a loop: an index that changes would keep coordinates in memory.
@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = coordinates_of(id);
  if (is_inside(c)) {
    let node = node_of(c);
    var state = after_axis(density[node], 0u, c);
    var outgoing = outgoing_along(0u, c);
    if (dimension > 1u) {
      state = after_axis(state, 1u, c);
      outgoing += outgoing_along(1u, c);
    }
    if (dimension > 2u) {
      state = after_axis(state, 2u, c);
      outgoing += outgoing_along(2u, c);
    }
    let available = (1.0 - step.guard) * max(value_of(state), 0.0);
    var part = 1.0;
    if (outgoing > available) {
      part = available / outgoing;
      atomicAdd(&limited, 1u);
    }
    low_density[node] = state;
    share[node] = part;
  }
  workgroupBarrier();
  if (lane == 0u && atomicLoad(&limited) > 0u) {
    atomicAdd(&words[step.word], atomicLoad(&limited));
  }
}
