// Both one-sided derivatives of an array along one axis. One invocation takes one interval: it reads six nodes and writes
// u_x^- at the interval's right end and u_x^+ at its left end, so that no arithmetic is done twice and no memory shared.
// Entry `inside` takes the intervals whose nodes stand in the array, entry `walls` the few others, so that the many carry
// neither the code nor the registers of the few.

// #include "weno5_interval.wgsl"
// #include "ghost_difference.wgsl"

const periodic = 0u;
const reflecting = 1u;
const open_wall = 2u;
const exit_wall = 3u;

override lower_wall: u32 = periodic;
override upper_wall: u32 = periodic;
// True where neighbours along the axis are neighbours in memory.
override contiguous: bool = true;
override group_x: u32 = 64u;
override group_y: u32 = 1u;

struct Params {
  // What the first invocation of this dispatch is: a dimension has 65,535 workgroups at most.
  origin: vec3i,
  // Nodes along the axis, neighbours' distance in memory, and blocks of n x stride nodes.
  n: i32,
  stride: i32,
  outer: i32,
  // 3 where both sides' ghosts stand in the array, before and after the nodes of each block; else 0.
  margin: i32,
  // Intervals of this entry, and the first of `inside`: interval i lies between nodes i and i + 1.
  count: i32,
  first: i32,
  inverse_spacing: f32,
  // Epsilon: share of the largest squared difference, and floor, in units of 12 S.
  scale: f32,
  floor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> field: array<f32>;
@group(0) @binding(2) var<storage, read_write> p_minus: array<f32>;
@group(0) @binding(3) var<storage, read_write> p_plus: array<f32>;

// Interval (counted from 0), position within a row of the block, block.
fn place_of(id: vec3u) -> vec3i {
  let at = vec3i(id) + params.origin;
  if (contiguous) { return vec3i(at.x, 0, at.y); }
  return at.yxz;
}

fn is_mine(place: vec3i) -> bool {
  return place.x < params.count && place.y < params.stride && place.z < params.outer;
}

// Both values of an interval from the differences of the five intervals around it: d and last. They are divided by the spacing at
// the end: a compiler that fuses a product with the sum after it would treat the two sides of a symmetric stencil differently,
// and where indicators tie exactly the weights of Z must see it.
fn write_interval(place: vec3i, i: i32, d: vec4f, last: f32) {
  let squares = d * d;
  let largest = max(max(max(squares.x, squares.y), max(squares.z, squares.w)), last * last);
  let correction = interval_correction(vec4f(d.yzw, last) - d, params.scale * largest + params.floor);
  let minus = (7.0 * (d.z + d.w) - (d.y + last)) * (1.0 / 12.0) - correction.x;
  let plus = (7.0 * (d.y + d.z) - (d.x + d.w)) * (1.0 / 12.0) + correction.y;
  let out = place.z * params.n * params.stride + place.y;
  // The last interval of an axis that wraps ends at the first node.
  let wraps = lower_wall == periodic && params.margin == 0;
  let right = select(i + 1, 0, wraps && i + 1 == params.n);
  if (right < params.n) { p_minus[out + right * params.stride] = minus * params.inverse_spacing; }
  if (i >= 0) { p_plus[out + i * params.stride] = plus * params.inverse_spacing; }
}

@compute @workgroup_size(group_x, group_y, 1)
fn inside(@builtin(global_invocation_id) id: vec3u) {
  let place = place_of(id);
  if (!is_mine(place)) { return; }
  let stride = params.stride;
  let i = params.first + place.x;
  let row = place.z * (params.n + 2 * params.margin) + params.margin + i - 2;
  let at = row * stride + place.y;
  let u = vec4f(field[at], field[at + stride], field[at + 2 * stride], field[at + 3 * stride]);
  let v = vec2f(field[at + 4 * stride], field[at + 5 * stride]);
  write_interval(place, i, vec4f(u.yzw, v.x) - u, v.y - v.x);
}

fn wrapped(j: i32) -> i32 {
  return select(select(j, j - params.n, j >= params.n), j + params.n, j < 0);
}

// Node j + 1 less node j of the line that starts at `base`; j may lie up to three before the first or after the last node.
fn difference(base: i32, j: i32) -> f32 {
  let n = params.n;
  let stride = params.stride;
  let upper = j >= n - 1;
  if ((j >= 0 && !upper) || lower_wall == periodic) {
    return field[base + wrapped(j + 1) * stride] - field[base + wrapped(j) * stride];
  }
  let first = base + select(0, n - 1, upper) * stride;
  let inwards = select(stride, -stride, upper);
  let near = vec4f(field[first], field[first + inwards], field[first + 2 * inwards], field[first + 3 * inwards]);
  let step = near.yzw - near.xyz;
  let k = u32(select(-1 - j, j - (n - 1), upper));
  // The value on an exit's wall is 0.
  let size = ghost_difference(select(lower_wall, upper_wall, upper), k, step.x, step.y, step.z, near.x);
  return select(size, -size, upper);
}

@compute @workgroup_size(group_x, group_y, 1)
fn walls(@builtin(global_invocation_id) id: vec3u) {
  let place = place_of(id);
  if (!is_mine(place)) { return; }
  // The three that begin before node 2, and the three that end after node n - 3.
  let i = select(place.x - 1, params.n - 6 + place.x, place.x >= 3);
  // Where the axis wraps, the interval before the first node is the one after the last.
  if (i < 0 && lower_wall == periodic) { return; }
  let base = place.z * params.n * params.stride + place.y;
  var d: array<f32, 5>;
  for (var k = 0; k < 5; k++) { d[k] = difference(base, i - 2 + k); }
  write_interval(place, i, vec4f(d[0], d[1], d[2], d[3]), d[4]);
}
