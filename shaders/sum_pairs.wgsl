// Sums of pairs in a fixed order. The file that includes this one has `const terms` and `fn term(node: u32) -> array<vec2f, terms>`
// and binds `partials`; sum_finish.wgsl adds the workgroups up. `grid` is included before.
// #include "compensated.wgsl"
@group(0) @binding(0) var<storage, read_write> partials: array<vec2f>;

var<workgroup> group_sums: array<array<vec2f, terms>, 256>;

fn add_pairs(a: vec2f, b: vec2f) -> vec2f {
  let s = two_sum(a.x, b.x);
  return two_sum(s.x, s.y + (a.y + b.y));
}

@compute @workgroup_size(256)
fn main(
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  var sums: array<vec2f, terms>;
  for (var node = group.x * 256u + local; node < step.count; node += 256u * groups.x) {
    let added = term(node);
    for (var t = 0u; t < terms; t++) {
      sums[t] = add_pairs(sums[t], added[t]);
    }
  }
  group_sums[local] = sums;
  for (var half = 128u; half > 0u; half = half >> 1u) {
    workgroupBarrier();
    if (local < half) {
      for (var t = 0u; t < terms; t++) {
        group_sums[local][t] = add_pairs(group_sums[local][t], group_sums[local + half][t]);
      }
    }
  }
  if (local == 0u) {
    for (var t = 0u; t < terms; t++) {
      partials[group.x * terms + t] = group_sums[0][t];
    }
  }
}
