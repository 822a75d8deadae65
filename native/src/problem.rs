//! A discretisation from plain JavaScript data. Every length and number is checked here, so that no kernel has to.

use napi::bindgen_prelude::{Float64Array, Result};
use napi_derive::napi;

use crate::binding::{refuse, whole};
use crate::discretisation::{
    Boundary, Coupling, Discretisation, Epsilon, Flux, FokkerPlanck, Hamiltonian, Scheme, Splitting, Weno,
};
use crate::grid::{Axis, Side};
use crate::history::field;
use crate::real::Real;
use crate::times::Levels;

/// Fewest nodes along an axis: one whole stencil.
const FEWEST_NODES: usize = 7;
/// Farthest that a nonlocal coupling reaches, in cells: its weights are one small array.
const FARTHEST_REACH: f64 = 1e5;

/// The numbers and names of a problem on a grid, without its fields: enough to say what memory it needs.
#[napi(object)]
pub struct Outline {
    /// Nodes per axis.
    pub shape: Vec<f64>,
    /// h per axis.
    pub spacing: Vec<f64>,
    /// Position of node 0 per axis.
    pub origin: Vec<f64>,
    /// Boundary kind of the lower side per axis.
    pub lower: Vec<String>,
    /// Boundary kind of the upper side per axis.
    pub upper: Vec<String>,
    /// Stored time intervals.
    pub steps: f64,
    /// T.
    pub horizon: f64,
    /// g of the stored levels.
    pub grading: f64,
    /// cubic or linear.
    pub time_interpolation: String,
    /// js, z or m.
    pub weno: String,
    /// absolute or scaled.
    pub epsilon_kind: String,
    /// Value in Osher & Fedkiw's scaling.
    pub epsilon_value: f64,
    /// llf, glf or godunov.
    pub hamiltonian_flux: String,
    /// richardson, strang or explicit.
    pub splitting: String,
    /// fdm or weno5.
    pub fokker_planck: String,
    /// Courant number of a sub-step.
    pub cfl: f64,
    /// Implicit sub-steps per stored interval.
    pub fdm_substeps: f64,
    /// sigma^2 / 2
    pub nu: f64,
    /// c of the Hamiltonian.
    pub control: f64,
    /// q of the Hamiltonian.
    pub exponent: f64,
    /// Kind of the coupling.
    pub coupling: String,
    /// Its factor.
    pub strength: f64,
    /// Its exponent, floor, width or attraction; 0 where it has none.
    pub parameter: f64,
}

/// The fields of a problem on a grid; an absent one is an empty array or list.
#[napi(object)]
pub struct Fields {
    /// The steps + 1 stored times.
    pub levels: Float64Array,
    /// V: one slice or one per level.
    pub potential: Float64Array,
    /// g.
    pub terminal_cost: Float64Array,
    /// m0.
    pub initial_density: Float64Array,
    /// Drift field per axis.
    pub drift: Vec<Float64Array>,
    /// m* of a target coupling per level.
    pub target: Float64Array,
    /// u on the lower wall per axis, level and line.
    pub lower_exit: Vec<Float64Array>,
    /// u on the upper wall.
    pub upper_exit: Vec<Float64Array>,
}

fn finite(name: &str, value: f64) -> Result<f64> {
    if value.is_finite() { Ok(value) } else { Err(refuse(format!("{name} is {value}"))) }
}

fn positive(name: &str, value: f64) -> Result<f64> {
    if value > 0.0 { finite(name, value) } else { Err(refuse(format!("{name} is {value}, not positive"))) }
}

fn known<T>(what: &str, name: &str, found: Option<T>) -> Result<T> {
    found.ok_or_else(|| refuse(format!("no {what} is named {name}")))
}

fn boundary(name: &str) -> Result<Boundary> {
    let found = match name {
        "periodic" => Some(Boundary::Periodic),
        "reflecting" => Some(Boundary::Reflecting),
        "exit" => Some(Boundary::Exit),
        "open" => Some(Boundary::Open),
        _ => None,
    };
    known("boundary", name, found)
}

fn scheme(outline: &Outline) -> Result<Scheme> {
    let value = positive("epsilon", outline.epsilon_value)?;
    let weno = match outline.weno.as_str() {
        "js" => Some(Weno::Js),
        "z" => Some(Weno::Z),
        "m" => Some(Weno::M),
        _ => None,
    };
    let epsilon = match outline.epsilon_kind.as_str() {
        "absolute" => Some(Epsilon::Absolute(value)),
        "scaled" => Some(Epsilon::Scaled(value)),
        _ => None,
    };
    let flux = match outline.hamiltonian_flux.as_str() {
        "llf" => Some(Flux::Llf),
        "glf" => Some(Flux::Glf),
        "godunov" => Some(Flux::Godunov),
        _ => None,
    };
    let splitting = match outline.splitting.as_str() {
        "richardson" => Some(Splitting::Richardson),
        "strang" => Some(Splitting::Strang),
        "explicit" => Some(Splitting::Explicit),
        _ => None,
    };
    let fokker_planck = match outline.fokker_planck.as_str() {
        "fdm" => Some(FokkerPlanck::Fdm),
        "weno5" => Some(FokkerPlanck::Weno5),
        _ => None,
    };
    let fdm_substeps = u32::try_from(whole("fdmSubsteps", outline.fdm_substeps)?).unwrap_or(0);
    if fdm_substeps == 0 {
        return Err(refuse(format!("fdmSubsteps is {}", outline.fdm_substeps)));
    }
    Ok(Scheme {
        weno: known("variant", &outline.weno, weno)?,
        epsilon: known("kind of epsilon", &outline.epsilon_kind, epsilon)?,
        flux: known("flux", &outline.hamiltonian_flux, flux)?,
        splitting: known("splitting", &outline.splitting, splitting)?,
        fokker_planck: known("mode", &outline.fokker_planck, fokker_planck)?,
        cfl: positive("cfl", outline.cfl)?,
        fdm_substeps,
    })
}

fn axes<R: Real>(outline: &Outline) -> Result<(Vec<Axis<R>>, usize)> {
    let dimension = outline.shape.len();
    let lists = [outline.spacing.len(), outline.origin.len(), outline.lower.len(), outline.upper.len()];
    if !(1..=3).contains(&dimension) || lists.iter().any(|length| *length != dimension) {
        return Err(refuse(format!("the shape has {dimension} axes, the lists {lists:?}")));
    }
    let shape = outline.shape.iter().map(|n| whole("an axis", *n)).collect::<Result<Vec<usize>>>()?;
    let product = |axes: &[usize]| axes.iter().try_fold(1_usize, |product, n| product.checked_mul(*n));
    // Whatever is made of a field has at most a few numbers per point.
    let points = product(&shape).filter(|points| *points < usize::MAX / 1024);
    let points = points.ok_or_else(|| refuse(format!("the shape {shape:?} has too many points")))?;
    let mut axes = Vec::new();
    for (a, n) in shape.iter().copied().enumerate() {
        if n < FEWEST_NODES {
            return Err(refuse(format!("axis {a} has {n} nodes")));
        }
        let sides = [boundary(&outline.lower[a])?, boundary(&outline.upper[a])?];
        if (sides[0] == Boundary::Periodic) != (sides[1] == Boundary::Periodic) {
            return Err(refuse(format!("one side of axis {a} is periodic")));
        }
        axes.push(Axis {
            n,
            stride: product(&shape[a + 1..]).unwrap_or(1),
            lines: points / n,
            spacing: positive("a spacing", outline.spacing[a])?,
            origin: finite("an origin", outline.origin[a])?,
            sides: sides.map(|boundary| Side { boundary, exit_value: Vec::new() }),
        });
    }
    Ok((axes, points))
}

fn coupling<R: Real>(outline: &Outline, axes: &[Axis<R>]) -> Result<Coupling<R>> {
    let strength = finite("strength", outline.strength)?;
    let parameter = finite("the coupling's parameter", outline.parameter)?;
    let found = match outline.coupling.as_str() {
        "none" => Some(Coupling::None),
        "linear" => Some(Coupling::Linear { strength }),
        "power" => Some(Coupling::Power { strength, exponent: parameter }),
        "log" => Some(Coupling::Log { strength, floor: positive("floor", parameter)? }),
        "nonlocal" => Some(Coupling::Nonlocal { strength, width: positive("width", parameter)? }),
        "target" => Some(Coupling::Target { strength, target: Vec::new() }),
        "mean" => Some(Coupling::Mean { strength, attraction: parameter }),
        _ => None,
    };
    if outline.coupling == "nonlocal" && axes.iter().any(|axis| parameter / axis.spacing > FARTHEST_REACH) {
        return Err(refuse(format!("width is {parameter}, too many cells")));
    }
    known("coupling", &outline.coupling, found)
}

/// The problem without its fields.
///
/// # Errors
/// For names and numbers that mean nothing.
pub fn outlined<R: Real>(outline: &Outline) -> Result<Discretisation<R>> {
    let (axes, points) = axes::<R>(outline)?;
    let steps = whole("steps", outline.steps)?;
    if steps == 0 || (steps + 1).checked_mul(points).is_none_or(|numbers| numbers > usize::MAX / 1024) {
        return Err(refuse(format!("steps is {steps}")));
    }
    if !(0.0..=1.0).contains(&outline.grading) {
        return Err(refuse(format!("grading is {}", outline.grading)));
    }
    let cubic = match outline.time_interpolation.as_str() {
        "cubic" => Some(true),
        "linear" => Some(false),
        _ => None,
    };
    let nu = finite("nu", outline.nu)?;
    let exponent = finite("exponent", outline.exponent)?;
    if nu < 0.0 || exponent <= 1.0 {
        return Err(refuse(format!("nu is {nu}, exponent {exponent}")));
    }
    Ok(Discretisation {
        points,
        cell_volume: axes.iter().map(|axis| axis.spacing).product(),
        levels: Levels {
            horizon: positive("horizon", outline.horizon)?,
            steps,
            times: Vec::new(),
            grading: outline.grading,
            cubic: known("interpolation", &outline.time_interpolation, cubic)?,
        },
        scheme: scheme(outline)?,
        nu,
        hamiltonian: Hamiltonian {
            control: positive("control", outline.control)?,
            exponent,
            drift: Vec::new(),
            #[expect(clippy::float_cmp, reason = "2 is told apart from all else")]
            separable: exponent == 2.0 || axes.len() == 1,
        },
        coupling: coupling(outline, &axes)?,
        potential: Vec::new(),
        terminal_cost: Vec::new(),
        initial_density: Vec::new(),
        axes,
    })
}

/// Numbers of a problem's own fields, in the order of `Fields` without the levels.
fn copied<R: Real>(name: &str, from: &[f64], lengths: &[usize]) -> Result<Vec<R>> {
    if !lengths.contains(&from.len()) {
        return Err(refuse(format!("{name} has {} numbers, not {lengths:?}", from.len())));
    }
    let mut copy = field(from.len()).map_err(|_| no_memory())?;
    copy.iter_mut().zip(from).for_each(|(to, from)| *to = R::from_f64(*from));
    Ok(copy)
}

/// The error of an allocation that failed; `src/tiers/rust/workspace.ts` knows it by its beginning.
pub(crate) fn no_memory() -> napi::Error {
    napi::Error::new(napi::Status::GenericFailure, "out of memory".to_owned())
}

/// Numbers of the fields that `problem` will copy.
#[must_use]
pub fn field_numbers<R: Real>(d: &Discretisation<R>, potential_varies: bool, drift: bool) -> usize {
    let levels = d.steps() + 1;
    let target = matches!(d.coupling, Coupling::Target { .. });
    let slices = 2
        + if potential_varies { levels } else { 1 }
        + if drift { d.axes.len() } else { 0 }
        + if target { levels } else { 0 };
    let walls = |axis: &Axis<R>| (usize::from(axis.exit_at(0)) + usize::from(axis.exit_at(1))) * axis.lines;
    slices * d.points + levels * d.axes.iter().map(walls).sum::<usize>()
}

/// The problem with its fields.
///
/// # Errors
/// For lengths that do not fit, and where there is no memory.
pub fn problem<R: Real>(outline: &Outline, fields: &Fields) -> Result<Discretisation<R>> {
    let mut d = outlined::<R>(outline)?;
    let (points, levels) = (d.points, d.steps() + 1);
    d.levels.times = fields.levels.to_vec();
    if d.levels.times.len() != levels
        || !d.levels.times.is_sorted()
        || d.levels.times.iter().any(|time| !time.is_finite())
    {
        return Err(refuse("the levels do not rise"));
    }
    d.potential = copied("potential", &fields.potential, &[points, levels * points])?;
    d.terminal_cost = copied("terminalCost", &fields.terminal_cost, &[points])?;
    d.initial_density = copied("initialDensity", &fields.initial_density, &[points])?;
    if !fields.drift.is_empty() {
        #[expect(clippy::float_cmp, reason = "2 is told apart from all else")]
        if fields.drift.len() != d.axes.len() || d.hamiltonian.exponent != 2.0 {
            return Err(refuse("a drift field needs one part per axis and the exponent 2"));
        }
        let parts = fields.drift.iter().map(|part| copied("drift", part, &[points]));
        d.hamiltonian.drift = parts.collect::<Result<_>>()?;
    }
    let targets = if matches!(d.coupling, Coupling::Target { .. }) { levels * points } else { 0 };
    let given = copied("target", &fields.target, &[targets])?;
    if let Coupling::Target { target, .. } = &mut d.coupling {
        *target = given;
    }
    if fields.lower_exit.len() != d.axes.len() || fields.upper_exit.len() != d.axes.len() {
        return Err(refuse("exit values are given per axis"));
    }
    for ((axis, lower), upper) in d.axes.iter_mut().zip(&fields.lower_exit).zip(&fields.upper_exit) {
        for (side, given) in [lower, upper].into_iter().enumerate() {
            let length = if axis.exit_at(side) { levels * axis.lines } else { 0 };
            axis.sides[side].exit_value = copied("exitValue", given, &[length])?;
        }
    }
    Ok(d)
}
