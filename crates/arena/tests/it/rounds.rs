//! The end of rounds: what is committed, what people are told, what is refused.

use std::sync::Arc;
use std::time::Duration;

use arena::owner::{Owner as _, Turn, TurnError};
use arena::rounds::{Rounds, Settings};
use chain::dev::{DevChain, Genesis, Member};
use chain::{Account, ManualClock};
use ledger::JsonFile as _;
use ledger::files::leader::Leaders;
use proptest::prelude::*;

use crate::closing_ports::{Fault, World, now};

const CONFIG: &str = r#"{"name": "demo", "description": "", "first_evaluation_date": "2031-03-01",
    "last_competition_date": "2031-12-01", "generation_stage_minutes": 240, "win_margin": 0.05, "weight_decay": 0.15,
    "weight_floor": 0.4, "prompts_per_round": 8, "carryover_prompts": 2, "round_duration_days": 3}"#;
const LEADER: &str = r#"[{"hotkey": "5Alice", "repo": "alice/gen3d", "commit": "c0", "docker": "image:a",
    "hardware": ["4xH200"], "weight": 1.0, "effective_block": 100000}]"#;
const SCHEDULE: &str = r#"{"earliest_reveal_block": 78401, "latest_reveal_block": 100000, "generation_deadline_block": 101200}"#;
const STATE: &str =
    r#"{"current_round": 6, "stage": "finalizing", "next_stage_eta": null, "note": "kept"}"#;
const SUBMISSIONS: &str = r#"{"5Bob": {"repo": "bob/forge", "commit": "c1", "cdn_url": "https://b/", "revealed_at_block": 99000,
    "round": "demo-6"}}"#;
const BOB: &str =
    r#"{"winner_hotkey": "5Bob", "repo": "bob/forge", "commit": "c1", "docker_image": "image:b"}"#;
const DEFENDED: &str = r#"{"winner_hotkey": "leader", "repo": "alice/gen3d", "commit": "c0", "docker_image": "image:a"}"#;

/// Round 6 in `finalizing`, three hours after it began; block 100900.
fn world(winner: Option<&str>) -> World<DevChain> {
    let start = "2031-02-15T10:40:00Z".parse().unwrap();
    let owner = Member { hotkey: Account([1; 32]), coldkey: Account([2; 32]), stake: 0 };
    let clock = Arc::new(ManualClock::at(start));
    let chain = DevChain::in_memory(Genesis::new(17, start, owner, [0; 32]), clock.clone());
    clock.advance(Duration::from_secs(100_900 * 12));
    let world = World::new(clock, chain.unwrap());
    world.write(&[
        ("config.json", Some(CONFIG)),
        ("leader.json", Some(LEADER)),
        ("state.json", Some(STATE)),
        ("rounds/6/schedule.json", Some(SCHEDULE)),
        ("rounds/6/submissions.json", Some(SUBMISSIONS)),
        ("rounds/6/winner.json", winner),
    ]);
    world
}

fn turn(world: &World<DevChain>, settings: Settings) -> Result<Turn, TurnError> {
    now(Rounds::new(settings).turn(&world.ports))
}

fn closed(world: &World<DevChain>) {
    assert_eq!(turn(world, Settings::default()), Ok(Turn::Idle));
}

/// What an operator reads; nothing was written.
fn refused(world: &World<DevChain>) -> String {
    let before = world.books_head();
    let error = turn(world, Settings::default()).unwrap_err();
    assert!(error.needs_operator, "{error}");
    assert_eq!(world.books_head(), before);
    assert_eq!(world.told(), [""; 0]);
    error.to_string()
}

impl World<DevChain> {
    fn books_head(&self) -> String {
        use ledger::repository::Repository as _;
        self.books.head().unwrap().unwrap().to_string()
    }
}

fn weights(world: &World<DevChain>) -> Vec<(String, f64, u64)> {
    let leaders = Leaders::from_text("leader.json", &world.text("leader.json").unwrap()).unwrap();
    let short = |entry: &ledger::files::leader::LeaderEntry| {
        (entry.hotkey.clone(), entry.weight, entry.effective_block)
    };
    leaders.entries.iter().map(short).collect()
}

#[test]
fn another_leads_and_the_next_round_opens() {
    let world = world(Some(BOB));
    closed(&world);
    assert_eq!(world.last_commit().message, "Update state (open), schedule, leader for round 7");
    insta::assert_snapshot!(world.text("state.json").unwrap(), @r#"
    {
      "current_round": 7,
      "stage": "open",
      "next_stage_eta": "2031-03-04T08:00:00Z",
      "note": "kept"
    }
    "#);
    insta::assert_snapshot!(world.text("rounds/7/schedule.json").unwrap(), @r#"
    {
      "earliest_reveal_block": 100001,
      "latest_reveal_block": 121600,
      "generation_deadline_block": 122800,
      "planned_start": "2031-03-04T08:00:00Z"
    }
    "#);
    let expected = [("5Alice".to_owned(), 1.0, 100_000), ("5Bob".to_owned(), 1.0, 121_600)];
    assert_eq!(weights(&world), expected);
    assert!(world.text("leader.json").unwrap().contains("4xH200"), "what we do not know stays");
    assert_eq!(world.told(), ["Leader Changed — Round 6", "Round 6 Finalized"]);
    // Nothing is left to do, and nobody is told twice.
    closed(&world);
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn a_defence_decays_until_the_floor() {
    let world = world(Some(DEFENDED));
    closed(&world);
    assert_eq!(weights(&world)[1], ("5Alice".to_owned(), 0.85, 121_600));
    assert_eq!(world.told(), ["Round 6 Finalized"]);

    let world = self::world(Some(DEFENDED));
    world.write(&[("leader.json", Some(&LEADER.replace("1.0", "0.4")))]);
    closed(&world);
    assert_eq!(world.last_commit().message, "Update state (open), schedule for round 7");
    assert_eq!(weights(&world).len(), 1);
}

#[test]
fn a_round_without_submissions_is_a_defence() {
    let world = world(None);
    world.write(&[("rounds/6/submissions.json", None)]);
    closed(&world);
    assert_eq!(weights(&world)[1].1, 0.85);
    // The splat era wrote an empty file.
    let world = self::world(None);
    world.write(&[("rounds/6/submissions.json", Some("{}"))]);
    closed(&world);
}

/// A stage set by hand, or a lost file, is no round without submissions.
#[test]
fn that_nobody_took_part_needs_a_proof() {
    let ours = SCHEDULE.replace("}", r#", "planned_start": "2031-03-01T08:00:00Z"}"#);
    let seen = |entries: &str| {
        format!(
            r#"{{"netuid": 17, "start_block": 100000, "start_hash": "{0}", "read_block": 100000, "read_hash": "{0}",
            "published_block": 100003, "required_lock": 0, "hotkeys": [{entries}], "locks": {{}}}}"#,
            "07".repeat(32)
        )
    };
    let text =
        format!(r#"{{"repo": "a/b", "commit": "{}", "cdn_url": "http://a"}}"#, "0".repeat(40));
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let somebody = format!(
        r#"{{"hotkey": "{}", "coldkey": "{}", "entries": [{{"block": 99000, "bytes": "{hex}"}}]}}"#,
        Account([3; 32]),
        Account([4; 32])
    );
    let without = |files: &[(&str, Option<&str>)]| {
        let world = world(None);
        world.write(&[("rounds/6/submissions.json", None)]);
        world.write(files);
        world
    };
    let commitments = "rounds/6/commitments.json";
    let schedule = ("rounds/6/schedule.json", Some(ours.as_str()));
    closed(&without(&[schedule, (commitments, Some(&seen("")))]));
    let refused = |files: &[(&str, Option<&str>)]| self::refused(&without(files));
    insta::assert_snapshot!(refused(&[schedule]), @r#"closing round 6: rounds/6/commitments.json: it is missing, so nobody looked who takes part; set stage in state.json to "open", or restore the file"#);
    insta::assert_snapshot!(refused(&[schedule, (commitments, Some(&seen(&somebody)))]), @r#"closing round 6: rounds/6/submissions.json: it names nobody, and commitments.json lets 1 take part; set stage in state.json to "open""#);
    insta::assert_snapshot!(refused(&[("rounds/6/seed.json", Some("{\"seed\": 1}"))]), @"closing round 6: rounds/6/submissions.json: it names nobody, and rounds/6/seed.json shows that somebody took part; restore the file, or remove rounds/6/seed.json");
    insta::assert_snapshot!(refused(&[(commitments, Some(&seen(""))), ("rounds/6/prompts.txt", Some("http://a/b.png"))]), @"closing round 6: rounds/6/submissions.json: it names nobody, and rounds/6/prompts.txt shows that somebody took part; restore the file, or remove rounds/6/prompts.txt");
    let later = SCHEDULE.replace("100000", "101000");
    insta::assert_snapshot!(refused(&[("rounds/6/schedule.json", Some(&later))]), @r#"closing round 6: state.json: stage: the round goes on until block 101000; set stage in state.json to "open""#);
}

#[test]
fn blocks_that_make_no_sense_are_named() {
    let with = |schedule: &str| {
        let world = world(Some(BOB));
        world.write(&[("rounds/6/schedule.json", Some(schedule))]);
        refused(&world)
    };
    insta::assert_snapshot!(with(&SCHEDULE.replace("78401", "100001")), @"closing round 6: rounds/6/schedule.json: latest_reveal_block: 100000 is before earliest_reveal_block, 100001; nobody could take part: set a later block");
    insta::assert_snapshot!(with(&SCHEDULE.replace("101200", "100000")), @"closing round 6: rounds/6/schedule.json: generation_deadline_block: 100000 is not after latest_reveal_block, 100000; miners would have no time: set a later block");
    // The window of the next round would be over before it begins.
    let late = SCHEDULE.replace("100000", "200000").replace("101200", "201200");
    insta::assert_snapshot!(with(&late.replace("}", r#", "planned_start": "2031-03-01T08:00:00Z"}"#)), @"closing round 6: rounds/7/schedule.json would say latest_reveal_block: 121600 is before earliest_reveal_block, 200001; nobody could take part: set a later block; look at latest_reveal_block of rounds/6/schedule.json and at generation_stage_minutes of config.json");
    let world = world(Some(BOB));
    world
        .write(&[("config.json", Some(&CONFIG.replace("\"generation_stage_minutes\": 240,", "")))]);
    insta::assert_snapshot!(refused(&world), @"closing round 6: config.json: generation_stage_minutes: it is missing; use 1 to 43200 (30 days)");
}

#[test]
fn a_pause_keeps_what_is_to_follow() {
    let world = world(Some(DEFENDED));
    let settings = Settings { pause_on_stage_end: true, ..Settings::default() };
    assert_eq!(turn(&world, settings), Ok(Turn::Idle));
    assert_eq!(world.last_commit().message, "Update state (paused), schedule, leader for round 7");
    insta::assert_snapshot!(world.text("state.json").unwrap(), @r#"
    {
      "current_round": 7,
      "stage": "paused",
      "next_stage_eta": "2031-03-04T08:00:00Z",
      "resume_stage": "open",
      "note": "kept"
    }
    "#);
}

#[test]
fn the_calendar_ends() {
    let world = world(Some(BOB));
    world.write(&[("config.json", Some(&CONFIG.replace("2031-12-01", "2031-03-03")))]);
    closed(&world);
    assert_eq!(world.last_commit().message, "Update state (finished), leader for round 6");
    insta::assert_snapshot!(world.text("state.json").unwrap(), @r#"
    {
      "current_round": 6,
      "stage": "finished",
      "next_stage_eta": null,
      "note": "kept"
    }
    "#);
    assert_eq!(world.text("rounds/7/schedule.json"), None);
    assert_eq!(weights(&world)[1].2, 121_600);
    assert_eq!(world.told(), ["Leader Changed — Round 6", "Competition Ended"]);
}

#[test]
fn other_stages_are_left_alone() {
    for stage in ["open", "miner_generation", "downloading", "duels", "finished", "paused"] {
        let world = world(Some(BOB));
        world.write(&[("state.json", Some(&STATE.replace("finalizing", stage)))]);
        // Also when the files of a round's end are broken.
        world.write(&[("leader.json", Some("broken"))]);
        let before = world.books_head();
        assert_eq!(turn(&world, Settings::default()), Ok(Turn::Idle), "{stage}");
        assert_eq!(world.books_head(), before, "{stage}");
    }
}

#[test]
fn what_only_a_person_can_mend() {
    let with = |path: &str, text: Option<&str>| {
        let world = world(Some(BOB));
        world.write(&[(path, text)]);
        refused(&world)
    };
    insta::assert_snapshot!(with("rounds/6/winner.json", None), @r#"closing round 6: rounds/6/winner.json: it is missing, and the round has 1 submissions; set stage in state.json to "duels", or restore the file"#);
    insta::assert_snapshot!(with("rounds/6/winner.json", Some(&BOB.replace("5Bob", "5Eve"))), @r#"closing round 6: rounds/6/winner.json: winner_hotkey: "5Eve" is not in submissions.json; restore what the judge wrote"#);
    insta::assert_snapshot!(with("rounds/6/winner.json", Some(&BOB.replace("c1", "c2"))), @r#"closing round 6: rounds/6/winner.json: repo, commit: they are not those "5Bob" submitted; restore what the judge wrote"#);
    insta::assert_snapshot!(with("leader.json", Some("[]")), @"closing round 6: leader.json: it is empty; add the leader that the round began with");
    insta::assert_snapshot!(with("leader.json", Some(&LEADER.replace("100000", "\"x\""))), @r#"reading the files of a round's end: leader.json:2:63: [0].effective_block: the string "x" where an integer from 0 to 18446744073709551615 belongs; write it like 120"#);
    insta::assert_snapshot!(with("leader.json", Some(&LEADER.replace("100000", "200000"))), @"closing round 6: leader.json: the new entry is effective from block 121600, not after the last entry's 200000");
    insta::assert_snapshot!(with("config.json", Some(&CONFIG.replace("0.15", "15"))), @"closing round 6: config.json: weight_decay: 15; use 0 to 1");
    insta::assert_snapshot!(with("config.json", Some(&CONFIG.replace("2031-03-01", "2030-03-01").replace("2031-12-01", "2030-12-01"))), @"closing round 6: config.json: last_competition_date: 2030-12-01 is more than a round before the round that ends, which began on 2031-03-01; set a later day to go on, or 2031-03-01 to end the competition");
}

#[test]
fn a_chain_that_does_not_answer_is_asked_again_later() {
    let world = world(Some(BOB));
    world.breaks(Fault::Silent);
    let before = world.ports.clock.elapsed();
    let error = turn(&world, Settings::default()).unwrap_err();
    insta::assert_snapshot!(error, @"reading the chain's block: it takes too long");
    assert!(!error.needs_operator);
    assert_eq!(world.ports.clock.elapsed() - before, Duration::from_secs(120));
    world.breaks(Fault::Nothing);
    closed(&world);
}

#[test]
fn a_prepared_schedule_keeps_what_else_it_says() {
    let world = world(Some(DEFENDED));
    let text = r#"{"note": "mine", "earliest_reveal_block": 1, "latest_reveal_block": 2, "generation_deadline_block": 3}"#;
    world.write(&[("rounds/7/schedule.json", Some(text))]);
    closed(&world);
    let text = world.text("rounds/7/schedule.json").unwrap();
    assert!(text.contains("\"note\": \"mine\"") && text.contains("121600"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever stands in the files, the end is a commit or a message, never a panic, and never half of it.
    #[test]
    fn any_hand_may_have_edited_any_file(
        file in 0_usize..5,
        at in 0_usize..400,
        put in proptest::sample::select(vec!["", "\"", "9", "-", "}", "e400", "null", "[]", "99999999999999999999"]),
    ) {
        let world = world(Some(BOB));
        let (path, text) = [
            ("config.json", CONFIG),
            ("leader.json", LEADER),
            ("state.json", STATE),
            ("rounds/6/schedule.json", SCHEDULE),
            ("rounds/6/winner.json", BOB),
        ][file];
        let at = at % text.len();
        let edited = format!("{}{put}{}", &text[..at], &text[at + 1..]);
        world.write(&[(path, Some(&edited))]);
        let before = world.books_head();
        let done = turn(&world, Settings::default());
        let is_there = |path: &str| world.text(path).is_some();
        if world.books_head() == before {
            prop_assert!(done.is_err() || done == Ok(Turn::Idle));
            prop_assert_eq!(world.told(), [""; 0]);
        } else {
            let state = world.text("state.json").unwrap();
            let next = state.contains("\"open\"");
            prop_assert!(next || state.contains("\"finished\""));
            let round = if state.contains("\"current_round\": 7") { 7 } else { 0 };
            prop_assert!(!next || round != 7 || is_there("rounds/7/schedule.json"));
        }
    }
}
