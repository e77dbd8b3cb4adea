//! Votes, strong voters and consensus.

use insta::assert_snapshot;

use super::*;

/// Best views and artefacts by their differences (A less B), the checklist by its gap.
fn decided(best: Option<f64>, artefacts: f64, gap: Option<i64>) -> String {
    let limits = Thresholds::default();
    let pair =
        |difference: f64| Pair::Agreed(crate::vlm::pair::Grades { a: 5.0 + difference, b: 5.0 });
    let first = best.and_then(|best| vote(pair(best), &limits));
    let votes = [first, vote(pair(artefacts), &limits)];
    let (side, source) = verdict(votes, best, gap, &limits);
    format!("{} {source:?}", side.map_or("draw", Side::letter))
}

#[test]
fn two_votes_of_three_win() {
    assert_snapshot!(decided(Some(-1.0), -1.0, None), @"A Consensus");
    assert_snapshot!(decided(Some(1.0), -1.0, Some(-2)), @"B Consensus");
    assert_snapshot!(decided(Some(0.5), 0.5, Some(1)), @"draw Consensus");
    assert_snapshot!(decided(None, -1.5, Some(2)), @"A Consensus");
    assert_snapshot!(decided(Some(1.0), -1.0, Some(1)), @"draw Consensus");
    assert_snapshot!(decided(Some(1.0), 0.0, Some(0)), @"draw Consensus");
}

#[test]
fn a_strong_voter_wins_alone_but_not_against_a_vote() {
    assert_snapshot!(decided(Some(2.0), 0.0, None), @r#"B Strong("bv|+2.0|")"#);
    assert_snapshot!(decided(None, 0.0, Some(-7)), @r#"B Strong("cl|-7|")"#);
    assert_snapshot!(decided(Some(-3.0), 0.5, Some(6)), @r#"A Strong("bv|-3.0|+cl|+6|")"#);
    // One against it, none with it: it is not alone enough.
    assert_snapshot!(decided(Some(3.0), -1.0, Some(1)), @"draw Consensus");
    assert_snapshot!(decided(Some(-4.0), 0.0, Some(-7)), @"draw Consensus");
    // The original lets the strong voter beat two.
    assert_snapshot!(decided(Some(4.0), -4.0, Some(5)), @"A Consensus");
    // Artefacts are never strong.
    assert_snapshot!(decided(Some(0.0), 9.0, Some(1)), @"draw Consensus");
}

/// The third voter is not asked where the first two agree: no gap changes the side.
#[test]
fn a_third_voter_cannot_turn_two_that_agree() {
    for best in [-9.0, -2.0, -1.0] {
        for gap in -20..=20 {
            let word = decided(Some(best), -1.0, Some(gap));
            assert!(word.starts_with('A'), "{best} {gap}: {word}");
        }
    }
}

#[test]
fn pairs_that_contradict_or_fail_do_not_vote() {
    let limits = Thresholds::default();
    let grades = crate::vlm::pair::Grades { a: 3.0, b: 7.0 };
    assert_eq!(vote(Pair::Contradictory(grades), &limits), None);
    assert_eq!(vote(Pair::of(None, None), &limits), None);
    assert_eq!(vote(Pair::Agreed(grades), &limits), Some(Side::A));
}

#[test]
fn points_are_by_feature() {
    let found = |features: &[&'static str], is_main_object| {
        let found = Verification { features: features.to_vec(), is_main_object };
        score(&found, &Thresholds::default())
    };
    assert_eq!(found(&["yes", "partial", "no", "yes"], true), 6);
    assert_eq!(found(&["yes", "partial", "no", "yes"], false), 5);
    assert_eq!(found(&["yes"; 7], true), 15, "the most");
}
