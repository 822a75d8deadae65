//! One RKL2 diffusion sub-step of the density along one axis, high and low order blended (docs/numerics.md section 5.2,
//! default form). Tiles do not touch each other, so the density is advanced in place.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::crew::{Scratch, Shared};
use crate::density::{piece_length, tile_width};
use crate::density_fluxes::low_order_fluxes;
use crate::discretisation::Discretisation;
use crate::drift_faces::FaceDrift;
use crate::flux_diffusion::{DIFFUSION_PIECES, Diffusion, DiffusionRows, diffuse_tile};
use crate::grid::{Axis, GHOSTS};
use crate::lines::Tile;
use crate::real::Real;
use crate::simd::Kernel;
use crate::slopes::Context;
use crate::stage_drift::StageDrift;
use crate::tiles::{add_faces, gather_faces, gather_shared, scatter};

/// Pieces of scratch memory of n + 7 rows each.
pub(crate) const PIECES: usize = DIFFUSION_PIECES + 8;

/// Balanced splitting on an axis: the frozen high-order fluxes, and what the low-order ones are made of.
#[derive(Clone, Copy, Debug)]
pub struct Balance<'a, R> {
    /// Q on the faces of the axis.
    pub frozen: &'a [R],
    /// The value function of the upwind fluxes.
    pub drift: &'a StageDrift<R>,
}

/// Advances m in place along an axis. Adds `flux_weight` times the time-integrated fluxes to `flux` where there is one.
/// Returns the number of limited cells.
pub fn diffuse_density<R: Real>(
    context: Context<'_, R>,
    index: usize,
    step: Diffusion<R>,
    m: &mut [R],
    balance: Option<Balance<'_, R>>,
    flux: Option<&mut [R]>,
    flux_weight: f64,
) -> u64 {
    let Context { d, crew } = context;
    let axis = &d.axes[index];
    let width = tile_width(axis);
    let m = Shared::new(m);
    let flux = flux.map(Shared::new);
    let limited = AtomicU64::new(0);
    crew.each(axis.tile_count(width), |scratch, tile| {
        let tile = axis.tile(width, tile);
        let cells = crew.level.run(DiffuseTile { d, axis, index, step, balance, m, flux, flux_weight, tile, scratch });
        limited.fetch_add(cells, Ordering::Relaxed);
    });
    limited.into_inner()
}

struct DiffuseTile<'a, R> {
    d: &'a Discretisation<R>,
    axis: &'a Axis<R>,
    index: usize,
    step: Diffusion<R>,
    balance: Option<Balance<'a, R>>,
    m: Shared<'a, R>,
    flux: Option<Shared<'a, R>>,
    flux_weight: f64,
    tile: Tile,
    scratch: &'a mut Scratch<R>,
}

impl<R: Real> Kernel for DiffuseTile<'_, R> {
    type Output = u64;

    #[inline(always)]
    fn run<const F: bool>(self) -> u64 {
        let Self { d, axis, index, step, balance, m, flux, flux_weight, tile, scratch } = self;
        let [density, total, value, field, transverse, b, upwind, frozen, rows @ ..] =
            scratch.cut::<PIECES>(piece_length(axis));
        let w = tile.width;
        // SAFETY: tiles are apart, here and below.
        unsafe { gather_shared(axis, tile, m, &mut density[GHOSTS * w..]) };
        if let Some(balance) = balance {
            gather_faces(axis, tile, balance.frozen, frozen);
            FaceDrift { d, index, drift: balance.drift }.tile(tile, value, field, transverse, upwind, b);
            low_order_fluxes(axis, w, b, density, None, upwind);
        }
        let balance = balance.map(|_| (&*frozen, &*upwind));
        let total_rows = flux.is_some().then_some(&mut *total);
        let limited = diffuse_tile(axis, w, step, density, balance, total_rows, DiffusionRows::new(rows));
        // SAFETY: as above.
        unsafe {
            scatter(axis, tile, &density[GHOSTS * w..], m);
            if let Some(flux) = flux {
                add_faces(axis, tile, R::from_f64(flux_weight), total, flux);
            }
        }
        limited
    }
}
