//! The `fdm` mode: implicit Scharfetter-Gummel steps along lines (docs/numerics.md section 5.1).
//!
//! Elimination follows a line from end to end, so vectors must run across lines on every axis: along the contiguous one
//! several lines are turned into a tile.

use crate::crew::{Scratch, Shared};
use crate::density::{piece_length, tile_width};
use crate::discretisation::Discretisation;
use crate::drift_faces::FaceDrift;
use crate::fokker_planck::Crossing;
use crate::grid::Axis;
use crate::lines::Tile;
use crate::real::Real;
use crate::simd::Kernel;
use crate::slopes::Context;
use crate::stage_drift::StageDrift;
use crate::tiles::{add_faces, gather_shared, scatter};
use crate::tridiagonal::{SYSTEM_PIECES, Tridiagonal};

/// Pieces of scratch memory of n + 7 rows each.
pub(crate) const PIECES: usize = IMPLICIT_PIECES + 7;

/// Lines in a tile of an axis.
fn width_of<R: Real>(axis: &Axis<R>) -> usize {
    if axis.stride == 1 { R::LANES.min(axis.lines) } else { tile_width(axis) }
}

/// Numbers in a piece of scratch memory for an axis.
pub(crate) fn implicit_piece_length<R: Real>(axis: &Axis<R>) -> usize {
    piece_length(axis) / tile_width(axis) * width_of(axis)
}

/// One implicit Euler step of length tau along one axis, in place. Adds the time-integrated face fluxes to `flux` where
/// there is one.
pub fn implicit_density<R: Real>(
    context: Context<'_, R>,
    index: usize,
    tau: f64,
    m: &mut [R],
    drift: &StageDrift<R>,
    flux: Option<&mut [R]>,
) {
    let Context { d, crew } = context;
    let axis = &d.axes[index];
    let width = width_of(axis);
    let m = Shared::new(m);
    let flux = flux.map(Shared::new);
    // Along the contiguous axis a tile is some neighbouring lines.
    let tile_of = |tile: usize| {
        if axis.stride == 1 {
            let line = tile * width;
            Tile { line, start: line * axis.n, width: width.min(axis.lines - line) }
        } else {
            axis.tile(width, tile)
        }
    };
    let tiles = if axis.stride == 1 { axis.lines.div_ceil(width) } else { axis.tile_count(width) };
    crew.each(tiles, |scratch, tile| {
        crew.level.run(ImplicitTile { d, axis, index, tau, m, drift, flux, tile: tile_of(tile), scratch });
    });
}

struct ImplicitTile<'a, R> {
    d: &'a Discretisation<R>,
    axis: &'a Axis<R>,
    index: usize,
    tau: f64,
    m: Shared<'a, R>,
    drift: &'a StageDrift<R>,
    flux: Option<Shared<'a, R>>,
    tile: Tile,
    scratch: &'a mut Scratch<R>,
}

impl<R: Real> Kernel for ImplicitTile<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<const F: bool>(self) {
        let Self { d, axis, index, tau, m, drift, flux, tile, scratch } = self;
        let [nodes, total, value, field, transverse, other, b, rows @ ..] =
            scratch.cut::<PIECES>(implicit_piece_length(axis));
        let w = tile.width;
        // SAFETY: tiles are apart, here and below.
        unsafe { gather_shared(axis, tile, m, nodes) };
        FaceDrift { d, index, drift }.tile(tile, value, field, transverse, other, b);
        let crossing = (Crossing::new(d.nu, axis.spacing), Crossing::new(d.nu, axis.spacing / 2.0));
        let total_rows = flux.is_some().then_some(&mut *total);
        implicit_tile(axis, w, crossing, R::from_f64(tau), b, nodes, total_rows, rows);
        // SAFETY: as above.
        unsafe {
            scatter(axis, tile, nodes, m);
            if let Some(flux) = flux {
                add_faces(axis, tile, R::ONE, total, flux);
            }
        }
    }
}

/// Pieces of scratch memory, of n + 1 rows each, that an implicit step takes.
pub const IMPLICIT_PIECES: usize = 5 + SYSTEM_PIECES;

/// One implicit Euler step of length tau on the unpadded tile `m`, in place: direct solve, then one refinement in delta
/// form. The time-integrated fluxes go to `flux` where asked for.
///
/// `drift`: b at the faces; `crossing`: over a whole cell and over half a cell, to a wall.
#[expect(clippy::too_many_arguments, reason = "what a step reads, what it writes, and scratch")]
#[inline(always)]
pub fn implicit_tile<R: Real>(
    axis: &Axis<R>,
    w: usize,
    crossing: (Crossing, Crossing),
    tau: R,
    drift: &[R],
    m: &mut [R],
    flux: Option<&mut [R]>,
    memory: [&mut [R]; IMPLICIT_PIECES],
) {
    let n = axis.n;
    let nodes = n * w;
    let faces = nodes + w;
    let end = nodes;
    let [right, left, fluxes, solution, residual, system @ ..] = memory;
    let mut system = Tridiagonal::new(system);
    let (right, left) = (&mut right[..faces], &mut left[..faces]);
    {
        let drift = &drift[..faces];
        for k in 0..faces {
            (right[k], left[k]) = crossing.0.speeds(drift[k]);
        }
    }
    if !axis.periodic() {
        for c in 0..w {
            right[c] = R::ZERO;
            left[end + c] = R::ZERO;
            left[c] = if axis.exit_at(0) { crossing.1.speeds(drift[c]).1 } else { R::ZERO };
            right[end + c] = if axis.exit_at(1) { crossing.1.speeds(drift[end + c]).0 } else { R::ZERO };
        }
    }
    let rate = tau * R::from_f64(axis.inverse());
    {
        let (below, above) = (&mut system.below[..nodes], &mut system.above[..nodes]);
        let (right, left) = (&right[w..faces], &left[..nodes]);
        for k in 0..nodes {
            below[k] = rate * right[k];
            above[k] = rate * left[k];
        }
    }
    system.excess[..nodes].fill(R::ONE);
    if !axis.periodic() {
        for c in 0..w {
            let last = end - w + c;
            system.excess[c] = R::ONE + system.above[c];
            system.excess[last] += system.below[last];
            system.above[c] = R::ZERO;
            system.below[last] = R::ZERO;
        }
    }
    system.factor(n, w, axis.periodic());
    let (m, solution, residual) = (&mut m[..nodes], &mut solution[..nodes], &mut residual[..nodes]);
    solution.copy_from_slice(m);
    system.solve(n, w, axis.periodic(), solution);
    // The direct solve alone loses mass at the level of its rounding.
    let fluxes = &mut fluxes[..faces];
    time_integrated(axis, w, tau, right, left, solution, fluxes);
    {
        let (lower, upper) = (&fluxes[..nodes], &fluxes[w..]);
        for k in 0..nodes {
            residual[k] = m[k] - solution[k] - R::from_f64(axis.inverse()) * (upper[k] - lower[k]);
        }
    }
    system.solve(n, w, axis.periodic(), residual);
    for k in 0..nodes {
        m[k] = solution[k] + residual[k];
    }
    if let Some(flux) = flux {
        time_integrated(axis, w, tau, right, left, m, &mut flux[..faces]);
    }
}

/// Time-integrated Scharfetter-Gummel fluxes of an unpadded tile.
#[inline(always)]
fn time_integrated<R: Real>(axis: &Axis<R>, w: usize, tau: R, right: &[R], left: &[R], m: &[R], flux: &mut [R]) {
    let n = axis.n;
    let end = n * w;
    {
        let (before, after) = (&m[..end - w], &m[w..end]);
        let (right, left, flux) = (&right[w..end], &left[w..end], &mut flux[w..end]);
        for k in 0..end - w {
            flux[k] = tau * (right[k] * before[k] - left[k] * after[k]);
        }
    }
    for c in 0..w {
        let last = m[end - w + c];
        let inflow = if axis.periodic() { right[c] * last } else { R::ZERO };
        flux[c] = tau * (inflow - left[c] * m[c]);
        flux[end + c] = if axis.periodic() { flux[c] } else { tau * right[end + c] * last };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discretisation::Boundary::{self, Exit, Open, Periodic, Reflecting};
    use crate::grid::Side;

    const N: usize = 24;
    const W: usize = 3;
    const NU: f64 = 0.07;
    const SPACING: f64 = 1.0 / 24.0;

    fn axis(lower: Boundary, upper: Boundary) -> Axis<f64> {
        let sides = [lower, upper].map(|boundary| Side { boundary, exit_value: Vec::new() });
        Axis { n: N, stride: W, lines: W, spacing: SPACING, origin: 0.0, sides }
    }

    fn number(k: usize) -> f64 {
        f64::from(u32::try_from((k * 7919 + 13) % 101).expect("small")) / 101.0
    }

    /// One step over tau; the density after it and the time-integrated fluxes.
    fn step(axis: &Axis<f64>, tau: f64, drift: &[f64], m: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut memory: [Vec<f64>; IMPLICIT_PIECES] = std::array::from_fn(|_| vec![f64::NAN; (N + 7) * W]);
        let mut nodes = m.to_vec();
        let mut flux = vec![0.0; (N + 1) * W];
        let crossing = (Crossing::new(NU, SPACING), Crossing::new(NU, SPACING / 2.0));
        let rows = memory.each_mut().map(Vec::as_mut_slice);
        implicit_tile(axis, W, crossing, tau, drift, &mut nodes, Some(&mut flux), rows);
        (nodes, flux)
    }

    #[test]
    fn mass_and_what_left_add_up_and_nothing_is_negative() {
        // The first and the last face are one on a periodic axis.
        let drift: Vec<f64> = (0..(N + 1) * W).map(|k| 40.0 * (number(k % (N * W)) - 0.5)).collect();
        let m: Vec<f64> = (0..N * W).map(|k| if k % 5 == 0 { number(k) } else { 0.0 }).collect();
        for (lower, upper) in [(Periodic, Periodic), (Reflecting, Open), (Exit, Exit), (Open, Exit)] {
            for tau in [1e-4, 0.1, 50.0] {
                let (after, flux) = step(&axis(lower, upper), tau, &drift, &m);
                for c in 0..W {
                    let sum = |nodes: &[f64]| nodes.iter().skip(c).step_by(W).sum::<f64>();
                    let left = (flux[N * W + c] - flux[c]) / SPACING;
                    // Fluxes telescope to the last bit: round-off is measured by what is left of them, not by what crosses
                    // the faces to and fro.
                    let moved = flux.iter().fold(1.0, |most, flux| f64::max(most, flux.abs() / SPACING));
                    let lost = (sum(&after) + left - sum(&m)).abs();
                    assert!(lost < 4e-15 * moved, "{lower:?} {tau} {lost:e}");
                }
                assert!(after.iter().all(|x| *x >= 0.0), "{lower:?} {tau}");
            }
        }
    }

    #[test]
    fn the_density_of_the_potential_stays_as_it_is() {
        // b = -(u_{i+1} - u_i)/h: every flux of m = exp(-u/nu) is 0.
        let u: Vec<f64> = (0..N * W).map(|k| 0.05 * number(k)).collect();
        let m: Vec<f64> = u.iter().map(|u| (-u / NU).exp()).collect();
        let mut drift = vec![0.0; (N + 1) * W];
        for k in W..N * W {
            drift[k] = -(u[k] - u[k - W]) / SPACING;
        }
        for tau in [0.01, 1.0, 100.0] {
            let (after, _) = step(&axis(Boundary::Reflecting, Boundary::Reflecting), tau, &drift, &m);
            for (x, y) in after.iter().zip(&m) {
                assert!((x / y - 1.0).abs() < 1e-13, "{tau}: {x} {y}");
            }
        }
    }
}
