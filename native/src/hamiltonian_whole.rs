//! Hamiltonians that are no sum over the axes, |p|^q with q != 2: slopes of all axes first, then point by point.

use std::collections::TryReserveError;

use crate::crew::{Shared, range_count, range_of};
use crate::diffusion::add_laplacian6;
use crate::discretisation::{Discretisation, Flux, Hamiltonian};
use crate::grid::{Axis, MOST_AXES};
use crate::hamiltonian::Rate;
use crate::history::{field, history};
use crate::real::Real;
use crate::simd::Kernel;
use crate::slopes::{Context, Row, SlopeSink, each_slope};
use crate::speeds::global_speed;
use crate::walls::Walls;
use crate::weno5::WenoReal;

/// Work fields of the Hamiltonian and of the drift.
#[derive(Debug, Default)]
pub struct SlopeFields<R> {
    /// Speeds of the axes so far; empty in one dimension.
    pub speed: Vec<R>,
    /// u_x^- per axis; empty where H is a sum over the axes.
    pub left: Vec<Vec<R>>,
    /// u_x^+ per axis.
    pub right: Vec<Vec<R>>,
    /// Squared slopes across one axis; empty where H is a sum over the axes.
    pub transverse: Vec<R>,
    /// Rate before the Hamiltonian; empty where H is a sum over the axes.
    pub rate: Vec<R>,
    /// The largest slopes when they were last looked for: a guess for the next time.
    pub largest: [f64; MOST_AXES],
}

impl<R: Real> SlopeFields<R> {
    /// The fields that a problem needs.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(d: &Discretisation<R>) -> Result<Self, TryReserveError> {
        let dimension = d.axes.len();
        let slopes = if d.hamiltonian.separable { 0 } else { dimension };
        Ok(Self {
            speed: field(if dimension > 1 { d.points } else { 0 })?,
            left: history(slopes, d.points)?,
            right: history(slopes, d.points)?,
            transverse: field(if d.hamiltonian.separable { 0 } else { d.points })?,
            rate: field(if d.hamiltonian.separable { 0 } else { d.points })?,
            largest: [0.0; MOST_AXES],
        })
    }
}

/// Stores slopes, and adds nu Lap6 to a rate.
#[derive(Clone, Copy)]
struct Store<'a, R> {
    left: Shared<'a, R>,
    right: Shared<'a, R>,
    rate: Option<(&'a Rate<'a, R>, Shared<'a, R>, R, bool)>,
}

impl<R: Real> SlopeSink<R> for Store<'_, R> {
    #[inline(always)]
    fn row(self, row: Row<'_, R>, [part, _]: [&mut [R]; 2]) -> f64 {
        let length = part.len();
        // SAFETY: every row of a field belongs to one block.
        unsafe { self.left.slice(row.at, length) }.copy_from_slice(row.minus);
        // SAFETY: as above.
        unsafe { self.right.slice(row.at, length) }.copy_from_slice(row.plus);
        if let Some((rate, field, diffusivity, first)) = self.rate {
            part.fill(R::ZERO);
            if rate.diffusion {
                add_laplacian6(row.u, diffusivity, part);
            }
            // SAFETY: as above.
            let stored = unsafe { field.slice(row.at, length) };
            if first {
                rate.add_source(row.at, part);
                stored.copy_from_slice(part);
            } else if rate.diffusion {
                for (x, more) in stored.iter_mut().zip(&*part) {
                    *x += *more;
                }
            }
        }
        0.0
    }
}

/// One-sided slopes of all axes into `fields`; with a rate also its source and diffusion.
pub fn store_slopes<R: WenoReal>(
    context: Context<'_, R>,
    u: Shared<'_, R>,
    walls: &Walls<R>,
    fields: &mut SlopeFields<R>,
    rate: Option<&Rate<'_, R>>,
) {
    let field = Shared::new(&mut fields.rate);
    for (a, axis) in context.d.axes.iter().enumerate() {
        let diffusivity = R::from_f64(context.d.nu * axis.inverse() * axis.inverse());
        let sink = Store {
            left: Shared::new(&mut fields.left[a]),
            right: Shared::new(&mut fields.right[a]),
            rate: rate.map(|rate| (rate, field, diffusivity, a == 0)),
        };
        each_slope(context, a, u, walls, sink);
    }
}

/// See `hamiltonian`.
pub(crate) fn whole<R: WenoReal>(context: Context<'_, R>, fields: &mut SlopeFields<R>, rate: &Rate<'_, R>) -> f64 {
    let Context { d, crew } = context;
    store_slopes(context, rate.u, rate.walls, fields, Some(rate));
    let point = Points { d, left: &fields.left, right: &fields.right };
    let global = (d.scheme.flux == Flux::Glf).then(|| point.global(context));
    let fastest = match global {
        Some(global) => global_speed(d, global),
        None if rate.speed => point.fastest(context),
        None => 0.0,
    };
    let global = global.map(|global| global.map(R::from_f64));
    let parts = Shared::new(&mut fields.rate);
    crew.each(range_count(d.points), |_, block| {
        crew.level.run(Values { point, rate, parts, global, range: range_of(d.points, block) });
    });
    fastest
}

/// See `speeds::fastest`.
pub(crate) fn fastest<R: WenoReal>(
    context: Context<'_, R>,
    u: Shared<'_, R>,
    walls: &Walls<R>,
    fields: &mut SlopeFields<R>,
) -> f64 {
    let d = context.d;
    store_slopes(context, u, walls, fields, None);
    let point = Points { d, left: &fields.left, right: &fields.right };
    if d.scheme.flux == Flux::Glf { global_speed(d, point.global(context)) } else { point.fastest(context) }
}

/// -Hhat at a range of points, and the update.
struct Values<'a, R> {
    point: Points<'a, R>,
    rate: &'a Rate<'a, R>,
    parts: Shared<'a, R>,
    global: Option<[R; MOST_AXES]>,
    range: std::ops::Range<usize>,
}

impl<R: Real> Kernel for Values<'_, R> {
    type Output = ();
    #[inline(always)]
    fn run<const F: bool>(self) {
        let at = self.range.start;
        // SAFETY: every range of a field belongs to one block, and nobody writes u.
        let (part, u) = unsafe { (self.parts.slice(at, self.range.len()), self.rate.u.view(at, self.range.len())) };
        for (i, x) in self.range.zip(part.iter_mut()) {
            *x -= self.point.value(i, self.global);
        }
        self.rate.finish(at, u, part);
    }
}

/// Slopes of all axes, point by point.
#[derive(Clone, Copy)]
struct Points<'a, R> {
    d: &'a Discretisation<R>,
    left: &'a [Vec<R>],
    right: &'a [Vec<R>],
}

impl<R: Real> Points<'_, R> {
    /// The largest dissipation of each axis over the grid.
    fn global(self, Context { d, crew }: Context<'_, R>) -> [f64; MOST_AXES] {
        let mut global = [0.0; MOST_AXES];
        for (a, most) in global.iter_mut().enumerate().take(d.axes.len()) {
            *most = crew.largest(range_count(d.points), |_, block| {
                range_of(d.points, block).fold(0.0, |most, i| f64::max(most, self.dissipation(i)[a].to_f64()))
            });
        }
        global
    }

    /// The largest sum over the axes of dissipation over spacing.
    fn fastest(self, Context { d, crew }: Context<'_, R>) -> f64 {
        crew.largest(range_count(d.points), |_, block| {
            range_of(d.points, block).fold(0.0, |most, i| f64::max(most, self.speed(i)))
        })
    }

    /// Slopes (p-, p+) per axis; 0 beyond the last axis.
    #[inline(always)]
    fn slopes(&self, i: usize) -> [(R, R); MOST_AXES] {
        let mut slopes = [(R::ZERO, R::ZERO); MOST_AXES];
        for ((slope, left), right) in slopes.iter_mut().zip(self.left).zip(self.right) {
            *slope = (left[i], right[i]);
        }
        slopes
    }

    #[inline(always)]
    fn drift(&self, axis: usize, i: usize) -> R {
        self.d.drift(axis).map_or(R::ZERO, |drift| drift[i])
    }

    /// Largest |H_p| of each axis over the box of the slopes at the node.
    ///
    /// Where H is no sum, |H_{p_a}| = c P (P^2 + s)^((q-2)/2) with P the slope's size along a, in which it grows, and s the
    /// squares of the others: at their largest for q >= 2, at their smallest below.
    #[inline(always)]
    fn dissipation(&self, i: usize) -> [R; MOST_AXES] {
        let h = &self.d.hamiltonian;
        let slopes = self.slopes(i);
        let mut alpha = [R::ZERO; MOST_AXES];
        for (a, alpha) in alpha.iter_mut().enumerate().take(self.d.axes.len()) {
            let (minus, plus) = slopes[a];
            if h.separable {
                let drift = self.drift(a, i);
                *alpha = farthest(
                    speed_per_slope(h, minus * minus) * minus + drift,
                    speed_per_slope(h, plus * plus) * plus + drift,
                );
                continue;
            }
            let mut others = R::ZERO;
            for (j, (minus, plus)) in slopes.into_iter().enumerate() {
                if j != a {
                    let size = if h.exponent >= 2.0 { farthest(minus, plus) } else { nearest(minus, plus) };
                    others += size * size;
                }
            }
            let largest = farthest(minus, plus);
            *alpha = speed_per_slope(h, largest * largest + others) * largest;
        }
        alpha
    }

    #[inline(always)]
    fn speed(&self, i: usize) -> f64 {
        let alpha = self.dissipation(i);
        self.d.axes.iter().map(Axis::inverse).zip(alpha).map(|(inverse, alpha)| alpha.to_f64() * inverse).sum()
    }

    /// Hhat.
    #[inline(always)]
    fn value(&self, i: usize, global: Option<[R; MOST_AXES]>) -> R {
        if self.d.scheme.flux == Flux::Godunov {
            return self.godunov(i);
        }
        let alpha = global.unwrap_or_else(|| self.dissipation(i));
        let half = R::from_f64(0.5);
        let mut squared = R::ZERO;
        let mut rest = R::ZERO;
        for (a, (minus, plus)) in self.slopes(i).into_iter().enumerate().take(self.d.axes.len()) {
            let mean = half * (minus + plus);
            squared += mean * mean;
            rest += self.drift(a, i) * mean - half * alpha[a] * (plus - minus);
        }
        control_energy(&self.d.hamiltonian, squared) + rest
    }

    /// H here has no drift field and grows with the size of every component: the extremes of the components give its own.
    #[inline(always)]
    fn godunov(&self, i: usize) -> R {
        let mut squared = R::ZERO;
        for (minus, plus) in self.slopes(i).into_iter().take(self.d.axes.len()) {
            let size = if minus <= plus { nearest(minus, plus) } else { farthest(minus, plus) };
            squared += size * size;
        }
        control_energy(&self.d.hamiltonian, squared)
    }
}

#[inline(always)]
fn nearest<R: Real>(a: R, b: R) -> R {
    if a * b <= R::ZERO { R::ZERO } else { a.abs().smaller(b.abs()) }
}

#[inline(always)]
fn farthest<R: Real>(a: R, b: R) -> R {
    a.abs().larger(b.abs())
}

/// c/q |p|^q from |p|^2.
#[inline(always)]
#[expect(clippy::float_cmp, reason = "2 is told apart from all else")]
pub(crate) fn control_energy<R: Real>(h: &Hamiltonian<R>, squared: R) -> R {
    let power = if h.exponent == 2.0 { squared } else { squared.powf(R::from_f64(h.exponent / 2.0)) };
    R::from_f64(h.control / h.exponent) * power
}

/// c |p|^(q-2) from |p|^2: what turns a slope into a speed. 0 at p = 0 for q != 2, so that its product with p is right.
#[inline(always)]
#[expect(clippy::float_cmp, reason = "2 is told apart from all else")]
pub(crate) fn speed_per_slope<R: Real>(h: &Hamiltonian<R>, squared: R) -> R {
    if h.exponent == 2.0 {
        R::from_f64(h.control)
    } else if squared == R::ZERO {
        R::ZERO
    } else {
        R::from_f64(h.control) * squared.powf(R::from_f64((h.exponent - 2.0) / 2.0))
    }
}
