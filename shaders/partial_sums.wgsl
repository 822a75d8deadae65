// Sums whose workgroups sum_finish.wgsl adds up.
// #include "sum_pairs.wgsl"
@group(0) @binding(0) var<storage, read_write> partials: array<vec2f>;

fn keep_sum(group: u32, term_number: u32, sum: vec2f) {
  partials[group * terms + term_number] = sum;
}
