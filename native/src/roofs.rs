//! The arithmetic that this processor can do at most, measured: chains of products and sums that wait for no memory.
//!
//! The one place where a product and a sum are fused, wherever the processor can: it is what the machine could do. The
//! kernels never fuse (src/simd.rs), so that at most half of it is within their reach. The vectors are spelled out: left
//! to the compiler, the same loop ran in single numbers at some levels, a twentieth of the roof.

use rayon::ThreadPool;

use crate::simd::Level;

/// Vectors that are worked on side by side: two units of four cycles each need eight, and the sixteen registers of AVX2
/// hold twelve and both constants.
const CHAINS: usize = 12;

/// Independent chains of x <- a x + b from 1, `CHAINS` vectors of them; gives one vector's first number.
macro_rules! chains {
    ($(#[$attribute:meta])* $name:ident: $number:ty, $set:path, $first:expr, $step:expr) => {
        $(#[$attribute])*
        fn $name(a: $number, b: $number, steps: usize) -> $number {
            let (a, b) = ($set(a), $set(b));
            let mut vectors = [$set(1.0); CHAINS];
            for _ in 0..steps {
                for x in &mut vectors {
                    *x = $step(*x, a, b);
                }
            }
            std::hint::black_box(&vectors);
            $first(vectors[CHAINS - 1])
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod vectors {
    use super::CHAINS;
    use std::arch::x86_64::{
        _mm_add_pd, _mm_add_ps, _mm_cvtsd_f64, _mm_cvtss_f32, _mm_mul_pd, _mm_mul_ps, _mm_set1_pd, _mm_set1_ps,
        _mm256_cvtsd_f64, _mm256_cvtss_f32, _mm256_fmadd_pd, _mm256_fmadd_ps, _mm256_set1_pd, _mm256_set1_ps,
        _mm512_cvtsd_f64, _mm512_cvtss_f32, _mm512_fmadd_pd, _mm512_fmadd_ps, _mm512_set1_pd, _mm512_set1_ps,
    };

    use crate::simd::Level;

    chains!(#[target_feature(enable = "avx512f")] avx512_f64: f64, _mm512_set1_pd, _mm512_cvtsd_f64, _mm512_fmadd_pd);
    chains!(#[target_feature(enable = "avx512f")] avx512_f32: f32, _mm512_set1_ps, _mm512_cvtss_f32, _mm512_fmadd_ps);
    chains!(#[target_feature(enable = "avx2,fma")] avx2_f64: f64, _mm256_set1_pd, _mm256_cvtsd_f64, _mm256_fmadd_pd);
    chains!(#[target_feature(enable = "avx2,fma")] avx2_f32: f32, _mm256_set1_ps, _mm256_cvtss_f32, _mm256_fmadd_ps);
    chains!(#[target_feature(enable = "sse2")] sse2_f64: f64, _mm_set1_pd, _mm_cvtsd_f64,
        |x, a, b| _mm_add_pd(_mm_mul_pd(x, a), b));
    chains!(#[target_feature(enable = "sse2")] sse2_f32: f32, _mm_set1_ps, _mm_cvtss_f32,
        |x, a, b| _mm_add_ps(_mm_mul_ps(x, a), b));

    /// Numbers of so many bytes in a vector.
    pub fn numbers(level: Level, size: usize) -> usize {
        match level.min(Level::best()) {
            Level::Avx512 => 64 / size,
            Level::Avx2 => 32 / size,
            Level::Baseline => 16 / size,
        }
    }

    pub fn run_f64(level: Level, a: f64, b: f64, steps: usize) -> f64 {
        match level.min(Level::best()) {
            // SAFETY: a level up to the best one is here, and each has the instructions that its function names.
            Level::Avx512 => unsafe { avx512_f64(a, b, steps) },
            // SAFETY: as above.
            Level::Avx2 => unsafe { avx2_f64(a, b, steps) },
            // SAFETY: every processor of this kind has SSE2.
            Level::Baseline => unsafe { sse2_f64(a, b, steps) },
        }
    }

    pub fn run_f32(level: Level, a: f32, b: f32, steps: usize) -> f32 {
        match level.min(Level::best()) {
            // SAFETY: as in `run_f64`.
            Level::Avx512 => unsafe { avx512_f32(a, b, steps) },
            // SAFETY: as above.
            Level::Avx2 => unsafe { avx2_f32(a, b, steps) },
            // SAFETY: as above.
            Level::Baseline => unsafe { sse2_f32(a, b, steps) },
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod vectors {
    use super::CHAINS;
    use std::arch::aarch64::{vdupq_n_f32, vdupq_n_f64, vfmaq_f32, vfmaq_f64, vgetq_lane_f32, vgetq_lane_f64};

    use crate::simd::Level;

    chains!(#[target_feature(enable = "neon")] neon_f64: f64, vdupq_n_f64, |x| vgetq_lane_f64::<0>(x),
        |x, a, b| vfmaq_f64(b, x, a));
    chains!(#[target_feature(enable = "neon")] neon_f32: f32, vdupq_n_f32, |x| vgetq_lane_f32::<0>(x),
        |x, a, b| vfmaq_f32(b, x, a));

    /// Numbers of so many bytes in a vector.
    pub fn numbers(_level: Level, size: usize) -> usize {
        16 / size
    }

    pub fn run_f64(_level: Level, a: f64, b: f64, steps: usize) -> f64 {
        // SAFETY: every processor of this kind has NEON.
        unsafe { neon_f64(a, b, steps) }
    }

    pub fn run_f32(_level: Level, a: f32, b: f32, steps: usize) -> f32 {
        // SAFETY: as above.
        unsafe { neon_f32(a, b, steps) }
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod vectors {
    use super::CHAINS;
    use std::arch::wasm32::{
        f32x4_add, f32x4_extract_lane, f32x4_mul, f32x4_splat, f64x2_add, f64x2_extract_lane, f64x2_mul, f64x2_splat,
    };

    use crate::simd::Level;

    chains!(simd128_f64: f64, f64x2_splat, |x| f64x2_extract_lane::<0>(x), |x, a, b| f64x2_add(f64x2_mul(x, a), b));
    chains!(simd128_f32: f32, f32x4_splat, |x| f32x4_extract_lane::<0>(x), |x, a, b| f32x4_add(f32x4_mul(x, a), b));

    /// Numbers of so many bytes in a vector.
    pub fn numbers(_level: Level, size: usize) -> usize {
        16 / size
    }

    pub fn run_f64(_level: Level, a: f64, b: f64, steps: usize) -> f64 {
        simd128_f64(a, b, steps)
    }

    pub fn run_f32(_level: Level, a: f32, b: f32, steps: usize) -> f32 {
        simd128_f32(a, b, steps)
    }
}

#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
mod vectors {
    use super::CHAINS;
    use std::convert::identity;

    use crate::simd::Level;

    chains!(plain_f64: f64, identity, identity, |x: f64, a, b| x * a + b);
    chains!(plain_f32: f32, identity, identity, |x: f32, a, b| x * a + b);

    /// Numbers of any size in a vector.
    pub fn numbers(_level: Level, _size: usize) -> usize {
        1
    }

    pub fn run_f64(_level: Level, a: f64, b: f64, steps: usize) -> f64 {
        plain_f64(a, b, steps)
    }

    pub fn run_f32(_level: Level, a: f32, b: f32, steps: usize) -> f32 {
        plain_f32(a, b, steps)
    }
}

/// A precision with its chains.
pub trait Chained: Copy + Send + Sync {
    /// Runs the chains from 1; gives where one of them is in the end.
    #[must_use]
    fn run(level: Level, a: Self, b: Self, steps: usize) -> Self;
    /// 1/2.
    const HALF: Self;
}

impl Chained for f64 {
    const HALF: Self = 0.5;
    fn run(level: Level, a: Self, b: Self, steps: usize) -> Self {
        vectors::run_f64(level, a, b, steps)
    }
}

impl Chained for f32 {
    const HALF: Self = 0.5;
    fn run(level: Level, a: Self, b: Self, steps: usize) -> Self {
        vectors::run_f32(level, a, b, steps)
    }
}

/// Operations of so many steps: a product and a sum in every number of every vector.
fn operations<R: Chained>(level: Level, steps: usize) -> usize {
    2 * CHAINS * vectors::numbers(level, size_of::<R>()) * steps
}

/// Runs so many steps of the chains on all threads of a pool at once; gives the operations done, a fused product and sum
/// counted as two. Whoever calls it has the clock: that of WebAssembly is too coarse.
#[must_use]
pub fn arithmetic<R: Chained>(level: Level, pool: &ThreadPool, steps: usize) -> usize {
    // x stays at b/(1 - a) = 1, and nothing overflows or becomes denormal. The compiler must not know that.
    let half = std::hint::black_box(R::HALF);
    let threads = pool.broadcast(|_| std::hint::black_box(R::run(level, half, half, steps))).len();
    threads * operations::<R>(level, steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::LEVELS;
    use crate::threads::pool;

    #[test]
    fn chains_are_what_they_say() {
        for level in LEVELS.into_iter().filter(|level| level.is_here()) {
            // From 1, x <- x/2 + 1 is 2 - 2^-n after n steps, exactly.
            let wanted = 2.0 - 0.5f64.powi(10);
            let got = [f64::run(level, 0.5, 1.0, 10), f64::from(f32::run(level, 0.5, 1.0, 10))];
            assert_eq!(got.map(f64::to_bits), [wanted.to_bits(); 2], "{}", level.name());
        }
        // Twelve vectors, ten steps, a product and a sum each, twice as many numbers of half the size.
        let best = Level::best();
        assert_eq!(operations::<f64>(best, 10), 240 * vectors::numbers(best, 8));
        assert_eq!(operations::<f32>(best, 10), 2 * operations::<f64>(best, 10));
    }

    #[test]
    fn operations_of_all_threads_count() {
        let pool = pool(3).expect("threads");
        assert_eq!(arithmetic::<f64>(Level::best(), &pool, 7), 3 * operations::<f64>(Level::best(), 7));
    }
}
