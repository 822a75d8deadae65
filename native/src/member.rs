//! One problem's state: what is kept from sweep to sweep, and what is done with it.

use std::collections::TryReserveError;

use crate::anderson::Anderson;
use crate::balance::ExitDistances;
use crate::binding::refuse;
use crate::certificate::{Certificate, CertificateFields, CertificateSums, blend, squares};
use crate::coupling::CouplingPlan;
use crate::density_sweep::{DensityReport, DensitySweep};
use crate::discretisation::Discretisation;
use crate::history::{History, copy_field, history};
use crate::hjb_sweep::HjbSweep;
use crate::interval_counts::IntervalCounts;
use crate::lane::{Lane, WorkFields};
use crate::real::Real;
use crate::report::{Aborted, Flag, SweepReport};
use crate::slopes::Context;
use crate::value_store::ValueStore;
use crate::weno5::WenoReal;
use crate::workspace::Options;

/// The state of one problem.
#[derive(Debug)]
pub struct Member<R> {
    /// The problem.
    pub d: Discretisation<R>,
    coupling: CouplingPlan<R>,
    exits: ExitDistances<R>,
    /// u.
    pub value: History<R>,
    /// M.
    pub density: History<R>,
    /// G(M), where it is kept.
    pub transported: Option<History<R>>,
    anderson: Option<Anderson<R>>,
    counts: IntervalCounts,
    density_counts: IntervalCounts,
    /// What leavers paid at the exits in the last forward sweep.
    exit_cost: f64,
}

/// A field that may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// u.
    Value,
    /// M.
    Density,
    /// G(M).
    Transported,
}

/// What relaxation really did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relaxed {
    /// The factor of a blended step; `None` where it was Anderson's.
    pub theta: Option<f64>,
    /// Columns that Anderson's combination used.
    pub depth: usize,
}

/// How the next density history is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Relaxation {
    /// M + theta (G - M)
    Blend(f64),
    /// Anderson's combination with this beta, and the factor of the blended step where it would be negative.
    Anderson(f64, f64),
}

impl<R: WenoReal> Member<R> {
    /// Allocates the state.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(d: Discretisation<R>, options: &Options) -> Result<Self, TryReserveError> {
        let (levels, points, depth) = (d.steps() + 1, d.points, options.anderson_depth);
        Ok(Self {
            coupling: CouplingPlan::new(&d),
            exits: ExitDistances::new(&d),
            value: history(levels, points)?,
            density: history(levels, points)?,
            transported: if options.keep_transported { Some(history(levels, points)?) } else { None },
            anderson: if depth > 0 { Some(Anderson::new(levels, points, depth)?) } else { None },
            counts: IntervalCounts::new(d.steps()),
            density_counts: IntervalCounts::new(d.steps()),
            exit_cost: 0.0,
            d,
        })
    }

    /// Sets the density history: all levels, or one slice held for all of them. False where the length fits neither.
    pub fn load(&mut self, density: &[f64]) -> bool {
        if density.len() == self.d.points {
            self.density.iter_mut().for_each(|slice| round(density, slice));
        } else if !fill(&mut self.density, density) {
            return false;
        }
        self.density[0].copy_from_slice(&self.d.initial_density);
        if let Some(anderson) = &mut self.anderson {
            anderson.reset();
        }
        self.counts.forget();
        self.density_counts.forget();
        true
    }

    /// Sets the value history; false where the length does not fit.
    pub fn load_value(&mut self, value: &[f64]) -> bool {
        fill(&mut self.value, value)
    }

    /// Makes the sub-steps of both sweeps those that the last ones needed, see `IntervalCounts`. Returns how many changed.
    pub fn settle(&mut self, afresh: bool) -> u32 {
        let changed = self.counts.settle(afresh) + self.density_counts.settle(afresh);
        if let (true, Some(anderson)) = (changed > 0, &mut self.anderson) {
            anderson.cut();
        }
        changed
    }

    /// A history, where it is kept.
    #[must_use]
    pub fn history(&self, field: Kept) -> Option<&History<R>> {
        match field {
            Kept::Value => Some(&self.value),
            Kept::Density => Some(&self.density),
            Kept::Transported => self.transported.as_ref(),
        }
    }

    /// Copies whole levels of a history, from the level `from` on.
    ///
    /// # Errors
    /// For a history that is not kept and levels that are not there.
    pub fn read(&self, field: Kept, from: u32, out: &mut [f64]) -> napi::Result<()> {
        let history = self.history(field).ok_or_else(|| refuse("no transported density is kept"))?;
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let levels = history.get(from..).unwrap_or(&[]);
        if !out.len().is_multiple_of(self.d.points) || out.len() / self.d.points > levels.len() {
            return Err(refuse(format!("{} numbers from level {from} on are not there", out.len())));
        }
        for (out, slice) in out.chunks_exact_mut(self.d.points).zip(levels) {
            out.iter_mut().zip(slice).for_each(|(out, x)| *out = x.to_f64());
        }
        Ok(())
    }

    /// Value history from density history.
    ///
    /// # Errors
    /// Where the flag was raised.
    pub fn hjb(&mut self, lane: &mut Lane<R>, flag: &Flag) -> Result<SweepReport, Aborted> {
        let Self { d, coupling, exits, value, density, counts, .. } = self;
        let (crew, WorkFields { hjb: fields, slopes, .. }) = lane.of(d);
        let context = Context { d, crew };
        HjbSweep { context, density, fields, slopes, coupling, exits, flag }
            .run(&mut ValueStore::History(value), counts)
    }

    /// Transported density history, and the undamped residual rms(G(M) - M). In place M <- M + theta (G(M) - M) as it goes;
    /// `None` where neither that is asked for nor G(M) kept.
    ///
    /// # Errors
    /// Where the flag was raised.
    pub fn fokker_planck(
        &mut self,
        lane: &mut Lane<R>,
        flag: &Flag,
        in_place: Option<f64>,
    ) -> Result<Option<(DensityReport, f64)>, Aborted> {
        let Self { d, value, density, transported, density_counts, .. } = self;
        let (crew, WorkFields { slopes, density: fields, parts, .. }) = lane.of(d);
        let context = Context { d, crew };
        let (first, later) = density.split_at_mut(1);
        let first = first[0].as_slice();
        if let Some(transported) = transported {
            copy_field(crew, first, &mut transported[0]);
        } else if in_place.is_none() {
            return Ok(None);
        }
        let mut sum = 0.0;
        let sweep = DensitySweep { context, value, fields, slopes, flag };
        let report = sweep.run(first, density_counts, |level, m| {
            let old = &mut later[level - 1];
            sum += squares(context, parts, m, old);
            if let Some(transported) = transported {
                copy_field(crew, m, &mut transported[level]);
            }
            if let Some(theta) = in_place {
                blend(context, old, m, theta);
            }
        })?;
        self.exit_cost = report.exit_cost;
        #[expect(clippy::cast_precision_loss, reason = "a count of numbers in memory")]
        let count = ((self.d.steps() + 1) * self.d.points) as f64;
        Ok(Some((report, (sum / count).sqrt())))
    }

    /// Exploitability and duality defect; costs one more backward sweep and leaves the value history unchanged where G(M) is
    /// kept. In place one more pair of sweeps makes the density that of the value function.
    ///
    /// # Errors
    /// Where the flag was raised.
    pub fn certify(&mut self, lane: &mut Lane<R>, flag: &Flag) -> Result<Certificate, Aborted> {
        let mut sums = CertificateSums::default();
        if self.transported.is_none() {
            if self.hjb(lane, flag)?.failure.is_some() {
                let nan = f64::NAN;
                return Ok(Certificate { exploitability: nan, cost: nan, duality_defect: nan });
            }
            self.transport_in_place(lane, flag, &mut sums)?;
        }
        let Self { d, coupling, exits, value, density, transported, counts, .. } = self;
        let (crew, WorkFields { hjb, slopes, response, parts, .. }) = lane.of(d);
        let context = Context { d, crew };
        if let Some(transported) = transported {
            for (k, ((m, answered), u)) in transported.iter().zip(density.iter()).zip(value.iter()).enumerate() {
                let (scratch, walls) = hjb.spare();
                let mut fields = CertificateFields { scratch, walls, coupling, parts };
                sums.add(context, &mut fields, k, m, answered, u);
            }
        }
        let density = transported.as_ref().unwrap_or(density);
        let (even, odd) = response.split_at_mut(1);
        let mut store = ValueStore::Pair([&mut even[0], &mut odd[0]]);
        let sweep = HjbSweep { context, density, fields: hjb, slopes, coupling, exits, flag };
        let failed = sweep.run(&mut store, &mut counts.fixed())?.failure.is_some();
        let best = if failed { None } else { Some(store.level(0).as_slice()) };
        Ok(sums.certificate(context, parts, &value[0], best, self.exit_cost))
    }

    /// Makes the density that of the value function, level by level, and adds each up.
    fn transport_in_place(
        &mut self,
        lane: &mut Lane<R>,
        flag: &Flag,
        sums: &mut CertificateSums,
    ) -> Result<(), Aborted> {
        let Self { d, coupling, value, density, density_counts, .. } = self;
        let (crew, WorkFields { hjb, slopes, density: fields, parts, .. }) = lane.of(d);
        let context = Context { d, crew };
        let (first, later) = density.split_at_mut(1);
        let first = first[0].as_slice();
        let mut add = |level: usize, m: &[R], answered: &[R]| {
            let (scratch, walls) = hjb.spare();
            let mut fields = CertificateFields { scratch, walls, coupling, parts };
            sums.add(context, &mut fields, level, m, answered, &value[level]);
        };
        add(0, first, first);
        let sweep = DensitySweep { context, value, fields, slopes, flag };
        let report = sweep.run(first, density_counts, |level, m| {
            add(level, m, &later[level - 1]);
            copy_field(crew, m, &mut later[level - 1]);
        })?;
        self.exit_cost = report.exit_cost;
        Ok(())
    }

    /// Next density history; `None` where no transported one is kept.
    pub fn relax(&mut self, lane: &mut Lane<R>, step: Relaxation) -> Option<Relaxed> {
        let Self { d, density, transported, anderson, .. } = self;
        let transported = transported.as_ref()?;
        let (crew, _) = lane.of(d);
        let theta = match (step, anderson) {
            (Relaxation::Blend(theta), _) => theta,
            (Relaxation::Anderson(..), None) => 1.0,
            (Relaxation::Anderson(beta, fallback), Some(anderson)) => {
                if anderson.step(crew, density, transported, beta) >= 0.0 {
                    return Some(Relaxed { theta: None, depth: anderson.columns() });
                }
                anderson.undo(crew, density, transported, fallback);
                return Some(Relaxed { theta: Some(fallback), depth: 0 });
            }
        };
        let context = Context { d, crew };
        for (m, g) in density.iter_mut().zip(transported) {
            blend(context, m, g, theta);
        }
        Some(Relaxed { theta: Some(theta), depth: 0 })
    }
}

/// Copies a whole history; false where the length does not fit.
fn fill<R: Real>(history: &mut History<R>, from: &[f64]) -> bool {
    let points = history.first().map_or(0, Vec::len);
    if from.len() != history.len() * points {
        return false;
    }
    history.iter_mut().zip(from.chunks_exact(points)).for_each(|(slice, from)| round(from, slice));
    true
}

fn round<R: Real>(from: &[f64], to: &mut [R]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = R::from_f64(*from);
    }
}
