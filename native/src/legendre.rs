//! Runge-Kutta-Legendre super-time-stepping of second order (docs/numerics.md section 4.1; Meyer, Balsara & Aslam 2014).

use crate::discretisation::Boundary;
use crate::grid::Axis;
use crate::real::Real;

/// Coefficients of one stage j: Y_j = mu Y_{j-1} + nu Y_{j-2} + (1 - mu - nu) Y_0 + mu_tilde tau M Y_{j-1} + gamma_tilde
/// tau M Y_0; Y_j approximates the solution at abscissa tau.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients {
    /// Of Y_{j-1}.
    pub mu: f64,
    /// Of Y_{j-2}.
    pub nu: f64,
    /// Of tau M Y_{j-1}.
    pub mu_tilde: f64,
    /// Of tau M Y_0.
    pub gamma_tilde: f64,
    /// Share of tau.
    pub abscissa: f64,
}

/// The method with a number of stages, stable for tau rho <= (s^2 + s - 2)/2. Coefficients are made when they are asked
/// for: they cost less than one point.
#[derive(Clone, Copy, Debug)]
pub struct Legendre {
    /// Stages, odd and at least 3.
    pub stages: u32,
    width: f64,
}

impl Legendre {
    /// The method with so many stages.
    #[must_use]
    pub fn new(stages: u32) -> Self {
        let s = f64::from(stages.max(3));
        Self { stages: stages.max(3), width: s * s + s - 2.0 }
    }

    /// The method that is stable over tau for the spectral radius rho: an odd number of stages, at least 3.
    #[must_use]
    pub fn stable(tau: f64, rho: f64) -> Self {
        let wanted = (((9.0 + 8.0 * tau * rho).sqrt() - 1.0) / 2.0).ceil().clamp(3.0, 1e6);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped, and NaN is 3")]
        let stages = if wanted.is_nan() { 3 } else { wanted as u32 };
        Self::new(stages | 1)
    }

    /// Y_1 = Y_0 + first tau M Y_0, at the abscissa `first`.
    #[must_use]
    pub fn first(&self) -> f64 {
        4.0 / self.width / 3.0
    }

    /// Share of tau of the stage j.
    #[must_use]
    pub fn abscissa(&self, j: u32) -> f64 {
        let j = f64::from(j);
        if j < 2.0 { self.first() } else { (j * j + j - 2.0) / self.width }
    }

    /// Coefficients of the stage j >= 2.
    #[must_use]
    pub fn stage(&self, j: u32) -> Coefficients {
        let b = |j: u32| {
            let x = f64::from(j);
            if j < 2 { 1.0 / 3.0 } else { (x * x + x - 2.0) / (2.0 * x * (x + 1.0)) }
        };
        let x = f64::from(j);
        let mu = ((2.0 * x - 1.0) * b(j)) / (x * b(j - 1));
        let mu_tilde = mu * (4.0 / self.width);
        Coefficients {
            mu,
            nu: (-(x - 1.0) * b(j)) / (x * b(j - 2)),
            mu_tilde,
            gamma_tilde: -(1.0 - b(j - 1)) * mu_tilde,
            abscissa: self.abscissa(j),
        }
    }
}

/// Spectral radius rho (1/time) of nu Lap6 along an axis; the ghosts of an exit make it larger, most of all on the
/// shortest line with two of them.
#[must_use]
pub fn axis_radius<R: Real>(nu: f64, axis: &Axis<R>) -> f64 {
    let exit = axis.sides.iter().any(|side| side.boundary == Boundary::Exit);
    (nu * if exit { 6.61 } else { 272.0 / 45.0 }) / (axis.spacing * axis.spacing)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// |R(z)| of the method for M = z/tau.
    fn amplification(method: Legendre, z: f64) -> f64 {
        let (mut before, mut now) = (1.0, 1.0 + method.first() * z);
        for j in 2..=method.stages {
            let c = method.stage(j);
            let next = c.mu * now + c.nu * before + (1.0 - c.mu - c.nu) + c.mu_tilde * z * now + c.gamma_tilde * z;
            (before, now) = (now, next);
        }
        now
    }

    #[test]
    fn second_order_and_stable_to_the_limit() {
        for stages in [3, 5, 9, 23] {
            let method = Legendre::new(stages);
            let z = -1e-3;
            assert!((amplification(method, z) - f64::exp(z)).abs() < 1e-9);
            let limit = f64::from(stages * stages + stages - 2) / 2.0;
            for k in 0..=200 {
                assert!(amplification(method, -limit * f64::from(k) / 200.0).abs() <= 1.0 + 1e-12);
            }
        }
    }

    #[test]
    fn stages_are_odd_enough_and_bounded() {
        assert_eq!(Legendre::stable(0.0, 1.0).stages, 3);
        assert_eq!(Legendre::stable(1.0, 14.0).stages, 5);
        assert_eq!(Legendre::stable(f64::NAN, 1.0).stages, 3);
        for rho in [1.0, 10.0, 123.0, 4567.0] {
            let s = Legendre::stable(1.0, rho).stages;
            assert!(s % 2 == 1 && f64::from(s * s + s - 2) / 2.0 >= rho);
        }
    }
}
