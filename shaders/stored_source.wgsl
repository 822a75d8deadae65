// The source S = V + f(m) at one moment, from four stored levels. The file that includes this one binds `source0` to `source3`, and has a
// Step with `weights`.

// Levels of weight 0 may hold anything. Read before anything is computed, so that one wait serves all.
fn stored_levels(node: u32) -> vec4f {
  var levels = vec4f(0.0);
  if (step.weights.x != 0.0) {
    levels.x = source0[node];
  }
  if (step.weights.y != 0.0) {
    levels.y = source1[node];
  }
  if (step.weights.z != 0.0) {
    levels.z = source2[node];
  }
  if (step.weights.w != 0.0) {
    levels.w = source3[node];
  }
  return levels;
}

fn source_between(levels: vec4f) -> f32 {
  return step.weights.x * levels.x + step.weights.y * levels.y + step.weights.z * levels.z + step.weights.w * levels.w;
}

fn stored_source(node: u32) -> f32 {
  return source_between(stored_levels(node));
}
