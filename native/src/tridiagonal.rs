//! Tridiagonal and cyclic systems of conservative positive operators, many at once: column c of row j stands at
//! `j * w + c`. Solved with additions, products and quotients of non-negative numbers only (the elimination of Grassmann,
//! Taksar & Heyman 1985), so that a non-negative right-hand side gives a non-negative solution, exact in every entry.
//! Meaning of src/scheme/tridiagonal.ts.
//!
//! Elimination begins at both ends of a line and meets in its middle: two chains of operations, each of which waits for its
//! own results only, so that one long line takes half the time. The steps are the same whatever the width.
//!
//! The matrix is given by its columns: unknown j passes `below[j]` >= 0 on to row j + 1 and `above[j]` >= 0 to row j - 1
//! (off the diagonal they stand with a minus sign), and its entries sum to `excess[j]` > 0. On a line `below[n - 1]` and
//! `above[0]` do not count; on a cycle row n is row 0. n >= 3.

use crate::real::Real;

/// The system of one tile, in borrowed memory.
pub struct Tridiagonal<'a, R> {
    /// What each unknown passes on to the next row.
    pub below: &'a mut [R],
    /// What each unknown passes on to the row before.
    pub above: &'a mut [R],
    /// Column sums.
    pub excess: &'a mut [R],
    /// Reciprocals of the pivots.
    inverse: &'a mut [R],
    /// On a cycle, the answer of the first n - 1 unknowns to the last.
    response: &'a mut [R],
    carried: &'a mut [R],
}

/// Pieces of scratch memory that a system takes.
pub const SYSTEM_PIECES: usize = 6;

impl<'a, R: Real> Tridiagonal<'a, R> {
    /// A system in `memory`, each piece at least rows times columns long.
    #[inline(always)]
    pub fn new(memory: [&'a mut [R]; SYSTEM_PIECES]) -> Self {
        let [below, above, excess, inverse, response, carried] = memory;
        Self { below, above, excess, inverse, response, carried }
    }

    /// Eliminates; the factors then serve any number of right-hand sides, and `below` and `above` hold some of them. The excess
    /// of the remaining matrix is carried along, which turns the subtraction of Thomas's algorithm into a sum.
    #[inline(always)]
    pub fn factor(&mut self, n: usize, w: usize, cyclic: bool) {
        let rows = if cyclic { n - 1 } else { n };
        let (top, bottom) = ends(rows);
        let Self { below, above, excess, inverse, carried, .. } = self;
        // The share of what an eliminated unknown has that leaves the line and goes to no neighbour, downwards and upwards. On a
        // cycle the ends of the line pass mass on to the condensed unknown: all of it leaves.
        let (down, up) = carried[..2 * w].split_at_mut(w);
        let beyond = if cyclic { R::ONE } else { R::ZERO };
        down.fill(beyond);
        up.fill(beyond);
        let row = |j: usize| j * w..(j + 1) * w;
        for step in 0..top {
            let at = row(step);
            eliminate(&excess[at.clone()], &above[at.clone()], &below[at.clone()], down, &mut inverse[at]);
            if step < bottom {
                let at = row(rows - 1 - step);
                eliminate(&excess[at.clone()], &below[at.clone()], &above[at.clone()], up, &mut inverse[at]);
            }
        }
        for (c, k) in row(top).enumerate() {
            inverse[k] = R::ONE / (excess[k] + above[k] * down[c] + below[k] * up[c]);
        }
        // What an unknown passes on is divided by its own pivot, and so is what it takes.
        let middle = top * w;
        for k in 0..middle {
            below[k] *= inverse[k];
            above[k + w] *= inverse[k];
        }
        for k in middle + w..rows * w {
            above[k] *= inverse[k];
            below[k - w] *= inverse[k];
        }
        if !cyclic {
            return;
        }
        let end = rows * w;
        self.response[..end].fill(R::ZERO);
        for c in 0..w {
            self.response[c] = self.below[end + c];
            self.response[end - w + c] += self.above[end + c];
        }
        substitute(rows, w, self.below, self.above, self.inverse, self.response);
        for c in 0..w {
            let mut sum = self.excess[end + c];
            for j in 0..rows {
                sum += self.excess[j * w + c] * self.response[j * w + c];
            }
            self.inverse[end + c] = R::ONE / sum;
        }
    }

    /// Solves in place for one right-hand side per column.
    #[inline(always)]
    pub fn solve(&self, n: usize, w: usize, cyclic: bool, x: &mut [R]) {
        if !cyclic {
            substitute(n, w, self.below, self.above, self.inverse, x);
            return;
        }
        let rows = n - 1;
        let end = rows * w;
        substitute(rows, w, self.below, self.above, self.inverse, x);
        for c in 0..w {
            let passed = self.above[c] * x[c] + self.below[end - w + c] * x[end - w + c];
            x[end + c] = (x[end + c] + passed) * self.inverse[end + c];
        }
        let (head, tail) = x.split_at_mut(end);
        for (row, response) in head.chunks_exact_mut(w).zip(self.response.chunks_exact(w)) {
            for c in 0..w {
                row[c] += response[c] * tail[c];
            }
        }
    }
}

/// Rows that are eliminated downwards from the first and upwards from the last; the one between them is left. Of two rows
/// the last is left.
#[inline(always)]
fn ends(rows: usize) -> (usize, usize) {
    (rows / 2, rows - 1 - rows / 2)
}

/// Reciprocal pivots of one row: `taken` is what it passes back to the row eliminated before, `given` what it passes on.
#[inline(always)]
fn eliminate<R: Real>(excess: &[R], taken: &[R], given: &[R], share: &mut [R], inverse: &mut [R]) {
    let w = share.len();
    let (excess, taken, given, inverse) = (&excess[..w], &taken[..w], &given[..w], &mut inverse[..w]);
    for c in 0..w {
        let leaves = excess[c] + taken[c] * share[c];
        let pivot = leaves + given[c];
        share[c] = leaves / pivot;
        inverse[c] = R::ONE / pivot;
    }
}

#[inline(always)]
fn substitute<R: Real>(n: usize, w: usize, below: &[R], above: &[R], inverse: &[R], x: &mut [R]) {
    let (top, bottom) = ends(n);
    let row = |field: &'_ [R], j: usize| -> std::ops::Range<usize> { j * w..((j + 1) * w).min(field.len()) };
    for j in 1..=top {
        let (done, next) = x.split_at_mut(j * w);
        add_product(&mut next[..w], &below[row(below, j - 1)], &done[(j - 1) * w..]);
        // The middle takes from below last.
        if j < bottom || (j == top && bottom > 0) {
            let j = if j == top { top } else { n - 1 - j };
            let (next, done) = x.split_at_mut((j + 1) * w);
            add_product(&mut next[j * w..], &above[row(above, j + 1)], &done[..w]);
        }
    }
    for (x, inverse) in x[top * w..(top + 1) * w].iter_mut().zip(&inverse[top * w..]) {
        *x *= *inverse;
    }
    for step in 1..=top {
        let j = top - step;
        let (next, done) = x.split_at_mut((j + 1) * w);
        let next = &mut next[j * w..];
        scale(next, &inverse[row(inverse, j)]);
        add_product(next, &above[row(above, j + 1)], &done[..w]);
        if step <= bottom {
            let j = top + step;
            let (done, next) = x.split_at_mut(j * w);
            let next = &mut next[..w];
            scale(next, &inverse[row(inverse, j)]);
            add_product(next, &below[row(below, j - 1)], &done[(j - 1) * w..]);
        }
    }
}

/// out *= factor
#[inline(always)]
fn scale<R: Real>(out: &mut [R], factor: &[R]) {
    for (out, factor) in out.iter_mut().zip(factor) {
        *out *= *factor;
    }
}

/// out += factor x
#[inline(always)]
fn add_product<R: Real>(out: &mut [R], factor: &[R], x: &[R]) {
    for ((out, factor), x) in out.iter_mut().zip(factor).zip(x) {
        *out += *factor * *x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The matrix of below, above and excess times x, entry by entry.
    fn product([below, above, excess]: [&[f64]; 3], n: usize, w: usize, cyclic: bool, x: &[f64]) -> Vec<f64> {
        let mut y = vec![0.0; n * w];
        for c in 0..w {
            for j in 0..n {
                let has_below = cyclic || j + 1 < n;
                let has_above = cyclic || j > 0;
                let below = if has_below { below[j * w + c] } else { 0.0 };
                let above = if has_above { above[j * w + c] } else { 0.0 };
                y[j * w + c] += (excess[j * w + c] + below + above) * x[j * w + c];
                y[(j + 1) % n * w + c] -= below * x[j * w + c];
                y[(j + n - 1) % n * w + c] -= above * x[j * w + c];
            }
        }
        y
    }

    fn check(n: usize, w: usize, cyclic: bool) {
        let mut memory: [Vec<f64>; SYSTEM_PIECES] = std::array::from_fn(|_| vec![0.0; n * w]);
        let mut t = Tridiagonal::new(memory.each_mut().map(Vec::as_mut_slice));
        let number = |k: usize| f64::from(u32::try_from((k * 7919 + 13) % 101).expect("small")) / 101.0;
        for k in 0..n * w {
            t.below[k] = 30.0 * number(k);
            t.above[k] = 20.0 * number(k + 57);
            t.excess[k] = 0.5 + number(k + 3);
        }
        let right: Vec<f64> = (0..n * w).map(|k| number(k + 11)).collect();
        let mut x = right.clone();
        let matrix = [t.below.to_vec(), t.above.to_vec(), t.excess.to_vec()];
        t.factor(n, w, cyclic);
        t.solve(n, w, cyclic, &mut x);
        for (got, want) in product(matrix.each_ref().map(Vec::as_slice), n, w, cyclic, &x).iter().zip(&right) {
            assert!((got - want).abs() < 2e-13, "{got} {want}");
        }
        assert!(x.iter().all(|value| *value >= 0.0));
    }

    #[test]
    fn solves_lines_and_cycles_of_any_width() {
        for n in [3, 4, 5, 6, 7, 20, 33] {
            for w in [1, 2, 8] {
                check(n, w, false);
                check(n, w, true);
            }
        }
    }
}
