//! The original's three eras.

use insta::assert_snapshot;
use serde_json::json;

use super::world::{Era, World, findings, hotkey, unchecked};

/// A round that Anna wins, one that nobody submits to, one that the leader defends.
fn modules() -> World {
    let mut world = World::new(Era::Modules, 100, 20);
    world.begin(&["Anna", "Bert", "Cleo"], 42);
    for (name, net) in [("Anna", 3), ("Bert", -2), ("Cleo", 4)] {
        world.play("leader", &hotkey(name), net);
    }
    world.play(&hotkey("Anna"), &hotkey("Cleo"), 0);
    world.put_json(
        &world.at("require_audit.json"),
        &json!([{"hotkey": hotkey("Anna"), "latest_defender": "leader"}]),
    );
    world.deliver(&hotkey("Anna"), "generated_1.json", "generated_1");
    world.audit("submitted", &hotkey("Anna"), -1);
    world.audit("leader", &hotkey("Anna"), 3);
    world.put_json(
        &world.at("generation_reports.json"),
        &json!({hotkey("Anna"): {"hotkey": hotkey("Anna"), "outcome": "completed", "repeats": [
            {"repeat_index": 1, "generated_prompts": 20, "failed_prompts": 0, "generation_time": 100.5}], "reason": ""}}),
    );
    world.put_json(
        &world.at("source_audit.json"),
        &json!([{"hotkey": hotkey("Anna"), "verdict": "passed", "reason": ""}]),
    );
    world.put_json(
        &world.at("generation_audits.json"),
        &json!({hotkey("Anna"): {"hotkey": hotkey("Anna"), "verdict": "passed", "reason": ""}}),
    );
    world.end(Some("Anna"));
    world.next(Some("Anna"), Some(1.0));
    world.begin(&["Bert", "Dora"], 7);
    world.play("leader", &hotkey("Bert"), 0);
    world.play("leader", &hotkey("Dora"), -20);
    world.end(None);
    world.next(None, Some(0.85));
    world
}

/// A published round: who qualified, by reveal, with the scores of 128 prompts; the first five were rejected by audits.
fn meshes() -> World {
    let mut world = World::new(Era::Meshes, 400, 128);
    let names =
        ["DSc", "FLi", "FWt", "FcD", "FP3", "Ggp", "GGs", "DCz", "H9b", "E5A", "HEo", "Hbs"];
    let scores = [14, 7, 14, 13, 14, 29, 26, 13, 29, 28, 7, 14];
    world.begin(&names, 3_274_970_996);
    for (name, net) in names.iter().zip(scores) {
        world.play("leader", &hotkey(name), net);
    }
    for (name, net) in [("GGs", 3), ("DCz", -9), ("H9b", 0), ("E5A", 2), ("HEo", -26), ("Hbs", -9)]
    {
        world.play(&hotkey("Ggp"), &hotkey(name), net);
    }
    let mut audits = serde_json::Map::new();
    for name in &names[..6] {
        let passed = *name == "Ggp";
        audits.insert(hotkey(name), json!({
            "hotkey": hotkey(name), "outcome": if passed { "passed" } else { "rejected" }, "checked_prompts": 128,
            "failed_prompts": if passed { 2 } else { 17 }, "failed_critical": 0, "generation_time": 61.5,
            "reason": if passed { "" } else { "17 mismatched prompts" }
        }));
    }
    world.put_json(&world.at("generation_audits.json"), &audits.into());
    world.put_json(
        &world.at("require_audit.json"),
        &json!([{"hotkey": hotkey("Ggp"), "critical_prompts": []}]),
    );
    world.put_json(
        &world.at("source_audit.json"),
        &json!([{"hotkey": hotkey("Ggp"), "reason": "", "verdict": "passed"}]),
    );
    world.end(Some("Ggp"));
    world.next(Some("Ggp"), Some(1.0));
    world
}

/// King of the hill: Bert beats the leader, Cleo beats Bert.
fn splats() -> World {
    let mut world = World::new(Era::Splats, 50, 10);
    world.begin(&["Anna", "Bert", "Cleo"], 5);
    world.play("leader", &hotkey("Anna"), -3);
    world.play("leader", &hotkey("Bert"), 1);
    world.play(&hotkey("Bert"), &hotkey("Cleo"), 5);
    let done = json!({"leader": hotkey("Cleo"), "completed_hotkeys": [hotkey("Anna"), hotkey("Bert"), hotkey("Cleo")]});
    world.put_json(&world.at("judge_progress.json"), &done);
    world.end(None);
    world.next(Some("Cleo"), Some(1.0));
    world
}

#[test]
fn sound_repositories_are_found_sound() {
    for (world, rules) in [(modules(), "modules"), (meshes(), "meshes"), (splats(), "splats")] {
        let report = world.verify();
        assert_eq!(findings(&report), [""; 0], "{rules}");
        assert_eq!(report.rounds.get(&0), Some(&rules));
        assert!(report.agree.values().sum::<u64>() > 100);
    }
}

#[test]
fn what_cannot_be_checked_is_listed() {
    assert_snapshot!(unchecked(&modules().verify()), @"");
    assert_snapshot!(unchecked(&meshes().verify()), @"");
    assert_snapshot!(unchecked(&splats().verify()), @"");
}
