//! One-sided slopes of a field along one axis, handed row by row to whatever uses them, so that they are never stored.
//!
//! Along the contiguous axis a row is a whole line. Along a strided axis rows of neighbouring columns are read where they
//! lie, and the pass marches over the nodes: memory is read in its own order and only a few rows are in use at a time.

use std::ops::Range;

use crate::ahead::ahead;
use crate::axis_field::{AxisField, PaddedRows};
use crate::crew::{Crew, Scratch, Shared};
use crate::discretisation::Discretisation;
use crate::grid::{Axis, GHOSTS};
use crate::lines::Strip;
use crate::real::Real;
use crate::simd::{Kernel, Level};
use crate::walls::Walls;
use crate::weno5::{Also, CHUNK, Slopes, WenoReal};

/// A problem and the threads that work on it.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a, R> {
    /// The problem.
    pub d: &'a Discretisation<R>,
    /// The threads.
    pub crew: &'a Crew<R>,
}

/// Neighbouring nodes with their slopes: one line, or one node of neighbouring lines.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a, R> {
    /// Array index of the first number.
    pub at: usize,
    /// The line of the first number.
    pub line: usize,
    /// The node of a row across lines; `None` where the row is a whole line.
    pub node: Option<usize>,
    /// u_x^- of every node.
    pub minus: &'a [R],
    /// u_x^+ of every node.
    pub plus: &'a [R],
    /// u at the nodes i - 3 .. i + 3 of every node i.
    pub u: [&'a [R]; 7],
}

/// What uses slopes. `row` is the body of a kernel: implementations mark it `#[inline(always)]`.
pub trait SlopeSink<R>: Copy + Sync {
    /// Takes one row; `buffers` are as long as it. The largest number returned is what the pass returns. In a pass over all
    /// axes the buffers hold what the same nodes' rows along the axis before left there.
    fn row(self, row: Row<'_, R>, buffers: [&mut [R]; 2]) -> f64;

    /// Asks for what the row of `length` numbers at `at` will read.
    #[inline(always)]
    fn ahead(self, _at: usize, _length: usize) {}
}

/// Nodes that one block of a strided axis marches over.
const MARCH: usize = 64;
/// Numbers of scratch memory per row length: ghosts on both sides, three rows of u_x^-, two of u_x^+.
const ROWS: usize = 2 * GHOSTS + 5;
/// Rows that a sink gets besides.
const BUFFERS: usize = 2;

/// Numbers of scratch memory that `each_slope` needs for a problem.
#[must_use]
pub fn scratch_length<R: Real>(d: &Discretisation<R>) -> usize {
    d.axes.iter().map(|axis| own_length(axis) + BUFFERS * longest_row(axis)).max().unwrap_or(0)
}

/// Numbers of scratch memory that a pass over an axis needs but for its sink's buffers.
pub(crate) fn own_length<R: Real>(axis: &Axis<R>) -> usize {
    if axis.stride == 1 { 3 * (axis.n + 2 * GHOSTS) } else { ROWS * axis.row_length() }
}

fn longest_row<R: Real>(axis: &Axis<R>) -> usize {
    if axis.stride == 1 { axis.n } else { axis.row_length() }
}

/// What the rows of a march have in common.
struct MarchRows<'a, R, S> {
    padded: PaddedRows<'a, R>,
    sink: S,
    line: usize,
    /// Node after the last one.
    end: usize,
}

impl<'a, R: Real, S: SlopeSink<R>> MarchRows<'a, R, S> {
    /// Hands on the row of node i.
    #[inline(always)]
    fn row(&self, i: usize, minus: &[R], plus: &[R], buffers: [&mut [R]; BUFFERS]) -> f64 {
        let row = Row {
            at: self.padded.at(i),
            line: self.line,
            node: Some(i),
            minus,
            plus,
            u: [0, 1, 2, 3, 4, 5, 6].map(|k| self.padded.row(i + k)),
        };
        self.sink.row(row, buffers)
    }

    /// What the round reads that has the row of node i.
    #[inline(always)]
    fn ahead(&self, i: usize) -> RowAhead<'a, R, S> {
        let PaddedRows { width, n, .. } = self.padded;
        RowAhead {
            sink: self.sink,
            at: self.padded.at(i),
            length: if i < self.end { width } else { 0 },
            next: (i + GHOSTS < n).then(|| self.padded.row(i + 2 * GHOSTS)),
        }
    }
}

/// Asks for what is read soon, chunk by chunk.
#[derive(Clone, Copy)]
struct RowAhead<'a, R, S> {
    sink: S,
    /// The row of the sink, as long as it is asked for.
    at: usize,
    length: usize,
    /// The row of u that the next round reads.
    next: Option<&'a [R]>,
}

impl<R: Copy, S: SlopeSink<R>> Also for RowAhead<'_, R, S> {
    #[inline(always)]
    fn before(self, chunk: usize) {
        if chunk + CHUNK <= self.length {
            self.sink.ahead(self.at + chunk, CHUNK);
            if let Some(next) = self.next {
                ahead(&next[chunk..][..CHUNK]);
            }
        }
    }
}

/// The buffers of a march: those of its node number i begin at i times `stride`.
pub(crate) struct Buffers<'m, R> {
    pub(crate) rows: [&'m mut [R]; BUFFERS],
    pub(crate) stride: usize,
}

impl<R> Buffers<'_, R> {
    #[inline(always)]
    fn at(&mut self, number: usize, width: usize) -> [&mut [R]; BUFFERS] {
        let from = number * self.stride;
        self.rows.each_mut().map(|row| &mut row[from..from + width])
    }
}

/// Calls `sink` with every row along an axis; returns the largest of its answers, at least 0.
pub fn each_slope<R: WenoReal, S: SlopeSink<R>>(
    context: Context<'_, R>,
    axis: usize,
    u: Shared<'_, R>,
    walls: &Walls<R>,
    sink: S,
) -> f64 {
    let pass = Pass::new(context, axis, u, walls, sink);
    let crew = context.crew;
    crew.largest(pass.count(), |scratch, block| crew.level.run(Block { pass: &pass, number: block, scratch }))
}

/// A pass over one axis.
pub(crate) struct Pass<'a, R, S> {
    field: AxisField<'a, R>,
    slopes: Slopes<R>,
    level: Level,
    sink: S,
}

/// One block of a pass.
struct Block<'a, R, S> {
    pass: &'a Pass<'a, R, S>,
    number: usize,
    scratch: &'a mut Scratch<R>,
}

impl<R: WenoReal, S: SlopeSink<R>> Kernel for Block<'_, R, S> {
    type Output = f64;
    #[inline(always)]
    fn run<const F: bool>(self) -> f64 {
        let Self { pass, number, scratch } = self;
        let axis = pass.axis();
        let (memory, rest) = scratch.all().split_at_mut(own_length(axis));
        let (first, second) = rest.split_at_mut(longest_row(axis));
        if axis.stride == 1 {
            return pass.line(number, memory, [first, &mut second[..axis.n]]);
        }
        let strip = axis.strip(axis.row_length(), MARCH, number);
        pass.march(&strip, memory, Buffers { rows: [first, second], stride: 0 })
    }
}

impl<'a, R: WenoReal, S: SlopeSink<R>> Pass<'a, R, S> {
    pub(crate) fn new(
        Context { d, crew }: Context<'a, R>,
        axis: usize,
        u: Shared<'a, R>,
        walls: &'a Walls<R>,
        sink: S,
    ) -> Self {
        let field = AxisField::new(d, axis, u, walls);
        let slopes = Slopes::new(d.scheme.weno, d.scheme.epsilon, field.axis.inverse());
        Self { field, slopes, level: crew.level, sink }
    }

    /// The axis.
    #[inline(always)]
    pub(crate) fn axis(&self) -> &'a Axis<R> {
        self.field.axis
    }

    fn count(&self) -> usize {
        let axis = self.axis();
        if axis.stride == 1 {
            return axis.lines;
        }
        axis.strip_count(axis.row_length(), MARCH)
    }

    /// All nodes of a line of the contiguous axis.
    #[inline(always)]
    pub(crate) fn line(&self, line: usize, memory: &mut [R], buffers: [&mut [R]; BUFFERS]) -> f64 {
        let n = self.axis().n;
        let at = line * n;
        let (padded, rest) = memory.split_at_mut(n + 2 * GHOSTS);
        let (minus, plus) = rest.split_at_mut(n + 2 * GHOSTS);
        // SAFETY: lines are apart, and what the sink writes of this line it writes after this copy.
        unsafe { self.field.line(line, padded) };
        let padded = &*padded;
        // Interval t lies between the nodes t - 1 and t: it gives u_x^+ of the one and u_x^- of the other.
        let stencil = [0, 1, 2, 3, 4, 5].map(|k| &padded[k..=k + n]);
        let also = RowAhead { sink: self.sink, at, length: n, next: None };
        self.slopes.intervals_and(self.level, stencil, &mut minus[..=n], &mut plus[..=n], also);
        let row = Row {
            at,
            line,
            node: None,
            minus: &minus[..n],
            plus: &plus[1..=n],
            u: [0, 1, 2, 3, 4, 5, 6].map(|k| &padded[k..k + n]),
        };
        self.sink.row(row, buffers)
    }

    /// Some nodes of neighbouring columns of a strided axis, node by node.
    #[inline(always)]
    pub(crate) fn march(&self, strip: &Strip, memory: &mut [R], mut buffers: Buffers<'_, R>) -> f64 {
        let Range { start: from, end: to } = strip.nodes;
        let (ghosts, rest) = memory.split_at_mut(2 * GHOSTS * strip.columns.len());
        // SAFETY: along a strided axis nobody writes u: sinks write their own rows of other fields.
        let padded = unsafe { self.field.rows(strip, ghosts) };
        let width = padded.width;
        let (mut minus, rest) = rest.split_at_mut(width);
        let (next, rest) = rest.split_at_mut(width);
        let (mut after, rest) = rest.split_at_mut(width);
        let (plus, rest) = rest.split_at_mut(width);
        let plus_next = &mut rest[..width];
        let rows = MarchRows { padded, sink: self.sink, line: strip.line(self.axis()), end: to };
        let mut most = 0.0;
        let mut t = from;
        // Interval t lies between the nodes t - 1 and t; two are computed together where they can be.
        while t <= to {
            if t < to && width >= CHUNK {
                let stencil = [0, 1, 2, 3, 4, 5, 6].map(|k| padded.row(t + k));
                let (minus_rows, plus_rows) = ([&mut *next, &mut *after], [&mut *plus, &mut *plus_next]);
                self.slopes.pairs_and(
                    self.level,
                    stencil,
                    minus_rows,
                    plus_rows,
                    [rows.ahead(t + 1), rows.ahead(t + 2)],
                );
                if t > from {
                    most = f64::max(most, rows.row(t - 1, minus, plus, buffers.at(t - 1 - from, width)));
                }
                most = f64::max(most, rows.row(t, next, plus_next, buffers.at(t - from, width)));
                t += 2;
            } else {
                let stencil = [0, 1, 2, 3, 4, 5].map(|k| padded.row(t + k));
                self.slopes.intervals_and(self.level, stencil, after, plus, rows.ahead(t));
                if t > from {
                    most = f64::max(most, rows.row(t - 1, minus, plus, buffers.at(t - 1 - from, width)));
                }
                t += 1;
            }
            std::mem::swap(&mut minus, &mut after);
        }
        most
    }
}
