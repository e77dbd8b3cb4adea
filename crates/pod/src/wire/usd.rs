//! Money.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};

/// An amount of money in millionths of a US dollar.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Usd {
    /// Millionths of a dollar.
    pub micros: i64,
}

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self { micros: 0 };

    /// To the nearest millionth; nothing for what is no number. As prices in JSON are read.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and prices are small")]
    pub const fn from_dollars(dollars: f64) -> Self {
        Self { micros: (dollars * 1e6).round_ties_even() as i64 }
    }

    /// What `seconds` at this price per hour cost.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "prices are far below 2^53 millionths")]
    pub const fn per_hour_for(self, seconds: f64) -> Self {
        Self::from_dollars(self.micros as f64 * 1e-6 * seconds / 3600.0)
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { micros: self.micros.saturating_add(other.micros) }
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.micros < 0 { "-" } else { "" };
        let micros = self.micros.unsigned_abs();
        write!(f, "{sign}${}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        assert_eq!(Usd::from_dollars(3.5).per_hour_for(1800.0).to_string(), "$1.750000");
        assert_eq!(Usd::from_dollars(-0.25).to_string(), "-$0.250000");
        assert_eq!(Usd::from_dollars(f64::NAN), Usd::ZERO);
        assert_eq!([Usd { micros: 2 }, Usd { micros: 3 }].into_iter().sum::<Usd>().micros, 5);
    }
}
