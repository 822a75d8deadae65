//! Largest sizes, largest steps and numbers that are not finite, in as many parts as vectors have room for.

use crate::real::Real;
use crate::simd::Kernel;

/// Parts that are taken side by side.
const PARTS: usize = 16;

/// The largest size of some numbers; NaN does not count.
#[inline(always)]
pub(crate) fn largest_of<R: Real>(numbers: &[R]) -> R {
    let mut most = [R::ZERO; PARTS];
    let chunks = numbers.chunks_exact(PARTS);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (most, x) in most.iter_mut().zip(chunk) {
            *most = x.abs().larger(*most);
        }
    }
    rest.iter().fold(largest_lane(most), |most, x| x.abs().larger(most))
}

/// The largest of numbers >= 0 that lie in one vector; none may be NaN.
#[inline(always)]
pub(crate) fn largest_lane<R: Real>(numbers: [R; PARTS]) -> R {
    // They are in the order of their bits, and a compiler takes the largest integer half against half.
    R::from_order(numbers.map(R::order).into_iter().fold(R::Order::default(), Ord::max))
}

/// `largest_of` for the widest vectors.
pub struct LargestSize<'a, R>(pub &'a [R]);

impl<R: Real> Kernel for LargestSize<'_, R> {
    type Output = R;

    #[inline(always)]
    fn run<const F: bool>(self) -> R {
        largest_of(self.0)
    }
}

/// The largest size of a - b; NaN does not count.
pub struct LargestStep<'a, R> {
    /// Some numbers.
    pub a: &'a [R],
    /// As many others.
    pub b: &'a [R],
}

impl<R: Real> Kernel for LargestStep<'_, R> {
    type Output = R;

    #[inline(always)]
    fn run<const F: bool>(self) -> R {
        let mut most = [R::ZERO; PARTS];
        let (a, b) = (self.a.chunks_exact(PARTS), self.b.chunks_exact(PARTS));
        let rest = a.remainder().iter().zip(b.remainder());
        for (a, b) in a.zip(b) {
            for k in 0..PARTS {
                most[k] = (a[k] - b[k]).abs().larger(most[k]);
            }
        }
        let rest = rest.fold(R::ZERO, |most, (a, b)| (*a - *b).abs().larger(most));
        largest_lane(most).larger(rest)
    }
}

/// The place of the first number that is NaN or infinite.
pub struct FirstNonFinite<'a, R>(pub &'a [R]);

impl<R: Real> Kernel for FirstNonFinite<'_, R> {
    type Output = Option<usize>;

    #[inline(always)]
    fn run<const F: bool>(self) -> Option<usize> {
        // 0 x is 0, or NaN where x is not finite, and NaN stays.
        let mut traces = [R::ZERO; PARTS];
        let chunks = self.0.chunks_exact(PARTS);
        let rest = chunks.remainder();
        for chunk in chunks {
            for (trace, x) in traces.iter_mut().zip(chunk) {
                *trace += R::ZERO * *x;
            }
        }
        if traces.iter().chain(rest).all(|x| x.is_finite()) { None } else { self.0.iter().position(|x| !x.is_finite()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers() -> Vec<f64> {
        (0..1003).map(|k| f64::from(k).sin()).collect()
    }

    #[test]
    fn extremes_are_found_wherever_they_stand() {
        for at in [0, 15, 16, 500, 991, 992, 1002] {
            let mut a = numbers();
            a[at] = -7.0;
            assert_eq!(largest_of(&a).to_bits(), 7.0_f64.to_bits(), "{at}");
            let b = vec![0.0; a.len()];
            assert_eq!(LargestStep { a: &a, b: &b }.run::<false>().to_bits(), 7.0_f64.to_bits(), "{at}");
            assert_eq!(FirstNonFinite(&a).run::<false>(), None);
            a[at] = f64::NAN;
            assert!(largest_of(&a) <= 1.0 && LargestStep { a: &a, b: &b }.run::<false>() <= 1.0, "{at}");
            assert_eq!(FirstNonFinite(&a).run::<false>(), Some(at));
            a[at] = f64::NEG_INFINITY;
            assert_eq!(FirstNonFinite(&a).run::<false>(), Some(at));
        }
    }
}
