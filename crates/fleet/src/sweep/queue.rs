//! Pods that would not go, to be tried again. Pure: times come in, and it can be written down and read back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Provider and identifier.
pub type Key = (String, String);

/// Seconds from the first failure to the next try, doubled each time.
const WAIT_S: f64 = 30.0;
/// Longest of these waits.
const WAIT_MAX_S: f64 = 1800.0;
/// A human is told at this failure, and at every so many after it.
const ALARM_EVERY: u32 = 3;

/// What is still to be deleted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Removals {
    pending: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    key: Key,
    since: f64,
    due_at: f64,
    failures: u32,
    reason: String,
}

/// Something that a human should know: a pod costs money and will not go.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alarm {
    /// Which.
    pub key: Key,
    /// Since when we try, seconds since 1970.
    pub since: f64,
    /// Failures so far.
    pub failures: u32,
    /// The last one.
    pub reason: String,
}

impl Removals {
    /// One more to delete, at once; one that is there already stays as it is.
    pub fn add(&mut self, key: Key, now: f64) {
        if self.pending.iter().all(|entry| entry.key != key) {
            let reason = String::new();
            self.pending.push(Entry { key, since: now, due_at: now, failures: 0, reason });
        }
    }

    /// Those to try now, oldest first.
    #[must_use]
    pub fn due(&self, now: f64) -> Vec<Key> {
        let due = self.pending.iter().filter(|entry| entry.due_at <= now);
        due.map(|entry| entry.key.clone()).collect()
    }

    /// When there is something to do next.
    #[must_use]
    pub fn next_at(&self) -> Option<f64> {
        self.pending.iter().map(|entry| entry.due_at).min_by(f64::total_cmp)
    }

    /// It is gone.
    pub fn gone(&mut self, key: &Key) {
        self.pending.retain(|entry| entry.key != *key);
    }

    /// It is not; somebody is told when that happened too often.
    pub fn failed(&mut self, key: &Key, reason: &str, now: f64) -> Option<Alarm> {
        let entry = self.pending.iter_mut().find(|entry| entry.key == *key)?;
        let doubled = f64::from(1_u32 << entry.failures.min(16));
        entry.failures = entry.failures.saturating_add(1);
        entry.due_at = now + (WAIT_S * doubled).min(WAIT_MAX_S);
        entry.reason = crate::remote::clean(reason, crate::remote::DETAIL_CHARS_MAX);
        let Entry { key, since, failures, reason, .. } = entry.clone();
        failures.is_multiple_of(ALARM_EVERY).then_some(Alarm { key, since, failures, reason })
    }

    /// Everything still to be deleted, with the failures so far.
    #[must_use]
    pub fn pending(&self) -> BTreeMap<Key, u32> {
        self.pending.iter().map(|entry| (entry.key.clone(), entry.failures)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> Key {
        ("targon".into(), id.into())
    }

    #[test]
    fn tried_less_and_less_often_and_told_of() {
        let mut removals = Removals::default();
        removals.add(key("a"), 0.0);
        removals.add(key("a"), 5.0);
        let mut told = Vec::new();
        let mut times = Vec::new();
        let mut now = 0.0;
        for _ in 0..9 {
            assert_eq!(removals.due(now), [key("a")]);
            assert!(removals.due(now - 0.1).is_empty() || now == 0.0);
            let alarm = removals.failed(&key("a"), "no\nentry", now);
            told.extend(alarm.map(|alarm| alarm.failures));
            now = removals.next_at().unwrap();
            times.push(now);
        }
        assert_eq!(told, [3, 6, 9]);
        assert_eq!(times, [30.0, 90.0, 210.0, 450.0, 930.0, 1890.0, 3690.0, 5490.0, 7290.0]);
        let text = serde_json::to_string(&removals).unwrap();
        assert_eq!(serde_json::from_str::<Removals>(&text).unwrap(), removals);
        removals.gone(&key("a"));
        assert_eq!((removals.next_at(), removals.due(f64::MAX)), (None, Vec::new()));
    }

    #[test]
    fn what_is_not_there_is_no_trouble() {
        let mut removals = Removals::default();
        assert_eq!(removals.failed(&key("a"), "", 0.0), None);
        removals.gone(&key("a"));
        assert!(removals.pending().is_empty());
    }
}
