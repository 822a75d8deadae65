// The density's diffusion along lines whose scratch is in storage memory.
// #include "line_in_storage.wgsl"
// #include "diffuse_density_line.wgsl"
