// rate -= Hhat(x, p-, p+), and += nu Lap6 u where asked for; the largest sum_a alpha_a / h_a, or with the flux glf the largest
// alpha of each axis, goes to `words` (docs/numerics.md section 3.1).
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "value_slopes.wgsl"
struct Step {
  // Weights of the four levels of `walls`.
  moment: vec4f,
  // Where the largest rate times `speed_scale` goes; with glf one word per axis, unscaled.
  speed_word: u32,
  speed_scale: f32,
  // 1: only measure; 2: only apply, with the maxima of glf; 3: both.
  parts: u32,
  diffusion: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> u: array<State>;
@group(0) @binding(1) var<storage, read> walls: array<State>;
@group(0) @binding(2) var<storage, read> drift: array<f32>;
@group(0) @binding(3) var<storage, read_write> words: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> rate: array<f32>;

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = coordinates_of(id);
  let inside = is_inside(c);
  var speed = vec3u(0u);
  if (inside) {
    let node = node_of(c);
    let slopes = node_slopes(c, node);
    let alpha = dissipation(slopes.one_sided, node);
    speed = speed_bits(alpha, step.speed_scale);
    if ((step.parts & 2u) != 0u) {
      var change = -numerical_hamiltonian(slopes.one_sided, node, shared_alpha(alpha, step.speed_word));
      if (step.diffusion == 1u) {
        change += slopes.diffusion;
      }
      rate[node] = rate[node] + change;
    }
  }
  if ((step.parts & 1u) != 0u) {
    report_speed(speed, local, step.speed_word);
  }
}
