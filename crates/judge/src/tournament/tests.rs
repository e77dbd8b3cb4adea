//! Whole rounds on paper: which matches are played in which order, who is asked for audits, who wins.

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use ledger::files::audits::{AuditRequests, GenerationAudits, SourceAudits};
use ledger::files::config::{AuditRule, Crown};
use ledger::files::matrix::Matrix;
use ledger::files::reports::GenerationReports;
use ledger::{JsonFile, LEADER};
use proptest::prelude::*;

use super::{Inputs, Intervals, Play, Rules, Status, Timeline, derive, due};
use crate::audit::{self, AuditMatch};

/// A round in which the margins of all matches are known beforehand, as scores.
#[derive(Debug, Clone)]
struct Round {
    order: Vec<String>,
    prompts: i32,
    rules: Rules,
    /// Of matches and audits that would be played.
    scores: BTreeMap<(String, String), i32>,
    matches: Matrix,
    audits: Matrix,
    intervals: Intervals,
    reports: GenerationReports,
    sources: SourceAudits,
    rejected: BTreeMap<String, String>,
    requests: AuditRequests,
    verdicts: GenerationAudits,
    played: Vec<String>,
}

impl Round {
    fn new(order: &str, repeats: u32, scores: &str) -> Self {
        let mut all = BTreeMap::new();
        for one in scores.split_whitespace() {
            let (pair, score) = one.split_once('=').unwrap();
            let (left, right) = pair.split_once('-').unwrap();
            all.insert((left.to_owned(), right.to_owned()), score.parse().unwrap());
        }
        Self {
            order: order.chars().map(String::from).collect(),
            prompts: 128,
            rules: Rules {
                win_margin: 0.05,
                self_audit_margin: 0.05,
                repeats,
                crown: Crown::Margin,
                audits: AuditRule::Each,
            },
            scores: all,
            matches: Matrix::default(),
            audits: Matrix::default(),
            intervals: Intervals::new(),
            reports: GenerationReports::new(),
            sources: SourceAudits::new(),
            rejected: BTreeMap::new(),
            requests: AuditRequests::new(),
            verdicts: GenerationAudits::new(),
            played: Vec::new(),
        }
    }

    fn with<T>(&self, look: impl Fn(&Inputs<'_>) -> T) -> T {
        let order: Vec<&str> = self.order.iter().map(String::as_str).collect();
        look(&Inputs {
            rules: self.rules,
            order: &order,
            matches: &self.matches,
            intervals: &self.intervals,
            audits: &self.audits,
            reports: &self.reports,
            sources: &self.sources,
            rejected: &self.rejected,
        })
    }

    fn timeline(&self) -> Timeline {
        self.with(derive)
    }

    fn report(&mut self, hotkey: &str, outcome: &str, repeats: u32) {
        let repeats: Vec<String> =
            (1..=repeats).map(|n| format!(r#"{{"repeat_index": {n}}}"#)).collect();
        let text = format!(
            r#"{{"{hotkey}": {{"hotkey": "{hotkey}", "outcome": "{outcome}", "repeats": [{}]}}}}"#,
            repeats.join(",")
        );
        self.reports.extend(GenerationReports::from_text("reports", &text).unwrap());
    }

    fn source(&mut self, hotkey: &str, verdict: &str) {
        let text = format!(r#"[{{"hotkey": "{hotkey}", "verdict": "{verdict}"}}]"#);
        self.sources.extend(SourceAudits::from_text("sources", &text).unwrap());
    }

    /// Plays whatever is due, until nothing is.
    fn run(&mut self) -> &mut Self {
        for _ in 0..1000 {
            let timeline = self.timeline();
            self.requests = audit::requests(&timeline, &self.requests);
            self.verdicts = audit::verdicts(&timeline, &self.requests, &self.verdicts);
            if timeline.is_final() {
                return self;
            }
            let plays = self.with(|inputs| due(inputs, &timeline, &self.requests, 2));
            let Some(play) = plays.into_iter().next() else { return self };
            let (left, right) = play.sides();
            let pair = (left.clone(), right.to_owned());
            let score = *self.scores.get(&pair).unwrap_or_else(|| panic!("{pair:?} is not given"));
            let margin = f64::from(score) / f64::from(self.prompts);
            let matrix =
                if matches!(play, Play::Audit(_)) { &mut self.audits } else { &mut self.matches };
            matrix.set(&left, right, margin).unwrap();
            let ahead = if matches!(play, Play::Ahead { .. }) { "?" } else { "" };
            self.played.push(format!("{left}-{right}{ahead}"));
        }
        panic!("it does not end");
    }

    fn story(&self) -> String {
        let requests: Vec<String> = self
            .requests
            .iter()
            .map(|one| format!("{}({})", one.hotkey, one.latest_defender.as_deref().unwrap()))
            .collect();
        let verdicts: Vec<String> = self
            .verdicts
            .iter()
            .map(|(hotkey, one)| {
                format!("{hotkey} {:?} {}", one.verdict().unwrap(), one.reason())
                    .trim_end()
                    .to_owned()
            })
            .collect();
        let timeline = self.timeline();
        format!(
            "{}\nplayed {}\nasked for {}\nverdicts {}\nfinal {}",
            timeline.text(),
            self.played.join(" "),
            requests.join(" "),
            verdicts.join(", "),
            timeline.is_final(),
        )
    }
}

const CHAIN: &str = "leader-A=8 leader-B=5 leader-C=7 leader-D=16 A-C=6 A-D=9 C-D=4
    submitted_1-A=-3 leader_1-A=9 submitted_1-D=2 A_1-D=8 submitted_1-C=0 leader_1-C=7";

/// A round in which D beats A, who beat the leader.
fn chain() -> Round {
    Round::new("ABCD", 1, CHAIN)
}

#[test]
fn a_chain_with_a_loser() {
    let mut round = chain();
    round.run();
    assert_snapshot!(round.story(), @r"
    leader
      1. A won +6.25% vs leader  [unverified]
      2. C lost to A (+4.69%)
      3. D won +7.03% vs A  [unverified]
    Current leader: D
    played leader-A leader-B leader-C leader-D A-C A-D C-D?
    asked for A(leader) D(A)
    verdicts 
    final false
    ");
    for hotkey in ["A", "D"] {
        round.report(hotkey, "completed", 1);
        round.source(hotkey, "passed");
    }
    round.run();
    assert_snapshot!(round.story(), @r"
    leader
      1. A won +6.25% vs leader  [verified]
      2. C lost to A (+4.69%)
      3. D won +7.03% vs A  [verified]
    Current leader: D
    played leader-A leader-B leader-C leader-D A-C A-D C-D? submitted_1-A leader_1-A submitted_1-D A_1-D
    asked for A(leader) D(A)
    verdicts A Passed, D Passed
    final true
    ");
}

#[test]
fn who_fell_is_replaced_from_what_was_played_and_nobody_is_audited_against_it_any_more() {
    let mut round = chain();
    round.run().source("A", "failed");
    round.report("C", "completed", 1);
    round.report("D", "completed", 1);
    round.source("C", "passed");
    round.run();
    assert_snapshot!(round.story(), @r"
    leader
      1. A rejected: source audit
      2. C won +5.47% vs leader  [verified]
      3. D lost to C (+3.12%)
    Current leader: C
    played leader-A leader-B leader-C leader-D A-C A-D C-D? submitted_1-C leader_1-C
    asked for A(leader) D(A) C(leader)
    verdicts A Failed source audit, C Passed
    final true
    ");
}

#[test]
fn one_bad_repeat_is_enough_and_ends_the_audit() {
    let scores = "leader-A=10 leader-B=8 A-B=-2 submitted_1-A=-6 leader_1-A=9 submitted_2-A=-7
        submitted_1-B=0 leader_1-B=9 submitted_2-B=-1 leader_2-B=8 submitted_3-B=3 leader_3-B=7";
    let mut round = Round::new("AB", 3, scores);
    round.run().report("A", "pending", 1);
    round.run().report("A", "pending", 2);
    round.run();
    assert_snapshot!(round.story(), @r"
    leader
      1. A rejected: submitted vs generated #2: -5.47%
      2. B won +6.25% vs leader  [unverified]
    Current leader: B
    played leader-A leader-B A-B submitted_1-A leader_1-A submitted_2-A
    asked for A(leader) B(leader)
    verdicts A Failed submitted vs generated #2: -5.47%
    final false
    ");
    round.report("B", "completed", 3);
    round.source("B", "passed");
    assert_eq!(round.run().timeline().winner(), "B");
    assert!(round.timeline().is_final());
}

const DEFERRED: &str = "leader-A=10 leader-B=20 leader-C=9 A-B=12 A-C=2 B-C=-4
    submitted_1-B=0 A_1-B=5 submitted_1-A=0 leader_1-A=10";

/// Pooled, a repeat a little below the margin is made good by another above it; together below it is below it, and ends the audit
/// as soon as no repeat could make it good.
#[test]
fn repeats_may_be_pooled() {
    let audited = |scores: &str| {
        let mut round = Round::new("A", 3, &format!("leader-A=40 {scores}"));
        round.rules.audits = AuditRule::Pooled;
        round.run();
        round.report("A", "completed", 3);
        round.source("A", "passed");
        round.run();
        let timeline = round.timeline();
        (timeline.entries[0].clone(), round.played.len() - 1)
    };
    let own = "submitted_1-A=-9 submitted_2-A=0 submitted_3-A=-9";
    // Of 128 prompts 6.4 are 5 %: 20 in three repeats are enough.
    let (entry, played) = audited(&format!("{own} leader_1-A=5 leader_2-A=9 leader_3-A=6"));
    assert_eq!((entry.status, entry.verified, played), (Status::Won, true, 6));
    let (entry, played) = audited(&format!("{own} leader_1-A=5 leader_2-A=8 leader_3-A=6"));
    assert_eq!((entry.status, played), (Status::Rejected, 6));
    assert_snapshot!(entry.reason, @"leader vs generated #1 to #3: +4.95%");
    let lost = "submitted_1-A=0 leader_1-A=-128 submitted_2-A=0 leader_2-A=-128";
    let (entry, played) = audited(&format!("{lost} submitted_3-A=0 leader_3-A=128"));
    assert_eq!((entry.status, played), (Status::Rejected, 4), "the third cannot help");
    // Thirds of a margin that is reached exactly.
    let mut round = Round::new(
        "A",
        3,
        "leader-A=1 submitted_1-A=0 submitted_2-A=0 submitted_3-A=0 leader_1-A=1 leader_2-A=1 leader_3-A=1",
    );
    round.prompts = 20;
    round.rules.audits = AuditRule::Pooled;
    round.run();
    round.report("A", "completed", 3);
    round.source("A", "passed");
    round.run();
    assert!(round.timeline().entries[0].verified);
}

#[test]
fn failing_against_a_doubtful_defender_counts_once_it_is_verified() {
    let mut round = Round::new("ABC", 1, DEFERRED);
    round.run().report("B", "completed", 1);
    round.run();
    assert_snapshot!(round.story(), @r"
    leader
      1. A won +7.81% vs leader  [unverified]
      2. B won +9.38% vs A  [unverified]
      3. C lost to B (-3.12%)
    Current leader: B
    played leader-A leader-B leader-C A-B B-C A-C? submitted_1-B A_1-B
    asked for A(leader) B(A)
    verdicts 
    final false
    ");
    round.report("A", "completed", 1);
    round.source("A", "passed");
    round.run();
    assert_snapshot!(round.story(), @r"
    leader
      1. A won +7.81% vs leader  [verified]
      2. B rejected: A vs generated #1: +3.91%
      3. C lost to A (+1.56%)
    Current leader: A
    played leader-A leader-B leader-C A-B B-C A-C? submitted_1-B A_1-B submitted_1-A leader_1-A
    asked for A(leader) B(A)
    verdicts A Passed, B Failed A vs generated #1: +3.91%
    final true
    ");
}

#[test]
fn failing_against_a_defender_that_fell_counts_for_nothing() {
    let scores = "leader-A=9 leader-B=14 A-B=8 submitted_1-B=1 submitted_2-B=-2 A_1-B=3
        submitted_1-A=-20 leader_1-B=11 leader_2-B=10";
    let mut round = Round::new("AB", 2, scores);
    round.run().report("B", "completed", 2);
    round.source("B", "passed");
    round.run().report("A", "pending", 1);
    round.run();
    assert_snapshot!(round.story(), @r"
    leader
      1. A rejected: submitted vs generated #1: -15.62%
      2. B won +10.94% vs leader  [verified]
    Current leader: B
    played leader-A leader-B A-B submitted_1-B A_1-B submitted_2-B submitted_1-A leader_1-B leader_2-B
    asked for A(leader) B(leader)
    verdicts A Failed submitted vs generated #1: -15.62%, B Passed
    final true
    ");
    assert_eq!(round.audits.get("A_1", "B"), Some(3.0 / 128.0), "history stays");
}

#[test]
fn all_rejected_leaves_the_leader() {
    let mut round = Round::new("A", 1, "leader-A=30");
    round.run().source("A", "failed");
    round.run();
    assert_snapshot!(round.story(), @r"
    leader
      1. A rejected: source audit
    played leader-A
    asked for A(leader)
    verdicts A Failed source audit
    final true
    ");
    let mut known_before = Round::new("A", 1, "leader-A=30");
    known_before.source("A", "failed");
    known_before.run();
    assert_snapshot!(known_before.story(), @r"
    leader (no qualifiers)
    played 
    asked for 
    verdicts 
    final true
    ");
}

#[test]
fn at_the_threshold_the_challenger_wins_and_passes() {
    let scores = "leader-A=1 submitted_1-A=-1 leader_1-A=1";
    let mut round = Round::new("A", 1, scores);
    round.prompts = 20;
    round.run().report("A", "completed", 1);
    round.source("A", "passed");
    assert!(round.run().timeline().is_final());
    assert_eq!(round.timeline().winner(), "A");
    round.audits.set("leader_1", "A", 0.0).unwrap();
    assert_eq!(round.timeline().winner(), LEADER);
}

/// A published round of the mesh era: all of the first five were rejected by their audits.
#[test]
fn a_real_round() {
    let qualifying = [14, 7, 14, 13, 14, 29, 26, 13, 29, 28, 7, 14];
    let against = [(7, 3), (8, -9), (9, 0), (10, 2), (11, -26), (12, -9)];
    let name = |n: usize| char::from(b'a' + u8::try_from(n).unwrap()).to_string();
    let order: String = (0..12).map(name).collect();
    let mut round = Round::new(&order, 1, "");
    for (n, score) in qualifying.iter().enumerate() {
        round.matches.set(LEADER, &name(n), f64::from(*score) / 128.0).unwrap();
    }
    for (n, score) in against {
        round.matches.set(&name(5), &name(n - 1), f64::from(score) / 128.0).unwrap();
    }
    for n in 0..5 {
        round.rejected.insert(name(n), "audit".to_owned());
    }
    assert_eq!(round.timeline().winner(), name(5));
    assert!(round.timeline().entries[6..].iter().all(|entry| entry.status == Status::Lost));
}

#[test]
fn a_crown_may_rest_on_the_interval() {
    let mut round = chain();
    round.rules.crown = Crown::Interval;
    round.run();
    assert_eq!(round.timeline().winner(), "D", "matches without an interval are walkovers");
    round.intervals.insert(("A".to_owned(), "D".to_owned()), [0.0, 0.14]);
    assert_eq!(round.timeline().entry("D").unwrap().status, Status::Lost);
    round.intervals.insert(("leader".to_owned(), "A".to_owned()), [-0.01, 0.14]);
    assert!(round.timeline().entry("A").is_none(), "nor does it qualify");
}

#[test]
fn a_verdict_that_does_not_hold_is_withdrawn() {
    let mut round = Round::new("ABC", 1, DEFERRED);
    round.run().report("B", "completed", 1);
    round.report("A", "completed", 1);
    round.source("A", "passed");
    round.run();
    assert_eq!(round.verdicts.len(), 2, "A passed, B failed against it");
    // A person changes their mind about A.
    round.source("A", "failed");
    let timeline = round.timeline();
    round.requests = audit::requests(&timeline, &round.requests);
    round.verdicts = audit::verdicts(&timeline, &round.requests, &round.verdicts);
    assert_snapshot!(round.story().lines().nth(7).unwrap(), @"verdicts A Failed source audit");
    assert_eq!(round.timeline().winner(), "B", "who has to meet the leader's audits now");
    let next = round.with(|inputs| due(inputs, &timeline, &round.requests, 2));
    let wanted = AuditMatch { hotkey: "B".into(), repeat: 1, against: LEADER.into() };
    assert_eq!(next.first(), Some(&Play::Audit(wanted)));
}

#[test]
fn what_is_owed() {
    let mut round = chain();
    round.run();
    let owed = |round: &Round| round.with(|inputs| audit::owed(inputs, "A"));
    assert_eq!(owed(&round), Some("no complete generation report"));
    round.report("A", "completed", 1);
    assert_eq!(owed(&round), Some("no source audit"));
    round.source("A", "passed");
    assert_eq!(owed(&round), None);
    round.rejected.insert("A".to_owned(), "late\n".repeat(100));
    assert_eq!(round.timeline().entry("A").unwrap().reason.chars().count(), super::REASON_MAX);
}

/// Any order, any margins, any reports and audits.
fn any_round() -> impl Strategy<Value = Round> {
    let margin = || -30..30_i32;
    let order = 1..7_usize;
    (order, prop::collection::vec(margin(), 200), prop::collection::vec(0..4_u8, 14)).prop_map(
        |(n, margins, choices)| {
            let order: String = (0..n).map(|n| char::from(b'A' + n as u8)).collect();
            let mut round = Round::new(&order, 2, "");
            let mut margins = margins.into_iter().cycle();
            let names: Vec<String> = round.order.clone();
            for right in &names {
                for left in names.iter().map(String::as_str).chain([LEADER]) {
                    let mut set = |left: String| {
                        round.scores.insert((left, right.clone()), margins.next().unwrap());
                    };
                    set(left.to_owned());
                    for repeat in 1..=2 {
                        set(audit::left(left, repeat));
                        set(audit::left(audit::SUBMITTED, repeat));
                    }
                }
            }
            for (at, name) in names.iter().enumerate() {
                match choices[2 * at] {
                    0 => round.source(name, "failed"),
                    1 => {}
                    _ => round.source(name, "passed"),
                }
                match choices[2 * at + 1] {
                    0 => round.report(name, "rejected", 0),
                    1 => round.report(name, "pending", 1),
                    _ => round.report(name, "completed", 2),
                }
            }
            round
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_round_ends_and_its_winner_beat_whom_it_follows(mut round in any_round()) {
        round.run();
        let timeline = round.timeline();
        let played: BTreeSet<&String> = round.played.iter().collect();
        prop_assert_eq!(played.len(), round.played.len(), "no match is played twice");
        let mut defender = LEADER;
        for entry in &timeline.entries {
            prop_assert_eq!(&entry.defender, defender);
            if entry.status == Status::Won {
                prop_assert!(entry.margin.is_some_and(|margin| margin >= round.rules.win_margin));
                defender = &entry.hotkey;
            }
        }
        prop_assert_eq!(timeline.winner(), defender);
        if !timeline.is_final() {
            let waits = timeline.entries.iter().any(|entry| {
                entry.status == Status::Won
                    && !entry.verified
                    && round.with(|inputs| audit::owed(inputs, &entry.hotkey)).is_some()
            });
            prop_assert!(waits, "a round that goes on waits for somebody");
        }
    }

    /// When everything is known, the timeline does not depend on the order in which it became known.
    #[test]
    fn matches_played_ahead_change_nothing(mut round in any_round()) {
        let mut complete = round.clone();
        for ((left, right), score) in complete.scores.clone() {
            complete.matches.set(&left, &right, f64::from(score) / 128.0).unwrap();
        }
        round.run();
        complete.audits = round.audits.clone();
        let (all, needed) = (complete.timeline(), round.timeline());
        prop_assert_eq!(all.winner(), needed.winner());
    }
}
