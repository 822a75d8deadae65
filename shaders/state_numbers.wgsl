// The numbers of first_differences.wgsl are states of a field. The file that includes this one has `number_at(node)`.
alias Number = State;

fn number_step(from_number: Number, to_number: Number) -> f32 {
  return difference(from_number, to_number);
}
