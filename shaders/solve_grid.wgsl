// What every kernel of a solve knows of its member.
// #include "grid.wgsl"
@group(1) @binding(0) var<uniform> grid: Grid;
