//! The work memory of one sweep at a time: threads with their scratch, and fields of both sweeps.

use std::collections::TryReserveError;

use crate::crew::{Crew, range_count};
use crate::discretisation::Discretisation;
use crate::hamiltonian::SlopeFields;
use crate::history::{History, field, history};
use crate::hjb_sweep::HjbFields;
use crate::real::Real;
use crate::{coupling, diffusion, slopes};

/// Numbers of scratch memory per thread that every operation finds enough.
#[must_use]
pub fn scratch_length<R: Real>(d: &Discretisation<R>) -> usize {
    slopes::scratch_length(d).max(diffusion::scratch_length(d)).max(coupling::scratch_length(d))
}

/// Work memory, and the threads that use it.
#[derive(Debug)]
pub struct Lane<R> {
    /// Threads.
    pub crew: Crew<R>,
    /// Of the backward sweep.
    pub hjb: HjbFields<R>,
    /// Of the Hamiltonian and the drift.
    pub slopes: SlopeFields<R>,
    /// Two levels of a best response.
    pub response: History<R>,
    /// The density that is relaxed as it moves; empty where G(M) is kept.
    pub in_place: Vec<R>,
    /// Parts of sums over the grid.
    pub parts: Vec<f64>,
}

impl<R: Real> Lane<R> {
    /// Allocates for a problem.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(d: &Discretisation<R>, crew: Crew<R>, in_place: bool) -> Result<Self, TryReserveError> {
        Ok(Self {
            crew,
            hjb: HjbFields::new(d)?,
            slopes: SlopeFields::new(d)?,
            response: history(2, d.points)?,
            in_place: field(if in_place { d.points } else { 0 })?,
            parts: field(range_count(d.points))?,
        })
    }
}
