// Scratch numbers of the line that a workgroup works on, in workgroup memory: slot k of entry i.
override line_length: u32 = 8u; // entries of a slot
override line_numbers: u32 = 64u; // of all slots

var<workgroup> line_memory: array<f32, line_numbers>;

fn take(slot: u32, i: u32) -> f32 {
  return line_memory[slot * line_length + i];
}

fn put(slot: u32, i: u32, number: f32) {
  line_memory[slot * line_length + i] = number;
}

fn begin_line(workgroup: u32) {}

fn line_barrier() {
  workgroupBarrier();
}
