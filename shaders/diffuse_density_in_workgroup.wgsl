// The density's diffusion along lines whose scratch is in workgroup memory.
// #include "line_in_workgroup.wgsl"
// #include "diffuse_density_line.wgsl"
