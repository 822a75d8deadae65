//! Workspaces as JavaScript sees them: long work is done in the pool and answered by a promise.
#![expect(clippy::needless_pass_by_value, reason = "JavaScript hands values over")]

use std::sync::{Arc, MutexGuard};

use napi::bindgen_prelude::{Env, Error, Float64Array, Object, Result, Status};
use napi_derive::napi;

use crate::binding::{Place, refuse, whole};
use crate::call::level_and_threads;
use crate::history::taken;
use crate::member::{Kept, Member, Relaxation};
use crate::problem::{Fields, Outline, field_numbers, no_memory, outlined, problem};
use crate::threads::pool;
use crate::weno5::WenoReal;
use crate::workspace::{Need, Options, Workspace};
use crate::workspace_outcomes::{CertificateOutcome, PassTimes, RelaxOutcome, SweepOutcome, number};

/// Deepest Anderson acceleration that anybody may ask for.
const DEEPEST_ANDERSON: usize = 1_000_000;

/// How to compute and what to keep.
#[napi(object)]
pub struct Keeping {
    /// f64 or f32.
    pub precision: String,
    /// Deepest Anderson acceleration.
    pub anderson_depth: f64,
    /// Whether G(M) is kept apart from M.
    pub keep_transported: bool,
}

/// What a workspace will hold.
#[napi(object)]
pub struct NeedData {
    /// Histories of all members.
    pub histories: f64,
    /// Bytes of one history.
    pub history_bytes: f64,
    /// Bytes of all else.
    pub other_bytes: f64,
    /// Bytes of one field.
    pub field_bytes: f64,
}

fn options(place: Place, keeping: &Keeping) -> Result<Options> {
    let (level, threads) = level_and_threads(place)?;
    let anderson_depth = whole("andersonDepth", keeping.anderson_depth)?;
    if anderson_depth > DEEPEST_ANDERSON {
        return Err(refuse(format!("andersonDepth is {anderson_depth}, more than {DEEPEST_ANDERSON}")));
    }
    Ok(Options { threads, level, anderson_depth, keep_transported: keeping.keep_transported })
}

fn is_single(precision: &str) -> Result<bool> {
    match precision {
        "f64" => Ok(false),
        "f32" => Ok(true),
        other => Err(refuse(format!("no precision of a workspace is named {other}"))),
    }
}

/// A problem without its fields, and which of them it has.
#[napi(object)]
pub struct MemberOutline {
    /// The problem.
    pub outline: Outline,
    /// Whether V depends on time.
    pub potential_varies: bool,
    /// Whether there is a drift field.
    pub drift: bool,
}

fn need<R: WenoReal>(members: &[MemberOutline], options: &Options) -> Result<NeedData> {
    let problems = members.iter().map(|m| outlined::<R>(&m.outline)).collect::<Result<Vec<_>>>()?;
    let need = Need::of(&problems, options);
    let fields = problems.iter().zip(members).map(|(d, m)| field_numbers(d, m.potential_varies, m.drift));
    let own = number(fields.sum::<usize>()) * number(size_of::<R>());
    Ok(NeedData {
        histories: number(members.len()) * number(need.histories),
        history_bytes: number(need.history_bytes),
        other_bytes: number(need.work_bytes) + own,
        field_bytes: number(problems.first().map_or(0, |d| d.points) * size_of::<R>()),
    })
}

/// What a workspace of these problems will hold.
///
/// # Errors
/// For names and numbers that mean nothing.
#[napi]
pub fn workspace_need(members: Vec<MemberOutline>, place: Place, keeping: Keeping) -> Result<NeedData> {
    let single = is_single(&keeping.precision)?;
    let options = options(place, &keeping)?;
    if single { need::<f32>(&members, &options) } else { need::<f64>(&members, &options) }
}

enum Inner {
    Double(Arc<Workspace<f64>>),
    Single(Arc<Workspace<f32>>),
}

/// A workspace.
#[napi]
pub struct NativeWorkspace {
    inner: Option<Inner>,
    bytes: usize,
}

fn build<R: WenoReal>(outlines: &[Outline], fields: &[Fields], options: &Options) -> Result<Arc<Workspace<R>>> {
    let members =
        outlines.iter().zip(fields).map(|(outline, fields)| problem(outline, fields)).collect::<Result<Vec<_>>>()?;
    let alike = |outline: &Outline| {
        outline.shape == outlines[0].shape && outline.steps.to_bits() == outlines[0].steps.to_bits()
    };
    if members.is_empty() || outlines.len() != fields.len() || !outlines.iter().all(alike) {
        return Err(refuse("members are one or more, of one shape and as many steps"));
    }
    let pool = pool(options.threads).map_err(|e| Error::new(Status::GenericFailure, format!("no threads: {e}")))?;
    Ok(Arc::new(Workspace::new(members, options, pool).map_err(|_| no_memory())?))
}

/// Runs `$body` with `$ws` the workspace of either precision.
macro_rules! either {
    ($self:ident, $ws:ident => $body:expr) => {
        match $self.open()? {
            Inner::Double($ws) => $body,
            Inner::Single($ws) => $body,
        }
    };
}

fn member<R: WenoReal>(workspace: &Workspace<R>, index: u32) -> Result<MutexGuard<'_, Member<R>>> {
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    workspace.member(index).ok_or_else(|| refuse(format!("there is no idle member {index}")))
}

/// A promise of what `work` makes of a member in the pool.
fn promise<'env, R: WenoReal, T: napi::bindgen_prelude::ToNapiValue + Send + 'static>(
    env: &'env Env,
    workspace: &Arc<Workspace<R>>,
    index: u32,
    work: impl FnOnce(&mut Member<R>, &mut crate::lane::Lane<R>, &crate::report::Flag) -> Result<T> + Send + 'static,
) -> Result<Object<'env>> {
    drop(member(workspace, index)?);
    let (deferred, promise) = env.create_deferred()?;
    workspace.submit(usize::try_from(index).unwrap_or(usize::MAX), work, move |result| match result {
        Some(Ok(value)) => deferred.resolve(move |_| Ok(value)),
        Some(Err(error)) => deferred.reject(error),
        None => deferred.reject(Error::new(Status::GenericFailure, "the sweep panicked".to_owned())),
    });
    Ok(promise)
}

fn not_kept() -> Error {
    refuse("no transported density is kept")
}

#[napi]
impl NativeWorkspace {
    /// Allocates everything.
    ///
    /// # Errors
    /// For problems that do not fit, and `out of memory`.
    #[napi(constructor)]
    pub fn new(outlines: Vec<Outline>, fields: Vec<Fields>, place: Place, keeping: Keeping) -> Result<Self> {
        let options = options(place, &keeping)?;
        let before = taken();
        let inner = if is_single(&keeping.precision)? {
            Inner::Single(build(&outlines, &fields, &options)?)
        } else {
            Inner::Double(build(&outlines, &fields, &options)?)
        };
        Ok(Self { inner: Some(inner), bytes: taken().wrapping_sub(before) })
    }

    fn open(&self) -> Result<&Inner> {
        self.inner.as_ref().ok_or_else(|| refuse("the workspace is closed"))
    }

    /// Bytes that were allocated for everything that grows with the grid.
    #[napi(getter)]
    #[must_use]
    pub fn bytes(&self) -> f64 {
        number(self.bytes)
    }

    /// Sets the density history of a member, all levels or one slice held for all.
    ///
    /// # Errors
    /// For a length that fits neither, and where there is no such member.
    #[napi]
    pub fn load(&self, index: u32, density: Float64Array) -> Result<()> {
        let fits = either!(self, ws => member(ws, index)?.load(&density));
        if fits { Ok(()) } else { Err(refuse(format!("the density has {} numbers", density.len()))) }
    }

    /// Sets the value history of a member.
    ///
    /// # Errors
    /// As above.
    #[napi]
    pub fn load_value(&self, index: u32, value: Float64Array) -> Result<()> {
        let fits = either!(self, ws => member(ws, index)?.load_value(&value));
        if fits { Ok(()) } else { Err(refuse(format!("the value has {} numbers", value.len()))) }
    }

    /// Backward sweep of a member.
    ///
    /// # Errors
    /// Where there is no such member.
    #[napi(ts_return_type = "Promise<SweepOutcome>")]
    pub fn hjb<'env>(&self, env: &'env Env, index: u32) -> Result<Object<'env>> {
        either!(self, ws => promise(env, ws, index, |member, lane, flag| {
            Ok(SweepOutcome::of_value(member.hjb(lane, flag)))
        }))
    }

    /// Forward sweep of a member; with a factor the density is relaxed in place.
    ///
    /// # Errors
    /// As above.
    #[napi(ts_return_type = "Promise<SweepOutcome>")]
    pub fn fokker_planck<'env>(&self, env: &'env Env, index: u32, theta: Option<f64>) -> Result<Object<'env>> {
        either!(self, ws => promise(env, ws, index, move |member, lane, flag| {
            match member.fokker_planck(lane, flag, theta) {
                Ok(None) => Err(not_kept()),
                Ok(Some(report)) => Ok(SweepOutcome::of_density(Ok(report))),
                Err(aborted) => Ok(SweepOutcome::of_density(Err(aborted))),
            }
        }))
    }

    /// Next density history of a member: Anderson's with `beta`, or blended with `theta`, which is also what takes the place of
    /// a combination with a negative density.
    ///
    /// # Errors
    /// As above.
    #[napi(ts_return_type = "Promise<RelaxOutcome>")]
    pub fn relax<'env>(&self, env: &'env Env, index: u32, theta: f64, beta: Option<f64>) -> Result<Object<'env>> {
        let step = beta.map_or(Relaxation::Blend(theta), |beta| Relaxation::Anderson(beta, theta));
        either!(self, ws => promise(env, ws, index, move |member, lane, _| {
            let relaxed = member.relax(lane, step).ok_or_else(not_kept)?;
            Ok(RelaxOutcome { theta: relaxed.theta, depth: number(relaxed.depth) })
        }))
    }

    /// Makes the sub-steps of a member those that its last sweeps needed; `afresh`: whatever was once found. Returns how many
    /// intervals changed.
    ///
    /// # Errors
    /// Where there is no such member.
    #[napi]
    pub fn settle(&self, index: u32, afresh: bool) -> Result<u32> {
        Ok(either!(self, ws => member(ws, index)?.settle(afresh)))
    }

    /// Certificates of a member.
    ///
    /// # Errors
    /// As above.
    #[napi(ts_return_type = "Promise<CertificateOutcome>")]
    pub fn certify<'env>(&self, env: &'env Env, index: u32) -> Result<Object<'env>> {
        either!(self, ws => promise(env, ws, index, |member, lane, flag| {
            Ok(CertificateOutcome::of(member.certify(lane, flag)))
        }))
    }

    /// Copies the levels from `from` on of a history into `out`, which holds whole levels.
    ///
    /// # Errors
    /// As above, and for a field that is not kept or levels that are not there.
    #[napi]
    pub fn read(&self, index: u32, field: String, from: u32, mut out: Float64Array) -> Result<()> {
        let kept = match field.as_str() {
            "value" => Kept::Value,
            "density" => Kept::Density,
            "transported" => Kept::Transported,
            other => return Err(refuse(format!("no history is named {other}"))),
        };
        // SAFETY: JavaScript waits for this call.
        let out = unsafe { out.as_mut() };
        either!(self, ws => member(ws, index)?.read(kept, from, out))
    }

    /// Times every pass over a field from now on, or none any more.
    ///
    /// # Errors
    /// Where the workspace is closed.
    #[napi]
    pub fn meter(&self, on: bool) -> Result<()> {
        either!(self, ws => ws.meter.set(on));
        Ok(())
    }

    /// The passes that were timed since, of all members as they came.
    ///
    /// # Errors
    /// Where the workspace is closed.
    #[napi]
    pub fn passes(&self) -> Result<PassTimes> {
        either!(self, ws => Ok(PassTimes::of(&ws.meter.passes())))
    }

    /// Stops all sweeps, or lets the next ones run.
    ///
    /// # Errors
    /// Where the workspace is closed.
    #[napi]
    pub fn stop(&self, stopped: bool) -> Result<()> {
        either!(self, ws => ws.flag.set(stopped));
        Ok(())
    }

    /// Frees everything, as soon as no sweep runs any more.
    #[napi]
    pub fn close(&mut self) {
        self.inner = None;
    }
}
