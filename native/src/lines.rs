//! Grid lines in blocks. Along the contiguous axis a block is one whole line; along a strided axis it is a tile of
//! neighbouring columns, so that vectors run across lines and nothing is transposed.
//!
//! A padded tile has n + 6 rows of `width` numbers, node i in row i + 3: along the contiguous axis the width is 1 and a
//! tile is a padded line. Because a stencil's neighbours stand `width` apart, one flat loop serves both: output k reads
//! `tile[k + j * width]`.

use std::ops::Range;

use crate::grid::{Axis, GHOSTS};
use crate::real::Real;

/// A block of neighbouring lines along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The first line.
    pub line: usize,
    /// Array index of its first node.
    pub start: usize,
    /// Lines, 1 along the contiguous axis.
    pub width: usize,
}

/// Some nodes of neighbouring columns of a strided axis: what is marched over row by row, where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strip {
    /// Which block of `stride` columns.
    pub slab: usize,
    /// Columns of the slab.
    pub columns: Range<usize>,
    /// Nodes of the axis.
    pub nodes: Range<usize>,
}

impl Strip {
    /// The line of the first column.
    #[inline(always)]
    #[must_use]
    pub fn line<R>(&self, axis: &Axis<R>) -> usize {
        self.slab * axis.stride + self.columns.start
    }

    /// Array index of the strip's columns at row `i` of a field with `rows` rows along the axis: n nodes or n + 1 faces.
    #[inline(always)]
    #[must_use]
    pub fn at<R>(&self, axis: &Axis<R>, rows: usize, i: usize) -> usize {
        (self.slab * rows + i) * axis.stride + self.columns.start
    }
}

/// Where the numbers of a tile lie in a field: `count` runs of `length` numbers, `pitch` apart; in the tile they follow
/// each other.
#[derive(Clone, Copy, Debug)]
pub struct Runs {
    start: usize,
    count: usize,
    length: usize,
    pitch: usize,
}

impl Runs {
    /// (index in the field, index in the tile, length) of every run.
    #[inline(always)]
    pub fn each(self, mut visit: impl FnMut(usize, usize, usize)) {
        for run in 0..self.count {
            visit(self.start + run * self.pitch, run * self.length, self.length);
        }
    }
}

/// Longest row across lines: a twentieth of a backward sweep at 1024 x 1024 and 2048 x 2048 faster than 256.
const LONGEST_ROW: usize = 512;

impl<R: Real> Axis<R> {
    /// Longest row of a march along a strided axis: rows of about one length.
    #[must_use]
    pub fn row_length(&self) -> usize {
        self.stride.div_ceil(self.stride.div_ceil(LONGEST_ROW))
    }

    /// Most lines in a tile of `bytes` bytes: whole cache lines, at least one.
    #[must_use]
    pub fn tile_width(&self, bytes: usize) -> usize {
        if self.stride == 1 {
            return 1;
        }
        let fitting = bytes / size_of::<R>() / (self.n + 2 * GHOSTS);
        (fitting / R::LANES * R::LANES).clamp(R::LANES, 8 * R::LANES).min(self.stride)
    }

    /// Tiles of up to `width` lines.
    #[must_use]
    pub fn tile_count(&self, width: usize) -> usize {
        self.lines / self.stride * self.stride.div_ceil(width)
    }

    /// Tile `index` of `tile_count(width)`; no tile reaches beyond one slab of neighbouring columns.
    #[must_use]
    pub fn tile(&self, width: usize, index: usize) -> Tile {
        let per_slab = self.stride.div_ceil(width);
        let (slab, inner) = (index / per_slab, index % per_slab * width);
        Tile {
            line: slab * self.stride + inner,
            start: slab * self.stride * self.n + inner,
            width: width.min(self.stride - inner),
        }
    }

    /// Strips of up to `width` columns and `march` nodes that cover a strided axis.
    #[must_use]
    pub fn strip_count(&self, width: usize, march: usize) -> usize {
        self.lines / self.stride * self.stride.div_ceil(width) * self.n.div_ceil(march)
    }

    /// Strip `index` of `strip_count(width, march)`.
    #[inline(always)]
    #[must_use]
    pub fn strip(&self, width: usize, march: usize, index: usize) -> Strip {
        let (bands, marches) = (self.stride.div_ceil(width), self.n.div_ceil(march));
        let column = index % bands * width;
        let node = index / bands % marches * march;
        Strip {
            slab: index / bands / marches,
            columns: column..(column + width).min(self.stride),
            nodes: node..(node + march).min(self.n),
        }
    }

    /// Where the nodes of a tile lie in a field.
    #[inline(always)]
    #[must_use]
    pub fn runs(&self, tile: Tile) -> Runs {
        if self.stride == 1 {
            Runs { start: tile.start, count: 1, length: self.n, pitch: 0 }
        } else {
            Runs { start: tile.start, count: self.n, length: tile.width, pitch: self.stride }
        }
    }

    /// Copies the nodes of a tile out of a field: n rows.
    #[inline(always)]
    pub fn gather(&self, field: &[R], tile: Tile, nodes: &mut [R]) {
        self.runs(tile).each(|at, to, length| copy(&field[at..at + length], &mut nodes[to..to + length]));
    }

    /// Copies the nodes of a tile out of a field into a padded tile, whose ghosts stay as they were.
    #[inline(always)]
    pub fn gather_padded(&self, field: &[R], tile: Tile, padded: &mut [R]) {
        let from = GHOSTS * tile.width;
        self.gather(field, tile, &mut padded[from..from + self.n * tile.width]);
    }
}

/// Copies a run; short ones without a call.
#[inline(always)]
pub fn copy<R: Real>(from: &[R], to: &mut [R]) {
    for (out, x) in to.iter_mut().zip(from) {
        *out = *x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discretisation::Boundary;
    use crate::grid::Side;

    fn axis(n: usize, stride: usize, lines: usize) -> Axis<f64> {
        let side = || Side { boundary: Boundary::Open, exit_value: Vec::new() };
        Axis { n, stride, lines, spacing: 1.0, origin: 0.0, sides: [side(), side()] }
    }

    #[test]
    fn tiles_cover_every_node_once() {
        for (axis, width) in [(axis(7, 1, 24), 1), (axis(7, 10, 30), 4), (axis(7, 10, 30), 10), (axis(9, 3, 3), 8)] {
            let mut visits = vec![0; axis.n * axis.lines];
            for index in 0..axis.tile_count(width) {
                let tile = axis.tile(width, index);
                assert_eq!(tile.start, axis.line_start(tile.line));
                axis.runs(tile).each(|at, _, length| visits[at..at + length].iter_mut().for_each(|count| *count += 1));
            }
            assert!(visits.iter().all(|count| *count == 1));
        }
    }

    #[test]
    fn strips_cover_every_node_once() {
        for (axis, width, march) in [(axis(7, 10, 30), 4, 3), (axis(7, 10, 30), 10, 7), (axis(9, 3, 3), 8, 64)] {
            let mut visits = vec![0; axis.n * axis.lines];
            for index in 0..axis.strip_count(width, march) {
                let strip = axis.strip(width, march, index);
                assert_eq!(strip.at(&axis, axis.n, 0), axis.line_start(strip.line(&axis)));
                for i in strip.nodes.clone() {
                    let at = strip.at(&axis, axis.n, i);
                    visits[at..at + strip.columns.len()].iter_mut().for_each(|count| *count += 1);
                }
            }
            assert!(visits.iter().all(|count| *count == 1));
        }
    }

    #[test]
    fn gathers_columns_as_rows() {
        let axis = axis(7, 10, 30);
        let field: Vec<f64> = (0..210).map(f64::from).collect();
        let tile = axis.tile(4, 5);
        assert_eq!(tile, Tile { line: 18, start: 78, width: 2 });
        let mut padded = vec![-1.0; 26];
        axis.gather_padded(&field, tile, &mut padded);
        assert_eq!(padded[..8], [-1.0, -1.0, -1.0, -1.0, -1.0, -1.0, 78.0, 79.0]);
        assert_eq!(padded[18..20], [138.0, 139.0]);
        assert!(axis.tile_width(1 << 20) == 10 && axis.tile_width(0) == 8);
    }
}
