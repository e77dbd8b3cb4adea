//! Weights as the chain has them: shares of 65535, of the greatest.

/// Why shares cannot be weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SharesError {
    /// A share below zero, infinite or no number.
    #[error("a share is not a number from 0 up")]
    NoNumber,
    /// Nothing, or only zeroes.
    #[error("all shares are zero")]
    Empty,
    /// A place comes twice.
    #[error("a place comes twice")]
    Twice,
}

/// Scales shares so that the greatest is 65535, rounds to even, and leaves out what is zero then.
///
/// # Errors
///
/// [`SharesError`].
pub fn quantise(shares: &[(u16, f64)]) -> Result<Vec<(u16, u16)>, SharesError> {
    if shares.iter().any(|(_, share)| !share.is_finite() || *share < 0.0) {
        return Err(SharesError::NoNumber);
    }
    let mut places: Vec<u16> = shares.iter().map(|(uid, _)| *uid).collect();
    places.sort_unstable();
    if places.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(SharesError::Twice);
    }
    let greatest = shares.iter().map(|(_, share)| *share).fold(0.0, f64::max);
    if greatest <= 0.0 {
        return Err(SharesError::Empty);
    }
    let scaled = shares.iter().map(|&(uid, share)| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 65535")]
        let weight = (share / greatest * 65_535.0).round_ties_even() as u16;
        (uid, weight)
    });
    Ok(scaled.filter(|(_, weight)| *weight > 0).collect())
}

#[cfg(test)]
mod tests {
    use super::{SharesError, quantise};

    #[test]
    fn the_greatest_is_65535() {
        assert_eq!(quantise(&[(0, 0.25), (1, 0.75)]), Ok(vec![(0, 21_845), (1, 65_535)]));
        assert_eq!(quantise(&[(7, 1e-300)]), Ok(vec![(7, 65_535)]));
        assert_eq!(quantise(&[(3, 0.0), (4, 1.0)]), Ok(vec![(4, 65_535)]));
        assert_eq!(quantise(&[(1, 1.0 - 0.85), (2, 0.85)]), Ok(vec![(1, 11_565), (2, 65_535)]));
    }

    #[test]
    fn what_are_no_shares() {
        assert_eq!(quantise(&[(0, f64::NAN)]), Err(SharesError::NoNumber));
        assert_eq!(quantise(&[(0, -0.1), (1, 1.0)]), Err(SharesError::NoNumber));
        assert_eq!(quantise(&[]), Err(SharesError::Empty));
        assert_eq!(quantise(&[(0, 0.0)]), Err(SharesError::Empty));
        assert_eq!(quantise(&[(5, 0.5), (5, 0.5)]), Err(SharesError::Twice));
    }
}
