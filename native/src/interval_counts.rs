//! Sub-steps of every stored interval of one problem and one direction, kept from sweep to sweep (docs/numerics.md section 3.4).

use crate::substeps::{fresh_count, keep_count};

/// Counts of one direction.
#[derive(Clone, Debug)]
pub struct IntervalCounts {
    /// What the last sweep took, 0 where nothing is known yet.
    pub last: Vec<u32>,
    /// What the last sweep would have taken had no sweep been before it.
    pub fresh: Vec<u32>,
    /// What an interval was once found to need, by doing it again.
    pub floors: Vec<u32>,
    /// True: the counts are those of the last sweep whatever this one needs, unless an interval has to be done again.
    fixed: bool,
}

impl IntervalCounts {
    /// Nothing known yet.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        Self { last: vec![0; steps], fresh: vec![0; steps], floors: vec![0; steps], fixed: false }
    }

    /// A copy for a sweep that is compared with the last one: it takes the same sub-steps.
    #[must_use]
    pub fn fixed(&self) -> Self {
        Self { fixed: true, ..self.clone() }
    }

    /// Sub-steps of interval k in this sweep, which needs so many; `factor` as for `keep_count`.
    pub fn choose(&mut self, k: usize, need: u32, factor: f64) -> u32 {
        self.fresh[k] = fresh_count(need);
        if self.fixed {
            return self.last[k];
        }
        keep_count(self.last[k], need, factor).max(self.floors[k])
    }

    /// Sub-steps of interval k that nothing decides but the scheme.
    pub fn set(&mut self, k: usize, count: u32) -> u32 {
        self.fresh[k] = count;
        count
    }

    /// Forgets everything.
    pub fn forget(&mut self) {
        self.last.fill(0);
        self.fresh.fill(0);
        self.floors.fill(0);
    }

    /// Makes the counts those that the last sweep needed; `afresh`: whatever was once found. Returns how many changed.
    pub fn settle(&mut self, afresh: bool) -> u32 {
        if afresh {
            self.floors.fill(0);
        }
        let mut changed = 0;
        for ((last, &fresh), &floor) in self.last.iter_mut().zip(&self.fresh).zip(&self.floors) {
            let count = fresh.max(floor);
            changed += u32::from(count != *last);
            *last = count;
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::IntervalCounts;
    use crate::substeps::HJB_KEPT;

    #[test]
    fn settled_counts_are_the_needs_and_what_was_found() {
        let mut counts =
            IntervalCounts { last: vec![5, 3, 4], fresh: vec![4, 3, 2], floors: vec![0, 0, 4], fixed: false };
        assert_eq!(counts.fixed().choose(0, 9, HJB_KEPT), 5);
        assert_eq!(counts.settle(false), 1);
        assert_eq!(counts.last, [4, 3, 4]);
        assert_eq!(counts.settle(false), 0);
        assert_eq!(counts.settle(true), 1);
        assert_eq!(counts.last, [4, 3, 2]);
        assert_eq!(counts.floors, [0, 0, 0]);
        counts.forget();
        assert_eq!(counts.last, [0, 0, 0]);
    }
}
