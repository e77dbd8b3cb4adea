//! How much of its time each miner has used: written down now and then, so that a restart gives nobody all of it again.

use std::collections::BTreeMap;
use std::time::Duration;

use ledger::Round;
use serde::{Deserialize, Serialize};

use crate::lines::Lines;
use crate::ports::Ports;

/// Its journal.
const JOURNAL: &str = "collector-time";

/// What a process that dies may forget of a miner's time.
const STEP: Duration = Duration::from_secs(60);

/// Lines after which the journal is begun anew.
const LINES_MAX: usize = 1000;

/// A line: what each miner used in a round so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    round: u32,
    /// Milliseconds by hotkey.
    used: BTreeMap<String, u64>,
}

/// What was written down.
#[derive(Debug)]
pub(super) struct Spent {
    /// Nothing if there is no journal to be had: a restart then counts anew.
    lines: Option<Lines>,
    count: usize,
    written: Line,
}

impl Spent {
    /// Of a round.
    pub(super) fn open(ports: &Ports, round: Round) -> Self {
        let mut written = Line { round: round.0, used: BTreeMap::new() };
        let Ok((lines, texts)) = Lines::open(ports, JOURNAL) else {
            return Self { lines: None, count: 0, written };
        };
        let last = texts.last().and_then(|text| serde_json::from_str::<Line>(text).ok());
        if let Some(last) = last.filter(|last| last.round == round.0) {
            written = last;
        }
        Self { lines: Some(lines), count: texts.len(), written }
    }

    /// What a miner used before.
    pub(super) fn before(&self, hotkey: &str) -> Duration {
        Duration::from_millis(self.written.used.get(hotkey).copied().unwrap_or_default())
    }

    /// Writes down what miners used, if that is much more than before, or less, or if this is the last time.
    pub(super) fn note<'a>(
        &mut self,
        ports: &Ports,
        used: impl Iterator<Item = (&'a str, Duration)>,
        last: bool,
    ) {
        let Some(lines) = &mut self.lines else { return };
        let known = &self.written.used;
        let used = used.filter(|(hotkey, time)| !time.is_zero() || known.contains_key(*hotkey));
        let used: BTreeMap<String, u64> = used
            .map(|(hotkey, time)| {
                (hotkey.to_owned(), u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
            })
            .collect();
        let step = if last { Duration::from_millis(1) } else { STEP };
        let differs = used.iter().any(|(hotkey, ms)| {
            let before = self.written.used.get(hotkey).copied().unwrap_or_default();
            Duration::from_millis(ms.abs_diff(before)) >= step
        });
        if !differs {
            return;
        }
        let line = Line { used, ..self.written };
        let Ok(text) = serde_json::to_string(&line) else { return };
        let added = ports.blocking.run(|| {
            if self.count >= LINES_MAX {
                lines.clear()?;
                self.count = 0;
            }
            lines.add(&text)
        });
        if added.is_ok() {
            self.count += 1;
            self.written = line;
        }
    }
}
