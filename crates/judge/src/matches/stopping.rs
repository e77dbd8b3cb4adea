//! When a match may end before its last prompt: when its outcome cannot change, or is as good as settled.
//!
//! The outcome of a match is whether the score over *all* of its prompts reaches what is needed. Prompts are judged in an order
//! that nobody chose, so what was judged is a sample without replacement. Two bets run along, one against each outcome. Under the
//! outcome it bets against, the mean of the prompts to come is known up to a bound, `m = (total - score so far) / prompts left`;
//! each prompt multiplies the stake by `1 + b (x - m)`, `x` in {-1, 0, 1}. If that outcome is the true one, the expected stake
//! never grows, so by Ville's inequality it reaches `2 / (1 - confidence)` at any time with a probability of at most
//! `(1 - confidence) / 2`. It may be looked at after every prompt. (Betting without replacement: Waudby-Smith and Ramdas,
//! "Estimating means of bounded random variables by betting", 2024.)

use ledger::files::duels::DuelWinner;

use super::{needed, points};

/// Why a match ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The prompts left cannot change its outcome.
    Certain,
    /// They could, but the chance is smaller than the competition allows.
    Settled,
}

impl Stop {
    /// As reports have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Settled => "settled",
        }
    }
}

/// Shares of the greatest bet that cannot lose everything; the stake is spread over them evenly.
const SHARES: [f64; 5] = [0.05, 0.1, 0.2, 0.4, 0.8];

/// One bet is at most so much.
const BET_MAX: f64 = 4.0;

/// A bet that the score over all prompts is above `total`.
#[derive(Debug, Clone)]
struct Bet {
    total: f64,
    score: f64,
    left: f64,
    stakes: [f64; SHARES.len()],
}

impl Bet {
    fn new(prompts: f64, total: f64) -> Self {
        Self { total, score: 0.0, left: prompts, stakes: [1.0; SHARES.len()] }
    }

    fn push(&mut self, x: f64) {
        // What the prompts left are worth at most, on average, if the score is not above the total.
        let mean = ((self.total - self.score) / self.left).clamp(-1.0, 1.0);
        let room = 1.0 + mean;
        let most = if room * BET_MAX > 1.0 { 1.0 / room } else { BET_MAX };
        for (stake, share) in self.stakes.iter_mut().zip(SHARES) {
            *stake *= (1.0 + share * most * (x - mean)).max(0.0);
        }
        self.score += x;
        self.left -= 1.0;
    }

    fn stake(&self) -> f64 {
        self.stakes.iter().sum::<f64>() / 5.0
    }
}

/// Watches a match, prompt by prompt in its order.
#[derive(Debug, Clone)]
pub struct Stopping {
    left: i64,
    needed: i64,
    score: i64,
    reach: f64,
    wins: Bet,
    loses: Bet,
}

impl Stopping {
    /// For a match of so many prompts that the challenger wins with a margin of at least `threshold`. What is settled is wrong
    /// with a probability of at most `1 - confidence`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "numbers of prompts are below 2^53")]
    pub fn new(prompts: usize, threshold: f64, confidence: f64) -> Self {
        let needed = needed(prompts, threshold);
        Self {
            left: i64::try_from(prompts).unwrap_or(i64::MAX / 4),
            needed,
            score: 0,
            reach: 2.0 / (1.0 - confidence.clamp(0.0, 1.0)),
            wins: Bet::new(prompts as f64, (needed - 1) as f64),
            loses: Bet::new(prompts as f64, -needed as f64),
        }
    }

    /// Takes the outcome of the next prompt. Says why the match may end here, if it may and prompts are left.
    #[expect(clippy::cast_precision_loss, reason = "points are -1, 0 and 1")]
    pub fn push(&mut self, winner: DuelWinner) -> Option<Stop> {
        if self.left <= 0 {
            return None;
        }
        let points = points(winner);
        self.wins.push(points as f64);
        self.loses.push(-points as f64);
        self.score += points;
        self.left -= 1;
        if self.left == 0 {
            return None;
        }
        let certain = self.score - self.left >= self.needed || self.score + self.left < self.needed;
        if certain {
            return Some(Stop::Certain);
        }
        // The margin that is recorded, over all prompts, has to say the same.
        let bet = if self.is_won() { &self.wins } else { &self.loses };
        (bet.stake() >= self.reach).then_some(Stop::Settled)
    }

    /// Whether the challenger's score is enough as it is.
    #[must_use]
    pub fn is_won(&self) -> bool {
        self.score >= self.needed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use DuelWinner::{Draw, Left, Right};

    /// After how many prompts a match ends, and why.
    fn end(winners: &[DuelWinner], threshold: f64, confidence: f64) -> (usize, Option<Stop>, bool) {
        let mut watch = Stopping::new(winners.len(), threshold, confidence);
        for (at, winner) in winners.iter().enumerate() {
            if let Some(stop) = watch.push(*winner) {
                return (at + 1, Some(stop), watch.is_won());
            }
        }
        (winners.len(), None, watch.is_won())
    }

    #[test]
    fn a_clear_match_ends_early() {
        let (judged, stop, won) = end(&[Right; 128], 0.05, 0.95);
        assert_eq!((stop, won), (Some(Stop::Settled), true));
        assert!(judged < 16, "{judged}");
        let (judged, stop, won) = end(&[Left; 128], 0.05, 0.95);
        assert_eq!((stop, won), (Some(Stop::Settled), false));
        assert!(judged < 16, "{judged}");
    }

    #[test]
    fn draws_end_when_the_score_cannot_be_reached() {
        assert_eq!(end(&[Draw; 128], 0.05, 1.0), (122, Some(Stop::Certain), false));
    }

    #[test]
    fn a_close_match_goes_on_to_the_end() {
        let mut winners = vec![Draw; 122];
        winners.extend([Right; 6]);
        winners.rotate_left(61);
        let (judged, stop, _) = end(&winners, 0.05, 0.95);
        assert!(stop != Some(Stop::Settled) && judged > 110, "{judged}");
        assert_eq!(end(&[Right], 0.05, 0.95), (1, None, true));
        assert_eq!(end(&[], 0.05, 0.95), (0, None, false));
    }

    /// Shuffled matches that are as close to the threshold as can be, where being wrong is most likely: what was settled is
    /// wrong in fewer cases than allowed.
    #[test]
    fn what_is_settled_is_seldom_wrong() {
        let mut state = 7_u64;
        let mut random = move |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for (left, draw, right) in
            [(20, 82, 26), (20, 81, 27), (60, 2, 66), (0, 121, 7), (0, 122, 6)]
        {
            let mut winners = [vec![Left; left], vec![Draw; draw], vec![Right; right]].concat();
            let truth = right >= left + 7;
            let mut wrong = 0;
            for _ in 0..2000 {
                for at in (1..winners.len()).rev() {
                    winners.swap(at, random(at + 1));
                }
                wrong += usize::from(end(&winners, 0.05, 0.9).2 != truth);
            }
            // 10 % are allowed, half of it on each side; 3 standard deviations of chance.
            assert!(wrong < 2000 / 20 + 30, "{left} {draw} {right}: {wrong} of 2000");
        }
    }

    proptest! {
        /// What is certain is, whatever comes; and the score so far says what the whole match will say.
        #[test]
        fn certain_is_certain(
            winners in prop::collection::vec(prop::sample::select(vec![Left, Draw, Right]), 1..80),
            threshold in -0.3..0.3_f64,
        ) {
            let mut watch = Stopping::new(winners.len(), threshold, 1.0);
            let truth = crate::matches::score(winners.iter().copied()) >= needed(winners.len(), threshold);
            for winner in &winners {
                let stop = watch.push(*winner);
                prop_assert_ne!(stop, Some(Stop::Settled), "full confidence settles nothing");
                if stop == Some(Stop::Certain) {
                    prop_assert_eq!(watch.is_won(), truth);
                }
            }
            prop_assert_eq!(watch.is_won(), truth);
        }
    }
}
