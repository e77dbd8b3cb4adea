//! Run-time choice of instruction set for loops the compiler vectorises.
//!
//! A [`Kernel`] is plain Rust over slices and arrays. It is compiled twice, for the baseline of the target and for AVX2,
//! and [`Level::run`] picks one. Rust never contracts `a * b + c` and neither copy reorders a sum, so both give the same
//! bits; only the speed differs. This is the one module of the crate with `unsafe`.

/// Work that is worth compiling per instruction set. Mark `run` and all it calls in a loop `#[inline(always)]`.
pub(crate) trait Kernel {
    /// What the work gives back.
    type Output;
    /// Does the work.
    fn run(self) -> Self::Output;
}

/// An instruction set this machine has. The field is private, so that AVX2 is only ever named after detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    avx2: bool,
}

impl Level {
    /// What every machine of the target has.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests compare it with the best level"))]
    pub(crate) const BASELINE: Self = Self { avx2: false };

    /// The best this machine has.
    pub(crate) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        let avx2 = std::arch::is_x86_feature_detected!("avx2");
        #[cfg(not(target_arch = "x86_64"))]
        let avx2 = false;
        Self { avx2 }
    }

    /// Runs the copy of `kernel` made for this level.
    #[inline]
    #[allow(unsafe_code, reason = "calling a function compiled for AVX2 after detecting AVX2")]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[cfg(target_arch = "x86_64")]
        if self.avx2 {
            // SAFETY: `avx2` is only set by `best`, after the CPU said that it has AVX2.
            return unsafe { run_avx2(kernel) };
        }
        kernel.run()
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}
