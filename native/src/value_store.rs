//! Where a backward sweep writes the value function.

/// Where a sweep writes the value function.
#[derive(Debug)]
pub enum ValueStore<'a, R> {
    /// A whole history.
    History(&'a mut [Vec<R>]),
    /// Two fields in turn: a sweep reads and writes two neighbouring levels at a time. Level 0 ends in the first.
    Pair([&'a mut Vec<R>; 2]),
}

impl<R> ValueStore<'_, R> {
    /// Level k.
    pub fn level(&mut self, k: usize) -> &mut Vec<R> {
        match self {
            Self::History(slices) => &mut slices[k],
            Self::Pair(pair) => pair[k % 2],
        }
    }

    /// Levels k + 1 and k.
    pub(crate) fn step(&mut self, k: usize) -> (&mut Vec<R>, &mut Vec<R>) {
        match self {
            Self::History(slices) => {
                let (before, after) = slices.split_at_mut(k + 1);
                (&mut after[0], &mut before[k])
            }
            Self::Pair([even, odd]) => {
                if k.is_multiple_of(2) {
                    (odd, even)
                } else {
                    (even, odd)
                }
            }
        }
    }
}
