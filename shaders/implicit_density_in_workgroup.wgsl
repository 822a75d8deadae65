// The implicit step of the density along lines whose scratch is in workgroup memory.
// #include "line_in_workgroup.wgsl"
// #include "implicit_density_line.wgsl"
