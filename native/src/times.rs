//! Where the stored time levels stand, and how slices are interpolated between them (docs/numerics.md section 3.4).

use std::f64::consts::{FRAC_PI_2, PI};

/// How many stored slices an interpolation reads at most.
pub const MOST_POINTS: usize = 4;

/// Nodes of the interpolation, in levels from its first one.
const NODES: [f64; MOST_POINTS] = [0.0, 1.0, 2.0, 3.0];

/// The stored levels of one problem.
#[derive(Clone, Debug)]
pub struct Levels {
    /// The horizon T.
    pub horizon: f64,
    /// Stored time intervals, at least 1.
    pub steps: usize,
    /// The steps + 1 stored times, 0 first and the horizon last, as they were given.
    pub times: Vec<f64>,
    /// Grading g of the levels, from 0 (uniform) to 1.
    pub grading: f64,
    /// Four points in the level index, or two.
    pub cubic: bool,
}

/// Interpolation between stored levels at one moment: weights of the levels `first`, `first + 1`, ...
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moment {
    /// The level of the first weight.
    pub first: usize,
    /// Weights that count; those beyond are 0.
    pub count: usize,
    /// The weights, summing to 1.
    pub weights: [f64; MOST_POINTS],
}

/// The share of the horizon that has passed at the share x of the levels; the square of the sine because 1 - cos loses
/// digits near x = 0.
fn graded_share(x: f64, grading: f64) -> f64 {
    let sine = (FRAC_PI_2 * x).sin();
    (1.0 - grading) * x + grading * (sine * sine)
}

impl Levels {
    #[expect(clippy::cast_precision_loss, reason = "steps are counted in thousands")]
    fn count_as_f64(&self) -> f64 {
        self.steps as f64
    }

    /// The level index k(t), a real number in [0, steps], whole at the stored times.
    ///
    /// Newton's method from the middle: the share is convex up to x = 1/2, so the iterates fall monotonically onto the
    /// root and the first one that does not fall is the end.
    #[must_use]
    pub fn index_at(&self, time: f64) -> f64 {
        let steps = self.count_as_f64();
        if time.is_nan() || time <= 0.0 {
            return 0.0;
        }
        if time >= self.horizon {
            return steps;
        }
        let mirrored = time > self.horizon / 2.0;
        let share = (if mirrored { self.horizon - time } else { time }) / self.horizon;
        let mut x = 0.5;
        loop {
            let slope = 1.0 - self.grading + self.grading * FRAC_PI_2 * (PI * x).sin();
            let next = x - (graded_share(x, self.grading) - share) / slope;
            // A NaN ends it as well.
            if next.is_nan() || next >= x {
                break;
            }
            x = next;
        }
        let index = if mirrored { steps * (1.0 - x) } else { steps * x };
        let stored = index.round();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and steps")]
        let time_stored = self.times.get(stored as usize);
        if time_stored == Some(&time) { stored } else { index }
    }

    /// Weights of the stored levels at time t in the stored interval: Lagrange's in the index variable, one-sided at both
    /// ends. The points stand around [interval, interval + 1], also at its ends, where round-off could name the next one.
    #[must_use]
    pub fn at(&self, time: f64, interval: usize) -> Moment {
        let count = if self.cubic { MOST_POINTS.min(self.steps + 1) } else { 2 };
        let before = usize::from(count == MOST_POINTS);
        let first = interval.saturating_sub(before).min((self.steps + 1).saturating_sub(count));
        #[expect(clippy::cast_precision_loss, reason = "steps are counted in thousands")]
        let x = self.index_at(time) - first as f64;
        let mut weights = [0.0; MOST_POINTS];
        for (j, own) in NODES.iter().enumerate().take(count) {
            let mut weight = 1.0;
            for (l, other) in NODES.iter().enumerate().take(count) {
                if l != j {
                    weight *= (x - other) / (own - other);
                }
            }
            weights[j] = weight;
        }
        Moment { first, count, weights }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graded(steps: u32) -> Levels {
        let (horizon, grading) = (0.7, 0.9);
        let share = |k: u32| horizon * graded_share(f64::from(k) / f64::from(steps), grading);
        let times = (0..=steps).map(|k| if 2 * k <= steps { share(k) } else { horizon - share(steps - k) }).collect();
        Levels { horizon, steps: steps as usize, times, grading, cubic: true }
    }

    #[test]
    fn stored_times_have_whole_indices() {
        let levels = graded(37);
        for k in 0..=37_u32 {
            let time = levels.times[k as usize];
            assert_eq!(levels.index_at(time).to_bits(), f64::from(k).to_bits(), "level {k}");
        }
    }

    #[test]
    fn weights_sum_to_one_and_reproduce_cubics_of_the_index() {
        let levels = graded(9);
        for interval in 0..9_usize {
            for part in 1..8_u32 {
                let (from, to) = (levels.times[interval], levels.times[interval + 1]);
                let time = from + (to - from) * f64::from(part) / 8.0;
                let moment = levels.at(time, interval);
                let kappa = levels.index_at(time);
                let (mut one, mut cube) = (0.0, 0.0);
                for (j, w) in moment.weights.iter().enumerate() {
                    let node = f64::from(u32::try_from(moment.first + j).expect("small"));
                    one += w;
                    cube += w * node.powi(3);
                }
                assert!((one - 1.0).abs() < 1e-14);
                assert!((cube - kappa.powi(3)).abs() < 1e-11);
                assert!(moment.first <= interval && interval < moment.first + moment.count);
            }
        }
    }

    #[test]
    fn one_interval_has_two_points() {
        assert_eq!(graded(1).at(0.3, 0).count, 2);
        assert!(graded(1).index_at(f64::NAN).abs() < f64::EPSILON);
    }
}
