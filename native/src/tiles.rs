//! Moving tiles between fields and scratch memory. A tile of several lines along the contiguous axis is turned on the way,
//! so that it looks like any other.
//!
//! Numbers on the faces of an axis lie like a field with n + 1 nodes along
//! that axis: face j stands between nodes j - 1 and j, face 0 and face n are the walls.

use crate::crew::Shared;
use crate::grid::Axis;
use crate::lines::Tile;
use crate::real::Real;

/// Calls `each` with (index in the field, index in the tile, length) of every run of a tile with `rows` rows: n nodes or
/// n + 1 faces.
#[inline(always)]
fn each_run<R: Real>(axis: &Axis<R>, tile: Tile, rows: usize, mut each: impl FnMut(usize, usize, usize)) {
    let Tile { line, width, .. } = tile;
    let stride = axis.stride;
    let inner = line % stride;
    let start = (line - inner) * rows + inner;
    // One place that calls, or the call is not inlined and knows nothing of the level's instructions.
    let (outer, columns, length) = match (stride, width) {
        (1, 1) => (1, 1, rows),
        (1, _) => (rows, width, 1),
        _ => (rows, 1, width),
    };
    for row in 0..outer {
        for column in 0..columns {
            each(start + row * stride + column * rows, row * width + column, length);
        }
    }
}

/// Applies `update` to pairs; short runs in whole vectors.
#[inline(always)]
fn pairwise<R: Real>(out: &mut [R], with: &[R], update: impl Fn(&mut R, R)) {
    const CHUNK: usize = 8;
    let mut outs = out.chunks_exact_mut(CHUNK);
    let mut withs = with.chunks_exact(CHUNK);
    for (out, with) in (&mut outs).zip(&mut withs) {
        for c in 0..CHUNK {
            update(&mut out[c], with[c]);
        }
    }
    for (out, with) in outs.into_remainder().iter_mut().zip(withs.remainder()) {
        update(out, *with);
    }
}

/// Copies the nodes of a tile out of a field.
#[inline(always)]
pub fn gather<R: Real>(axis: &Axis<R>, tile: Tile, field: &[R], nodes: &mut [R]) {
    each_run(axis, tile, axis.n, |at, to, length| {
        pairwise(&mut nodes[to..to + length], &field[at..at + length], |x, y| *x = y);
    });
}

/// Copies nodes into a field.
///
/// # Safety
/// Nobody else may use the tile's nodes of the field.
#[inline(always)]
pub unsafe fn scatter<R: Real>(axis: &Axis<R>, tile: Tile, nodes: &[R], field: Shared<'_, R>) {
    each_run(axis, tile, axis.n, |at, from, length| {
        // SAFETY: as the caller promises.
        pairwise(unsafe { field.slice(at, length) }, &nodes[from..from + length], |x, y| *x = y);
    });
}

/// Copies nodes out of a field that is being written elsewhere.
///
/// # Safety
/// Nobody else may write the tile's nodes of the field.
#[inline(always)]
pub unsafe fn gather_shared<R: Real>(axis: &Axis<R>, tile: Tile, field: Shared<'_, R>, nodes: &mut [R]) {
    each_run(axis, tile, axis.n, |at, to, length| {
        // SAFETY: as the caller promises.
        pairwise(&mut nodes[to..to + length], unsafe { field.slice(at, length) }, |x, y| *x = y);
    });
}

/// Copies the faces of a tile out of a field of faces.
#[inline(always)]
pub fn gather_faces<R: Real>(axis: &Axis<R>, tile: Tile, field: &[R], faces: &mut [R]) {
    each_run(axis, tile, axis.n + 1, |at, to, length| {
        pairwise(&mut faces[to..to + length], &field[at..at + length], |x, y| *x = y);
    });
}

/// Copies faces into a field of faces.
///
/// # Safety
/// Nobody else may use the tile's faces of the field.
#[inline(always)]
pub unsafe fn scatter_faces<R: Real>(axis: &Axis<R>, tile: Tile, faces: &[R], field: Shared<'_, R>) {
    each_run(axis, tile, axis.n + 1, |at, from, length| {
        // SAFETY: as the caller promises.
        pairwise(unsafe { field.slice(at, length) }, &faces[from..from + length], |x, y| *x = y);
    });
}

/// Adds `factor` times faces to a field of faces.
///
/// # Safety
/// Nobody else may use the tile's faces of the field.
#[inline(always)]
pub unsafe fn add_faces<R: Real>(axis: &Axis<R>, tile: Tile, factor: R, faces: &[R], field: Shared<'_, R>) {
    each_run(axis, tile, axis.n + 1, |at, from, length| {
        // SAFETY: as the caller promises.
        pairwise(unsafe { field.slice(at, length) }, &faces[from..from + length], |x, y| *x += factor * y);
    });
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
    fn tiles_cover_every_face_once() {
        for (axis, width) in [(axis(7, 1, 24), 1), (axis(7, 10, 30), 4), (axis(7, 10, 30), 10), (axis(9, 3, 3), 8)] {
            let mut field = vec![0.0; axis.face_count()];
            let shared = Shared::new(&mut field);
            let faces = vec![1.0; (axis.n + 1) * width];
            for index in 0..axis.tile_count(width) {
                // SAFETY: there is one thread.
                unsafe { add_faces(&axis, axis.tile(width, index), 2.0, &faces, shared) };
            }
            assert_eq!(field, vec![2.0; axis.face_count()]);
        }
    }

    #[test]
    fn lines_of_the_contiguous_axis_are_turned() {
        let axis = axis(7, 1, 5);
        let field: Vec<f64> = (0..35).map(f64::from).collect();
        let mut nodes = vec![0.0; 21];
        gather(&axis, Tile { line: 2, start: 14, width: 3 }, &field, &mut nodes);
        assert_eq!(nodes[..6], [14.0, 21.0, 28.0, 15.0, 22.0, 29.0]);
        let mut faces = vec![0.0; axis.face_count()];
        // SAFETY: there is one thread.
        unsafe { scatter_faces(&axis, Tile { line: 3, start: 21, width: 2 }, &nodes, Shared::new(&mut faces)) };
        assert_eq!(faces[24..26], [14.0, 28.0]);
        assert_eq!(faces[32..34], [21.0, 15.0]);
    }

    #[test]
    fn what_is_scattered_is_gathered() {
        let axis = axis(7, 21, 42);
        let mut nodes: Vec<f64> = (0..7 * 21).map(f64::from).collect();
        let mut field = vec![0.0; 7 * 42];
        let tile = axis.tile(21, 1);
        // SAFETY: there is one thread.
        unsafe { scatter(&axis, tile, &nodes, Shared::new(&mut field)) };
        assert_eq!(field[..147], [0.0; 147]);
        assert_eq!(field[147..], nodes);
        nodes.fill(-1.0);
        gather(&axis, tile, &field, &mut nodes);
        assert_eq!(field[147..], nodes);
    }
}
