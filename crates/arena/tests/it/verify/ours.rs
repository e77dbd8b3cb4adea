//! Competitions of ours: nothing is taken on trust but what only the chain, people and pods know.

use insta::assert_snapshot;
use serde_json::json;

use super::world::{Era, World, findings, hotkey, unchecked};

/// A round that Anna wins and one that nobody submits to.
pub(crate) fn ours() -> World {
    let mut world = World::new(Era::Ours, 60, 8);
    played(&mut world);
    world
}

fn played(world: &mut World) {
    world.begin(&["Anna", "Bert", "Cleo"], 0);
    for (name, net) in [("Anna", 3), ("Bert", -2), ("Cleo", 4)] {
        world.play("leader", &hotkey(name), net);
    }
    world.play(&hotkey("Anna"), &hotkey("Cleo"), 0);
    let request = json!([{"hotkey": hotkey("Anna"), "latest_defender": "leader"}]);
    world.put_json(&world.at("require_audit.json"), &request);
    world.deliver(&hotkey("Anna"), "generated_1.json", "generated_1");
    world.audit("submitted", &hotkey("Anna"), 0);
    world.audit("leader", &hotkey("Anna"), 3);
    let report = json!({hotkey("Anna"): {"hotkey": hotkey("Anna"), "outcome": "completed", "repeats": [
        {"repeat_index": 1, "generated_prompts": 8, "failed_prompts": 0, "generation_time": 10.5}], "reason": ""}});
    world.put_json(&world.at("generation_reports.json"), &report);
    let source = json!([{"hotkey": hotkey("Anna"), "verdict": "passed", "reason": ""}]);
    world.put_json(&world.at("source_audit.json"), &source);
    let verdict =
        json!({hotkey("Anna"): {"hotkey": hotkey("Anna"), "verdict": "passed", "reason": ""}});
    world.put_json(&world.at("generation_audits.json"), &verdict);
    world.end(Some("Anna"));
    world.next(Some("Anna"), Some(1.0));
    // Nobody submits.
    world.state("finalizing");
    world.commit("nobody");
    world.next(None, Some(0.85));
}

#[test]
fn a_sound_competition() {
    let report = ours().verify();
    assert_eq!(findings(&report), [""; 0]);
    assert_eq!(report.rounds.get(&0), Some(&"crucible"));
    assert_snapshot!(unchecked(&report), @"");
}

#[test]
fn matches_that_ended_early_are_sound() {
    let mut world = World::new(Era::Ours, 60, 8);
    world.config["crucible"]["sequential_stopping"] = json!(true);
    let config = world.config.clone();
    world.put_json("config.json", &config);
    world.commit("sequential");
    played(&mut world);
    assert_eq!(findings(&world.verify()), [""; 0]);
    let text = &world.files[&format!("rounds/0/{}/duels_leader.json", hotkey("Cleo"))];
    assert!(text.contains("\"winner\": \"skipped\""), "{text}");
}

/// The first line of verify after a change by hand.
fn first(path: &str, from: &str, to: &str) -> String {
    ours().after(path, from, to).into_iter().next().unwrap_or_else(|| "sound".to_owned())
}

#[test]
fn one_number_changed_in_a_report_is_named() {
    let path = format!("rounds/0/{}/duels_leader.json", hotkey("Anna"));
    let path = path.as_str();
    assert_snapshot!(first(path, "\"score\": 3", "\"score\": 4"), @"");
    assert_snapshot!(first(path, "\"margin\": 0.375", "\"margin\": 0.5"), @"");
    assert_snapshot!(first(path, "\"penalty_a\": 6.0", "\"penalty_a\": 7.0"), @"");
    assert_snapshot!(first(path, "\"winner\": \"right\"", "\"winner\": \"left\""), @"");
    assert_snapshot!(first(path, "\"judged\": 8", "\"judged\": 7"), @"");
    assert_snapshot!(first(path, "\"confidence\": 0.95", "\"confidence\": 0.9"), @"");
    assert_snapshot!(first(path, "\"sha256\": \"", "\"sha256\": \"0"), @"");
    assert_snapshot!(first(path, "\"version\": 1", "\"version\": 2"), @"");
    assert_snapshot!(first(path, "pictures.example", "pictures2.example"), @"");
    assert_snapshot!(first(path, "/leader/generated_1/", "/leader/generated_2/"), @"");
    assert_snapshot!(first(path, "\"order\": \"", "\"order\": \"0"), @"");
}

#[test]
fn every_other_file_is_held_against_what_it_follows_from() {
    let anna = hotkey("Anna");
    assert_snapshot!(first("rounds/0/seed.json", "{\"seed\": 3", "{\"seed\": 2"), @"");
    assert_snapshot!(first("rounds/0/commitments.json", "\"required_lock\": 100", "\"required_lock\": 0"), @"");
    assert_snapshot!(first("rounds/0/commitments.json", "\"start_block\": 1000", "\"start_block\": 999"), @"");
    assert_snapshot!(first("rounds/0/submissions.json", "anna/gen", "anna/gem"), @"");
    assert_snapshot!(first("rounds/0/submissions.json", "\"revealed_at_block\": 900", "\"revealed_at_block\": 903"), @"");
    assert_snapshot!(first("rounds/0/builds.json", "anna/gen", "anna/gem"), @"");
    assert_snapshot!(first("rounds/0/schedule.json", "\"latest_reveal_block\": 1000", "\"latest_reveal_block\": 1001"), @"");
    assert_snapshot!(first("rounds/1/schedule.json", "2031-03-04", "2031-03-03"), @"");
    assert_snapshot!(first("rounds/0/prompts.txt", "https://pictures.example/p0", "https://pictures.example/p1"), @"");
    assert_snapshot!(first(&format!("rounds/0/{anna}/submitted.json"), "\"sha256\": \"", "\"sha256\": \"0"), @"");
    assert_snapshot!(first(&format!("rounds/0/{anna}/submitted.json"), "\"size\": ", "\"size\": 1"), @"");
    assert_snapshot!(first("rounds/0/matches_matrix.csv", "0.375", "0.5"), @"");
    assert_snapshot!(first("rounds/0/matches_matrix.csv", "0.0", "0.25"), @"");
    assert_snapshot!(first("rounds/0/audit_matrix.csv", "0.375", "0.25"), @"");
    assert_snapshot!(first("rounds/0/source_audit.json", "passed", "failed"), @"");
    assert_snapshot!(first("rounds/0/generation_audits.json", "passed", "failed"), @"");
    assert_snapshot!(first("rounds/0/require_audit.json", "leader", "nobody"), @"");
    assert_snapshot!(first("rounds/0/winner.json", &anna, &hotkey("Cleo")), @"");
    assert_snapshot!(first("rounds/0/winner.json", "anna/gen", "cleo/gen"), @"");
    assert_snapshot!(first("leader.json", "\"weight\": 0.85", "\"weight\": 0.9"), @"");
    assert_snapshot!(first("leader.json", "\"effective_block\": 22600", "\"effective_block\": 22601"), @"");
    assert_snapshot!(first("config.json", "\"win_margin\": 0.05", "\"win_margin\": 2"), @"");
    assert_snapshot!(first("state.json", "\"current_round\": 2", "\"current_round\": 1"), @"");
}

#[test]
fn evidence_that_is_gone_or_another_is_named() {
    let missing = |change: fn(&mut World, String)| {
        let mut world = ours();
        let keys: Vec<String> =
            world.blobs.keys().filter(|key| key.contains("evidence")).cloned().collect();
        change(&mut world, keys[0].clone());
        findings(&world.verify()).into_iter().next().unwrap_or_else(|| "sound".to_owned())
    };
    assert_snapshot!(missing(|world, key| drop(world.blobs.remove(&key))), @"");
    assert_snapshot!(missing(|world, key| drop(world.blobs.insert(key, "{}".into()))), @"");
}
