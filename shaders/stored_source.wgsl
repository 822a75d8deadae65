// The source S = V + f(m) at one moment, from four stored levels. The file that includes this one binds `source0` to `source3`, and has a
// Step with `weights`.

// Levels of weight 0 may hold anything.
fn stored_source(node: u32) -> f32 {
  var sum = 0.0;
  if (step.weights.x != 0.0) {
    sum += step.weights.x * source0[node];
  }
  if (step.weights.y != 0.0) {
    sum += step.weights.y * source1[node];
  }
  if (step.weights.z != 0.0) {
    sum += step.weights.z * source2[node];
  }
  if (step.weights.w != 0.0) {
    sum += step.weights.w * source3[node];
  }
  return sum;
}
