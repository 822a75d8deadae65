//! Flux blending on tiles (docs/numerics.md section 5.2): antidiffusive fluxes A are added as far as no cell is emptied.
//! Two passes: what a cell may give away (R), then eta A with eta = R of the cell that the flux leaves.

use crate::grid::Axis;
use crate::real::Real;

/// Share of a cell's mass that may leave it: all but the guard of `R`.
#[inline(always)]
fn keep<R: Real>() -> R {
    R::ONE - R::LIMITER_GUARD
}

/// out = the outgoing parts of A of each cell over h: pos(A) on the right face, pos(-A) on the left.
#[inline(always)]
pub fn outgoing<R: Real>(n: usize, w: usize, inverse: R, faces: &[R], out: &mut [R]) {
    let nodes = n * w;
    let (left, right, out) = (&faces[..nodes], &faces[w..w + nodes], &mut out[..nodes]);
    for k in 0..nodes {
        out[k] = outflow(left[k], right[k]) * inverse;
    }
}

/// pos(right) + pos(-left)
#[inline(always)]
pub fn outflow<R: Real>(left: R, right: R) -> R {
    let above = if right > R::ZERO { right } else { R::ZERO };
    let below = if left < R::ZERO { left } else { R::ZERO };
    above - below
}

/// R = min(1, (1 - guard) pos(mL)/O) of a cell that loses `out`.
#[inline(always)]
pub fn ratio<R: Real>(mass: R, out: R) -> R {
    let available = if mass > R::ZERO { keep::<R>() * mass } else { R::ZERO };
    if out > available { available / out } else { R::ONE }
}

/// Ratios of a row of cells into `ratios`; returns how many are below 1.
#[inline(always)]
pub fn ratios<R: Real>(mass: &[R], out: &[R], tau: R, ratios: &mut [R]) -> u64 {
    let mut limited = 0;
    let out = &out[..mass.len()];
    let ratios = &mut ratios[..mass.len()];
    for k in 0..mass.len() {
        let r = ratio(mass[k], tau * out[k]);
        ratios[k] = r;
        limited += u64::from(r < R::ONE);
    }
    limited
}

/// Ratios beyond the walls: those of the other end on a periodic axis, else 1. `ratios` has one ghost row a side.
#[inline(always)]
pub fn wall_ratios<R: Real>(axis: &Axis<R>, w: usize, ratios: &mut [R]) {
    let end = (axis.n + 1) * w;
    if axis.periodic() {
        ratios.copy_within(end - w..end, 0);
        ratios.copy_within(w..2 * w, end);
    } else {
        ratios[..w].fill(R::ONE);
        ratios[end..end + w].fill(R::ONE);
    }
}

/// A <- eta A on `count` faces. `ratios` has one ghost row a side: row j is the cell left of face j.
#[inline(always)]
pub fn scale_faces<R: Real>(w: usize, count: usize, ratios: &[R], faces: &mut [R]) {
    scale_row(ratios, &ratios[w..], &mut faces[..count]);
}

/// A <- eta A on a row of faces, from the ratios of the cells on both sides.
#[inline(always)]
pub fn scale_row<R: Real>(left: &[R], right: &[R], faces: &mut [R]) {
    let count = faces.len();
    let (left, right) = (&left[..count], &right[..count]);
    for k in 0..count {
        let flow = faces[k];
        faces[k] = flow * if flow > R::ZERO { left[k] } else { right[k] };
    }
}

/// m -= factor (A_right - A_left)
#[inline(always)]
pub fn subtract_divergence<R: Real>(n: usize, w: usize, factor: R, faces: &[R], m: &mut [R]) {
    subtract_difference(factor, faces, &faces[w..], &mut m[..n * w]);
}

/// m -= factor (right - left) for a row of cells and the fluxes on both sides of them.
#[inline(always)]
pub fn subtract_difference<R: Real>(factor: R, left: &[R], right: &[R], m: &mut [R]) {
    let count = m.len();
    let (left, right) = (&left[..count], &right[..count]);
    for k in 0..count {
        m[k] -= factor * (right[k] - left[k]);
    }
}

/// The whole limiter on one tile with time-integrated A: m -= div(eta A)/h, A becomes eta A. `scratch` takes (n + 2) rows.
/// Returns the number of limited cells.
#[inline(always)]
pub fn limit_tile<R: Real>(axis: &Axis<R>, w: usize, m: &mut [R], faces: &mut [R], scratch: &mut [R]) -> u64 {
    let n = axis.n;
    let nodes = n * w;
    let mut limited = 0;
    {
        let (left, right) = (&faces[..nodes], &faces[w..w + nodes]);
        let ratios = &mut scratch[w..w + nodes];
        let m = &m[..nodes];
        for k in 0..nodes {
            let r = ratio(m[k], outflow(left[k], right[k]) * R::from_f64(axis.inverse()));
            ratios[k] = r;
            limited += u64::from(r < R::ONE);
        }
    }
    if limited > 0 {
        wall_ratios(axis, w, scratch);
        scale_faces(w, nodes + w, scratch, faces);
    }
    subtract_divergence(n, w, R::from_f64(axis.inverse()), faces, m);
    limited
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discretisation::Boundary;
    use crate::grid::Side;

    #[test]
    fn no_cell_gives_more_than_it_has_and_mass_stays() {
        let (n, w) = (9, 2);
        for boundary in [Boundary::Periodic, Boundary::Reflecting] {
            let sides = [0, 1].map(|_| Side { boundary, exit_value: Vec::new() });
            let axis = Axis { n, stride: w, lines: w, spacing: 0.5, origin: 0.0, sides };
            let before: Vec<f64> = (0..n * w).map(|k| [0.0, 1.0, 0.1, 3.0][k % 4]).collect();
            let mut faces: Vec<f64> = (0..(n + 1) * w).map(|k| [1.0, -2.0, 0.3, -0.4, 0.02][k % 5]).collect();
            let (first, end) = (w, n * w);
            let (lower, upper) = faces.split_at_mut(end);
            upper.copy_from_slice(&lower[..first]);
            if boundary == Boundary::Reflecting {
                lower[..first].fill(0.0);
                upper.fill(0.0);
            }
            let wanted = faces.clone();
            let mut m = before.clone();
            let limited = limit_tile(&axis, w, &mut m, &mut faces, &mut vec![f64::NAN; (n + 2) * w]);
            assert!(limited > 0 && m.iter().all(|x| *x >= 0.0));
            assert!((m.iter().sum::<f64>() - before.iter().sum::<f64>()).abs() < 1e-14);
            for (eta, a) in faces.iter().zip(&wanted) {
                assert!(eta.abs() <= a.abs() && eta * a >= 0.0);
            }
        }
    }

    #[test]
    fn ratios_leave_a_guard_and_nothing_else() {
        assert_eq!(ratio(1.0_f64, 0.5).to_bits(), 1.0_f64.to_bits());
        assert_eq!(ratio(0.0_f64, 0.0).to_bits(), 1.0_f64.to_bits());
        assert_eq!(ratio(-1e-30_f64, 1.0).to_bits(), 0);
        assert!(ratio(1.0_f64, 2.0) < 0.5);
        assert!(ratio(1.0_f64, 2.0) > 0.5 - 1e-11 && ratio(1.0_f32, 2.0) > 0.5 - 1e-5);
    }
}
