//! One-sided WENO5 derivatives of whole lines along the last axis: the chunks at a line's ends are padded with ghosts, what
//! is between them is read where it lies and written where it belongs.

use crate::discretisation::Weno;
use crate::grid::{GHOSTS, GhostRules, ghost_row};
use crate::simd::{Kernel, Level};
use crate::weno5::{CHUNK, JS, M, Slopes, WenoReal, Z};

/// Fewest nodes of such a line: a chunk at each end.
pub const FEWEST_LINE_NODES: usize = 2 * CHUNK;

/// Entries that one chunk of intervals reads: nodes of the line and three ghosts.
const PADDED: usize = CHUNK + 5;
const NODES: usize = PADDED - GHOSTS;

impl<R: WenoReal> Slopes<R> {
    /// Derivatives of all whole lines of `n` nodes that the slices have in common; wall values are 0.
    ///
    /// Does nothing where a line has fewer than [`FEWEST_LINE_NODES`].
    pub fn lines(&self, level: Level, field: &[R], n: usize, rules: GhostRules, p_minus: &mut [R], p_plus: &mut [R]) {
        if n < FEWEST_LINE_NODES {
            return;
        }
        let slopes = self;
        match self.variant {
            Weno::Js => level.run(Lines::<R, JS> { slopes, field, n, rules, p_minus, p_plus }),
            Weno::Z => level.run(Lines::<R, Z> { slopes, field, n, rules, p_minus, p_plus }),
            Weno::M => level.run(Lines::<R, M> { slopes, field, n, rules, p_minus, p_plus }),
        }
    }
}

struct Lines<'a, R, const V: u8> {
    slopes: &'a Slopes<R>,
    field: &'a [R],
    n: usize,
    rules: GhostRules,
    p_minus: &'a mut [R],
    p_plus: &'a mut [R],
}

impl<R: WenoReal, const V: u8> Kernel for Lines<'_, R, V> {
    type Output = ();

    #[inline(always)]
    fn run<const F: bool>(self) {
        let Self { slopes, field, n, rules, p_minus, p_plus } = self;
        let mut padded = [R::ZERO; PADDED];
        let outputs = p_minus.chunks_exact_mut(n).zip(p_plus.chunks_exact_mut(n));
        for (line, (p_minus, p_plus)) in field.chunks_exact(n).zip(outputs) {
            // The interval before node k has the left-biased slope at k and the right-biased one at k - 1.
            padded[GHOSTS..].copy_from_slice(&line[..NODES]);
            for k in 0..GHOSTS {
                let ghost = GHOSTS - 1 - k;
                ghost_row(rules[0], k, n, |i| &line[i..=i], None, &mut padded[ghost..=ghost]);
            }
            let (minus, plus) = end::<R, V, F>(slopes, &padded);
            p_minus[..CHUNK].copy_from_slice(&minus);
            p_plus[..CHUNK - 1].copy_from_slice(&plus[1..]);

            padded[..NODES].copy_from_slice(&line[n - NODES..]);
            for k in 0..GHOSTS {
                let ghost = NODES + k;
                ghost_row(rules[1], k, n, |i| &line[n - 1 - i..n - i], None, &mut padded[ghost..=ghost]);
            }
            let (minus, plus) = end::<R, V, F>(slopes, &padded);
            p_minus[n + 1 - CHUNK..].copy_from_slice(&minus[..CHUNK - 1]);
            p_plus[n - CHUNK..].copy_from_slice(&plus);

            let count = n + 1 - 2 * CHUNK;
            let rows = std::array::from_fn(|r| {
                let from = CHUNK - GHOSTS + r;
                &line[from..from + count]
            });
            let results = (&mut p_minus[CHUNK..CHUNK + count], &mut p_plus[CHUNK - 1..CHUNK - 1 + count]);
            slopes.intervals_of::<V, F>(rows, results.0, results.1, ());
        }
    }
}

/// The chunk of intervals of a padded end.
#[inline(always)]
fn end<R: WenoReal, const V: u8, const F: bool>(slopes: &Slopes<R>, padded: &[R; PADDED]) -> ([R; CHUNK], [R; CHUNK]) {
    let mut rows = [[R::ZERO; CHUNK]; 6];
    for (r, row) in rows.iter_mut().enumerate() {
        row.copy_from_slice(&padded[r..r + CHUNK]);
    }
    slopes.chunk::<V, F>(rows.each_ref())
}
