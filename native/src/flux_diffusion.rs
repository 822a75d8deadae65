//! Diffusion of the density on one tile: RKL2 in flux form, high order blended with a positive one (docs/numerics.md
//! section 5.2).

use crate::density_fluxes::{close_walls, slope6};
use crate::grid::{Axis, GhostRule, GhostRules, density_rule, fill_ghosts};
use crate::legendre::Legendre;
use crate::limiter::{limit_tile, subtract_divergence};
use crate::real::Real;
use crate::reconstruct::shifted;
use crate::tridiagonal::{SYSTEM_PIECES, Tridiagonal};

/// What one RKL2 sub-step along an axis needs besides the density.
#[derive(Clone, Copy, Debug)]
pub struct Diffusion<R> {
    /// sigma^2 / 2
    pub nu: R,
    /// Length of the sub-step.
    pub tau: R,
    /// Its stages.
    pub legendre: Legendre,
}

/// Pieces of scratch memory, of n + 7 rows each, that a diffusion takes.
pub const DIFFUSION_PIECES: usize = 13 + SYSTEM_PIECES;

/// Scratch of one tile.
pub struct DiffusionRows<'a, R> {
    y: &'a mut [R],
    initial: &'a mut [R],
    high: [&'a mut [R]; 2],
    low: [&'a mut [R]; 2],
    result: &'a mut [R],
    ratios: &'a mut [R],
    one: OneLine<'a, R>,
}

/// Scratch of the line that is done again.
struct OneLine<'a, R> {
    density: &'a mut [R],
    y: &'a mut [R],
    low: &'a mut [R],
    result: &'a mut [R],
    residual: &'a mut [R],
    system: Tridiagonal<'a, R>,
}

impl<'a, R: Real> DiffusionRows<'a, R> {
    /// Lays the scratch out in `memory`.
    #[inline(always)]
    pub fn new(memory: [&'a mut [R]; DIFFUSION_PIECES]) -> Self {
        let [y, initial, high, other_high, low, other_low, result, ratios, rest @ ..] = memory;
        let [density, line_y, line_low, line_result, residual, system @ ..] = rest;
        Self {
            y,
            initial,
            high: [high, other_high],
            low: [low, other_low],
            result,
            ratios,
            one: OneLine {
                density,
                y: line_y,
                low: line_low,
                result: line_result,
                residual,
                system: Tridiagonal::new(system),
            },
        }
    }
}

/// Advances the padded tile `density` over one sub-step, in place.
///
/// * `frozen`: balanced splitting, high-order fluxes Q of this axis
/// * `upwind`: with `frozen`, the low-order advective fluxes of the density before the step
/// * `flux`: takes the time-integrated fluxes of the tile
///
/// Returns the number of limited cells.
#[inline(always)]
pub fn diffuse_tile<R: Real>(
    axis: &Axis<R>,
    w: usize,
    step: Diffusion<R>,
    density: &mut [R],
    balance: Option<(&[R], &[R])>,
    flux: Option<&mut [R]>,
    rows: DiffusionRows<'_, R>,
) -> u64 {
    let n = axis.n;
    let nodes = n * w;
    let faces = nodes + w;
    let pad = 3 * w;
    let DiffusionRows { y, initial, mut high, mut low, result, ratios, mut one } = rows;
    let frozen = balance.map(|(frozen, _)| &frozen[..faces]);
    let swapped = time_integrated::<R, true>(axis, w, step, density, frozen, y, initial, &mut high);
    let [first, second] = high;
    let high = if swapped { second } else { first };
    if let Some((_, upwind)) = balance {
        subtract_divergence(n, w, step.tau * R::from_f64(axis.inverse()), upwind, &mut density[pad..pad + nodes]);
    }
    let swapped = time_integrated::<R, false>(axis, w, step, density, None, y, initial, &mut low);
    let [first, second] = low;
    let low = if swapped { second } else { first };
    let result = &mut result[..nodes];
    result.copy_from_slice(&density[pad..pad + nodes]);
    subtract_divergence(n, w, R::from_f64(axis.inverse()), low, result);
    let mut least = R::ZERO;
    for value in result.iter() {
        if *value < least {
            least = *value;
        }
    }
    if least < R::ZERO {
        redo_negative(axis, w, step, density, result, low, &mut one);
    }
    let high = &mut high[..faces];
    let low = &mut low[..faces];
    if let Some((_, upwind)) = balance {
        let upwind = &upwind[..faces];
        for k in 0..faces {
            low[k] += step.tau * upwind[k];
        }
    }
    for k in 0..faces {
        high[k] -= low[k];
    }
    let limited = limit_tile(axis, w, result, high, ratios);
    density[pad..pad + nodes].copy_from_slice(result);
    if let Some(flux) = flux {
        let flux = &mut flux[..faces];
        for k in 0..faces {
            flux[k] = low[k] + high[k];
        }
    }
    limited
}

/// RKL2 of Y_j = Y_0 - div Phi_j with G6 (`SIXTH`) or G2: time-integrated fluxes Phi into one of the `pair`; true where it
/// is the second. `padded` keeps Y_0.
#[expect(clippy::too_many_arguments, reason = "scratch is handed on piece by piece")]
#[inline(always)]
fn time_integrated<R: Real, const SIXTH: bool>(
    axis: &Axis<R>,
    w: usize,
    step: Diffusion<R>,
    padded: &mut [R],
    frozen: Option<&[R]>,
    y: &mut [R],
    initial: &mut [R],
    pair: &mut [&mut [R]; 2],
) -> bool {
    let n = axis.n;
    let nodes = n * w;
    let faces = nodes + w;
    let pad = 3 * w;
    let rules = ghost_rules(axis, SIXTH);
    let c = step.legendre;
    let initial = &mut initial[..faces];
    let slope = slope_factor::<R, SIXTH>(-step.nu * R::from_f64(axis.inverse()));
    fill_ghosts(padded, n, w, rules, [None; 2]);
    face_slopes::<R, SIXTH>(padded, w, slope, initial);
    add_frozen(R::ONE, frozen, initial);
    close_walls(axis, w, initial);
    let [first, second] = pair;
    let (mut previous, mut before) = (&mut first[..faces], &mut second[..faces]);
    let start = R::from_f64(c.first()) * step.tau;
    for k in 0..faces {
        previous[k] = start * initial[k];
        before[k] = R::ZERO;
    }
    let y0 = &padded[pad..pad + nodes];
    for j in 2..=c.stages {
        let coefficients = c.stage(j);
        {
            let inner = &mut y[pad..pad + nodes];
            let (left, right) = (&previous[..nodes], &previous[w..w + nodes]);
            for k in 0..nodes {
                inner[k] = y0[k] - R::from_f64(axis.inverse()) * (right[k] - left[k]);
            }
        }
        fill_ghosts(y, n, w, rules, [None; 2]);
        let share = R::from_f64(coefficients.mu_tilde) * step.tau;
        let stage = Stage {
            mu: R::from_f64(coefficients.mu),
            nu: R::from_f64(coefficients.nu),
            slope: share * slope,
            gamma: R::from_f64(coefficients.gamma_tilde) * step.tau,
        };
        advance::<R, SIXTH>(y, w, stage, previous, initial, before);
        add_frozen(share, frozen, before);
        close_walls(axis, w, before);
        std::mem::swap(&mut previous, &mut before);
    }
    // An even number of swaps, i.e. an odd number of stages, ends in the first.
    c.stages.is_multiple_of(2)
}

/// Odd ghosts give the low order its positive flux 2 nu m/h through an exit.
#[inline(always)]
fn ghost_rules<R: Real>(axis: &Axis<R>, sixth: bool) -> GhostRules {
    let rules = axis.rules(density_rule);
    [0, 1].map(|side| if !sixth && axis.exit_at(side) { GhostRule::Odd } else { rules[side] })
}

#[inline(always)]
fn slope_factor<R: Real, const SIXTH: bool>(factor: R) -> R {
    if SIXTH { factor * R::from_f64(1.0 / 180.0) } else { factor }
}

/// out = slope times the slopes at the faces, up to the factor of `slope_factor`.
#[inline(always)]
fn face_slopes<R: Real, const SIXTH: bool>(m: &[R], w: usize, slope: R, out: &mut [R]) {
    let count = out.len();
    let [m0, m1, m2, m3, m4, m5] = shifted(m, w, count);
    for k in 0..count {
        let along = if SIXTH { slope6(m0[k], m1[k], m2[k], m3[k], m4[k], m5[k]) } else { m3[k] - m2[k] };
        out[k] = slope * along;
    }
}

/// Factors of one stage of the recurrence.
#[derive(Clone, Copy)]
struct Stage<R> {
    mu: R,
    nu: R,
    slope: R,
    gamma: R,
}

/// before <- mu Phi + nu before + slope G(m) + gamma J_0 on every face of a padded tile.
#[inline(always)]
fn advance<R: Real, const SIXTH: bool>(m: &[R], w: usize, stage: Stage<R>, phi: &[R], initial: &[R], before: &mut [R]) {
    let count = before.len();
    let (phi, initial) = (&phi[..count], &initial[..count]);
    let [m0, m1, m2, m3, m4, m5] = shifted(m, w, count);
    for k in 0..count {
        let along = if SIXTH { slope6(m0[k], m1[k], m2[k], m3[k], m4[k], m5[k]) } else { m3[k] - m2[k] };
        before[k] = stage.mu * phi[k] + stage.nu * before[k] + stage.slope * along + stage.gamma * initial[k];
    }
}

/// out += factor Q, where there is a frozen flux.
#[inline(always)]
fn add_frozen<R: Real>(factor: R, frozen: Option<&[R]>, out: &mut [R]) {
    if let Some(frozen) = frozen {
        for (total, part) in out.iter_mut().zip(frozen) {
            *total += factor * *part;
        }
    }
}

/// Does the columns with a negative entry again by implicit Euler. Cold: it happens beside exits only.
#[cold]
#[inline(never)]
fn redo_negative<R: Real>(
    axis: &Axis<R>,
    w: usize,
    step: Diffusion<R>,
    density: &[R],
    result: &mut [R],
    low: &mut [R],
    one: &mut OneLine<'_, R>,
) {
    let n = axis.n;
    for c in 0..w {
        if !(0..n).any(|i| result[i * w + c] < R::ZERO) {
            continue;
        }
        for i in 0..n {
            one.density[i] = density[(i + 3) * w + c];
        }
        one.implicit(axis, step);
        for i in 0..n {
            result[i * w + c] = one.result[i];
        }
        for j in 0..=n {
            low[j * w + c] = one.low[j];
        }
    }
}

impl<R: Real> OneLine<'_, R> {
    /// Implicit Euler with Lap2: positive for every step. One refinement makes the mass exact.
    fn implicit(&mut self, axis: &Axis<R>, step: Diffusion<R>) {
        let n = axis.n;
        let Self { system, density, y, low, result, residual } = self;
        let rate = step.tau * step.nu * R::from_f64(axis.inverse()) * R::from_f64(axis.inverse());
        let twice = R::ONE + rate + rate;
        system.below[..n].fill(rate);
        system.above[..n].fill(rate);
        system.excess[..n].fill(R::ONE);
        if !axis.periodic() {
            system.below[n - 1] = R::ZERO;
            system.above[0] = R::ZERO;
        }
        if axis.exit_at(0) {
            system.excess[0] = twice;
        }
        if axis.exit_at(1) {
            system.excess[n - 1] = twice;
        }
        system.factor(n, 1, axis.periodic());
        result[..n].copy_from_slice(&density[..n]);
        system.solve(n, 1, axis.periodic(), &mut result[..n]);
        two_point_fluxes(axis, step, result, y, low);
        for i in 0..n {
            residual[i] = density[i] - result[i] - R::from_f64(axis.inverse()) * (low[i + 1] - low[i]);
        }
        system.solve(n, 1, axis.periodic(), &mut residual[..n]);
        for i in 0..n {
            result[i] += residual[i];
        }
        two_point_fluxes(axis, step, result, y, low);
    }
}

/// Time-integrated fluxes -tau nu (m_j - m_{j-1})/h of one unpadded line.
fn two_point_fluxes<R: Real>(axis: &Axis<R>, step: Diffusion<R>, m: &[R], y: &mut [R], faces: &mut [R]) {
    let n = axis.n;
    y[3..n + 3].copy_from_slice(&m[..n]);
    fill_ghosts(y, n, 1, ghost_rules(axis, false), [None; 2]);
    let factor = -step.tau * step.nu * R::from_f64(axis.inverse());
    for j in 0..=n {
        faces[j] = factor * (y[j + 3] - y[j + 2]);
    }
    close_walls(axis, 1, faces);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discretisation::Boundary::{self, Exit, Open, Periodic, Reflecting};
    use crate::grid::Side;
    use crate::legendre::axis_radius;

    const N: usize = 40;
    const W: usize = 3;
    const NU: f64 = 0.3;

    fn axis(lower: Boundary, upper: Boundary) -> Axis<f64> {
        let sides = [lower, upper].map(|boundary| Side { boundary, exit_value: Vec::new() });
        Axis { n: N, stride: W, lines: W, spacing: 1.0 / 40.0, origin: 0.0, sides }
    }

    /// A column with one full cell, one with a box, a smooth one.
    fn profiles() -> Vec<f64> {
        let column = |k: usize| {
            let i = f64::from(u32::try_from(k / W).expect("small"));
            match k % W {
                0 => f64::from(u8::from(k / W == 1)),
                1 => f64::from(u8::from((8..20).contains(&(k / W)))),
                _ => 1.5 + (std::f64::consts::TAU * i / 40.0).sin(),
            }
        };
        (0..N * W).map(column).collect()
    }

    fn diffuse(axis: &Axis<f64>, tau: f64, m: &[f64], balance: Option<(&[f64], &[f64])>) -> (Vec<f64>, Vec<f64>, u64) {
        let mut memory: [Vec<f64>; DIFFUSION_PIECES] = std::array::from_fn(|_| vec![f64::NAN; (N + 7) * W]);
        let mut density = vec![f64::NAN; (N + 7) * W];
        density[3 * W..(N + 3) * W].copy_from_slice(m);
        let mut flux = vec![0.0; (N + 1) * W];
        let step = Diffusion { nu: NU, tau, legendre: Legendre::stable(tau, axis_radius(NU, axis)) };
        let rows = DiffusionRows::new(memory.each_mut().map(Vec::as_mut_slice));
        let limited = diffuse_tile(axis, W, step, &mut density, balance, Some(&mut flux), rows);
        (density[3 * W..(N + 3) * W].to_vec(), flux, limited)
    }

    #[test]
    fn fluxes_account_for_every_cell_and_no_cell_is_negative() {
        let m = profiles();
        for (lower, upper) in [(Periodic, Periodic), (Reflecting, Open), (Exit, Exit), (Open, Exit)] {
            // From the explicit limit to 200 times it; at exits the longer ones need implicit Euler.
            for tau in [1e-4, 1e-3, 2e-2] {
                let axis = axis(lower, upper);
                let (after, flux, limited) = diffuse(&axis, tau, &m, None);
                for k in 0..N * W {
                    let left = (flux[k + W] - flux[k]) * axis.inverse();
                    assert!((after[k] + left - m[k]).abs() < 1e-13, "{lower:?} {tau} cell {k}");
                    assert!(after[k] >= 0.0, "{lower:?} {tau} cell {k}: {}", after[k]);
                }
                assert!(limited > 0, "{lower:?} {tau}: sharp profiles need blending");
            }
        }
    }

    #[test]
    fn a_column_is_the_same_alone_and_beside_others() {
        let m = profiles();
        let wide = axis(Boundary::Exit, Boundary::Reflecting);
        let (together, ..) = diffuse(&wide, 2e-2, &m, None);
        for c in 0..W {
            let alone: Vec<f64> = (0..N * W).map(|k| m[k / W * W + c]).collect();
            let (after, ..) = diffuse(&wide, 2e-2, &alone, None);
            for i in 0..N {
                assert_eq!(after[i * W].to_bits(), together[i * W + c].to_bits());
            }
        }
    }

    #[test]
    fn a_smooth_wave_decays_at_its_own_rate() {
        let column: Vec<f64> = (0..N * W).map(|k| profiles()[k / W * W + 2]).collect();
        let (tau, wave) = (1e-3, std::f64::consts::TAU);
        let (after, _, limited) = diffuse(&axis(Boundary::Periodic, Boundary::Periodic), tau, &column, None);
        assert_eq!(limited, 0);
        let decay = (-NU * wave * wave * tau).exp();
        for (x, y) in after.iter().zip(&column) {
            // Second order in tau: (nu k^2 tau)^3 / 6 and more stages' worth less.
            assert!((x - 1.5 - decay * (y - 1.5)).abs() < 1e-6);
        }
    }

    #[test]
    fn frozen_fluxes_move_mass_but_make_none() {
        let m = profiles();
        let axis = axis(Boundary::Exit, Boundary::Reflecting);
        let mut frozen: Vec<f64> =
            (0..(N + 1) * W).map(|k| 0.02 * f64::from(u32::try_from(k % 7).expect("small"))).collect();
        frozen[N * W..].fill(0.0);
        let upwind = vec![0.0; (N + 1) * W];
        let (after, flux, _) = diffuse(&axis, 1e-3, &m, Some((&frozen, &upwind)));
        let (without, ..) = diffuse(&axis, 1e-3, &m, None);
        assert!(after.iter().zip(&without).any(|(x, y)| (x - y).abs() > 1e-6));
        for c in 0..W {
            let sum = |nodes: &[f64]| nodes.iter().skip(c).step_by(W).sum::<f64>();
            let left = (flux[N * W + c] - flux[c]) * axis.inverse();
            assert!((sum(&after) + left - sum(&m)).abs() < 1e-13);
        }
        assert!(after.iter().all(|x| *x >= 0.0));
    }
}
