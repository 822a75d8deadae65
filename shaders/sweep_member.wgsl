// What a kernel with a workgroup per member of a batch knows: its member, and the job that it does for it in this dispatch. The
// layout is that of src/tiers/webgpu/solve/lineMembers.ts; all offsets are in elements of the buffer that they lead into.
// #include "grid.wgsl"
// #include "state.wgsl"
struct Offsets {
  // In `numbers`; from one level of the potential to the next, 0 where it is the same at all times.
  drift: u32,
  potential: u32,
  potential_stride: u32,
  // Of RKL2, four numbers each.
  coefficients: u32,
  gaussian: u32,
  // Entries of the Gaussian less one.
  reach: u32,
  // In `constants`.
  goal: u32,
  terminal: u32,
  walls: u32,
  // In the buffer of u: level 0, where a sweep works, and the coarse result of Richardson's extrapolation.
  value: u32,
  work: u32,
  coarse: u32,
  // In those of the density and of the transported density, and the coarse result there.
  density: u32,
  transported: u32,
  coarse_density: u32,
  sources: u32,
  // In `scratch`: what passed the faces in a sub-step, what left through exits, slots of the line that workgroup memory lacks.
  passed: u32,
  totals: u32,
  spilled: u32,
  // From one stored level to the next, everywhere.
  level_stride: u32,
  // Which ways the sweeps go, see below.
  ways: u32,
}

struct Job {
  grid: Grid,
  own: Offsets,
  // Stored levels, of what works on levels.
  first: u32,
  count: u32,
  // What the host reads begins here.
  word: u32,
  // Where the history, or the state, that the job starts from begins.
  start: u32,
  // Its entries in the list that comes with the jobs.
  entry: u32,
  entries: u32,
}

// Bits of `ways`: u balanced, diffused by itself, diffused within the stages; m balanced, diffused; exits.
const value_balanced = 1u;
const value_splits = 2u;
const value_diffusion = 4u;
const density_balanced = 8u;
const density_diffuses = 16u;
const has_exits = 32u;

@group(0) @binding(0) var<storage, read> jobs: array<Job>;
@group(0) @binding(1) var<storage, read_write> words: array<atomic<u32>>;
@group(0) @binding(2) var<storage, read> numbers: array<f32>;
@group(0) @binding(3) var<storage, read> constants: array<State>;

var<private> grid: Grid;
var<private> own: Offsets;
// The first of the stored levels around the moment at hand.
var<private> first_level: u32;

// What decides where barriers stand is read from the job itself: private numbers do not count as the same in every invocation.
fn begin_job(number: u32) {
  grid = jobs[number].grid;
  own = jobs[number].own;
}

fn stage_coefficients(k: u32) -> vec4f {
  let at = own.coefficients + 4u * k;
  return vec4f(numbers[at], numbers[at + 1u], numbers[at + 2u], numbers[at + 3u]);
}

fn drift_at(axis: u32, node: u32) -> f32 {
  if (grid.has_drift == 0u) {
    return 0.0;
  }
  return numbers[own.drift + axis * grid.points + node];
}

fn wall_state(k: u32) -> State {
  return constants[own.walls + first_level * grid.wall_stride + k];
}
