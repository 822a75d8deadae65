// The grid, the walls and the numbers of the problem, as src/tiers/webgpu/solve/gridUniform.ts lays them out. Axis arrays hold one
// entry per axis; axis 0 is the slowest. The file that includes this one has a variable `grid: Grid`.
struct Grid {
  // Nodes, stride, kind of the lower and of the upper wall.
  axes: array<vec4u, 3>,
  // 1/h, h, nu/h^2, position of node 0.
  metric: array<vec4f, 3>,
  // Where the wall values of the lower and the upper exit begin within a level of `walls`; lines of the axis.
  walls: array<vec4u, 3>,
  // Epsilon of the derivatives along the axis: share of the largest squared difference, and floor (undivided differences,
  // in units of 12 S); the same for values of fluxes (5.2).
  guard: array<vec4f, 3>,
  // Control, exponent, nu, volume of a cell.
  physics: vec4f,
  // Coupling: strength, exponent or floor or attraction.
  coupling: vec2f,
  // 0, as only the host knows.
  hidden_zero: u32,
  points: u32,
  // Elements between levels of `walls`.
  wall_stride: u32,
  // Bit a is set where axis a has an exit.
  exit_axes: u32,
  has_drift: u32,
}

const periodic = 0u;
const reflecting = 1u;
const open_wall = 2u;
const exit_wall = 3u;

// 0, which no compiler can tell (compensated.wgsl).
fn hidden_zero() -> u32 {
  return grid.hidden_zero;
}

override dimension: u32 = 1u;
override group_x: u32 = 64u;
override group_y: u32 = 1u;
override group_z: u32 = 1u;

// Coordinates of the node that an invocation works on, one per axis.
fn coordinates_of(id: vec3u) -> vec3u {
  if (dimension == 1u) {
    return vec3u(id.x, 0u, 0u);
  }
  if (dimension == 2u) {
    return vec3u(id.y, id.x, 0u);
  }
  return vec3u(id.z, id.y, id.x);
}

fn is_inside(c: vec3u) -> bool {
  return c.x < grid.axes[0].x && (dimension < 2u || c.y < grid.axes[1].x) && (dimension < 3u || c.z < grid.axes[2].x);
}

// From a node to the next along an axis; that along the last one is known to the compiler.
fn stride_of(axis: u32) -> u32 {
  if (axis + 1u == dimension) {
    return 1u;
  }
  return grid.axes[axis].y;
}

fn node_of(c: vec3u) -> u32 {
  var node = c.x * stride_of(0u);
  if (dimension > 1u) {
    node += c.y * stride_of(1u);
  }
  if (dimension > 2u) {
    node += c.z * stride_of(2u);
  }
  return node;
}

// Node i of a line, at most n beyond its ends: there that of the other end, or the mirror's.
fn folded(axis: u32, i: i32) -> u32 {
  let n = i32(grid.axes[axis].x);
  let around = grid.axes[axis].z == periodic;
  if (i < 0) {
    return u32(select(-1 - i, i + n, around));
  }
  if (i >= n) {
    return u32(select(2 * n - 1 - i, i - n, around));
  }
  return u32(i);
}

// Number of the grid line parallel to `axis` through a node: C order of the other axes.
fn line_of(axis: u32, c: vec3u) -> u32 {
  if (dimension == 1u) {
    return 0u;
  }
  if (dimension == 2u) {
    return select(c.x, c.y, axis == 0u);
  }
  if (axis == 0u) {
    return c.y * grid.axes[2].x + c.z;
  }
  if (axis == 1u) {
    return c.x * grid.axes[2].x + c.z;
  }
  return c.x * grid.axes[1].x + c.y;
}
