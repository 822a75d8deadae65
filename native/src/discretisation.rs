//! A problem on a grid, as numbers: what `src/scheme/discretisation.ts` holds, checked once so that no kernel has to.

use crate::grid::Axis;
use crate::real::Real;
use crate::times::Levels;

/// What stands at one side of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// The axis closes on itself.
    Periodic,
    /// Zero normal derivative, no flux.
    Reflecting,
    /// u is given, m is 0.
    Exit,
    /// u is extrapolated, no flux.
    Open,
}

/// The nonlinear weights of WENO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weno {
    /// Jiang & Shu.
    Js,
    /// Borges et al., power 2.
    Z,
    /// Henrick et al.
    M,
}

/// The numerical Hamiltonian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flux {
    /// Local Lax-Friedrichs.
    Llf,
    /// Lax-Friedrichs with the grid's largest dissipation.
    Glf,
    /// Godunov's extremes.
    Godunov,
}

/// How advection and diffusion are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Splitting {
    /// Strang's, extrapolated.
    Richardson,
    /// Diffusion, advection, diffusion.
    Strang,
    /// None: one Runge-Kutta method for all.
    Explicit,
}

/// How the density is transported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FokkerPlanck {
    /// Implicit Scharfetter-Gummel.
    Fdm,
    /// Conservative WENO5, blended with a positive flux.
    Weno5,
}

/// The guard of the nonlinear weights, in the scaling of Osher & Fedkiw's indicators.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Epsilon {
    /// The value itself.
    Absolute(f64),
    /// The value times the largest squared slope of the stencil.
    Scaled(f64),
}

/// The options of `src/scheme/options.ts` that a sweep reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scheme {
    /// The nonlinear weights.
    pub weno: Weno,
    /// Their guard.
    pub epsilon: Epsilon,
    /// The numerical Hamiltonian.
    pub flux: Flux,
    /// How advection and diffusion are put together.
    pub splitting: Splitting,
    /// How the density is transported.
    pub fokker_planck: FokkerPlanck,
    /// Courant number of a sub-step.
    pub cfl: f64,
    /// Implicit sub-steps per stored interval of `fdm`.
    pub fdm_substeps: u32,
}

/// H = control/exponent |p|^exponent + drift.p
#[derive(Clone, Debug)]
pub struct Hamiltonian<R> {
    /// c.
    pub control: f64,
    /// q, 2 for `quadratic`.
    pub exponent: f64,
    /// The drift field per axis; empty where there is none.
    pub drift: Vec<Vec<R>>,
    /// True where H is a sum over the axes.
    pub separable: bool,
}

/// f(x, t, m), without the potential.
#[derive(Clone, Debug)]
pub enum Coupling<R> {
    /// f = 0
    None,
    /// f = strength m
    Linear {
        /// Factor of m.
        strength: f64,
    },
    /// f = strength m^exponent
    Power {
        /// Factor of the power.
        strength: f64,
        /// The power.
        exponent: f64,
    },
    /// f = strength log max(m, floor)
    Log {
        /// Factor of the logarithm.
        strength: f64,
        /// What m is never taken below.
        floor: f64,
    },
    /// f = strength (K * m), K a discrete Gaussian
    Nonlocal {
        /// Factor of the convolution.
        strength: f64,
        /// Standard deviation of K.
        width: f64,
    },
    /// f = strength (m - target)
    Target {
        /// Factor of the difference.
        strength: f64,
        /// m* at the nodes of every stored level.
        target: Vec<R>,
    },
    /// f = strength |x - attraction xbar|^2 / 2
    Mean {
        /// Factor of the square.
        strength: f64,
        /// Share of the mean position.
        attraction: f64,
    },
}

/// A problem on a grid. Made by `binding` from plain JavaScript data; every length is checked there.
#[derive(Clone, Debug)]
pub struct Discretisation<R> {
    /// One to three axes, the last one fastest in memory.
    pub axes: Vec<Axis<R>>,
    /// Nodes.
    pub points: usize,
    /// Product of the spacings.
    pub cell_volume: f64,
    /// The stored times.
    pub levels: Levels,
    /// The options.
    pub scheme: Scheme,
    /// sigma^2 / 2
    pub nu: f64,
    /// H.
    pub hamiltonian: Hamiltonian<R>,
    /// f.
    pub coupling: Coupling<R>,
    /// V: one slice, or one per stored level.
    pub potential: Vec<R>,
    /// g.
    pub terminal_cost: Vec<R>,
    /// m0.
    pub initial_density: Vec<R>,
}

impl<R: Real> Discretisation<R> {
    /// Stored time intervals.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.levels.steps
    }

    /// True where mass may leave and splitting is balanced.
    #[must_use]
    pub fn has_exit(&self) -> bool {
        self.axes.iter().any(Axis::has_exit)
    }

    /// V of a stored level.
    #[must_use]
    pub fn potential_at(&self, level: usize) -> &[R] {
        let first = if self.potential.len() > self.points { level * self.points } else { 0 };
        &self.potential[first..first + self.points]
    }

    /// The drift field along an axis, where there is one.
    #[must_use]
    pub fn drift(&self, axis: usize) -> Option<&[R]> {
        self.hamiltonian.drift.get(axis).map(Vec::as_slice)
    }
}
