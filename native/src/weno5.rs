//! One-sided WENO5 derivatives: the interval-shared Jiang-Peng form (docs/numerics.md section 2.3).
//!
//! Between nodes i and i + 1 lie five differences of the six nodes i - 2 .. i + 3. The left-biased value at i + 1 and the
//! right-biased value at i are made of the same three indicators, so a loop works interval by interval: six rows in,
//! two rows of slopes out. Along a strided axis the rows are six neighbouring grid rows, so that vectors run across
//! lines and nothing is transposed; along the last axis they are six shifted views of one line. No value is carried from
//! one interval to the next, or no compiler could use vectors.
//!
//! Differences are not divided by the spacing h: indicators are h^2/3 times Jiang & Peng's, i.e. 4 h^2 times those of
//! Osher & Fedkiw (2003, (3.32)-(3.34)), and so is epsilon; slopes are taken from the middle candidate, 6 h times it and
//! what weights add to it.
//!
//! Corrections have common denominators, i.e. fourth powers of indicators: in f64 safe for differences up to 1e30. In f32
//! the three indicators of an interval are first scaled by one power of two, which is exact, so that the largest squared
//! difference lies in [1, 2), and the guard is at least 1e-9 of that: nothing over- or underflows as long as squared differences
//! are normal numbers, i.e. for differences from 1e-18 to 1e16; smaller ones weigh linearly.

use crate::discretisation::{Epsilon, Weno};
use crate::real::Real;
use crate::simd::{Kernel, Level};

/// Indicators here over h^2 times Osher & Fedkiw's.
const INDICATOR_SCALE: f64 = 4.0;

/// What all intervals of an axis share.
#[derive(Clone, Copy, Debug)]
pub struct Slopes<R> {
    /// Nonlinear weights.
    pub variant: Weno,
    /// 1/(6 h).
    pub(crate) unit: R,
    /// A guard is `scale` times the largest squared difference
    scale: R,
    /// plus `floor`.
    floor: R,
}

impl<R: WenoReal> Slopes<R> {
    /// For an axis of spacing 1/`inverse_spacing`.
    #[must_use]
    pub fn new(variant: Weno, epsilon: Epsilon, inverse_spacing: f64) -> Self {
        let unit = INDICATOR_SCALE / (inverse_spacing * inverse_spacing);
        let (scale, floor) = match epsilon {
            Epsilon::Absolute(value) => (0.0_f64, unit * value),
            Epsilon::Scaled(value) => (INDICATOR_SCALE * value, unit * R::SCALED_FLOOR),
        };
        Self {
            variant,
            unit: R::from_f64(inverse_spacing / 6.0),
            scale: R::from_f64(scale.larger(R::SMALLEST_SCALE)),
            floor: R::from_f64(floor.larger(R::SMALLEST_GUARD)),
        }
    }

    /// The largest squared difference, and what is added to the indicators of the interval.
    #[inline(always)]
    fn guard<const F: bool>(&self, d: [R; 5]) -> (R, R) {
        let e = d.map(|d| d * d);
        let largest = e[0].larger(e[1]).larger(e[3].larger(e[4])).larger(e[2]);
        (largest, self.scale.times_plus::<F>(largest, self.floor))
    }

    /// Slopes of as many intervals as all slices have in common.
    ///
    /// Interval k reads its nodes i - 2 .. i + 3 at `rows[0..6][k]`; the left-biased slope at node i + 1 goes to
    /// `p_minus[k]` and the right-biased one at node i to `p_plus[k]`. The rows may be views of one array.
    #[inline]
    pub fn intervals(&self, level: Level, rows: [&[R]; 6], p_minus: &mut [R], p_plus: &mut [R]) {
        self.intervals_and(level, rows, p_minus, p_plus, ());
    }

    /// [`Slopes::intervals`]; before every CHUNK of them `also` has its turn.
    #[inline]
    pub(crate) fn intervals_and(
        &self,
        level: Level,
        rows: [&[R]; 6],
        p_minus: &mut [R],
        p_plus: &mut [R],
        also: impl Also,
    ) {
        match self.variant {
            Weno::Js => level.run(Intervals::<R, _, JS> { slopes: *self, rows, p_minus, p_plus, also }),
            Weno::Z => level.run(Intervals::<R, _, Z> { slopes: *self, rows, p_minus, p_plus, also }),
            Weno::M => level.run(Intervals::<R, _, M> { slopes: *self, rows, p_minus, p_plus, also }),
        }
    }

    /// [`Slopes::intervals_and`] of two intervals one after the other along a strided axis: `rows` are seven rows of as many
    /// neighbouring columns, CHUNK or more.
    #[inline]
    pub(crate) fn pairs_and(
        &self,
        level: Level,
        rows: [&[R]; 7],
        minus: [&mut [R]; 2],
        plus: [&mut [R]; 2],
        also: impl Also,
    ) {
        match self.variant {
            Weno::Js => level.run(Pairs::<R, _, JS> { slopes: *self, rows, minus, plus, also }),
            Weno::Z => level.run(Pairs::<R, _, Z> { slopes: *self, rows, minus, plus, also }),
            Weno::M => level.run(Pairs::<R, _, M> { slopes: *self, rows, minus, plus, also }),
        }
    }
}

/// Two intervals one after the other along a strided axis, which share four of their differences and what is made of them.
struct Pairs<'a, R, A, const V: u8> {
    slopes: Slopes<R>,
    rows: [&'a [R]; 7],
    minus: [&'a mut [R]; 2],
    plus: [&'a mut [R]; 2],
    also: A,
}

impl<R: WenoReal, A: Also, const V: u8> Kernel for Pairs<'_, R, A, V> {
    type Output = ();

    #[inline(always)]
    fn run<const F: bool>(self) {
        let Self { slopes, rows, minus: [minus, minus_next], plus: [plus, plus_next], also } = self;
        let count = rows[0].len();
        for chunk in 0..count.div_ceil(CHUNK) {
            // As in `intervals_of`.
            let at = (chunk * CHUNK).min(count - CHUNK);
            also.before(at);
            let chunks = rows.map(|row| row[at..].first_chunk::<CHUNK>());
            let [Some(u0), Some(u1), Some(u2), Some(u3), Some(u4), Some(u5), Some(u6)] = chunks else { return };
            let u = [u0, u1, u2, u3, u4, u5, u6];
            let mut out = [[R::ZERO; CHUNK]; 4];
            for k in 0..CHUNK {
                let d: [R; 6] = std::array::from_fn(|i| u[i + 1][k] - u[i][k]);
                // What both have in common the compiler computes once.
                (out[0][k], out[1][k]) = R::interval::<V, F>([d[0], d[1], d[2], d[3], d[4]], &slopes);
                (out[2][k], out[3][k]) = R::interval::<V, F>([d[1], d[2], d[3], d[4], d[5]], &slopes);
            }
            minus[at..at + CHUNK].copy_from_slice(&out[0]);
            plus[at..at + CHUNK].copy_from_slice(&out[1]);
            minus_next[at..at + CHUNK].copy_from_slice(&out[2]);
            plus_next[at..at + CHUNK].copy_from_slice(&out[3]);
        }
    }
}

/// What is done while intervals are computed: memory that is asked for bit by bit answers meanwhile, where all requests at once
/// would wait for each other. No closure: a call within the loop would take its vectors out of the registers.
pub(crate) trait Also: Copy {
    /// Before a chunk of intervals, of which the first has this number. Implementations mark it `#[inline(always)]`.
    fn before(self, chunk: usize);
}

impl<A: Also> Also for [A; 2] {
    #[inline(always)]
    fn before(self, chunk: usize) {
        self[0].before(chunk);
        self[1].before(chunk);
    }
}

impl Also for () {
    #[inline(always)]
    fn before(self, _chunk: usize) {}
}

/// Intervals worked on together: two of the widest vectors of f64, one of f32.
pub const CHUNK: usize = 16;

pub(crate) const JS: u8 = 0;
pub(crate) const Z: u8 = 1;
pub(crate) const M: u8 = 2;

struct Intervals<'a, R, A, const V: u8> {
    slopes: Slopes<R>,
    rows: [&'a [R]; 6],
    p_minus: &'a mut [R],
    p_plus: &'a mut [R],
    also: A,
}

impl<R: WenoReal, A: Also, const V: u8> Kernel for Intervals<'_, R, A, V> {
    type Output = ();

    #[inline(always)]
    fn run<const F: bool>(self) {
        let Self { slopes, rows, p_minus, p_plus, also } = self;
        slopes.intervals_of::<V, F>(rows, p_minus, p_plus, also);
    }
}

impl<R: WenoReal> Slopes<R> {
    /// [`Slopes::intervals`], for the body of a kernel that has chosen its level and variant.
    #[inline(always)]
    pub(crate) fn intervals_of<const V: u8, const F: bool>(
        &self,
        rows: [&[R]; 6],
        p_minus: &mut [R],
        p_plus: &mut [R],
        also: impl Also,
    ) {
        let count = rows.iter().map(|row| row.len()).fold(p_minus.len().min(p_plus.len()), usize::min);
        if count < CHUNK {
            also.before(0);
            let (minus, plus) = self.chunk::<V, F>(filled(rows, count).each_ref());
            p_minus[..count].copy_from_slice(&minus[..count]);
            p_plus[..count].copy_from_slice(&plus[..count]);
            return;
        }
        for chunk in 0..count.div_ceil(CHUNK) {
            // What fills no chunk is done as the last whole one, partly for the second time.
            let at = (chunk * CHUNK).min(count - CHUNK);
            also.before(at);
            let Some(stencil) = stencil_of(rows.map(|row| &row[at..])) else { return };
            let (minus, plus) = self.chunk::<V, F>(stencil);
            p_minus[at..at + CHUNK].copy_from_slice(&minus);
            p_plus[at..at + CHUNK].copy_from_slice(&plus);
        }
    }

    /// Arrays of fixed length, read through references and written as values: nothing can overlap, and no compiler has
    /// to look whether it does.
    #[inline(always)]
    pub(crate) fn chunk<const V: u8, const F: bool>(&self, u: [&[R; CHUNK]; 6]) -> ([R; CHUNK], [R; CHUNK]) {
        let mut minus = [R::ZERO; CHUNK];
        let mut plus = [R::ZERO; CHUNK];
        for k in 0..CHUNK {
            let d = std::array::from_fn(|i| u[i + 1][k] - u[i][k]);
            (minus[k], plus[k]) = R::interval::<V, F>(d, self);
        }
        (minus, plus)
    }
}

/// The first CHUNK of six rows; None where they are shorter.
#[inline(always)]
pub(crate) fn stencil_of<R>(rows: [&[R]; 6]) -> Option<[&[R; CHUNK]; 6]> {
    let [Some(u0), Some(u1), Some(u2), Some(u3), Some(u4), Some(u5)] = rows.map(|row| row.first_chunk::<CHUNK>())
    else {
        return None;
    };
    Some([u0, u1, u2, u3, u4, u5])
}

/// The first `count` of six rows, and zeros, whose slopes are 0.
#[inline(always)]
pub(crate) fn filled<R: Real>(rows: [&[R]; 6], count: usize) -> [[R; CHUNK]; 6] {
    let mut filled = [[R::ZERO; CHUNK]; 6];
    for (filled, row) in filled.iter_mut().zip(rows) {
        filled[..count].copy_from_slice(&row[..count]);
    }
    filled
}

/// The form of the weights that is safe and fast in a type.
pub trait WenoReal: Real {
    /// The guard is never below it, or its powers would underflow and give 0/0 on constant data.
    const SMALLEST_GUARD: f64;
    /// Nor is the guard below this share of the largest squared difference.
    const SMALLEST_SCALE: f64;

    /// What takes indicators into the range of their fourth powers, if the largest squared difference plus guard is `size`.
    fn scale_of(size: Self) -> Self;

    /// (left-biased slope at i + 1, right-biased slope at i) from the five differences around the interval.
    #[inline(always)]
    fn interval<const V: u8, const F: bool>(d: [Self; 5], slopes: &Slopes<Self>) -> (Self, Self) {
        let (largest, guard) = slopes.guard::<F>(d);
        let (b, t) = indicators::<Self, F>(d, guard);
        let (q0, q1) = (t[0] - t[1], t[1] - t[2]);
        let scale = Self::scale_of(largest + guard);
        let c = b.map(|b| b * scale);
        let (left, right) = match V {
            Z => z_corrections::<Self, F>(c, q0, q1),
            M => mapped_corrections::<Self, F>(common_denominators(c), q0, q1),
            _ => weighted::<Self, F>(common_denominators(c), q0, q1),
        };
        slopes_of::<Self, F>(d, t[1], left, right, slopes.unit)
    }
}

/// Indicators plus guard, and second differences.
#[inline(always)]
fn indicators<R: Real, const F: bool>(d: [R; 5], guard: R) -> ([R; 3], [R; 3]) {
    let three = R::from_f64(3.0);
    let wide = R::from_f64(13.0 / 3.0);
    let s = [d[1] - d[0], d[2] - d[1], d[3] - d[2], d[4] - d[3]];
    let t = [s[0] - s[1], s[1] - s[2], s[2] - s[3]];
    let f = [(-three).times_plus::<F>(s[1], s[0]), s[1] + s[2], three.times_plus::<F>(s[2], -s[3])];
    let b = [0, 1, 2].map(|k| f[k].times_plus::<F>(f[k], (wide * t[k]).times_plus::<F>(t[k], guard)));
    (b, t)
}

/// The two slopes, from the corrections' weighted sums: the middle candidates are 3 (d1 + d2) + t1 and 3 (d2 + d3) + t1 over
/// 6 h, with t1 the middle second difference; `unit` is 1/(6 h).
#[inline(always)]
fn slopes_of<R: Real, const F: bool>(d: [R; 5], t1: R, left: R, right: R, unit: R) -> (R, R) {
    let three = R::from_f64(3.0);
    let plus = three.times_plus::<F>(d[1] + d[2], t1) + right;
    let minus = three.times_plus::<F>(d[2] + d[3], t1) - left;
    (minus * unit, plus * unit)
}

/// (left, right) corrections, 6 h times what outer candidates add to the middle one, of unnormalised weights: w0 and w2 have
/// the linear weight 1, w1 has 3.
#[inline(always)]
fn weighted<R: Real, const F: bool>([w0, w1, w2]: [R; 3], q0: R, q1: R) -> (R, R) {
    let [half, more] = [0.5, 1.5].map(R::from_f64);
    let x0 = w0 * q0;
    let x1 = w2 * q1;
    let right = more.times_plus::<F>(x0, x1) / more.times_plus::<F>(w0, half.times_plus::<F>(w2, w1));
    let left = more.times_plus::<F>(x1, x0) / more.times_plus::<F>(w2, half.times_plus::<F>(w0, w1));
    (left, right)
}

/// One correction of Henrick's mapped weights, from unnormalised JS weights a (linear weight 1/10), b (6/10), c (3/10)
/// and the third differences qa, qb of the outer candidates.
#[inline(always)]
fn mapped<R: Real, const F: bool>(a: R, b: R, c: R, qa: R, qb: R) -> R {
    let k = R::from_f64;
    let r = R::ONE / (a + b + c);
    let [wa, wb, wc] = [a * r, b * r, c * r];
    let da = k(0.8).times_plus::<F>(wa, k(0.01));
    let db = k(-0.2).times_plus::<F>(wb, k(0.36));
    let dc = k(0.4).times_plus::<F>(wc, k(0.09));
    let ma = wa * wa.times_plus::<F>(wa - k(0.3), k(0.11)) * db * dc;
    let mb = wb * wb.times_plus::<F>(wb - k(1.8), k(0.96)) * da * dc;
    let mc = wc * wc.times_plus::<F>(wc - k(0.9), k(0.39)) * da * db;
    (k(2.0) * ma).times_plus::<F>(qa, mc * qb) / (ma + mb + mc)
}

/// (left, right) corrections of mapped weights, from those of `weighted`.
#[inline(always)]
fn mapped_corrections<R: Real, const F: bool>([w0, w1, w2]: [R; 3], q0: R, q1: R) -> (R, R) {
    let three = R::from_f64(3.0);
    let w1 = w1 + w1;
    (mapped::<R, F>(w0, w1, three * w2, q0, q1), mapped::<R, F>(w2, w1, three * w0, q1, q0))
}

/// Unnormalised JS weights, 1/b^2 over common denominators, those of the middle candidate three times.
#[inline(always)]
fn common_denominators<R: Real>(b: [R; 3]) -> [R; 3] {
    let g12 = b[1] * b[2];
    let g02 = b[0] * b[2];
    let g01 = b[0] * b[1];
    [g12 * g12, R::from_f64(3.0) * g02 * g02, g01 * g01]
}

/// (left, right) corrections of Z weights 1 + (tau/b)^2, tau = b0 - b2.
#[inline(always)]
fn z_corrections<R: Real, const F: bool>(b: [R; 3], q0: R, q1: R) -> (R, R) {
    let three = R::from_f64(3.0);
    let g01 = b[0] * b[1];
    let r = (b[0] - b[2]) / (g01 * b[2]);
    let z = [b[1] * b[2] * r, b[0] * b[2] * r, g01 * r];
    let outer = |z: R| z.times_plus::<F>(z, R::ONE);
    weighted::<R, F>([outer(z[0]), (three * z[1]).times_plus::<F>(z[1], three), outer(z[2])], q0, q1)
}

impl WenoReal for f64 {
    const SMALLEST_GUARD: f64 = 1e-70;
    const SMALLEST_SCALE: f64 = 0.0;

    /// They are in it.
    #[inline(always)]
    fn scale_of(_size: Self) -> Self {
        1.0
    }
}

impl WenoReal for f32 {
    const SMALLEST_GUARD: f64 = 1e-37;
    /// Differences of rounded numbers are no better, and its fourth power is a normal number.
    const SMALLEST_SCALE: f64 = 1e-9;

    /// 2^-k for a size in [2^k, 2^(k + 1)): an exact scale.
    #[inline(always)]
    fn scale_of(size: Self) -> Self {
        f32::from_bits(0x7f00_0000_u32.wrapping_sub(size.to_bits() & 0x7f80_0000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::LEVELS;

    fn check<R: WenoReal>(level: Level, variant: Weno, columns: u32) {
        let width = columns as usize;
        let rows: Vec<Vec<R>> = (0..7_u32)
            .map(|i| (0..columns).map(|k| R::from_f64((f64::from(i * i) + 0.7 * f64::from(k)).sin())).collect())
            .collect();
        let slopes = Slopes::<R>::new(variant, Epsilon::Scaled(1e-6), 20.0);
        let mut pair = vec![vec![R::ZERO; width]; 4];
        if let [a, b, c, d] = &mut pair[..] {
            let rows = std::array::from_fn(|i| rows[i].as_slice());
            slopes.pairs_and(level, rows, [a, b], [c, d], ());
        }
        for i in 0..2 {
            let (mut minus, mut plus) = (vec![R::ZERO; width], vec![R::ZERO; width]);
            let six = std::array::from_fn(|k| rows[i + k].as_slice());
            slopes.intervals(level, six, &mut minus, &mut plus);
            assert!(minus == pair[i] && plus == pair[2 + i], "{level:?}, {variant:?}, {width} columns, interval {i}");
        }
    }

    #[test]
    fn two_intervals_together_are_those_alone() {
        for level in LEVELS.into_iter().filter(|level| level.is_here()) {
            for (variant, width) in [Weno::Js, Weno::Z, Weno::M].into_iter().flat_map(|v| [16, 37].map(|w| (v, w))) {
                check::<f64>(level, variant, width);
                check::<f32>(level, variant, width);
            }
        }
    }
}
