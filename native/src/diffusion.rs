//! Diffusion of u along lines: sixth-order Laplacian, all stages of a tile in the cache (docs/numerics.md sections 4, 4.1).

use crate::crew::{Scratch, Shared};
use crate::discretisation::Discretisation;
use crate::grid::{Axis, GHOSTS, fill_ghosts, value_rule};
use crate::legendre::Legendre;
use crate::lines::Tile;
use crate::real::Real;
use crate::simd::Kernel;
use crate::slopes::Context;
use crate::walls::Walls;

/// out += factor h^2 Lap6 u, from first differences: neighbours subtract with little rounding. `u` holds the nodes i - 3 ..
/// i + 3 of every number of `out`.
#[inline(always)]
pub fn add_laplacian6<R: Real>(u: [&[R]; 7], factor: R, out: &mut [R]) {
    let scale = factor / R::from_f64(180.0);
    let length = out.len();
    let u = u.map(|row| &row[..length]);
    for (k, x) in out.iter_mut().enumerate() {
        *x += scale * differences6(u, k);
    }
}

/// 180 h^2 Lap6 u at number k.
#[inline(always)]
fn differences6<R: Real>(u: [&[R]; 7], k: usize) -> R {
    let e0 = u[1][k] - u[0][k];
    let e1 = u[2][k] - u[1][k];
    let e2 = u[3][k] - u[2][k];
    let e3 = u[4][k] - u[3][k];
    let e4 = u[5][k] - u[4][k];
    let e5 = u[6][k] - u[5][k];
    R::from_f64(2.0) * (e5 - e0) - R::from_f64(25.0) * (e4 - e1) + R::from_f64(245.0) * (e3 - e2)
}

/// Bytes of one tile's field: five of them stay in the second cache.
const TILE_BYTES: usize = 1 << 16;
/// Fields of a tile: two stages with ghosts, the first state, its rate, the source.
const FIELDS: usize = 5;

/// Numbers of scratch memory that `diffuse_value` needs for a problem.
#[must_use]
pub fn scratch_length<R: Real>(d: &Discretisation<R>) -> usize {
    let of = |axis: &Axis<R>| (FIELDS * (axis.n + 2 * GHOSTS) + 2) * axis.tile_width(TILE_BYTES);
    d.axes.iter().map(of).max().unwrap_or(0)
}

/// One diffusion step of u along one axis.
#[derive(Clone, Copy, Debug)]
pub struct ValueDiffusion<'a, R> {
    /// The axis.
    pub axis: usize,
    /// Length of the step.
    pub tau: f64,
    /// The method.
    pub method: Legendre,
    /// Source of the equation u_s = nu u_aa + source.
    pub source: Option<&'a [R]>,
    /// Walls at the start of the step; between them linear at the stages' abscissas.
    pub start: &'a Walls<R>,
    /// Walls at its end.
    pub end: &'a Walls<R>,
}

/// u advanced in place over tau of u_s = nu u_aa + source along one axis.
pub fn diffuse_value<R: Real>(context: Context<'_, R>, u: &mut [R], step: &ValueDiffusion<'_, R>) {
    let Context { d, crew } = context;
    let axis = &d.axes[step.axis];
    let width = axis.tile_width(TILE_BYTES);
    let u = Shared::new(u);
    crew.each(axis.tile_count(width), |scratch, index| {
        let tile = axis.tile(width, index);
        crew.level.run(Stages { axis, nu: d.nu, u, step, tile, scratch });
    });
}

/// All stages of one tile.
struct Stages<'a, R> {
    axis: &'a Axis<R>,
    nu: f64,
    u: Shared<'a, R>,
    step: &'a ValueDiffusion<'a, R>,
    tile: Tile,
    scratch: &'a mut Scratch<R>,
}

impl<R: Real> Kernel for Stages<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<const F: bool>(self) {
        let Self { axis, nu, u, step, tile, scratch } = self;
        let n = axis.n;
        let pitch = tile.width;
        let nodes = n * pitch;
        let inner = GHOSTS * pitch..GHOSTS * pitch + nodes;
        let (lower, rest) = scratch.all().split_at_mut(pitch);
        let (upper, mut rest) = rest.split_at_mut(pitch);
        let [line, other, y0, m0, source] = [(); FIELDS].map(|()| {
            let (piece, after) = std::mem::take(&mut rest).split_at_mut((n + 2 * GHOSTS) * pitch);
            rest = after;
            piece
        });
        let (y0, m0, source) = (&mut y0[..nodes], &mut m0[..nodes], &mut source[..nodes]);

        let rules = axis.rules(value_rule);
        let walls = (step.start.at(step.axis, tile.line, pitch), step.end.at(step.axis, tile.line, pitch));
        let h = R::from_f64(nu * axis.inverse() * axis.inverse());
        let tau = step.tau;

        axis.runs(tile).each(|at, to, length| {
            // SAFETY: tiles are apart.
            let from = unsafe { &*u.slice(at, length) };
            crate::lines::copy(from, &mut y0[to..to + length]);
        });
        crate::lines::copy(y0, &mut line[inner.clone()]);
        wall_values(walls, 0.0, lower, upper);
        fill_ghosts(line, n, pitch, rules, [Some(&*lower), Some(&*upper)]);
        if let Some(q) = step.source {
            axis.gather(q, tile, source);
            crate::lines::copy(source, m0);
        } else {
            m0.fill(R::ZERO);
        }
        add_laplacian6(rows(line, pitch, nodes), h, m0);

        // `line` holds Y_{j-2} and takes Y_j.
        let first = R::from_f64(step.method.first() * tau);
        for ((y, y0), m0) in other[inner.clone()].iter_mut().zip(&*y0).zip(&*m0) {
            *y = *y0 + first * *m0;
        }
        let (mut previous, mut before) = (other, line);
        for j in 2..=step.method.stages {
            wall_values(walls, step.method.abscissa(j - 1), lower, upper);
            fill_ghosts(previous, n, pitch, rules, [Some(&*lower), Some(&*upper)]);
            let c = step.method.stage(j);
            let stage = Stage {
                mu: R::from_f64(c.mu),
                nu: R::from_f64(c.nu),
                rest: R::from_f64(1.0 - c.mu - c.nu),
                scale: R::from_f64(c.mu_tilde * tau) * h / R::from_f64(180.0),
                gamma: R::from_f64(c.gamma_tilde * tau),
                source: R::from_f64(c.mu_tilde * tau),
            };
            let source = step.source.map(|_| &*source);
            stage.run(rows(previous, pitch, nodes), &mut before[inner.clone()], y0, m0, source);
            std::mem::swap(&mut previous, &mut before);
        }
        let result = &previous[inner];
        axis.runs(tile).each(|at, from, length| {
            // SAFETY: tiles are apart.
            let to = unsafe { u.slice(at, length) };
            crate::lines::copy(&result[from..from + length], to);
        });
    }
}

/// The rows i - 3 .. i + 3 of every number of a padded tile.
#[inline(always)]
fn rows<R>(padded: &[R], pitch: usize, nodes: usize) -> [&[R]; 7] {
    [0, 1, 2, 3, 4, 5, 6].map(|k| &padded[k * pitch..k * pitch + nodes])
}

type WallPair<'a, R> = [Option<&'a [R]>; 2];

/// Wall values at a share of the step; 0 where there are none.
#[inline(always)]
fn wall_values<R: Real>(
    (start, end): (WallPair<'_, R>, WallPair<'_, R>),
    share: f64,
    lower: &mut [R],
    upper: &mut [R],
) {
    let share = R::from_f64(share);
    for ((start, end), out) in start.into_iter().zip(end).zip([lower, upper]) {
        match (start, end) {
            (Some(start), Some(end)) => {
                for ((wall, start), end) in out.iter_mut().zip(start).zip(end) {
                    *wall = *start + share * (*end - *start);
                }
            }
            _ => out.fill(R::ZERO),
        }
    }
}

/// target <- mu Y + nu target + rest Y_0 + scale 180 h^2 Lap6 Y + gamma M Y_0 + source q
struct Stage<R> {
    mu: R,
    nu: R,
    rest: R,
    scale: R,
    gamma: R,
    source: R,
}

impl<R: Real> Stage<R> {
    #[inline(always)]
    fn run(&self, y: [&[R]; 7], target: &mut [R], y0: &[R], m0: &[R], source: Option<&[R]>) {
        let length = target.len();
        let y = y.map(|row| &row[..length]);
        let (y0, m0) = (&y0[..length], &m0[..length]);
        let Self { mu, nu, rest, scale, gamma, .. } = *self;
        for k in 0..length {
            target[k] = mu * y[3][k] + nu * target[k] + rest * y0[k] + scale * differences6(y, k) + gamma * m0[k];
        }
        if let Some(source) = source {
            for (x, q) in target.iter_mut().zip(source) {
                *x += self.source * *q;
            }
        }
    }
}
