// u between stored levels.
// #include "solve_grid.wgsl"
// #include "state.wgsl"
// #include "interpolated.wgsl"
struct Step {
  // Sum 1; a level of weight 0 is not read.
  weights: vec4f,
  // The level that the others are compared with.
  near: u32,
}

@group(0) @binding(0) var<storage, read> value0: array<State>;
@group(0) @binding(1) var<storage, read> value1: array<State>;
@group(0) @binding(2) var<storage, read> value2: array<State>;
@group(0) @binding(3) var<storage, read> value3: array<State>;
@group(0) @binding(4) var<storage, read_write> value: array<State>;
@group(1) @binding(1) var<uniform> step: Step;

fn stored_value(j: u32, node: u32) -> State {
  switch j {
    case 0u: {
      return value0[node];
    }
    case 1u: {
      return value1[node];
    }
    case 2u: {
      return value2[node];
    }
    default: {
      return value3[node];
    }
  }
}

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = coordinates_of(id);
  if (!is_inside(c)) {
    return;
  }
  let node = node_of(c);
  value[node] = interpolated(step.weights, step.near, node);
}
