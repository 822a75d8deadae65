//! The value function and the optimal drift at the stage times of a forward sweep. Runge-Kutta stages and the parts of a
//! Richardson step meet at the same times, so the last few are kept.

use std::collections::TryReserveError;

use crate::ahead::ahead;
use crate::all_slopes::each_slope_of_all;
use crate::crew::Shared;
use crate::discretisation::{Discretisation, FokkerPlanck, Splitting};
use crate::drift::is_quadratic;
use crate::grid::MOST_AXES;
use crate::hamiltonian_whole::speed_per_slope;
use crate::history::field;
use crate::real::Real;
use crate::simd::Kernel;
use crate::slopes::{Context, Row, SlopeSink, each_slope};
use crate::times::Moment;
use crate::walls::Walls;
use crate::weno5::WenoReal;

/// Everything the transport needs of u at one time.
#[derive(Debug)]
pub struct StageDrift<R> {
    time: f64,
    /// The value function.
    pub u: Vec<R>,
    /// Its values on the exit walls.
    pub walls: Walls<R>,
    /// The optimal drift at the nodes per axis; empty in the mode `fdm`.
    pub nodes: Vec<Vec<R>>,
    /// Slopes (p- + p+)/2 per axis, where H is not quadratic.
    pub slopes: Vec<Vec<R>>,
}

/// The last few stage times.
#[derive(Debug)]
pub struct StageDrifts<R> {
    kept: Vec<StageDrift<R>>,
    /// Indices of `kept`, the one used last first.
    order: Vec<usize>,
    /// Times nearer than this are the same but for round-off.
    same: f64,
}

/// How many stage times recur.
fn times_kept<R: Real>(d: &Discretisation<R>) -> usize {
    match (d.scheme.fokker_planck, d.scheme.splitting) {
        (FokkerPlanck::Fdm, _) => 1,
        (FokkerPlanck::Weno5, Splitting::Richardson) => 4,
        (FokkerPlanck::Weno5, Splitting::Strang | Splitting::Explicit) => 3,
    }
}

impl<R: WenoReal> StageDrifts<R> {
    /// Memory for the sweeps of a problem.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(d: &Discretisation<R>) -> Result<Self, TryReserveError> {
        let fields = |wanted: bool| -> Result<Vec<Vec<R>>, TryReserveError> {
            (0..if wanted { d.axes.len() } else { 0 }).map(|_| field(d.points)).collect()
        };
        let transported = d.scheme.fokker_planck == FokkerPlanck::Weno5;
        let kept = (0..times_kept(d))
            .map(|_| {
                Ok(StageDrift {
                    time: f64::NAN,
                    u: field(d.points)?,
                    walls: Walls::new(d)?,
                    nodes: fields(transported)?,
                    slopes: fields(!is_quadratic(&d.hamiltonian))?,
                })
            })
            .collect::<Result<Vec<_>, TryReserveError>>()?;
        let order = (0..times_kept(d)).collect();
        Ok(Self { kept, order, same: 4.0 * f64::EPSILON * d.levels.horizon })
    }

    /// Forgets all times: another value function follows.
    pub fn forget(&mut self) {
        for kept in &mut self.kept {
            kept.time = f64::NAN;
        }
    }

    /// What is known at a time within a stored interval.
    pub fn at(&mut self, context: Context<'_, R>, value: &[Vec<R>], time: f64, interval: usize) -> &mut StageDrift<R> {
        let found = self.order.iter().position(|&k| (self.kept[k].time - time).abs() <= self.same);
        let place = found.unwrap_or(self.order.len() - 1);
        self.order[..=place].rotate_right(1);
        let kept = &mut self.kept[self.order[0]];
        if found.is_none() {
            kept.set(context, value, time, interval);
        }
        kept
    }
}

impl<R: WenoReal> StageDrift<R> {
    fn set(&mut self, context: Context<'_, R>, value: &[Vec<R>], time: f64, interval: usize) {
        let Context { d, crew } = context;
        let moment = d.levels.at(time, interval);
        self.time = time;
        interpolate(context, value, &moment, &mut self.u);
        self.walls.set(d, &moment);
        if self.nodes.is_empty() && self.slopes.is_empty() {
            return;
        }
        let u = Shared::new(&mut self.u);
        if is_quadratic(&d.hamiltonian) {
            let mut nodes = self.nodes.iter_mut();
            let out: [Shared<'_, R>; MOST_AXES] =
                std::array::from_fn(|_| nodes.next().map_or(Shared::new(&mut []), |nodes| Shared::new(nodes)));
            each_slope_of_all(context, u, &self.walls, |axis| MeanSlope {
                factor: R::from_f64(-0.5 * d.hamiltonian.control),
                field: d.drift(axis),
                out: out[axis],
            });
            return;
        }
        for (axis, slopes) in self.slopes.iter_mut().enumerate() {
            let sink = MeanSlope { factor: R::from_f64(0.5), field: None, out: Shared::new(slopes) };
            each_slope(context, axis, u, &self.walls, sink);
        }
        let slopes = &self.slopes;
        for (axis, nodes) in self.nodes.iter_mut().enumerate() {
            let out = Shared::new(nodes);
            crew.ranges(d.points, |range| {
                let first = range.start;
                // SAFETY: ranges are apart.
                let out = unsafe { out.slice(first, range.len()) };
                for (b, i) in out.iter_mut().zip(range) {
                    let squared = slopes.iter().fold(R::ZERO, |sum, p| sum + p[i] * p[i]);
                    *b = -(speed_per_slope(&d.hamiltonian, squared) * slopes[axis][i]);
                }
                if let Some(drift) = d.drift(axis) {
                    for (b, drift) in out.iter_mut().zip(&drift[first..]) {
                        *b -= *drift;
                    }
                }
            });
        }
    }
}

/// out = factor (p- + p+) - field
#[derive(Clone, Copy)]
struct MeanSlope<'a, R> {
    factor: R,
    field: Option<&'a [R]>,
    out: Shared<'a, R>,
}

impl<R: Real> SlopeSink<R> for MeanSlope<'_, R> {
    #[inline(always)]
    fn ahead(self, at: usize, length: usize) {
        // SAFETY: nothing is read by asking.
        ahead(unsafe { self.out.view(at, length) });
    }

    #[inline(always)]
    fn row(self, row: Row<'_, R>, _buffers: [&mut [R]; 2]) -> f64 {
        let length = row.minus.len();
        // SAFETY: every row of a field belongs to one block.
        let out = unsafe { self.out.slice(row.at, length) };
        let (minus, plus) = (&row.minus[..length], &row.plus[..length]);
        for k in 0..length {
            out[k] = self.factor * (minus[k] + plus[k]);
        }
        if let Some(field) = self.field {
            for (b, drift) in out.iter_mut().zip(&field[row.at..row.at + length]) {
                *b -= *drift;
            }
        }
        0.0
    }
}

/// out = the interpolation of stored slices at a moment; slices of weight 0 are not read.
fn interpolate<R: Real>(context: Context<'_, R>, value: &[Vec<R>], moment: &Moment, out: &mut [R]) {
    let points = out.len();
    let mut slices: [(R, &[R]); 4] = [(R::ZERO, &[]); 4];
    let mut count = 0;
    for (j, weight) in moment.weights.iter().enumerate().take(moment.count) {
        if *weight != 0.0 {
            slices[count] = (R::from_f64(*weight), value[moment.first + j].as_slice());
            count += 1;
        }
    }
    let slices = &slices[..count];
    let out = Shared::new(out);
    context.crew.ranges(points, |range| {
        // SAFETY: ranges are apart.
        let out = unsafe { out.slice(range.start, range.len()) };
        context.crew.level.run(Combine { slices, from: range.start, out });
    });
}

struct Combine<'a, R> {
    slices: &'a [(R, &'a [R])],
    from: usize,
    out: &'a mut [R],
}

impl<R: Real> Kernel for Combine<'_, R> {
    type Output = ();
    #[inline(always)]
    fn run<const F: bool>(self) {
        let Self { slices, from, out } = self;
        let n = out.len();
        let part = |j: usize| &slices[j].1[from..from + n];
        if slices.len() == 4 {
            let (a, b, c, d) = (part(0), part(1), part(2), part(3));
            let [w0, w1, w2, w3] = [0, 1, 2, 3].map(|j| slices[j].0);
            for k in 0..n {
                out[k] = w0 * a[k] + w1 * b[k] + w2 * c[k] + w3 * d[k];
            }
            return;
        }
        for (j, (weight, _)) in slices.iter().enumerate() {
            for (x, y) in out.iter_mut().zip(part(j)) {
                *x = if j == 0 { *weight * *y } else { *x + *weight * *y };
            }
        }
    }
}
