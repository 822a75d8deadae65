//! High-order advective face fluxes of the Fokker-Planck equation on tiles: flux splitting and conservative WENO5
//! (docs/numerics.md section 5.2).
//!
//! The reconstruction of five values at a face is the one-sided slope of five differences (src/scheme/weno5.ts). The
//! loops work on f + alpha m and f - alpha m, twice the split fluxes, which are differences over a spacing of 2.

use std::ops::Range;

use crate::discretisation::{Epsilon, Weno};
use crate::real::Real;
use crate::weno5::{Slopes, WenoReal};

/// Faces between two calls of `also`.
const PIECE: usize = 64;

/// Slopes whose one-sided value is half the reconstruction of what is given.
#[must_use]
pub fn face_slopes<R: WenoReal>(variant: Weno, epsilon: Epsilon) -> Slopes<R> {
    Slopes::new(variant, epsilon, 0.5)
}

/// Writes the flux on `out.len()` faces.
///
/// * `f`: drift times density at the six nodes around every face; `m`: the density there
/// * `speed`: Lax-Friedrichs speed alpha >= |b| of each face
/// * `also`: called before every few faces with their numbers, to ask for memory that is used later: it answers while these are computed
#[inline(always)]
pub fn reconstruct_faces<R: WenoReal, const V: u8, const F: bool>(
    f: [&[R]; 6],
    m: [&[R]; 6],
    speed: &[R],
    slopes: &Slopes<R>,
    out: &mut [R],
    also: impl Fn(Range<usize>),
) {
    let count = out.len();
    for from in (0..count).step_by(PIECE) {
        let piece = from..(from + PIECE).min(count);
        also(piece.clone());
        let out = &mut out[piece.clone()];
        let speed = &speed[piece.clone()];
        let f = f.map(|row| &row[piece.clone()]);
        let m = m.map(|row| &row[piece.clone()]);
        for k in 0..out.len() {
            let a = speed[k];
            let right = [0, 1, 2, 3, 4].map(|j| a.times_plus::<F>(m[j][k], f[j][k]));
            let left = [5, 4, 3, 2, 1].map(|j| (-a).times_plus::<F>(m[j][k], f[j][k]));
            out[k] = R::interval::<V, F>(right, slopes).0 + R::interval::<V, F>(left, slopes).0;
        }
    }
}

/// The six rows of `count` entries that a padded tile's face reads.
#[inline(always)]
pub fn shifted<R: Real>(padded: &[R], w: usize, count: usize) -> [&[R]; 6] {
    [0, 1, 2, 3, 4, 5].map(|j| &padded[j * w..j * w + count])
}
