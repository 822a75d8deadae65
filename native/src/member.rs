//! One problem's state: what is kept from sweep to sweep, and what is done with it.

use std::collections::TryReserveError;

use crate::anderson::Anderson;
use crate::balance::ExitDistances;
use crate::certificate::blend;
use crate::coupling::CouplingPlan;
use crate::discretisation::Discretisation;
use crate::history::{History, history};
use crate::hjb_sweep::{HjbCounts, HjbSweep, ValueStore};
use crate::lane::Lane;
use crate::real::Real;
use crate::report::{Aborted, Flag, SweepReport};
use crate::slopes::Context;
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
    counts: HjbCounts,
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
            counts: HjbCounts::new(d.steps()),
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
        self.counts.reset();
        true
    }

    /// Sets the value history; false where the length does not fit.
    pub fn load_value(&mut self, value: &[f64]) -> bool {
        fill(&mut self.value, value)
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

    /// Value history from density history.
    ///
    /// # Errors
    /// Where the flag was raised.
    pub fn hjb(&mut self, lane: &mut Lane<R>, flag: &Flag) -> Result<SweepReport, Aborted> {
        let Self { d, coupling, exits, value, density, counts, .. } = self;
        let context = Context { d, crew: &lane.crew };
        let (fields, slopes) = (&mut lane.hjb, &mut lane.slopes);
        HjbSweep { context, density, fields, slopes, coupling, exits, flag }
            .run(&mut ValueStore::History(value), counts)
    }

    /// Next density history; `None` where no transported one is kept.
    pub fn relax(&mut self, lane: &mut Lane<R>, step: Relaxation) -> Option<Relaxed> {
        let Self { d, density, transported, anderson, .. } = self;
        let transported = transported.as_ref()?;
        let theta = match (step, anderson) {
            (Relaxation::Blend(theta), _) => theta,
            (Relaxation::Anderson(..), None) => 1.0,
            (Relaxation::Anderson(beta, fallback), Some(anderson)) => {
                if anderson.step(&lane.crew, density, transported, beta) >= 0.0 {
                    return Some(Relaxed { theta: None, depth: anderson.columns() });
                }
                anderson.undo(&lane.crew, density, transported, fallback);
                return Some(Relaxed { theta: Some(fallback), depth: 0 });
            }
        };
        let context = Context { d, crew: &lane.crew };
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
