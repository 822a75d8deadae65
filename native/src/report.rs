//! What a sweep tells, and how it is stopped.

use std::sync::atomic::{AtomicBool, Ordering};

/// The sweep was stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aborted;

/// A flag that the JavaScript thread raises and sweeps look at between sub-steps.
#[derive(Debug, Default)]
pub struct Flag(AtomicBool);

impl Flag {
    /// Raises or lowers it.
    pub fn set(&self, raised: bool) {
        self.0.store(raised, Ordering::Relaxed);
    }

    /// Stops here where it is raised.
    ///
    /// # Errors
    /// Where it is raised.
    pub fn check(&self) -> Result<(), Aborted> {
        if self.0.load(Ordering::Relaxed) { Err(Aborted) } else { Ok(()) }
    }
}

/// Where the first number that is not finite appeared, or a sweep was too fast to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The stored level.
    pub level: usize,
    /// The point.
    pub index: usize,
}

/// What one sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Sub-steps of all intervals.
    pub substeps: u64,
    /// Cells and levels in which a log coupling used its floor.
    pub floored: u64,
    /// What ended it early.
    pub failure: Option<Failure>,
}
