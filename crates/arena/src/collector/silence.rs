//! Servers that do not answer, and whose fault that is.
//!
//! Nobody is blamed for silence while the network of ours may be away: only what is silent while another miner's server answers counts. So
//! after each try in vain others are asked, and only then it is the silent one's time and, after enough of it, the silent one's row.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::settings::Settings;
use crate::ports::{Ports, WebError, WebLimits};

/// Files without an answer after which a miner's other files are not asked for until it is seen whose fault that is.
const SILENT_MAX: usize = 8;

/// Others that are asked, at most.
const WITNESSES_MAX: usize = 8;

/// What others are asked for: an answer, and no file.
const ANSWER: WebLimits =
    WebLimits { bytes_max: 0, time_max: Duration::from_secs(15), rate_min: None };

/// What follows from silence.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the miner's: these prompts get rows, for these reasons.
    Theirs(BTreeMap<usize, String>),
    /// It cannot be told, and not in this turn any more.
    Unknown,
    /// It is asked again after so long.
    Again(Duration),
}

/// One miner's.
#[derive(Debug, Clone, Default)]
struct Miner {
    /// Whether it ever answered.
    answered: bool,
    /// Whether it answered after it was silent last.
    speaks: bool,
    /// Files without an answer since others were asked.
    files: usize,
    /// Prompts without an answer, and why.
    stems: BTreeMap<usize, String>,
    /// Slot time of which it is not known whose it is.
    time: Duration,
    /// When it was first silent, since it last answered.
    first: Option<Duration>,
    /// When it was first silent while others were not, since it last answered and since nobody did.
    since: Option<Duration>,
    /// How often others were asked on its account.
    asked: usize,
    /// Whether it waits for others' answers, or for its pause to be over.
    waits: bool,
}

/// All miners'.
#[derive(Debug)]
pub(super) struct Silence {
    miners: Vec<Miner>,
    /// Whether a miner was silent and it was not to be told whose fault it is.
    is_unknown: bool,
}

impl Silence {
    /// Of miners that have answered before, or have not.
    pub(super) fn new(answered: impl Iterator<Item = bool>) -> Self {
        let miner = |answered| Miner { answered, ..Miner::default() };
        Self { miners: answered.map(miner).collect(), is_unknown: false }
    }

    /// A file was not answered for, and took so much slot time; whether the miner's other files are not to be asked for now.
    pub(super) fn silent(
        &mut self,
        miner: usize,
        stem: usize,
        reason: String,
        time: Duration,
        now: Duration,
    ) -> bool {
        let miner = &mut self.miners[miner];
        miner.stems.insert(stem, reason);
        miner.time += time;
        miner.first.get_or_insert(now);
        miner.speaks = false;
        miner.files += 1;
        miner.files >= SILENT_MAX
    }

    /// A prompt that was not asked for, because others were silent.
    pub(super) fn put_off(&mut self, miner: usize, stem: usize) {
        let miner = &mut self.miners[miner];
        let reason = miner.stems.values().next().cloned().unwrap_or_default();
        miner.stems.entry(stem).or_insert(reason);
    }

    /// A miner answered.
    pub(super) fn answered(&mut self, miner: usize, stem: usize) {
        let miner = &mut self.miners[miner];
        miner.stems.remove(&stem);
        (miner.answered, miner.speaks) = (true, true);
        (miner.first, miner.since) = (None, None);
    }

    /// Whether others are to be asked now, for a miner of whose files none is under way.
    pub(super) fn is_due(&mut self, miner: usize) -> bool {
        let miner = &mut self.miners[miner];
        let is_due = !miner.stems.is_empty() && !miner.waits;
        miner.waits |= is_due;
        is_due
    }

    /// Whether anybody waits.
    pub(super) fn is_waiting(&self) -> bool {
        self.miners.iter().any(|miner| miner.waits)
    }

    /// Whether it was not to be told whose fault a silence is.
    pub(super) const fn is_unknown(&self) -> bool {
        self.is_unknown
    }

    /// Others that have answered, for a miner that does not; others each time.
    pub(super) fn witnesses(&mut self, miner: usize) -> Vec<usize> {
        let turn = self.miners[miner].asked;
        self.miners[miner].asked = turn.wrapping_add(1);
        let others: Vec<usize> = (0..self.miners.len())
            .filter(|&other| other != miner && self.miners[other].answered)
            .collect();
        let from = (miner + turn * WITNESSES_MAX).checked_rem(others.len()).unwrap_or(0);
        others.iter().cycle().skip(from).take(others.len().min(WITNESSES_MAX)).copied().collect()
    }

    /// What follows, now that others were asked; and the slot time that is the miner's after all.
    pub(super) fn judge(
        &mut self,
        settings: &Settings,
        miner: usize,
        others_answer: bool,
        patience_over: bool,
        now: Duration,
    ) -> (Verdict, Duration) {
        let is_alone = self.miners.len() == 1;
        let miner = &mut self.miners[miner];
        miner.files = 0;
        let time = std::mem::take(&mut miner.time);
        let time = if others_answer || miner.speaks { time } else { Duration::ZERO };
        if miner.speaks {
            return (Verdict::Again(Duration::ZERO), time);
        }
        let first = miner.first.unwrap_or(now);
        let lasted =
            |since: Duration, seconds| now.saturating_sub(since) >= Duration::from_secs(seconds);
        let is_theirs = if others_answer || patience_over {
            lasted(*miner.since.get_or_insert(now), settings.silence_s)
        } else {
            miner.since = None;
            is_alone && lasted(first, settings.alone_s)
        };
        let is_known = others_answer || patience_over || is_alone;
        if !is_theirs && (is_known || !lasted(first, settings.silence_s)) {
            let pause = (settings.silence_s / 8).clamp(1, 60);
            return (Verdict::Again(Duration::from_secs(pause)), time);
        }
        miner.waits = false;
        let stems = std::mem::take(&mut miner.stems);
        if is_theirs {
            return (Verdict::Theirs(stems), time);
        }
        self.is_unknown = true;
        (Verdict::Unknown, time)
    }

    /// The pause is over: the prompts to ask for. One, unless the miner has answered meanwhile.
    pub(super) fn again(&mut self, miner: usize) -> Vec<usize> {
        let miner = &mut self.miners[miner];
        miner.waits = false;
        let all = miner.stems.keys().copied();
        if !miner.speaks {
            return all.take(1).collect();
        }
        let all = all.collect();
        miner.stems.clear();
        all
    }
}

/// Whether any of these servers answers.
pub(super) async fn any_answers(ports: &Ports, urls: &[String]) -> bool {
    let mut answers: FuturesUnordered<_> =
        urls.iter().map(|url| ports.web.get(url, &ANSWER)).collect();
    while let Some(answer) = answers.next().await {
        if matches!(answer, Ok(_) | Err(WebError::Status(_) | WebError::TooLarge)) {
            return true;
        }
    }
    false
}
