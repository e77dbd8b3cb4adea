//! What people are told of a round's judging.

use judge::audit;
use judge::tournament::{Status, Timeline, percent};
use ledger::files::audits::AuditRequest;
use ledger::{Round, hotkey10};

use crate::ports::Notice;

/// 0xRRGGBB.
const BLUE: u32 = 0x0034_98DB;
const PURPLE: u32 = 0x009B_59B6;
const GREEN: u32 = 0x002E_CC71;
const ORANGE: u32 = 0x00E6_7E22;

fn notice(title: String, colour: u32, fields: Vec<(&str, String)>) -> Notice {
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value, true)).collect();
    Notice { title, colour, text: String::new(), fields }
}

/// The timeline changed.
#[must_use]
pub(super) fn timeline(round: Round, timeline: &Timeline) -> Notice {
    let text = format!("```\n{}\n```", timeline.text());
    Notice { title: format!("Round {round} timeline"), colour: BLUE, text, fields: Vec::new() }
}

/// Somebody's outputs are to be made again.
#[must_use]
pub(super) fn requested(round: Round, request: &AuditRequest, timeline: &Timeline) -> Notice {
    let margin = timeline.entry(&request.hotkey).and_then(|entry| entry.margin);
    let defender = request.latest_defender.as_deref().unwrap_or_default();
    notice(
        format!("Round {round} Audit Requested"),
        PURPLE,
        vec![
            ("Miner", hotkey10(&request.hotkey).to_owned()),
            ("Defeated", hotkey10(defender).to_owned()),
            ("Margin", margin.map_or_else(|| "-".to_owned(), percent)),
        ],
    )
}

/// All matches of an audit are over: both margins of each repeat.
#[must_use]
pub(super) fn completed(
    round: Round,
    hotkey: &str,
    timeline: &Timeline,
    margins: &[[f64; 2]],
) -> Notice {
    let entry = timeline.entry(hotkey);
    let rejected = entry.is_some_and(|entry| entry.status == Status::Rejected);
    let defender = entry.map_or_else(String::new, |entry| hotkey10(&entry.defender).to_owned());
    let mut fields = vec![("Miner", hotkey10(hotkey).to_owned())];
    for (n, [submitted, defending]) in margins.iter().enumerate() {
        let both = format!(
            "#{}: {} vs {}, {} vs {defender}",
            n + 1,
            percent(*submitted),
            audit::SUBMITTED,
            percent(*defending),
        );
        fields.push(("Repeat", both));
    }
    let (colour, verdict) = if rejected { (ORANGE, "REJECTED") } else { (GREEN, "VERIFIED") };
    fields.push(("Verdict", verdict.to_owned()));
    notice(format!("Round {round} Audit Completed"), colour, fields)
}

/// The round is over.
#[must_use]
pub(super) fn finished(round: Round, winner: &str, reason: &str) -> Notice {
    let fields = vec![("Winner", hotkey10(winner).to_owned()), ("Reason", reason.to_owned())];
    notice(format!("Round {round} Finalized"), GREEN, fields)
}
