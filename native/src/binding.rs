//! What JavaScript sees. Arrays are borrowed, never copied; a call that runs off the JavaScript thread holds references
//! to them until its promise is settled. No input makes these functions panic: what does not fit is an error.

use napi::bindgen_prelude::{AsyncTask, Env, Error, Result, Status};
use napi_derive::napi;

use crate::call::{Call, Numbers, Work, level_and_threads, now};
use crate::derivatives::Layout;
use crate::discretisation::{Boundary, Epsilon, Weno};
use crate::roofs;
use crate::simd::{LEVELS, Level};
use crate::threads::{cores, pool};

/// What this build of the addon finds on this processor.
#[napi(object)]
pub struct Host {
    /// The addon's version, which must be the package's.
    pub version: String,
    /// The widest instruction set that kernels run with.
    pub simd: String,
    /// Every instruction set that kernels can run with here, the widest first.
    pub levels: Vec<String>,
    /// Threads that run at the same time.
    pub threads: u32,
}

/// Looks around.
#[napi]
#[must_use]
pub fn host() -> Host {
    Host {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        simd: Level::best().name().to_owned(),
        levels: LEVELS.into_iter().filter(|level| level.is_here()).map(|level| level.name().to_owned()).collect(),
        threads: u32::try_from(cores()).unwrap_or(u32::MAX),
    }
}

/// Where on the processor.
#[napi(object)]
pub struct Place {
    /// Threads to use for large arrays.
    pub threads: u32,
    /// One of the host's levels; the widest where none is named.
    pub simd: Option<String>,
}

/// A layout with its axis resolved: the array is any number of slabs of `nodes` x `stride` entries.
#[napi(object)]
pub struct AxisLayout {
    /// Nodes along the axis.
    pub nodes: f64,
    /// Entries from one node to the next.
    pub stride: f64,
    /// h.
    pub spacing: f64,
    /// Boundary kind of the lower side; its wall value is 0.
    pub lower: String,
    /// Boundary kind of the upper side.
    pub upper: String,
    /// Nonlinear weights: js, z or m.
    pub variant: String,
    /// absolute or scaled.
    pub epsilon_kind: String,
    /// Value in Osher & Fedkiw's scaling.
    pub epsilon_value: f64,
}

/// An error of bad arguments.
pub fn refuse(message: impl Into<String>) -> Error {
    Error::new(Status::InvalidArg, message.into())
}

fn positive(name: &str, value: f64) -> Result<f64> {
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(refuse(format!("{name} is {value}, not positive"))) }
}

/// A whole number of JavaScript's.
pub(crate) fn whole(name: &str, value: f64) -> Result<usize> {
    const LARGEST: f64 = 9_007_199_254_740_991.0;
    if value.fract() == 0.0 && (0.0..=LARGEST).contains(&value) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and in range: just checked"
        )]
        return usize::try_from(value as u64).map_err(|_| refuse(format!("{name} is {value}, too large")));
    }
    Err(refuse(format!("{name} is {value}, not a whole number")))
}

impl TryFrom<AxisLayout> for Layout {
    type Error = Error;

    fn try_from(layout: AxisLayout) -> Result<Self> {
        let value = positive("epsilon", layout.epsilon_value)?;
        Ok(Self {
            n: whole("nodes", layout.nodes)?,
            stride: whole("stride", layout.stride)?,
            inverse_spacing: 1.0 / positive("spacing", layout.spacing)?,
            walls: [boundary(&layout.lower)?, boundary(&layout.upper)?],
            variant: match layout.variant.as_str() {
                "js" => Weno::Js,
                "z" => Weno::Z,
                "m" => Weno::M,
                other => return Err(refuse(format!("no variant is named {other}"))),
            },
            epsilon: match layout.epsilon_kind.as_str() {
                "absolute" => Epsilon::Absolute(value),
                "scaled" => Epsilon::Scaled(value),
                other => return Err(refuse(format!("no kind of epsilon is named {other}"))),
            },
        })
    }
}

fn boundary(name: &str) -> Result<Boundary> {
    match name {
        "periodic" => Ok(Boundary::Periodic),
        "reflecting" => Ok(Boundary::Reflecting),
        "exit" => Ok(Boundary::Exit),
        "open" => Ok(Boundary::Open),
        other => Err(refuse(format!("no boundary is named {other}"))),
    }
}

fn linear_weights(linear: Vec<f64>) -> Result<[f64; 3]> {
    let weights = <[f64; 3]>::try_from(linear).map_err(|_| refuse("linear weights are three"))?;
    for weight in weights {
        positive("a linear weight", weight)?;
    }
    Ok(weights)
}

/// Smoothness indicators of stencils, n x 5 -> n x 3.
///
/// # Errors
/// For arrays that do not fit or overlap.
#[napi(js_name = "smoothness")]
pub fn smoothness_now(env: Env, stencils: Numbers, out: Numbers, place: Place) -> Result<()> {
    now(env, Call::new(Work::Smoothness { stencils, out }, place)?)
}

/// The same off the JavaScript thread.
///
/// # Errors
/// As above; what the arrays are is only seen when the promise settles.
#[napi(ts_return_type = "Promise<void>")]
pub fn smoothness_later(stencils: Numbers, out: Numbers, place: Place) -> Result<AsyncTask<Call>> {
    Ok(AsyncTask::new(Call::new(Work::Smoothness { stencils, out }, place)?))
}

/// Nonlinear weights of indicators, n x 3 -> n x 3.
///
/// # Errors
/// For arrays that do not fit or overlap, and numbers that are not positive.
#[napi(js_name = "weights")]
pub fn weights_now(env: Env, beta: Numbers, linear: Vec<f64>, epsilon: f64, out: Numbers, place: Place) -> Result<()> {
    let (linear, epsilon) = (linear_weights(linear)?, positive("epsilon", epsilon)?);
    now(env, Call::new(Work::Weights { beta, linear, epsilon, out }, place)?)
}

/// The same off the JavaScript thread.
///
/// # Errors
/// As above.
#[napi(ts_return_type = "Promise<void>")]
pub fn weights_later(
    beta: Numbers,
    linear: Vec<f64>,
    epsilon: f64,
    out: Numbers,
    place: Place,
) -> Result<AsyncTask<Call>> {
    let (linear, epsilon) = (linear_weights(linear)?, positive("epsilon", epsilon)?);
    Ok(AsyncTask::new(Call::new(Work::Weights { beta, linear, epsilon, out }, place)?))
}

/// Left- and right-biased WENO5 derivatives of a field along one axis.
///
/// # Errors
/// For arrays that do not fit or overlap, and names and numbers that mean nothing.
#[napi(js_name = "derivatives")]
pub fn derivatives_now(
    env: Env,
    field: Numbers,
    layout: AxisLayout,
    p_minus: Numbers,
    p_plus: Numbers,
    place: Place,
) -> Result<()> {
    let layout = layout.try_into()?;
    now(env, Call::new(Work::Derivatives { field, layout, p_minus, p_plus }, place)?)
}

/// The same off the JavaScript thread.
///
/// # Errors
/// As above.
#[napi(ts_return_type = "Promise<void>")]
pub fn derivatives_later(
    field: Numbers,
    layout: AxisLayout,
    p_minus: Numbers,
    p_plus: Numbers,
    place: Place,
) -> Result<AsyncTask<Call>> {
    let layout = layout.try_into()?;
    Ok(AsyncTask::new(Call::new(Work::Derivatives { field, layout, p_minus, p_plus }, place)?))
}

/// Runs so many steps of independent products and sums on so many threads of this processor, in f32 if `single` and in f64
/// otherwise; gives the operations done. Over the time that took, it is the roof of the arithmetic (src/roofs.rs).
///
/// # Errors
/// For more than 2^30 steps, a level that is not here, and threads that cannot be.
#[napi]
pub fn arithmetic(single: bool, steps: f64, place: Place) -> Result<f64> {
    let (level, threads) = level_and_threads(place)?;
    let pool = pool(threads).map_err(|error| Error::new(Status::GenericFailure, format!("no threads: {error}")))?;
    let steps = whole("steps", steps)?;
    if steps > 1 << 30 {
        return Err(refuse(format!("steps is {steps}, more than 2^30")));
    }
    let done = if single {
        roofs::arithmetic::<f32>(level, &pool, steps)
    } else {
        roofs::arithmetic::<f64>(level, &pool, steps)
    };
    #[expect(clippy::cast_precision_loss, reason = "a rate is told by far fewer digits")]
    Ok(done as f64)
}
