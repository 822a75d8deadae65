//! Indicators and weights of many independent stencils, row by row (docs/numerics.md sections 2.1 and 2.2).
//!
//! Rows are three and five numbers long, which no vector is; so a block of them is turned into columns first, worked on,
//! and turned back.

use rayon::ThreadPool;
use rayon::prelude::*;

use crate::derivatives::{MANY, Misfit};
use crate::real::Real;
use crate::simd::{Kernel, Level};

/// Rows turned into columns together.
const BLOCK: usize = 64;

/// Rows that one thread takes at a time, at least.
const SHARE: usize = 1 << 12;

/// Smoothness indicators S1..S3 of stencils v1..v5 (n x 5 -> n x 3), in Osher & Fedkiw's scaling; formed from
/// differences, so that a large mean does not cancel.
///
/// # Errors
/// For arrays that are not n x 5 and n x 3.
pub fn smoothness<R: Real>(
    stencils: &[R],
    out: &mut [R],
    level: Level,
    pool: Option<&ThreadPool>,
) -> Result<(), Misfit> {
    rows::<R, 5>(stencils, out)?;
    let work = |stencils: &[R], out: &mut [R]| level.run(Smoothness { stencils, out });
    share::<R, 5>(stencils, out, pool, work);
    Ok(())
}

/// Nonlinear JS weights (n x 3 -> n x 3) of indicators, from three linear weights and an absolute epsilon. Ratios to the
/// smallest indicator keep every square within [0, 1].
///
/// # Errors
/// For arrays that are not n x 3.
pub fn weights<R: Real>(
    beta: &[R],
    linear: [R; 3],
    epsilon: R,
    out: &mut [R],
    level: Level,
    pool: Option<&ThreadPool>,
) -> Result<(), Misfit> {
    rows::<R, 3>(beta, out)?;
    let work = |beta: &[R], out: &mut [R]| level.run(Weights { beta, linear, epsilon, out });
    share::<R, 3>(beta, out, pool, work);
    Ok(())
}

/// Refuses arrays that are not n x `W` and n x 3.
fn rows<R, const W: usize>(input: &[R], out: &[R]) -> Result<(), Misfit> {
    let n = input.len() / W;
    if input.len() == n * W && out.len() == n * 3 {
        return Ok(());
    }
    Err(Misfit(format!("{} and {} entries are not n x {W} and n x 3", input.len(), out.len())))
}

/// Shares rows out over the threads of a pool where there are many.
fn share<R: Real, const W: usize>(
    input: &[R],
    out: &mut [R],
    pool: Option<&ThreadPool>,
    work: impl Fn(&[R], &mut [R]) + Send + Sync,
) {
    let Some(pool) = pool.filter(|pool| input.len() >= MANY && pool.current_num_threads() > 1) else {
        return work(input, out);
    };
    let rows = (input.len() / W / (4 * pool.current_num_threads())).max(SHARE);
    pool.install(|| {
        out.par_chunks_mut(3 * rows).zip(input.par_chunks(W * rows)).for_each(|(out, input)| work(input, out));
    });
}

/// Up to `BLOCK` rows as columns; what is not filled keeps its value.
#[inline(always)]
fn columns<R: Real, const W: usize>(rows: &[R], columns: &mut [[R; BLOCK]; W]) {
    for (i, row) in rows.chunks_exact(W).take(BLOCK).enumerate() {
        for (column, &value) in columns.iter_mut().zip(row) {
            column[i] = value;
        }
    }
}

#[inline(always)]
fn back<R: Real>(columns: &[[R; BLOCK]; 3], rows: &mut [R]) {
    for (i, row) in rows.chunks_exact_mut(3).take(BLOCK).enumerate() {
        for (value, column) in row.iter_mut().zip(columns) {
            *value = column[i];
        }
    }
}

struct Smoothness<'a, R> {
    stencils: &'a [R],
    out: &'a mut [R],
}

impl<R: Real> Kernel for Smoothness<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<const F: bool>(self) {
        let [three, wide, quarter] = [3.0, 13.0 / 12.0, 0.25].map(R::from_f64);
        let mut v = [[R::ZERO; BLOCK]; 5];
        let mut s = [[R::ZERO; BLOCK]; 3];
        for (stencils, out) in self.stencils.chunks(5 * BLOCK).zip(self.out.chunks_mut(3 * BLOCK)) {
            columns(stencils, &mut v);
            for i in 0..BLOCK {
                let d = [v[1][i] - v[0][i], v[2][i] - v[1][i], v[3][i] - v[2][i], v[4][i] - v[3][i]];
                let t = [d[0] - d[1], d[1] - d[2], d[2] - d[3]];
                let f = [d[0] - three * d[1], d[1] + d[2], three * d[2] - d[3]];
                s[0][i] = wide * t[0] * t[0] + quarter * f[0] * f[0];
                s[1][i] = wide * t[1] * t[1] + quarter * f[1] * f[1];
                s[2][i] = wide * t[2] * t[2] + quarter * f[2] * f[2];
            }
            back(&s, out);
        }
    }
}

struct Weights<'a, R> {
    beta: &'a [R],
    linear: [R; 3],
    epsilon: R,
    out: &'a mut [R],
}

impl<R: Real> Kernel for Weights<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<const F: bool>(self) {
        let Self { beta, linear, epsilon, out } = self;
        let mut b = [[R::ONE; BLOCK]; 3];
        let mut w = [[R::ZERO; BLOCK]; 3];
        for (beta, out) in beta.chunks(3 * BLOCK).zip(out.chunks_mut(3 * BLOCK)) {
            columns(beta, &mut b);
            for i in 0..BLOCK {
                let c = [b[0][i] + epsilon, b[1][i] + epsilon, b[2][i] + epsilon];
                let least = c[0].smaller(c[1].smaller(c[2]));
                let r = c.map(|c| least / c);
                let a = [linear[0] * r[0] * r[0], linear[1] * r[1] * r[1], linear[2] * r[2] * r[2]];
                let inverse = R::ONE / (a[0] + a[1] + a[2]);
                w[0][i] = a[0] * inverse;
                w[1][i] = a[1] * inverse;
                w[2][i] = a[2] * inverse;
            }
            back(&w, out);
        }
    }
}
