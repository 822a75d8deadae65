//! One call of a kernel from JavaScript, done at once or off its thread.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use napi::Task;
use napi::bindgen_prelude::{Either, Env, Error, Float32Array, Float64Array, Result, Status};
use rayon::ThreadPool;

use crate::binding::{Place, refuse};
use crate::derivatives::{self, Layout, MANY, Misfit};
use crate::real::Real;
use crate::simd::Level;
use crate::stencils;
use crate::threads::{MOST_THREADS, pool};
use crate::weno5::WenoReal;

/// A typed array of JavaScript's.
pub type Numbers = Either<Float64Array, Float32Array>;

impl From<Misfit> for Error {
    fn from(Misfit(message): Misfit) -> Self {
        refuse(message)
    }
}

fn bytes<R>(numbers: &[R]) -> Range<usize> {
    let start = numbers.as_ptr().addr();
    start..start + size_of_val(numbers)
}

/// Refuses an output that shares memory with another array: Rust knows no such thing.
fn apart<R>(name: &str, output: &[R], others: &[&[R]]) -> Result<()> {
    let output = bytes(output);
    let shares = |other: &&[R]| {
        let other = bytes(other);
        !output.is_empty() && !other.is_empty() && output.start < other.end && other.start < output.end
    };
    if others.iter().any(shares) { Err(refuse(format!("{name} shares memory with another array"))) } else { Ok(()) }
}

/// The instruction set and the threads of a place.
///
/// # Errors
/// For a level that is not here and a number of threads that cannot be.
pub(crate) fn level_and_threads(place: Place) -> Result<(Level, usize)> {
    let level = match place.simd {
        None => Level::best(),
        Some(name) => Level::named(&name).ok_or_else(|| refuse(format!("no level of this processor is {name}")))?,
    };
    let threads = usize::try_from(place.threads).unwrap_or(0);
    if !(1..=MOST_THREADS).contains(&threads) {
        return Err(refuse(format!("threads is {threads}, not 1 to {MOST_THREADS}")));
    }
    Ok((level, threads))
}

/// One call, with all that it reads and writes.
pub struct Call {
    work: Work,
    level: Level,
    threads: usize,
}

/// What is to be done.
pub(crate) enum Work {
    Smoothness { stencils: Numbers, out: Numbers },
    Weights { beta: Numbers, linear: [f64; 3], epsilon: f64, out: Numbers },
    Derivatives { field: Numbers, layout: Layout, p_minus: Numbers, p_plus: Numbers },
}

impl Call {
    /// Checks the place.
    ///
    /// # Errors
    /// For a level that is not here and a number of threads that cannot be.
    pub(crate) fn new(work: Work, place: Place) -> Result<Self> {
        let (level, threads) = level_and_threads(place)?;
        Ok(Self { work, level, threads })
    }

    fn run(&mut self) -> Result<()> {
        catch_unwind(AssertUnwindSafe(|| self.dispatch()))
            .unwrap_or_else(|_| Err(Error::new(Status::GenericFailure, "the kernel panicked".to_owned())))
    }

    fn dispatch(&mut self) -> Result<()> {
        let (level, threads) = (self.level, self.threads);
        match &mut self.work {
            Work::Smoothness { stencils: Either::A(stencils), out: Either::A(out) } => {
                smoothness(stencils, borrow64(out), level, threads)
            }
            Work::Smoothness { stencils: Either::B(stencils), out: Either::B(out) } => {
                smoothness(stencils, borrow32(out), level, threads)
            }
            Work::Weights { beta: Either::A(beta), linear, epsilon, out: Either::A(out) } => {
                weights(beta, *linear, *epsilon, borrow64(out), level, threads)
            }
            Work::Weights { beta: Either::B(beta), linear, epsilon, out: Either::B(out) } => {
                weights(beta, *linear, *epsilon, borrow32(out), level, threads)
            }
            Work::Derivatives {
                field: Either::A(field),
                layout,
                p_minus: Either::A(p_minus),
                p_plus: Either::A(p_plus),
            } => derive(field, layout, borrow64(p_minus), borrow64(p_plus), level, threads),
            Work::Derivatives {
                field: Either::B(field),
                layout,
                p_minus: Either::B(p_minus),
                p_plus: Either::B(p_plus),
            } => derive(field, layout, borrow32(p_minus), borrow32(p_plus), level, threads),
            _ => Err(refuse("the arrays are of different types")),
        }
    }

    /// Shows JavaScript what was written, where its arrays lie in another memory than the addon's.
    #[cfg_attr(not(target_family = "wasm"), expect(clippy::unused_self, reason = "the memory is the same"))]
    fn show(&mut self, _env: Env) {
        #[cfg(target_family = "wasm")]
        {
            let outputs = match &mut self.work {
                Work::Smoothness { out, .. } | Work::Weights { out, .. } => vec![out],
                Work::Derivatives { p_minus, p_plus, .. } => vec![p_minus, p_plus],
            };
            for output in outputs {
                match output {
                    Either::A(array) => array.sync(&_env),
                    Either::B(array) => array.sync(&_env),
                }
            }
        }
    }
}

fn borrow64(array: &mut Float64Array) -> &mut [f64] {
    // SAFETY: JavaScript waits for a synchronous call, and of an asynchronous one src/tiers/rust/kernels.ts says that its
    // arrays must be left alone until it is done; `apart` refuses arrays that overlap before any is used.
    unsafe { array.as_mut() }
}

fn borrow32(array: &mut Float32Array) -> &mut [f32] {
    // SAFETY: as above.
    unsafe { array.as_mut() }
}

fn threads_for(points: usize, threads: usize) -> Result<Option<Arc<ThreadPool>>> {
    if threads == 1 || points < MANY {
        return Ok(None);
    }
    let pool = pool(threads).map_err(|error| Error::new(Status::GenericFailure, format!("no threads: {error}")))?;
    Ok(Some(pool))
}

fn smoothness<R: Real>(stencils: &[R], out: &mut [R], level: Level, threads: usize) -> Result<()> {
    apart("out", out, &[stencils])?;
    let pool = threads_for(stencils.len(), threads)?;
    Ok(stencils::smoothness(stencils, out, level, pool.as_deref())?)
}

fn weights<R: Real>(
    beta: &[R],
    linear: [f64; 3],
    epsilon: f64,
    out: &mut [R],
    level: Level,
    threads: usize,
) -> Result<()> {
    apart("out", out, &[beta])?;
    let pool = threads_for(beta.len(), threads)?;
    Ok(stencils::weights(beta, linear.map(R::from_f64), R::from_f64(epsilon), out, level, pool.as_deref())?)
}

fn derive<R: WenoReal>(
    field: &[R],
    layout: &Layout,
    p_minus: &mut [R],
    p_plus: &mut [R],
    level: Level,
    threads: usize,
) -> Result<()> {
    apart("pMinus", p_minus, &[field, p_plus])?;
    apart("pPlus", p_plus, &[field])?;
    let pool = threads_for(field.len(), threads)?;
    Ok(derivatives::derivatives(field, layout, p_minus, p_plus, level, pool.as_deref())?)
}

impl Task for Call {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> Result<()> {
        self.run()
    }

    fn resolve(&mut self, env: Env, (): ()) -> Result<()> {
        self.show(env);
        Ok(())
    }
}

/// Does a call at once.
///
/// # Errors
/// For arrays that do not fit or overlap.
pub(crate) fn now(env: Env, mut call: Call) -> Result<()> {
    call.run()?;
    call.show(env);
    Ok(())
}
