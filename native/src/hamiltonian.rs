//! Numerical Hamiltonian of whole fields, and the Runge-Kutta update that follows it (docs/numerics.md sections 3.1, 3.2).
//!
//! One pass per axis takes the slopes, the numerical Hamiltonian and, in the explicit mode, the Laplacian of that axis;
//! the first pass puts in the source term, the last one does the update, so that no field is read for these alone.

use crate::crew::Shared;
use crate::diffusion::add_laplacian6;
use crate::discretisation::{Flux, Hamiltonian};
use crate::real::Real;
use crate::slopes::{Context, Row, SlopeSink, each_slope};
use crate::walls::Walls;
use crate::weno5::WenoReal;

pub use crate::hamiltonian_whole::SlopeFields;

/// keep * rate + sum of weights x slices - balance: what a rate is before the Hamiltonian.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a, R> {
    /// Factor of the rate's old contents, which are not read where it is 0.
    pub keep: R,
    /// Interpolation of the stored sources; slices of weight 0 are left out.
    pub slices: [(R, &'a [R]); 4],
    /// Of these.
    pub count: usize,
    /// Subtracted, where splitting is balanced.
    pub balance: Option<&'a [R]>,
}

/// out = base + factor * rate
#[derive(Clone, Copy, Debug)]
pub struct Update<'a, R> {
    /// Where the step began.
    pub base: Shared<'a, R>,
    /// Takes the result; may be `base`, or the field whose Hamiltonian is taken.
    pub out: Shared<'a, R>,
    /// Step times weight.
    pub factor: R,
    /// Whether the rate is wanted later.
    pub keep_rate: bool,
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
    /// Takes the rate.
    pub rate: Shared<'a, R>,
    /// What is done with it.
    pub update: Option<Update<'a, R>>,
    /// Whether the speed is wanted.
    pub speed: bool,
}

impl<R: Real> Rate<'_, R> {
    /// part = source at the numbers from `at` on + part
    #[inline(always)]
    pub(crate) fn add_source(&self, at: usize, part: &mut [R]) {
        let length = part.len();
        let Source { keep, slices, count, balance } = self.source;
        let of = |field: &'_ [R]| -> std::ops::Range<usize> { at..(at + length).min(field.len()) };
        if keep != R::ZERO {
            // SAFETY: every row of a field belongs to one block.
            let rate = unsafe { self.rate.slice(at, length) };
            for (x, old) in part.iter_mut().zip(&*rate) {
                *x += keep * *old;
            }
        }
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

    /// Stores the finished rate of the numbers from `at` on and does the update.
    #[inline(always)]
    pub(crate) fn finish(&self, at: usize, part: &[R]) {
        let length = part.len();
        if self.update.is_none_or(|update| update.keep_rate) {
            // SAFETY: every row of a field belongs to one block.
            unsafe { self.rate.slice(at, length) }.copy_from_slice(part);
        }
        self.update_from(at, part);
    }

    /// The update alone, from a finished rate.
    #[inline(always)]
    pub(crate) fn update_from(&self, at: usize, part: &[R]) {
        let length = part.len();
        let Some(Update { base, out, factor, .. }) = self.update else { return };
        if base.same(&out) {
            // SAFETY: as above.
            for (x, k) in unsafe { out.slice(at, length) }.iter_mut().zip(part) {
                *x += factor * *k;
            }
        } else {
            // SAFETY: as above, in two fields.
            let (base, out) = unsafe { (&*base.slice(at, length), out.slice(at, length)) };
            for ((x, old), k) in out.iter_mut().zip(base).zip(part) {
                *x = *old + factor * *k;
            }
        }
    }
}

/// Takes a rate; returns the largest sum over the axes of alpha_a / h_a (1/time) where it is wanted, with alpha the
/// Lax-Friedrichs dissipation (where the flux is `godunov`, the one that `llf` would have).
pub fn hamiltonian<R: WenoReal>(context: Context<'_, R>, fields: &mut SlopeFields<R>, rate: &Rate<'_, R>) -> f64 {
    let d = context.d;
    if !d.hamiltonian.separable || d.scheme.flux == Flux::Glf {
        return crate::hamiltonian_whole::whole(context, fields, rate);
    }
    let speeds = Shared::new(&mut fields.speed);
    let mut fastest = 0.0;
    for (a, axis) in d.axes.iter().enumerate() {
        let sink = AxisSink {
            rate,
            hamiltonian: &d.hamiltonian,
            godunov: d.scheme.flux == Flux::Godunov,
            drift: d.drift(a),
            inverse: R::from_f64(axis.inverse()),
            diffusivity: R::from_f64(d.nu * axis.inverse() * axis.inverse()),
            speeds,
            first: a == 0,
            last: a + 1 == d.axes.len(),
        };
        fastest = each_slope(context, a, rate.u, rate.walls, sink);
    }
    fastest
}

/// Minus the numerical Hamiltonian of one axis.
#[derive(Clone, Copy)]
struct AxisSink<'a, R> {
    rate: &'a Rate<'a, R>,
    hamiltonian: &'a Hamiltonian<R>,
    godunov: bool,
    drift: Option<&'a [R]>,
    inverse: R,
    diffusivity: R,
    speeds: Shared<'a, R>,
    first: bool,
    last: bool,
}

impl<R: Real> SlopeSink<R> for AxisSink<'_, R> {
    #[inline(always)]
    fn row(self, row: Row<'_, R>, [part, speed]: [&mut [R]; 2]) -> f64 {
        let length = part.len();
        let (minus, plus) = (&row.minus[..length], &row.plus[..length]);
        let drift = self.drift.map(|drift| &drift[row.at..row.at + length]);
        let c = R::from_f64(self.hamiltonian.control);
        #[expect(clippy::float_cmp, reason = "2 is told apart from all else")]
        let quadratic = self.hamiltonian.exponent == 2.0;
        let q = R::from_f64(self.hamiltonian.exponent);
        match (self.godunov, quadratic, drift) {
            (false, true, None) => quadratic_row(c, minus, plus, part, speed),
            (false, true, Some(drift)) => quadratic_drift_row(c, minus, plus, drift, part, speed),
            (false, false, _) => power_row(c, q, minus, plus, part, speed),
            (true, true, None) => godunov_quadratic_row(c, minus, plus, part, speed),
            (true, _, drift) => godunov_row(c, q, minus, plus, drift, part, speed),
        }
        if self.rate.diffusion {
            add_laplacian6(row.u, self.diffusivity, part);
        }
        if self.first {
            self.rate.add_source(row.at, part);
        } else {
            // SAFETY: every row of a field belongs to one block.
            for (x, old) in part.iter_mut().zip(&*unsafe { self.rate.rate.slice(row.at, length) }) {
                *x += *old;
            }
        }
        if self.last {
            self.rate.finish(row.at, part);
        } else {
            // SAFETY: as above.
            unsafe { self.rate.rate.slice(row.at, length) }.copy_from_slice(part);
        }
        if self.rate.speed { add_speeds(speed, self.inverse, self.speeds, row.at, self.first, self.last) } else { 0.0 }
    }
}

/// Adds speed/h of one axis to the speeds of those before it; after the last axis returns the largest sum.
#[inline(always)]
pub(crate) fn add_speeds<R: Real>(
    speed: &mut [R],
    inverse: R,
    speeds: Shared<'_, R>,
    at: usize,
    first: bool,
    last: bool,
) -> f64 {
    for x in &mut *speed {
        *x *= inverse;
    }
    if !first {
        // SAFETY: every row of a field belongs to one block.
        let before = unsafe { &*speeds.slice(at, speed.len()) };
        for (x, old) in speed.iter_mut().zip(before) {
            *x += *old;
        }
    }
    if last {
        return largest_of(speed).to_f64();
    }
    // SAFETY: as above.
    unsafe { speeds.slice(at, speed.len()) }.copy_from_slice(speed);
    0.0
}

/// The largest of some numbers >= 0; NaN does not count. In as many parts as vectors have room for.
#[inline(always)]
pub(crate) fn largest_of<R: Real>(numbers: &[R]) -> R {
    let mut most = [R::ZERO; 16];
    let chunks = numbers.chunks_exact(16);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (most, x) in most.iter_mut().zip(chunk) {
            *most = x.larger(*most);
        }
    }
    most.iter().chain(rest).fold(R::ZERO, |most, x| x.larger(most))
}

#[inline(always)]
fn quadratic_row<R: Real>(c: R, minus: &[R], plus: &[R], out: &mut [R], speed: &mut [R]) {
    let half = R::from_f64(0.5);
    let energy = half * c;
    let length = out.len();
    let (minus, plus, speed) = (&minus[..length], &plus[..length], &mut speed[..length]);
    for k in 0..length {
        let (a, b) = (minus[k], plus[k]);
        let mean = half * (a + b);
        let alpha = c * a.abs().larger(b.abs());
        out[k] = half * alpha * (b - a) - energy * mean * mean;
        speed[k] = alpha;
    }
}

#[inline(always)]
fn quadratic_drift_row<R: Real>(c: R, minus: &[R], plus: &[R], drift: &[R], out: &mut [R], speed: &mut [R]) {
    let half = R::from_f64(0.5);
    let energy = half * c;
    let length = out.len();
    let (minus, plus, drift, speed) = (&minus[..length], &plus[..length], &drift[..length], &mut speed[..length]);
    for k in 0..length {
        let (a, b, field) = (minus[k], plus[k], drift[k]);
        let mean = half * (a + b);
        let alpha = (c * a + field).abs().larger((c * b + field).abs());
        out[k] = half * alpha * (b - a) - (energy * mean + field) * mean;
        speed[k] = alpha;
    }
}

/// One dimension: H = c/q |p|^q.
#[inline(always)]
fn power_row<R: Real>(c: R, q: R, minus: &[R], plus: &[R], out: &mut [R], speed: &mut [R]) {
    let half = R::from_f64(0.5);
    for (((x, s), a), b) in out.iter_mut().zip(speed).zip(minus).zip(plus) {
        let alpha = c * a.abs().larger(b.abs()).powf(q - R::ONE);
        *x = half * alpha * (*b - *a) - (c / q) * (half * (*a + *b)).abs().powf(q);
        *s = alpha;
    }
}

/// H = c/2 p^2: each side looks no farther than p = 0.
#[inline(always)]
fn godunov_quadratic_row<R: Real>(c: R, minus: &[R], plus: &[R], out: &mut [R], speed: &mut [R]) {
    let energy = R::from_f64(0.5) * c;
    let length = out.len();
    let (minus, plus, speed) = (&minus[..length], &plus[..length], &mut speed[..length]);
    for k in 0..length {
        let (a, b) = (minus[k], plus[k]);
        let left = a.larger(R::ZERO);
        let right = b.smaller(R::ZERO);
        out[k] = -(energy * left * left).larger(energy * right * right);
        speed[k] = c * a.abs().larger(b.abs());
    }
}

/// H is convex: upwinding looks from each side no farther than its minimum.
#[inline(always)]
fn godunov_row<R: Real>(c: R, q: R, minus: &[R], plus: &[R], drift: Option<&[R]>, out: &mut [R], speed: &mut [R]) {
    let half = R::from_f64(0.5);
    let two = R::from_f64(2.0);
    let energy = |p: R| if q == two { half * c * p * p } else { (c / q) * p.abs().powf(q) };
    let slope = |p: R| if q == two { (c * p).abs() } else { c * p.abs().powf(q - R::ONE) };
    for (k, x) in out.iter_mut().enumerate() {
        let (a, b) = (minus[k], plus[k]);
        // A drift field goes with q = 2 only.
        let field = drift.map_or(R::ZERO, |drift| drift[k]);
        let lowest = -field / c;
        let left = a.larger(lowest);
        let right = b.smaller(lowest);
        *x = -(energy(left) + field * left).larger(energy(right) + field * right);
        speed[k] = if drift.is_some() {
            (c * a + field).abs().larger((c * b + field).abs())
        } else {
            slope(a).larger(slope(b))
        };
    }
}
