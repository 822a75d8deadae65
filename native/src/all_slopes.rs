//! One-sided slopes of a field along all axes, tile by tile: what the pass of one axis leaves for the next is still in the
//! cache, and no field passes through memory for it.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::crew::{Scratch, Shared};
use crate::discretisation::Discretisation;
use crate::grid::{Axis, MOST_AXES};
use crate::real::Real;
use crate::simd::Kernel;
use crate::slopes::{Buffers, Context, Pass, SlopeSink, own_length};
use crate::walls::Walls;
use crate::weno5::WenoReal;

/// Bytes of a tile of a field: a few of them stay in the second cache.
const TILE_BYTES: usize = 1 << 17;
/// Fewest and most rows of a tile in two dimensions, where it is as wide as the grid. At its start one interval a column is
/// done twice.
const ROWS: [usize; 2] = [8, 32];
/// Fewest and most nodes of a tile along both strided axes in three dimensions.
const NODES: [usize; 2] = [8, 16];

/// Numbers of scratch memory that `each_slope_of_all` needs for a problem.
#[must_use]
pub fn scratch_length<R: Real>(d: &Discretisation<R>) -> usize {
    2 * Grid::new(&d.axes).tile_numbers() + d.axes.iter().map(own_length).max().unwrap_or(0)
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
    let grid = Grid::new(&d.axes);
    crew.each(grid.count(), |scratch, tile| {
        let most = crew.level.run(Tile { passes, grid, number: tile, scratch });
        for (largest, most) in largest.iter().zip(most) {
            largest.fetch_max(most.to_bits(), Ordering::Relaxed);
        }
    });
    largest.map(|bits| f64::from_bits(bits.into_inner()))
}

/// The nodes along two strided axes, 1 where there are fewer, cut into tiles.
#[derive(Clone, Copy)]
struct Grid {
    nodes: [usize; 2],
    /// Nodes along the contiguous axis.
    line: usize,
    most: usize,
}

impl Grid {
    fn new<R: Real>(axes: &[Axis<R>]) -> Self {
        let line = axes.last().map_or(1, |axis| axis.n);
        let fitting = TILE_BYTES / size_of::<R>() / line;
        match axes {
            [first, second, _] => {
                Self { nodes: [first.n, second.n], line, most: fitting.isqrt().clamp(NODES[0], NODES[1]) }
            }
            [first, _] => Self { nodes: [first.n, 1], line, most: fitting.clamp(ROWS[0], ROWS[1]) },
            _ => Self { nodes: [1, 1], line, most: 1 },
        }
    }

    /// Most numbers in a tile.
    fn tile_numbers(self) -> usize {
        self.line * self.nodes.map(|n| n.min(self.most)).iter().product::<usize>()
    }

    /// Tiles along each of the two axes.
    fn tiles(self) -> [usize; 2] {
        self.nodes.map(|n| n.div_ceil(self.most))
    }

    fn count(self) -> usize {
        let [first, second] = self.tiles();
        first * second
    }

    /// The nodes of a tile, of about one size each.
    fn tile(self, tile: usize) -> [Range<usize>; 2] {
        let tiles = self.tiles();
        let place = [tile / tiles[1], tile % tiles[1]];
        [0, 1].map(|a| {
            let (n, count) = (self.nodes[a], tiles[a]);
            place[a] * n / count..(place[a] + 1) * n / count
        })
    }
}

/// All passes over one tile.
struct Tile<'a, R, S> {
    passes: &'a [Pass<'a, R, S>],
    grid: Grid,
    number: usize,
    scratch: &'a mut Scratch<R>,
}

impl<R: WenoReal, S: SlopeSink<R>> Kernel for Tile<'_, R, S> {
    type Output = [f64; MOST_AXES];

    #[inline(always)]
    fn run(self) -> [f64; MOST_AXES] {
        let Self { passes, grid, number, scratch } = self;
        let [first, second] = grid.tile(number);
        let plane = second.len() * grid.line;
        let (kept, memory) = scratch.all().split_at_mut(2 * grid.tile_numbers());
        let (first_kept, second_kept) = kept.split_at_mut(grid.tile_numbers());
        let mut kept = [first_kept, second_kept];
        let mut most = [0.0; MOST_AXES];
        for (axis, (pass, most)) in passes.iter().zip(&mut most).enumerate() {
            let mut tell = |answer: f64| *most = f64::max(*most, answer);
            if pass.stride() == 1 {
                // The lines of the contiguous axis, numbered in C order of the others.
                for (i, slab) in first.clone().enumerate() {
                    for (j, line) in second.clone().enumerate() {
                        let from = i * plane + j * grid.line;
                        let buffers = kept.each_mut().map(|kept| &mut kept[from..from + grid.line]);
                        tell(pass.line(slab * grid.nodes[1] + line, memory, buffers));
                    }
                }
            } else if axis == 0 {
                let columns = second.start * grid.line..second.end * grid.line;
                for band in pass.bands(columns.clone()) {
                    let from = band.start - columns.start;
                    let buffers = Buffers { rows: kept.each_mut().map(|kept| &mut kept[from..]), stride: plane };
                    tell(pass.march(0, band, first.clone(), memory, buffers));
                }
            } else {
                for (i, slab) in first.clone().enumerate() {
                    for band in pass.bands(0..grid.line) {
                        let from = i * plane + band.start;
                        let rows = kept.each_mut().map(|kept| &mut kept[from..]);
                        let buffers = Buffers { rows, stride: grid.line };
                        tell(pass.march(slab, band, second.clone(), memory, buffers));
                    }
                }
            }
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_every_node_once() {
        for nodes in [[1, 1], [7, 1], [100, 1], [33, 1], [7, 7], [16, 17], [40, 23]] {
            let grid = Grid { nodes, line: 9, most: 16 };
            let mut visits = vec![0; nodes[0] * nodes[1]];
            for tile in 0..grid.count() {
                let [first, second] = grid.tile(tile);
                assert!(first.len() * second.len() * grid.line <= grid.tile_numbers(), "{nodes:?}");
                for i in first {
                    second.clone().for_each(|j| visits[i * nodes[1] + j] += 1);
                }
            }
            assert!(visits.iter().all(|count| *count == 1), "{nodes:?}");
        }
    }
}
