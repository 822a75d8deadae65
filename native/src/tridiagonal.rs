//! Tridiagonal and cyclic systems of conservative positive operators, many at once: column c of row j stands at
//! `j * w + c`. Solved with additions, products and quotients of non-negative numbers only (the elimination of Grassmann,
//! Taksar & Heyman 1985), so that a non-negative right-hand side gives a non-negative solution, exact in every entry.
//! Meaning of src/scheme/tridiagonal.ts.
//!
//! The matrix is given by its columns: unknown j passes `below[j]` >= 0 on to row j + 1 and `above[j]` >= 0 to row j - 1
//! (off the diagonal they stand with a minus sign), and its entries sum to `excess[j]` > 0. On a line `below[n - 1]` and
//! `above[0]` are not read; on a cycle row n is row 0. n >= 3.

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

    /// Eliminates; the factors then serve any number of right-hand sides. The excess of the remaining matrix is carried
    /// along, which turns the subtraction of Thomas's algorithm into a sum.
    #[inline(always)]
    pub fn factor(&mut self, n: usize, w: usize, cyclic: bool) {
        let rows = if cyclic { n - 1 } else { n };
        let carried = &mut self.carried[..w];
        for (c, carry) in carried.iter_mut().enumerate() {
            // On a cycle the first and last rows of the line also pass mass on to the condensed unknown.
            *carry = if cyclic { self.excess[c] + self.above[c] } else { self.excess[c] };
        }
        for j in 0..rows {
            let at = j * w;
            let last = j == rows - 1;
            let below = &self.below[at..at + w];
            if j > 0 {
                let (done, next) = self.inverse.split_at_mut(at);
                let before = &done[at - w..];
                let above = &self.above[at..at + w];
                let excess = &self.excess[at..at + w];
                for c in 0..w {
                    carried[c] = excess[c] + above[c] * carried[c] * before[c];
                }
                pivots(&mut next[..w], carried, below, last, cyclic);
            } else {
                pivots(&mut self.inverse[..w], carried, below, last, cyclic);
            }
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

/// Reciprocal pivots of one row.
#[inline(always)]
fn pivots<R: Real>(inverse: &mut [R], carried: &mut [R], below: &[R], last: bool, cyclic: bool) {
    for c in 0..inverse.len() {
        if last && cyclic {
            carried[c] += below[c];
        }
        inverse[c] = R::ONE / if last { carried[c] } else { carried[c] + below[c] };
    }
}

#[inline(always)]
fn substitute<R: Real>(n: usize, w: usize, below: &[R], above: &[R], inverse: &[R], x: &mut [R]) {
    for j in 1..n {
        let at = j * w;
        let (done, next) = x.split_at_mut(at);
        let before = &done[at - w..];
        let below = &below[at - w..at];
        let pivot = &inverse[at - w..at];
        for c in 0..w {
            next[c] += below[c] * before[c] * pivot[c];
        }
    }
    let end = (n - 1) * w;
    for c in 0..w {
        x[end + c] *= inverse[end + c];
    }
    for j in (0..n - 1).rev() {
        let at = j * w;
        let (done, next) = x.split_at_mut(at + w);
        let row = &mut done[at..];
        let above = &above[at + w..at + 2 * w];
        let pivot = &inverse[at..at + w];
        for c in 0..w {
            row[c] = (row[c] + above[c] * next[c]) * pivot[c];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The matrix times x, entry by entry.
    fn product(t: &Tridiagonal<'_, f64>, n: usize, w: usize, cyclic: bool, x: &[f64]) -> Vec<f64> {
        let mut y = vec![0.0; n * w];
        for c in 0..w {
            for j in 0..n {
                let has_below = cyclic || j + 1 < n;
                let has_above = cyclic || j > 0;
                let below = if has_below { t.below[j * w + c] } else { 0.0 };
                let above = if has_above { t.above[j * w + c] } else { 0.0 };
                y[j * w + c] += (t.excess[j * w + c] + below + above) * x[j * w + c];
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
        t.factor(n, w, cyclic);
        t.solve(n, w, cyclic, &mut x);
        for (got, want) in product(&t, n, w, cyclic, &x).iter().zip(&right) {
            assert!((got - want).abs() < 2e-13, "{got} {want}");
        }
        assert!(x.iter().all(|value| *value >= 0.0));
    }

    #[test]
    fn solves_lines_and_cycles_of_any_width() {
        for n in [3, 4, 7, 20] {
            for w in [1, 2, 8] {
                check(n, w, false);
                check(n, w, true);
            }
        }
    }
}
