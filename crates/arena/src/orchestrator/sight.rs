//! How long builds have been looked at without a break.

use std::time::Duration;

/// Looks further apart than so many intervals are a break: the competition was paused, or nobody could look.
const BREAK: u32 = 5;

/// Part of a build's time that it is looked at on end before it is late.
const PART: u32 = 6;

/// Looks at builds, in the time of `elapsed`. A process that begins has not looked yet.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// The first look of those without a break between them.
    since: Option<Duration>,
    /// The end of the last one.
    until: Duration,
}

impl Sight {
    /// A look begins.
    pub(super) fn begins(&mut self, now: Duration, interval: Duration) {
        if now.saturating_sub(self.until) > interval.saturating_mul(BREAK) {
            self.since = None;
        }
    }

    /// A look ended, and something was seen or not.
    pub(super) fn ended(&mut self, now: Duration, has_seen: bool) {
        self.until = now;
        self.since = if has_seen { self.since.or(Some(now)) } else { None };
    }

    /// How long a build that is not done may have been waited for now, if `timeout` is its time. While nobody could look, it may
    /// have been done, or not even begun: first it is looked at for a sixth of its time on end.
    pub(super) fn patience(&self, now: Duration, timeout: Duration) -> Duration {
        let seen_for = self.since.map_or(Duration::ZERO, |since| now.saturating_sub(since));
        if self.since.is_some() && seen_for >= timeout / PART { timeout } else { Duration::MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::Sight;
    use std::time::Duration;

    const INTERVAL: Duration = Duration::from_secs(120);
    const TIMEOUT: Duration = Duration::from_secs(10_800);

    fn at(minute: u64) -> Duration {
        Duration::from_secs(60 * minute)
    }

    /// Looks every other minute, from one minute to another.
    fn look(sight: &mut Sight, from: u64, to: u64) {
        for minute in (from..=to).step_by(2) {
            sight.begins(at(minute), INTERVAL);
            sight.ended(at(minute), true);
        }
    }

    #[test]
    fn patience_ends_after_half_an_hour_of_looks_on_end() {
        let mut sight = Sight::default();
        look(&mut sight, 200, 228);
        assert_eq!(sight.patience(at(228), TIMEOUT), Duration::MAX);
        look(&mut sight, 230, 230);
        assert_eq!(sight.patience(at(230), TIMEOUT), TIMEOUT);
    }

    #[test]
    fn a_failed_look_or_a_long_break_begins_it_anew() {
        let mut sight = Sight::default();
        look(&mut sight, 0, 60);
        sight.ended(at(62), false);
        look(&mut sight, 64, 92);
        assert_eq!(sight.patience(at(92), TIMEOUT), Duration::MAX, "a look failed");
        look(&mut sight, 94, 94);
        assert_eq!(sight.patience(at(94), TIMEOUT), TIMEOUT);
        look(&mut sight, 105, 107);
        assert_eq!(sight.patience(at(107), TIMEOUT), Duration::MAX, "eleven minutes without");
    }
}
