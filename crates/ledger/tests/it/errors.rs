//! Files that were edited by hand, wrongly.

use insta::assert_snapshot;
use ledger::Place;
use ledger::files::config::Config;
use ledger::files::schedule::Schedule;
use ledger::{JsonFile as _, Round, RoundFile};
use proptest::prelude::*;

fn wrong(path: &str, text: &str) -> String {
    let place = Place::parse(path).unwrap();
    place.check(text).map_or_else(|error| error.to_string(), |()| "fine".to_owned())
}

#[test]
fn file_line_field_and_repair_are_named() {
    assert_snapshot!(wrong("leader.json", "[\n  {\"hotkey\": \"5A\", \"weight\": 1.0, \"effective_block\": 1},\n  {\"hotkey\": \"5B\",\n   \"weight\": \"heavy\", \"effective_block\": 1}\n]"), @r#"leader.json:4:14: [1].weight: the string "heavy" where a finite number belongs; write it like 0.85"#);
    assert_snapshot!(wrong("state.json", "{\"current_round\": 7.5, \"stage\": \"open\"}"), @"state.json:1:19: current_round: the number 7.5 where an integer from 0 to 4294967295 belongs; write it like 120");
    assert_snapshot!(wrong("state.json", "{\"current_round\": 7, \"stage\": \"opened\"}"), @r#"state.json:1:31: stage: the string "opened" where one of open, miner_generation, downloading, duels, finalizing, finished, paused, collecting, generating belongs; write it like "open""#);
    assert_snapshot!(wrong("state.json", "{\n  \"stage\": \"open\"\n}\n"), @r#"state.json:1:1: "current_round" is missing; add "current_round": …"#);
    assert_snapshot!(wrong("state.json", "{\"current_round\": 7, \"stage\": \"open\", \"next_stage_eta\": \"tomorrow\"}"), @r#"state.json:1:57: next_stage_eta: the string "tomorrow" where a time belongs; write it like "2031-03-01T08:00:00Z""#);
    assert_snapshot!(wrong("state.json", "{\"current_round\": 7,\n}"), @"state.json:2:1: no valid JSON: key must be a string; mend the JSON at this place");
    assert_snapshot!(wrong("state.json", " \n"), @"state.json:2:1: no valid JSON: EOF while parsing a value; the file is empty: restore it from an earlier commit");
    assert_snapshot!(wrong("state.json", "\u{feff}{}"), @"state.json:1:1: no valid JSON: expected value; save it as UTF-8 without a byte order mark");
    assert_snapshot!(wrong("state.json", "[]"), @"state.json:1:1: an array where an object belongs; write it like {…}");
    assert_snapshot!(wrong("rounds/3/seed.json", "{\"seed\": -1}"), @"rounds/3/seed.json:1:10: seed: the number -1 where an integer from 0 to 4294967295 belongs; write it like 120");
    assert_snapshot!(wrong("rounds/3/seed.json", "{\"seed\": 1e999}"), @"rounds/3/seed.json:1:10: seed: the number 1e999 where an integer from 0 to 4294967295 belongs; write it like 120");
    assert_snapshot!(wrong("rounds/3/5A/submitted.json", "{\"a.b\": {\"js\": 3}}"), @r#"rounds/3/5A/submitted.json:1:16: ["a.b"].js: the number 3 where a string belongs; write it like "…""#);
    assert_snapshot!(wrong("rounds/3/matches_matrix.csv", "left,right,margin\nleader,5A,0.5\nleader,5B,half\n"), @r#"rounds/3/matches_matrix.csv:3:11: margin: "half" where a finite number belongs; write it like 0.109375"#);
    assert_snapshot!(wrong("config.json", "{\"name\": \"demo\", \"description\": \"\", \"first_evaluation_date\": \"1 March 2031\"}"), @r#"config.json:1:62: first_evaluation_date: the string "1 March 2031" where a day belongs; write it like "2031-03-01""#);
}

#[test]
fn configurations_that_make_no_sense_are_named() {
    let text = "{\"name\": \"my demo\", \"description\": \"\", \"first_evaluation_date\": \"2031-03-01\",
        \"last_competition_date\": \"2030-12-01\", \"round_start_time\": \"08:00\", \"generation_stage_minutes\": 0, \"win_margin\": 5,
        \"weight_decay\": -0.1, \"weight_floor\": 0.4, \"prompts_per_round\": 8, \"carryover_prompts\": 9, \"audit_repeats\": -1}";
    let config = Config::from_text("config.json", text).unwrap();
    let all: Vec<String> = config.problems().iter().map(ToString::to_string).collect();
    assert_snapshot!(all.join("\n"), @r#"
    config.json: name: "my demo" cannot be part of an image's tag; use 1 to 64 of a-z, A-Z, 0-9, ".", "_" and "-"
    config.json: last_competition_date: 2030-12-01 is before first_evaluation_date, 2031-03-01; no round could follow: set a later day
    config.json: generation_stage_minutes: 0 minutes; use 1 to 43200 (30 days)
    config.json: win_margin: 5; use 0 to 1
    config.json: weight_decay: -0.1; use 0 to 1
    config.json: carryover_prompts: 9 of 8 prompts; use 0 to prompts_per_round
    config.json: audit_repeats: -1; use 0 to 100 (0 counts as 1)
    "#);
    // The original takes 0, and has the outputs made again all the same.
    let zero = Config { audit_repeats: 0, generation_stage_minutes: None, ..config };
    assert_eq!(zero.repeats(), 1);
    let all: Vec<String> = zero.problems().iter().map(ToString::to_string).collect();
    assert!(!all.iter().any(|problem| problem.contains("audit_repeats")), "{all:?}");
    assert_snapshot!(all[2], @"config.json: generation_stage_minutes: it is missing; use 1 to 43200 (30 days)");
}

#[test]
fn blocks_that_make_no_sense_are_named() {
    let problems = |blocks: [u64; 3]| {
        let [earliest, latest, deadline] = blocks;
        let text = format!(
            r#"{{"earliest_reveal_block": {earliest}, "latest_reveal_block": {latest}, "generation_deadline_block": {deadline}}}"#
        );
        let schedule = Schedule::from_text("schedule.json", &text).unwrap();
        schedule.problems().iter().map(|problem| problem.field).collect::<Vec<_>>()
    };
    assert_eq!(problems([5, 5, 6]), [""; 0]);
    assert_eq!(problems([6, 5, 7]), ["latest_reveal_block"]);
    assert_eq!(problems([5, 5, 5]), ["generation_deadline_block"]);
    assert_eq!(problems([6, 5, 4]), ["latest_reveal_block", "generation_deadline_block"]);
}

/// All kinds of file.
fn any_place() -> impl Strategy<Value = Place> {
    let round =
        prop::sample::select(RoundFile::ALL.to_vec()).prop_map(|file| Place::Round(Round(1), file));
    let paths = [
        "state.json",
        "config.json",
        "leader.json",
        "rounds/1/5A/submitted.json",
        "rounds/1/5A/duels_leader.json",
        "rounds/1/5A/pod_stats.json",
    ];
    prop_oneof![
        round,
        prop::sample::select(paths.to_vec()).prop_map(|path| Place::parse(path).unwrap())
    ]
}

/// JSON with the members our files have, and anything in them.
fn plausible_json() -> impl Strategy<Value = String> {
    let keys = vec![
        "hotkey",
        "weight",
        "effective_block",
        "current_round",
        "stage",
        "seed",
        "js",
        "glb",
        "ply",
        "left_js",
        "duels",
        "left",
        "right",
        "leader",
        "winner",
        "score",
        "margin",
        "repeats",
        "outcome",
        "verdict",
        "processed",
        "transitions",
        "name",
        "prompt",
    ];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("-1e999".to_owned()),
        Just("1e30".to_owned()),
        Just("0.5".to_owned()),
        Just("7".to_owned()),
        Just("\"left\"".to_owned()),
        Just("\"7\"".to_owned()),
        Just("true".to_owned()),
        Just("\"\\u0000\"".to_owned()),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        let member = (prop::sample::select(keys.clone()), inner.clone())
            .prop_map(|(key, value)| format!("\"{key}\": {value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..8)
                .prop_map(|members| format!("{{{}}}", members.join(",\n"))),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_gets_an_answer(place in any_place(), text in plausible_json()) {
        if let Err(error) = place.check(&text) {
            prop_assert_eq!(error.file, place.to_string());
            prop_assert!(error.line <= text.lines().count().max(1));
            prop_assert!(!error.repair.is_empty());
        }
    }

    #[test]
    fn any_text_gets_an_answer(place in any_place(), text: String) {
        place.check(&text).ok();
    }
}
