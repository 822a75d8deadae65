//! What sweeps, relaxation and certificates did, as JavaScript sees it.

use napi_derive::napi;

use crate::certificate::Certificate;
use crate::density_sweep::DensityReport;
use crate::meter::Pass;
use crate::report::{Aborted, Failure, SweepReport};

/// What a backward or a forward sweep did.
#[napi(object)]
#[derive(Default)]
pub struct SweepOutcome {
    /// True where it was stopped; nothing else counts then.
    pub aborted: bool,
    /// Sub-steps.
    pub substeps: f64,
    /// Cells and levels in which a log coupling used its floor.
    pub floored: f64,
    /// Stored level at which it failed.
    pub failed_level: Option<f64>,
    /// Point at which it failed.
    pub failed_index: Option<f64>,
    /// Of a forward sweep: see `DensityReport` in src/tiers/tier.ts.
    pub mass_drift: f64,
    /// Smallest density.
    pub min_density: f64,
    /// Mass that has left.
    pub outflow: f64,
    /// Cells in which a flux was limited.
    pub limited: f64,
    /// rms(G(M) - M)
    pub residual: f64,
}

/// What relaxation did.
#[napi(object)]
pub struct RelaxOutcome {
    /// Factor of a blended step; none where it was Anderson's.
    pub theta: Option<f64>,
    /// Columns of Anderson's combination.
    pub depth: f64,
}

/// Certificates of one member.
#[napi(object)]
#[derive(Default)]
pub struct CertificateOutcome {
    /// True where the sweep was stopped; nothing else counts then.
    pub aborted: bool,
    /// What one agent could still gain.
    pub exploitability: f64,
    /// Cost of the feedback.
    pub cost: f64,
    /// Cost by summation less `cost`.
    pub duality_defect: f64,
}

/// A count as JavaScript has it.
#[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are not reached")]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are not reached")]
fn count(count: u64) -> f64 {
    count as f64
}

impl SweepOutcome {
    fn of_sweep(substeps: u64, floored: u64, failure: Option<Failure>) -> Self {
        Self {
            substeps: count(substeps),
            floored: count(floored),
            failed_level: failure.map(|failure| number(failure.level)),
            failed_index: failure.map(|failure| number(failure.index)),
            ..Self::default()
        }
    }

    pub(crate) fn of_value(result: std::result::Result<SweepReport, Aborted>) -> Self {
        match result {
            Ok(SweepReport { substeps, floored, failure }) => Self::of_sweep(substeps, floored, failure),
            Err(Aborted) => Self { aborted: true, ..Self::default() },
        }
    }

    pub(crate) fn of_density(result: std::result::Result<(DensityReport, f64), Aborted>) -> Self {
        match result {
            Ok((report, residual)) => Self {
                mass_drift: report.mass_drift,
                min_density: report.min_density,
                outflow: report.outflow,
                limited: count(report.limited),
                residual,
                ..Self::of_sweep(report.substeps, 0, report.failure)
            },
            Err(Aborted) => Self { aborted: true, ..Self::default() },
        }
    }
}

impl CertificateOutcome {
    pub(crate) fn of(result: std::result::Result<Certificate, Aborted>) -> Self {
        match result {
            Ok(Certificate { exploitability, cost, duality_defect }) => {
                Self { aborted: false, exploitability, cost, duality_defect }
            }
            Err(Aborted) => Self { aborted: true, ..Self::default() },
        }
    }
}

/// Passes over fields in the order in which they were done.
#[napi(object)]
pub struct PassTimes {
    /// What they did: every name once.
    pub kernels: Vec<String>,
    /// Place of each pass's name.
    pub which: Vec<u32>,
    /// How long each took.
    pub seconds: Vec<f64>,
}

impl PassTimes {
    pub(crate) fn of(passes: &[Pass]) -> Self {
        let mut names: Vec<&'static str> = Vec::new();
        let mut place = |name: &'static str| {
            let found = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            u32::try_from(found).unwrap_or(u32::MAX)
        };
        let which = passes.iter().map(|pass| place(pass.kernel)).collect();
        let seconds = passes.iter().map(|pass| pass.seconds).collect();
        Self { kernels: names.into_iter().map(str::to_owned).collect(), which, seconds }
    }
}
