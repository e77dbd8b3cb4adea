//! Prompts of a round.

use arena::selection::{Choice, Rule, select};
use insta::assert_snapshot;
use proptest::prelude::*;

const PREVIOUS: &[&str] = &["a", "b", "c", "d", "e"];
const POOL: &[&str] = &["c", "d", "f", "g", "h", "i", "j"];

fn choice() -> Choice<'static> {
    Choice {
        pool: POOL,
        previous: PREVIOUS,
        seed: 7,
        prompts_per_round: 5,
        carryover_prompts: 2,
        rule: Rule::Distinct,
    }
}

/// What is picked, as text.
fn picked(choice: Choice<'_>) -> String {
    select(&choice).map_or_else(|error| error.to_string(), |urls| urls.join(" "))
}

#[test]
fn carried_over_first_then_new_ones() {
    assert_snapshot!(picked(choice()), @"c b h d i");
}

#[test]
fn nothing_is_carried_into_the_first_round() {
    let first = picked(Choice { previous: &[], ..choice() });
    assert_eq!(first, picked(Choice { carryover_prompts: 0, ..choice() }));
    assert_eq!(first, picked(Choice { carryover_prompts: -3, ..choice() }));
    assert_eq!(first.split(' ').count(), 5);
}

#[test]
fn a_short_pool_is_taken_whole_and_in_order() {
    assert_snapshot!(picked(Choice { prompts_per_round: 100, carryover_prompts: 0, ..choice() }), @"c d f g h i j");
    assert_snapshot!(picked(Choice { prompts_per_round: 100, carryover_prompts: i64::MAX, ..choice() }), @"a b c d e f g h i j");
}

#[test]
fn carry_over_is_capped_by_the_round_before_and_topped_up() {
    let all = picked(Choice { carryover_prompts: 9, prompts_per_round: 7, ..choice() });
    assert!(all.starts_with("a b c d e "), "{all}");
    assert_eq!(all.split(' ').count(), 7);
}

#[test]
fn earlier_eras_could_pick_a_prompt_twice() {
    let twice = |seed| {
        let urls = picked(Choice { seed, rule: Rule::Repeats, carryover_prompts: 3, ..choice() });
        let mut all: Vec<&str> = urls.split(' ').collect();
        all.sort_unstable();
        all.dedup();
        all.len() < 5
    };
    assert!((0..100).any(twice));
}

#[test]
fn fewer_than_carried_over_is_an_error() {
    assert_snapshot!(picked(Choice { prompts_per_round: 1, ..choice() }), @"config.json: 1 prompts_per_round are fewer than the 2 carried over; lower carryover_prompts");
    assert_snapshot!(picked(Choice { prompts_per_round: i64::MIN, ..choice() }), @"config.json: -9223372036854775808 prompts_per_round are fewer than the 2 carried over; lower carryover_prompts");
}

proptest! {
    #[test]
    fn no_prompt_is_there_twice_when_pools_have_none_twice(seed: u32, n in 0_usize..200, old in 0_usize..50, total in 0_i64..150, carry in 0_i64..60) {
        let pool: Vec<String> = (0..n).map(|i| i.to_string()).collect();
        let pool: Vec<&str> = pool.iter().map(String::as_str).collect();
        let previous = &pool[..old.min(n)];
        let all = Choice { pool: &pool, previous, seed, prompts_per_round: total, carryover_prompts: carry, rule: Rule::Distinct };
        if let Ok(mut urls) = select(&all) {
            prop_assert_eq!(urls.len(), (total as usize).min(n));
            prop_assert_eq!(&urls, &select(&all).unwrap());
            urls.sort_unstable();
            urls.dedup();
            prop_assert_eq!(urls.len(), (total as usize).min(n));
        } else {
            prop_assert!(carry > total);
        }
    }
}
