//! The two floating-point types that kernels are generic in.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// What a kernel may do with a number. Every operation rounds once and alike on every processor.
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + SubAssign
    + Mul<Output = Self>
    + MulAssign
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// Bits, which are in the order of the numbers >= 0.
    type Order: Copy + Default + Ord;

    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Added to a scaled epsilon, in squared slopes (docs/numerics.md section 2.4).
    const SCALED_FLOOR: f64;
    /// What the flux limiter leaves in a cell, as a share: round-off then makes no density negative (section 5.2).
    const LIMITER_GUARD: Self;
    /// Between 1 and the next larger number.
    const EPSILON: Self;
    /// The smallest number above 0 that has all its digits.
    const SMALLEST_NORMAL: Self;
    /// Numbers in 64 bytes: the widest vector, and one cache line.
    const LANES: usize;

    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;
    /// The same number in f64.
    fn to_f64(self) -> f64;
    /// The magnitude.
    #[must_use]
    fn abs(self) -> Self;
    /// The square root, rounded correctly.
    #[must_use]
    fn sqrt(self) -> Self;
    /// The power of a number >= 0.
    #[must_use]
    fn powf(self, exponent: Self) -> Self;
    /// The natural logarithm.
    #[must_use]
    fn ln(self) -> Self;
    /// True unless NaN or infinite.
    fn is_finite(self) -> bool;
    /// The bits.
    fn order(self) -> Self::Order;
    /// The number of these bits.
    fn from_order(order: Self::Order) -> Self;

    /// self * factor + term: rounded once where `F`, which is fast where a level fuses ([`crate::simd::Level::fuses`]), or twice.
    #[must_use]
    fn times_plus<const F: bool>(self, factor: Self, term: Self) -> Self;

    /// The larger one; the second where one is NaN. One instruction, unlike `f64::max`.
    #[must_use]
    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        if self > other { self } else { other }
    }
    /// The smaller one; the second where one is NaN.
    #[must_use]
    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        if self < other { self } else { other }
    }
}

macro_rules! real {
    ($type:ty, $order:ty, $floor:expr, $guard:expr, $cast:expr) => {
        impl Real for $type {
            type Order = $order;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const SCALED_FLOOR: f64 = $floor;
            const LIMITER_GUARD: Self = $guard;
            const EPSILON: Self = <$type>::EPSILON;
            const SMALLEST_NORMAL: Self = <$type>::MIN_POSITIVE;
            const LANES: usize = 64 / size_of::<$type>();

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                ($cast)(value)
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$type>::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$type>::sqrt(self)
            }
            #[inline(always)]
            fn powf(self, exponent: Self) -> Self {
                <$type>::powf(self, exponent)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                <$type>::ln(self)
            }
            #[inline(always)]
            fn times_plus<const F: bool>(self, factor: Self, term: Self) -> Self {
                if F { self.mul_add(factor, term) } else { self * factor + term }
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$type>::is_finite(self)
            }
            #[inline(always)]
            fn order(self) -> $order {
                self.to_bits()
            }
            #[inline(always)]
            fn from_order(order: $order) -> Self {
                Self::from_bits(order)
            }
        }
    };
}

real!(f64, u64, 1e-40, 1e-12, |value: f64| value);
#[expect(clippy::cast_possible_truncation, reason = "rounding to f32 is what this is for")]
mod single {
    use super::Real;
    real!(f32, u32, 1e-30, 1e-6, |value: f64| value as f32);
}
