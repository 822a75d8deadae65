//! A history is a list of slices, one per stored level: nothing needs one piece of memory for all of it.

use std::cell::Cell;
use std::collections::TryReserveError;

use crate::crew::{Crew, Shared, range_count, range_of};
use crate::extremes::FirstNonFinite;
use crate::real::Real;

thread_local! {
    /// Bytes that fields of this thread took, or would have taken.
    static TALLY: Cell<usize> = const { Cell::new(0) };
    /// True while fields are only counted.
    static DRY: Cell<bool> = const { Cell::new(false) };
}

/// A field of zeros. All memory that grows with the grid is made here, so that it can be counted beforehand.
///
/// # Errors
/// Where there is no memory.
pub fn field<R: Real>(length: usize) -> Result<Vec<R>, TryReserveError> {
    let mut field = Vec::new();
    let mut taken = length.saturating_mul(size_of::<R>());
    if !DRY.get() {
        field.try_reserve_exact(length)?;
        advise_large_pages(&mut field);
        field.resize(length, R::ZERO);
        taken = field.capacity() * size_of::<R>();
    }
    TALLY.set(TALLY.get().wrapping_add(taken));
    Ok(field)
}

/// Bytes from which a field asks for large pages.
#[cfg(target_os = "linux")]
const LARGE: usize = 4 << 20;

/// Asks the system to put a field that nobody has touched yet on large pages: marches across rows of thousands of numbers
/// change pages with every row, and small pages need more entries than the processor keeps.
#[cfg(target_os = "linux")]
fn advise_large_pages<R>(field: &mut Vec<R>) {
    const PAGE: usize = 4096;
    let room = field.spare_capacity_mut();
    let bytes = size_of_val(room);
    if bytes < LARGE {
        return;
    }
    let skipped = room.as_ptr().addr().wrapping_neg() % PAGE;
    let length = (bytes - skipped) / PAGE * PAGE;
    // SAFETY: whole pages within memory of ours, and the advice changes nothing that they hold.
    let _refused =
        unsafe { libc::madvise(room.as_mut_ptr().cast::<u8>().add(skipped).cast(), length, libc::MADV_HUGEPAGE) };
    // A refusal (a system built without them, pages of another size) leaves small pages, which are right too.
}

/// Elsewhere the system chooses pages by itself.
#[cfg(not(target_os = "linux"))]
fn advise_large_pages<R>(_field: &mut Vec<R>) {}

/// Bytes of all fields that this thread ever made.
#[must_use]
pub fn taken() -> usize {
    TALLY.get()
}

/// The bytes of the fields that `make` would make; nothing is allocated.
pub fn need_of<T>(make: impl FnOnce() -> Result<T, TryReserveError>) -> usize {
    let before = taken();
    DRY.set(true);
    let made = make();
    DRY.set(false);
    let need = taken().wrapping_sub(before);
    TALLY.set(before);
    if made.is_ok() { need } else { usize::MAX }
}

/// Slices of all stored levels.
pub type History<R> = Vec<Vec<R>>;

/// A history of zeros.
///
/// # Errors
/// Where there is no memory.
pub fn history<R: Real>(levels: usize, points: usize) -> Result<History<R>, TryReserveError> {
    let mut history = Vec::new();
    history.try_reserve_exact(levels)?;
    for _ in 0..levels {
        history.push(field(points)?);
    }
    Ok(history)
}

/// out = from
pub fn copy_field<R: Real>(crew: &Crew<R>, from: &[R], out: &mut [R]) {
    let out = Shared::new(out);
    crew.ranges(from.len(), |range| {
        // SAFETY: ranges are apart.
        unsafe { out.slice(range.start, range.len()) }.copy_from_slice(&from[range]);
    });
}

/// Index of the first number that is not finite.
pub fn first_non_finite<R: Real>(crew: &Crew<R>, field: &[R]) -> Option<usize> {
    // The largest number of entries from there to the end belongs to the first one.
    let left = crew.largest(range_count(field.len()), |_, block| {
        let range = range_of(field.len(), block);
        let end = field.len() - range.start;
        let found = crew.level.run(FirstNonFinite(&field[range]));
        #[expect(clippy::cast_precision_loss, reason = "no field has 2^53 entries")]
        found.map_or(0.0, |index| (end - index) as f64)
    });
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of entries")]
    if left > 0.0 { Some(field.len() - left as usize) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;

    #[test]
    fn finds_the_first_of_several() {
        let crew = Crew::<f64>::new(1, 0, Level::Baseline).expect("memory");
        let mut numbers = field(10_000).expect("memory");
        assert_eq!(first_non_finite(&crew, &numbers), None);
        for index in [9_999, 5_000, 17] {
            numbers[index] = f64::NAN;
            assert_eq!(first_non_finite(&crew, &numbers), Some(index));
        }
        let mut copy = field(10_000).expect("memory");
        copy_field(&crew, &numbers, &mut copy);
        assert_eq!(first_non_finite(&crew, &copy), Some(17));
    }

    #[test]
    fn a_need_is_what_is_taken() {
        let make = || Ok((field::<f64>(1000)?, history::<f32>(3, 100)?));
        let before = taken();
        let need = need_of(make);
        assert_eq!(taken(), before, "what is only counted is not taken");
        let (first, second) = make().expect("memory");
        assert_eq!((need, taken() - before), (8 * 1000 + 4 * 300, need));
        assert!(first.len() == 1000 && second.len() == 3);
        // More than there are addresses is a number too, and no panic.
        assert!(need_of(|| field::<f64>(usize::MAX / 4)) > usize::MAX / 2);
    }

    #[test]
    fn no_memory_is_an_error() {
        assert!(field::<f64>(usize::MAX / 16).is_err());
        assert!(history::<f32>(2, usize::MAX / 8).is_err());
    }
}
