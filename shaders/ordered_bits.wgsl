// Bits of an f32 in the order of the numbers: those of negative ones turned round, those of others above them.
fn ordered_bits(bits: u32) -> u32 {
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}
