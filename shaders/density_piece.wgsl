// The numbers of one Strang step of the density; of one implicit step in sweep_implicit.wgsl, which reads those of the middle.
struct Strang {
  // Weights of the four stored levels at the start, the end and the middle of the step, for u and the walls.
  at_start: vec4f,
  at_end: vec4f,
  at_middle: vec4f,
  // The level that the others are compared with at these moments.
  near: vec4u,
  // passed += these times what passed each face where record is 1: of a diffusion, of the first two stages, of the last one.
  flux_weights: vec4f,
  axis: u32, // 0
  // Length of the step, and of each diffusion.
  dt: f32,
  tau: f32,
  first: f32,
  coefficients_at: u32,
  // 1: balanced splitting.
  balanced: u32,
  record: u32,
  guard: f32,
  // Limited cells are counted here; lines that were done again by implicit Euler in the next word.
  word: u32,
}
