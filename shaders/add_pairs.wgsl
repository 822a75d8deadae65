// #include "compensated.wgsl"

// Invocations of a workgroup that sums.
const lanes = 64u;

fn add_pairs(a: vec2f, b: vec2f) -> vec2f {
  let s = two_sum(a.x, b.x);
  return two_sum(s.x, s.y + (a.y + b.y));
}
