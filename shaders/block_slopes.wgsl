// Slopes along axis 0 at the four nodes of a block, one after the other along that axis: ten nodes are read for 28, and five
// intervals corrected for eight. The results are those of `slopes_along`.
// #include "node_slopes.wgsl"

const block_nodes = 4u;

struct BlockSlopes {
  first: vec3f,
  second: vec3f,
  third: vec3f,
  fourth: vec3f,
}

// Whether neither wall is near the block whose first node has these coordinates.
fn is_inner_block(c: vec3u) -> bool {
  return c.x >= 3u && c.x + block_nodes + 3u <= grid.axes[0].x;
}

fn slopes_of(d: Six, before: vec2f, after: vec2f) -> vec3f {
  return vec3f(corrected_slopes(0u, d, before.x, after.y), grid.metric[0].z * laplacian6(d));
}

// Of an inner block.
fn block_slopes(node: u32) -> BlockSlopes {
  let stride = stride_of(0u);
  let start = node - 3u * stride;
  let n0 = number_at(start);
  let n1 = number_at(start + stride);
  let n2 = number_at(start + 2u * stride);
  let n3 = number_at(start + 3u * stride);
  let n4 = number_at(start + 4u * stride);
  let n5 = number_at(start + 5u * stride);
  let n6 = number_at(start + 6u * stride);
  let n7 = number_at(start + 7u * stride);
  let n8 = number_at(start + 8u * stride);
  let n9 = number_at(start + 9u * stride);
  let a = number_step(n0, n1);
  let b = number_step(n1, n2);
  let c = number_step(n2, n3);
  let d = number_step(n3, n4);
  let e = number_step(n4, n5);
  let f = number_step(n5, n6);
  let g = number_step(n6, n7);
  let h = number_step(n7, n8);
  let i = number_step(n8, n9);
  let before = correction_between(0u, a, b, c, d, e);
  let first = correction_between(0u, b, c, d, e, f);
  let second = correction_between(0u, c, d, e, f, g);
  let third = correction_between(0u, d, e, f, g, h);
  let fourth = correction_between(0u, e, f, g, h, i);
  return BlockSlopes(
    slopes_of(Six(a, b, c, d, e, f), before, first),
    slopes_of(Six(b, c, d, e, f, g), first, second),
    slopes_of(Six(c, d, e, f, g, h), second, third),
    slopes_of(Six(d, e, f, g, h, i), third, fourth),
  );
}

fn slopes_in(block: BlockSlopes, k: u32) -> vec3f {
  let lower = select(block.first, block.second, k == 1u);
  let upper = select(block.third, block.fourth, k == 3u);
  return select(lower, upper, k >= 2u);
}
