//! One-sided WENO5 derivatives: the interval-shared Jiang-Peng form (docs/numerics.md section 2.3).
//!
//! Between nodes i and i + 1 lie five differences of the six nodes i - 2 .. i + 3. The left-biased value at i + 1 and the
//! right-biased value at i are made of the same three indicators, so a loop works interval by interval: six rows in,
//! two rows of slopes out. Along a strided axis the rows are six neighbouring grid rows, so that vectors run across
//! lines and nothing is transposed; along the last axis they are six shifted views of one line. No value is carried from
//! one interval to the next, or no compiler could use vectors.
//!
//! Differences are not divided by the spacing h: indicators are h^2/3 times Jiang & Peng's, i.e. 4 h^2 times those of
//! Osher & Fedkiw (2003, (3.32)-(3.34)), and so is epsilon; corrections are 12 h Phi.
//!
//! Corrections have common denominators, i.e. fourth powers of indicators: in f64 safe for differences up to 1e30. In f32
//! the three indicators of an interval are first scaled by one power of two, which is exact, so that the smallest lies in
//! [1, 2), and cut off where they cannot count: nothing over- or underflows as long as squared differences are
//! normal numbers, i.e. for differences from 1e-18 to 1e16; smaller ones weigh linearly.

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
    /// 1/(12 h).
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
            Epsilon::Absolute(value) => (0.0, unit * value),
            Epsilon::Scaled(value) => (INDICATOR_SCALE * value, unit * R::SCALED_FLOOR),
        };
        Self {
            variant,
            unit: R::from_f64(inverse_spacing / 12.0),
            scale: R::from_f64(scale),
            floor: R::from_f64(floor.larger(R::SMALLEST_GUARD)),
        }
    }

    /// What is added to the indicators of an interval.
    #[inline(always)]
    fn guard(&self, d: [R; 5]) -> R {
        let e = d.map(|d| d * d);
        self.scale * e[0].larger(e[1]).larger(e[3].larger(e[4])).larger(e[2]) + self.floor
    }

    /// Slopes of as many intervals as all slices have in common.
    ///
    /// Interval k reads its nodes i - 2 .. i + 3 at `rows[0..6][k]`; the left-biased slope at node i + 1 goes to
    /// `p_minus[k]` and the right-biased one at node i to `p_plus[k]`. The rows may be views of one array.
    #[inline]
    pub fn intervals(&self, level: Level, rows: [&[R]; 6], p_minus: &mut [R], p_plus: &mut [R]) {
        self.intervals_and(level, rows, p_minus, p_plus, |_| ());
    }

    /// [`Slopes::intervals`]; before every CHUNK of them `also` is called with the number of the first: memory that is asked for
    /// there answers while they are computed, where all requests at once would wait for each other.
    #[inline]
    pub(crate) fn intervals_and(
        &self,
        level: Level,
        rows: [&[R]; 6],
        p_minus: &mut [R],
        p_plus: &mut [R],
        also: impl Fn(usize) + Copy,
    ) {
        match self.variant {
            Weno::Js => level.run(Intervals::<R, _, JS> { slopes: *self, rows, p_minus, p_plus, also }),
            Weno::Z => level.run(Intervals::<R, _, Z> { slopes: *self, rows, p_minus, p_plus, also }),
            Weno::M => level.run(Intervals::<R, _, M> { slopes: *self, rows, p_minus, p_plus, also }),
        }
    }
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

impl<R: WenoReal, A: Fn(usize) + Copy, const V: u8> Kernel for Intervals<'_, R, A, V> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { slopes, rows, p_minus, p_plus, also } = self;
        slopes.intervals_of::<V>(rows, p_minus, p_plus, also);
    }
}

impl<R: WenoReal> Slopes<R> {
    /// [`Slopes::intervals`], for the body of a kernel that has chosen its level and variant.
    #[inline(always)]
    pub(crate) fn intervals_of<const V: u8>(
        &self,
        rows: [&[R]; 6],
        p_minus: &mut [R],
        p_plus: &mut [R],
        also: impl Fn(usize),
    ) {
        let count = rows.iter().map(|row| row.len()).fold(p_minus.len().min(p_plus.len()), usize::min);
        if count < CHUNK {
            also(0);
            let (minus, plus) = self.chunk::<V>(filled(rows, count).each_ref());
            p_minus[..count].copy_from_slice(&minus[..count]);
            p_plus[..count].copy_from_slice(&plus[..count]);
            return;
        }
        for chunk in 0..count.div_ceil(CHUNK) {
            // What fills no chunk is done as the last whole one, partly for the second time.
            let at = (chunk * CHUNK).min(count - CHUNK);
            also(at);
            let Some(stencil) = stencil_of(rows.map(|row| &row[at..])) else { return };
            let (minus, plus) = self.chunk::<V>(stencil);
            p_minus[at..at + CHUNK].copy_from_slice(&minus);
            p_plus[at..at + CHUNK].copy_from_slice(&plus);
        }
    }

    /// Arrays of fixed length, read through references and written as values: nothing can overlap, and no compiler has
    /// to look whether it does.
    #[inline(always)]
    pub(crate) fn chunk<const V: u8>(&self, u: [&[R; CHUNK]; 6]) -> ([R; CHUNK], [R; CHUNK]) {
        let mut minus = [R::ZERO; CHUNK];
        let mut plus = [R::ZERO; CHUNK];
        for k in 0..CHUNK {
            let d = std::array::from_fn(|i| u[i + 1][k] - u[i][k]);
            (minus[k], plus[k]) = R::interval::<V>(d, self);
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

    /// (left-biased slope at i + 1, right-biased slope at i) from the five differences around the interval.
    fn interval<const V: u8>(d: [Self; 5], slopes: &Slopes<Self>) -> (Self, Self);
}

/// Indicators plus guard, and the third differences q0, q1 of the two outer candidates.
#[inline(always)]
fn indicators<R: Real>(d: [R; 5], guard: R) -> ([R; 3], R, R) {
    let three = R::from_f64(3.0);
    let wide = R::from_f64(13.0 / 3.0);
    let s = [d[1] - d[0], d[2] - d[1], d[3] - d[2], d[4] - d[3]];
    let t = [s[0] - s[1], s[1] - s[2], s[2] - s[3]];
    let f = [s[0] - three * s[1], s[1] + s[2], three * s[2] - s[3]];
    let b = [
        wide * t[0] * t[0] + f[0] * f[0] + guard,
        wide * t[1] * t[1] + f[1] * f[1] + guard,
        wide * t[2] * t[2] + f[2] * f[2] + guard,
    ];
    (b, t[0] - t[1], t[1] - t[2])
}

/// The two slopes, from the corrections' weighted sums; `unit` is 1/(12 h).
#[inline(always)]
fn slopes_of<R: Real>(d: [R; 5], q0: R, q1: R, left: R, right: R, unit: R) -> (R, R) {
    let seven = R::from_f64(7.0);
    let plus = seven * (d[1] + d[2]) - (d[0] + d[3]) - q0 + right;
    let minus = seven * (d[2] + d[3]) - (d[1] + d[4]) + q1 - left;
    (minus * unit, plus * unit)
}

/// (left, right) corrections, 12 Phi + q, of unnormalised weights w0 and w2 (linear weight 1) and w1 (linear weight 6).
#[inline(always)]
fn weighted<R: Real>(w0: R, w1: R, w2: R, q0: R, q1: R) -> (R, R) {
    let [three, four, six] = [3.0, 4.0, 6.0].map(R::from_f64);
    let x0 = w0 * q0;
    let x1 = w2 * q1;
    let right = (four * x1 + six * x0) / (w2 + w1 + three * w0);
    let left = (four * x0 + six * x1) / (w0 + w1 + three * w2);
    (left, right)
}

/// One correction of Henrick's mapped weights, from unnormalised JS weights a (linear weight 1/10), b (6/10), c (3/10)
/// and the third differences qa, qb of the outer candidates.
#[inline(always)]
fn mapped<R: Real>(a: R, b: R, c: R, qa: R, qb: R) -> R {
    let k = R::from_f64;
    let r = R::ONE / (a + b + c);
    let [wa, wb, wc] = [a * r, b * r, c * r];
    let da = k(0.01) + k(0.8) * wa;
    let db = k(0.36) - k(0.2) * wb;
    let dc = k(0.09) + k(0.4) * wc;
    let ma = wa * (k(0.11) + wa * (wa - k(0.3))) * db * dc;
    let mb = wb * (k(0.96) + wb * (wb - k(1.8))) * da * dc;
    let mc = wc * (k(0.39) + wc * (wc - k(0.9))) * da * db;
    (k(4.0) * ma * qa + k(2.0) * mc * qb) / (ma + mb + mc)
}

/// (left, right) corrections of JS weights, or of mapped ones, over common denominators.
#[inline(always)]
fn common_denominators<R: Real, const V: u8>(b: [R; 3], q0: R, q1: R) -> (R, R) {
    let g12 = b[1] * b[2];
    let g02 = b[0] * b[2];
    let g01 = b[0] * b[1];
    let p12 = g12 * g12;
    let p02 = R::from_f64(6.0) * g02 * g02;
    let p01 = g01 * g01;
    if V == M {
        let three = R::from_f64(3.0);
        return (mapped(p12, p02, three * p01, q0, q1), mapped(p01, p02, three * p12, q1, q0));
    }
    weighted(p12, p02, p01, q0, q1)
}

/// (left, right) corrections of Z weights 1 + (tau/b)^2.
#[inline(always)]
fn z_corrections<R: Real>(b: [R; 3], tau: R, q0: R, q1: R) -> (R, R) {
    let six = R::from_f64(6.0);
    let g01 = b[0] * b[1];
    let r = tau / (g01 * b[2]);
    let z = [b[1] * b[2] * r, b[0] * b[2] * r, g01 * r];
    weighted(R::ONE + z[0] * z[0], six + six * z[1] * z[1], R::ONE + z[2] * z[2], q0, q1)
}

impl WenoReal for f64 {
    const SMALLEST_GUARD: f64 = 1e-70;

    #[inline(always)]
    fn interval<const V: u8>(d: [f64; 5], slopes: &Slopes<f64>) -> (f64, f64) {
        let (b, q0, q1) = indicators(d, slopes.guard(d));
        let (left, right) =
            if V == Z { z_corrections(b, b[0] - b[2], q0, q1) } else { common_denominators::<f64, V>(b, q0, q1) };
        slopes_of(d, q0, q1, left, right, slopes.unit)
    }
}

/// Largest indicator relative to the smallest. Beyond it a candidate weighs less than 1e-10, far below a rounding of f32,
/// and the fourth powers leave room for differences of 1e16.
const RATIO32: f32 = 1e5;

impl WenoReal for f32 {
    const SMALLEST_GUARD: f64 = 1e-37;

    #[inline(always)]
    fn interval<const V: u8>(d: [f32; 5], slopes: &Slopes<f32>) -> (f32, f32) {
        let (b, q0, q1) = indicators(d, slopes.guard(d));
        let least = b[0].smaller(b[1]).smaller(b[2]);
        // 2^-k for a least indicator in [2^k, 2^(k + 1)): an exact scale.
        let scale = f32::from_bits(0x7f00_0000_u32.wrapping_sub(least.to_bits() & 0x7f80_0000));
        let c = b.map(|b| (b * scale).smaller(RATIO32));
        let (left, right) = if V == Z {
            z_corrections(c, ((b[0] - b[2]).abs() * scale).smaller(RATIO32), q0, q1)
        } else {
            common_denominators::<f32, V>(c, q0, q1)
        };
        slopes_of(d, q0, q1, left, right, slopes.unit)
    }
}
