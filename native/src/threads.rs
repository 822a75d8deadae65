//! Thread pools, one per number of threads, kept for the life of the process: idle threads sleep.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// Most threads that a call may ask for.
pub const MOST_THREADS: usize = 1024;

/// Threads that this process may run at the same time.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The pool of so many threads (between 1 and [`MOST_THREADS`]).
///
/// # Errors
/// Where the system gives no more threads.
pub fn pool(threads: usize) -> Result<Arc<ThreadPool>, ThreadPoolBuildError> {
    static POOLS: OnceLock<Mutex<HashMap<usize, Arc<ThreadPool>>>> = OnceLock::new();
    let threads = threads.clamp(1, MOST_THREADS);
    let mut pools = POOLS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pool) = pools.get(&threads) {
        return Ok(Arc::clone(pool));
    }
    let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|k| format!("mfgpu-{k}")).build()?;
    let pool = Arc::new(pool);
    pools.insert(threads, Arc::clone(&pool));
    Ok(pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_made_once_and_has_its_threads() {
        let first = pool(3).expect("threads");
        assert!(Arc::ptr_eq(&first, &pool(3).expect("threads")));
        assert_eq!(first.current_num_threads(), 3);
        assert_eq!(pool(0).expect("threads").current_num_threads(), 1);
    }
}
