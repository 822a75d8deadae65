// What a job on whole histories is given: where plain histories begin in `histories`, what is done, and with which numbers.
struct HistoryEntry {
  first: u32,
  second: u32,
  third: u32,
  mode: u32,
  keep: f32,
  x: f32,
  y: f32,
}

// Modes of all_additions.wgsl: marks what would be negative, adds, blends.
const adds = 1u;
const blends = 2u;
// Modes of all_combinations.wgsl: combines, rotates; and with the density, the residual that is kept or appended.
const combines = 0u;
const rotates = 1u;
const appends = 1u;
