//! What happened, as a hash; and as lines for people, if they are wanted.

use std::fmt;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::fault::{Kind, Site};

/// The SHA-256 of everything that happened: two runs with the same one did the same things at the same times.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceHash(pub [u8; 32]);

impl fmt::Display for TraceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TraceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceHash({self})")
    }
}

/// Takes down what happens.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    hasher: Sha256,
    lines: Option<Vec<String>>,
}

impl Trace {
    pub(crate) fn new(with_lines: bool) -> Self {
        Self { hasher: Sha256::new(), lines: with_lines.then(Vec::new) }
    }

    /// An effect, and what goes wrong with it.
    pub(crate) fn effect(&mut self, now: Duration, site: Site, detail: &str, kind: Option<Kind>) {
        let micros = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        let mut head = [0; 14];
        head[..8].copy_from_slice(&micros.to_le_bytes());
        head[8] = site.role as u8;
        head[9] = site.op as u8;
        head[10..].copy_from_slice(&site.nth.to_le_bytes());
        self.hasher.update(head);
        self.hasher.update(detail.len().to_le_bytes());
        self.hasher.update(detail);
        if let Some(kind) = kind {
            self.hasher.update(kind.to_string());
        }
        if let Some(lines) = &mut self.lines {
            let fault = kind.map_or_else(String::new, |kind| format!("  !! {kind}"));
            lines.push(format!("{} {site} {detail}{fault}", clock(now)));
        }
    }

    /// Something else that happened.
    pub(crate) fn note(&mut self, now: Duration, what: &str) {
        self.hasher.update(what);
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{} -- {what}", clock(now)));
        }
    }

    pub(crate) fn hash(&self) -> TraceHash {
        TraceHash(self.hasher.clone().finalize().into())
    }

    pub(crate) fn lines(&mut self) -> Vec<String> {
        self.lines.take().unwrap_or_default()
    }
}

/// Day and time of day of a simulation, which starts at day 0, midnight.
fn clock(now: Duration) -> String {
    let (seconds, millis) = (now.as_secs(), now.subsec_millis());
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    format!("{days}d {hours:02}:{:02}:{:02}.{millis:03}", seconds / 60 % 60, seconds % 60)
}
