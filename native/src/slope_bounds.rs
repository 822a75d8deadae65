//! The largest slopes of a field without most of the slopes: a bound that needs no weights tells where they cannot be.

use crate::discretisation::Weno;
use crate::extremes::largest_of;
use crate::simd::{Kernel, Level};
use crate::weno5::{CHUNK, JS, M, Slopes, WenoReal, Z};

/// What rounding does to a slope is no more than so many epsilons of its bound and of the largest difference.
const ROUNDING: f64 = 64.0;

impl<R: WenoReal> Slopes<R> {
    /// The largest sizes of the left-biased and of the right-biased slopes of these intervals (see [`Slopes::intervals`]); where
    /// none is larger than `floor` it may be 0. A bound costs a third of a slope.
    ///
    /// `whole_line`: the right-biased slope of the first interval and the left-biased one of the last are those of ghosts, and do
    /// not count. `also`: see [`Slopes::intervals_and`].
    #[inline]
    pub(crate) fn largest_above(
        &self,
        level: Level,
        rows: [&[R]; 6],
        floor: R,
        whole_line: bool,
        also: impl Fn(usize) + Copy,
    ) -> [R; 2] {
        match self.variant {
            Weno::Js => level.run(Above::<R, _, JS> { slopes: *self, rows, floor, whole_line, also }),
            Weno::Z => level.run(Above::<R, _, Z> { slopes: *self, rows, floor, whole_line, also }),
            Weno::M => level.run(Above::<R, _, M> { slopes: *self, rows, floor, whole_line, also }),
        }
    }

    /// True where no slope of these intervals is larger than `floor`: weights are positive with the sum 1, so that corrections
    /// lie between those of the three candidates, and rounding adds little.
    #[inline(always)]
    pub(crate) fn below(&self, u: [&[R; CHUNK]; 6], floor: R) -> bool {
        let (four, seven) = (R::from_f64(4.0), R::from_f64(7.0));
        let rounding = R::from_f64(ROUNDING) * R::EPSILON;
        let mut above = 0_u32;
        for k in 0..CHUNK {
            let d: [R; 5] = std::array::from_fn(|i| u[i + 1][k] - u[i][k]);
            let s = [d[1] - d[0], d[2] - d[1], d[3] - d[2], d[4] - d[3]];
            let t = [s[0] - s[1], s[1] - s[2], s[2] - s[3]];
            let (q0, q1) = (t[0] - t[1], t[1] - t[2]);
            let plus = seven * (d[1] + d[2]) - (d[0] + d[3]) - q0;
            let minus = seven * (d[2] + d[3]) - (d[1] + d[4]) + q1;
            let largest = d[0].abs().larger(d[1].abs()).larger(d[3].abs().larger(d[4].abs())).larger(d[2].abs());
            let bound = plus.abs().larger(minus.abs()) + four * q0.abs().larger(q1.abs());
            above += u32::from(self.unit * (bound + rounding * (bound + largest)) > floor);
        }
        above == 0
    }
}

/// See [`Slopes::largest_above`].
struct Above<'a, R, A, const V: u8> {
    slopes: Slopes<R>,
    rows: [&'a [R]; 6],
    floor: R,
    whole_line: bool,
    also: A,
}

impl<R: WenoReal, A: Fn(usize) + Copy, const V: u8> Kernel for Above<'_, R, A, V> {
    type Output = [R; 2];

    #[inline(always)]
    fn run(self) -> [R; 2] {
        let Self { slopes, rows, floor, whole_line, also } = self;
        let count = rows.iter().map(|row| row.len()).fold(usize::MAX, usize::min);
        if count < CHUNK {
            let mut padded = [[R::ZERO; CHUNK]; 6];
            for (padded, row) in padded.iter_mut().zip(rows) {
                padded[..count].copy_from_slice(&row[..count]);
            }
            let (minus, plus) = slopes.chunk::<V>(padded.each_ref());
            let skipped = usize::from(whole_line).min(count);
            return [largest_of(&minus[..count - skipped]), largest_of(&plus[skipped..count])];
        }
        let mut most = [[R::ZERO; CHUNK]; 2];
        for chunk in 0..count.div_ceil(CHUNK) {
            // What fills no chunk is looked at as the last whole one, partly for the second time.
            let at = (chunk * CHUNK).min(count - CHUNK);
            also(at);
            let rows = rows.map(|row| row[at..].first_chunk::<CHUNK>());
            let [Some(u0), Some(u1), Some(u2), Some(u3), Some(u4), Some(u5)] = rows else { break };
            let u = [u0, u1, u2, u3, u4, u5];
            if slopes.below(u, floor) {
                continue;
            }
            let (mut minus, mut plus) = slopes.chunk::<V>(u);
            if whole_line && at == 0 {
                plus[0] = R::ZERO;
            }
            if whole_line && at == count - CHUNK {
                minus[CHUNK - 1] = R::ZERO;
            }
            for k in 0..CHUNK {
                most[0][k] = minus[k].abs().larger(most[0][k]);
                most[1][k] = plus[k].abs().larger(most[1][k]);
            }
        }
        most.map(|sizes| largest_of(&sizes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discretisation::Epsilon;
    use crate::simd::LEVELS;

    /// Smooth, rough, with a kink, with a jump, and constant.
    fn fields() -> [Vec<f64>; 5] {
        let at = |f: fn(f64) -> f64| (0..300).map(|k| f(f64::from(k) / 300.0)).collect();
        [
            at(|x| (7.0 * x).sin()),
            at(|x| (1e4 * x * x).sin()),
            at(|x| (x - 0.4).abs()),
            at(|x| if x < 0.6 { 0.1 * x } else { 3.0 - x }),
            at(|_| 0.3),
        ]
    }

    fn check<R: WenoReal>() {
        for variant in [Weno::Js, Weno::Z, Weno::M] {
            let slopes = Slopes::<R>::new(variant, Epsilon::Scaled(1e-6), 300.0);
            for field in fields() {
                let u: Vec<R> = field.into_iter().map(R::from_f64).collect();
                let count = u.len() - 5;
                let rows = [0, 1, 2, 3, 4, 5].map(|k| &u[k..k + count]);
                let (mut minus, mut plus) = (vec![R::ZERO; count], vec![R::ZERO; count]);
                slopes.intervals(Level::Baseline, rows, &mut minus, &mut plus);
                for at in (0..=count - CHUNK).step_by(5) {
                    let chunk = rows.map(|row| row[at..].first_chunk::<CHUNK>().expect("long enough"));
                    let largest = largest_of(&minus[at..at + CHUNK]).larger(largest_of(&plus[at..at + CHUNK]));
                    assert!(
                        largest == R::ZERO || !slopes.below(chunk, R::from_f64(0.999_999) * largest),
                        "{variant:?} {at}"
                    );
                }
                let largest = [largest_of(&minus), largest_of(&plus)];
                for level in LEVELS.into_iter().filter(|level| level.is_here()) {
                    for share in [0.0, 0.9, 0.999] {
                        let floor = R::from_f64(share) * largest[0].smaller(largest[1]);
                        assert!(
                            slopes.largest_above(level, rows, floor, false, |_| ()) == largest,
                            "{variant:?} {level:?} {share}"
                        );
                    }
                    let inner = [largest_of(&minus[..count - 1]), largest_of(&plus[1..])];
                    assert!(slopes.largest_above(level, rows, R::ZERO, true, |_| ()) == inner, "{variant:?} {level:?}");
                    let few = rows.map(|row| &row[70..75]);
                    let [left, right] = slopes.largest_above(level, few, R::from_f64(1e9), false, |_| ());
                    assert!(left <= largest[0] && right <= largest[1]);
                }
            }
        }
    }

    #[test]
    fn no_slope_is_beyond_its_bound_and_the_largest_is_found() {
        check::<f64>();
        check::<f32>();
    }

    #[test]
    fn what_cannot_be_large_is_left_out() {
        let slopes = Slopes::<f64>::new(Weno::Js, Epsilon::Scaled(1e-6), 300.0);
        let u = &fields()[0];
        let count = u.len() - 5;
        let rows = [0, 1, 2, 3, 4, 5].map(|k| &u[k..k + count]);
        // The largest slope is 7.
        assert!(slopes.largest_above(Level::Baseline, rows, 7.001, false, |_| ()).iter().all(|size| *size <= 0.0));
        let chunks = (0..=count - CHUNK).step_by(CHUNK);
        let all = chunks.clone().count();
        let below = chunks
            .filter(|at| slopes.below(rows.map(|row| row[*at..].first_chunk::<CHUNK>().expect("long enough")), 6.3));
        assert!(below.count() > all / 2);
    }
}
