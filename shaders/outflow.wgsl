// Adds up the mass that leaves through exits and what it pays there (src/tiers/host/outflow.ts): one workgroup over all exit
// walls. totals[0] is the mass as a pair, totals[1] the cost.
// #include "solve_grid.wgsl"
// #include "state.wgsl"
// #include "compensated.wgsl"
struct Step {
  // Weights of the four levels of `walls`: the exit values paid.
  moment: vec4f,
  faces: vec4u,
  // Counts weight times the time-integrated wall fluxes.
  weight: f32,
  // The totals so far are left in four words from here.
  word: u32,
}

@group(0) @binding(0) var<storage, read> flux: array<f32>;
@group(0) @binding(1) var<storage, read> walls: array<State>;
@group(0) @binding(2) var<storage, read_write> totals: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> words: array<atomic<u32>>;
@group(1) @binding(1) var<uniform> step: Step;

var<workgroup> left: array<vec2f, 64>;

// What leaves through one wall face: mass and cost.
fn leaving(axis: u32, upper: bool, line: u32) -> vec2f {
  let n = grid.axes[axis].x;
  let stride = grid.axes[axis].y;
  let inner = line % stride;
  let first = step.faces[axis] + (line - inner) * (n + 1u) + inner;
  let through = select(-flux[first], flux[first + n * stride], upper);
  let at = select(grid.walls[axis].x, grid.walls[axis].y, upper) + line;
  var paid = 0.0;
  for (var j = 0u; j < 4u; j++) {
    if (step.moment[j] != 0.0) {
      paid += step.moment[j] * value_of(walls[at + j * grid.wall_stride]);
    }
  }
  let mass = grid.physics.w * through;
  return vec2f(mass, mass * paid);
}

fn add_pair(at: u32, amount: f32) {
  let total = two_sum(totals[at].x, totals[at].y + amount);
  totals[at] = total;
  atomicStore(&words[step.word + 2u * at], bitcast<u32>(total.x));
  atomicStore(&words[step.word + 2u * at + 1u], bitcast<u32>(total.y));
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = vec2f(0.0);
  for (var a = 0u; a < dimension; a++) {
    for (var line = lane; line < grid.walls[a].z; line += 64u) {
      if (grid.axes[a].z == exit_wall) {
        sum += leaving(a, false, line);
      }
      if (grid.axes[a].w == exit_wall) {
        sum += leaving(a, true, line);
      }
    }
  }
  left[lane] = sum;
  for (var half = 32u; half > 0u; half = half >> 1u) {
    workgroupBarrier();
    if (lane < half) {
      left[lane] += left[lane + half];
    }
  }
  if (lane == 0u) {
    add_pair(0u, step.weight * left[0].x);
    add_pair(1u, step.weight * left[0].y);
  }
}
