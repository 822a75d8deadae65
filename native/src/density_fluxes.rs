//! Face fluxes of the density on one tile (docs/numerics.md section 5.2). A padded tile holds node i of column c at
//! `(i + 3) * w + c`, an unpadded one at `i * w + c`; face j (between nodes j - 1 and j) stands at `j * w + c`.

use crate::discretisation::Boundary;
use crate::fokker_planck::Crossing;
use crate::grid::{Axis, GhostRule, density_rule, fill_ghosts, product_rule};
use crate::real::Real;
use crate::reconstruct::{reconstruct_faces, shifted};
use crate::weno5::{Slopes, WenoReal};

/// Scratch of the high-order flux, each piece n + 6 rows long.
pub struct FluxRows<'a, R> {
    /// b m, padded.
    pub product: &'a mut [R],
    /// |b|, padded.
    pub size: &'a mut [R],
    /// The splitting speed at the faces.
    pub speed: &'a mut [R],
}

/// High-order advective fluxes F of a tile; fills the ghosts of the density.
///
/// `drift`: b at the nodes, unpadded.
#[inline(always)]
pub fn advective_fluxes<R: WenoReal, const V: u8>(
    axis: &Axis<R>,
    w: usize,
    drift: &[R],
    density: &mut [R],
    slopes: &Slopes<R>,
    rows: &mut FluxRows<'_, R>,
    out: &mut [R],
) {
    let n = axis.n;
    let nodes = n * w;
    let pad = 3 * w;
    fill_ghosts(density, n, w, axis.rules(density_rule), [None; 2]);
    let product = &mut rows.product[..nodes + 2 * pad];
    let size = &mut rows.size[..nodes + 2 * pad];
    {
        let inner = &density[pad..pad + nodes];
        let product = &mut product[pad..pad + nodes];
        let size = &mut size[pad..pad + nodes];
        let drift = &drift[..nodes];
        for k in 0..nodes {
            product[k] = drift[k] * inner[k];
            size[k] = drift[k].abs();
        }
    }
    fill_ghosts(product, n, w, axis.rules(product_rule), [None; 2]);
    if axis.periodic() {
        fill_ghosts(size, n, w, [GhostRule::Wrap; 2], [None; 2]);
    } else {
        size[..pad].fill(R::ZERO);
        size[pad + nodes..].fill(R::ZERO);
    }
    let count = nodes + w;
    let speed = &mut rows.speed[..count];
    stencil_speeds(size, w, speed);
    reconstruct_faces::<R, V>(product, density, speed, w, slopes, &mut out[..count]);
    close_walls(axis, w, out);
}

/// The largest |b| of the six nodes around each face.
#[inline(always)]
fn stencil_speeds<R: Real>(size: &[R], w: usize, speed: &mut [R]) {
    let count = speed.len();
    let [s0, s1, s2, s3, s4, s5] = shifted(size, w, count);
    for k in 0..count {
        speed[k] = s0[k].larger(s1[k]).larger(s2[k].larger(s3[k])).larger(s4[k].larger(s5[k]));
    }
}

/// out -= nu G6 of a padded density on every face.
#[inline(always)]
pub fn subtract_slopes<R: Real>(axis: &Axis<R>, w: usize, density: &[R], nu: R, out: &mut [R]) {
    let count = (axis.n + 1) * w;
    let scale = nu * R::from_f64(axis.inverse()) * R::from_f64(1.0 / 180.0);
    {
        let out = &mut out[..count];
        let [m0, m1, m2, m3, m4, m5] = shifted(density, w, count);
        for k in 0..count {
            out[k] -= scale * slope6(m0[k], m1[k], m2[k], m3[k], m4[k], m5[k]);
        }
    }
    close_walls(axis, w, out);
}

/// 180 h G6 from the six nodes around a face.
#[inline(always)]
pub fn slope6<R: Real>(m0: R, m1: R, m2: R, m3: R, m4: R, m5: R) -> R {
    R::from_f64(2.0) * (m5 - m0) - R::from_f64(25.0) * (m4 - m1) + R::from_f64(245.0) * (m3 - m2)
}

/// Low-order fluxes: Scharfetter-Gummel with diffusion (`crossing`: whole cell, half cell), else upwind.
///
/// `drift`: b at the faces; `density`: padded, ghosts not read.
#[inline(always)]
pub fn low_order_fluxes<R: Real>(
    axis: &Axis<R>,
    w: usize,
    drift: &[R],
    density: &[R],
    diffusion: Option<(Crossing, Crossing)>,
    out: &mut [R],
) {
    let n = axis.n;
    let inner = w..n * w;
    let left = &density[3 * w..(n + 2) * w];
    let right = &density[4 * w..(n + 3) * w];
    {
        let drift = &drift[inner.clone()];
        let out = &mut out[inner];
        match diffusion {
            Some((crossing, _)) => {
                for k in 0..drift.len() {
                    let (to_right, to_left) = crossing.speeds(drift[k]);
                    out[k] = to_right * left[k] - to_left * right[k];
                }
            }
            None => {
                for k in 0..drift.len() {
                    let speed = drift[k];
                    out[k] = speed * if speed > R::ZERO { left[k] } else { right[k] };
                }
            }
        }
    }
    let first = &density[3 * w..4 * w];
    let last = &density[(n + 2) * w..(n + 3) * w];
    let wall = |b: R, half: bool| -> (R, R) {
        match diffusion {
            Some((_, crossing)) if half => crossing.speeds(b),
            Some((crossing, _)) => crossing.speeds(b),
            None => (b.larger(R::ZERO), (-b).larger(R::ZERO)),
        }
    };
    for c in 0..w {
        let lower = drift[c];
        out[c] = match axis.sides[0].boundary {
            Boundary::Periodic => {
                let (to_right, to_left) = wall(lower, false);
                to_right * last[c] - to_left * first[c]
            }
            Boundary::Exit => -(wall(lower, true).1 * first[c]),
            Boundary::Reflecting | Boundary::Open => R::ZERO,
        };
        out[n * w + c] = match axis.sides[1].boundary {
            Boundary::Periodic => out[c],
            Boundary::Exit => wall(drift[n * w + c], true).0 * last[c],
            Boundary::Reflecting | Boundary::Open => R::ZERO,
        };
    }
}

/// Nothing passes reflecting and open walls; the two ends of a periodic line are one face.
#[inline(always)]
pub fn close_walls<R: Real>(axis: &Axis<R>, w: usize, faces: &mut [R]) {
    let end = axis.n * w;
    if axis.periodic() {
        faces.copy_within(..w, end);
        return;
    }
    if !axis.exit_at(0) {
        faces[..w].fill(R::ZERO);
    }
    if !axis.exit_at(1) {
        faces[end..end + w].fill(R::ZERO);
    }
}
