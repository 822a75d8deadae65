// The implicit step of the density along lines whose scratch is in storage memory.
// #include "line_in_storage.wgsl"
// #include "implicit_density_line.wgsl"
