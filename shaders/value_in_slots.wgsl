// u at one moment, held in two slots of the line, for first_differences.wgsl. The file that includes this one has
// the slots `value_hi` and `value_lo`, and `moment()`, the weights of the stored levels at that moment.
fn value_at(i: u32) -> State {
  return state_of(vec2f(take(value_hi, i), take(value_lo, i)));
}

fn number_at(node: u32) -> Number {
  return value_at(node);
}

fn wall_gap(axis: u32, upper: bool, line_number: u32, node: u32) -> f32 {
  let at = select(grid.walls[axis].x, grid.walls[axis].y, upper) + line_number;
  let weights = moment();
  var gap = 0.0;
  for (var j = 0u; j < 4u; j++) {
    if (weights[j] != 0.0) {
      gap += weights[j] * difference(wall_state(at + j * grid.wall_stride), value_at(node));
    }
  }
  return gap;
}
