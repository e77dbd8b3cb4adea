//! How sure a margin is: the bootstrap over prompts, and whether a judge says the same both ways round.

use ledger::files::duels::DuelWinner;
use ledger::json::Json;

/// Parts of a distribution below this are cut off at its ends.
const TAIL: f64 = 1e-18;

/// The percentile interval of the bootstrap over prompts, for the mean of what was judged: -1 to 1, both ends included. Nothing
/// without prompts.
///
/// A bootstrap draws as many prompts again, with replacement. A duel is worth -1, 0 or 1, so the sum of a draw has a trinomial
/// distribution, which is computed and not sampled: there is no seed, and everybody gets the same bounds. Where all duels ended
/// alike the interval is a point, as of every bootstrap.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "numbers of prompts are below 2^53")]
pub fn interval(winners: &[DuelWinner], confidence: f64) -> Option<[f64; 2]> {
    let n = winners.len();
    if n == 0 {
        return None;
    }
    let share = |which: DuelWinner| {
        winners.iter().filter(|winner| **winner == which).count() as f64 / n as f64
    };
    let (left, right) = (share(DuelWinner::Left), share(DuelWinner::Right));
    let sums = Sums::of(n, [left, 1.0 - left - right, right]);
    let tail = (1.0 - confidence.clamp(0.0, 1.0)) / 2.0;
    let low = sums.quantile(tail);
    let high = -sums.mirrored().quantile(tail);
    Some([low as f64 / n as f64, high as f64 / n as f64])
}

/// A distribution of sums.
struct Sums {
    /// The sum of the first probability.
    first: i64,
    chances: Vec<f64>,
}

impl Sums {
    /// Of `n` draws of -1, 0 and 1.
    fn of(n: usize, chances: [f64; 3]) -> Self {
        let mut power = Self { first: -1, chances: chances.to_vec() };
        power.cut();
        let mut sums = Self { first: 0, chances: vec![1.0] };
        let mut left = n;
        loop {
            if left & 1 == 1 {
                sums = sums.plus(&power);
            }
            left >>= 1;
            if left == 0 {
                return sums;
            }
            power = power.plus(&power);
        }
    }

    /// Of the sum of both.
    fn plus(&self, other: &Self) -> Self {
        let mut chances = vec![0.0; self.chances.len() + other.chances.len() - 1];
        for (i, a) in self.chances.iter().enumerate() {
            for (out, b) in chances[i..].iter_mut().zip(&other.chances) {
                *out += a * b;
            }
        }
        let mut sums = Self { first: self.first + other.first, chances };
        sums.cut();
        sums
    }

    /// Without what is next to impossible at both ends; something always stays.
    fn cut(&mut self) {
        let likely = |chance: &f64| *chance > TAIL;
        let last = self.chances.iter().rposition(likely).unwrap_or(0);
        self.chances.truncate(last + 1);
        let first = self.chances.iter().position(likely).unwrap_or(0);
        self.chances.drain(..first);
        self.first += first as i64;
    }

    fn mirrored(&self) -> Self {
        let last = self.first + self.chances.len() as i64 - 1;
        Self { first: -last, chances: self.chances.iter().rev().copied().collect() }
    }

    /// The smallest sum that at least `tail` of the distribution is at or below.
    fn quantile(&self, tail: f64) -> i64 {
        let mut below = 0.0;
        for (sum, chance) in (self.first..).zip(&self.chances) {
            below += chance;
            if below >= tail {
                return sum;
            }
        }
        self.first + self.chances.len() as i64 - 1
    }
}

/// The share of questions asked both ways round in which both answers agree, 0 to 1; nothing if none was asked so.
///
/// From the details of duels: every object in them with the `status` `agreed` or `contradictory` is such a question. Where there is
/// none, `swap` counts, `{"asked", "agreed"}`, or `n_total` and `n_consistent` of the multi-stage judge's first stage `s1`, which is
/// all that other writers tell.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "numbers of questions are below 2^53")]
pub fn swap_consistency<'a>(details: impl IntoIterator<Item = &'a Json>) -> Option<f64> {
    let mut all = Swaps::default();
    for detail in details {
        let mut swaps = Swaps::default();
        swaps.count(detail);
        if swaps.asked == 0 {
            let summary = summary(detail, "swap", "asked", "agreed");
            let summary = summary.or_else(|| front(detail));
            swaps = summary.unwrap_or_default();
        }
        all.asked += swaps.asked;
        all.agreed += swaps.agreed.min(swaps.asked);
    }
    (all.asked > 0).then(|| all.agreed as f64 / all.asked as f64)
}

/// Questions asked both ways round.
#[derive(Default)]
struct Swaps {
    asked: u64,
    agreed: u64,
}

impl Swaps {
    /// Counts questions at any depth.
    fn count(&mut self, json: &Json) {
        match json {
            Json::Object(members) => {
                let status = members.get("status").and_then(Json::as_str);
                let agreed = status == Some("agreed");
                self.asked += u64::from(agreed || status == Some("contradictory"));
                self.agreed += u64::from(agreed);
                members.values().for_each(|value| self.count(value));
            }
            Json::Array(items) => items.iter().for_each(|item| self.count(item)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
}

fn front(detail: &Json) -> Option<Swaps> {
    summary(detail, "s1", "n_total", "n_consistent")
}

fn summary(detail: &Json, under: &str, asked: &str, agreed: &str) -> Option<Swaps> {
    let members = detail.as_object()?.get(under)?.as_object()?;
    let count = |key: &str| match members.get(key)? {
        Json::Number(text) => text.parse::<u32>().ok().map(u64::from),
        _ => None,
    };
    Some(Swaps { asked: count(asked)?, agreed: count(agreed)? })
}

#[cfg(test)]
mod tests {
    use ledger::json;
    use proptest::prelude::*;

    use super::*;

    fn winners(left: usize, draw: usize, right: usize) -> Vec<DuelWinner> {
        [(DuelWinner::Left, left), (DuelWinner::Draw, draw), (DuelWinner::Right, right)]
            .into_iter()
            .flat_map(|(winner, times)| std::iter::repeat_n(winner, times))
            .collect()
    }

    /// As scores, which are what bounds are made of.
    #[expect(clippy::cast_possible_truncation, reason = "whole numbers")]
    fn bounds(left: usize, draw: usize, right: usize, confidence: f64) -> [i64; 2] {
        let all = winners(left, draw, right);
        let interval = interval(&all, confidence).unwrap();
        interval.map(|bound| (bound * all.len() as f64).round() as i64)
    }

    #[test]
    fn worked_out_by_hand() {
        // Two prompts, one won, one drawn: sums 0, 1, 2 with 1/4, 1/2, 1/4.
        assert_eq!(bounds(0, 1, 1, 0.95), [0, 2]);
        assert_eq!(bounds(0, 1, 1, 0.5), [0, 2], "a quarter at each end is just inside");
        assert_eq!(bounds(0, 1, 1, 0.4), [1, 1]);
        assert_eq!(bounds(0, 3, 0, 0.95), [0, 0]);
        assert_eq!(bounds(0, 0, 7, 0.95), [7, 7]);
        assert_eq!(interval(&[], 0.95), None);
    }

    /// Against a normal distribution: 1.96 standard deviations of the sum, to a point.
    #[test]
    fn close_to_the_normal_distribution() {
        for (left, draw, right) in [(20, 80, 28), (1, 110, 17), (500, 200, 300), (60, 0, 68)] {
            let n = (left + draw + right) as f64;
            let mean = (right as f64 - left as f64) / n;
            let variance = (right + left) as f64 / n - mean * mean;
            let wide = 1.96 * (variance * n).sqrt();
            let [low, high] = bounds(left, draw, right, 0.95);
            assert!((low as f64 - (mean * n - wide)).abs() <= 1.5, "{left} {draw} {right}: {low}");
            assert!(
                (high as f64 - (mean * n + wide)).abs() <= 1.5,
                "{left} {draw} {right}: {high}"
            );
        }
    }

    /// Against drawing prompts again, as a bootstrap usually is done.
    #[test]
    fn agrees_with_sampling() {
        let all = winners(30, 60, 38);
        let mut state = 42_u64;
        let mut random = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        };
        let mut sums: Vec<i64> = (0..20_000)
            .map(|_| {
                (0..all.len()).map(|_| crate::matches::points(all[random() % all.len()])).sum()
            })
            .collect();
        sums.sort_unstable();
        let [low, high] = bounds(30, 60, 38, 0.95);
        assert!((sums[500] - low).abs() <= 1 && (sums[19_499] - high).abs() <= 1);
    }

    #[test]
    fn a_hundred_thousand_prompts_are_no_trouble() {
        let [low, high] = bounds(20_000, 50_000, 30_000, 0.95);
        assert!((10_000 - low - (high - 10_000)).abs() <= 2 && high - low < 3_000, "{low} {high}");
    }

    #[test]
    fn swaps_are_counted_over_all_duels() {
        let details = [
            r#"{"swap": {"asked": 4, "agreed": 3}, "s1": {"n_total": 9, "n_consistent": 0}}"#,
            r#"{"s1": {"n_total": 4, "n_consistent": 4}}"#,
            r#"{"reason": "no preview from left"}"#,
            r#"{"swap": {"asked": -1, "agreed": "x"}}"#,
            "null",
            r#"{"s1": {"n_total": 4, "n_consistent": 4, "angles": [{"status": "agreed"}, {"status": "contradictory"},
                {"status": "failed"}]}, "s2": {"best_view": {"status": "agreed"}}}"#,
        ]
        .map(|text| json::read(text).unwrap());
        assert_eq!(swap_consistency(&details[..5]), Some(7.0 / 8.0));
        assert_eq!(swap_consistency(&details[2..5]), None);
        assert_eq!(swap_consistency(&details[5..]), Some(2.0 / 3.0));
    }

    proptest! {
        #[test]
        fn bounds_hold_the_mean_and_grow_with_confidence(
            left in 0..60_usize, draw in 0..60_usize, right in 1..60_usize,
        ) {
            let mean = i64::try_from(right).unwrap() - i64::try_from(left).unwrap();
            let [low, high] = bounds(left, draw, right, 0.95);
            let [lower, higher] = bounds(left, draw, right, 0.99);
            prop_assert!(lower <= low && low <= mean && mean <= high && high <= higher);
        }
    }
}
