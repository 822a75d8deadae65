// Scratch numbers of the line that a workgroup works on: the first slots in workgroup memory, those that it has no room for in
// `scratch`, from `own.spilled` on. Slots are numbered by how often they are used.
override line_length: u32 = 8u; // entries of a slot
override held_slots: u32 = 8u; // of workgroup memory
override line_numbers: u32 = 64u; // of the held slots; one where there are none

var<workgroup> line_memory: array<f32, line_numbers>;

fn take(slot: u32, i: u32) -> f32 {
  if (slot < held_slots) {
    return line_memory[slot * line_length + i];
  }
  return scratch[own.spilled + (slot - held_slots) * line_length + i];
}

fn put(slot: u32, i: u32, number: f32) {
  if (slot < held_slots) {
    line_memory[slot * line_length + i] = number;
  } else {
    scratch[own.spilled + (slot - held_slots) * line_length + i] = number;
  }
}

fn line_barrier() {
  storageBarrier();
  workgroupBarrier();
}
