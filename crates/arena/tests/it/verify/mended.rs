//! Honest repositories of the original that an operator had a hand in, or that kept what was so then: none is called broken, and
//! what is wrong in them all the same is.

use std::collections::BTreeMap;
use std::sync::Mutex;

use arena::verify::{Report, Settings, Subject, verify};
use insta::assert_snapshot;
use jiff::Timestamp;
use ledger::repository::{Author, Draft, Expected, MemoryRepository, publish};
use serde_json::{Value, json};

use super::eras::modules;
use super::every::without_history;
use super::world::{Era, Kept, World, findings, hotkey, remarks, unchecked};

/// What verify says of files without their history.
pub(crate) fn alone(files: &BTreeMap<String, String>) -> Report {
    without_history(files, &Kept(Mutex::default()))
}

/// The same of a repository whose only commit brings them all.
pub(crate) fn squashed(files: &BTreeMap<String, String>) -> Report {
    let repository = MemoryRepository::new();
    let draft = Draft {
        message: "everything".to_owned(),
        changes: files.iter().map(|(path, text)| (path.clone(), Some(text.clone()))).collect(),
        author: Author { name: "Test".to_owned(), email: "test@localhost".to_owned() },
        time: Timestamp::UNIX_EPOCH,
    };
    let at = publish(&repository, &draft, &Expected::new()).unwrap();
    let blobs = Kept(Mutex::default());
    let subject = Subject {
        repository: &repository,
        at,
        has_history: true,
        blobs: Some(&blobs),
        redraw: None,
    };
    verify(&subject, &Settings::default()).unwrap()
}

/// Rows of outputs without any asset.
fn nothing(world: &World) -> Value {
    let row = match world.era {
        Era::Meshes => {
            json!({"glb": null, "png": null, "generation_time": 0.0, "size": 0, "attempts": 3, "distance": 0.0})
        }
        _ => {
            json!({"js": null, "views": null, "failure_reason": "js_fetch_failed: HTTP 404", "size": 0})
        }
    };
    world
        .stems()
        .into_iter()
        .map(|stem| (stem, row.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// A round of one challenger, decided without a match while the leader had `leader` and the challenger `miner` (nothing: no file);
/// then the leader's outputs came, or went.
fn walkover(era: Era, leader: Option<Value>, miner: Option<Value>, margin: &str) -> World {
    let mut world = World::new(era, 40, 10);
    world.begin(&["Anna"], 42);
    let name = if era == Era::Meshes { "generated.json" } else { "generated_1.json" };
    let (of_leader, of_miner) = (
        world.at(&format!("leader/{name}")),
        world.at(&format!("{}/submitted.json", hotkey("Anna"))),
    );
    let later = world.files[&of_leader].clone();
    for (path, value) in [(&of_leader, leader), (&of_miner, miner)] {
        match value {
            Some(value) => world.put_json(path, &value),
            None => world.remove(path),
        }
    }
    world.state("downloading");
    world.commit("what there is");
    world.state("duels");
    world.commit("Round 0: duels");
    let matrix = format!("left,right,margin\nleader,{},{margin}", hotkey("Anna"));
    world.put("rounds/0/matches_matrix.csv", matrix);
    world.commit("Update matches matrix for round 0");
    world.put(&of_leader, later);
    world.commit("Update generated for round 0, miner leader");
    world
}

#[test]
fn walkovers_stand_whatever_comes_later() {
    let rows_of = |era| {
        let mut world = World::new(era, 40, 10);
        world.begin(&["Anna"], 42);
        Some(nothing(&world))
    };
    let modules = |leader, miner, margin| walkover(Era::Modules, leader, miner, margin);
    let meshes = |leader, miner, margin| walkover(Era::Meshes, leader, miner, margin);
    let (rows, mesh_rows) = (rows_of(Era::Modules), rows_of(Era::Meshes));
    for mut world in [
        modules(None, rows.clone(), "0.0"),
        modules(rows.clone(), rows.clone(), "0.0"),
        meshes(None, mesh_rows.clone(), "100.0"),
        meshes(mesh_rows.clone(), Some(json!({})), "-100.0"),
        meshes(None, Some(json!({})), "0.0"),
    ] {
        if world.files["rounds/0/matches_matrix.csv"].contains(",100.0") {
            let anna = hotkey("Anna");
            let audit = json!({&anna: {"hotkey": anna, "outcome": "rejected", "checked_prompts": 10,
                "failed_prompts": 10, "failed_critical": 0, "generation_time": null, "reason": "10"}});
            world.put_json("rounds/0/generation_audits.json", &audit);
        }
        world.end(None);
        assert_eq!(findings(&world.verify()), [""; 0], "{:?}", world.era);
        assert_eq!(findings(&alone(&world.files)), [""; 0]);
        assert_eq!(findings(&squashed(&world.files)), [""; 0]);
    }
    // The leader had nothing either, then; nor can it be so much at any time.
    let lied = modules(None, rows.clone(), "1.0");
    assert_snapshot!(findings(&lied.verify())[0], @"rounds/0/matches_matrix.csv:2: margin: 1, but the defender delivered nothing and the challenger delivered nothing: 0 [matrix]");
    assert_snapshot!(findings(&alone(&modules(None, rows, "0.5").files))[0], @"rounds/0/matches_matrix.csv:2: margin: 0.5, but the defender delivered and the challenger delivered nothing: -1 [matrix]");
    let lied = meshes(None, mesh_rows, "-100.0");
    assert_snapshot!(findings(&lied.verify())[0], @"rounds/0/matches_matrix.csv:2: margin: -100, but the defender delivered nothing and the challenger delivered: 100 [matrix]");
}

#[test]
fn deadlines_and_windows_that_an_operator_moved() {
    let mut world = modules();
    world.begin(&["Anna"], 9);
    let path = "rounds/2/schedule.json";
    let longer = world.files[path].replace("45400", "46000");
    world.put(path, longer.clone());
    world.commit("two hours more");
    let report = world.verify();
    assert_eq!(findings(&report), [""; 0]);
    let told = remarks(&report).into_iter().find(|line| line.contains("[schedule]"));
    assert_snapshot!(told.unwrap(), @"rounds/2/schedule.json:3: generation_deadline_block: 46000, but latest_reveal_block 44200 and 240 minutes of 12 s blocks make 45400 [schedule]");
    // The window was moved when it was over.
    world.put(path, longer.replace("44200", "44000"));
    world.commit("the clock was late");
    assert_eq!(findings(&world.verify()), [""; 0]);
    assert_eq!(findings(&alone(&world.files)), [""; 0]);
    // The next one is planned by what stands there.
    world.play("leader", &hotkey("Anna"), -3);
    world.end(None);
    world.next(None, Some(0.7));
    assert_eq!(findings(&world.verify()), [""; 0]);
    // The round manager keeps to its rules.
    let mut world = modules();
    let moved = world.files[path].replace("45400", "46000");
    world.put(path, moved);
    world.commit("Update state (open), schedule for round 2");
    assert_eq!(findings(&world.verify()).len(), 1);
}

#[test]
fn a_round_that_was_closed_twice() {
    let mut world = World::new(Era::Modules, 100, 20);
    world.begin(&["Anna"], 42);
    world.play("leader", &hotkey("Anna"), 3);
    let anna = hotkey("Anna");
    let source = json!([{"hotkey": anna, "verdict": "passed", "reason": ""}]);
    world.put_json("rounds/0/source_audit.json", &source);
    world.put_json(
        "rounds/0/require_audit.json",
        &json!([{"hotkey": anna, "latest_defender": "leader"}]),
    );
    world.deliver(&anna, "generated_1.json", "generated_1");
    world.audit("submitted", &anna, 0);
    world.audit("leader", &anna, 3);
    world.put_json(
        "rounds/0/generation_audits.json",
        &json!({&anna: {"hotkey": anna, "verdict": "passed", "reason": ""}}),
    );
    world.end(Some("Anna"));
    // The dates were a year too early: it finished, and Anna leads from a start that never came.
    let mut leaders: Value = serde_json::from_str(&world.files["leader.json"]).unwrap();
    let mut entry = leaders[0].clone();
    for (member, value) in [
        ("hotkey", json!(anna)),
        ("repo", json!("anna/gen")),
        ("weight", json!(1.0)),
        ("effective_block", json!(15_000)),
    ] {
        entry[member] = value;
    }
    let winner: Value = serde_json::from_str(&world.files["rounds/0/winner.json"]).unwrap();
    entry["commit"] = winner["commit"].clone();
    entry["docker"] = winner["docker_image"].clone();
    leaders.as_array_mut().unwrap().push(entry);
    world.put_json("leader.json", &leaders);
    world.state("finished");
    world.commit("Update state (finished), leader for round 0");
    world.state("finalizing");
    world.commit("the dates were a year too early");
    // Anna leads already, so the second time she defends.
    world.next(None, Some(0.85));
    let report = world.verify();
    assert_eq!(findings(&report), [""; 0]);
    assert!(
        unchecked(&report)
            .contains("round 0, leader: the leader after the round: it was closed more than once")
    );
    assert_eq!(findings(&alone(&world.files)), [""; 0]);
    assert_eq!(findings(&squashed(&world.files)), [""; 0]);
}
