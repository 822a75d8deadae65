//! A field as one axis reads it: its lines, or rows of neighbouring columns where they lie, with their ghosts.

use crate::crew::Shared;
use crate::discretisation::Discretisation;
use crate::grid::{Axis, GHOSTS, GhostRules, fill_ghosts, ghost_row, value_rule};
use crate::lines::Strip;
use crate::real::Real;
use crate::walls::Walls;

/// The value function along one axis.
pub(crate) struct AxisField<'a, R> {
    /// The axis.
    pub(crate) axis: &'a Axis<R>,
    index: usize,
    rules: GhostRules,
    walls: &'a Walls<R>,
    u: Shared<'a, R>,
}

impl<'a, R: Real> AxisField<'a, R> {
    pub(crate) fn new(d: &'a Discretisation<R>, index: usize, u: Shared<'a, R>, walls: &'a Walls<R>) -> Self {
        let axis = &d.axes[index];
        Self { axis, index, rules: axis.rules(value_rule), walls, u }
    }

    /// Copies a line of the contiguous axis with its ghosts: n + 6 numbers.
    ///
    /// # Safety
    /// Nobody writes the line meanwhile.
    #[inline(always)]
    pub(crate) unsafe fn line(&self, line: usize, padded: &mut [R]) {
        let n = self.axis.n;
        // SAFETY: as the caller promises.
        padded[GHOSTS..GHOSTS + n].copy_from_slice(unsafe { self.u.view(line * n, n) });
        fill_ghosts(padded, n, 1, self.rules, self.walls.at(self.index, line, 1));
    }

    /// The columns of a strip along a strided axis, all nodes of them; `ghosts` takes 6 rows, where the strip is near a wall.
    ///
    /// # Safety
    /// Nobody writes the field as long as the rows are in use.
    #[inline(always)]
    pub(crate) unsafe fn rows<'m>(&'m self, strip: &Strip, ghosts: &'m mut [R]) -> PaddedRows<'m, R> {
        let Axis { n, stride, .. } = *self.axis;
        let width = strip.columns.len();
        // SAFETY: as the caller promises.
        let field = unsafe { self.u.view(0, self.u.len()) };
        let start = strip.at(self.axis, n, 0);
        let node = |i: usize| &field[start + i * stride..][..width];
        let ghosts = &mut ghosts[..2 * GHOSTS * width];
        if strip.nodes.start < GHOSTS || strip.nodes.end + GHOSTS > n {
            let walls = self.walls.at(self.index, strip.line(self.axis), width);
            let (below, above) = ghosts.split_at_mut(GHOSTS * width);
            for k in 0..GHOSTS {
                let ghost = GHOSTS - 1 - k;
                ghost_row(self.rules[0], k, n, node, walls[0], &mut below[ghost * width..(ghost + 1) * width]);
                ghost_row(self.rules[1], k, n, |i| node(n - 1 - i), walls[1], &mut above[k * width..(k + 1) * width]);
            }
        }
        PaddedRows { field, ghosts, start, stride, width, n }
    }
}

/// Neighbouring columns of a strided axis, row by row.
#[derive(Clone, Copy)]
pub(crate) struct PaddedRows<'m, R> {
    field: &'m [R],
    /// Three rows below the columns, three above them.
    ghosts: &'m [R],
    /// Array index of the first column at node 0.
    pub(crate) start: usize,
    stride: usize,
    pub(crate) width: usize,
    /// Nodes of the axis.
    pub(crate) n: usize,
}

impl<'m, R: Real> PaddedRows<'m, R> {
    /// Array index of the first column at node i.
    #[inline(always)]
    pub(crate) fn at(&self, i: usize) -> usize {
        self.start + i * self.stride
    }

    /// The row of padded index p: node p - 3.
    #[inline(always)]
    pub(crate) fn row(&self, p: usize) -> &'m [R] {
        let Self { field, ghosts, width, n, .. } = *self;
        if p < GHOSTS {
            &ghosts[p * width..(p + 1) * width]
        } else if p < n + GHOSTS {
            &field[self.at(p - GHOSTS)..][..width]
        } else {
            &ghosts[(p - n) * width..(p - n + 1) * width]
        }
    }
}

#[cfg(test)]
impl<'m, R: Real> PaddedRows<'m, R> {
    /// All columns of a field with its ghosts, which are its first and last three rows.
    pub(crate) fn of_padded(padded: &'m [R], ghosts: &'m [R], width: usize) -> Self {
        let n = padded.len() / width - 2 * GHOSTS;
        Self { field: padded, ghosts, start: GHOSTS * width, stride: width, width, n }
    }
}
