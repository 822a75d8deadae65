//! Asking for memory before it is read: the processor foresees what follows within a page and nothing beyond it, and rows of
//! large fields are as long as a page and more, or lie pages apart.

/// Bytes of a cache line.
const LINE: usize = 64;
/// Lines of a row after which the processor sees where it goes.
const HEAD: usize = 8;

/// Into which cache, as the instruction of x86-64 numbers them.
const FIRST: i32 = 3;
const SECOND: i32 = 2;

/// Asks for a row that is read or written soon.
#[inline(always)]
pub fn ahead<R>(row: &[R]) {
    fetch::<R, FIRST>(row);
}

/// Asks for the beginning of a row that lies within a page.
#[inline(always)]
pub fn ahead_of_page<R>(row: &[R]) {
    ahead(&row[..row.len().min(HEAD * LINE / size_of::<R>())]);
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
