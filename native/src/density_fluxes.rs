//! Face fluxes of the density on one tile (docs/numerics.md section 5.2). A padded tile holds node i of column c at
//! `(i + 3) * w + c`, an unpadded one at `i * w + c`; face j (between nodes j - 1 and j) stands at `j * w + c`.

use std::ops::Range;

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
/// `drift`: b at the nodes, unpadded; `also`: see [`reconstruct_faces`].
#[inline(always)]
pub fn advective_fluxes<R: WenoReal, const V: u8, const F: bool>(
    axis: &Axis<R>,
    w: usize,
    drift: &[R],
    [density, out]: [&mut [R]; 2],
    slopes: &Slopes<R>,
    rows: &mut FluxRows<'_, R>,
    also: impl Fn(Range<usize>),
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
    stencil_speeds(shifted(size, w, count), speed);
    let rows = (shifted(product, w, count), shifted(density, w, count));
    reconstruct_faces::<R, V, F>(rows.0, rows.1, speed, slopes, &mut out[..count], also);
    close_walls(axis, w, out);
}

/// The largest |b| of the six nodes around each face.
#[inline(always)]
pub fn stencil_speeds<R: Real>(size: [&[R]; 6], speed: &mut [R]) {
    let count = speed.len();
    let [s0, s1, s2, s3, s4, s5] = size.map(|row| &row[..count]);
    for k in 0..count {
        speed[k] = s0[k].larger(s1[k]).larger(s2[k].larger(s3[k])).larger(s4[k].larger(s5[k]));
    }
}

/// out -= nu G6 of a padded density on every face.
#[inline(always)]
pub fn subtract_slopes<R: Real>(axis: &Axis<R>, w: usize, density: &[R], nu: R, out: &mut [R]) {
    let count = (axis.n + 1) * w;
    subtract_slope_row(axis, nu, shifted(density, w, count), &mut out[..count]);
    close_walls(axis, w, out);
}

/// out -= nu G6 from the density at the six nodes around every face.
#[inline(always)]
pub fn subtract_slope_row<R: Real>(axis: &Axis<R>, nu: R, density: [&[R]; 6], out: &mut [R]) {
    let count = out.len();
    let scale = nu * R::from_f64(axis.inverse()) * R::from_f64(1.0 / 180.0);
    let [m0, m1, m2, m3, m4, m5] = density.map(|row| &row[..count]);
    for k in 0..count {
        out[k] -= scale * slope6(m0[k], m1[k], m2[k], m3[k], m4[k], m5[k]);
    }
}

/// 180 h G6 from the six nodes around a face.
#[inline(always)]
pub fn slope6<R: Real>(m0: R, m1: R, m2: R, m3: R, m4: R, m5: R) -> R {
    R::from_f64(2.0) * (m5 - m0) - R::from_f64(25.0) * (m4 - m1) + R::from_f64(245.0) * (m3 - m2)
}

/// Low-order fluxes of a tile: Scharfetter-Gummel with diffusion (`crossing`: whole cell, half cell), else upwind.
///
/// `drift`: b at the faces; `density`: padded, ghosts not read.
#[inline(always)]
pub fn low_order_fluxes<R: Real>(
    axis: &Axis<R>,
    w: usize,
    drift: &[R],
    density: &[R],
    crossing: Option<(Crossing, Crossing)>,
    out: &mut [R],
) {
    let end = axis.n * w;
    let node = |i: usize| &density[(i + 3) * w..(i + 4) * w];
    let ends = [node(0), node(axis.n - 1)];
    low_order_row(&drift[w..end], [&density[3 * w..], &density[4 * w..]], crossing, &mut out[w..end]);
    low_order_wall(axis, 0, &drift[..w], ends, crossing, &mut out[..w]);
    low_order_wall(axis, 1, &drift[end..end + w], ends, crossing, &mut out[end..end + w]);
}

/// Low-order fluxes of a row of faces between the nodes `left` and `right`.
#[inline(always)]
pub fn low_order_row<R: Real>(
    drift: &[R],
    [left, right]: [&[R]; 2],
    crossing: Option<(Crossing, Crossing)>,
    out: &mut [R],
) {
    let count = out.len();
    let (drift, left, right) = (&drift[..count], &left[..count], &right[..count]);
    match crossing {
        Some((crossing, _)) => {
            for k in 0..count {
                let (to_right, to_left) = crossing.speeds(drift[k]);
                out[k] = to_right * left[k] - to_left * right[k];
            }
        }
        None => {
            for k in 0..count {
                let speed = drift[k];
                out[k] = speed * if speed > R::ZERO { left[k] } else { right[k] };
            }
        }
    }
}

/// Low-order fluxes of a row of faces on the lower (0) or upper (1) side, from the first and the last node of its lines.
#[inline(always)]
pub fn low_order_wall<R: Real>(
    axis: &Axis<R>,
    side: usize,
    drift: &[R],
    [first, last]: [&[R]; 2],
    crossing: Option<(Crossing, Crossing)>,
    out: &mut [R],
) {
    let speeds = |b: R, half: bool| -> (R, R) {
        match crossing {
            Some((_, crossing)) if half => crossing.speeds(b),
            Some((crossing, _)) => crossing.speeds(b),
            None => (b.larger(R::ZERO), (-b).larger(R::ZERO)),
        }
    };
    for c in 0..out.len() {
        out[c] = match axis.sides[side].boundary {
            Boundary::Periodic => {
                let (to_right, to_left) = speeds(drift[c], false);
                to_right * last[c] - to_left * first[c]
            }
            Boundary::Exit if side == 0 => -(speeds(drift[c], true).1 * first[c]),
            Boundary::Exit => speeds(drift[c], true).0 * last[c],
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
