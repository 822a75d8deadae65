//! The processor tier of mfgpu: kernels in f64 and f32 over borrowed arrays.
//!
//! Every operation has the base name that it has in `src/scheme`, in the other tiers and in the shaders. Nothing here
//! decides anything: arguments are checked in TypeScript, and once more here, so that no input whatever can panic or
//! read out of bounds.

pub mod binding;
pub mod call;
pub mod crew;
pub mod derivatives;
pub mod discretisation;
pub mod grid;
pub mod lines;
pub mod real;
pub mod simd;
pub mod stencils;
pub mod threads;
pub mod times;
pub mod walls;
pub mod weno5;
