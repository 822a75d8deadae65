// One-sided slopes of u along every axis at a node, and nu Lap6 u. The file that includes this one has what
// first_differences.wgsl and numerical_hamiltonian.wgsl ask for.
// #include "numerical_hamiltonian.wgsl"
// #include "first_differences.wgsl"
// #include "one_sided_slopes.wgsl"

struct ValueSlopes {
  one_sided: OneSided,
  diffusion: f32,
}

fn node_slopes(c: vec3u, node: u32) -> ValueSlopes {
  var slopes: ValueSlopes;
  for (var a = 0u; a < dimension; a++) {
    let d = first_differences(a, c, node);
    let p = one_sided_slopes(a, d);
    slopes.one_sided.minus[a] = p.x;
    slopes.one_sided.plus[a] = p.y;
    slopes.diffusion += grid.metric[a].z * laplacian6(d);
  }
  return slopes;
}
