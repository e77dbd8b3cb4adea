//! Numbers and files that are made to keep verify busy: it does no more than the bytes that are there justify. Without its limits
//! each of these takes hours.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use arena::verify::Report;
use serde_json::{Value, json};

use super::eras::modules;
use super::every::without_history;
use super::ours::ours;
use super::variations::meshes;
use super::world::{Kept, World, findings, hotkey, unchecked};

fn read(files: &BTreeMap<String, String>) -> Report {
    without_history(files, &Kept(Mutex::default()))
}

/// The files of a world whose first round is also the last that there can be.
fn with_last_round(world: World) -> BTreeMap<String, String> {
    let mut files = world.files;
    let copies: Vec<(String, String)> = files
        .iter()
        .filter_map(|(path, text)| {
            let rest = path.strip_prefix("rounds/0/")?;
            Some((format!("rounds/4294967295/{rest}"), text.clone()))
        })
        .collect();
    files.extend(copies);
    let state = json!({"current_round": u32::MAX, "stage": "duels", "next_stage_eta": null});
    files.insert("state.json".to_owned(), state.to_string());
    files
}

#[test]
fn the_last_round_there_can_be() {
    let report = read(&with_last_round(ours()));
    assert!(report.rounds.contains_key(&u32::MAX));
    assert!(!report.is_sound());
    for world in [modules(), meshes()] {
        let report = read(&with_last_round(world));
        assert!(report.rounds.contains_key(&u32::MAX));
    }
}

#[test]
fn many_rounds_that_nobody_took_part_in() {
    let mut files = ours().files;
    let schedule = files["rounds/1/schedule.json"].clone();
    for round in 3..12_000 {
        files.insert(format!("rounds/{round}/schedule.json"), schedule.clone());
    }
    let report = read(&files);
    assert_eq!(report.rounds.len(), 10_000);
    assert!(unchecked(&report).contains("rounds after the first 10000"));
}

#[test]
fn matrices_of_many_rows() {
    for world in [ours(), modules()] {
        let mut files = world.files;
        let matrix = files.get_mut("rounds/0/matches_matrix.csv").unwrap();
        for n in 0..200_000 {
            write!(matrix, "\nleader,nobody-{n},1.0").unwrap();
        }
        let report = read(&files);
        assert!(report.more + report.more_remarks >= 199_000);
        assert!(report.remarks.len() <= 100, "{}", report.remarks.len());
    }
}

#[test]
fn repeats_beyond_all_measure() {
    let mut files = modules().files;
    let matrix = files.get_mut("rounds/0/audit_matrix.csv").unwrap();
    write!(matrix, "\nsubmitted_4294967295,{},0.0", hotkey("Anna")).unwrap();
    let winner = &files["rounds/0/winner.json"];
    let winner = winner.replace(&hotkey("Anna"), &hotkey("Cleo"));
    files.insert("rounds/0/winner.json".to_owned(), winner);
    let report = read(&files);
    assert!(findings(&report).iter().any(|line| line.contains("[winner]")));
    for repeats in [json!(u32::MAX), json!(u64::MAX), json!(-1)] {
        let mut config: Value = serde_json::from_str(&files["config.json"]).unwrap();
        config["audit_repeats"] = repeats;
        let mut files = files.clone();
        files.insert("config.json".to_owned(), config.to_string());
        assert!(read(&files).rounds.contains_key(&0));
    }
}

#[test]
fn more_contestants_than_a_subnet_has() {
    for (world, is_sound) in [(ours(), false), (modules(), true)] {
        let mut files = world.files;
        let submissions = files.get_mut("rounds/0/submissions.json").unwrap();
        let mut all: Value = serde_json::from_str(submissions).unwrap();
        let one = all[hotkey("Anna")].clone();
        for n in 0..100_000 {
            all[format!("nobody-{n:05}")] = one.clone();
        }
        *submissions = all.to_string();
        let report = read(&files);
        assert!(report.rounds.contains_key(&0));
        let told = unchecked(&report) + &findings(&report).join("\n");
        assert!(told.contains("more than 4096 are not checked"));
        assert!(!is_sound || !told.contains("[submissions]"));
    }
}
