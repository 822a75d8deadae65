//! The drift through the faces of an axis, of a tile or of a row of neighbouring columns.

use crate::discretisation::Discretisation;
use crate::drift::face_drift;
use crate::grid::{Axis, GHOSTS, fill_ghosts, value_rule};
use crate::lines::{Strip, Tile};
use crate::real::Real;
use crate::stage_drift::StageDrift;
use crate::tiles::gather;

/// What the drift through the faces of a tile is made of, gathered.
pub(crate) struct FaceDrift<'a, R> {
    pub(crate) d: &'a Discretisation<R>,
    pub(crate) index: usize,
    pub(crate) drift: &'a StageDrift<R>,
}

impl<R: Real> FaceDrift<'_, R> {
    /// b at the faces of a tile into `b`. The other pieces are scratch; `value` is left with u and its ghosts.
    #[inline(always)]
    pub(crate) fn tile(
        &self,
        tile: Tile,
        value: &mut [R],
        field: &mut [R],
        transverse: &mut [R],
        other: &mut [R],
        b: &mut [R],
    ) {
        let axis = &self.d.axes[self.index];
        let w = tile.width;
        let nodes = axis.n * w;
        let walls = self.drift.walls.at(self.index, tile.line, w);
        gather(axis, tile, &self.drift.u, &mut value[GHOSTS * w..]);
        fill_ghosts(value, axis.n, w, axis.rules(value_rule), walls);
        let across = !self.d.hamiltonian.separable;
        if across {
            let transverse = &mut transverse[..nodes];
            transverse.fill(R::ZERO);
            for (index, slopes) in self.drift.slopes.iter().enumerate() {
                if index == self.index {
                    continue;
                }
                let other = &mut other[..nodes];
                gather(axis, tile, slopes, other);
                for k in 0..nodes {
                    transverse[k] += other[k] * other[k];
                }
            }
        }
        let drift_field = self.d.drift(self.index);
        if let Some(drift_field) = drift_field {
            gather(axis, tile, drift_field, field);
        }
        let field = drift_field.map(|_| &field[..nodes]);
        let transverse = across.then_some(&transverse[..nodes]);
        let value = &*value;
        let row = |node: usize| &value[(GHOSTS + node) * w..(GHOSTS + node + 1) * w];
        let h = &self.d.hamiltonian;
        let inverse = R::from_f64(axis.inverse());
        let twice = inverse + inverse;
        let n = axis.n;
        let (first, rest) = b[..nodes + w].split_at_mut(w);
        let (inner, last) = rest.split_at_mut(nodes - w);
        let between = [&value[GHOSTS * w..][..nodes - w], &value[(GHOSTS + 1) * w..][..nodes - w]];
        face_drift(h, inverse, between, beside(transverse, w, [0, 1], n - 1), beside(field, w, [0, 1], n - 1), inner);
        if axis.periodic() {
            let across = [row(n - 1), row(0)];
            face_drift(
                h,
                inverse,
                across,
                beside(transverse, w, [n - 1, 0], 1),
                beside(field, w, [n - 1, 0], 1),
                first,
            );
            last.copy_from_slice(first);
            return;
        }
        for (side, faces) in [first, last].into_iter().enumerate() {
            let node = if side == 0 { 0 } else { n - 1 };
            let Some(wall) = walls[side] else {
                faces.fill(R::ZERO);
                continue;
            };
            let across = if side == 0 { [wall, row(0)] } else { [row(n - 1), wall] };
            face_drift(h, twice, across, beside(transverse, w, [node; 2], 1), beside(field, w, [node; 2], 1), faces);
        }
    }
}

impl<'a, R: Real> FaceDrift<'a, R> {
    /// b at face t of neighbouring columns of a strided axis into `b`. `transverse` is scratch.
    #[inline(always)]
    pub(crate) fn row(&self, strip: &Strip, t: usize, transverse: &mut [&mut [R]; 2], b: &mut [R]) {
        let axis = &self.d.axes[self.index];
        let Axis { n, .. } = *axis;
        let w = b.len();
        let row = |field: &'a [R], i: usize| &field[strip.at(axis, n, i)..][..w];
        let u = |i: usize| row(&self.drift.u, i);
        let inverse = R::from_f64(axis.inverse());
        let (nodes, between, inverse) = if t > 0 && t < n {
            ([t - 1, t], [u(t - 1), u(t)], inverse)
        } else if axis.periodic() {
            ([n - 1, 0], [u(n - 1), u(0)], inverse)
        } else {
            let side = usize::from(t == n);
            let Some(wall) = self.drift.walls.at(self.index, strip.line(axis), w)[side] else {
                b.fill(R::ZERO);
                return;
            };
            let node = side * (n - 1);
            ([node; 2], if side == 0 { [wall, u(node)] } else { [u(node), wall] }, inverse + inverse)
        };
        let h = &self.d.hamiltonian;
        let across = !h.separable;
        if across {
            for (out, node) in transverse.iter_mut().zip(nodes) {
                out.fill(R::ZERO);
                let others = self.drift.slopes.iter().enumerate().filter(|(index, _)| *index != self.index);
                for (_, slopes) in others {
                    for (x, p) in out.iter_mut().zip(row(slopes, node)) {
                        *x += *p * *p;
                    }
                }
            }
        }
        let [left, right] = transverse.each_ref().map(|row| &**row);
        let field = self.d.drift(self.index).map(|field| nodes.map(|i| row(field, i)));
        face_drift(h, inverse, between, across.then_some([left, right]), field, b);
    }
}

/// `count` rows from the nodes `left` and `right` on: what lies beside as many rows of faces.
#[inline(always)]
fn beside<R>(rows: Option<&[R]>, w: usize, [left, right]: [usize; 2], count: usize) -> Option<[&[R]; 2]> {
    let of = |rows: &'_ [R], node: usize| -> std::ops::Range<usize> { node * w..((node + count) * w).min(rows.len()) };
    rows.map(|rows| [&rows[of(rows, left)], &rows[of(rows, right)]])
}
