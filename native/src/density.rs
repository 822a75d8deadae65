//! Explicit Euler stages of the Fokker-Planck equation with flux blending (docs/numerics.md section 5.2).
//!
//! Tile by tile every axis has its turn: strided ones march (`density_march`) and leave their antidiffusive fluxes in fields;
//! the contiguous one comes last, knows then what every cell may give away, and blends its own fluxes while they are in the
//! cache. A second pass per strided axis blends the stored ones.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ahead::ahead_second;
use crate::blend::{Blend, BlendAxis, BlendLine, BlendShared};
use crate::crew::{Scratch, Shared, cut};
use crate::density_fluxes::{FluxRows, advective_fluxes, low_order_fluxes, subtract_slopes};
use crate::density_march::{self, Kept, StageMarch};
use crate::discretisation::{Discretisation, Weno};
use crate::drift_faces::FaceDrift;
use crate::fokker_planck::Crossing;
use crate::grid::{Axis, GHOSTS, MOST_AXES};
use crate::lines::{Strip, Tile};
use crate::real::Real;
use crate::reconstruct::face_slopes;
use crate::simd::Kernel;
use crate::slopes::Context;
use crate::stage_drift::StageDrift;
use crate::tile_grid::TileGrid;
use crate::tiles::{gather, scatter_faces};
use crate::weno5::{JS, M, Slopes, WenoReal, Z};

/// Pieces of scratch memory of n + 7 rows each that a line of the contiguous axis needs.
const LINE_PIECES: usize = 12;
/// Longest row of the second pass, and the nodes that it marches over.
const BLEND_ROW: usize = 512;
const BLEND_MARCH: usize = 64;

/// Bytes of one piece along a strided axis: pieces stay in the second cache a few at a time, and rows of two or three cache
/// lines are read faster than rows of one (a tenth of a sweep at 512 x 512).
const PIECE_BYTES: usize = 1 << 17;
/// Cache lines that a row has even where its piece then outgrows the second cache, and the bytes that this may cost: a tenth
/// of a sweep at 1024 x 1024 and 2048 x 2048.
const ROW_LINES: usize = 3;
const MOST_PIECE_BYTES: usize = 1 << 19;

/// Lines in a tile of an axis.
pub(crate) fn tile_width<R: Real>(axis: &Axis<R>) -> usize {
    let wanted = (axis.n + 2 * GHOSTS) * ROW_LINES * R::LANES * size_of::<R>();
    axis.tile_width(wanted.clamp(PIECE_BYTES, MOST_PIECE_BYTES))
}

/// Numbers in a piece of scratch memory for an axis.
pub(crate) fn piece_length<R: Real>(axis: &Axis<R>) -> usize {
    (axis.n + 2 * GHOSTS + 1) * tile_width(axis)
}

/// Numbers of scratch memory that a stage needs for a problem.
#[must_use]
pub fn scratch_length<R: Real>(d: &Discretisation<R>) -> usize {
    let of = |axis: &Axis<R>| {
        if axis.stride == 1 { LINE_PIECES * piece_length(axis) } else { density_march::scratch_length(axis) }
    };
    let passes = d.axes.iter().map(of).max().unwrap_or(0);
    2 * TileGrid::new(&d.axes).tile_numbers() + passes.max(3 * BLEND_ROW)
}

/// Face fluxes frozen at the start of a balanced step: one field per axis, empty on axes without exits.
pub type Frozen<R> = [Vec<R>];

/// One explicit Euler stage.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a, R> {
    /// Density before the stage, >= 0.
    pub m: &'a [R],
    /// The value function and the drift at the stage time.
    pub drift: &'a StageDrift<R>,
    /// Step of the stage.
    pub tau: f64,
    /// True in the explicit mode (J^W = F - nu G6, J^L Scharfetter-Gummel), false for advection alone.
    pub diffusion: bool,
    /// Balanced splitting: on these axes J^W = F - Q and J^L = 0.
    pub frozen: Option<&'a Frozen<R>>,
    /// flux += weight * tau * J
    pub flux_weight: f64,
    /// out = keep * base + share * (result of the stage): a convex combination of Runge-Kutta.
    pub mix: Option<Mix<'a, R>>,
}

/// keep * base + share * (what was computed)
#[derive(Clone, Copy, Debug)]
pub struct Mix<'a, R> {
    /// The other density.
    pub base: &'a [R],
    /// Its share.
    pub keep: f64,
    /// The share of what was computed.
    pub share: f64,
}

/// The density after a stage into `out`; time-integrated fluxes are added to the fields of `flux` that are not empty.
/// Returns the number of limited cells.
pub fn density_stage<R: WenoReal>(
    context: Context<'_, R>,
    stage: &Stage<'_, R>,
    out: &mut [R],
    flux: &mut [Vec<R>],
    blend: &mut Blend<R>,
) -> u64 {
    let Context { d, crew } = context;
    let last = d.axes.len() - 1;
    let limited = AtomicU64::new(0);
    blend.begin(crew);
    let fields = blend.share(out, flux);
    let weight = stage.flux_weight * stage.tau;
    let passes: [Pass<'_, R>; MOST_AXES] =
        std::array::from_fn(|index| Pass::new(d, index.min(last), stage.drift, stage));
    let passes = &passes[..=last];
    let grid = TileGrid::new(&d.axes);
    crew.each(grid.count(), |scratch, number| {
        let cells = crew.level.run(StageTile { passes, fields: &fields, weight, grid, number, scratch });
        limited.fetch_add(cells, Ordering::Relaxed);
    });
    let limited = limited.into_inner();
    for index in 0..last {
        let axis = &d.axes[index];
        let of = BlendAxis { axis, index, tau: stage.tau, weight };
        let mix = if index == last - 1 { stage.mix } else { None };
        crew.each(axis.strip_count(BLEND_ROW, BLEND_MARCH), |scratch, number| {
            let strip = axis.strip(BLEND_ROW, BLEND_MARCH, number);
            crew.level.run(BlendMarch { of, fields: &fields, limited: limited > 0, mix, strip, scratch });
        });
    }
    blend.end(limited);
    limited
}

/// High-order advective fluxes F on every axis that has an exit, into `out` (other axes untouched).
pub fn advective_flux<R: WenoReal>(context: Context<'_, R>, m: &[R], drift: &StageDrift<R>, out: &mut Frozen<R>) {
    let Context { d, crew } = context;
    let stage = Stage { m, drift, tau: 0.0, diffusion: false, frozen: None, flux_weight: 0.0, mix: None };
    for (index, faces) in out.iter_mut().enumerate() {
        if !d.axes[index].has_exit() {
            continue;
        }
        let pass = Pass::new(d, index, drift, &stage);
        let faces = Shared::new(faces);
        crew.each(pass.axis.tile_count(pass.width), |scratch, tile| {
            crew.level.run(AdvectiveTile { pass: &pass, tile, faces, scratch });
        });
    }
}

/// One axis of a stage.
pub(crate) struct Pass<'a, R> {
    pub(crate) d: &'a Discretisation<R>,
    pub(crate) axis: &'a Axis<R>,
    pub(crate) index: usize,
    width: usize,
    pub(crate) stage: &'a Stage<'a, R>,
    pub(crate) drift: &'a StageDrift<R>,
    pub(crate) slopes: Slopes<R>,
    pub(crate) frozen: Option<&'a [R]>,
}

impl<R: Real> Pass<'_, R> {
    /// Of the low-order fluxes: whole cell, half cell.
    pub(crate) fn crossing(&self) -> Option<(Crossing, Crossing)> {
        let Self { d, axis, .. } = *self;
        (self.stage.diffusion && d.nu > 0.0)
            .then(|| (Crossing::new(d.nu, axis.spacing), Crossing::new(d.nu, axis.spacing / 2.0)))
    }
}

impl<'a, R: WenoReal> Pass<'a, R> {
    fn new(d: &'a Discretisation<R>, index: usize, drift: &'a StageDrift<R>, stage: &'a Stage<'a, R>) -> Self {
        let axis = &d.axes[index];
        let frozen = stage.frozen.map(|frozen| frozen[index].as_slice()).filter(|faces| !faces.is_empty());
        Self {
            d,
            axis,
            index,
            width: tile_width(axis),
            stage,
            drift,
            slopes: face_slopes(d.scheme.weno, d.scheme.epsilon),
            frozen,
        }
    }

    /// F of a tile into `high`; leaves the padded density of the tile, with ghosts, in `density`.
    #[inline(always)]
    fn advective<const F: bool>(
        &self,
        tile: Tile,
        [density, nodes, high]: [&mut [R]; 3],
        rows: &mut FluxRows<'_, R>,
        also: impl Fn(Range<usize>),
    ) {
        let axis = self.axis;
        let w = tile.width;
        gather(axis, tile, self.stage.m, &mut density[GHOSTS * w..]);
        gather(axis, tile, &self.drift.nodes[self.index], nodes);
        match self.d.scheme.weno {
            Weno::Js => advective_fluxes::<R, JS, F>(axis, w, nodes, [density, high], &self.slopes, rows, also),
            Weno::Z => advective_fluxes::<R, Z, F>(axis, w, nodes, [density, high], &self.slopes, rows, also),
            Weno::M => advective_fluxes::<R, M, F>(axis, w, nodes, [density, high], &self.slopes, rows, also),
        }
    }
}

/// First pass over one tile: every axis in its turn, the contiguous one last.
struct StageTile<'a, R> {
    passes: &'a [Pass<'a, R>],
    fields: &'a BlendShared<'a, R>,
    weight: f64,
    grid: TileGrid,
    number: usize,
    scratch: &'a mut Scratch<R>,
}

impl<R: WenoReal> Kernel for StageTile<'_, R> {
    type Output = u64;

    #[inline(always)]
    fn run<const F: bool>(self) -> u64 {
        let Self { passes, fields, weight, grid, number, scratch } = self;
        let place = grid.place(number);
        let (kept, memory) = scratch.all().split_at_mut(2 * grid.tile_numbers());
        let (mass, leaving) = kept.split_at_mut(grid.tile_numbers());
        let mut limited = 0;
        for (index, pass) in passes.iter().enumerate() {
            if pass.axis.stride == 1 {
                for (line, from) in grid.lines(place.clone()) {
                    let to = from + pass.axis.n;
                    let kept = [&mut mass[from..to], &mut leaving[from..to]];
                    limited += pass.line::<F>(fields, weight, line, kept, &mut *memory);
                }
            } else {
                let pitch = grid.pitch(index, &place);
                for (strip, from) in grid.strips(index, place.clone(), pass.axis.row_length()) {
                    let kept = Kept { mass: &mut mass[from..], leaving: &mut leaving[from..], pitch };
                    StageMarch { pass, fields, weight, strip, kept, memory: &mut *memory }.run::<F>();
                }
            }
        }
        limited
    }
}

impl<R: WenoReal> Pass<'_, R> {
    /// All of a stage on a line of the contiguous axis. Returns the number of limited cells.
    #[inline(always)]
    fn line<const F: bool>(
        &self,
        fields: &BlendShared<'_, R>,
        weight: f64,
        line: usize,
        [mass, leaving]: [&mut [R]; 2],
        memory: &mut [R],
    ) -> u64 {
        let Pass { d, axis, index, stage, .. } = *self;
        let tile = axis.tile(1, line);
        let faces = axis.n + 1;
        let [density, nodes, product, size, speed, value, field, transverse, b, high, low, ratios] =
            cut(memory, piece_length(axis));
        let of = BlendAxis { axis, index, tau: stage.tau, weight };
        let mix = if index == 0 { stage.mix } else { None };
        // The line that is written soon, and the drift of the next one.
        let next_drift = self.drift.nodes[index].get(tile.start + axis.n..tile.start + 2 * axis.n);
        let also = |piece: Range<usize>| {
            fields.ahead_of_line(of, line, piece.clone());
            if let Some(drift) = next_drift {
                ahead_second(&drift[piece.start..piece.end.min(axis.n)]);
            }
        };
        self.advective::<F>(tile, [&mut *density, nodes, &mut *high], &mut FluxRows { product, size, speed }, also);
        if stage.diffusion {
            subtract_slopes(axis, 1, density, R::from_f64(d.nu), high);
        }
        let (high, low) = (&mut high[..faces], &mut low[..faces]);
        if let Some(frozen) = self.frozen {
            for (x, q) in high.iter_mut().zip(&frozen[line * faces..]) {
                *x -= *q;
            }
            low.fill(R::ZERO);
        } else {
            FaceDrift { d, index, drift: self.drift }.tile(tile, value, field, transverse, size, b);
            low_order_fluxes(axis, 1, b, density, self.crossing(), low);
            for k in 0..faces {
                high[k] -= low[k];
            }
        }
        let inner = &density[GHOSTS..GHOSTS + axis.n];
        of.begin_nodes([&mut *mass, &mut *leaving], inner, [high, &high[1..]], [low, &low[1..]]);
        let rows = BlendLine { high, low, mass, leaving, ratios };
        fields.finish(of, line, rows, mix)
    }
}

/// Second pass over one strip of a strided axis.
struct BlendMarch<'a, R> {
    of: BlendAxis<'a, R>,
    fields: &'a BlendShared<'a, R>,
    limited: bool,
    mix: Option<Mix<'a, R>>,
    strip: Strip,
    scratch: &'a mut Scratch<R>,
}

impl<R: Real> Kernel for BlendMarch<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<const F: bool>(self) {
        let Self { of, fields, limited, mix, strip, scratch } = self;
        fields.apply(of, &strip, limited, mix, scratch.cut::<3>(strip.columns.len()));
    }
}

/// F of one tile into a field.
struct AdvectiveTile<'a, R> {
    pass: &'a Pass<'a, R>,
    tile: usize,
    faces: Shared<'a, R>,
    scratch: &'a mut Scratch<R>,
}

impl<R: WenoReal> Kernel for AdvectiveTile<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<const F: bool>(self) {
        let Self { pass, tile, faces, scratch } = self;
        let tile = pass.axis.tile(pass.width, tile);
        let [density, nodes, product, size, speed, high] = scratch.cut::<6>(piece_length(pass.axis));
        pass.advective::<F>(tile, [density, nodes, &mut *high], &mut FluxRows { product, size, speed }, |_| ());
        // SAFETY: tiles are apart.
        unsafe { scatter_faces(pass.axis, tile, high, faces) };
    }
}
