//! The largest slopes of a field along its axes, tile by tile, without most of the slopes (`slope_bounds`).

use std::sync::atomic::{AtomicU64, Ordering};

use crate::axis_field::AxisField;
use crate::crew::{Scratch, Shared};
use crate::discretisation::{Discretisation, Weno};
use crate::grid::{GHOSTS, MOST_AXES};
use crate::simd::Kernel;
use crate::slope_bounds::Largest;
use crate::slopes::Context;
use crate::tile_grid::TileGrid;
use crate::walls::Walls;
use crate::weno5::{JS, M, Slopes, WenoReal, Z};

/// The sizes of the largest slopes of every axis; NaN does not count. What is no larger than an axis's floor is not looked for:
/// where nothing is larger it stays. Takes no more scratch memory than slopes.
pub(crate) fn largest_slopes<R: WenoReal>(
    context: Context<'_, R>,
    u: Shared<'_, R>,
    walls: &Walls<R>,
    floors: [f64; MOST_AXES],
) -> [f64; MOST_AXES] {
    let Context { d, crew } = context;
    // Numbers >= 0 are in the order of their bits.
    let sizes = floors.map(|floor| AtomicU64::new(floor.to_bits()));
    let search = Search { d, u, walls, sizes: &sizes, grid: TileGrid::new(&d.axes) };
    crew.each(search.grid.count(), |scratch, number| match d.scheme.weno {
        Weno::Js => crew.level.run(Tile::<R, JS> { search, number, scratch }),
        Weno::Z => crew.level.run(Tile::<R, Z> { search, number, scratch }),
        Weno::M => crew.level.run(Tile::<R, M> { search, number, scratch }),
    });
    sizes.map(|bits| f64::from_bits(bits.into_inner()))
}

/// What all tiles share.
#[derive(Clone, Copy)]
struct Search<'a, R> {
    d: &'a Discretisation<R>,
    u: Shared<'a, R>,
    walls: &'a Walls<R>,
    /// Bits of the largest sizes so far.
    sizes: &'a [AtomicU64; MOST_AXES],
    grid: TileGrid,
}

/// All axes of one tile.
struct Tile<'a, R, const V: u8> {
    search: Search<'a, R>,
    number: usize,
    scratch: &'a mut Scratch<R>,
}

impl<R: WenoReal, const V: u8> Kernel for Tile<'_, R, V> {
    type Output = ();

    #[inline(always)]
    fn run<const F: bool>(self) {
        let Self { search: Search { d, u, walls, sizes, grid }, number, scratch } = self;
        let memory = scratch.all();
        let place = grid.place(number);
        // The contiguous axis first: it reads memory in its own order, and the others find it in the cache.
        for (index, size) in sizes.iter().enumerate().take(d.axes.len()).rev() {
            let field = AxisField::new(d, index, u, walls);
            let axis = field.axis;
            let slopes = Slopes::new(d.scheme.weno, d.scheme.epsilon, axis.inverse());
            let known = size.load(Ordering::Relaxed);
            // Of R, or a floor that need not be.
            let mut largest = Largest::new(slopes, R::from_f64(f64::from_bits(known)));
            if axis.stride == 1 {
                let padded = &mut memory[..axis.n + 2 * GHOSTS];
                for (line, _) in grid.lines(place.clone()) {
                    // SAFETY: nobody writes u here.
                    unsafe { field.line(line, padded) };
                    largest.line::<V, F>(padded);
                }
            } else {
                for (strip, _) in grid.strips(index, place.clone(), axis.row_length()) {
                    // SAFETY: as above.
                    let rows = unsafe { field.rows(&strip, memory) };
                    largest.columns::<V, F>(rows, strip.nodes);
                }
            }
            let bits = largest.size().to_f64().to_bits();
            // Few sizes are larger, and writing takes the memory away from the other threads.
            if bits > known {
                size.fetch_max(bits, Ordering::Relaxed);
            }
        }
    }
}
