//! Flux blending of whole fields (docs/numerics.md section 5.2): the antidiffusive fluxes A of all axes, limited together.
//!
//! What a cell may give away (its ratio R) is known once every axis has told what leaves it. The contiguous axis comes
//! last and blends its own A while they are in the cache; those of the other axes wait in fields.

use std::collections::TryReserveError;
use std::ops::Range;

use crate::ahead::ahead_second;
use crate::crew::{Crew, Shared};
use crate::density::Mix;
use crate::discretisation::Discretisation;
use crate::grid::Axis;
use crate::history::field;
use crate::limiter::{outflow, ratios, scale_faces, scale_row, subtract_difference, subtract_divergence, wall_ratios};
use crate::lines::Strip;
use crate::real::Real;

/// Axes of the largest problems.
const MOST_AXES: usize = 3;

/// Fields of the limiter.
#[derive(Debug)]
pub struct Blend<R> {
    /// R per cell, or what `cells` is used for. Empty in one dimension.
    ratios: Vec<R>,
    /// True where no ratio is below 1: a stage then writes those of limited lines alone.
    ones: bool,
    /// A per strided axis.
    antidiffusive: Vec<Vec<R>>,
}

impl<R: Real> Blend<R> {
    /// Memory for a problem, where it is `wanted`.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(d: &Discretisation<R>, wanted: bool) -> Result<Self, TryReserveError> {
        let strided = if wanted { &d.axes[..d.axes.len() - 1] } else { &[] };
        Ok(Self {
            ratios: field(if strided.is_empty() { 0 } else { d.points })?,
            ones: false,
            antidiffusive: strided.iter().map(|axis| field(axis.face_count())).collect::<Result<_, _>>()?,
        })
    }

    /// Before a stage: no cell is limited yet.
    pub(crate) fn begin(&mut self, crew: &Crew<R>) {
        if self.ones {
            return;
        }
        let ratios = Shared::new(&mut self.ratios);
        crew.ranges(ratios.len(), |range| {
            // SAFETY: ranges are apart.
            unsafe { ratios.slice(range.start, range.len()) }.fill(R::ONE);
        });
        self.ones = true;
    }

    /// After a stage that limited some cells, or none.
    pub(crate) fn end(&mut self, limited: u64) {
        self.ones = limited == 0;
    }

    /// A field for numbers of every cell, which the ratios were in.
    pub(crate) fn cells(&mut self) -> &mut [R] {
        self.ones = false;
        &mut self.ratios
    }

    /// Shares the memory and the fields of one stage among threads. Fluxes go to the fields of `flux` that are not empty.
    pub(crate) fn share<'a>(&'a mut self, out: &'a mut [R], flux: &'a mut [Vec<R>]) -> BlendShared<'a, R> {
        let (mut faces, mut totals) = (self.antidiffusive.iter_mut(), flux.iter_mut());
        BlendShared {
            out: Shared::new(out),
            ratios: Shared::new(&mut self.ratios),
            antidiffusive: [(); MOST_AXES].map(|()| faces.next().map(|faces| Shared::new(faces))),
            flux: [(); MOST_AXES]
                .map(|()| totals.next().filter(|faces| !faces.is_empty()).map(|faces| Shared::new(faces))),
        }
    }
}

/// The fields of one stage, shared among threads.
pub(crate) struct BlendShared<'a, R> {
    out: Shared<'a, R>,
    ratios: Shared<'a, R>,
    antidiffusive: [Option<Shared<'a, R>>; MOST_AXES],
    flux: [Option<Shared<'a, R>>; MOST_AXES],
}

/// One line of the contiguous axis: A, the low-order fluxes, what `begin_nodes` made, and scratch for the ratios.
pub(crate) struct BlendLine<'a, R> {
    pub(crate) high: &'a mut [R],
    pub(crate) low: &'a mut [R],
    pub(crate) mass: &'a mut [R],
    pub(crate) leaving: &'a mut [R],
    pub(crate) ratios: &'a mut [R],
}

/// One axis of a stage.
#[derive(Clone, Copy)]
pub(crate) struct BlendAxis<'a, R> {
    pub(crate) axis: &'a Axis<R>,
    pub(crate) index: usize,
    pub(crate) tau: f64,
    /// Of the time-integrated fluxes.
    pub(crate) weight: f64,
}

impl<R: Real> BlendAxis<'_, R> {
    /// Low-order density and outgoing parts of a row of nodes, with what the axes before this one have left there.
    ///
    /// * `inner`: the density before the stage
    /// * `high`, `low`: A and the low-order fluxes on the faces before and after the nodes
    #[inline(always)]
    pub(crate) fn begin_nodes(
        self,
        [mass, leaving]: [&mut [R]; 2],
        inner: &[R],
        [left, right]: [&[R]; 2],
        [before, after]: [&[R]; 2],
    ) {
        let w = mass.len();
        let inverse = R::from_f64(self.axis.inverse());
        let factor = R::from_f64(self.tau) * inverse;
        let (leaving, inner) = (&mut leaving[..w], &inner[..w]);
        let (left, right, before, after) = (&left[..w], &right[..w], &before[..w], &after[..w]);
        if self.index == 0 {
            for k in 0..w {
                leaving[k] = outflow(left[k], right[k]) * inverse;
                mass[k] = inner[k] - factor * (after[k] - before[k]);
            }
        } else {
            for k in 0..w {
                leaving[k] += outflow(left[k], right[k]) * inverse;
                mass[k] -= factor * (after[k] - before[k]);
            }
        }
    }
}

impl<R: Real> BlendShared<'_, R> {
    /// A row of faces of a strided axis: leaves A in its field, for `apply`.
    #[inline(always)]
    pub(crate) fn begin_faces(&self, of: BlendAxis<'_, R>, at: usize, high: &[R], low: &[R]) {
        let w = high.len();
        if let Some(faces) = self.antidiffusive[of.index] {
            // SAFETY: every face of a field belongs to one strip of a pass, here and below.
            unsafe { faces.slice(at, w) }.copy_from_slice(high);
        }
        // As if nothing were limited; `apply` takes back what was.
        self.add_flux(of, at, high, low);
    }

    /// Asks for faces that `begin_faces` writes soon.
    #[inline(always)]
    pub(crate) fn ahead_of_faces(&self, of: BlendAxis<'_, R>, at: usize, length: usize) {
        for faces in [self.antidiffusive[of.index], self.flux[of.index]].into_iter().flatten() {
            // SAFETY: nothing is read by asking.
            ahead_second(unsafe { faces.view(at, length) });
        }
    }

    /// Asks for some numbers of the line that `finish` writes soon.
    #[inline(always)]
    pub(crate) fn ahead_of_line(&self, of: BlendAxis<'_, R>, line: usize, piece: Range<usize>) {
        let n = of.axis.n;
        // SAFETY: nothing is read by asking.
        ahead_second(unsafe { self.out.view(line * n + piece.start, piece.end.min(n) - piece.start) });
        if let Some(flux) = self.flux[of.index] {
            // SAFETY: as above.
            ahead_second(unsafe { flux.view(line * (n + 1) + piece.start, piece.len()) });
        }
    }

    /// Adds low-order fluxes and A of a row of faces to the time-integrated ones, where somebody asks for them.
    #[inline(always)]
    fn add_flux(&self, of: BlendAxis<'_, R>, at: usize, high: &[R], low: &[R]) {
        let Some(flux) = self.flux[of.index] else { return };
        let w = high.len();
        let factor = R::from_f64(of.weight);
        // SAFETY: every face of a field belongs to one strip or tile of a pass.
        let flux = unsafe { flux.slice(at, w) };
        let low = &low[..w];
        for k in 0..w {
            flux[k] += factor * (low[k] + high[k]);
        }
    }

    /// A line of the contiguous axis, number `line` of them: finds the ratios, leaves them for the other axes and blends its
    /// own fluxes. Returns the number of limited cells.
    #[inline(always)]
    pub(crate) fn finish(
        &self,
        of: BlendAxis<'_, R>,
        line: usize,
        rows: BlendLine<'_, R>,
        mix: Option<Mix<'_, R>>,
    ) -> u64 {
        let BlendLine { high, low, mass, leaving, ratios: share } = rows;
        let n = of.axis.n;
        let at = line * n;
        let limited = ratios(mass, leaving, R::from_f64(of.tau), &mut share[1..]);
        if limited > 0 {
            wall_ratios(of.axis, 1, share);
            scale_faces(1, n + 1, share, high);
        }
        let factor = R::from_f64(of.tau) * R::from_f64(of.axis.inverse());
        subtract_divergence(n, 1, factor, high, mass);
        if let Some(mix) = mix {
            mix.apply(&mix.base[at..at + n], mass);
        }
        // SAFETY: every node and face of a field belongs to one tile of a pass, here and below.
        unsafe { self.out.slice(at, n) }.copy_from_slice(mass);
        if of.index > 0 && limited > 0 {
            // SAFETY: as above.
            unsafe { self.ratios.slice(at, n) }.copy_from_slice(&share[1..=n]);
        }
        self.add_flux(of, line * (n + 1), &high[..=n], low);
        limited
    }

    /// A strip of a strided axis afterwards: blends the A that `begin_faces` left. `limited`: whether any ratio is below 1.
    /// The three rows are scratch.
    #[inline(always)]
    pub(crate) fn apply(
        &self,
        of: BlendAxis<'_, R>,
        strip: &Strip,
        limited: bool,
        mix: Option<Mix<'_, R>>,
        [mut blended, mut last, ones]: [&mut [R]; 3],
    ) {
        let axis = of.axis;
        let (n, w) = (axis.n, strip.columns.len());
        let (from, to) = (strip.nodes.start, strip.nodes.end);
        let Some(faces) = self.antidiffusive[of.index] else { return };
        let factor = R::from_f64(of.tau) * R::from_f64(axis.inverse());
        let node = |i: usize| strip.at(axis, n, i);
        // SAFETY: A is written no more.
        let face = |t: usize| unsafe { faces.view(strip.at(axis, n + 1, t), w) };
        // SAFETY: neither are the ratios.
        let ratios = |i: usize| unsafe { self.ratios.view(node(i), w) };
        ones.fill(R::ONE);
        for t in from..=to {
            if t < to {
                ahead_second(face(t + 1));
                // SAFETY: nothing is read by asking.
                ahead_second(unsafe { self.out.view(node(t), w) });
                if let Some(mix) = mix {
                    ahead_second(&mix.base[node(t)..][..w]);
                }
            }
            if limited {
                // Beyond the walls: those of the other end on a periodic axis, else 1.
                let beyond = |i: usize| if axis.periodic() { ratios(i) } else { &*ones };
                let left = if t > 0 { ratios(t - 1) } else { beyond(n - 1) };
                let right = if t < n { ratios(t) } else { beyond(0) };
                blended.copy_from_slice(face(t));
                scale_row(left, right, blended);
                if let Some(flux) = self.flux[of.index].filter(|_| t < to || t == n) {
                    // SAFETY: every face of a field belongs to one strip of a pass.
                    let flux = unsafe { flux.slice(strip.at(axis, n + 1, t), w) };
                    let (weight, wanted) = (R::from_f64(of.weight), face(t));
                    for k in 0..w {
                        flux[k] += weight * (blended[k] - wanted[k]);
                    }
                }
            }
            if t > from {
                let (before, after) = if limited { (&*last, &*blended) } else { (face(t - 1), face(t)) };
                // SAFETY: every node of a field belongs to one strip of a pass.
                let mass = unsafe { self.out.slice(node(t - 1), w) };
                subtract_difference(factor, before, after, mass);
                if let Some(mix) = mix {
                    mix.apply(&mix.base[node(t - 1)..][..w], mass);
                }
            }
            std::mem::swap(&mut blended, &mut last);
        }
    }
}

impl<R: Real> Mix<'_, R> {
    #[inline(always)]
    fn apply(&self, base: &[R], mass: &mut [R]) {
        let (keep, share) = (R::from_f64(self.keep), R::from_f64(self.share));
        for (x, base) in mass.iter_mut().zip(base) {
            *x = keep * *base + share * *x;
        }
    }
}
