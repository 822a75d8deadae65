//! Sums, extremes and non-finite numbers of whole fields, block by block, so that they do not depend on the threads.

use std::collections::TryReserveError;

use crate::crew::{Crew, range_count, range_of};
use crate::history::field;
use crate::real::Real;
use crate::simd::Kernel;

/// Partial sums side by side: one vector.
const LANES: usize = 8;

/// What a density is looked at for, once per stored level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Survey {
    /// Sum of the entries, with Neumaier's compensation: exact to round-off for any number of points.
    pub sum: f64,
    /// Smallest entry.
    pub least: f64,
    /// False where some entry is NaN or infinite.
    pub finite: bool,
}

/// Memory for the parts of a survey.
#[derive(Debug)]
pub struct Parts(Vec<f64>);

impl Parts {
    /// For fields of so many points.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(points: usize) -> Result<Self, TryReserveError> {
        Ok(Self(field(3 * range_count(points))?))
    }
}

/// Looks at a field.
pub fn survey<R: Real>(crew: &Crew<R>, field: &[R], parts: &mut Parts) -> Survey {
    let shared = crate::crew::Shared::new(&mut parts.0);
    crew.each(range_count(field.len()), |_, block| {
        let (sum, lost, least) = crew.level.run(Look(&field[range_of(field.len(), block)]));
        // SAFETY: every block has three entries of its own.
        let part = unsafe { shared.slice(3 * block, 3) };
        part.copy_from_slice(&[sum, lost, least]);
    });
    let (mut sum, mut lost, mut least) = (0.0, 0.0, f64::INFINITY);
    for part in parts.0.chunks_exact(3) {
        let (part, missed, smallest) = (&part[0], &part[1], &part[2]);
        add(&mut sum, &mut lost, *part);
        add(&mut sum, &mut lost, *missed);
        least = least.min(*smallest);
    }
    let sum = sum + lost;
    Survey { sum, least, finite: sum.is_finite() && least.is_finite() }
}

/// sum += x, with what the sum loses in `lost`.
#[inline(always)]
fn add(sum: &mut f64, lost: &mut f64, x: f64) {
    let next = *sum + x;
    let (large, small) = if sum.abs() >= x.abs() { (*sum, x) } else { (x, *sum) };
    *lost += (large - next) + small;
    *sum = next;
}

struct Look<'a, R>(&'a [R]);

impl<R: Real> Kernel for Look<'_, R> {
    type Output = (f64, f64, f64);

    #[inline(always)]
    fn run<const F: bool>(self) -> (f64, f64, f64) {
        let (mut sums, mut lost, mut least) = ([0.0; LANES], [0.0; LANES], [f64::INFINITY; LANES]);
        let mut chunks = self.0.chunks_exact(LANES);
        for chunk in &mut chunks {
            for lane in 0..LANES {
                let x = chunk[lane].to_f64();
                add(&mut sums[lane], &mut lost[lane], x);
                least[lane] = if x < least[lane] { x } else { least[lane] };
            }
        }
        for (lane, x) in chunks.remainder().iter().enumerate() {
            let x = x.to_f64();
            add(&mut sums[lane], &mut lost[lane], x);
            least[lane] = if x < least[lane] { x } else { least[lane] };
        }
        let (mut sum, mut missed) = (0.0, 0.0);
        for lane in 0..LANES {
            add(&mut sum, &mut missed, sums[lane]);
            missed += lost[lane];
        }
        (sum, missed, least.into_iter().fold(f64::INFINITY, f64::min))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;

    #[test]
    fn sums_are_exact_to_round_off_and_the_least_is_found() {
        let crew = Crew::<f64>::new(1, 0, Level::best()).expect("memory");
        // Large numbers that cancel and small ones that a plain sum would lose.
        let mut numbers: Vec<f64> = (0..9_999).map(|k| [1e16, -1e16, 0.125][k % 3]).collect();
        let mut parts = Parts::new(numbers.len()).expect("memory");
        let found = survey(&crew, &numbers, &mut parts);
        assert_eq!((found.sum, found.least, found.finite), (3_333.0 / 8.0, -1e16, true));
        numbers[5_000] = f64::NAN;
        assert!(!survey(&crew, &numbers, &mut parts).finite);
        numbers[5_000] = f64::INFINITY;
        assert!(!survey(&crew, &numbers, &mut parts).finite);
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let numbers: Vec<f64> = (0..50_000).map(|k| f64::from(k).sin()).collect();
        let found = [1, 3].map(|threads| {
            crate::threads::pool(threads).expect("threads").install(|| {
                let crew = Crew::<f64>::new(threads, 0, Level::best()).expect("memory");
                survey(&crew, &numbers, &mut Parts::new(numbers.len()).expect("memory")).sum.to_bits()
            })
        });
        assert_eq!(found[0], found[1]);
    }
}
