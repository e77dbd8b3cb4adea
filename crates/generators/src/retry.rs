//! How long to wait before the next try. Pure: the same seed and number of the try give the same pause.

use std::time::Duration;

/// Pauses that double, each shortened or kept by chance, so that many callers do not come back at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// Before the second try, at most.
    pub first: Duration,
    /// Never longer.
    pub longest: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(30) }
    }
}

impl Pauses {
    /// Before try number `next`, 2 being the second: from a half to the whole of the doubled pause.
    #[must_use]
    pub fn before(&self, next: u32, seed: u64) -> Duration {
        let doubled = self.first.saturating_mul(1 << next.saturating_sub(2).min(20));
        let whole = doubled.min(self.longest);
        let chance = (mix(seed ^ mix(u64::from(next))) >> 11) as f64 / (1_u64 << 53) as f64;
        whole.mul_f64(0.5 + 0.5 * chance)
    }
}

/// The finaliser of `SplitMix64`: every bit of the input moves about half of the output.
pub(crate) const fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_differ_between_callers() {
        let pauses = Pauses::default();
        for next in 2..40 {
            let whole = Duration::from_secs(1 << (next - 2).min(10)).min(pauses.longest);
            for seed in 0..50 {
                let pause = pauses.before(next, seed);
                assert!(pause >= whole / 2 && pause <= whole, "{next} {seed}: {pause:?}");
                assert_eq!(pause, pauses.before(next, seed));
            }
        }
        let different: std::collections::BTreeSet<_> =
            (0..100).map(|seed| pauses.before(3, seed)).collect();
        assert!(different.len() > 90, "{}", different.len());
    }
}
