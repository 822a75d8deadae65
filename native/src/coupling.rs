//! The coupling f(x, t, m) at the nodes of one stored level.

use crate::crew::{Shared, range_count, range_of};
use crate::discretisation::{Boundary, Coupling, Discretisation};
use crate::grid::Axis;
use crate::real::Real;
use crate::simd::Kernel;
use crate::slopes::Context;

/// Beyond this many widths the Gaussian is left out: exp(-32) = 1e-14 of its peak.
const GAUSSIAN_REACH: f64 = 8.0;

/// What a coupling needs and never changes: the Gaussian's weights per axis, and where the density that it meets stands.
#[derive(Debug, Default)]
pub struct CouplingPlan<R> {
    axes: Vec<Convolution<R>>,
    /// Parts of sums over the grid.
    parts: Vec<f64>,
}

#[derive(Debug)]
struct Convolution<R> {
    /// w_0 .. w_reach, w_0 + 2 (w_1 + ...) = 1.
    weights: Vec<R>,
    /// Node that each position of the extended line takes its value from; `None` where the density is 0 there.
    sources: Vec<Option<usize>>,
}

impl<R: Real> CouplingPlan<R> {
    /// The plan for a problem.
    #[must_use]
    pub fn new(d: &Discretisation<R>) -> Self {
        let axes = match d.coupling {
            Coupling::Nonlocal { width, .. } => d.axes.iter().map(|axis| Convolution::new(axis, width)).collect(),
            _ => Vec::new(),
        };
        Self { axes, parts: vec![0.0; range_count(d.points)] }
    }
}

fn reach<R: Real>(axis: &Axis<R>, width: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "finite and >= 0: checked by `binding`"
    )]
    let reach = (GAUSSIAN_REACH * width / axis.spacing).floor() as usize;
    reach
}

impl<R: Real> Convolution<R> {
    fn new(axis: &Axis<R>, width: f64) -> Self {
        let reach = reach(axis, width);
        #[expect(clippy::cast_precision_loss, reason = "a few widths in cells")]
        let gaussian = |k: usize| (-0.5 * (k as f64 * axis.spacing / width).powi(2)).exp();
        let sum: f64 = gaussian(0) + (1..=reach).map(|k| 2.0 * gaussian(k)).sum::<f64>();
        Self {
            weights: (0..=reach).map(|k| R::from_f64(gaussian(k) / sum)).collect(),
            sources: (0..axis.n + 2 * reach).map(|j| source_node(axis, j, reach)).collect(),
        }
    }
}

/// The node whose density stands at position j - reach of the continued line: wrapped, mirrored at walls, nothing beyond
/// exits.
fn source_node<R: Real>(axis: &Axis<R>, j: usize, reach: usize) -> Option<usize> {
    let n = axis.n;
    if axis.periodic() {
        return Some((j + reach.div_ceil(n) * n - reach) % n);
    }
    let [n, mut node] = [n, j].map(|x| i64::try_from(x).unwrap_or(i64::MAX));
    node -= i64::try_from(reach).unwrap_or(i64::MAX);
    while node < 0 || node >= n {
        let side = usize::from(node >= 0);
        if axis.sides[side].boundary != Boundary::Reflecting {
            return None;
        }
        node = if node < 0 { -1 - node } else { 2 * n - 1 - node };
    }
    usize::try_from(node).ok()
}

/// Numbers of scratch memory that `coupling_slice` needs for a problem.
#[must_use]
pub fn scratch_length<R: Real>(d: &Discretisation<R>) -> usize {
    let Coupling::Nonlocal { width, .. } = d.coupling else { return 0 };
    d.axes.iter().map(|axis| axis.tile_width(0) * (axis.n + 2 * reach(axis, width))).max().unwrap_or(0)
}

/// Writes f(x, t_level, m), without the potential, at all nodes; returns the number of nodes at which a log coupling used
/// its floor.
pub fn coupling_slice<R: Real>(
    context: Context<'_, R>,
    plan: &mut CouplingPlan<R>,
    level: usize,
    m: &[R],
    out: &mut [R],
) -> u64 {
    let Context { d, crew } = context;
    let field = Shared::new(out);
    // SAFETY: ranges are apart.
    let part = |range: &std::ops::Range<usize>| unsafe { field.slice(range.start, range.len()) };
    let each = |f: &(dyn Fn(R, usize) -> R + Sync)| {
        crew.ranges(d.points, |range| {
            for ((f_out, x), i) in part(&range).iter_mut().zip(&m[range.clone()]).zip(range) {
                *f_out = f(*x, i);
            }
        });
    };
    match &d.coupling {
        Coupling::None => crew.ranges(d.points, |range| part(&range).fill(R::ZERO)),
        Coupling::Linear { strength } => {
            let strength = R::from_f64(*strength);
            crew.ranges(d.points, |range| {
                for (f, x) in part(&range).iter_mut().zip(&m[range]) {
                    *f = strength * *x;
                }
            });
        }
        #[expect(clippy::float_cmp, reason = "2 is told apart from all else")]
        Coupling::Power { strength, exponent } if *exponent == 2.0 => {
            let strength = R::from_f64(*strength);
            crew.ranges(d.points, |range| {
                for (f, x) in part(&range).iter_mut().zip(&m[range]) {
                    *f = strength * *x * *x;
                }
            });
        }
        Coupling::Power { strength, exponent } => {
            let (strength, exponent) = (R::from_f64(*strength), R::from_f64(*exponent));
            each(&|x, _| strength * x.powf(exponent));
        }
        Coupling::Log { strength, floor } => {
            let (strength, floor) = (R::from_f64(*strength), R::from_f64(*floor));
            // A NaN stays one.
            each(&|x, _| strength * (if x < floor { floor } else { x }).ln());
            #[expect(clippy::cast_precision_loss, reason = "a count of one range")]
            let floored = crew.sum(&mut plan.parts, |_, block| {
                m[range_of(d.points, block)].iter().filter(|x| **x < floor).count() as f64
            });
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
            return floored as u64;
        }
        Coupling::Target { strength, target } => {
            let strength = R::from_f64(*strength);
            let target = &target[level * d.points..(level + 1) * d.points];
            each(&|x, i| strength * (x - target[i]));
        }
        Coupling::Nonlocal { strength, .. } => {
            crew.ranges(d.points, |range| part(&range).copy_from_slice(&m[range]));
            convolve(context, plan, field);
            let strength = R::from_f64(*strength);
            crew.ranges(d.points, |range| part(&range).iter_mut().for_each(|f| *f = strength * *f));
        }
        Coupling::Mean { strength, attraction } => {
            let mean = mean_position(context, &mut plan.parts, m);
            each(&|_, i| {
                let squares = |(axis, mean): (&Axis<R>, f64)| {
                    let x = coordinate(axis, i) - attraction * mean;
                    strength * x * x / 2.0
                };
                R::from_f64(d.axes.iter().zip(mean).map(squares).sum())
            });
        }
    }
    0
}

/// Position of the node with this array index along an axis.
#[expect(clippy::cast_precision_loss, reason = "a node's number")]
fn coordinate<R: Real>(axis: &Axis<R>, index: usize) -> f64 {
    axis.origin + (index / axis.stride % axis.n) as f64 * axis.spacing
}

/// The mean position of the density by the midpoint rule, per axis; NaN where there is no mass.
fn mean_position<R: Real>(context: Context<'_, R>, parts: &mut [f64], m: &[R]) -> [f64; 3] {
    let Context { d, crew } = context;
    let mass = crew.sum(parts, |_, block| m[range_of(d.points, block)].iter().map(|x| x.to_f64()).sum());
    let mut mean = [0.0; 3];
    for (mean, axis) in mean.iter_mut().zip(&d.axes) {
        let moment = crew.sum(parts, |_, block| {
            let range = range_of(d.points, block);
            range.clone().zip(&m[range]).map(|(i, x)| coordinate(axis, i) * x.to_f64()).sum()
        });
        *mean = moment / mass;
    }
    mean
}

/// field = K * field, K the product of one-dimensional discrete Gaussians.
fn convolve<R: Real>(context: Context<'_, R>, plan: &CouplingPlan<R>, field: Shared<'_, R>) {
    let Context { d, crew } = context;
    for (axis, convolution) in d.axes.iter().zip(&plan.axes) {
        let width = axis.tile_width(0);
        crew.each(axis.tile_count(width), |scratch, index| {
            let tile = axis.tile(width, index);
            let [extended] = scratch.cut::<1>(convolution.sources.len() * tile.width);
            crew.level.run(Smooth { axis, convolution, field, tile, extended });
        });
    }
}

/// The convolution of one tile.
struct Smooth<'a, R> {
    axis: &'a Axis<R>,
    convolution: &'a Convolution<R>,
    field: Shared<'a, R>,
    tile: crate::lines::Tile,
    extended: &'a mut [R],
}

impl<R: Real> Kernel for Smooth<'_, R> {
    type Output = ();
    #[inline(always)]
    fn run<const F: bool>(self) {
        let Self { axis, convolution, field, tile, extended } = self;
        let Convolution { weights, sources } = convolution;
        let width = tile.width;
        for (row, source) in extended.chunks_exact_mut(width).zip(sources) {
            if let Some(node) = source {
                // SAFETY: tiles are apart.
                row.copy_from_slice(unsafe { field.slice(tile.start + node * axis.stride, width) });
            } else {
                row.fill(R::ZERO);
            }
        }
        let extended = &*extended;
        let reach = weights.len() - 1;
        axis.runs(tile).each(|at, from, length| {
            // SAFETY: as above.
            let out = unsafe { field.slice(at, length) };
            let centre = from + reach * width;
            for (x, m) in out.iter_mut().zip(&extended[centre..centre + length]) {
                *x = weights[0] * *m;
            }
            for (k, w) in weights.iter().enumerate().skip(1) {
                let below = &extended[centre - k * width..][..length];
                let above = &extended[centre + k * width..][..length];
                for ((x, a), b) in out.iter_mut().zip(below).zip(above) {
                    *x += *w * (*a + *b);
                }
            }
        });
    }
}
