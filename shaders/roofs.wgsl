// Micro-kernels of the two roofs: a copy that no cache holds, and chains of fused products and sums that wait for no memory.

override group_size: u32 = 256u;
override rounds: u32 = 256u;

@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> copied: array<vec4f>;

fn place(id: vec3u, groups: vec3u, lane: u32) -> u32 {
  return (id.y * groups.x + id.x) * group_size + lane;
}

@compute @workgroup_size(group_size)
fn copy(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = place(id, groups, lane);
  if (i < arrayLength(&copied)) { copied[i] = source[i]; }
}

// Four chains of four lanes: 4 x 4 x 2 operations a round.
@compute @workgroup_size(group_size)
fn multiply_add(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = place(id, groups, lane) % arrayLength(&copied);
  let a = source[0];
  let b = source[1];
  var x0 = source[i % arrayLength(&source)];
  var x1 = x0 + b;
  var x2 = x1 + b;
  var x3 = x2 + b;
  for (var k = 0u; k < rounds; k++) {
    x0 = fma(x0, a, b);
    x1 = fma(x1, a, b);
    x2 = fma(x2, a, b);
    x3 = fma(x3, a, b);
  }
  copied[i] = x0 + x1 + x2 + x3;
}
