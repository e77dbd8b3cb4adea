//! What people are told: titles, colours and fields as the original has them.
//!
//! Texts of miners, servers and models are escaped here: they make no links, no mentions and no end of a block of code.

use jiff::Timestamp;
use ledger::files::leader::LeaderEntry;
use ledger::{Round, hotkey10};

use crate::owner::TurnError;
use crate::ports::Notice;

const GREEN: u32 = 0x2E_CC71;
const RED: u32 = 0xE7_4C3C;
const ORANGE: u32 = 0xE6_7E22;
const PURPLE: u32 = 0x9B_59B6;
const BLUE: u32 = 0x34_98DB;

/// Where the state's files can be looked at: `https://github.com/owner/name/blob/main`, or nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Without a slash at its end.
    pub base: Option<String>,
}

impl Links {
    /// Of a branch of a repository `owner/name` at GitHub.
    #[must_use]
    pub fn github(repository: &str, branch: &str) -> Self {
        Self { base: Some(format!("https://github.com/{repository}/blob/{branch}")) }
    }

    fn file(&self, round: Round, name: &str) -> String {
        let path = format!("rounds/{round}/{name}");
        match &self.base {
            Some(base) => format!("[{name}]({base}/{path})"),
            None => format!("`{path}`"),
        }
    }
}

/// What came of the downloads of a round, by miners.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Downloads {
    /// All of them.
    pub miners: usize,
    /// Who have an asset for every prompt.
    pub perfect: usize,
    /// Who have none at all.
    pub without: usize,
    /// Assets without pictures.
    pub render_failures: usize,
}

/// What came of an order of regenerations.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// Assets made, and asked for.
    pub generated: usize,
    /// See above.
    pub total: usize,
    /// Prompts without an asset.
    pub failed: usize,
    /// Seconds that count.
    pub seconds: f64,
    /// Pods that were replaced.
    pub replacements: usize,
}

fn notice(title: impl Into<String>, colour: u32) -> Notice {
    Notice { title: title.into(), colour, text: String::new(), fields: Vec::new() }
}

impl Notice {
    fn text(self, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..self }
    }

    fn beside(mut self, name: &str, value: impl ToString) -> Self {
        self.fields.push((name.to_owned(), value.to_string(), true));
        self
    }

    fn below(mut self, name: &str, value: impl ToString) -> Self {
        self.fields.push((name.to_owned(), value.to_string(), false));
        self
    }
}

/// Collector: the round begins, with what was committed and what of it counts.
#[must_use]
pub fn submissions_collected(
    round: Round,
    committed: usize,
    accepted: usize,
    deadline: Timestamp,
    links: &Links,
) -> Notice {
    notice(format!("Round {round} Submissions Collected"), GREEN)
        .beside("Committed", committed)
        .beside("No lock", committed.saturating_sub(accepted))
        .beside("Accepted", accepted)
        .beside("Generation Deadline", when(deadline))
        .beside("Prompts", links.file(round, "prompts.txt"))
        .beside("Seed", links.file(round, "seed.json"))
}

/// Collector: nobody submitted.
#[must_use]
pub fn no_submissions(round: Round) -> Notice {
    notice(format!("Round {round} — No Submissions"), RED)
        .text("There is no valid submission: the leader defends, the round goes to finalizing.")
}

/// Collector: many assets got no pictures, of several miners, so the fault is likely ours.
#[must_use]
pub fn render_failures(failures: usize, miners: usize) -> Notice {
    notice("Render Failures Detected", RED)
        .text(format!("{failures} assets of {miners} miners could not be drawn."))
}

/// Collector: the downloads are over.
#[must_use]
pub fn downloads_complete(round: Round, seen: Downloads) -> Notice {
    let colour = if seen.render_failures > 0 { RED } else { GREEN };
    let notice = notice(format!("Round {round} Downloads Complete"), colour);
    let notice = notice.beside("Miners", seen.miners);
    let share = |some: usize| match (100 * some).checked_div(seen.miners) {
        Some(percent) => format!("{some} ({percent}%)"),
        None => some.to_string(),
    };
    if seen.miners == 0 {
        return notice;
    }
    notice
        .beside("Perfect (100%)", share(seen.perfect))
        .beside("No submission", share(seen.without))
        .beside("Render failures", seen.render_failures)
}

/// Rounds: another leads, or the same miner with other code.
#[must_use]
pub fn leader_changed(round: Round, was: Option<&LeaderEntry>, is: &LeaderEntry) -> Notice {
    notice(format!("Leader Changed — Round {round}"), ORANGE)
        .below("Previous Leader", was.map_or_else(|| "none".to_owned(), leader))
        .below("New Leader", leader(is))
}

/// Rounds: the round is closed and the next one has its calendar.
#[must_use]
pub fn next_round(
    round: Round,
    next: Round,
    start: Timestamp,
    leads: Option<&LeaderEntry>,
) -> Notice {
    notice(format!("Round {round} Finalized"), GREEN)
        .beside("Next Round", next)
        .beside("Next Round Start", when(start))
        .below("Current Leader", leads.map_or_else(|| "none".to_owned(), leader))
}

/// Rounds: the calendar has no round any more.
#[must_use]
pub fn competition_ended(round: Round) -> Notice {
    notice("Competition Ended", PURPLE).text(format!("Round {round} was the last."))
}

/// Judge: the timeline is another than before; `text` is how people read it.
#[must_use]
pub fn timeline(round: Round, text: &str) -> Notice {
    notice(format!("Round {round} timeline"), BLUE).text(code(text))
}

/// Judge: a miner that won is to be audited.
#[must_use]
pub fn audit_requested(round: Round, hotkey: &str, defeated: &str, margin: f64) -> Notice {
    notice(format!("Round {round} Audit Requested"), PURPLE)
        .beside("Miner", plain(hotkey10(hotkey)))
        .beside("Defeated", plain(hotkey10(defeated)))
        .beside("Margin", percent(margin))
}

/// How an audit stands once all its margins are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditVerdict<'a> {
    /// The miner holds what it won.
    Verified,
    /// The margins are enough; its source, or the defender, is still to be verified.
    MarginsPassed,
    /// The margins are not enough, and do not count yet; why.
    Deferred(&'a str),
    /// The miner is out; why.
    Rejected(&'a str),
}

/// Judge: all repeats of a miner are audited; of each the margins against what it submitted and against whom it defeated.
#[must_use]
pub fn audit_completed(
    round: Round,
    hotkey: &str,
    repeats: &[(u32, f64, f64)],
    verdict: AuditVerdict<'_>,
) -> Notice {
    let (colour, verdict) = match verdict {
        AuditVerdict::Verified => (GREEN, "VERIFIED".to_owned()),
        AuditVerdict::MarginsPassed => (GREEN, "margins passed, not yet verified".to_owned()),
        AuditVerdict::Deferred(why) => (ORANGE, format!("DEFERRED: {}", plain(why))),
        AuditVerdict::Rejected(why) => (ORANGE, format!("REJECTED: {}", plain(why))),
    };
    let mut notice = notice(format!("Round {round} Audit Completed"), colour)
        .beside("Miner", plain(hotkey10(hotkey)));
    for (repeat, submitted, defeated) in repeats {
        let margins = format!("submitted {}, defeated {}", percent(*submitted), percent(*defeated));
        notice = notice.below(&format!("Repeat {repeat}"), margins);
    }
    notice.below("Verdict", verdict)
}

/// Judge: the round has a winner.
#[must_use]
pub fn round_won(round: Round, winner: &str, reason: &str) -> Notice {
    notice(format!("Round {round} Finalized"), GREEN)
        .beside("Winner", plain(hotkey10(winner)))
        .below("Reason", plain(reason))
}

/// Judge: duels without a verdict because models failed.
#[must_use]
pub fn judge_errors(failed: usize, total: usize) -> Notice {
    notice("Judge LLM Errors", RED).text(format!("{failed} of {total} duels have no verdict."))
}

/// Orchestrator: a miner's report is there; why it was rejected, if it was.
#[must_use]
pub fn generation_report(round: Round, hotkey: &str, verdict: Result<(), &str>) -> Notice {
    let colour = if verdict.is_ok() { GREEN } else { RED };
    let outcome =
        verdict.map_or_else(|why| format!("rejected: {}", plain(why)), |()| "completed".to_owned());
    notice("Generation Report", colour)
        .beside("Round", round)
        .beside("Miner", plain(hotkey10(hotkey)))
        .below("Outcome", outcome)
}

/// Orchestrator: a run of a miner's image is over.
#[must_use]
pub fn generation_progress(round: Round, hotkey: &str, seen: Progress) -> Notice {
    notice(format!("Round {round} Generation — {}", plain(hotkey10(hotkey))), GREEN)
        .beside("Generated", format!("{} / {}", seen.generated, seen.total))
        .beside("Failed", seen.failed)
        .beside("Time", format!("{:.0} s", seen.seconds))
        .beside("Replacements", seen.replacements)
}

/// What can go wrong with pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodTrouble {
    /// None could be had.
    Deploy,
    /// It did not take an order.
    Submission,
    /// What it made could not be fetched.
    Download,
    /// It does not answer.
    Unreachable,
}

/// Orchestrator: something is wrong with a pod of a miner.
#[must_use]
pub fn pod_trouble(trouble: PodTrouble, hotkey: &str, reason: &str) -> Notice {
    let title = match trouble {
        PodTrouble::Deploy => "Pod Deploy Failed",
        PodTrouble::Submission => "Batch Submission Failed",
        PodTrouble::Download => "Batch Download Failed",
        PodTrouble::Unreachable => "Pod Unreachable",
    };
    notice(title, RED).text(code(reason)).beside("Miner", plain(hotkey10(hotkey)))
}

/// Weights: they are not set, and will be tried again.
#[must_use]
pub fn weights_failed(reason: &str) -> Notice {
    notice("Weights Setter Iteration Failed", RED).text(code(reason))
}

/// Of any owner: a turn failed.
#[must_use]
pub fn owner_error(owner: &str, error: &TurnError) -> Notice {
    let title = match owner {
        "collector" => "Submission Collector Error".to_owned(),
        "orchestrator" => "Generation Orchestrator Error".to_owned(),
        "judge" => "Judge Service Error".to_owned(),
        "rounds" => "Round Manager Error".to_owned(),
        "weights" => "Weights Setter Error".to_owned(),
        other => format!("{} Error", plain(other)),
    };
    let notice = notice(title, RED).text(code(&error.to_string()));
    if error.needs_operator {
        notice.below("To do", "Only a person can mend this.")
    } else {
        notice
    }
}

/// A block of code with a text of anybody.
fn code(text: &str) -> String {
    let keep = |c: &char| !c.is_control() || *c == '\n';
    let inside: String = text.chars().filter(keep).collect();
    format!("```\n{}\n```", inside.replace("```", "'''"))
}

/// A text of anybody, among ours.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().filter(|c| !c.is_control()) {
        if "\\*_~`|>[]()<@#".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// As everybody's own clock shows it.
fn when(time: Timestamp) -> String {
    format!("<t:{}:f>", time.as_second())
}

/// With its sign, and never as less than nothing of nothing.
fn percent(margin: f64) -> String {
    let percent = 100.0 * margin;
    format!("{:+.2}%", if percent == 0.0 { 0.0 } else { percent })
}

/// Code, weight, and who: hidden until looked at.
fn leader(entry: &LeaderEntry) -> String {
    let short: String = entry.commit.iter().flat_map(|commit| commit.chars()).take(8).collect();
    let code = match (&entry.repo, &entry.commit) {
        (Some(repo), Some(commit)) if is_path(repo) && is_path(commit) => {
            format!("[{repo}@{short}](https://github.com/{repo}/commit/{commit})")
        }
        (Some(repo), _) => plain(&format!("{repo}@{short}")),
        (None, _) => "code unknown".to_owned(),
    };
    format!("{code} · weight: {}\n||{}||", entry.weight, plain(&entry.hotkey))
}

/// Whether it can be part of an address as it is.
fn is_path(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
}
