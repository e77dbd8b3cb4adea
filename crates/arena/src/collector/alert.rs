//! When many assets of many miners cannot be drawn, somebody should look: it may be our fault.

use std::collections::BTreeSet;
use std::time::Duration;

use super::settings::Settings;

/// Counts what cannot be drawn.
#[derive(Debug, Clone, Default)]
pub(super) struct Alert {
    failures: u64,
    miners: BTreeSet<String>,
    last: Option<Duration>,
}

impl Alert {
    /// Counts one; failures and miners so far when it is time to tell.
    pub(super) fn count(
        &mut self,
        settings: &Settings,
        hotkey: &str,
        now: Duration,
    ) -> Option<(u64, usize)> {
        self.failures += 1;
        self.miners.insert(hotkey.to_owned());
        let cooldown = Duration::from_secs(settings.render_alert_cooldown_s);
        let is_due = self.failures >= settings.render_alert_min_failures
            && self.miners.len() >= settings.render_alert_min_hotkeys
            && self.last.is_none_or(|last| now.saturating_sub(last) >= cooldown);
        if !is_due {
            return None;
        }
        self.last = Some(now);
        Some((self.failures, self.miners.len()))
    }

    /// Begins anew, with the next round.
    pub(super) fn clear(&mut self) {
        self.failures = 0;
        self.miners.clear();
    }
}
