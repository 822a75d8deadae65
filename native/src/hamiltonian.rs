//! Numerical Hamiltonian of whole fields, and the Runge-Kutta update that follows it (docs/numerics.md sections 3.1, 3.2).
//!
//! Tile by tile every axis has its turn with its slopes, its numerical Hamiltonian and, in the explicit mode, its Laplacian;
//! the first axis puts in the source term, the last one does the update, so that no field is read for these alone. Global
//! Lax-Friedrichs takes the slopes twice, first for their largest, which costs less than storing them would.

use crate::ahead::ahead;
use crate::all_slopes::each_slope_of_all;
use crate::crew::Shared;
use crate::diffusion::add_laplacian6;
use crate::discretisation::{Flux, Hamiltonian};
use crate::extremes::largest_of;
use crate::hamiltonian_rows::{godunov_row, lax_friedrichs_row};
use crate::real::Real;
use crate::slopes::{Context, Row, SlopeSink};
use crate::speeds::{add_dissipation, global_dissipation, global_speed};
use crate::walls::Walls;
use crate::weno5::WenoReal;

pub use crate::hamiltonian_whole::SlopeFields;

/// Sum of weights x slices - balance: what a rate is before the Hamiltonian.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a, R> {
    /// Interpolation of the stored sources; slices of weight 0 are left out.
    pub slices: [(R, &'a [R]); 4],
    /// Of these.
    pub count: usize,
    /// Subtracted, where splitting is balanced.
    pub balance: Option<&'a [R]>,
}

/// out = base + weight ((u - base) + step rate), a stage of Runge-Kutta: u - base is exact where they are near each other, and no
/// rate is kept for it.
#[derive(Clone, Copy, Debug)]
pub struct Update<'a, R> {
    /// Where the step began.
    pub base: Shared<'a, R>,
    /// Takes the result; may be `base`, but the field whose Hamiltonian is taken in one dimension only.
    pub out: Shared<'a, R>,
    /// Share of the stage.
    pub weight: R,
    /// Length of the step.
    pub step: R,
}

/// rate = source - Hhat(x, p-, p+) (+ nu Lap6 u where `diffusion`), and the update.
#[derive(Clone, Copy, Debug)]
pub struct Rate<'a, R> {
    /// The value function.
    pub u: Shared<'a, R>,
    /// Its walls.
    pub walls: &'a Walls<R>,
    /// Whether diffusion is part of the rate.
    pub diffusion: bool,
    /// What else is.
    pub source: Source<'a, R>,
    /// Takes the rate, where it is wanted.
    pub rate: Option<Shared<'a, R>>,
    /// What is done with it.
    pub update: Option<Update<'a, R>>,
    /// Whether the speed is wanted.
    pub speed: bool,
}

impl<R: Real> Rate<'_, R> {
    /// part += source at the numbers from `at` on
    #[inline(always)]
    pub(crate) fn add_source(&self, at: usize, part: &mut [R]) {
        let length = part.len();
        let Source { slices, count, balance } = self.source;
        let of = |field: &'_ [R]| -> std::ops::Range<usize> { at..(at + length).min(field.len()) };
        if count == 4 {
            let [(w0, a), (w1, b), (w2, c), (w3, d)] = slices;
            let (a, b, c, d) = (&a[of(a)][..length], &b[of(b)][..length], &c[of(c)][..length], &d[of(d)][..length]);
            for k in 0..length {
                part[k] += w0 * a[k] + w1 * b[k] + w2 * c[k] + w3 * d[k];
            }
        } else {
            for (w, slice) in slices.into_iter().take(count) {
                for (x, s) in part.iter_mut().zip(&slice[of(slice)]) {
                    *x += w * *s;
                }
            }
        }
        if let Some(balance) = balance {
            for (x, q) in part.iter_mut().zip(&balance[of(balance)]) {
                *x -= *q;
            }
        }
    }

    /// Stores the finished rate of the numbers from `at` on and does the update; `u` is the field there.
    #[inline(always)]
    pub(crate) fn finish(&self, at: usize, u: &[R], part: &[R]) {
        let length = part.len();
        if let Some(rate) = self.rate {
            // SAFETY: every row of a field belongs to one block.
            unsafe { rate.slice(at, length) }.copy_from_slice(part);
        }
        let Some(Update { base, out, weight, step }) = self.update else { return };
        let u = &u[..length];
        if base.same(&out) {
            // SAFETY: as above.
            let out = unsafe { out.slice(at, length) };
            for k in 0..length {
                out[k] += weight * ((u[k] - out[k]) + step * part[k]);
            }
        } else {
            // SAFETY: as above, in two fields.
            let (base, out) = unsafe { (base.view(at, length), out.slice(at, length)) };
            for k in 0..length {
                out[k] = base[k] + weight * ((u[k] - base[k]) + step * part[k]);
            }
        }
    }
}

/// Takes a rate; returns the largest sum over the axes of alpha_a / h_a (1/time) where it is wanted, with alpha the
/// Lax-Friedrichs dissipation (where the flux is `godunov`, the one that `llf` would have).
pub fn hamiltonian<R: WenoReal>(context: Context<'_, R>, fields: &mut SlopeFields<R>, rate: &Rate<'_, R>) -> f64 {
    let d = context.d;
    if !d.hamiltonian.separable {
        return crate::hamiltonian_whole::whole(context, fields, rate);
    }
    let global =
        (d.scheme.flux == Flux::Glf).then(|| global_dissipation(context, rate.u, rate.walls, &mut fields.largest));
    let flux = |axis: usize| match global {
        Some(global) => AxisFlux::Global(R::from_f64(global[axis])),
        None if d.scheme.flux == Flux::Godunov => AxisFlux::Godunov,
        None => AxisFlux::Local,
    };
    let last = d.axes.len() - 1;
    let fastest = each_slope_of_all(context, rate.u, rate.walls, |a| AxisSink {
        rate,
        hamiltonian: &d.hamiltonian,
        flux: flux(a),
        drift: d.drift(a),
        inverse: R::from_f64(d.axes[a].inverse()),
        diffusivity: R::from_f64(d.nu * d.axes[a].inverse() * d.axes[a].inverse()),
        speed: rate.speed && global.is_none(),
        first: a == 0,
        last: a == last,
    });
    global.map_or(fastest[last], |global| global_speed(d, global))
}

/// The numerical Hamiltonian of one axis.
#[derive(Clone, Copy)]
enum AxisFlux<R> {
    /// Lax-Friedrichs with the dissipation of the node.
    Local,
    /// Lax-Friedrichs with the largest dissipation of the grid.
    Global(R),
    /// Godunov.
    Godunov,
}

/// Minus the numerical Hamiltonian of one axis.
#[derive(Clone, Copy)]
struct AxisSink<'a, R> {
    rate: &'a Rate<'a, R>,
    hamiltonian: &'a Hamiltonian<R>,
    flux: AxisFlux<R>,
    drift: Option<&'a [R]>,
    inverse: R,
    diffusivity: R,
    speed: bool,
    first: bool,
    last: bool,
}

impl<R: Real> SlopeSink<R> for AxisSink<'_, R> {
    #[inline(always)]
    fn ahead(self, at: usize, length: usize) {
        if self.first {
            let Source { slices, count, .. } = self.rate.source;
            for (_, slice) in slices.into_iter().take(count) {
                ahead(&slice[at..at + length]);
            }
        }
        if let Some(Update { base, out, .. }) = self.rate.update.filter(|_| self.last) {
            for field in [base, out] {
                // SAFETY: nothing is read by asking.
                ahead(unsafe { field.view(at, length) });
            }
        }
    }

    #[inline(always)]
    fn row(self, row: Row<'_, R>, [part, speed]: [&mut [R]; 2]) -> f64 {
        let Row { minus, plus, at, .. } = row;
        let h = self.hamiltonian;
        let drift = self.drift.map(|drift| &drift[at..at + part.len()]);
        if self.first {
            part.fill(R::ZERO);
            self.rate.add_source(at, part);
        }
        match self.flux {
            AxisFlux::Local => lax_friedrichs_row(h, minus, plus, drift, None, part),
            AxisFlux::Global(alpha) => lax_friedrichs_row(h, minus, plus, drift, Some(alpha), part),
            AxisFlux::Godunov => godunov_row(h, minus, plus, drift, part),
        }
        if self.rate.diffusion {
            add_laplacian6(row.u, self.diffusivity, part);
        }
        if self.last {
            self.rate.finish(at, row.u[3], part);
        }
        if !self.speed {
            return 0.0;
        }
        if self.first {
            speed.fill(R::ZERO);
        }
        add_dissipation(h, minus, plus, drift, self.inverse, speed);
        if self.last { largest_of(speed).to_f64() } else { 0.0 }
    }
}
