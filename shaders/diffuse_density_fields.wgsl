// What the diffusion of the density along the lines of one axis is given, see diffuse_density_line.wgsl.
struct Step {
  axis: u32,
  // Where the axis begins in fields of faces.
  faces: u32,
  tau: f32,
  stages: u32,
  // Coefficient of the first stage; where those of this number of stages begin.
  first: f32,
  coefficients_at: u32,
  // 1: balanced splitting, flux -nu G6 + Q; the low order starts with an upwind step.
  balanced: u32,
  // flux += flux_weight J where record is 1.
  flux_weight: f32,
  record: u32,
  guard: f32,
  // Limited cells are counted here; lines that were done again by implicit Euler in the next word.
  word: u32,
  // The lines of this dispatch: scratch in storage holds so many.
  first_line: u32,
  line_count: u32,
}

@group(0) @binding(0) var<storage, read_write> density: array<State>;
@group(0) @binding(1) var<storage, read> coefficients: array<vec4f>;
@group(0) @binding(2) var<storage, read> frozen: array<f32>;
@group(0) @binding(3) var<storage, read> face_drift: array<f32>;
@group(0) @binding(4) var<storage, read_write> flux: array<f32>;
@group(0) @binding(5) var<storage, read_write> words: array<atomic<u32>>;
@group(1) @binding(1) var<uniform> step: Step;

fn stage_coefficients(k: u32) -> vec4f {
  return coefficients[k];
}

fn node_state(i: u32) -> State {
  return density[line.start + i * line.stride];
}

fn face_drift_at(k: u32) -> f32 {
  return face_drift[line.face + k * line.stride];
}

fn frozen_at(k: u32) -> f32 {
  return frozen[line.face + k * line.stride];
}

// One line; `place` is its number within the dispatch.
fn work_on_line(lane: u32, place: u32) {
  if (place >= step.line_count) {
    return;
  }
  begin_line(place);
  line = line_at(step.first_line + place, step.axis, step.faces);
  diffuse_line(grid.axes[step.axis].x, grid.axes[step.axis].z == periodic, step.stages, lane);
  blend_line(lane);
  for (var i = lane; i < line.n; i += lanes) {
    density[line.start + i * line.stride] = after_fluxes(low_density(i), high, i);
  }
  if (step.record == 1u) {
    for (var k = lane; k <= line.n; k += lanes) {
      flux[line.face + k * line.stride] += step.flux_weight * (flux_at(low, k) + flux_at(high, k));
    }
  }
  report_limited(lane);
}
