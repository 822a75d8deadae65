//! The instruction set, chosen at run time, so that one binary is fast everywhere.
//!
//! A kernel's body is written once, as the `#[inline(always)]` method of a [`Kernel`], and compiled once per level inside
//! a function that may use that level's instructions. Rust never contracts a product and a sum to a fused one by itself;
//! bodies do where they ask for it ([`crate::real::Real::times_plus`]) and the level has fused ones, i.e. at every level but
//! SSE2 and WebAssembly. Levels that fuse give the same bits, and so do those that do not.

use std::sync::OnceLock;

/// An instruction set that a kernel is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every processor of the platform has: SSE2 on x86-64, NEON on arm64.
    Baseline,
    /// 256-bit vectors of x86-64.
    Avx2,
    /// 512-bit vectors of x86-64.
    Avx512,
}

/// Every level, the widest first.
pub const LEVELS: [Level; 3] = [Level::Avx512, Level::Avx2, Level::Baseline];

/// A computation whose body is to be compiled for every level.
pub trait Kernel {
    /// What it gives back.
    type Output;
    /// The body; `F`: [`Level::fuses`]. Implementations mark it, and all that it calls, `#[inline(always)]`: only then do a
    /// level's instructions reach it.
    fn run<const F: bool>(self) -> Self::Output;
}

impl Level {
    /// True where this processor has the level's instructions.
    #[must_use]
    pub fn is_here(self) -> bool {
        match self {
            Self::Baseline => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_here()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512cd")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The widest level of this processor; looked up once.
    #[must_use]
    pub fn best() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| LEVELS.into_iter().find(|level| level.is_here()).unwrap_or(Self::Baseline))
    }

    /// The level as people know it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2+fma",
            Self::Baseline if cfg!(target_arch = "x86_64") => "sse2",
            Self::Baseline if cfg!(target_arch = "aarch64") => "neon",
            Self::Baseline if cfg!(target_arch = "wasm32") => "simd128",
            Self::Baseline => "baseline",
        }
    }

    /// The level of that name, if this processor has it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        LEVELS.into_iter().find(|level| level.name() == name && level.is_here())
    }

    /// True where a product and a sum can be one instruction, rounded once.
    #[must_use]
    pub const fn fuses(self) -> bool {
        match self {
            Self::Baseline => cfg!(target_arch = "aarch64"),
            Self::Avx2 | Self::Avx512 => true,
        }
    }

    /// Runs a kernel compiled for this level, or for the widest one that this processor has.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        // Levels are ordered, and each has all that the one below has.
        match self.min(Self::best()) {
            // SAFETY: a level up to the best one is here.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { run_avx512(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { run_avx2(kernel) },
            _ => kernel.run::<{ Self::Baseline.fuses() }>(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<true>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<true>()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sum<'a>(&'a [f64]);
    impl Kernel for Sum<'_> {
        type Output = f64;
        #[inline(always)]
        fn run<const F: bool>(self) -> f64 {
            self.0.iter().fold(0.0, |sum, x| sum * 0.999 + x * 1.001)
        }
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        let numbers: Vec<f64> = (0..1000).map(|k| f64::from(k).sin()).collect();
        let wanted = Sum(&numbers).run::<false>().to_bits();
        for level in LEVELS {
            assert_eq!(level.run(Sum(&numbers)).to_bits(), wanted, "{}", level.name());
        }
    }

    #[test]
    fn names_lead_back_to_levels_of_this_processor_only() {
        for level in LEVELS {
            assert_eq!(Level::named(level.name()), level.is_here().then_some(level));
        }
        assert_eq!(Level::named("avx1024"), None);
        assert!(Level::best().is_here());
    }
}
