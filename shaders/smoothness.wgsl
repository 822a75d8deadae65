// Smoothness indicators of independent stencils (Osher & Fedkiw 2003, (3.32)-(3.34)), formed from differences so that a
// large mean does not cancel.

override group_size: u32 = 64u;

struct Params {
  rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> stencils: array<f32>;
@group(0) @binding(2) var<storage, read_write> beta: array<f32>;

fn smoothness(v1: f32, v2: f32, v3: f32, v4: f32, v5: f32) -> vec3f {
  let d = vec4f(v2 - v1, v3 - v2, v4 - v3, v5 - v4);
  let t = d.xyz - d.yzw;
  let f = vec3f(d.x - 3.0 * d.y, d.y + d.z, 3.0 * d.z - d.w);
  return (13.0 / 12.0) * t * t + 0.25 * f * f;
}

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = (id.y * groups.x + id.x) * group_size + lane;
  if (row >= params.rows) { return; }
  let v = 5u * row;
  let s = smoothness(stencils[v], stencils[v + 1u], stencils[v + 2u], stencils[v + 3u], stencils[v + 4u]);
  for (var k = 0u; k < 3u; k++) { beta[3u * row + k] = s[k]; }
}
