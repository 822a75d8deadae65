// Both one-sided derivatives of an array along one axis. One invocation takes one interval: it reads six nodes and writes
// u_x^- at the interval's right end and u_x^+ at its left end, so that no arithmetic is done twice and no memory shared.

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
  // Nodes along the axis, neighbours' distance in memory, and blocks of n x stride nodes.
  n: i32,
  stride: i32,
  outer: i32,
  // 3 where both sides' ghosts stand in the array, before and after the nodes of each block; else 0.
  margin: i32,
  inverse_spacing: f32,
  scale: f32,
  floor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> field: array<f32>;
@group(0) @binding(2) var<storage, read_write> p_minus: array<f32>;
@group(0) @binding(3) var<storage, read_write> p_plus: array<f32>;

// True where the line goes on beyond its last node with its first.
fn wraps() -> bool {
  return lower_wall == periodic && params.margin == 0;
}

// Node j + 1 less node j of the line that starts at `base`; j may lie up to three before the first or after the last node.
fn difference(base: i32, j: i32) -> f32 {
  let n = params.n;
  let stride = params.stride;
  if ((j >= 0 && j + 1 < n) || params.margin > 0) { return field[base + (j + 1) * stride] - field[base + j * stride]; }
  if (lower_wall == periodic) {
    return field[base + wrapped(j + 1) * stride] - field[base + wrapped(j) * stride];
  }
  let upper = j >= n - 1;
  let first = base + select(0, n - 1, upper) * stride;
  let inwards = select(stride, -stride, upper);
  let near = vec4f(field[first], field[first + inwards], field[first + 2 * inwards], field[first + 3 * inwards]);
  let step = near.yzw - near.xyz;
  let k = u32(select(-1 - j, j - (n - 1), upper));
  // The value on an exit's wall is 0.
  let size = ghost_difference(select(lower_wall, upper_wall, upper), k, step.x, step.y, step.z, near.x);
  return select(size, -size, upper);
}

fn wrapped(j: i32) -> i32 {
  return select(select(j, j - params.n, j >= params.n), j + params.n, j < 0);
}

fn interval(block: i32, i: i32, inner: i32) {
  let n = params.n;
  let stride = params.stride;
  let base = (block * (n + 2 * params.margin) + params.margin) * stride + inner;
  // Slopes of the five intervals around this one, which is the middle one.
  var d: array<f32, 5>;
  if (i >= 2 && i + 3 < n) {
    var at = base + (i - 2) * stride;
    var u = field[at];
    for (var k = 0; k < 5; k++) {
      at += stride;
      let next = field[at];
      d[k] = (next - u) * params.inverse_spacing;
      u = next;
    }
  } else {
    for (var k = 0; k < 5; k++) { d[k] = difference(base, i - 2 + k) * params.inverse_spacing; }
  }
  let squares = max(max(d[0] * d[0], d[1] * d[1]), max(d[3] * d[3], d[4] * d[4]));
  let guard = params.scale * max(squares, d[2] * d[2]) + params.floor;
  let correction = interval_correction(vec4f(d[1] - d[0], d[2] - d[1], d[3] - d[2], d[4] - d[3]), guard);
  let minus = (7.0 * (d[2] + d[3]) - (d[1] + d[4])) * (1.0 / 12.0) - correction.x;
  let plus = (7.0 * (d[1] + d[2]) - (d[0] + d[3])) * (1.0 / 12.0) + correction.y;
  let out = block * n * stride + inner;
  if (i + 1 < n) { p_minus[out + (i + 1) * stride] = minus; } else if (wraps()) { p_minus[out] = minus; }
  if (i >= 0) { p_plus[out + i * stride] = plus; }
}

// Strides over the grid, so that any array fits the largest number of workgroups, without a division.
@compute @workgroup_size(group_x, group_y, 1)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let size = vec3i(groups) * vec3i(i32(group_x), i32(group_y), 1);
  // The interval before the first node is the one after the last where the axis wraps.
  let first = select(-1, 0, wraps());
  let at = vec3i(id);
  if (contiguous) {
    for (var block = at.y; block < params.outer; block += size.y) {
      for (var i = at.x + first; i < params.n; i += size.x) { interval(block, i, 0); }
    }
  } else {
    for (var block = at.z; block < params.outer; block += size.z) {
      for (var i = at.y + first; i < params.n; i += size.y) {
        for (var inner = at.x; inner < params.stride; inner += size.x) { interval(block, i, inner); }
      }
    }
  }
}
