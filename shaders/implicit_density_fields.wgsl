// What the implicit step of the density along the lines of one axis is given, see implicit_density_line.wgsl.
struct Step {
  axis: u32,
  // Where the axis begins in fields of faces.
  faces: u32,
  tau: f32,
  // flux += the fluxes where record is 1.
  record: u32,
  // The lines of this dispatch: scratch in storage holds so many.
  first_line: u32,
  line_count: u32,
}

@group(0) @binding(0) var<storage, read_write> density: array<State>;
@group(0) @binding(1) var<storage, read> face_drift: array<f32>;
@group(0) @binding(2) var<storage, read_write> flux: array<f32>;
@group(1) @binding(1) var<uniform> step: Step;

fn node_state(i: u32) -> State {
  return density[line.start + i * line.stride];
}

fn set_node_state(i: u32, state: State) {
  density[line.start + i * line.stride] = state;
}

fn face_drift_at(k: u32) -> f32 {
  return face_drift[line.face + k * line.stride];
}

fn add_passed(k: u32, through: f32) {
  flux[line.face + k * line.stride] += through;
}

// One line; `place` is its number within the dispatch.
fn work_on_line(lane: u32, place: u32) {
  if (place >= step.line_count) {
    return;
  }
  begin_line(place);
  line = line_at(step.first_line + place, step.axis, step.faces);
  implicit_line(grid.axes[step.axis].x, grid.axes[step.axis].z == periodic, lane);
}
