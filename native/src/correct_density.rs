//! Flux-corrected transport by fluxes that are known on all faces (docs/numerics.md section 5.2): the end of a Richardson step.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::blend::Blend;
use crate::crew::{Scratch, Shared};
use crate::density::{piece_length, tile_width};
use crate::grid::Axis;
use crate::limiter::{outflow, ratios, scale_faces, subtract_divergence, wall_ratios};
use crate::lines::Tile;
use crate::real::Real;
use crate::simd::Kernel;
use crate::slopes::Context;
use crate::tiles::{gather_faces, gather_shared, scatter, scatter_faces};

/// m <- m - sum_a div(eta A): adds the antidiffusive, time-integrated face fluxes A (one field per axis) and replaces A by
/// eta A. Returns the number of limited cells.
pub fn correct_density<R: Real>(
    context: Context<'_, R>,
    m: &mut [R],
    antidiffusive: &mut [Vec<R>],
    blend: &mut Blend<R>,
) -> u64 {
    let Context { d, crew } = context;
    let last = d.axes.len() - 1;
    let limited = AtomicU64::new(0);
    // First the outgoing parts of A, then the ratios.
    let (m, outgoing) = (Shared::new(m), Shared::new(blend.cells()));
    // Strided axes tell what leaves, the contiguous one finds the ratios, all move mass.
    let passes = (0..=last).map(|axis| (axis, true)).chain((0..last).map(|axis| (axis, false)));
    for (index, first) in passes {
        let axis = &d.axes[index];
        let faces = Shared::new(&mut antidiffusive[index]);
        let role = match (index == last, first) {
            (true, _) => Role::Finish { limited: &limited },
            (false, true) => Role::Tell,
            (false, false) => Role::Move { scaled: limited.load(Ordering::Relaxed) > 0 },
        };
        let width = tile_width(axis);
        crew.each(axis.tile_count(width), |scratch, tile| {
            crew.level.run(CorrectTile {
                axis,
                index,
                m,
                outgoing,
                faces,
                role,
                tile: axis.tile(width, tile),
                scratch,
            });
        });
    }
    limited.into_inner()
}

/// What a pass of `correct_density` does.
#[derive(Clone, Copy)]
enum Role<'a> {
    /// Adds up what leaves each cell.
    Tell,
    /// Finds the ratios and moves the mass of this axis.
    Finish { limited: &'a AtomicU64 },
    /// Moves the mass of this axis.
    Move { scaled: bool },
}

struct CorrectTile<'a, R> {
    axis: &'a Axis<R>,
    index: usize,
    m: Shared<'a, R>,
    outgoing: Shared<'a, R>,
    faces: Shared<'a, R>,
    role: Role<'a>,
    tile: Tile,
    scratch: &'a mut Scratch<R>,
}

impl<R: Real> Kernel for CorrectTile<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<const F: bool>(self) {
        let Self { axis, index, m, outgoing, faces, role, tile, scratch } = self;
        let w = tile.width;
        let nodes = axis.n * w;
        let inverse = R::from_f64(axis.inverse());
        let [high, share, mass, out] = scratch.cut::<4>(piece_length(axis));
        // SAFETY: every node and face of a field belongs to one tile of a pass, here and below.
        gather_faces(axis, tile, unsafe { faces.slice(0, faces.len()) }, high);
        if !matches!(role, Role::Move { .. }) {
            let out = &mut out[..nodes];
            out.fill(R::ZERO);
            if index > 0 {
                // SAFETY: as above.
                unsafe { gather_shared(axis, tile, outgoing, out) };
            }
            let (left, right) = (&high[..nodes], &high[w..w + nodes]);
            for k in 0..nodes {
                out[k] += outflow(left[k], right[k]) * inverse;
            }
        }
        if matches!(role, Role::Tell) {
            // SAFETY: as above.
            unsafe { scatter(axis, tile, out, outgoing) };
            return;
        }
        // SAFETY: as above.
        unsafe { gather_shared(axis, tile, m, mass) };
        let scaled = match role {
            Role::Finish { limited } => {
                let cells = ratios(&mass[..nodes], out, R::ONE, &mut share[w..]);
                limited.fetch_add(cells, Ordering::Relaxed);
                if index > 0 {
                    // SAFETY: as above.
                    unsafe { scatter(axis, tile, &share[w..], outgoing) };
                }
                cells > 0
            }
            Role::Move { scaled } => {
                if scaled {
                    // SAFETY: as above.
                    unsafe { gather_shared(axis, tile, outgoing, &mut share[w..]) };
                }
                scaled
            }
            Role::Tell => false,
        };
        if scaled {
            wall_ratios(axis, w, share);
            scale_faces(w, nodes + w, share, high);
            // SAFETY: as above.
            unsafe { scatter_faces(axis, tile, high, faces) };
        }
        subtract_divergence(axis.n, w, inverse, high, mass);
        // SAFETY: as above.
        unsafe { scatter(axis, tile, mass, m) };
    }
}
