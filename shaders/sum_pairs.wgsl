// Sums of pairs in a fixed order. The file that includes this one has `const terms`, `fn term(node: u32) -> array<vec2f, terms>`
// and an entry point that calls `sum_pairs`, and `keep_sum(group, term, sum)` takes what comes of it. One barrier: what is cheap here is
// the compiler's work too.
// #include "add_pairs.wgsl"
var<workgroup> lane_sums: array<vec2f, lanes * terms>;

fn sum_pairs(local: u32, group: u32, groups: u32, count: u32) {
  var sums: array<vec2f, terms>;
  for (var node = group * lanes + local; node < count; node += lanes * groups) {
    let added = term(node);
    for (var t = 0u; t < terms; t++) {
      sums[t] = add_pairs(sums[t], added[t]);
    }
  }
  for (var t = 0u; t < terms; t++) {
    lane_sums[t * lanes + local] = sums[t];
  }
  workgroupBarrier();
  if (local < terms) {
    var sum = vec2f(0.0);
    for (var lane = 0u; lane < lanes; lane++) {
      sum = add_pairs(sum, lane_sums[local * lanes + lane]);
    }
    keep_sum(group, local, sum);
  }
}
