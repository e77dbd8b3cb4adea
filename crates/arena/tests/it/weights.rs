//! What validators set.

use arena::weights::{Decision, Seen, decide};
use insta::assert_snapshot;
use ledger::files::leader::{LeaderEntry, Leaders};

use crate::layout;

fn leaders() -> Leaders {
    let entry = |hotkey: &str, weight, effective_block| LeaderEntry {
        hotkey: hotkey.to_owned(),
        repo: None,
        commit: None,
        docker: None,
        weight,
        effective_block,
        layout: layout(),
    };
    Leaders {
        entries: vec![
            entry("5Alice", 0.85, 143_200),
            entry("5Owner", 0.7, 164_800),
            entry("5Gone", 1.0, 186_400),
            entry("5Alice", 1.5, 208_000),
        ],
    }
}

fn at(leaders: &Leaders, block: u64) -> String {
    let block_time = arena::schedule::BLOCK_TIME;
    let seen = Seen { leaders, block, owner: 199, wait_seconds: 1500, block_time };
    let uid_of = |hotkey: &str| match hotkey {
        "5Alice" => Some(42),
        "5Owner" => Some(199),
        _ => None,
    };
    match decide(&seen, uid_of) {
        Decision::Wait { until_block } => format!("wait for {until_block}"),
        Decision::Set { shares, why } => format!("{why:?}: {shares:?}"),
    }
}

#[test]
fn owner_first_then_the_leader() {
    assert_snapshot!(at(&leaders(), 150_000), @"Leader: [(199, 0.15000000000000002), (42, 0.85)]");
    assert_snapshot!(at(&leaders(), 143_200), @"Leader: [(199, 0.15000000000000002), (42, 0.85)]");
    assert_snapshot!(at(&leaders(), 143_199), @"NotYetActive: [(199, 1.0)]");
    assert_snapshot!(at(&leaders(), 164_800), @"OwnerLeads: [(199, 1.0)]");
    assert_snapshot!(at(&leaders(), 190_000), @"Unregistered: [(199, 1.0)]");
    assert_snapshot!(at(&Leaders::default(), 5), @"NobodyYet: [(199, 1.0)]");
}

#[test]
fn weights_wait_for_a_leader_that_is_about_to_change() {
    assert_snapshot!(at(&leaders(), 207_900), @"wait for 208000");
    assert_snapshot!(at(&leaders(), 207_875), @"wait for 208000");
    assert_snapshot!(at(&leaders(), 207_874), @"Unregistered: [(199, 1.0)]");
}

#[test]
fn a_weight_beyond_one_is_one() {
    assert_snapshot!(at(&leaders(), 208_000), @"Leader: [(199, 0.0), (42, 1.0)]");
}
