//! A strided axis of an Euler stage of the density (docs/numerics.md section 5.2): a march over the nodes with rows of
//! neighbouring columns. Rows are read where they lie; of what is made of them only the last few are kept, so that all of it
//! stays in the first caches however long the axis is.

use std::ops::Range;

use crate::ahead::ahead_second;
use crate::blend::{BlendAxis, BlendShared};
use crate::density::Pass;
use crate::density_fluxes::{low_order_row, low_order_wall, stencil_speeds, subtract_slope_row};
use crate::discretisation::Weno;
use crate::drift_faces::FaceDrift;
use crate::grid::{Axis, GHOSTS, density_rule, ghost_row, product_rule};
use crate::lines::Strip;
use crate::real::Real;
use crate::reconstruct::reconstruct_faces;
use crate::weno5::{JS, M, WenoReal, Z};

/// Nodes around a face that its flux is made of.
const STENCIL: usize = 2 * GHOSTS;
/// Rows of scratch memory.
const ROWS: usize = 6 * STENCIL + 8;

/// Numbers of scratch memory that a march needs.
pub(crate) fn scratch_length<R: Real>(axis: &Axis<R>) -> usize {
    ROWS * axis.row_length()
}

/// What the axes of a tile have left so far: low-order density and outgoing parts. Node number i of a march begins at i times
/// `pitch`.
pub(crate) struct Kept<'m, R> {
    pub(crate) mass: &'m mut [R],
    pub(crate) leaving: &'m mut [R],
    pub(crate) pitch: usize,
}

/// A march over one strip: its fluxes, and what they make of the low-order density.
pub(crate) struct StageMarch<'a, 'm, R> {
    pub(crate) pass: &'a Pass<'a, R>,
    pub(crate) fields: &'a BlendShared<'a, R>,
    pub(crate) weight: f64,
    pub(crate) strip: Strip,
    pub(crate) kept: Kept<'m, R>,
    pub(crate) memory: &'m mut [R],
}

impl<R: WenoReal> StageMarch<'_, '_, R> {
    /// Marches with the problem's weights.
    #[inline(always)]
    pub(crate) fn run<const F: bool>(self) {
        match self.pass.d.scheme.weno {
            Weno::Js => self.march::<JS, F>(),
            Weno::Z => self.march::<Z, F>(),
            Weno::M => self.march::<M, F>(),
        }
    }

    #[inline(always)]
    fn march<const V: u8, const F: bool>(self) {
        let Self { pass, fields, weight, strip, kept, memory } = self;
        let Pass { d, axis, index, stage, drift, .. } = *pass;
        let (n, w) = (axis.n, strip.columns.len());
        let Range { start: from, end: to } = strip.nodes;
        let mut rest = memory;
        let mut rows = |count: usize| {
            let (taken, after) = std::mem::take(&mut rest).split_at_mut(count * w);
            rest = after;
            taken
        };
        let nodes = Nodes { axis, strip: &strip, density: stage.m, drift: &drift.nodes[index] };
        let mut window = Window {
            nodes,
            ghosts: [rows(STENCIL), rows(STENCIL), rows(STENCIL)],
            product: rows(STENCIL),
            size: rows(STENCIL),
        };
        let ends = rows(STENCIL);
        if from < GHOSTS || to + GHOSTS > n {
            window.make_ghosts(ends);
        }
        let (mut high, mut last_high) = (rows(1), rows(1));
        let (mut low, mut last_low) = (rows(1), rows(1));
        let (speed, b) = (rows(1), rows(1));
        let mut transverse = [rows(1), rows(1)];
        let nu = R::from_f64(d.nu);
        let crossing = pass.crossing();
        let faces = FaceDrift { d, index, drift };
        let of = BlendAxis { axis, index, tau: stage.tau, weight };
        for p in from..from + STENCIL - 1 {
            window.make(p);
        }
        // Face t lies between the nodes t - 1 and t.
        for t in from..=to {
            window.make(t + STENCIL - 1);
            // What the next face reads and writes.
            let [stencil, face, value] = [window.ghost(t + STENCIL).is_none(), t + 1 < to || t + 1 == n, t + 1 < n];
            let also = |piece: Range<usize>| {
                if stencil {
                    ahead_second(&nodes.density(t + GHOSTS)[piece.clone()]);
                    ahead_second(&nodes.drift(t + GHOSTS)[piece.clone()]);
                }
                if face {
                    fields.ahead_of_faces(of, strip.at(axis, n + 1, t + 1) + piece.start, piece.len());
                }
                if value {
                    ahead_second(&nodes.of(&drift.u, t + 1)[piece]);
                }
            };
            let side = if t == 0 { Some(0) } else { (t == n).then_some(1) };
            let density = window.densities(t);
            stencil_speeds(window.sizes(t), speed);
            reconstruct_faces::<R, V, F>(window.products(t), density, speed, &pass.slopes, high, also);
            if stage.diffusion {
                subtract_slope_row(axis, nu, density, high);
            }
            if side.is_some_and(|side| !axis.periodic() && !axis.exit_at(side)) {
                high.fill(R::ZERO);
            }
            if let Some(frozen) = pass.frozen {
                let at = strip.at(axis, n + 1, t);
                for (x, q) in high.iter_mut().zip(&frozen[at..at + w]) {
                    *x -= *q;
                }
                low.fill(R::ZERO);
            } else {
                faces.row(&strip, t, &mut transverse, b);
                match side {
                    Some(side) => {
                        low_order_wall(axis, side, b, [nodes.density(0), nodes.density(n - 1)], crossing, low);
                    }
                    None => low_order_row(b, [density[2], density[3]], crossing, low),
                }
                for (x, low) in high.iter_mut().zip(&*low) {
                    *x -= *low;
                }
            }
            if t > from {
                let from = (t - 1 - from) * kept.pitch;
                let tile = [&mut kept.mass[from..from + w], &mut kept.leaving[from..from + w]];
                of.begin_nodes(tile, nodes.density(t - 1), [last_high, high], [last_low, low]);
            }
            if t < to || t == n {
                fields.begin_faces(of, strip.at(axis, n + 1, t), high, low);
            }
            std::mem::swap(&mut high, &mut last_high);
            std::mem::swap(&mut low, &mut last_low);
        }
    }
}

/// The fields of a strip that products are made of.
#[derive(Clone, Copy)]
struct Nodes<'a, R> {
    axis: &'a Axis<R>,
    strip: &'a Strip,
    density: &'a [R],
    drift: &'a [R],
}

impl<'a, R: Real> Nodes<'a, R> {
    #[inline(always)]
    fn width(self) -> usize {
        self.strip.columns.len()
    }

    #[inline(always)]
    fn of(self, field: &'a [R], i: usize) -> &'a [R] {
        &field[self.strip.at(self.axis, self.axis.n, i)..][..self.width()]
    }

    /// The density of node i.
    #[inline(always)]
    fn density(self, i: usize) -> &'a [R] {
        self.of(self.density, i)
    }

    /// b at node i.
    #[inline(always)]
    fn drift(self, i: usize) -> &'a [R] {
        self.of(self.drift, i)
    }
}

/// The padded nodes around a face: node i is padded node i + 3.
struct Window<'a, 'm, R> {
    nodes: Nodes<'a, R>,
    /// Of density, product and size: three rows below the first node and three above the last; made near the walls alone.
    ghosts: [&'m mut [R]; 3],
    /// b m and |b| of the padded nodes made last, number p in row p mod 6.
    product: &'m mut [R],
    size: &'m mut [R],
}

impl<R: Real> Window<'_, '_, R> {
    /// `ends` takes the products of the first and the last three nodes.
    #[inline(always)]
    fn make_ghosts(&mut self, ends: &mut [R]) {
        let nodes = self.nodes;
        let Axis { n, .. } = *nodes.axis;
        let w = nodes.width();
        let row = |k: usize| k * w..(k + 1) * w;
        for k in 0..GHOSTS {
            multiply(nodes.drift(k), nodes.density(k), &mut ends[row(k)]);
            multiply(nodes.drift(n - 1 - k), nodes.density(n - 1 - k), &mut ends[row(GHOSTS + k)]);
        }
        let ends = &*ends;
        let product = |i: usize| &ends[row(if i < GHOSTS { i } else { GHOSTS + n - 1 - i })];
        let (densities, products) = (nodes.axis.rules(density_rule), nodes.axis.rules(product_rule));
        let [density_ghosts, product_ghosts, size_ghosts] = &mut self.ghosts;
        for k in 0..GHOSTS {
            for (side, ghost) in [(0, GHOSTS - 1 - k), (1, GHOSTS + k)] {
                // The node that is i away from this wall.
                let away = |i: usize| if side == 0 { i } else { n - 1 - i };
                let from = |i: usize| nodes.density(away(i));
                ghost_row(densities[side], k, n, from, None, &mut density_ghosts[row(ghost)]);
                ghost_row(products[side], k, n, |i| product(away(i)), None, &mut product_ghosts[row(ghost)]);
                let size = &mut size_ghosts[row(ghost)];
                if nodes.axis.periodic() {
                    sizes(nodes.drift(away(n - 1 - k)), size);
                } else {
                    size.fill(R::ZERO);
                }
            }
        }
    }

    /// Row among the ghosts of a padded node that is no node.
    #[inline(always)]
    fn ghost(&self, p: usize) -> Option<Range<usize>> {
        let w = self.nodes.width();
        let n = self.nodes.axis.n;
        let number = if p < GHOSTS { p } else { p.checked_sub(n).filter(|row| *row >= GHOSTS)? };
        Some(number * w..(number + 1) * w)
    }

    /// Product and size of padded node p, in the place of the one six before.
    #[inline(always)]
    fn make(&mut self, p: usize) {
        let w = self.nodes.width();
        let at = p % STENCIL * w;
        let ghost = self.ghost(p);
        let (product, size) = (&mut self.product[at..at + w], &mut self.size[at..at + w]);
        if let Some(ghost) = ghost {
            product.copy_from_slice(&self.ghosts[1][ghost.clone()]);
            size.copy_from_slice(&self.ghosts[2][ghost]);
        } else {
            let drift = self.nodes.drift(p - GHOSTS);
            multiply(drift, self.nodes.density(p - GHOSTS), product);
            sizes(drift, size);
        }
    }

    /// The density at the six nodes around face t.
    #[inline(always)]
    fn densities(&self, t: usize) -> [&[R]; STENCIL] {
        [0, 1, 2, 3, 4, 5].map(|k| match self.ghost(t + k) {
            Some(ghost) => &self.ghosts[0][ghost],
            None => self.nodes.density(t + k - GHOSTS),
        })
    }

    /// b m there.
    #[inline(always)]
    fn products(&self, t: usize) -> [&[R]; STENCIL] {
        around(self.product, self.nodes.width(), t)
    }

    /// |b| there.
    #[inline(always)]
    fn sizes(&self, t: usize) -> [&[R]; STENCIL] {
        around(self.size, self.nodes.width(), t)
    }
}

/// The six rows from number t on of a ring of six.
#[inline(always)]
fn around<R>(ring: &[R], w: usize, t: usize) -> [&[R]; STENCIL] {
    [0, 1, 2, 3, 4, 5].map(|k| &ring[(t + k) % STENCIL * w..][..w])
}

/// out = b m
#[inline(always)]
fn multiply<R: Real>(b: &[R], m: &[R], out: &mut [R]) {
    let count = out.len();
    let (b, m) = (&b[..count], &m[..count]);
    for k in 0..count {
        out[k] = b[k] * m[k];
    }
}

/// out = |b|
#[inline(always)]
fn sizes<R: Real>(b: &[R], out: &mut [R]) {
    for (size, b) in out.iter_mut().zip(b) {
        *size = b.abs();
    }
}
