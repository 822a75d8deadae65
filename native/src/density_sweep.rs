//! The forward sweep: Fokker-Planck from t = 0 to T (docs/numerics.md section 5).

use std::collections::TryReserveError;

use crate::blend::Blend;
use crate::correct_density::correct_density;
use crate::crew::Shared;
use crate::density::{self, Mix, Stage, advective_flux, density_stage, piece_length};
use crate::density_diffusion::{self, Balance, diffuse_density};
use crate::discretisation::{Discretisation, FokkerPlanck, Splitting};
use crate::drift::drift_speed;
use crate::flux_diffusion::Diffusion;
use crate::grid::Axis;
use crate::hamiltonian::SlopeFields;
use crate::history::{copy_field, field, first_non_finite};
use crate::hjb_sweep::balanced;
use crate::implicit::{self, implicit_density, implicit_piece_length};
use crate::interval_counts::IntervalCounts;
use crate::legendre::{Legendre, axis_radius};
use crate::outflow::OutflowMeter;
use crate::real::Real;
use crate::report::{Aborted, Failure, Flag};
use crate::slopes::Context;
use crate::stage_drift::StageDrifts;
use crate::substeps::{DENSITY_KEPT, explicit_step, full_radius, need_of};
use crate::sums::{Parts, survey};
use crate::walls::Walls;
use crate::weno5::WenoReal;

/// What one forward sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DensityReport {
    /// Sub-steps of all intervals.
    pub substeps: u64,
    /// What ended it early.
    pub failure: Option<Failure>,
    /// max over the levels of |mass(t) + outflow(t) - mass(0)| / mass(0)
    pub mass_drift: f64,
    /// Smallest density of the stored levels.
    pub min_density: f64,
    /// Mass that has left through exits.
    pub outflow: f64,
    /// What leavers paid at the exits: value times mass.
    pub exit_cost: f64,
    /// Cells and stages in which flux blending limited a flux.
    pub limited: u64,
}

/// Work fields of the forward sweep.
#[derive(Debug)]
pub struct DensityFields<R> {
    m: Vec<R>,
    first: Vec<R>,
    second: Vec<R>,
    coarse: Vec<R>,
    drifts: StageDrifts<R>,
    blend: Blend<R>,
    /// Time-integrated fluxes of a sub-step on every axis that somebody asks about.
    flux: Vec<Vec<R>>,
    /// Fluxes frozen at the start of a balanced step, on axes with exits.
    frozen: Vec<Vec<R>>,
    parts: Parts,
    walls: Walls<R>,
}

/// True where the density is transported by balanced splitting.
fn balances<R: Real>(d: &Discretisation<R>) -> bool {
    balanced(d) && d.scheme.fokker_planck == FokkerPlanck::Weno5
}

impl<R: WenoReal> DensityFields<R> {
    /// The fields that a problem needs.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(d: &Discretisation<R>) -> Result<Self, TryReserveError> {
        let transported = d.scheme.fokker_planck == FokkerPlanck::Weno5;
        let richardson = transported && d.scheme.splitting == Splitting::Richardson;
        let when = |wanted: bool| field(if wanted { d.points } else { 0 });
        let faces = |wanted: &dyn Fn(bool) -> bool| -> Result<Vec<Vec<R>>, TryReserveError> {
            d.axes.iter().map(|axis| field(if wanted(axis.has_exit()) { axis.face_count() } else { 0 })).collect()
        };
        Ok(Self {
            m: when(true)?,
            first: when(transported)?,
            second: when(transported)?,
            coarse: when(richardson)?,
            drifts: StageDrifts::new(d)?,
            blend: Blend::new(d, transported)?,
            flux: faces(&|exit| richardson || exit)?,
            frozen: faces(&|exit| exit && balances(d))?,
            parts: Parts::new(d.points)?,
            walls: Walls::new(d)?,
        })
    }
}

/// The forward sweep of one member.
#[derive(Debug)]
pub struct DensitySweep<'a, R> {
    /// The problem and the threads.
    pub context: Context<'a, R>,
    /// The value function whose feedback is followed.
    pub value: &'a [Vec<R>],
    /// Work fields.
    pub fields: &'a mut DensityFields<R>,
    /// Those of the drift.
    pub slopes: &'a mut SlopeFields<R>,
    /// Stops it.
    pub flag: &'a Flag,
}

impl<R: WenoReal> DensitySweep<'_, R> {
    /// Transports the density `initial` of level 0 and hands each further level to `sink`. The counts of sub-steps are read
    /// and become those of this sweep.
    ///
    /// # Errors
    /// Where the flag was raised.
    pub fn run(
        self,
        initial: &[R],
        counts: &mut IntervalCounts,
        sink: impl FnMut(usize, &[R]),
    ) -> Result<DensityReport, Aborted> {
        let mut m = std::mem::take(&mut self.fields.m);
        let mut run = Run {
            context: self.context,
            value: self.value,
            fields: &mut *self.fields,
            slopes: self.slopes,
            flag: self.flag,
            outflow: OutflowMeter::default(),
            limited: 0,
            k: 0,
        };
        let report = run.levels(&mut m, initial, counts, sink);
        self.fields.m = m;
        report
    }
}

struct Run<'a, R> {
    context: Context<'a, R>,
    value: &'a [Vec<R>],
    fields: &'a mut DensityFields<R>,
    slopes: &'a mut SlopeFields<R>,
    flag: &'a Flag,
    outflow: OutflowMeter,
    limited: u64,
    /// The stored interval that is being run.
    k: usize,
}

impl<R: WenoReal> Run<'_, R> {
    fn levels(
        &mut self,
        m: &mut Vec<R>,
        initial: &[R],
        counts: &mut IntervalCounts,
        mut sink: impl FnMut(usize, &[R]),
    ) -> Result<DensityReport, Aborted> {
        let Context { d, crew } = self.context;
        self.fields.drifts.forget();
        copy_field(crew, initial, m);
        let start = survey(crew, m, &mut self.fields.parts);
        let mass = start.sum * d.cell_volume;
        let mut report = DensityReport { min_density: start.least, ..DensityReport::default() };
        let mut speed = self.speed(0);
        for k in 0..d.steps() {
            self.k = k;
            let ahead = self.speed(k + 1);
            let Some(need) = self.need(speed.max(ahead)) else {
                report.failure = Some(Failure { level: k + 1, index: 0 });
                return Ok(self.told(report));
            };
            speed = ahead;
            let fixed = d.scheme.fokker_planck == FokkerPlanck::Fdm;
            let count = if fixed { counts.set(k, need) } else { counts.choose(k, need, DENSITY_KEPT) };
            counts.last[k] = count;
            let from = d.levels.times[k];
            let dt = (d.levels.times[k + 1] - from) / f64::from(count);
            for j in 0..count {
                self.flag.check()?;
                self.substep(m, from + f64::from(j) * dt, dt);
            }
            report.substeps += u64::from(count);
            let now = survey(crew, m, &mut self.fields.parts);
            if !now.finite {
                let index = first_non_finite(crew, m).unwrap_or(0);
                report.failure = Some(Failure { level: k + 1, index });
                return Ok(self.told(report));
            }
            let drift = (now.sum * d.cell_volume + self.outflow.mass - mass).abs() / mass;
            report.mass_drift = report.mass_drift.max(drift);
            report.min_density = report.min_density.min(now.least);
            sink(k + 1, m);
        }
        Ok(self.told(report))
    }

    fn told(&self, report: DensityReport) -> DensityReport {
        let OutflowMeter { mass: outflow, cost: exit_cost } = self.outflow;
        DensityReport { outflow, exit_cost, limited: self.limited, ..report }
    }

    /// Speed of the drift at a stored level, in 1/time.
    fn speed(&mut self, level: usize) -> f64 {
        let d = self.context.d;
        if d.scheme.fokker_planck == FokkerPlanck::Fdm {
            return 0.0;
        }
        let drift = self.fields.drifts.at(self.context, self.value, d.levels.times[level], self.k);
        drift_speed(self.context, &drift.u, &drift.walls, self.slopes)
    }

    /// Sub-steps that the interval needs; `None` where no count would do.
    fn need(&self, rate: f64) -> Option<u32> {
        let d = self.context.d;
        if d.scheme.fokker_planck == FokkerPlanck::Fdm {
            return Some(d.scheme.fdm_substeps);
        }
        let mut dt = d.scheme.cfl / rate;
        if d.scheme.splitting == Splitting::Explicit {
            dt = explicit_step(dt, full_radius(d));
        }
        need_of(d.levels.times[self.k + 1] - d.levels.times[self.k], dt)
    }

    fn substep(&mut self, m: &mut Vec<R>, start: f64, dt: f64) {
        let Context { d, crew } = self.context;
        for flux in &mut self.fields.flux {
            let shared = Shared::new(flux);
            crew.ranges(shared.len(), |range| {
                // SAFETY: ranges are apart.
                unsafe { shared.slice(range.start, range.len()) }.fill(R::ZERO);
            });
        }
        let stages = Stages { tau: dt / 2.0 };
        match (d.scheme.fokker_planck, d.scheme.splitting) {
            (FokkerPlanck::Fdm, _) => self.implicit(m, start, dt),
            (_, Splitting::Explicit) => self.advance(m, start, dt, 1.0, true),
            (_, Splitting::Strang) => self.strang(m, start, dt, stages, 1.0),
            (_, Splitting::Richardson) => return self.richardson(m, start, dt, stages),
        }
        self.meter(start + dt / 2.0, 1.0);
    }

    /// Counts what the fluxes of the sub-step carry out.
    fn meter(&mut self, time: f64, weight: f64) {
        let d = self.context.d;
        if !d.has_exit() {
            return;
        }
        let DensityFields { flux, walls, .. } = &mut *self.fields;
        walls.set(d, &d.levels.at(time, self.k));
        self.outflow.add(d, flux, weight, walls);
    }

    fn implicit(&mut self, m: &mut [R], start: f64, dt: f64) {
        let DensityFields { drifts, flux, .. } = &mut *self.fields;
        let drift = drifts.at(self.context, self.value, start + dt / 2.0, self.k);
        for (axis, flux) in flux.iter_mut().enumerate() {
            implicit_density(self.context, axis, dt, m, drift, wanted(flux));
        }
    }

    /// Richardson over the splitting: one step against two halves, combined by flux-corrected transport.
    fn richardson(&mut self, m: &mut Vec<R>, start: f64, dt: f64, stages: Stages) {
        let middle = start + dt / 2.0;
        let mut coarse = std::mem::take(&mut self.fields.coarse);
        copy_field(self.context.crew, m, &mut coarse);
        self.strang(&mut coarse, start, dt, stages, -1.0 / 3.0);
        self.fields.coarse = coarse;
        // Fine flux = three times what the faces will hold before the correction, less three times what they hold now.
        self.meter(middle, -3.0);
        self.strang(m, start, dt / 2.0, stages, 1.0 / 3.0);
        self.strang(m, middle, dt / 2.0, stages, 1.0 / 3.0);
        self.meter(middle, 3.0);
        let DensityFields { flux, blend, .. } = &mut *self.fields;
        self.limited += correct_density(self.context, m, flux, blend);
        self.meter(middle, 1.0);
    }

    fn strang(&mut self, m: &mut Vec<R>, start: f64, dt: f64, stages: Stages, weight: f64) {
        if balances(self.context.d) {
            let DensityFields { drifts, frozen, .. } = &mut *self.fields;
            let drift = drifts.at(self.context, self.value, start, self.k);
            advective_flux(self.context, m, drift, frozen);
        }
        self.diffuse(m, start, dt / 2.0, stages, weight, false);
        self.advance(m, start, dt, weight, false);
        self.diffuse(m, start + dt, dt / 2.0, stages, weight, true);
    }

    fn diffuse(&mut self, m: &mut [R], t: f64, tau: f64, stages: Stages, weight: f64, mirrored: bool) {
        let d = self.context.d;
        if d.nu == 0.0 {
            return;
        }
        let DensityFields { drifts, flux, frozen, .. } = &mut *self.fields;
        let drift = balances(d).then(|| drifts.at(self.context, self.value, t, self.k));
        let dimension = d.axes.len();
        for i in 0..dimension {
            let axis = if mirrored { dimension - 1 - i } else { i };
            let legendre = Legendre::stable(stages.tau, axis_radius(d.nu, &d.axes[axis]));
            let step = Diffusion { nu: R::from_f64(d.nu), tau: R::from_f64(tau), legendre };
            let balance = drift
                .as_deref()
                .filter(|_| !frozen[axis].is_empty())
                .map(|drift| Balance { frozen: &frozen[axis], drift });
            self.limited += diffuse_density(self.context, axis, step, m, balance, wanted(&mut flux[axis]), weight);
        }
    }

    /// SSPRK3 as convex combinations of Euler stages (Shu & Osher 1988): each keeps the density >= 0.
    fn advance(&mut self, m: &mut Vec<R>, start: f64, dt: f64, weight: f64, diffusion: bool) {
        let DensityFields { first, second, drifts, blend, flux, frozen, .. } = &mut *self.fields;
        let (context, value, k) = (self.context, self.value, self.k);
        let frozen = (balances(context.d) && !diffusion).then_some(frozen.as_slice());
        let mut euler = |m: &[R], t: f64, out: &mut [R], flux_weight: f64, mix: Option<Mix<'_, R>>| {
            let drift = drifts.at(context, value, t, k);
            let stage = Stage { m, drift, tau: dt, diffusion, frozen, flux_weight, mix };
            density_stage(context, &stage, out, flux, blend)
        };
        let (base, share) = (m.as_slice(), 2.0 / 3.0);
        let mut limited = euler(base, start, first, weight / 6.0, None);
        limited += euler(first, start + dt, second, weight / 6.0, Some(Mix { base, keep: 0.75, share: 0.25 }));
        let last = Mix { base, keep: 1.0 / 3.0, share };
        limited += euler(second, start + dt / 2.0, first, share * weight, Some(last));
        std::mem::swap(m, first);
        self.limited += limited;
    }
}

/// How many diffusion stages a step takes: those that are stable over `tau` on each axis.
#[derive(Clone, Copy)]
struct Stages {
    tau: f64,
}

/// The field, where somebody asks about it.
fn wanted<R>(field: &mut [R]) -> Option<&mut [R]> {
    if field.is_empty() { None } else { Some(field) }
}

/// Numbers of scratch memory per thread that a forward sweep needs.
#[must_use]
pub fn scratch_length<R: Real>(d: &Discretisation<R>) -> usize {
    let most = |of: fn(&Axis<R>) -> usize| d.axes.iter().map(of).max().unwrap_or(0);
    match d.scheme.fokker_planck {
        FokkerPlanck::Fdm => most(|axis| implicit::PIECES * implicit_piece_length(axis)),
        FokkerPlanck::Weno5 => {
            most(|axis| density_diffusion::PIECES * piece_length(axis)).max(density::scratch_length(d))
        }
    }
}
