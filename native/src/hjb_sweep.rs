//! The backward sweep: HJB from t = T to 0 (docs/numerics.md sections 3, 4 and 5.2). In reversed time s = T - t it is u_s =
//! nu Lap u - Hhat + S with S = V + f(m).

use std::collections::TryReserveError;

use crate::balance::{ExitDistances, exit_share};
use crate::coupling::CouplingPlan;
use crate::crew::Shared;
use crate::diffusion::{ValueDiffusion, diffuse_value};
use crate::discretisation::{Discretisation, Splitting};
use crate::hamiltonian::{Rate, SlopeFields, Update, hamiltonian};
use crate::history::{copy_field, field, first_non_finite};
use crate::interval_counts::IntervalCounts;
use crate::legendre::{Legendre, axis_radius};
use crate::real::Real;
use crate::report::{Aborted, Failure, Flag, SweepReport};
use crate::slopes::Context;
use crate::sources::Sources;
use crate::speeds::fastest;
use crate::substeps::{HJB_KEPT, MOST_SUBSTEPS, explicit_step, full_radius, growing_step, need_of};
use crate::times::Moment;
use crate::value_store::ValueStore;
use crate::walls::Walls;
use crate::weno5::WenoReal;

/// Repeats of one interval with more sub-steps before the sweep gives up on it.
const MOST_REPEATS: u32 = 12;

/// How far a sub-step's Courant number may exceed the scheme's before its interval is repeated; SSPRK3 is stable to 1.43.
const OVERSPEED: f64 = 1.3;

/// Work fields of the backward sweep.
#[derive(Debug)]
pub struct HjbFields<R> {
    coarse: Vec<R>,
    stage: Vec<R>,
    /// The second stage, which is not done in place; empty in one dimension, where it is.
    second: Vec<R>,
    sources: Sources<R>,
    balance: Vec<R>,
    start: Walls<R>,
    end: Walls<R>,
}

/// True where splitting is balanced against the exits.
#[must_use]
pub fn balanced<R: Real>(d: &Discretisation<R>) -> bool {
    d.has_exit() && d.scheme.splitting != Splitting::Explicit && d.nu > 0.0
}

impl<R: WenoReal> HjbFields<R> {
    /// The fields that a problem needs.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(d: &Discretisation<R>) -> Result<Self, TryReserveError> {
        let when = |wanted: bool| field(if wanted { d.points } else { 0 });
        Ok(Self {
            coarse: when(d.scheme.splitting == Splitting::Richardson)?,
            stage: when(true)?,
            second: when(d.axes.len() > 1)?,
            sources: Sources::new(d)?,
            balance: when(balanced(d))?,
            start: Walls::new(d)?,
            end: Walls::new(d)?,
        })
    }

    /// A field and walls that a sweep may have left anything in, for use between sweeps.
    pub fn spare(&mut self) -> (&mut [R], &mut Walls<R>) {
        (&mut self.stage, &mut self.start)
    }
}

/// The backward sweep of one member.
#[derive(Debug)]
pub struct HjbSweep<'a, R> {
    /// The problem and the threads.
    pub context: Context<'a, R>,
    /// The flow that it answers.
    pub density: &'a [Vec<R>],
    /// Work fields.
    pub fields: &'a mut HjbFields<R>,
    /// Those of the Hamiltonian.
    pub slopes: &'a mut SlopeFields<R>,
    /// The coupling's own.
    pub coupling: &'a mut CouplingPlan<R>,
    /// Distances to exits.
    pub exits: &'a ExitDistances<R>,
    /// Stops it.
    pub flag: &'a Flag,
}

impl<R: WenoReal> HjbSweep<'_, R> {
    /// Fills `value` from the density. The counts are those of the last sweep and become those of this one.
    ///
    /// # Errors
    /// Where the flag was raised: the value history is then mixed.
    pub fn run(mut self, value: &mut ValueStore<'_, R>, counts: &mut IntervalCounts) -> Result<SweepReport, Aborted> {
        let Context { d, crew } = self.context;
        let steps = d.steps();
        let mut report = SweepReport::default();
        self.fields.sources.forget();
        copy_field(crew, &d.terminal_cost, value.level(steps));
        for k in (0..steps).rev() {
            let failed =
                |report: SweepReport, index| SweepReport { failure: Some(Failure { level: k, index }), ..report };
            let Some(need) = self.need(value.level(k + 1), k, &mut report) else { return Ok(failed(report, 0)) };
            let mut count = counts.choose(k, need, HJB_KEPT);
            let mut repeats = 0;
            loop {
                let (later, now) = value.step(k);
                copy_field(crew, later, now);
                let excess = self.interval(now, k, count, &mut report)?;
                if excess <= 1.0 {
                    break;
                }
                let more = (f64::from(count) * excess * OVERSPEED).ceil();
                if repeats == MOST_REPEATS || more.is_nan() || more > f64::from(MOST_SUBSTEPS) {
                    return Ok(failed(report, 0));
                }
                repeats += 1;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 2^30")]
                let more = more as u32;
                count = more.max(count + 1);
                counts.floors[k] = count;
            }
            counts.last[k] = count;
            report.substeps += u64::from(count);
            if let Some(index) = first_non_finite(crew, value.level(k)) {
                return Ok(failed(report, index));
            }
        }
        Ok(report)
    }

    /// Sub-steps that interval k needs, from the slope at its later end and the growth that both sources cause.
    fn need(&mut self, u: &[R], k: usize, report: &mut SweepReport) -> Option<u32> {
        let d = self.context.d;
        let (from, to) = (d.levels.times[k + 1], d.levels.times[k]);
        let growth = self.growth(k, report).max(self.growth(k + 1, report));
        self.walls_at(from, k);
        let speed = fastest(self.context, Shared::reading(u), &self.fields.start, self.slopes);
        let mut dt = growing_step(d, speed, growth);
        if d.scheme.splitting == Splitting::Explicit {
            dt = explicit_step(dt, full_radius(d));
        }
        need_of(from - to, dt)
    }

    fn walls_at(&mut self, t: f64, k: usize) {
        let d = self.context.d;
        if d.has_exit() {
            self.fields.start.set(d, &d.levels.at(t, k));
        }
    }

    /// Runs one stored interval; returns the largest (speed x step)/limit met. Above 1: repeat.
    fn interval(&mut self, u: &mut [R], k: usize, count: u32, report: &mut SweepReport) -> Result<f64, Aborted> {
        let times = &self.context.d.levels.times;
        let (from, to) = (times[k + 1], times[k]);
        let dt = (from - to) / f64::from(count);
        for j in 0..count {
            self.flag.check()?;
            let start = from - f64::from(j) * dt;
            let end = if j + 1 == count { to } else { from - f64::from(j + 1) * dt };
            let excess = self.substep(u, k, start, start - end, report);
            if excess.is_nan() || excess > 1.0 {
                return Ok(excess);
            }
        }
        Ok(1.0)
    }

    fn substep(&mut self, u: &mut [R], k: usize, start: f64, dt: f64, report: &mut SweepReport) -> f64 {
        let Context { d, crew } = self.context;
        let limit = |rate: f64| (rate * dt) / (d.scheme.cfl * OVERSPEED);
        match d.scheme.splitting {
            Splitting::Explicit => limit(self.advance(u, k, start, dt, true, report)),
            Splitting::Strang => limit(self.strang(u, k, start, dt, dt / 2.0, report)),
            Splitting::Richardson => {
                let mut coarse = std::mem::take(&mut self.fields.coarse);
                copy_field(crew, u, &mut coarse);
                let mut excess = limit(self.strang(&mut coarse, k, start, dt, dt / 2.0, report));
                if excess <= 1.0 {
                    // As many stages as the coarse step, else the iteration stalls.
                    let first = limit(self.strang(u, k, start, dt / 2.0, dt / 2.0, report));
                    let second = limit(self.strang(u, k, start - dt / 2.0, dt / 2.0, dt / 2.0, report));
                    extrapolate(self.context, u, &coarse);
                    excess = f64::max(first, second);
                }
                self.fields.coarse = coarse;
                excess
            }
        }
    }

    /// Diffusion dt/2, advection dt, diffusion dt/2, balanced where there is an exit, with the stages that are stable over
    /// `tau`. Returns the speed of the first stage.
    fn strang(&mut self, u: &mut [R], k: usize, start: f64, dt: f64, tau: f64, report: &mut SweepReport) -> f64 {
        if balanced(self.context.d) {
            self.balance(u, k, start, report);
        }
        self.diffuse(u, k, start, dt / 2.0, tau, false);
        let rate = self.advance(u, k, start, dt, false, report);
        self.diffuse(u, k, start - dt / 2.0, dt / 2.0, tau, true);
        rate
    }

    /// Freezes q = -Hhat + S at the start of a step.
    fn balance(&mut self, u: &[R], k: usize, start: f64, report: &mut SweepReport) {
        self.walls_at(start, k);
        let moment = self.make_sources(start, k, report);
        let HjbFields { balance, sources, start: walls, .. } = &mut *self.fields;
        let rate = Rate {
            u: Shared::reading(u),
            walls,
            diffusion: false,
            source: sources.at(self.context.d, &moment, None),
            rate: Some(Shared::new(balance)),
            update: None,
            speed: false,
        };
        hamiltonian(self.context, self.slopes, &rate);
    }

    fn diffuse(&mut self, u: &mut [R], k: usize, start: f64, tau: f64, stable: f64, mirrored: bool) {
        let d = self.context.d;
        if d.nu == 0.0 {
            return;
        }
        self.walls_at(start, k);
        if d.has_exit() {
            self.fields.end.set(d, &d.levels.at(start - tau, k));
        }
        let dimension = d.axes.len();
        for i in 0..dimension {
            let axis = if mirrored { dimension - 1 - i } else { i };
            let HjbFields { balance, stage, start, end, .. } = &mut *self.fields;
            let source: Option<&[R]> = if !balanced(d) || !d.axes[axis].has_exit() {
                None
            } else if self.exits.count() == 1 {
                Some(balance)
            } else {
                exit_share(self.context, self.exits, axis, balance, stage);
                Some(stage)
            };
            let method = Legendre::stable(stable, axis_radius(d.nu, &d.axes[axis]));
            diffuse_value(self.context, u, &ValueDiffusion { axis, tau, method, source, start, end });
        }
    }

    /// SSPRK3 (Shu & Osher 1988) of u_s = -Hhat + S - q (+ nu Lap u where `diffusion`), every stage as an increment of u.
    fn advance(
        &mut self,
        u: &mut [R],
        k: usize,
        start: f64,
        dt: f64,
        diffusion: bool,
        report: &mut SweepReport,
    ) -> f64 {
        let stages = [(start, 1.0), (start - dt, 0.25), (start - dt / 2.0, 2.0 / 3.0)];
        let u = Shared::new(u);
        let mut rate = 0.0;
        for (number, (t, weight)) in stages.into_iter().enumerate() {
            self.walls_at(t, k);
            let moment = self.make_sources(t, k, report);
            let split = !diffusion && balanced(self.context.d);
            let HjbFields { balance, sources, start: walls, stage, second, .. } = &mut *self.fields;
            let stage = Shared::new(stage);
            let second = if second.is_empty() { stage } else { Shared::new(second) };
            let request = Rate {
                u: [u, stage, second][number],
                walls,
                diffusion: diffusion && self.context.d.nu > 0.0,
                source: sources.at(self.context.d, &moment, split.then_some(balance)),
                rate: None,
                update: Some(Update {
                    base: u,
                    out: [stage, second, u][number],
                    weight: R::from_f64(weight),
                    step: R::from_f64(dt),
                }),
                speed: number == 0,
            };
            let speed = hamiltonian(self.context, self.slopes, &request);
            if number == 0 {
                rate = speed;
            }
        }
        rate
    }

    /// How fast the source of a stored level makes slopes grow.
    fn growth(&mut self, level: usize, report: &mut SweepReport) -> f64 {
        report.floored += self.fields.sources.make(self.context, self.coupling, self.density, level);
        self.fields.sources.growth(self.context.d, level)
    }

    /// Makes the stored sources that S(t) is interpolated from.
    fn make_sources(&mut self, t: f64, k: usize, report: &mut SweepReport) -> Moment {
        let moment = self.context.d.levels.at(t, k);
        for (j, weight) in moment.weights.iter().enumerate() {
            if *weight != 0.0 {
                let level = moment.first + j;
                report.floored += self.fields.sources.make(self.context, self.coupling, self.density, level);
            }
        }
        moment
    }
}

/// u += (u - coarse) / 3
fn extrapolate<R: Real>(context: Context<'_, R>, u: &mut [R], coarse: &[R]) {
    let u = Shared::new(u);
    let three = R::from_f64(3.0);
    context.crew.ranges(coarse.len(), |range| {
        // SAFETY: ranges are apart.
        let fine = unsafe { u.slice(range.start, range.len()) };
        for (x, coarse) in fine.iter_mut().zip(&coarse[range]) {
            *x += (*x - *coarse) / three;
        }
    });
}
