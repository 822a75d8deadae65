//! The largest slope along lines and columns without most of the slopes: bounds that need no weights tell where they cannot be.
//!
//! Weights are positive with the sum 1, so that a slope lies between those of its three candidates. For CHUNK intervals together
//! these are looked at, and of what they leave the slopes. Each candidate lies within 7/6 of the largest second difference around
//! from the difference of the interval itself, so that whole blocks need not even that.

use crate::axis_field::PaddedRows;
use crate::extremes::{LargestStep, largest_lane, largest_of};
use crate::grid::GHOSTS;
use crate::real::Real;
use crate::simd::Kernel;
use crate::weno5::{CHUNK, Slopes, WenoReal, filled, stencil_of};

/// What rounding does to a slope is no more than this share of its bound and of the largest difference.
#[inline(always)]
fn rounding<R: Real>() -> R {
    R::from_f64(64.0) * R::EPSILON
}

/// Intervals of a line in a block: short beside what changes in a field, long beside their halo.
const BLOCK: usize = 8 * CHUNK;
/// A line of fewer blocks is one: its largest slope and its largest second difference lie in the same of them.
const FEWEST_BLOCKS: usize = 4;
/// Intervals of CHUNK neighbouring columns in a block.
const STEPS: usize = 8;
/// Nodes around an interval, but for one.
const REACH: usize = 2 * GHOSTS - 1;

/// The largest size of a slope of one axis.
pub(crate) struct Largest<R> {
    slopes: Slopes<R>,
    /// The largest size so far.
    size: R,
    /// 12 h, and a little less for what rounding does.
    per_slope: R,
    /// 1 where a slope of a chunk counts, by `Counting`; from memory, for compilers take a vector to pieces whose ends differ.
    counting: [[R; CHUNK]; 4],
}

/// Which slopes of a chunk count: those of ghosts do not.
#[derive(Clone, Copy)]
enum Counting {
    All,
    None,
    ButFirst,
    ButLast,
}

impl<R: WenoReal> Largest<R> {
    /// Along an axis, with what is known of it.
    pub(crate) fn new(slopes: Slopes<R>, size: R) -> Self {
        let mut counting = [[R::ONE; CHUNK], [R::ZERO; CHUNK], [R::ONE; CHUNK], [R::ONE; CHUNK]];
        (counting[Counting::ButFirst as usize][0], counting[Counting::ButLast as usize][CHUNK - 1]) =
            (R::ZERO, R::ZERO);
        let per_slope = (R::ONE + R::ONE - rounding::<R>()) / slopes.unit;
        Self { slopes, size, per_slope, counting }
    }

    /// The largest size so far.
    pub(crate) fn size(&self) -> R {
        self.size
    }

    /// All intervals of a line with its ghosts.
    #[inline(always)]
    pub(crate) fn line<const V: u8, const F: bool>(&mut self, padded: &[R]) {
        let count = padded.len() - REACH;
        if count < CHUNK {
            let stencil = filled([0, 1, 2, 3, 4, 5].map(|k| &padded[k..]), count);
            let (mut minus, mut plus) = self.slopes.chunk::<V, F>(stencil.each_ref());
            (plus[0], minus[count - 1]) = (R::ZERO, R::ZERO);
            self.size = largest_of(&plus).larger(largest_of(&minus)).larger(self.size);
            return;
        }
        let blocks = if count < FEWEST_BLOCKS * BLOCK { 1 } else { count / BLOCK };
        for block in 0..blocks {
            let (from, to) = (block * BLOCK, if block + 1 == blocks { count } else { (block + 1) * BLOCK });
            let nodes = &padded[from..to + REACH];
            let largest = if blocks > 1 {
                let [largest, bend] = differences_of_line(nodes);
                if bound_of(largest, bend) <= self.limit(largest) {
                    continue;
                }
                largest
            } else {
                LargestStep { a: &nodes[1..], b: &nodes[..nodes.len() - 1] }.run::<F>()
            };
            let limit = [self.limit(largest); CHUNK];
            let mut lanes = [self.size; CHUNK];
            for at in (from..to).step_by(CHUNK) {
                // What fills no chunk is looked at as the last whole one, partly for the second time.
                let at = at.min(count - CHUNK);
                let Some(stencil) = stencil_of([0, 1, 2, 3, 4, 5].map(|k| &padded[at + k..])) else { return };
                // The last chunk may reach into the block before, whose differences are others.
                if at < from || candidates_exceed::<R, F>(stencil, limit) {
                    let right = if at == 0 { Counting::ButFirst } else { Counting::All };
                    let left = if at == count - CHUNK { Counting::ButLast } else { Counting::All };
                    self.chunk::<V, F>(stencil, [left, right], &mut lanes);
                }
            }
            self.size = largest_lane(lanes);
        }
    }

    /// The intervals below some nodes of neighbouring columns, and that above the last node of the axis.
    #[inline(always)]
    pub(crate) fn columns<const V: u8, const F: bool>(
        &mut self,
        rows: PaddedRows<'_, R>,
        nodes: std::ops::Range<usize>,
    ) {
        let PaddedRows { width, n, .. } = rows;
        let end = if nodes.end == n { n + 1 } else { nodes.end };
        for from in nodes.clone().step_by(STEPS) {
            let to = if from + STEPS >= nodes.end { end } else { from + STEPS };
            // Some repeat at the end, where a block is short.
            let taken: [&[R]; STEPS + 1 + REACH] = std::array::from_fn(|k| rows.row((from + k).min(to - 1 + REACH)));
            let taken = &taken[..to - from + REACH];
            for at in (0..width).step_by(CHUNK) {
                let at = at.min(width.saturating_sub(CHUNK));
                let [largest, bend] = differences_of_columns(taken, at);
                if width >= CHUNK && self.none_exceeds(largest, bend) {
                    continue;
                }
                let mut limit = largest;
                for k in 0..CHUNK {
                    limit[k] = self.limit(largest[k]);
                }
                let mut lanes = [self.size; CHUNK];
                for t in from..to {
                    let [a, b, c, d, e, f, ..] = &taken[t - from..] else { return };
                    let rows = [&a[at..], &b[at..], &c[at..], &d[at..], &e[at..], &f[at..]];
                    let right = if t == 0 { Counting::None } else { Counting::All };
                    let left = if t == n { Counting::None } else { Counting::All };
                    if let Some(stencil) = stencil_of(rows) {
                        if candidates_exceed::<R, F>(stencil, limit) {
                            self.chunk::<V, F>(stencil, [left, right], &mut lanes);
                        }
                    } else {
                        self.chunk::<V, F>(filled(rows, width).each_ref(), [left, right], &mut lanes);
                    }
                }
                self.size = largest_lane(lanes);
            }
        }
    }

    /// CHUNK intervals, whose sizes go into `lanes`: one vector tells its largest slowly. Which left-biased slopes count, and
    /// which right-biased ones.
    #[inline(always)]
    fn chunk<const V: u8, const F: bool>(
        &self,
        stencil: [&[R; CHUNK]; 6],
        counting: [Counting; 2],
        lanes: &mut [R; CHUNK],
    ) {
        let (minus, plus) = self.slopes.chunk::<V, F>(stencil);
        let [left, right] = counting.map(|counting| &self.counting[counting as usize]);
        for k in 0..CHUNK {
            lanes[k] = (minus[k] * left[k]).abs().larger(lanes[k]);
            lanes[k] = (plus[k] * right[k]).abs().larger(lanes[k]);
        }
    }

    /// Whether slopes of CHUNK blocks are no larger than the size, by the largest differences and second differences around.
    #[inline(always)]
    fn none_exceeds(&self, largest: [R; CHUNK], bend: [R; CHUNK]) -> bool {
        let mut beyond = [R::ZERO; CHUNK];
        for k in 0..CHUNK {
            beyond[k] = (bound_of(largest[k], bend[k]) - self.limit(largest[k])).larger(R::ZERO);
        }
        largest_lane(beyond) <= R::ZERO
    }

    /// Slopes whose bound times 12 h is no larger are no larger than the size, where differences around are up to `largest`.
    #[inline(always)]
    fn limit(&self, largest: R) -> R {
        self.size * self.per_slope - rounding::<R>() * largest
    }
}

/// Whether the candidates of some of these intervals, times 12 h, are larger than its limit.
#[inline(always)]
fn candidates_exceed<R: Real, const F: bool>(u: [&[R; CHUNK]; 6], limit: [R; CHUNK]) -> bool {
    let [minus_two, three, four, twelve] = [-2.0, 3.0, 4.0, 12.0].map(R::from_f64);
    let mut above = 0_u32;
    for k in 0..CHUNK {
        let d: [R; 5] = std::array::from_fn(|i| u[i + 1][k] - u[i][k]);
        let s = [d[1] - d[0], d[2] - d[1], d[3] - d[2], d[4] - d[3]];
        // The middle candidates of both sides are these two, their sum and their difference; the outer ones lie 4 q away.
        let mean = twelve.times_plus::<F>(d[2], s[2] - s[1]).abs();
        let middle = three.times_plus::<F>((s[1] + s[2]).abs(), mean);
        let (q0, q1) = (minus_two.times_plus::<F>(s[1], s[0] + s[2]), minus_two.times_plus::<F>(s[2], s[1] + s[3]));
        let bound = four.times_plus::<F>(q0.abs().larger(q1.abs()), middle);
        above += u32::from(bound > limit[k]);
    }
    above > 0
}

/// Twelve times h times slopes are no larger, where differences of intervals are up to `largest` and second ones up to `bend`.
#[inline(always)]
fn bound_of<R: Real>(largest: R, bend: R) -> R {
    R::from_f64(12.0) * largest + R::from_f64(14.0) * bend
}

/// The largest sizes of the differences of the nodes of a line, but for the last, and of their differences; at least CHUNK + 2.
#[inline(always)]
fn differences_of_line<R: Real>(nodes: &[R]) -> [R; 2] {
    let mut most = [[R::ZERO; CHUNK]; 2];
    let count = nodes.len() - 2;
    let [(a, _), (b, _), (c, _)] = [0, 1, 2].map(|k| nodes[k..k + count].as_chunks::<CHUNK>());
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        take_differences([a, b, c], &mut most);
    }
    // What fills no chunk is in the last whole one.
    if let [Some(a), Some(b), Some(c)] = [0, 1, 2].map(|k| nodes[k..k + count].last_chunk::<CHUNK>()) {
        take_differences([a, b, c], &mut most);
    }
    most.map(largest_lane)
}

/// One chunk of these.
#[inline(always)]
fn take_differences<R: Real>([a, b, c]: [&[R; CHUNK]; 3], [largest, bend]: &mut [[R; CHUNK]; 2]) {
    for k in 0..CHUNK {
        let (before, after) = (b[k] - a[k], c[k] - b[k]);
        largest[k] = before.abs().larger(largest[k]);
        bend[k] = (after - before).abs().larger(bend[k]);
    }
}

/// The same of CHUNK neighbouring columns from `at` on, each for itself; 0 where there are fewer.
#[inline(always)]
fn differences_of_columns<R: Real>(rows: &[&[R]], at: usize) -> [[R; CHUNK]; 2] {
    let mut largest = [R::ZERO; CHUNK];
    let mut bend = [R::ZERO; CHUNK];
    let mut nodes = rows.iter().map_while(|row| row[at..].first_chunk::<CHUNK>());
    let (Some(first), Some(second)) = (nodes.next(), nodes.next()) else { return [largest, bend] };
    let mut node = *second;
    let mut before = [R::ZERO; CHUNK];
    for k in 0..CHUNK {
        before[k] = second[k] - first[k];
    }
    for next in nodes {
        for k in 0..CHUNK {
            let after = next[k] - node[k];
            largest[k] = after.abs().larger(largest[k]);
            bend[k] = (after - before[k]).abs().larger(bend[k]);
            (before[k], node[k]) = (after, next[k]);
        }
    }
    [largest, bend]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discretisation::{Epsilon, Weno};
    use crate::simd::{LEVELS, Level};
    use crate::weno5::{JS, M, Z};

    /// Smooth, rough, with a kink, with a jump, and constant.
    const FIELDS: [fn(f64) -> f64; 5] = [
        |x| (7.0 * x).sin(),
        |x| (1e4 * x * x).sin(),
        |x| (x - 0.4).abs(),
        |x| if x < 0.6 { 0.1 * x } else { 3.0 - x },
        |_| 0.3,
    ];

    fn sample<R: WenoReal>(field: fn(f64) -> f64, count: u32) -> Vec<R> {
        (0..count).map(|k| R::from_f64(field(f64::from(k) / f64::from(count)))).collect()
    }

    fn largest_from<R: WenoReal>(variant: Weno, size: R) -> Largest<R> {
        Largest::new(Slopes::new(variant, Epsilon::Scaled(1e-6), 300.0), size)
    }

    /// The largest slope of intervals, but for the right-biased one of the first and the left-biased one of the last.
    fn plainly<R: WenoReal>(level: Level, variant: Weno, line: &[R]) -> R {
        let count = line.len() - REACH;
        let rows = [0, 1, 2, 3, 4, 5].map(|k| &line[k..k + count]);
        let (mut minus, mut plus) = (vec![R::ZERO; count], vec![R::ZERO; count]);
        largest_from(variant, R::ZERO).slopes.intervals(level, rows, &mut minus, &mut plus);
        largest_of(&minus[..count - 1]).larger(largest_of(&plus[1..]))
    }

    struct OfLine<'a, R> {
        variant: Weno,
        floor: R,
        line: &'a [R],
    }

    impl<R: WenoReal> Kernel for OfLine<'_, R> {
        type Output = R;
        #[inline(always)]
        fn run<const F: bool>(self) -> R {
            let mut largest = largest_from(self.variant, self.floor);
            match self.variant {
                Weno::Js => largest.line::<JS, F>(self.line),
                Weno::Z => largest.line::<Z, F>(self.line),
                Weno::M => largest.line::<M, F>(self.line),
            }
            largest.size
        }
    }

    struct OfColumns<'a, R> {
        variant: Weno,
        floor: R,
        rows: PaddedRows<'a, R>,
        nodes: std::ops::Range<usize>,
    }

    impl<R: WenoReal> Kernel for OfColumns<'_, R> {
        type Output = R;
        #[inline(always)]
        fn run<const F: bool>(self) -> R {
            let mut largest = largest_from(self.variant, self.floor);
            match self.variant {
                Weno::Js => largest.columns::<JS, F>(self.rows, self.nodes),
                Weno::Z => largest.columns::<Z, F>(self.rows, self.nodes),
                Weno::M => largest.columns::<M, F>(self.rows, self.nodes),
            }
            largest.size
        }
    }

    fn here() -> impl Iterator<Item = Level> {
        LEVELS.into_iter().filter(|level| level.is_here())
    }

    /// At every level, with nothing known of the largest slope and with most of it.
    fn each_case() -> impl Iterator<Item = (Level, f64)> {
        here().flat_map(|level| [0.0, 0.9, 0.999].map(|share| (level, share)))
    }

    fn check_line<R: WenoReal>(variant: Weno, line: &[R]) {
        for (level, share) in each_case() {
            let wanted = plainly(level, variant, line);
            let floor = R::from_f64(share) * wanted;
            let found = level.run(OfLine { variant, floor, line });
            assert!(found == wanted, "{variant:?} {level:?} {} {share}", line.len());
        }
    }

    /// Columns with their ghosts, some nodes after the others.
    fn check_columns<R: WenoReal>(variant: Weno, columns: &[Vec<R>], blocks: &[std::ops::Range<usize>]) {
        let width = columns.len();
        let padded: Vec<R> = (0..columns[0].len()).flat_map(|i| columns.iter().map(move |column| column[i])).collect();
        let ghosts = [&padded[..GHOSTS * width], &padded[padded.len() - GHOSTS * width..]].concat();
        let rows = PaddedRows::of_padded(&padded, &ghosts, width);
        for (level, share) in each_case() {
            let wanted = columns.iter().fold(R::ZERO, |most, column| plainly(level, variant, column).larger(most));
            let floor = R::from_f64(share) * wanted;
            let each =
                |nodes: &std::ops::Range<usize>| level.run(OfColumns { variant, floor, rows, nodes: nodes.clone() });
            let found: Vec<R> = blocks.iter().map(each).collect();
            assert!(largest_of(&found) == wanted, "{variant:?} {level:?} {width} {share}");
        }
    }

    fn check_fields<R: WenoReal>(variant: Weno) {
        for field in FIELDS {
            for count in [13, 20, 22, 137, 300] {
                let line = sample::<R>(field, count);
                check_line(variant, &line);
                let above = plainly(Level::Baseline, variant, &line).larger(R::ONE) * R::from_f64(1e9);
                assert!(Level::Baseline.run(OfLine { variant, floor: above, line: &line }) == above);
            }
            for width in [3, 16, 37] {
                // Column c is the field scaled by 1 to 2 and begun at another place.
                let columns: Vec<Vec<R>> = (0..width)
                    .map(|c: u32| {
                        let scale = R::from_f64(1.0 + f64::from(c * 7 % width) / f64::from(width));
                        sample::<R>(field, 80 + c)[..75].iter().map(|u| scale * *u).collect()
                    })
                    .collect();
                check_columns(variant, &columns, &[0..17, 17..18, 18..69]);
            }
        }
    }

    #[test]
    fn the_largest_slope_is_found_whatever_is_known() {
        for variant in [Weno::Js, Weno::Z, Weno::M] {
            check_fields::<f64>(variant);
            check_fields::<f32>(variant);
        }
    }

    /// Every number anything between 0 and 1: the largest slope lies anywhere, with ghosts, too.
    fn rough(count: u32, number: u32) -> Vec<f64> {
        (0..count).map(|k| (f64::from(k + 97 * number) * 12.9898).sin() * 43758.5453).map(|x| x - x.floor()).collect()
    }

    #[test]
    fn slopes_of_ghosts_do_not_count() {
        for number in 0..200 {
            check_line(Weno::Js, &rough(23 + number % 40, number));
            let columns: Vec<Vec<f64>> = (0..16).map(|c| rough(9, 50 * number + c)).collect();
            check_columns(Weno::Js, &columns, &[0..2, 2..3]);
        }
    }

    fn check_bounds<R: WenoReal>(variant: Weno) {
        for field in FIELDS {
            let u = sample::<R>(field, 300);
            for at in (0..u.len() - CHUNK - REACH).step_by(5) {
                let nodes = &u[at..at + CHUNK + REACH];
                let slopes = largest_from(variant, R::ZERO).slopes;
                let stencil = stencil_of([0, 1, 2, 3, 4, 5].map(|k| &nodes[k..])).expect("long enough");
                let (minus, plus) = match variant {
                    Weno::Js => slopes.chunk::<JS, false>(stencil),
                    Weno::Z => slopes.chunk::<Z, false>(stencil),
                    Weno::M => slopes.chunk::<M, false>(stencil),
                };
                let size = largest_of(&minus).larger(largest_of(&plus));
                let below = largest_from(variant, R::from_f64(0.999_999) * size);
                let [largest, bend] = differences_of_line(nodes);
                let limit = below.limit(largest);
                assert!(size == R::ZERO || candidates_exceed::<R, false>(stencil, [limit; CHUNK]), "{variant:?} {at}");
                assert!(size == R::ZERO || bound_of(largest, bend) > limit, "{variant:?} {at}");
            }
        }
    }

    #[test]
    fn no_slope_is_beyond_its_bounds() {
        for variant in [Weno::Js, Weno::Z, Weno::M] {
            check_bounds::<f64>(variant);
            check_bounds::<f32>(variant);
        }
    }

    #[test]
    fn what_cannot_be_large_is_ruled_out() {
        let u = sample::<f64>(FIELDS[0], 300);
        let ruled_out = |size: f64, share: f64| {
            let largest = largest_from(Weno::Js, size);
            let blocks = u.windows(CHUNK + REACH).filter(|nodes| {
                let [difference, bend] = differences_of_line(nodes);
                bound_of(difference, bend) <= largest.limit(difference)
            });
            let columns = u.windows(STEPS + REACH).filter(|nodes| {
                let rows: Vec<[f64; CHUNK]> = nodes.iter().map(|x| [*x; CHUNK]).collect();
                let rows: Vec<&[f64]> = rows.iter().map(<[f64; CHUNK]>::as_slice).collect();
                let [difference, bend] = differences_of_columns(&rows, 0);
                largest.none_exceeds(difference, bend)
            });
            let chunks = u.windows(CHUNK + REACH).filter(|nodes| {
                let stencil = stencil_of([0, 1, 2, 3, 4, 5].map(|k| &nodes[k..])).expect("long enough");
                !candidates_exceed::<_, false>(stencil, [largest.limit(1.0); CHUNK])
            });
            for count in [blocks.count(), columns.count(), chunks.count()] {
                assert!(f64::from(u32::try_from(count).expect("few")) > share * 280.0, "{size}: {count}");
            }
        };
        // The largest slope is 7.
        ruled_out(7.8, 0.9);
        ruled_out(6.3, 0.5);
    }

    #[test]
    fn what_is_no_number_does_not_count() {
        let mut line = sample::<f64>(FIELDS[0], 300);
        line[100] = f64::NAN;
        let found = Level::Baseline.run(OfLine { variant: Weno::Js, floor: 0.0, line: &line });
        assert!(found > 6.9 && found < 7.0, "{found}");
    }
}
