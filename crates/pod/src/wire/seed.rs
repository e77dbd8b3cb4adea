//! The seed of a generation, as it may stand on the wire.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The seed of a generation: an integer from -2^63 to 2^64 - 1. Rounds use 0 to 2^32 - 1; clients send -1 and 64 bits too.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "i128", into = "i128")]
pub struct Seed(i128);

/// Not a [`Seed`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// Not a decimal integer.
    #[error("seed {0:?} is not an integer")]
    NotAnInteger(String),
    /// An integer of more than 64 bits.
    #[error("seed {0} is not between -9223372036854775808 and 18446744073709551615")]
    TooLarge(i128),
}

impl Seed {
    /// The 64 bits that generators draw from: negative seeds in two's complement.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "two's complement is meant"
    )]
    pub const fn bits(self) -> u64 {
        self.0 as u64
    }
}

impl From<u64> for Seed {
    fn from(seed: u64) -> Self {
        Self(seed.into())
    }
}

impl From<i64> for Seed {
    fn from(seed: i64) -> Self {
        Self(seed.into())
    }
}

impl From<u32> for Seed {
    fn from(seed: u32) -> Self {
        Self(seed.into())
    }
}

impl TryFrom<i128> for Seed {
    type Error = SeedError;

    fn try_from(seed: i128) -> Result<Self, SeedError> {
        let range = i128::from(i64::MIN)..=i128::from(u64::MAX);
        if range.contains(&seed) { Ok(Self(seed)) } else { Err(SeedError::TooLarge(seed)) }
    }
}

impl From<Seed> for i128 {
    fn from(seed: Seed) -> Self {
        seed.0
    }
}

impl FromStr for Seed {
    type Err = SeedError;

    fn from_str(text: &str) -> Result<Self, SeedError> {
        let seed: i128 = text
            .trim()
            .parse()
            .map_err(|_| SeedError::NotAnInteger(text.chars().take(40).collect()))?;
        Self::try_from(seed)
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_64_bits_with_and_without_sign() {
        for (text, bits) in [
            ("0", 0),
            ("-1", u64::MAX),
            ("4294967295", 4_294_967_295),
            (" 7 ", 7),
            ("18446744073709551615", u64::MAX),
            ("-9223372036854775808", 1 << 63),
        ] {
            let seed: Seed = text.parse().expect(text);
            assert_eq!(seed.bits(), bits, "{text}");
            assert_eq!(seed.to_string(), text.trim());
            let json = serde_json::to_string(&seed).expect("a number");
            assert_eq!(json, text.trim());
            assert_eq!(serde_json::from_str::<Seed>(&json).expect("a seed"), seed);
        }
        for text in ["", "x", "1.5", "18446744073709551616", "-9223372036854775809"] {
            assert!(text.parse::<Seed>().is_err(), "{text:?} was taken");
            assert!(serde_json::from_str::<Seed>(text).is_err(), "{text:?} was taken from JSON");
        }
    }
}
