//! The source S = V + f(m) of the HJB equation at stored levels, made on first use: the last few are kept, which are what a
//! four-point interpolation reads.

use std::collections::TryReserveError;

use crate::coupling::{CouplingPlan, coupling_slice};
use crate::crew::{Shared, range_count, range_of};
use crate::discretisation::{Coupling, Discretisation};
use crate::extremes::LargestSize;
use crate::hamiltonian::Source;
use crate::history::field;
use crate::real::Real;
use crate::slopes::Context;
use crate::substeps::slope_growth;
use crate::times::Moment;
use crate::weno5::WenoReal;

/// Sources kept at a time.
const RING: usize = 4;

/// Sources of the last few levels.
#[derive(Debug)]
pub struct Sources<R> {
    slices: [Vec<R>; RING],
    /// Stored level whose source a slot holds now.
    level: [Option<usize>; RING],
    /// Growth of the slope that it causes.
    growth: [f64; RING],
    /// Whether it is 0 everywhere; looked at only where S is the same at all times.
    absent: [bool; RING],
}

/// True where S is the same at all times: it is made once and not interpolated.
fn steady<R: Real>(d: &Discretisation<R>) -> bool {
    matches!(d.coupling, Coupling::None) && d.potential.len() == d.points
}

/// The slot of a level's source.
fn slot_of<R: Real>(d: &Discretisation<R>, level: usize) -> usize {
    if steady(d) { 0 } else { level % RING }
}

impl<R: WenoReal> Sources<R> {
    /// The fields that a problem needs.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(d: &Discretisation<R>) -> Result<Self, TryReserveError> {
        // All of them for every problem: lanes are shared, and what a problem needs is counted before its fields are known.
        let slice = || field(d.points);
        Ok(Self {
            slices: [slice()?, slice()?, slice()?, slice()?],
            level: [None; RING],
            growth: [0.0; RING],
            absent: [false; RING],
        })
    }

    /// Forgets all levels: another density follows.
    pub fn forget(&mut self) {
        self.level = [None; RING];
    }

    /// Makes the source of a stored level, unless it is there; returns the number of floored cells.
    pub fn make(
        &mut self,
        context: Context<'_, R>,
        coupling: &mut CouplingPlan<R>,
        density: &[Vec<R>],
        level: usize,
    ) -> u64 {
        let Context { d, crew } = context;
        let slot = slot_of(d, level);
        let level = if steady(d) { 0 } else { level };
        if self.level[slot] == Some(level) {
            return 0;
        }
        let source = &mut self.slices[slot];
        let floored = coupling_slice(context, coupling, level, &density[level], source);
        let potential = d.potential_at(level);
        let shared = Shared::new(source);
        crew.ranges(d.points, |range| {
            // SAFETY: ranges are apart.
            let part = unsafe { shared.slice(range.start, range.len()) };
            for (s, v) in part.iter_mut().zip(&potential[range]) {
                *s += *v;
            }
        });
        self.growth[slot] = slope_growth(context, &self.slices[slot]);
        self.absent[slot] = steady(d) && is_zero(context, &self.slices[slot]);
        self.level[slot] = Some(level);
        floored
    }

    /// How fast the source of a level that was made makes slopes grow.
    #[must_use]
    pub fn growth(&self, d: &Discretisation<R>, level: usize) -> f64 {
        self.growth[slot_of(d, level)]
    }

    /// S - balance at a moment whose levels were made.
    #[must_use]
    pub fn at<'a>(&'a self, d: &Discretisation<R>, moment: &Moment, balance: Option<&'a Vec<R>>) -> Source<'a, R> {
        let mut slices: [(R, &[R]); RING] = [(R::ZERO, &[]); RING];
        let mut count = 0;
        if steady(d) {
            slices[0] = (R::ONE, self.slices[0].as_slice());
            count = usize::from(!self.absent[0]);
        } else {
            for (j, weight) in moment.weights.iter().enumerate() {
                if *weight != 0.0 {
                    slices[count] = (R::from_f64(*weight), self.slices[(moment.first + j) % RING].as_slice());
                    count += 1;
                }
            }
        }
        Source { slices, count, balance: balance.map(Vec::as_slice) }
    }
}

fn is_zero<R: Real>(Context { crew, .. }: Context<'_, R>, numbers: &[R]) -> bool {
    let largest = crew.largest(range_count(numbers.len()), |_, block| {
        crew.level.run(LargestSize(&numbers[range_of(numbers.len(), block)])).to_f64()
    });
    largest <= 0.0
}
