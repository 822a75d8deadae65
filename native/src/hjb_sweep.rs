//! The backward sweep: HJB from t = T to 0 (docs/numerics.md sections 3, 4 and 5.2). In reversed time s = T - t it is u_s =
//! nu Lap u - Hhat + S with S = V + f(m).

use std::collections::TryReserveError;

use crate::balance::{ExitDistances, exit_share};
use crate::coupling::{CouplingPlan, coupling_slice};
use crate::crew::Shared;
use crate::diffusion::{ValueDiffusion, diffuse_value};
use crate::discretisation::{Discretisation, Splitting};
use crate::hamiltonian::{Rate, SlopeFields, Source, Update, hamiltonian};
use crate::history::{copy_field, field, first_non_finite};
use crate::legendre::{Legendre, axis_radius};
use crate::real::Real;
use crate::report::{Aborted, Failure, Flag, SweepReport};
use crate::slopes::Context;
use crate::substeps::{
    HJB_KEPT, MOST_SUBSTEPS, explicit_step, full_radius, growing_step, keep_count, need_of, slope_growth,
};
use crate::walls::Walls;
use crate::weno5::WenoReal;

/// Repeats of one interval with more sub-steps before the sweep gives up on it.
const MOST_REPEATS: u32 = 12;

/// How far a sub-step's Courant number may exceed the scheme's before its interval is repeated; SSPRK3 is stable to 1.43.
const OVERSPEED: f64 = 1.3;

/// Stored sources kept at a time: what a four-point interpolation reads.
const RING: usize = 4;

/// Work fields of the backward sweep.
#[derive(Debug)]
pub struct HjbFields<R> {
    coarse: Vec<R>,
    stage: Vec<R>,
    slope: Vec<R>,
    sources: [Vec<R>; RING],
    balance: Vec<R>,
    /// Stored level whose source the ring's slot holds now, and the growth of the slope it causes.
    source_level: [Option<usize>; RING],
    source_growth: [f64; RING],
    start: Walls<R>,
    end: Walls<R>,
}

/// True where splitting is balanced against the exits.
#[must_use]
pub fn balanced<R: Real>(d: &Discretisation<R>) -> bool {
    d.has_exit() && d.scheme.splitting != Splitting::Explicit && d.nu > 0.0
}

impl<R: Real> HjbFields<R> {
    /// The fields that a problem needs.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(d: &Discretisation<R>) -> Result<Self, TryReserveError> {
        let when = |wanted: bool| field(if wanted { d.points } else { 0 });
        Ok(Self {
            coarse: when(d.scheme.splitting == Splitting::Richardson)?,
            stage: when(true)?,
            slope: when(true)?,
            sources: [when(true)?, when(true)?, when(true)?, when(true)?],
            balance: when(balanced(d))?,
            source_level: [None; RING],
            source_growth: [0.0; RING],
            start: Walls::new(d)?,
            end: Walls::new(d)?,
        })
    }

    /// A field and walls that a sweep may have left anything in, for use between sweeps.
    pub fn spare(&mut self) -> (&mut [R], &mut Walls<R>) {
        (&mut self.stage, &mut self.start)
    }
}

/// What belongs to one member and is kept from sweep to sweep.
#[derive(Clone, Debug)]
pub struct HjbCounts {
    /// Sub-steps of every interval in the last iteration, 0 where unknown.
    pub last: Vec<u32>,
    /// Counts that an interval was once found to need.
    pub floors: Vec<u32>,
}

impl HjbCounts {
    /// Nothing known yet.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        Self { last: vec![0; steps], floors: vec![0; steps] }
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.last.fill(0);
        self.floors.fill(0);
    }
}

/// Where a sweep writes the value function.
#[derive(Debug)]
pub enum ValueStore<'a, R> {
    /// A whole history.
    History(&'a mut [Vec<R>]),
    /// Two fields in turn: a sweep reads and writes two neighbouring levels at a time. Level 0 ends in the first.
    Pair([&'a mut Vec<R>; 2]),
}

impl<R> ValueStore<'_, R> {
    /// Level k.
    pub fn level(&mut self, k: usize) -> &mut Vec<R> {
        match self {
            Self::History(slices) => &mut slices[k],
            Self::Pair(pair) => pair[k % 2],
        }
    }

    /// Levels k + 1 and k.
    fn step(&mut self, k: usize) -> (&mut Vec<R>, &mut Vec<R>) {
        match self {
            Self::History(slices) => {
                let (before, after) = slices.split_at_mut(k + 1);
                (&mut after[0], &mut before[k])
            }
            Self::Pair([even, odd]) => {
                if k.is_multiple_of(2) {
                    (odd, even)
                } else {
                    (even, odd)
                }
            }
        }
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
    /// Fills `value` from the density. Counts and floors of sub-steps are read and become those of this sweep.
    ///
    /// # Errors
    /// Where the flag was raised: the value history is then mixed.
    pub fn run(mut self, value: &mut ValueStore<'_, R>, counts: &mut HjbCounts) -> Result<SweepReport, Aborted> {
        let Context { d, crew } = self.context;
        let steps = d.steps();
        let mut report = SweepReport::default();
        self.fields.source_level = [None; RING];
        copy_field(crew, &d.terminal_cost, value.level(steps));
        for k in (0..steps).rev() {
            let failed =
                |report: SweepReport, index| SweepReport { failure: Some(Failure { level: k, index }), ..report };
            let Some(need) = self.need(value.level(k + 1), k, &mut report) else { return Ok(failed(report, 0)) };
            let mut count = keep_count(counts.last[k], need, HJB_KEPT).max(counts.floors[k]);
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
        self.make_source(k, report);
        self.make_source(k + 1, report);
        let growth = f64::max(self.fields.source_growth[k % RING], self.fields.source_growth[(k + 1) % RING]);
        self.walls_at(from, k);
        let HjbFields { slope, start, .. } = &mut *self.fields;
        let nothing = Source { keep: R::ZERO, slices: [(R::ZERO, &[]); 4], count: 0, balance: None };
        let rate = Rate {
            u: Shared::reading(u),
            walls: start,
            diffusion: false,
            source: nothing,
            rate: Shared::new(slope),
            update: None,
            speed: true,
        };
        let speed = hamiltonian(self.context, self.slopes, &rate);
        let mut dt = growing_step(d, speed, growth);
        if d.scheme.splitting == Splitting::Explicit {
            dt = explicit_step(dt, full_radius(d));
        }
        need_of(from - to, dt)
    }

    /// Makes S = V + f(m) of a stored level, unless the ring holds it.
    fn make_source(&mut self, level: usize, report: &mut SweepReport) {
        let Context { d, crew } = self.context;
        let slot = level % RING;
        if self.fields.source_level[slot] == Some(level) {
            return;
        }
        let source = &mut self.fields.sources[slot];
        report.floored += coupling_slice(self.context, self.coupling, level, &self.density[level], source);
        let potential = d.potential_at(level);
        let shared = Shared::new(source);
        crew.ranges(d.points, |range| {
            // SAFETY: ranges are apart.
            let part = unsafe { shared.slice(range.start, range.len()) };
            for (s, v) in part.iter_mut().zip(&potential[range]) {
                *s += *v;
            }
        });
        self.fields.source_growth[slot] = slope_growth(self.context, &self.fields.sources[slot]);
        self.fields.source_level[slot] = Some(level);
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
            source: source_of(&moment, sources, R::ZERO, None),
            rate: Shared::new(balance),
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

    /// SSPRK3 in increment form (Shu & Osher 1988) of u_s = -Hhat + S - q (+ nu Lap u where `diffusion`). Its weights need
    /// no second accumulator: slope = keep * slope + L.
    fn advance(
        &mut self,
        u: &mut [R],
        k: usize,
        start: f64,
        dt: f64,
        diffusion: bool,
        report: &mut SweepReport,
    ) -> f64 {
        let stages = [(start, 0.0, 1.0), (start - dt, 1.0, 0.25), (start - dt / 2.0, 0.25, 2.0 / 3.0)];
        let u = Shared::new(u);
        let mut rate = 0.0;
        for (number, (t, keep, weight)) in stages.into_iter().enumerate() {
            self.walls_at(t, k);
            let moment = self.make_sources(t, k, report);
            let split = !diffusion && balanced(self.context.d);
            let HjbFields { balance, sources, start: walls, stage, slope, .. } = &mut *self.fields;
            let stage = Shared::new(stage);
            let (first, last) = (number == 0, number == 2);
            let request = Rate {
                u: if first { u } else { stage },
                walls,
                diffusion,
                source: source_of(&moment, sources, R::from_f64(keep), split.then_some(balance)),
                rate: Shared::new(slope),
                update: Some(Update {
                    base: u,
                    out: if last { u } else { stage },
                    factor: R::from_f64(weight * dt),
                    keep_rate: !last,
                }),
                speed: first,
            };
            let speed = hamiltonian(self.context, self.slopes, &request);
            if first {
                rate = speed;
            }
        }
        rate
    }

    /// Makes the stored sources that S(t) is interpolated from.
    fn make_sources(&mut self, t: f64, k: usize, report: &mut SweepReport) -> crate::times::Moment {
        let moment = self.context.d.levels.at(t, k);
        for (j, weight) in moment.weights.iter().enumerate() {
            if *weight != 0.0 {
                self.make_source(moment.first + j, report);
            }
        }
        moment
    }
}

/// keep * rate + S(t) - balance
fn source_of<'a, R: Real>(
    moment: &crate::times::Moment,
    sources: &'a [Vec<R>; RING],
    keep: R,
    balance: Option<&'a Vec<R>>,
) -> Source<'a, R> {
    let mut slices: [(R, &[R]); RING] = [(R::ZERO, &[]); RING];
    let mut count = 0;
    for (j, weight) in moment.weights.iter().enumerate() {
        if *weight != 0.0 {
            slices[count] = (R::from_f64(*weight), sources[(moment.first + j) % RING].as_slice());
            count += 1;
        }
    }
    Source { keep, slices, count, balance: balance.map(Vec::as_slice) }
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
