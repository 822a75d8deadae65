//! The work memory of one sweep at a time: threads with their scratch, and fields of both sweeps.

use std::collections::TryReserveError;
use std::sync::Arc;

use crate::crew::{Crew, range_count};
use crate::density_sweep::{self, DensityFields};
use crate::discretisation::{Boundary, Discretisation, Scheme};
use crate::drift::is_quadratic;
use crate::hamiltonian::SlopeFields;
use crate::history::{History, field, history};
use crate::hjb_sweep::HjbFields;
use crate::meter::Meter;
use crate::real::Real;
use crate::simd::Level;
use crate::weno5::WenoReal;
use crate::{all_slopes, coupling, diffusion, slopes};

/// Numbers of scratch memory per thread that every operation finds enough.
fn scratch_length<R: Real>(d: &Discretisation<R>) -> usize {
    let value = slopes::scratch_length(d)
        .max(all_slopes::scratch_length(d))
        .max(diffusion::scratch_length(d))
        .max(coupling::scratch_length(d));
    value.max(density_sweep::scratch_length(d))
}

/// What the work fields of a problem depend on, beside the shape that all members share.
#[derive(Clone, Debug, PartialEq)]
struct Kind {
    sides: Vec<[Boundary; 2]>,
    scheme: Scheme,
    quadratic: bool,
    diffusive: bool,
}

impl Kind {
    fn of<R: Real>(d: &Discretisation<R>) -> Self {
        Self {
            sides: d.axes.iter().map(|axis| [0, 1].map(|side| axis.sides[side].boundary)).collect(),
            scheme: d.scheme,
            quadratic: is_quadratic(&d.hamiltonian),
            diffusive: d.nu > 0.0,
        }
    }
}

/// Work fields of one kind of problem.
#[derive(Debug)]
pub struct WorkFields<R> {
    /// Of the backward sweep.
    pub hjb: HjbFields<R>,
    /// Of the Hamiltonian and the drift.
    pub slopes: SlopeFields<R>,
    /// Of the forward sweep.
    pub density: DensityFields<R>,
    /// Two levels of a best response.
    pub response: History<R>,
    /// Parts of sums over the grid.
    pub parts: Vec<f64>,
}

impl<R: WenoReal> WorkFields<R> {
    fn new(d: &Discretisation<R>) -> Result<Self, TryReserveError> {
        Ok(Self {
            hjb: HjbFields::new(d)?,
            slopes: SlopeFields::new(d)?,
            density: DensityFields::new(d)?,
            response: history(2, d.points)?,
            parts: field(range_count(d.points))?,
        })
    }
}

/// Threads and their work memory.
#[derive(Debug)]
pub struct Lane<R> {
    crew: Crew<R>,
    fields: Vec<(Kind, WorkFields<R>)>,
}

impl<R: WenoReal> Lane<R> {
    /// Work memory for any of these problems, which have one shape; members of a kind share their fields.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(
        members: &[&Discretisation<R>],
        threads: usize,
        level: Level,
        meter: &Arc<Meter>,
    ) -> Result<Self, TryReserveError> {
        let length = members.iter().map(|d| scratch_length(d)).max().unwrap_or(0);
        let mut fields: Vec<(Kind, WorkFields<R>)> = Vec::new();
        for d in members {
            let kind = Kind::of(d);
            if fields.iter().all(|(known, _)| *known != kind) {
                fields.push((kind, WorkFields::new(d)?));
            }
        }
        Ok(Self { crew: Crew::new(threads, length, level)?.timed_by(Arc::clone(meter)), fields })
    }

    /// The threads, and the fields of this problem's kind.
    ///
    /// # Panics
    /// For a problem that the lane was not made for.
    pub fn of(&mut self, d: &Discretisation<R>) -> (&Crew<R>, &mut WorkFields<R>) {
        let kind = Kind::of(d);
        let found = self.fields.iter_mut().find(|(known, _)| *known == kind);
        (&self.crew, &mut found.expect("the lane was made for every member").1)
    }
}
