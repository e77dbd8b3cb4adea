//! All duels of two contestants: who is walked over, in which order prompts are judged, what the duels come to.
//!
//! Margins are positive where the challenger, `right`, is ahead. All of it is pure: the report of a match follows from the
//! outcomes of its duels, whatever the order in which they came in.

mod gather;
mod report;
pub mod silence;
mod stopping;

pub use gather::{Gathered, gather};
pub use report::{Judged, Plan, Prompt, Stopped, report};
pub use stopping::{Stop, Stopping};

use ledger::files::duels::DuelWinner;
use ledger::files::outputs::{Output, Outputs};
use ledger::json::{Json, Object};
use ledger::{MinerFile, Round, hotkey10};
use sha2::{Digest as _, Sha256};

use crate::Verdict;

/// Duels that the challenger won less duels that the defender won.
#[must_use]
pub fn score(winners: impl IntoIterator<Item = DuelWinner>) -> i64 {
    winners.into_iter().map(points).sum()
}

/// What a duel adds to the score.
#[must_use]
pub fn points(winner: DuelWinner) -> i64 {
    match winner {
        DuelWinner::Left => -1,
        DuelWinner::Right => 1,
        DuelWinner::Draw | DuelWinner::Skipped => 0,
    }
}

/// The score by the number of prompts, -1 to 1; prompts that were not judged count too. 0 without prompts.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a score and a number of prompts are below 2^53")]
pub fn margin(score: i64, prompts: usize) -> f64 {
    if prompts == 0 { 0.0 } else { score as f64 / prompts as f64 }
}

/// The smallest score whose margin is at or above `threshold`; one more than there are prompts if none is.
#[must_use]
pub fn needed(prompts: usize, threshold: f64) -> i64 {
    let all = i64::try_from(prompts).unwrap_or(i64::MAX / 4);
    // The margin grows with the score: look between the worst one and one that is too good to be.
    let (mut low, mut high) = (-all, all + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if margin(middle, prompts) >= threshold {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// The margin of a match that is not judged because a side delivered nothing; nothing if both delivered.
#[must_use]
pub fn walkover(left_delivered: bool, right_delivered: bool) -> Option<f64> {
    match (left_delivered, right_delivered) {
        (false, false) => Some(0.0),
        (false, true) => Some(1.0),
        (true, false) => Some(-1.0),
        (true, true) => None,
    }
}

/// The verdict on two assets whose view bundles are the same, byte by byte: a draw, and no judge is asked. So a submission that its
/// image makes again exactly costs no call, and neither does a copy. Such a verdict has no evidence.
#[must_use]
pub fn same_views(left: &Output, right: &Output) -> Option<Verdict> {
    let views = |output: &Output| {
        output.picture.as_ref()?;
        let hash = output.layout.get("views_sha256")?.as_str()?;
        (hash.len() == 64).then(|| hash.to_owned())
    };
    let same = views(left).is_some_and(|left| views(right) == Some(left));
    same.then(|| {
        let reason = Json::from("both sides show the same pictures");
        let detail = Json::Object(Object::from_iter([("reason".to_owned(), reason)]));
        Verdict { winner: DuelWinner::Draw, detail, evidence: None }
    })
}

/// SHA-256 of what decides the order of a match's prompts: the round's seed (little-endian), and what both sides delivered. Nobody
/// knows it before both sides' outputs are in, so nobody can work for the prompts that are judged first. When a file was fetched,
/// and in which order files came, changes nothing.
#[must_use]
pub fn order_key(seed: u32, left: &Outputs, right: &Outputs) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"crucible order");
    hash.update(seed.to_le_bytes());
    hash.update(delivery(left));
    hash.update(delivery(right));
    hash.finalize().into()
}

/// SHA-256 of what a side delivered: stems by their bytes, and of each the hash of its asset, or its address without one.
fn delivery(outputs: &Outputs) -> [u8; 32] {
    let mut rows: Vec<(&str, &str)> = outputs
        .iter()
        .map(|(stem, output)| {
            let asset = output.sha256.as_deref().or(output.asset.as_deref());
            (stem.as_str(), asset.unwrap_or_default())
        })
        .collect();
    rows.sort_unstable();
    let mut hash = Sha256::new();
    for text in rows.iter().flat_map(|(stem, asset)| [stem, asset]) {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}

/// The order in which prompts are judged, as places in `stems`: by SHA-256 of the key and the stem.
#[must_use]
pub fn order<S: AsRef<str>>(key: &[u8; 32], stems: &[S]) -> Vec<usize> {
    let mut keyed: Vec<([u8; 32], &str, usize)> = Vec::with_capacity(stems.len());
    for (at, stem) in stems.iter().enumerate() {
        let digest = Sha256::new().chain_update(key).chain_update(stem.as_ref()).finalize();
        keyed.push((digest.into(), stem.as_ref(), at));
    }
    keyed.sort_unstable();
    keyed.into_iter().map(|(.., at)| at).collect()
}

/// What the left side of a report's file is called: ten characters, or all of them where another name that may stand there
/// begins with the same ten.
#[must_use]
pub fn left_in_path<'a>(left: &'a str, others: impl IntoIterator<Item = &'a str>) -> &'a str {
    let short = hotkey10(left);
    let taken = |other: &str| other != left && hotkey10(other) == short;
    if others.into_iter().any(taken) { left } else { short }
}

/// Where the evidence of a duel is. `report` is the name of the match's report without extension and with full names:
/// `duels_leader`, `audit_submitted_1`.
#[must_use]
pub fn evidence_key(round: Round, right: &str, report: &str, stem: &str) -> String {
    format!("{}{}.json", evidence_folder(round, right, report), key_part(stem))
}

/// What the keys of a match's evidence begin with.
#[must_use]
pub fn evidence_folder(round: Round, right: &str, report: &str) -> String {
    format!("rounds/{round}/evidence/{right}/{report}/")
}

/// The name of a match's report without extension and with full names.
#[must_use]
pub fn report_name(file: &MinerFile) -> String {
    let name = file.to_string();
    name.strip_suffix(".json").map_or(name.clone(), str::to_owned)
}

/// A stem as a part of a key: what no store takes is replaced by its hash.
fn key_part(stem: &str) -> String {
    let bad = stem.is_empty()
        || stem.len() > 150
        || stem == "."
        || stem == ".."
        || stem.contains(['/', '\\', '#', ':', '|'])
        || stem.chars().any(char::is_control);
    if !bad {
        return stem.to_owned();
    }
    let digest = Sha256::digest(stem.as_bytes());
    format!("sha256-{}", faster_hex::hex_string(&digest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scores_and_margins() {
        use DuelWinner::{Draw, Left, Right, Skipped};
        assert_eq!(score([Left, Draw, Right, Right, Skipped]), 1);
        assert_eq!(margin(1, 4), 0.25);
        assert_eq!(margin(0, 0), 0.0);
        assert_eq!(
            (needed(128, 0.05), needed(20, 0.05), needed(4, 1.1), needed(0, 0.05)),
            (7, 1, 5, 1)
        );
        assert_eq!(needed(128, -0.05), -6);
    }

    #[test]
    fn the_order_follows_from_seed_and_outputs() {
        use ledger::JsonFile as _;
        let stems = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let of = |text: &str| Outputs::from_text("submitted.json", text).expect("outputs");
        let by =
            |seed, left: &str, right: &str| order(&order_key(seed, &of(left), &of(right)), &stems);
        let (some, other) =
            (r#"{"a": {"js": "x", "sha256": "11"}}"#, r#"{"a": {"js": "x", "sha256": "22"}}"#);
        let one = by(1, "{}", "{}");
        let mut sorted = one.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..8).collect::<Vec<_>>());
        assert_eq!(one, by(1, "{}", "{}"));
        assert_ne!(one, by(2, "{}", "{}"));
        assert_ne!(by(1, some, "{}"), by(1, other, "{}"));
        assert_ne!(by(1, some, "{}"), by(1, "{}", some));
        // Neither the order of rows nor when they were fetched.
        let rows = r#"{"a": {"js": "x", "sha256": "11"}, "b": {"js": "y", "sha256": "22"}}"#;
        let later = r#"{"b": {"js": "y", "sha256": "22", "fetched_at": "2031-03-01T08:00:00Z"}, "a": {"js": "x", "sha256": "11"}}"#;
        assert_eq!(by(1, rows, "{}"), by(1, later, "{}"));
    }

    #[test]
    fn the_same_pictures_are_a_draw() {
        use ledger::JsonFile as _;
        let row = |views: &str, hash: &str| {
            let text =
                format!(r#"{{"a": {{"js": "x", "views": {views}, "views_sha256": {hash}}}}}"#);
            Outputs::from_text("submitted.json", &text).expect("outputs")["a"].clone()
        };
        let hash = |digit: &str| format!("\"{}\"", digit.repeat(64));
        let one = row("\"v\"", &hash("a"));
        let verdict = same_views(&one, &row("\"w\"", &hash("a"))).expect("a verdict");
        assert_eq!((verdict.winner, verdict.evidence), (DuelWinner::Draw, None));
        for other in [
            row("\"w\"", &hash("b")),
            row("null", &hash("a")),
            row("\"w\"", "null"),
            row("\"w\"", "\"\""),
        ] {
            assert!(same_views(&one, &other).is_none() && same_views(&other, &one).is_none());
        }
        let nothing = row("\"w\"", "null");
        assert!(same_views(&nothing, &nothing).is_none());
    }

    #[test]
    fn names_in_paths_are_short_unless_they_collide() {
        let others = ["5aaaaaaaaaX", "5aaaaaaaaaY", "5bbbbbbbbbZ", "leader"];
        assert_eq!(left_in_path("5bbbbbbbbbZ", others), "5bbbbbbbbb");
        assert_eq!(left_in_path("5aaaaaaaaaX", others), "5aaaaaaaaaX");
        assert_eq!(left_in_path("leader", others), "leader");
    }

    #[test]
    fn evidence_has_its_place() {
        let name = report_name(&MinerFile::Audit("submitted".to_owned(), 2));
        let key = |stem| evidence_key(Round(3), "5H", &name, stem);
        assert_eq!(key("chair.v2"), "rounds/3/evidence/5H/audit_submitted_2/chair.v2.json");
        assert!(key("..").contains("/sha256-") && key("a|b").contains("/sha256-"));
    }

    proptest! {
        #[test]
        fn needed_is_the_first_that_is_enough(prompts in 1..500_usize, threshold in -1.1..1.1_f64) {
            let first = needed(prompts, threshold);
            let all = i64::try_from(prompts).unwrap();
            for score in -all..=all {
                prop_assert_eq!(margin(score, prompts) >= threshold, score >= first);
            }
        }
    }
}
