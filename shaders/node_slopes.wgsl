// One-sided slopes of u along every axis at a node, and nu Lap6 u. The file that includes this one has what
// first_differences.wgsl and numerical_hamiltonian.wgsl ask for.
// #include "numerical_hamiltonian.wgsl"
// #include "first_differences.wgsl"
// #include "one_sided_slopes.wgsl"

struct ValueSlopes {
  one_sided: OneSided,
  diffusion: f32,
}

// p-, p+ and nu u_aa by the sixth-order formula.
fn slopes_along(axis: u32, c: vec3u, node: u32) -> vec3f {
  let d = first_differences(axis, c, node);
  return vec3f(one_sided_slopes(axis, d), grid.metric[axis].z * laplacian6(d));
}

fn node_slopes(c: vec3u, node: u32) -> ValueSlopes {
  return slopes_with(slopes_along(0u, c, node), c, node);
}

// Those along axis 0 are given. Axis by axis and not in a loop: an index that changes would keep the slopes in memory.
fn slopes_with(x: vec3f, c: vec3u, node: u32) -> ValueSlopes {
  var y = vec3f(0.0);
  var z = vec3f(0.0);
  if (dimension > 1u) {
    y = slopes_along(1u, c, node);
  }
  if (dimension > 2u) {
    z = slopes_along(2u, c, node);
  }
  return ValueSlopes(OneSided(vec3f(x.x, y.x, z.x), vec3f(x.y, y.y, z.y)), x.z + y.z + z.z);
}
