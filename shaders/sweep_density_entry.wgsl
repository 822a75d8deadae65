// What the forward sweeps of members with a workgroup each share: their lists, the density that they move on from level to level,
// and what leaves through exits (outflow.wgsl). The file that includes this one brings `take`, `put` and `line_barrier`.
// #include "sweep_member.wgsl"
// #include "density_piece.wgsl"
// #include "compensated.wgsl"
struct Passage {
  // Weights of the four levels of walls in the middle of the sub-step: the exit values paid.
  paid_at: vec4f,
  first_level: u32,
  // The stored level that is being made.
  level: u32,
  // Six words from the job's first one: limited cells, lines done again; mass and cost that have left, as pairs.
  word: u32,
  stages: u32,
  // What becomes of the result, see below.
  outcome: u32,
  // Bits: the first piece of a sub-step, of an interval, of a sweep; the last one of an interval or of the job, which reports.
  place: u32,
}

struct Entry {
  strang: Strang,
  passage: Passage,
}

// Outcomes: the result replaces m; it is kept apart, for its fluxes alone; the next piece goes on with it; it replaces m, corrected
// over the splitting by Richardson's rule.
const replaces = 0u;
const is_coarse = 1u;
const goes_on = 2u;
const is_corrected = 3u;

const begins_substep = 1u;
const begins_interval = 2u;
const begins_sweep = 4u;
const reports = 8u;

@group(0) @binding(4) var<storage, read> values: array<State>;
@group(0) @binding(5) var<storage, read_write> transported: array<State>;
@group(0) @binding(6) var<storage, read> entries: array<Entry>;
@group(0) @binding(7) var<storage, read_write> scratch: array<f32>;

var<private> step: Strang;
// Where the density stands that the piece works on, and u of level 0.
var<private> density_at: u32;
var<private> values_at: u32;

fn node_state(i: u32) -> State {
  return transported[density_at + i];
}

fn set_node_state(i: u32, state: State) {
  transported[density_at + i] = state;
}

fn stored_value(j: u32, i: u32) -> State {
  return values[values_at + (first_level + j) * own.level_stride + i];
}

fn passed_at(k: u32) -> f32 {
  return scratch[own.passed + k];
}

fn add_passed(k: u32, flux: f32) {
  scratch[own.passed + k] += flux;
}

// Before a piece: copies what it starts from, clears what it adds to.
fn begin_piece(passage: Passage, n: u32, lane: u32) {
  first_level = passage.first_level;
  density_at = own.transported + passage.level * own.level_stride;
  for (var i = lane; i < n; i += lanes) {
    if ((passage.place & begins_interval) != 0u) {
      transported[density_at + i] = transported[density_at - own.level_stride + i];
    }
    if (passage.outcome == is_coarse) {
      transported[own.coarse_density + i] = transported[density_at + i];
    }
  }
  if (passage.outcome == is_coarse) {
    density_at = own.coarse_density;
  }
  if ((passage.place & begins_substep) != 0u) {
    for (var k = lane; k <= n; k += lanes) {
      scratch[own.passed + k] = 0.0;
    }
  }
  if ((passage.place & begins_sweep) != 0u && lane < 4u) {
    scratch[own.totals + lane] = 0.0;
  }
  storageBarrier();
  line_barrier();
}

fn add_total(k: u32, amount: f32) {
  let total = two_sum(scratch[own.totals + 2u * k], scratch[own.totals + 2u * k + 1u] + amount);
  scratch[own.totals + 2u * k] = total.x;
  scratch[own.totals + 2u * k + 1u] = total.y;
}

// What leaves through one wall: mass and cost.
fn leaving(upper: bool, through: f32, paid_at: vec4f) -> vec2f {
  let at = select(grid.walls[0].x, grid.walls[0].y, upper);
  var paid = 0.0;
  for (var j = 0u; j < 4u; j++) {
    if (paid_at[j] != 0.0) {
      paid += paid_at[j] * value_of(wall_state(at + j * grid.wall_stride));
    }
  }
  let mass = grid.physics.w * through;
  return vec2f(mass, mass * paid);
}

// Counts weight times what passed both walls. One invocation's work.
fn count_outflow(weight: f32, below: f32, above: f32, paid_at: vec4f) {
  var sum = vec2f(0.0);
  if (grid.axes[0].z == exit_wall) {
    sum += leaving(false, -below, paid_at);
  }
  if (grid.axes[0].w == exit_wall) {
    sum += leaving(true, above, paid_at);
  }
  add_total(0u, weight * sum.x);
  add_total(1u, weight * sum.y);
}

fn report_outflow(word: u32) {
  for (var k = 0u; k < 4u; k++) {
    atomicStore(&words[word + 2u + k], bitcast<u32>(scratch[own.totals + k]));
  }
}
