//! The processor tier of mfgpu: kernels in f64 and f32 over borrowed arrays.
//!
//! Every operation has the base name that it has in `src/scheme`, in the other tiers and in the shaders. Nothing here
//! decides anything: arguments are checked in TypeScript, and once more here, so that no input whatever can panic or
//! read out of bounds.

pub mod ahead;
pub mod all_slopes;
pub mod anderson;
pub mod balance;
pub mod binding;
pub mod blend;
pub mod call;
pub mod certificate;
pub mod coupling;
pub mod crew;
pub mod density;
pub mod density_diffusion;
pub mod density_fluxes;
pub mod density_march;
pub mod density_sweep;
pub mod derivatives;
pub mod diffusion;
pub mod discretisation;
pub mod drift;
pub mod extremes;
pub mod flux_diffusion;
pub mod fokker_planck;
pub mod grid;
pub mod hamiltonian;
pub mod hamiltonian_rows;
pub mod hamiltonian_whole;
pub mod history;
pub mod hjb_sweep;
pub mod implicit;
pub mod interval_counts;
pub mod lane;
pub mod legendre;
pub mod limiter;
pub mod lines;
pub mod member;
pub mod meter;
pub mod outflow;
pub mod problem;
pub mod real;
pub mod reconstruct;
pub mod report;
pub mod roofs;
pub mod simd;
pub mod slopes;
pub mod sources;
pub mod speeds;
pub mod stage_drift;
pub mod stencils;
pub mod substeps;
pub mod sums;
pub mod threads;
pub mod tile_grid;
pub mod tiles;
pub mod times;
pub mod tridiagonal;
pub mod value_store;
pub mod walls;
pub mod weno5;
pub mod weno5_lines;
pub mod workspace;
pub mod workspace_binding;
pub mod workspace_outcomes;
