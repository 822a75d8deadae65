//! Asking for memory before it is read: the processor foresees what follows within a page and nothing beyond it, and rows of
//! large fields are as long as a page and more, or lie pages apart. A core waits for a few dozen answers at once and no more, so a
//! row is asked for bit by bit, between what is computed meanwhile: a sixth of a sweep at 2048 x 2048 beside whole rows at once.

/// Bytes of a cache line.
const LINE: usize = 64;

/// Into which cache, as the instruction of x86-64 numbers them.
const FIRST: i32 = 3;
const SECOND: i32 = 2;

/// Asks for a row that is read or written soon.
#[inline(always)]
pub fn ahead<R>(row: &[R]) {
    fetch::<R, FIRST>(row);
}

/// Asks for a row that is read or written soon, but after more than the first cache holds.
#[inline(always)]
pub fn ahead_second<R>(row: &[R]) {
    fetch::<R, SECOND>(row);
}

#[inline(always)]
fn fetch<R, const CACHE: i32>(row: &[R]) {
    for line in row.chunks(LINE / size_of::<R>()) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a hint, which reads nothing.
        unsafe {
            std::arch::x86_64::_mm_prefetch::<CACHE>(line.as_ptr().cast());
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = line;
    }
}
