//! What JavaScript sees.

use napi_derive::napi;

use crate::simd::Level;
use crate::threads::cores;

/// What this build of the addon finds on this processor.
#[napi(object)]
pub struct Host {
    /// The addon's version, which must be the package's.
    pub version: String,
    /// The widest instruction set that kernels run with.
    pub simd: String,
    /// Threads that run at the same time.
    pub threads: u32,
}

/// Looks around.
#[napi]
#[must_use]
pub fn host() -> Host {
    Host {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        simd: Level::best().name().to_owned(),
        threads: u32::try_from(cores()).unwrap_or(u32::MAX),
    }
}
