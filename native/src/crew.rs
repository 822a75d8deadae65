//! Threads at work on one field: loops over blocks with scratch memory per thread, made once.
//!
//! Results do not depend on the number of threads: blocks write apart, largest values have no order, and sums are taken
//! block by block into memory of their own and then in the order of the blocks.

use std::any::type_name_of_val;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::history::field;
use crate::meter::Meter;
use crate::real::Real;
use crate::simd::Level;

/// Pieces of work per thread: enough to even out, few enough to cost nothing.
const PIECES: usize = 4;

/// Scratch memory of one thread, cut afresh by every block.
#[derive(Debug)]
pub struct Scratch<R>(Vec<R>);

/// Pieces of memory of one length.
#[inline]
pub fn cut<R, const N: usize>(memory: &mut [R], length: usize) -> [&mut [R]; N] {
    let mut rest = memory;
    [(); N].map(|()| {
        let (piece, after) = std::mem::take(&mut rest).split_at_mut(length);
        rest = after;
        piece
    })
}

impl<R: Real> Scratch<R> {
    /// N pieces of `length` numbers each, with whatever was left there. The crew must have been made with as many.
    #[inline]
    pub fn cut<const N: usize>(&mut self, length: usize) -> [&mut [R]; N] {
        cut(&mut self.0, length)
    }

    /// All of it.
    #[inline]
    pub fn all(&mut self) -> &mut [R] {
        &mut self.0
    }
}

/// The threads that work on one field, and their scratch memory. Its methods must be called inside the pool of that many
/// threads, and work must not call them again.
#[derive(Debug)]
pub struct Crew<R> {
    scratch: Vec<Mutex<Scratch<R>>>,
    /// Instruction set of the kernels.
    pub level: Level,
    /// Times passes, where somebody asks.
    meter: Arc<Meter>,
}

impl<R: Real> Crew<R> {
    /// A crew of so many threads with `length` numbers of scratch memory each.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(threads: usize, length: usize, level: Level) -> Result<Self, std::collections::TryReserveError> {
        let scratch = (0..threads.max(1))
            .map(|_| Ok::<_, std::collections::TryReserveError>(Mutex::new(Scratch(field(length)?))))
            .collect::<Result<_, _>>()?;
        Ok(Self { scratch, level, meter: Arc::default() })
    }

    /// The same crew, whose passes that meter times.
    #[must_use]
    pub fn timed_by(self, meter: Arc<Meter>) -> Self {
        Self { meter, ..self }
    }

    /// Threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.scratch.len()
    }

    /// Calls `work` for every block 0 .. count.
    #[inline]
    pub fn each(&self, count: usize, work: impl Fn(&mut Scratch<R>, usize) + Sync) {
        let name = type_name_of_val(&work);
        self.pass(name, count, |scratch, block| {
            work(scratch, block);
            0.0
        });
    }

    /// The largest of what `work` gives for the blocks 0 .. count, at least 0; NaN does not count.
    pub fn largest(&self, count: usize, work: impl Fn(&mut Scratch<R>, usize) -> f64 + Sync) -> f64 {
        self.pass(type_name_of_val(&work), count, work)
    }

    /// `largest` of a pass with a name.
    fn pass(&self, name: &'static str, count: usize, work: impl Fn(&mut Scratch<R>, usize) -> f64 + Sync) -> f64 {
        self.meter.time(name, || self.run(count, work))
    }

    fn run(&self, count: usize, work: impl Fn(&mut Scratch<R>, usize) -> f64 + Sync) -> f64 {
        let pieces = if self.threads() == 1 { 1 } else { count.min(PIECES * self.threads()) };
        let piece = |index: usize| {
            let thread = rayon::current_thread_index().unwrap_or(0) % self.threads();
            let mut scratch = self.scratch[thread].lock().unwrap_or_else(PoisonError::into_inner);
            let blocks = index * count / pieces..(index + 1) * count / pieces;
            blocks.fold(0.0, |most, block| f64::max(most, work(&mut scratch, block)))
        };
        match pieces {
            0 => 0.0,
            1 => piece(0),
            _ => (0..pieces).into_par_iter().with_max_len(1).map(piece).reduce(|| 0.0, f64::max),
        }
    }

    /// Writes what `work` gives for every block into `parts` and returns the sum in the order of the blocks.
    pub fn sum(&self, parts: &mut [f64], work: impl Fn(&mut Scratch<R>, usize) -> f64 + Sync) -> f64 {
        let name = type_name_of_val(&work);
        let shared = Shared::new(parts);
        self.pass(name, shared.len(), |scratch, block| {
            // SAFETY: every block has one entry of its own.
            let part = unsafe { shared.slice(block, 1) };
            part[0] = work(scratch, block);
            0.0
        });
        parts.iter().sum()
    }

    /// Calls `work` for consecutive ranges that cover 0 .. points.
    pub fn ranges(&self, points: usize, work: impl Fn(std::ops::Range<usize>) + Sync) {
        let name = type_name_of_val(&work);
        self.pass(name, range_count(points), |_, block| {
            work(range_of(points, block));
            0.0
        });
    }
}

/// Numbers in one block of a loop over points without a stencil.
const RANGE: usize = 4096;

/// Blocks of a loop over points without a stencil.
#[must_use]
pub fn range_count(points: usize) -> usize {
    points.div_ceil(RANGE)
}

/// The points of such a block.
#[must_use]
pub fn range_of(points: usize, block: usize) -> std::ops::Range<usize> {
    block * RANGE..((block + 1) * RANGE).min(points)
}

/// A field that several threads write, each its own part.
#[derive(Debug)]
pub struct Shared<'a, T> {
    start: *mut T,
    len: usize,
    field: PhantomData<&'a mut [T]>,
}

impl<T> Clone for Shared<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<'_, T> {}

// SAFETY: parts are handed out by `slice` alone, whose callers keep them apart.
unsafe impl<T: Send> Send for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    /// Shares a field that nobody else can reach meanwhile.
    #[must_use]
    pub fn new(field: &'a mut [T]) -> Self {
        Self { start: field.as_mut_ptr(), len: field.len(), field: PhantomData }
    }

    /// A field that is only read: of it there are views, never slices.
    #[must_use]
    pub fn reading(field: &'a [T]) -> Self {
        Self { start: field.as_ptr().cast_mut(), len: field.len(), field: PhantomData }
    }

    /// Numbers in the field.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True where there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// True where both are the same field.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        std::ptr::eq(self.start, other.start)
    }

    /// The part of `len` numbers from `from` on, to be read.
    ///
    /// # Panics
    /// Where the part reaches beyond the field.
    ///
    /// # Safety
    /// No slice that overlaps may be in use.
    #[inline(always)]
    #[must_use]
    pub unsafe fn view(&self, from: usize, len: usize) -> &'a [T] {
        assert!(from <= self.len && len <= self.len - from, "a part beyond the field");
        // SAFETY: within the field, whose borrow outlives 'a; nobody writes to it, as the caller promises.
        unsafe { std::slice::from_raw_parts(self.start.add(from), len) }
    }

    /// The part of `len` numbers from `from` on.
    ///
    /// # Panics
    /// Where the part reaches beyond the field.
    ///
    /// # Safety
    /// No other part that overlaps may be in use, and the field is not one that is only read.
    #[inline(always)]
    #[must_use]
    pub unsafe fn slice(&self, from: usize, len: usize) -> &'a mut [T] {
        assert!(from <= self.len && len <= self.len - from, "a part beyond the field");
        // SAFETY: within the field, whose borrow outlives 'a; apart from all other parts, as the caller promises.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(from), len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::pool;

    fn crew(threads: usize) -> Crew<f64> {
        Crew::new(threads, 12, Level::Baseline).expect("memory")
    }

    #[test]
    fn every_block_is_visited_once_whatever_the_threads() {
        for threads in [1, 2, 5] {
            pool(threads).expect("threads").install(|| {
                let mut visits = vec![0_u32; 1003];
                let shared = Shared::new(&mut visits);
                // SAFETY: one entry per block.
                crew(threads).each(1003, |_, block| unsafe { shared.slice(block, 1) }[0] += 1);
                assert!(visits.iter().all(|count| *count == 1));
            });
        }
    }

    #[test]
    fn sums_and_largest_do_not_depend_on_threads() {
        let term = |_: &mut Scratch<f64>, block: usize| f64::from(u32::try_from(block).expect("small")).sin();
        let found = [1, 2, 3].map(|threads| {
            pool(threads).expect("threads").install(|| {
                let crew = crew(threads);
                (crew.sum(&mut vec![0.0; 777], term).to_bits(), crew.largest(777, term).to_bits())
            })
        });
        assert!(found.iter().all(|pair| *pair == found[0]));
        assert_eq!(crew(1).largest(0, term).to_bits(), 0);
    }

    #[test]
    fn scratch_is_cut_apart() {
        let mut scratch = Scratch(vec![0.0; 7]);
        let [a, b] = scratch.cut::<2>(3);
        a.fill(1.0);
        b.fill(2.0);
        assert_eq!(scratch.0, [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 0.0]);
    }

    #[test]
    fn ranges_cover_all_points() {
        for points in [1, 4096, 4097, 100_000] {
            let covered: usize = (0..range_count(points)).map(|block| range_of(points, block).len()).sum();
            assert_eq!(covered, points);
        }
    }
}
