//! How long each pass over a field takes, for whoever asks: a bench compares their sum with the time of a whole solve.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// One pass that was timed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pass {
    /// What was done, by the path of the code that does it.
    pub kernel: &'static str,
    /// How long it took, threads and all.
    pub seconds: f64,
}

/// Times passes while it is on.
#[derive(Debug, Default)]
pub struct Meter {
    on: AtomicBool,
    passes: Mutex<Vec<Pass>>,
}

impl Meter {
    /// Begins anew, or ends.
    pub fn set(&self, on: bool) {
        self.passes.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.on.store(on, Ordering::Relaxed);
    }

    /// Does `work`, and remembers how long it took where it is on.
    #[inline]
    pub fn time<T>(&self, kernel: &'static str, work: impl FnOnce() -> T) -> T {
        if !self.on.load(Ordering::Relaxed) {
            return work();
        }
        let begun = Instant::now();
        let done = work();
        let seconds = begun.elapsed().as_secs_f64();
        self.passes.lock().unwrap_or_else(PoisonError::into_inner).push(Pass { kernel, seconds });
        done
    }

    /// What was timed since it was set, in order.
    #[must_use]
    pub fn passes(&self) -> Vec<Pass> {
        self.passes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_are_remembered_while_it_is_on() {
        let meter = Meter::default();
        assert_eq!(meter.time("unseen", || 3), 3);
        meter.set(true);
        meter.time("first", || ());
        meter.time("second", || ());
        let seen = meter.passes();
        assert_eq!(seen.iter().map(|pass| pass.kernel).collect::<Vec<_>>(), ["first", "second"]);
        assert!(seen.iter().all(|pass| (0.0..1.0).contains(&pass.seconds)));
        meter.set(false);
        meter.time("unseen", || ());
        assert_eq!(meter.passes(), []);
    }
}
