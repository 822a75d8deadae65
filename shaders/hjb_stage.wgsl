// One Runge-Kutta stage of u_s = -Hhat + S - q (+ nu Lap u): slope <- keep slope + S - q - Hhat(u) (+ nu Lap6 u), out <- base (+)
// weight slope (docs/numerics.md sections 3.2 and 8.2), in one pass: S = V + f(m) at the moment of the stage from four stored
// levels, q the frozen source of balanced splitting (5.2).
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "value_slopes.wgsl"
// #include "stored_source.wgsl"
struct Step {
  moment: vec4f,
  // Weights of the four levels of S.
  weights: vec4f,
  keep: f32,
  // 1: subtract the frozen source.
  balanced: u32,
  speed_word: u32,
  speed_scale: f32,
  // 1: report the largest rate (not with glf, where it is measured before).
  report: u32,
  diffusion: u32,
  weight: f32,
  // 1: `out` holds the base already.
  in_place: u32,
  // 1: nobody asks for the slope.
  is_last: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> u: array<State>;
@group(0) @binding(1) var<storage, read> walls: array<State>;
@group(0) @binding(2) var<storage, read> drift: array<f32>;
@group(0) @binding(3) var<storage, read_write> words: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read> base: array<State>;
@group(0) @binding(5) var<storage, read> source0: array<f32>;
@group(0) @binding(6) var<storage, read> source1: array<f32>;
@group(0) @binding(7) var<storage, read> source2: array<f32>;
@group(0) @binding(8) var<storage, read> source3: array<f32>;
@group(0) @binding(9) var<storage, read> balance: array<f32>;
@group(0) @binding(10) var<storage, read_write> slope: array<f32>;
@group(0) @binding(11) var<storage, read_write> out: array<State>;

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = coordinates_of(id);
  let inside = is_inside(c);
  var alpha = vec3f(0.0);
  if (inside) {
    let node = node_of(c);
    let slopes = node_slopes(c, node);
    alpha = dissipation(slopes.one_sided, node);
    var kept = 0.0;
    if (step.keep != 0.0) {
      kept = step.keep * slope[node];
    }
    var rate = with_source(kept, node);
    if (step.balanced == 1u) {
      rate -= balance[node];
    }
    rate -= numerical_hamiltonian(slopes.one_sided, node, shared_alpha(alpha, step.speed_word));
    if (step.diffusion == 1u) {
      rate += slopes.diffusion;
    }
    if (step.is_last == 0u) {
      slope[node] = rate;
    }
    var from_state: State;
    if (step.in_place == 1u) {
      from_state = out[node];
    } else {
      from_state = base[node];
    }
    out[node] = add_increment(from_state, step.weight * rate);
  }
  if (step.report == 1u) {
    report_speed(alpha, inside, local, step.speed_word, step.speed_scale);
  }
}
