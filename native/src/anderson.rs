//! Anderson acceleration of M = G(M) on histories, by QR of the residual differences with updating and downdating (Walker &
//! Ni 2011, SIAM J. Numer. Anal. 49, section 4). Holds 2 (depth + 1) histories.

use std::collections::TryReserveError;

use crate::crew::{Crew, Shared};
use crate::history::{History, history};
use crate::real::Real;
use crate::simd::Kernel;

/// Largest condition number (Frobenius) of the normalised residual differences before the oldest is dropped.
const LARGEST_CONDITION: f64 = 1e10;

/// The differences of the last iterates.
#[derive(Debug)]
pub struct Anderson<R> {
    depth: usize,
    /// Orthonormal columns in the order of `r`; the free entries follow. One entry holds F of the last iterate.
    q: Vec<History<R>>,
    dg: Vec<History<R>>,
    /// Columns of R: `r[j][i]` is the entry (i, j).
    r: Vec<Vec<f64>>,
    pending: bool,
    cut: bool,
    /// Parts of sums over a history.
    parts: Vec<f64>,
}

/// A history that several threads write, each its own levels.
type SharedHistory<'a, R> = Shared<'a, Vec<R>>;

impl<R: Real> Anderson<R> {
    /// Room for `depth` differences.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(levels: usize, points: usize, depth: usize) -> Result<Self, TryReserveError> {
        let entries = || (0..=depth).map(|_| history(levels, points)).collect::<Result<Vec<_>, _>>();
        let (q, dg, parts) = (entries()?, entries()?, vec![0.0; levels]);
        Ok(Self { depth, q, dg, r: Vec::new(), pending: false, cut: false, parts })
    }

    /// Columns in use.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.r.len()
    }

    /// Forgets all differences.
    pub fn reset(&mut self) {
        self.r.clear();
        self.pending = false;
        self.cut = false;
    }

    /// The map changes after the next step: what that step keeps makes no column. The columns of the old map stay.
    pub fn cut(&mut self) {
        self.cut = self.pending;
    }

    /// M <- G - dG gamma - (1 - beta)(F - dF gamma), gamma = argmin |F - dF gamma|, in place. Returns the smallest entry of
    /// the new M; where it is negative, `undo` puts a blended step in its place.
    pub fn step(&mut self, crew: &Crew<R>, m: &mut History<R>, g: &History<R>, beta: f64) -> f64 {
        if self.pending {
            self.append(crew, m, g);
        }
        let projected: Vec<f64> = (0..self.columns()).map(|j| self.project(crew, m, g, j)).collect();
        let gamma = self.solve(&projected);
        self.take(crew, m, g, beta, &gamma, &projected)
    }

    /// M <- G - (1 - theta) F: the relaxed step from the iterate before `step`.
    pub fn undo(&self, crew: &Crew<R>, m: &mut History<R>, g: &History<R>, theta: f64) {
        let f = &self.q[self.columns()];
        let rest = R::from_f64(1.0 - theta);
        let m = SharedHistory::new(m);
        crew.each(m.len(), |_, k| {
            for ((x, g), f) in level(m, k).iter_mut().zip(&g[k]).zip(&f[k]) {
                *x = *g - rest * *f;
            }
        });
    }

    /// Turns the kept F and G into the newest column.
    fn append(&mut self, crew: &Crew<R>, m: &History<R>, g: &History<R>) {
        if self.columns() == self.depth {
            self.drop_oldest(crew);
        }
        let column = self.columns();
        let (older, rest) = self.q.split_at_mut(column);
        let q = SharedHistory::new(&mut rest[0]);
        let dg = SharedHistory::new(&mut self.dg[column]);
        let square = crew.sum(&mut self.parts, |_, k| {
            let (q, dg) = (level(q, k), level(dg, k));
            for (((f, h), g), m) in q.iter_mut().zip(dg).zip(&g[k]).zip(&m[k]) {
                *f = *g - *m - *f;
                *h = *g - *h;
            }
            square_of(crew, q)
        });
        self.pending = false;
        let norm = square.sqrt();
        if norm.is_nan() || norm <= 0.0 {
            return;
        }
        scale(crew, q, 1.0 / norm);
        scale(crew, dg, 1.0 / norm);
        let mut entries = vec![0.0; column + 1];
        // Twice is enough (Giraud et al. 2005).
        for _ in 0..2 {
            for (entry, other) in entries.iter_mut().zip(&*older) {
                let overlap = dot(crew, &mut self.parts, other, q);
                *entry += overlap;
                let factor = R::from_f64(-overlap);
                crew.each(q.len(), |_, k| {
                    for (x, other) in level(q, k).iter_mut().zip(&other[k]) {
                        *x += factor * *other;
                    }
                });
            }
        }
        let norm = crew.sum(&mut self.parts, |_, k| square_of(crew, level(q, k))).sqrt();
        if norm.is_nan() || norm <= 1e-14 {
            return;
        }
        scale(crew, q, 1.0 / norm);
        entries[column] = norm;
        self.r.push(entries);
        while self.columns() > 1 && condition(&self.r) > LARGEST_CONDITION {
            self.drop_oldest(crew);
        }
    }

    /// Entry j of Q^T F.
    fn project(&mut self, crew: &Crew<R>, m: &History<R>, g: &History<R>, j: usize) -> f64 {
        let q = &self.q[j];
        crew.sum(&mut self.parts, |_, k| crew.level.run(DotDifference { g: &g[k], m: &m[k], q: &q[k] }))
    }

    /// R gamma = y
    fn solve(&self, y: &[f64]) -> Vec<f64> {
        let mut gamma = y.to_vec();
        for i in (0..self.columns()).rev() {
            for j in i + 1..self.columns() {
                gamma[i] -= self.r[j][i] * gamma[j];
            }
            gamma[i] /= self.r[i][i];
        }
        gamma
    }

    fn take(&mut self, crew: &Crew<R>, m: &mut History<R>, g: &History<R>, beta: f64, gamma: &[f64], y: &[f64]) -> f64 {
        let columns = self.columns();
        let (q, kept_q) = self.q.split_at_mut(columns);
        let (dg, kept_dg) = self.dg.split_at_mut(columns);
        let kept = (SharedHistory::new(&mut kept_q[0]), SharedHistory::new(&mut kept_dg[0]));
        let m = SharedHistory::new(m);
        let rest = R::from_f64(1.0 - beta);
        // Below the smallest normal number numbers round by absolute amounts, which a combination multiplies by its condition at
        // most: an entry that is negative by less is 0.
        let lost = R::SMALLEST_NORMAL.to_f64() * LARGEST_CONDITION;
        // The least is sought as the largest of its opposite; NaN must not pass for a density.
        let shortfall = crew.largest(m.len(), |_, k| {
            let (m, f, h) = (level(m, k), level(kept.0, k), level(kept.1, k));
            for (((x, f), h), g) in m.iter_mut().zip(f).zip(h).zip(&g[k]) {
                let residual = *g - *x;
                *f = residual;
                *h = *g;
                *x = *g - rest * residual;
            }
            for j in 0..columns {
                let (a, b) = (rest * R::from_f64(y[j]), R::from_f64(gamma[j]));
                for ((x, q), dg) in m.iter_mut().zip(&q[j][k]).zip(&dg[j][k]) {
                    *x += a * *q - b * *dg;
                }
            }
            for x in m.iter_mut() {
                if *x < R::ZERO && x.to_f64() >= -lost {
                    *x = R::ZERO;
                }
            }
            m.iter().fold(0.0, |most, x| f64::max(most, if *x >= R::ZERO { 0.0 } else { shortfall_of(x.to_f64()) }))
        });
        self.pending = !self.cut;
        self.cut = false;
        -shortfall
    }

    /// Removes the first column of Q R by Givens rotations; its places move behind the last.
    fn drop_oldest(&mut self, crew: &Crew<R>) {
        let count = self.columns();
        for i in 0..count - 1 {
            let (a, b) = (self.r[i + 1][i], self.r[i + 1][i + 1]);
            let norm = a.hypot(b);
            let (c, s) = (a / norm, b / norm);
            for column in &mut self.r[i + 1..] {
                let (x, y) = (column[i], column[i + 1]);
                column[i] = c * x + s * y;
                column[i + 1] = c * y - s * x;
            }
            let (left, right) = self.q.split_at_mut(i + 1);
            rotate(crew, &mut left[i], &mut right[0], c, s);
        }
        self.r.remove(0);
        for (j, column) in self.r.iter_mut().enumerate() {
            column.truncate(j + 1);
        }
        let oldest = self.dg.remove(0);
        self.dg.insert(count - 1, oldest);
        // The kept F stands at index `count`, one place beyond the columns: it must stay the next entry.
        if count < self.q.len() {
            self.q.swap(count - 1, count);
            self.dg.swap(count - 1, count);
        }
    }
}

/// A number > 0 for what is no density: its distance from 0, or all there is for NaN.
fn shortfall_of(x: f64) -> f64 {
    if x.is_nan() { f64::INFINITY } else { -x }
}

fn level<R>(history: SharedHistory<'_, R>, k: usize) -> &mut Vec<R> {
    // SAFETY: every level belongs to one block, and histories that are shared at once are different ones.
    let levels = unsafe { history.slice(k, 1) };
    &mut levels[0]
}

fn square_of<R: Real>(crew: &Crew<R>, a: &[R]) -> f64 {
    crew.level.run(Dot { a, b: a })
}

fn dot<R: Real>(crew: &Crew<R>, parts: &mut [f64], a: &History<R>, b: SharedHistory<'_, R>) -> f64 {
    crew.sum(parts, |_, k| crew.level.run(Dot { a: &a[k], b: level(b, k) }))
}

fn scale<R: Real>(crew: &Crew<R>, history: SharedHistory<'_, R>, factor: f64) {
    let factor = R::from_f64(factor);
    crew.each(history.len(), |_, k| level(history, k).iter_mut().for_each(|x| *x *= factor));
}

fn rotate<R: Real>(crew: &Crew<R>, a: &mut History<R>, b: &mut History<R>, c: f64, s: f64) {
    let (c, s) = (R::from_f64(c), R::from_f64(s));
    let (a, b) = (SharedHistory::new(a), SharedHistory::new(b));
    crew.each(a.len(), |_, k| {
        for (x, y) in level(a, k).iter_mut().zip(level(b, k)) {
            (*x, *y) = (c * *x + s * *y, c * *y - s * *x);
        }
    });
}

/// Independent sums that one loop carries, for vectors.
const SUMS: usize = 8;

/// Inner product in f64, in an order that is always the same.
pub(crate) struct Dot<'a, R> {
    pub(crate) a: &'a [R],
    pub(crate) b: &'a [R],
}

impl<R: Real> Kernel for Dot<'_, R> {
    type Output = f64;
    #[inline(always)]
    fn run<const F: bool>(self) -> f64 {
        let (a, b) = (self.a.chunks_exact(SUMS), self.b.chunks_exact(SUMS));
        let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a.to_f64() * b.to_f64()).sum();
        let mut sums = [0.0; SUMS];
        for (a, b) in a.zip(b) {
            for k in 0..SUMS {
                sums[k] += a[k].to_f64() * b[k].to_f64();
            }
        }
        sums.iter().sum::<f64>() + rest
    }
}

/// Inner product of g - m and q.
struct DotDifference<'a, R> {
    g: &'a [R],
    m: &'a [R],
    q: &'a [R],
}

impl<R: Real> Kernel for DotDifference<'_, R> {
    type Output = f64;
    #[inline(always)]
    fn run<const F: bool>(self) -> f64 {
        let (g, m, q) = (self.g.chunks_exact(SUMS), self.m.chunks_exact(SUMS), self.q.chunks_exact(SUMS));
        let ends = g.remainder().iter().zip(m.remainder()).zip(q.remainder());
        let rest: f64 = ends.map(|((g, m), q)| (*g - *m).to_f64() * q.to_f64()).sum();
        let mut sums = [0.0; SUMS];
        for ((g, m), q) in g.zip(m).zip(q) {
            for k in 0..SUMS {
                sums[k] += (g[k] - m[k]).to_f64() * q[k].to_f64();
            }
        }
        sums.iter().sum::<f64>() + rest
    }
}

/// Frobenius condition number of the upper triangular matrix.
fn condition(r: &[Vec<f64>]) -> f64 {
    let (mut square, mut inverse_square) = (0.0, 0.0);
    for j in 0..r.len() {
        square += r[j].iter().map(|x| x * x).sum::<f64>();
        // Column j of the inverse, by back substitution.
        let mut x = vec![0.0; j + 1];
        x[j] = 1.0 / r[j][j];
        for i in (0..j).rev() {
            let sum: f64 = (i + 1..=j).map(|l| r[l][i] * x[l]).sum();
            x[i] = -sum / r[i][i];
        }
        inverse_square += x.iter().map(|x| x * x).sum::<f64>();
    }
    (square * inverse_square).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;

    /// A contraction with four eigenvalues, in two levels of three points.
    fn map(m: &History<f64>) -> History<f64> {
        let rates = [[0.95, 0.5, -0.7], [0.2, 0.95, 0.5]];
        m.iter()
            .zip(rates)
            .map(|(m, rates)| m.iter().zip(rates).map(|(x, rate)| 2.0 + rate * (x - 2.0)).collect())
            .collect()
    }

    fn residual(m: &History<f64>) -> f64 {
        map(m).iter().flatten().zip(m.iter().flatten()).map(|(g, m)| (g - m).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn linear_maps_end_after_as_many_steps_as_they_have_eigenvalues() {
        let crew = Crew::new(1, 0, Level::best()).expect("memory");
        for (depth, steps, wanted) in [(4, 7, 1e-10), (2, 30, 1e-6)] {
            let mut anderson = Anderson::new(2, 3, depth).expect("memory");
            let mut m = vec![vec![1.0, 3.0, 1.5], vec![2.5, 2.2, 1.0]];
            for _ in 0..steps {
                let g = map(&m);
                assert!(anderson.step(&crew, &mut m, &g, 1.0) >= 0.0);
            }
            assert!(residual(&m) < wanted, "depth {depth}: {}", residual(&m));
            assert!(anderson.columns() <= depth);
        }
    }

    #[test]
    fn undo_gives_the_relaxed_step_and_keeps_the_differences() {
        let crew = Crew::new(1, 0, Level::Baseline).expect("memory");
        let mut anderson = Anderson::new(2, 3, 3).expect("memory");
        let first = vec![vec![1.0, 3.0, 1.5], vec![2.5, 2.2, 1.0]];
        let mut m = first.clone();
        let g = map(&m);
        anderson.step(&crew, &mut m, &g, 0.5);
        anderson.undo(&crew, &mut m, &g, 0.25);
        for (k, i) in [(0, 0), (1, 2)] {
            let wanted = first[k][i] + 0.25 * (g[k][i] - first[k][i]);
            assert!((m[k][i] - wanted).abs() < 1e-15);
        }
        let g = map(&m);
        anderson.step(&crew, &mut m, &g, 0.5);
        assert_eq!(anderson.columns(), 1);
        anderson.reset();
        assert_eq!(anderson.columns(), 0);
    }

    #[test]
    fn what_rounding_leaves_below_zero_counts_as_zero() {
        let crew = Crew::new(1, 0, Level::Baseline).expect("memory");
        for (bad, taken) in [(-1e-300, Some(0.0)), (-1e-290, None)] {
            let mut anderson = Anderson::new(1, 2, 2).expect("memory");
            let mut m = vec![vec![1.0, 0.0]];
            let least = anderson.step(&crew, &mut m, &vec![vec![1.0, bad]], 1.0);
            assert_eq!(least >= 0.0, taken.is_some());
            assert_eq!(f64::to_bits(m[0][1]), f64::to_bits(taken.unwrap_or(bad)));
        }
    }

    #[test]
    fn a_negative_or_missing_density_is_told() {
        let crew = Crew::new(1, 0, Level::Baseline).expect("memory");
        for bad in [-0.5, f64::NAN] {
            let mut anderson = Anderson::new(1, 2, 2).expect("memory");
            let mut m = vec![vec![1.0, 1.0]];
            assert!(anderson.step(&crew, &mut m, &vec![vec![1.0, bad]], 1.0) < 0.0);
        }
    }
}
