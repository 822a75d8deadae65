// Nonlinear JS weights of independent stencils (Osher & Fedkiw 2003, (3.39)-(3.41)): linear/(beta + epsilon)^2, normalized.

override group_size: u32 = 64u;

// Indicators and epsilon below f32's normal numbers may count as zero, so small ones are taken times this power of two.
const lift = 18446744073709551616.0;

struct Params {
  linear: vec3f,
  rows: u32,
  epsilon: f32,
  // epsilon times `lift`. Both are at least 1e-37.
  lifted_epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> beta: array<f32>;
@group(0) @binding(2) var<storage, read_write> weights: array<f32>;

// Ratios to the least indicator keep every square within [0, 1].
fn js_weights(beta: vec3f) -> vec3f {
  let small = max(beta.x, max(beta.y, beta.z)) < 1e-10;
  let b = select(beta + params.epsilon, beta * lift + params.lifted_epsilon, small);
  let r = min(b.x, min(b.y, b.z)) / b;
  let a = params.linear * r * r;
  return a / (a.x + a.y + a.z);
}

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = (id.y * groups.x + id.x) * group_size + lane;
  if (row >= params.rows) { return; }
  let at = 3u * row;
  let w = js_weights(vec3f(beta[at], beta[at + 1u], beta[at + 2u]));
  for (var k = 0u; k < 3u; k++) { weights[at + k] = w[k]; }
}
