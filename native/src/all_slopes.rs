//! One-sided slopes of a field along all axes, tile by tile (`tile_grid`).

use std::sync::atomic::{AtomicU64, Ordering};

use crate::crew::{Scratch, Shared};
use crate::discretisation::Discretisation;
use crate::grid::MOST_AXES;
use crate::real::Real;
use crate::simd::Kernel;
use crate::slopes::{Buffers, Context, Pass, SlopeSink, own_length};
use crate::tile_grid::TileGrid;
use crate::walls::Walls;
use crate::weno5::WenoReal;

/// Numbers of scratch memory that `each_slope_of_all` needs for a problem.
#[must_use]
pub fn scratch_length<R: Real>(d: &Discretisation<R>) -> usize {
    2 * TileGrid::new(&d.axes).tile_numbers() + d.axes.iter().map(own_length).max().unwrap_or(0)
}

/// Calls `sink(a)` with every row along every axis a, tile by tile and in every tile axis by axis; returns the largest of each
/// axis's answers, at least 0. Sinks may write neither the field whose slopes are taken nor, of other fields, any row but
/// their own.
pub fn each_slope_of_all<R: WenoReal, S: SlopeSink<R>>(
    context: Context<'_, R>,
    u: Shared<'_, R>,
    walls: &Walls<R>,
    sink: impl Fn(usize) -> S,
) -> [f64; MOST_AXES] {
    let Context { d, crew } = context;
    let last = d.axes.len() - 1;
    let passes: [Pass<'_, R, S>; MOST_AXES] = std::array::from_fn(|axis| {
        let axis = axis.min(last);
        Pass::new(context, axis, u, walls, sink(axis))
    });
    let passes = &passes[..=last];
    // Numbers >= 0 are in the order of their bits.
    let largest = [const { AtomicU64::new(0) }; MOST_AXES];
    let grid = TileGrid::new(&d.axes);
    crew.each(grid.count(), |scratch, tile| {
        let most = crew.level.run(Tile { passes, grid, number: tile, scratch });
        for (largest, most) in largest.iter().zip(most) {
            largest.fetch_max(most.to_bits(), Ordering::Relaxed);
        }
    });
    largest.map(|bits| f64::from_bits(bits.into_inner()))
}

/// All passes over one tile.
struct Tile<'a, R, S> {
    passes: &'a [Pass<'a, R, S>],
    grid: TileGrid,
    number: usize,
    scratch: &'a mut Scratch<R>,
}

impl<R: WenoReal, S: SlopeSink<R>> Kernel for Tile<'_, R, S> {
    type Output = [f64; MOST_AXES];

    #[inline(always)]
    fn run<const F: bool>(self) -> [f64; MOST_AXES] {
        let Self { passes, grid, number, scratch } = self;
        let place = grid.place(number);
        let (kept, memory) = scratch.all().split_at_mut(2 * grid.tile_numbers());
        let (first, second) = kept.split_at_mut(grid.tile_numbers());
        let mut kept = [first, second];
        let mut most = [0.0; MOST_AXES];
        for (axis, (pass, most)) in passes.iter().zip(&mut most).enumerate() {
            let mut tell = |answer: f64| *most = f64::max(*most, answer);
            if pass.axis().stride == 1 {
                for (line, from) in grid.lines(place.clone()) {
                    let buffers = kept.each_mut().map(|kept| &mut kept[from..from + pass.axis().n]);
                    tell(pass.line(line, memory, buffers));
                }
            } else {
                let stride = grid.pitch(axis, &place);
                for (strip, from) in grid.strips(axis, place.clone(), pass.axis().row_length()) {
                    let rows = kept.each_mut().map(|kept| &mut kept[from..]);
                    tell(pass.march(&strip, memory, Buffers { rows, stride }));
                }
            }
        }
        most
    }
}
