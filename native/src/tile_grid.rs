//! Tiles of whole lines of the contiguous axis, in which every axis has its turn: what one axis leaves for the next is still
//! in the cache, and no field passes through memory for it.

use std::ops::Range;

use crate::grid::Axis;
use crate::lines::Strip;

/// Bytes of what is kept of a tile for each number: it stays in the second cache while every axis has its turn.
const TILE_BYTES: usize = 1 << 17;
/// Fewest and most rows of a tile in two dimensions: of fewer rows too many are made twice.
const ROWS: [usize; 2] = [8, 32];
/// Fewest and most nodes of a tile along both strided axes in three dimensions.
const NODES: [usize; 2] = [8, 16];

/// Tiles of a grid.
#[derive(Clone, Copy, Debug)]
pub struct TileGrid {
    /// Nodes of the strided axes, 1 where there is none.
    nodes: [usize; 2],
    /// Nodes of the contiguous axis.
    line: usize,
    /// Most nodes of a tile along a strided axis.
    most: usize,
}

/// Nodes of one tile along the strided axes.
#[derive(Clone, Debug)]
pub struct Place {
    first: Range<usize>,
    second: Range<usize>,
}

impl TileGrid {
    /// Tiles of a problem's grid.
    #[must_use]
    pub fn new<R>(axes: &[Axis<R>]) -> Self {
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

    /// Most numbers of a tile.
    #[must_use]
    pub fn tile_numbers(self) -> usize {
        self.line * self.nodes.map(|n| n.min(self.most)).iter().product::<usize>()
    }

    fn tiles(self) -> [usize; 2] {
        self.nodes.map(|n| n.div_ceil(self.most))
    }

    /// How many there are.
    #[must_use]
    pub fn count(self) -> usize {
        let [first, second] = self.tiles();
        first * second
    }

    /// One of them: parts of nearly the same size.
    #[must_use]
    pub fn place(self, tile: usize) -> Place {
        let tiles = self.tiles();
        let place = [tile / tiles[1], tile % tiles[1]];
        let [first, second] = [0, 1].map(|a| {
            let (n, count) = (self.nodes[a], tiles[a]);
            place[a] * n / count..(place[a] + 1) * n / count
        });
        Place { first, second }
    }

    /// The lines of the contiguous axis in a tile, with the place of their first number in it.
    #[inline(always)]
    pub fn lines(self, Place { first, second }: Place) -> impl Iterator<Item = (usize, usize)> {
        let (width, begin) = (second.len(), second.start);
        (0..first.len() * width).map(move |number| {
            let (slab, line) = (first.start + number / width, begin + number % width);
            (slab * self.nodes[1] + line, number * self.line)
        })
    }

    /// The nodes of a tile along strided axis 0 or 1, in strips of rows up to `length` long, with the place of their first
    /// number in it.
    #[inline(always)]
    pub fn strips(self, axis: usize, place: Place, length: usize) -> impl Iterator<Item = (Strip, usize)> {
        let Place { first, second } = place;
        let plane = second.len() * self.line;
        let (columns, slabs, nodes) = if axis == 0 {
            (second.start * self.line..second.end * self.line, 0..1, first)
        } else {
            (0..self.line, first, second)
        };
        let bands = columns.len().div_ceil(length);
        (0..slabs.len() * bands).map(move |number| {
            let (slab, inner) = (number / bands, number % bands * length);
            let from = columns.start + inner;
            let strip = Strip {
                slab: slabs.start + slab,
                columns: from..(from + length).min(columns.end),
                nodes: nodes.clone(),
            };
            (strip, slab * plane + inner)
        })
    }

    /// Numbers in a tile from one node of a strip to the next.
    #[inline(always)]
    #[must_use]
    pub fn pitch(self, axis: usize, place: &Place) -> usize {
        if axis == 0 { place.second.len() * self.line } else { self.line }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_strips_visit_every_node_once() {
        for nodes in [[1, 1], [7, 1], [100, 1], [33, 1], [7, 7], [16, 17], [40, 23]] {
            let grid = TileGrid { nodes, line: 9, most: 16 };
            let points = nodes[0] * nodes[1] * 9;
            let mut visits = [vec![0; points], vec![0; points], vec![0; points]];
            for tile in 0..grid.count() {
                let place = grid.place(tile);
                let mut kept = vec![[0; 3]; grid.tile_numbers()];
                for (line, from) in grid.lines(place.clone()) {
                    (0..9).for_each(|k| visits[2][line * 9 + k] += 1);
                    (0..9).for_each(|k| kept[from + k][2] += line * 9 + k + 1);
                }
                for axis in 0..2 {
                    let stride = if axis == 0 { nodes[1] * 9 } else { 9 };
                    for (strip, from) in grid.strips(axis, place.clone(), 4) {
                        for (number, i) in strip.nodes.clone().enumerate() {
                            for (k, column) in strip.columns.clone().enumerate() {
                                let at = (strip.slab * nodes[axis] + i) * stride + column;
                                visits[axis][at] += 1;
                                kept[from + number * grid.pitch(axis, &place) + k][axis] += at + 1;
                            }
                        }
                    }
                }
                // Every axis finds a node at the same place of the tile.
                assert!(kept.iter().all(|[a, b, c]| a == b && b == c), "{nodes:?}");
            }
            assert!(visits.iter().flatten().all(|count| *count == 1), "{nodes:?}");
        }
    }
}
