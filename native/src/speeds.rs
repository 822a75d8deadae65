//! The Lax-Friedrichs dissipation alpha_a = max |H_{p_a}| of a Hamiltonian that is a sum over the axes: at nodes, and its
//! largest over the grid (docs/numerics.md section 3.1).

use crate::all_slopes::each_slope_of_all;
use crate::crew::Shared;
use crate::discretisation::{Discretisation, Flux, Hamiltonian};
use crate::drift::is_quadratic;
use crate::extremes::largest_of;
use crate::grid::{Axis, MOST_AXES};
use crate::hamiltonian::SlopeFields;
use crate::largest_slopes::largest_slopes;
use crate::real::Real;
use crate::slopes::{Context, Row, SlopeSink};
use crate::walls::Walls;
use crate::weno5::WenoReal;

/// The largest sum over the axes of alpha_a / h_a (1/time): what `hamiltonian` returns, without its rate.
pub fn fastest<R: WenoReal>(
    context: Context<'_, R>,
    u: Shared<'_, R>,
    walls: &Walls<R>,
    fields: &mut SlopeFields<R>,
) -> f64 {
    let d = context.d;
    if !d.hamiltonian.separable {
        return crate::hamiltonian_whole::fastest(context, u, walls, fields);
    }
    if d.scheme.flux == Flux::Glf {
        return global_speed(d, global_dissipation(context, u, walls, &mut fields.largest));
    }
    let last = d.axes.len() - 1;
    let sink = |a: usize| SpeedSink {
        hamiltonian: &d.hamiltonian,
        drift: d.drift(a),
        inverse: R::from_f64(d.axes[a].inverse()),
        first: a == 0,
        last: a == last,
    };
    each_slope_of_all(context, u, walls, sink)[last]
}

/// Adds up alpha_a / h_a axis by axis.
#[derive(Clone, Copy)]
struct SpeedSink<'a, R> {
    hamiltonian: &'a Hamiltonian<R>,
    drift: Option<&'a [R]>,
    inverse: R,
    first: bool,
    last: bool,
}

impl<R: Real> SlopeSink<R> for SpeedSink<'_, R> {
    #[inline(always)]
    fn row(self, row: Row<'_, R>, [speed, _]: [&mut [R]; 2]) -> f64 {
        let drift = self.drift.map(|drift| &drift[row.at..row.at + speed.len()]);
        if self.first {
            speed.fill(R::ZERO);
        }
        add_dissipation(self.hamiltonian, row.minus, row.plus, drift, self.inverse, speed);
        if self.last { largest_of(speed).to_f64() } else { 0.0 }
    }
}

/// The largest alpha of each axis over the grid, 0 beyond the last axis; NaN does not count.
///
/// Without a drift field alpha grows with the size of a slope, and few slopes are computed. `guess` holds the largest ones of
/// an earlier call and takes those of this one; a bad guess costs time and changes nothing.
#[must_use]
pub fn global_dissipation<R: WenoReal>(
    context: Context<'_, R>,
    u: Shared<'_, R>,
    walls: &Walls<R>,
    guess: &mut [f64; MOST_AXES],
) -> [f64; MOST_AXES] {
    let d = context.d;
    if (0..d.axes.len()).any(|a| d.drift(a).is_some()) {
        return each_slope_of_all(context, u, walls, |a| LargestSink {
            hamiltonian: &d.hamiltonian,
            drift: d.drift(a),
        });
    }
    let floors = guess.map(|largest| NEARLY * largest);
    let mut sizes = largest_slopes(context, u, walls, floors);
    // Nothing above a floor that is not 0: it was too high.
    if sizes.iter().zip(floors).any(|(size, floor)| floor > 0.0 && *size <= floor) {
        sizes = largest_slopes(context, u, walls, [0.0; MOST_AXES]);
    }
    *guess = sizes;
    sizes.map(|size| speed_of(&d.hamiltonian, R::from_f64(size)).to_f64())
}

/// Share of the largest slope that the next call is sure to find again: it changes little from stage to stage.
const NEARLY: f64 = 0.9;

/// The sum over the axes of the largest alpha_a over h_a.
#[must_use]
pub fn global_speed<R: Real>(d: &Discretisation<R>, largest: [f64; MOST_AXES]) -> f64 {
    d.axes.iter().map(Axis::inverse).zip(largest).map(|(inverse, alpha)| alpha * inverse).sum()
}

/// Returns the largest alpha.
#[derive(Clone, Copy)]
struct LargestSink<'a, R> {
    hamiltonian: &'a Hamiltonian<R>,
    drift: Option<&'a [R]>,
}

impl<R: Real> SlopeSink<R> for LargestSink<'_, R> {
    #[inline(always)]
    fn row(self, row: Row<'_, R>, [alpha, _]: [&mut [R]; 2]) -> f64 {
        let drift = self.drift.map(|drift| &drift[row.at..row.at + alpha.len()]);
        alpha.fill(R::ZERO);
        add_dissipation(self.hamiltonian, row.minus, row.plus, drift, R::ONE, alpha);
        largest_of(alpha).to_f64()
    }
}

/// |H_p| of a slope of this size, where there is no drift field.
#[inline(always)]
fn speed_of<R: Real>(h: &Hamiltonian<R>, size: R) -> R {
    let c = R::from_f64(h.control);
    if is_quadratic(h) { c * size } else { c * size.powf(R::from_f64(h.exponent - 1.0)) }
}

/// out += factor alpha of one axis at every node of a row, from its one-sided slopes. A drift field goes with q = 2 only.
#[inline(always)]
pub(crate) fn add_dissipation<R: Real>(
    h: &Hamiltonian<R>,
    minus: &[R],
    plus: &[R],
    drift: Option<&[R]>,
    factor: R,
    out: &mut [R],
) {
    let c = R::from_f64(h.control);
    let length = out.len();
    let (minus, plus) = (&minus[..length], &plus[..length]);
    if let Some(drift) = drift {
        let drift = &drift[..length];
        for k in 0..length {
            out[k] += factor * (c * minus[k] + drift[k]).abs().larger((c * plus[k] + drift[k]).abs());
        }
    } else if is_quadratic(h) {
        for k in 0..length {
            out[k] += factor * (c * minus[k].abs().larger(plus[k].abs()));
        }
    } else {
        for k in 0..length {
            out[k] += factor * speed_of(h, minus[k].abs().larger(plus[k].abs()));
        }
    }
}
