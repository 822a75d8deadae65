// Scratch numbers of the line that a workgroup works on, in a storage buffer, for lines too long for workgroup memory.
override line_length: u32 = 8u; // entries of a slot
override line_numbers: u32 = 64u; // of all slots

@group(0) @binding(15) var<storage, read_write> line_memory: array<f32>;

var<private> line_first: u32;

fn take(slot: u32, i: u32) -> f32 {
  return line_memory[line_first + slot * line_length + i];
}

fn put(slot: u32, i: u32, number: f32) {
  line_memory[line_first + slot * line_length + i] = number;
}

fn begin_line(workgroup: u32) {
  line_first = workgroup * line_numbers;
}

fn line_barrier() {
  storageBarrier();
  workgroupBarrier();
}
