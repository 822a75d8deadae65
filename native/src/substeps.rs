//! How long a sub-step may be and how many an interval takes (docs/numerics.md sections 3.3, 3.4 and 5.1).

use crate::discretisation::{Boundary, Discretisation};
use crate::extremes::{LargestSize, LargestStep};
use crate::grid::Axis;
use crate::legendre::axis_radius;
use crate::real::Real;
use crate::slopes::Context;

/// SSPRK3 on the negative real axis is stable up to here.
const REAL_STABILITY: f64 = 2.5127;

/// The step whose Courant number is `cfl` when the speed grows at the rate `growth` while the step lasts: the root of dt
/// (speed + growth dt) = cfl. Infinite where nothing moves.
#[must_use]
pub fn advection_step(speed: f64, growth: f64, cfl: f64) -> f64 {
    (2.0 * cfl) / (speed + (speed * speed + 4.0 * growth * cfl).sqrt())
}

/// The explicit mode's step: 1/dt = 1/advection + radius/2.5127.
#[must_use]
pub fn explicit_step(advection: f64, radius: f64) -> f64 {
    1.0 / (1.0 / advection + radius / REAL_STABILITY)
}

/// Sub-steps that an interval needs; `None` where no count would do. Round-off in interval/dt does not cost a step of its
/// own.
#[must_use]
pub fn need_of(interval: f64, dt: f64) -> Option<u32> {
    let need = ((interval / dt) * (1.0 - 1e-12)).ceil();
    if need.is_nan() || need > f64::from(MOST_SUBSTEPS) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 2^30")]
    Some(need.max(1.0) as u32)
}

/// Sub-steps of one interval beyond which a sweep is too fast to follow.
pub const MOST_SUBSTEPS: u32 = 1 << 30;

/// The count of an interval that no earlier iteration has a say in: one more than it needs, see `freshCount` in
/// src/scheme/substeps.ts.
#[must_use]
pub fn fresh_count(need: u32) -> u32 {
    need + 1
}

/// The count of sub-steps to use: the last iteration's (0 where there is none) where it still serves, else a fresh one. The
/// count is part of the map whose fixed point is sought, and a count that flips keeps the iteration from converging.
#[must_use]
pub fn keep_count(previous: u32, need: u32, factor: f64) -> u32 {
    let kept = previous >= need && f64::from(previous) <= factor * f64::from(need) + 1.0;
    if kept { previous } else { fresh_count(need) }
}

/// How far the last count of the backward sweep may lie above the need.
pub const HJB_KEPT: f64 = 2.0;
/// How far that of the forward sweep may.
pub const DENSITY_KEPT: f64 = 1.25;

/// The sum over the axes of the spectral radius of nu Lap6 (1/time).
#[must_use]
pub fn full_radius<R: Real>(d: &Discretisation<R>) -> f64 {
    d.axes.iter().map(|axis| axis_radius(d.nu, axis)).sum()
}

/// The step whose Courant number is the scheme's when slopes grow as `slope_growth` says while it lasts.
///
/// `speed` is sum_a |H_p|_a / h_a at the start, in 1/time.
#[must_use]
pub fn growing_step<R: Real>(d: &Discretisation<R>, speed: f64, growth: f64) -> f64 {
    let (control, exponent, cfl) = (d.hamiltonian.control, d.hamiltonian.exponent, d.scheme.cfl);
    #[expect(clippy::float_cmp, reason = "2 is told apart from all else")]
    if exponent == 2.0 {
        return advection_step(speed, control * growth, cfl);
    }
    if !(speed + growth).is_finite() {
        return f64::NAN;
    }
    // |H_p| = c |p|^(q-1) is not linear in the slope: bisection, with one slope for all axes.
    let inverse: f64 = d.axes.iter().map(Axis::inverse).sum();
    let slope = (speed / (control * inverse)).powf(1.0 / (exponent - 1.0));
    let courant = |dt: f64| dt * control * inverse * (slope + (growth / inverse) * dt).powf(exponent - 1.0);
    let (mut low, mut high) = (0.0, d.levels.horizon);
    if courant(high) <= cfl {
        return high;
    }
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if courant(middle) > cfl {
            high = middle;
        } else {
            low = middle;
        }
    }
    low
}

/// How fast the source S = f + V can make slopes of u grow: sum over the axes of max|D_a S| / h_a, with 2|S|/h in the cells
/// next to an exit, where u is pinned.
pub fn slope_growth<R: Real>(context: Context<'_, R>, source: &[R]) -> f64 {
    let d = context.d;
    d.axes.iter().map(|axis| steepest(context, axis, source) / (axis.spacing * axis.spacing)).sum()
}

/// The largest step between neighbours along one axis.
fn steepest<R: Real>(context: Context<'_, R>, axis: &Axis<R>, source: &[R]) -> f64 {
    let Axis { n, stride, .. } = *axis;
    let [lower, upper] = [axis.sides[0].boundary, axis.sides[1].boundary];
    let two = R::from_f64(2.0);
    let row = |slab: usize, node: usize| &source[(slab * n + node) * stride..][..stride];
    let apart = |a: &[R], b: &[R]| context.crew.level.run(LargestStep { a, b });
    let doubled = |a: &[R]| two * context.crew.level.run(LargestSize(a));
    let wall = |slab: usize| {
        let (first, last) = (row(slab, 0), row(slab, n - 1));
        let mut most = if lower == Boundary::Periodic { apart(first, last) } else { R::ZERO };
        if lower == Boundary::Exit {
            most = doubled(first).larger(most);
        }
        if upper == Boundary::Exit {
            most = doubled(last).larger(most);
        }
        most
    };
    let slabs = axis.lines / stride;
    if stride == 1 {
        return context.crew.largest(slabs, |_, slab| {
            let line = &source[slab * n..(slab + 1) * n];
            apart(&line[1..], &line[..n - 1]).larger(wall(slab)).to_f64()
        });
    }
    context.crew.largest(slabs * n, |_, block| {
        let (slab, node) = (block / n, block % n);
        let most = if node + 1 < n { apart(row(slab, node + 1), row(slab, node)) } else { wall(slab) };
        most.to_f64()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_courant_number_is_met_at_the_end_of_the_step() {
        let dt = advection_step(3.0, 5.0, 0.8);
        assert!((dt * (3.0 + 5.0 * dt) - 0.8).abs() < 1e-14);
        assert!(advection_step(0.0, 0.0, 1.0).is_infinite());
    }

    #[test]
    fn needs_are_whole_and_bounded() {
        assert_eq!(need_of(1.0, 0.1), Some(10));
        assert_eq!(need_of(1.0, f64::INFINITY), Some(1));
        assert_eq!(need_of(1.0, 0.0), None);
        assert_eq!(need_of(1.0, f64::NAN), None);
    }

    #[test]
    fn counts_are_kept_while_they_serve() {
        assert_eq!(keep_count(0, 4, HJB_KEPT), 5);
        assert_eq!(keep_count(9, 4, HJB_KEPT), 9);
        assert_eq!(keep_count(10, 4, HJB_KEPT), 5);
        assert_eq!(keep_count(7, 4, DENSITY_KEPT), 5);
        assert_eq!(keep_count(3, 4, DENSITY_KEPT), 5);
    }
}
