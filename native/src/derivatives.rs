//! One-sided derivatives of a whole array along one axis, shared out over threads.
//!
//! A slab is what the axis runs through without a break in memory: `n` rows of `stride` entries. Short slabs are copied
//! into padded scratch memory, ghosts among them, and done in one run. Long ones are read where they lie: intervals
//! that touch no ghost run over whole rows, in columns narrow enough for the six rows in use to stay in the first cache.

use std::ops::Range;

use rayon::ThreadPool;
use rayon::prelude::*;

use crate::discretisation::{Boundary, Epsilon, Weno};
use crate::grid::{GHOSTS, fill_ghosts, ghost_row, value_rule};
use crate::real::Real;
use crate::simd::Level;
use crate::weno5::{CHUNK, Slopes, WenoReal};
use crate::weno5_lines::FEWEST_LINE_NODES;

/// Fewest nodes along an axis: one whole stencil.
pub const FEWEST_NODES: usize = 7;

/// Longest run of neighbouring entries worked on together, in bytes: six rows and two of results stay in the first cache.
const RUN_BYTES: usize = 4096;

/// The same in entries of the smallest type.
const RUN: usize = RUN_BYTES / size_of::<f32>();

/// Longest slab that is copied.
const SHORT: usize = 2048;

/// Entries that one thread takes at a time, at least.
const SHARE: usize = 1 << 14;

/// Entries of an array below which one thread is faster than many.
pub const MANY: usize = 1 << 15;

/// What is asked of an array.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Nodes along the axis.
    pub n: usize,
    /// Entries from a node to the next one along the axis.
    pub stride: usize,
    /// 1/h.
    pub inverse_spacing: f64,
    /// The two walls; their values are 0.
    pub walls: [Boundary; 2],
    /// Nonlinear weights.
    pub variant: Weno,
    /// Their guard.
    pub epsilon: Epsilon,
}

/// Why arrays do not fit a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit(pub String);

/// Entries of a slab, if the layout and the arrays' lengths make sense.
fn check(layout: &Layout, lengths: [usize; 3]) -> Result<usize, Misfit> {
    let Layout { n, stride, walls, .. } = *layout;
    if n < FEWEST_NODES {
        return Err(Misfit(format!("the axis has {n} nodes, fewer than {FEWEST_NODES}")));
    }
    let slab = n.checked_mul(stride).filter(|&slab| slab > 0 && lengths[0].is_multiple_of(slab));
    let Some(slab) = slab else {
        return Err(Misfit(format!("{} entries are no multiple of {n} x {stride}", lengths[0])));
    };
    if lengths[1] != lengths[0] || lengths[2] != lengths[0] {
        return Err(Misfit(format!("the outputs have {} and {} entries, not {}", lengths[1], lengths[2], lengths[0])));
    }
    if (walls[0] == Boundary::Periodic) != (walls[1] == Boundary::Periodic) {
        return Err(Misfit("only one side is periodic".to_owned()));
    }
    Ok(slab)
}

/// Left- and right-biased derivatives at all nodes, on the threads of a pool or on this one.
///
/// # Errors
/// For arrays of the wrong length, an axis that is too short, or one periodic side.
pub fn derivatives<R: WenoReal>(
    field: &[R],
    layout: &Layout,
    p_minus: &mut [R],
    p_plus: &mut [R],
    level: Level,
    pool: Option<&ThreadPool>,
) -> Result<(), Misfit> {
    let slab = check(layout, [field.len(), p_minus.len(), p_plus.len()])?;
    let slopes = Slopes::new(layout.variant, layout.epsilon, layout.inverse_spacing);
    let axis = Axis { layout: *layout, slopes, level };
    let Some(pool) = pool.filter(|pool| field.len() >= MANY && pool.current_num_threads() > 1) else {
        axis.slabs(field, p_minus, p_plus, slab);
        return Ok(());
    };
    let share = (field.len() / (4 * pool.current_num_threads())).max(SHARE);
    pool.install(|| {
        if slab < 2 * share {
            let some = slab * share.div_ceil(slab);
            let outputs = p_minus.par_chunks_mut(some).zip(p_plus.par_chunks_mut(some));
            outputs.zip(field.par_chunks(some)).for_each(|((p_minus, p_plus), field)| {
                axis.slabs(field, p_minus, p_plus, slab);
            });
        } else {
            let rows = share.div_ceil(layout.stride);
            let some = rows * layout.stride;
            let outputs = p_minus.par_chunks_mut(slab).zip(p_plus.par_chunks_mut(slab));
            outputs.zip(field.par_chunks(slab)).for_each(|((p_minus, p_plus), field)| {
                let parts = p_minus.par_chunks_mut(some).zip(p_plus.par_chunks_mut(some)).enumerate();
                parts.for_each(|(k, (p_minus, p_plus))| axis.rows(field, k * rows, p_minus, p_plus));
            });
        }
    });
    Ok(())
}

/// Scratch memory of one thread's share.
struct Scratch<R> {
    /// A padded slab, or six ghost rows.
    padded: Vec<R>,
    /// Results of intervals of which one side is wanted.
    minus: [R; RUN],
    plus: [R; RUN],
}

impl<R: Real> Scratch<R> {
    fn new(length: usize) -> Self {
        Self { padded: vec![R::ZERO; length], minus: [R::ZERO; RUN], plus: [R::ZERO; RUN] }
    }
}

#[derive(Clone, Copy)]
struct Axis<R> {
    layout: Layout,
    slopes: Slopes<R>,
    level: Level,
}

impl<R: WenoReal> Axis<R> {
    /// Whole slabs, one after the other.
    fn slabs(&self, field: &[R], p_minus: &mut [R], p_plus: &mut [R], slab: usize) {
        if slab > SHORT {
            let outputs = p_minus.chunks_exact_mut(slab).zip(p_plus.chunks_exact_mut(slab));
            for (field, (p_minus, p_plus)) in field.chunks_exact(slab).zip(outputs) {
                self.rows(field, 0, p_minus, p_plus);
            }
            return;
        }
        let Layout { n, stride, .. } = self.layout;
        if stride == 1 && n >= FEWEST_LINE_NODES {
            return self.slopes.lines(self.level, field, n, self.layout.walls.map(value_rule), p_minus, p_plus);
        }
        // As many entries more as a chunk may read beyond the last interval.
        let mut scratch = Scratch::new(slab + 2 * GHOSTS * stride + CHUNK);
        let outputs = p_minus.chunks_exact_mut(slab).zip(p_plus.chunks_exact_mut(slab));
        for (field, (p_minus, p_plus)) in field.chunks_exact(slab).zip(outputs) {
            self.short(field, p_minus, p_plus, &mut scratch);
        }
    }

    /// A slab of at most `SHORT` entries: padded, then three runs over all its intervals, since of the first and the last
    /// `stride` ones a single side is wanted.
    fn short(&self, field: &[R], p_minus: &mut [R], p_plus: &mut [R], scratch: &mut Scratch<R>) {
        let Layout { n, stride, walls, .. } = self.layout;
        let slab = field.len();
        let Scratch { padded, minus, plus } = scratch;
        let start = GHOSTS * stride;
        padded[start..start + slab].copy_from_slice(field);
        fill_ghosts(&mut padded[..slab + 2 * start], n, stride, walls.map(value_rule), [None, None]);
        let padded = &*padded;
        let nodes = |from: usize, count: usize| -> [&[R]; 6] {
            std::array::from_fn(|r| &padded[from + r * stride..from + r * stride + count])
        };
        // Interval k has u^- at entry k and u^+ at entry k - stride.
        let all = slab + stride;
        let edge = stride.max(CHUNK);
        if 2 * edge >= all || edge > RUN {
            for from in (0..all).step_by(RUN) {
                let to = all.min(from + RUN);
                // Whole chunks: what lies beyond is finite and unread.
                let count = (to - from).next_multiple_of(CHUNK).min(padded.len() - 5 * stride - from);
                let count = count.min(RUN);
                self.slopes.intervals(self.level, nodes(from, count), &mut minus[..count], &mut plus[..count]);
                let until = to.min(slab);
                if from < until {
                    p_minus[from..until].copy_from_slice(&minus[..until - from]);
                }
                let skip = stride.saturating_sub(from);
                if from + skip < to {
                    p_plus[from + skip - stride..to - stride].copy_from_slice(&plus[skip..to - from]);
                }
            }
            return;
        }
        self.slopes.intervals(self.level, nodes(0, edge), &mut minus[..edge], &mut plus[..edge]);
        p_minus[..edge].copy_from_slice(&minus[..edge]);
        p_plus[..edge - stride].copy_from_slice(&plus[stride..edge]);
        let last = all - edge;
        self.slopes.intervals(self.level, nodes(last, edge), &mut minus[..edge], &mut plus[..edge]);
        p_minus[last..].copy_from_slice(&minus[..edge - stride]);
        p_plus[last - stride..].copy_from_slice(&plus[..edge]);
        let (from, count) = (edge, last - edge);
        let results = (&mut p_minus[from..last], &mut p_plus[from - stride..last - stride]);
        self.slopes.intervals(self.level, nodes(from, count), results.0, results.1);
    }

    /// Rows `first ..` of a slab, as many as the outputs hold.
    fn rows(&self, field: &[R], first: usize, p_minus: &mut [R], p_plus: &mut [R]) {
        let Layout { n, stride, .. } = self.layout;
        let run = RUN_BYTES / size_of::<R>();
        let end = first + p_minus.len() / stride;
        let mut scratch = Scratch::new(2 * GHOSTS * run.min(stride));
        // Intervals j with all six nodes inside and both results wanted.
        let whole = first.max(GHOSTS - 1)..(end - 1).min(n - GHOSTS);
        // Interval -1 is the first node's, interval n - 1 the last one's: the one before row i is i - 1.
        let (head, tail) = if whole.is_empty() {
            (first..end + 1, end + 1..end + 1)
        } else {
            (first..whole.start + 1, whole.end + 1..end + 1)
        };
        for column in (0..stride).step_by(run) {
            let columns = column..stride.min(column + run);
            self.ghosts(field, columns.clone(), &mut scratch.padded);
            for before in head.clone().chain(tail.clone()) {
                self.row(field, first..end, before, columns.clone(), (p_minus, p_plus), &mut scratch);
            }
            if stride > run {
                for j in whole.clone() {
                    self.run(field, first, j, columns.clone(), p_minus, p_plus);
                }
            }
        }
        if stride <= run && !whole.is_empty() {
            self.run(field, first, whole.start, 0..whole.len() * stride, p_minus, p_plus);
        }
    }

    /// Intervals that begin at row `j` and touch no ghost, over entries `columns` counted from that row.
    fn run(&self, field: &[R], first: usize, j: usize, columns: Range<usize>, p_minus: &mut [R], p_plus: &mut [R]) {
        let stride = self.layout.stride;
        let rows = std::array::from_fn(|r| {
            let at = (j + r - 2) * stride;
            &field[at + columns.start..at + columns.end]
        });
        let plus = (j - first) * stride;
        let minus = plus + stride;
        self.slopes.intervals(
            self.level,
            rows,
            &mut p_minus[minus + columns.start..minus + columns.end],
            &mut p_plus[plus + columns.start..plus + columns.end],
        );
    }

    /// The interval before row `before`, which reads ghosts or of which one side is wanted.
    fn row(
        &self,
        field: &[R],
        wanted: Range<usize>,
        before: usize,
        columns: Range<usize>,
        (p_minus, p_plus): (&mut [R], &mut [R]),
        scratch: &mut Scratch<R>,
    ) {
        let Layout { n, stride, .. } = self.layout;
        let count = columns.len();
        let Scratch { padded, minus, plus } = scratch;
        let padded = &*padded;
        let rows = std::array::from_fn(|r| {
            // Padded row: three ghosts, n nodes, three ghosts. The interval before node i reads the padded rows i .. i + 5.
            let row = before + r;
            if (GHOSTS..n + GHOSTS).contains(&row) {
                let at = (row - GHOSTS) * stride;
                &field[at + columns.start..at + columns.end]
            } else {
                let ghost = if row < GHOSTS { row } else { row - n };
                &padded[ghost * count..(ghost + 1) * count]
            }
        });
        self.slopes.intervals(self.level, rows, &mut minus[..count], &mut plus[..count]);
        if wanted.contains(&before) {
            let at = (before - wanted.start) * stride;
            p_minus[at + columns.start..at + columns.end].copy_from_slice(&minus[..count]);
        }
        if before > wanted.start {
            let at = (before - 1 - wanted.start) * stride;
            p_plus[at + columns.start..at + columns.end].copy_from_slice(&plus[..count]);
        }
    }

    /// Three ghost rows below and three above, the outermost first and last.
    fn ghosts(&self, field: &[R], columns: Range<usize>, rows: &mut [R]) {
        let Layout { n, stride, walls, .. } = self.layout;
        let row = |i: usize| &field[i * stride + columns.start..i * stride + columns.end];
        let count = columns.len();
        let (below, above) = rows[..2 * GHOSTS * count].split_at_mut(GHOSTS * count);
        for (k, out) in below.chunks_exact_mut(count).rev().enumerate() {
            ghost_row(value_rule(walls[0]), k, n, row, None, out);
        }
        for (k, out) in above.chunks_exact_mut(count).enumerate() {
            ghost_row(value_rule(walls[1]), k, n, |i| row(n - 1 - i), None, out);
        }
    }
}
