//! Crossing speeds of the Fokker-Planck equation `m_t + div(b m - nu grad m) = 0` (docs/numerics.md section 5.1): the
//! low-order, positive rates of Scharfetter & Gummel (1969). Formulas of src/scheme/fokkerPlanck.ts, without branches,
//! so that a row of faces is one vector loop.

use crate::real::Real;

/// Beyond this cell Peclet number B(-P) = P to the last bit; it also keeps nu B(-P) from becoming 0 times infinity.
const UPWIND_PECLET: f64 = 100.0;

/// Coefficients 1/k!, k = 14 down to 2, of `exp(r) - 1 - r` on |r| <= ln(2)/2.
const EXPONENTIAL: [f64; 13] = [
    1.0 / 87_178_291_200.0,
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
];

/// ln 2 in two parts: the first has zeros enough at its end that its product with a small whole number is exact.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// Adding it rounds to a whole number and leaves that number in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Bernoulli function B(z) = z / (e^z - 1) for 0 <= z <= 100. Elsewhere the result has no meaning, but is no trap.
#[must_use]
#[inline(always)]
pub fn bernoulli(z: f64) -> f64 {
    let square = z * z;
    let series = 1.0 - 0.5 * z + square * (1.0 / 12.0) * (1.0 - square * (1.0 / 60.0) * (1.0 - square * (1.0 / 42.0)));
    // e^z - 1 = 2^k (e^r - 1) + (2^k - 1) with z = k ln 2 + r.
    let rounded = z * std::f64::consts::LOG2_E + ROUND;
    let k = rounded - ROUND;
    let r = (z - k * LN2_HIGH) - k * LN2_LOW;
    let mut rest = EXPONENTIAL[0];
    for coefficient in &EXPONENTIAL[1..] {
        rest = rest * r + coefficient;
    }
    let power = f64::from_bits((rounded.to_bits() << 52).wrapping_add(1023 << 52));
    let exponential = power * (r + r * r * rest) + (power - 1.0);
    if z < 1e-2 { series } else { z / exponential }
}

/// How fast the density of the cells beside a face crosses it, to the right and to the left: (nu/h) B(-P) and (nu/h) B(P)
/// with P = b h/nu. They tend to pos(b) and pos(-b) as nu falls to 0, and to nu/h as b does.
#[derive(Clone, Copy)]
pub struct Crossing {
    /// nu / h
    rate: f64,
    /// h / nu; 0 where nu is.
    inverse: f64,
    h: f64,
    nu: f64,
}

impl Crossing {
    /// Speeds over the distance h: a whole cell between two nodes, half a cell to a wall.
    #[must_use]
    pub fn new(nu: f64, h: f64) -> Self {
        Self { rate: nu / h, inverse: if nu == 0.0 { 0.0 } else { h / nu }, h, nu }
    }

    /// The two speeds of a face of drift `b`.
    #[inline(always)]
    pub fn speeds<R: Real>(self, b: R) -> (R, R) {
        let b = b.to_f64();
        let size = b.abs();
        let peclet = size * self.inverse;
        let with = self.rate * bernoulli(peclet);
        // B(-P) = P + B(P): a sum of positive numbers, where the formula for B(-P) would need another exponential.
        let along = self.rate * peclet + with;
        let upwind = size * self.h > UPWIND_PECLET * self.nu || self.nu == 0.0;
        let (fast, slow) = if upwind { (size, 0.0) } else { (along, with) };
        let (right, left) = if b > 0.0 { (fast, slow) } else { (slow, fast) };
        (R::from_f64(right), R::from_f64(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(z: f64) -> f64 {
        if z == 0.0 { 1.0 } else { z / z.exp_m1() }
    }

    #[test]
    fn bernoulli_is_that_of_the_library_to_round_off() {
        let mut worst: f64 = 0.0;
        for i in 0..40_000_u32 {
            let z = 100.0 * (f64::from(i) / 40_000.0).powi(4);
            if (1e-5..1e-2).contains(&z) || z >= 1e-2 {
                worst = worst.max((bernoulli(z) / exact(z) - 1.0).abs());
            }
        }
        assert!(worst < 1.5e-15, "{worst}");
    }

    #[test]
    fn small_peclet_numbers_follow_the_series() {
        for z in [0.0_f64, 1e-12, 1e-6, 1e-3, 9.9e-3, 0.1] {
            let terms = 1.0 - z / 2.0 + z.powi(2) / 12.0 - z.powi(4) / 720.0 + z.powi(6) / 30_240.0;
            assert!((bernoulli(z) - terms).abs() < 2e-14, "{z}");
        }
    }

    #[test]
    fn speeds_are_balanced_by_the_exponential_and_differ_by_the_drift() {
        let crossing = Crossing::new(0.3, 0.01);
        for b in [-200.0_f64, -3.0, -1e-3, 0.0, 1e-9, 0.7, 40.0] {
            let (right, left) = crossing.speeds(b);
            assert!((right - left - b).abs() <= 4e-15 * right.max(left), "{b}");
            let ratio = (b * 0.01 / 0.3).exp();
            assert!((right / left / ratio - 1.0).abs() < 3e-15, "{b}");
        }
    }

    #[test]
    fn upwind_beyond_the_limit_and_without_diffusion() {
        assert_eq!(Crossing::new(1e-4, 0.1).speeds(2.0_f64), (2.0, 0.0));
        assert_eq!(Crossing::new(0.0, 0.1).speeds(-2.0_f64), (0.0, 2.0));
        assert_eq!(Crossing::new(0.0, 0.1).speeds(0.0_f64), (0.0, 0.0));
        let nan = Crossing::new(0.1, 0.1).speeds(f64::NAN);
        assert!(nan.0.is_nan() || nan.1.is_nan());
    }
}
