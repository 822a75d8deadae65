//! Asking for memory before it is read: the processor foresees what follows within a page and nothing beyond it, and rows of
//! large fields are as long as a page and more, or lie pages apart.

/// Bytes of a cache line.
const LINE: usize = 64;
/// Lines of a row after which the processor sees where it goes.
const HEAD: usize = 8;

/// Asks for a row that is read or written soon.
#[inline(always)]
pub fn ahead<R>(row: &[R]) {
    for line in row.chunks(LINE / size_of::<R>()) {
        fetch(line.as_ptr());
    }
}

/// Asks for the beginning of a row that lies within a page.
#[inline(always)]
pub fn ahead_of_page<R>(row: &[R]) {
    ahead(&row[..row.len().min(HEAD * LINE / size_of::<R>())]);
}

/// Asks for a row that is read or written soon, but after more than the first cache holds.
#[inline(always)]
pub fn ahead_second<R>(row: &[R]) {
    for line in row.chunks(LINE / size_of::<R>()) {
        fetch_second(line.as_ptr());
    }
}

#[inline(always)]
fn fetch<R>(place: *const R) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which reads nothing.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(place.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

#[inline(always)]
fn fetch_second<R>(place: *const R) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: as above.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(place.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
