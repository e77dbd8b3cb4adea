//! The original's three eras.

use insta::assert_snapshot;
use serde_json::json;

use super::world::{Era, World, findings, hotkey, remarks, unchecked};

/// A round that Anna wins, one that nobody submits to, one that the leader defends.
pub(crate) fn modules() -> World {
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
pub(crate) fn meshes() -> World {
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
pub(crate) fn splats() -> World {
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
    assert_snapshot!(unchecked(&modules().verify()), @r"
    round 0, submissions: what miners committed to on the chain is not recorded: who was admitted, and the order of those revealed in one block, is taken as it is (1)
    round 0, seed: the seed was drawn at random and is taken as it is (1)
    round 0, outputs: hashes of assets are not recorded: assets may be others than those that were judged (100)
    round 0, evidence: winners of duels between two assets with pictures: the answers of the judge are not recorded (6)
    round 0, audits: audits of miners' sources are made by people: their verdicts are taken as they are (1)
    round 0, audits: outputs of miners' images were made on pods: times and failures are taken as they were recorded (1)
    round 1, schedule: the time at which the round was planned to start is not recorded: only its blocks are checked (1)
    round 1, submissions: what miners committed to on the chain is not recorded: who was admitted, and the order of those revealed in one block, is taken as it is (1)
    round 1, seed: the seed was drawn at random and is taken as it is (1)
    round 1, outputs: hashes of assets are not recorded: assets may be others than those that were judged (60)
    round 1, evidence: winners of duels between two assets with pictures: the answers of the judge are not recorded (2)
    round 2, schedule: the time at which the round was planned to start is not recorded: only its blocks are checked (1)
    leader: what validators set on the chain: that is not in the files (1)
    ");
    assert_snapshot!(unchecked(&meshes().verify()), @r"
    round 0, submissions: what miners committed to on the chain is not recorded: who was admitted, and the order of those revealed in one block, is taken as it is (1)
    round 0, seed: the seed was drawn at random and is taken as it is (1)
    round 0, outputs: hashes of assets are not recorded: assets may be others than those that were judged (1664)
    round 0, evidence: winners of duels between two assets with pictures: the answers of the judge are not recorded (18)
    round 0, audits: distances of pictures in audits: pictures are compared by a model that is not here (1)
    round 0, audits: audits of miners' sources are made by people: their verdicts are taken as they are (1)
    round 1, schedule: the time at which the round was planned to start is not recorded: only its blocks are checked (1)
    leader: what validators set on the chain: that is not in the files (1)
    ");
    assert_snapshot!(unchecked(&splats().verify()), @r"
    round 0, submissions: what miners committed to on the chain is not recorded: who was admitted, and the order of those revealed in one block, is taken as it is (1)
    round 0, seed: the seed was drawn at random and is taken as it is (1)
    round 0, outputs: hashes of assets are not recorded: assets may be others than those that were judged (40)
    round 0, evidence: winners of duels between two assets with pictures: the answers of the judge are not recorded (3)
    round 0, audits: outputs of miners' images: this era has no audits (1)
    round 1, schedule: the time at which the round was planned to start is not recorded: only its blocks are checked (1)
    leader: what validators set on the chain: that is not in the files (1)
    ");
}

/// The first line of verify after a change by hand.
fn first(world: World, path: &str, from: &str, to: &str) -> String {
    world.after(path, from, to).into_iter().next().unwrap_or_else(|| "sound".to_owned())
}

#[test]
fn what_is_changed_in_a_module_competition_is_named() {
    let anna = hotkey("Anna");
    let one = |path: &str, from: &str, to: &str| first(modules(), path, from, to);
    assert_snapshot!(one(&format!("rounds/0/{anna}/duels_leader.json"), "\"winner\": \"right\"", "\"winner\": \"draw\""), @"rounds/0/Anna/duels_leader.json:4: score: 3, but its duels make 2 [margins]");
    let moved = one(&format!("rounds/0/{anna}/submitted.json"), "/submitted/", "/elsewhere/");
    assert!(moved.contains("left_js") && moved.contains("/elsewhere/"), "{moved}");
    assert_snapshot!(one("rounds/1/prompts.txt", "\n", "\nhttps://pictures.example/p099.png\n"), @r#"rounds/1/prompts.txt:2: prompt 2 of 21 is "https://pictures.example/p099.png", seed 7 picks "https://pictures.example/p035.png" (20 in all) [prompts]"#);
    assert_snapshot!(one("rounds/1/seed.json", "7", "8"), @r#"rounds/1/prompts.txt:1: prompt 1 of 20 is "https://pictures.example/p069.png", seed 8 picks "https://pictures.example/p017.png" (20 in all) [prompts]"#);
    assert_snapshot!(one("rounds/0/matches_matrix.csv", "0.15", "-1.0"), @"rounds/0/matches_matrix.csv:2: margin: -1, but rounds/0/Anna/duels_leader.json has 0.15 [matrix]");
    assert_snapshot!(one("rounds/0/audit_matrix.csv", "-0.05", "-0.1"), @"rounds/0/audit_matrix.csv:2: margin: -0.1, but rounds/0/Anna/audit_submitted_1.json has -0.05 [matrix]");
    assert_snapshot!(one("rounds/0/submissions.json", "demo-0", "demo-1"), @r#"rounds/0/submissions.json:7: Anna.round: "demo-1", but this is "demo-0" [submissions]"#);
}

#[test]
fn what_is_changed_in_a_mesh_competition_is_named() {
    let winner = hotkey("Ggp");
    let plain = |text: String| {
        text.replace(&winner, "Ggp").replace(&hotkey("DSc"), "DSc").replace(&hotkey("GGs"), "GGs")
    };
    let one = |path: &str, from: &str, to: &str| plain(first(meshes(), path, from, to));
    assert_snapshot!(one("rounds/0/winner.json", &winner, &hotkey("GGs")), @r#"rounds/0/winner.json:5: winner_hotkey: "GGs", but by the matches and audits it is Ggp [winner]"#);
    assert_snapshot!(one("rounds/0/generation_audits.json", "\"outcome\": \"rejected\"", "\"outcome\": \"passed\""), @"rounds/0/winner.json:5: winner_hotkey: there can be no winner yet: DSc won against leader, and its audits are not all passed [winner]");
    assert_snapshot!(one("rounds/0/matches_matrix.csv", "0.2265625", "0.0"), @"rounds/0/matches_matrix.csv:7: margin: 0, but rounds/0/Ggp/duels_leader.json has 0.2265625 [matrix]");
    assert_snapshot!(one("rounds/0/source_audit.json", "passed", "failed"), @"rounds/0/winner.json:5: winner_hotkey: there can be no winner yet: GGs won against leader, and its audits are not all passed [winner]");
}

#[test]
fn what_is_changed_in_a_splat_competition_is_named() {
    let one = |path: &str, from: &str, to: &str| first(splats(), path, from, to);
    let cleo = hotkey("Cleo");
    assert_snapshot!(one("rounds/0/judge_progress.json", &cleo, &hotkey("Anna")), @"rounds/0/judge_progress.json:5: completed_hotkeys[2]: Cleo challenges here [winner]");
    assert_snapshot!(one(&format!("rounds/0/{cleo}/duels.json"), "challenger_wins", "leader_defends"), @r#"rounds/0/Cleo/duels.json:6: outcome: a margin of 0.5 makes "challenger_wins" [margins]"#);
    assert_snapshot!(one(&format!("rounds/0/{cleo}/duels.json"), "\"score\": 5", "\"score\": 0"), @"rounds/0/Cleo/duels.json:4: score: 0, but its duels make 5 [margins]");
    assert_snapshot!(one("leader.json", "cleo/gen", "anna/gen"), @"leader.json:15: [1].repo: anna/gen, but the round went to Cleo: cleo/gen [leader]");
}

#[test]
fn outputs_that_are_missing_are_walkovers() {
    let mut world = World::new(Era::Modules, 100, 20);
    world.begin(&["Anna", "Bert"], 42);
    let none = json!({"p000": {"js": null, "views": null, "failure_reason": "js_fetch_failed: HTTP 404", "size": 0}});
    let rows: serde_json::Map<String, serde_json::Value> =
        world.stems().into_iter().map(|stem| (stem, none["p000"].clone())).collect();
    let path = world.at(&format!("{}/submitted.json", hotkey("Bert")));
    world.put_json(&path, &rows.into());
    world.play("leader", &hotkey("Anna"), 0);
    let matrix =
        format!("left,right,margin\nleader,{},0.0\nleader,{},-1.0", hotkey("Anna"), hotkey("Bert"));
    world.put("rounds/0/matches_matrix.csv", matrix);
    world.end(None);
    // Rows that were there named an asset, so the history tells; nothing else does.
    let found = findings(&world.verify());
    assert!(found.iter().all(|line| line.contains("[history]")), "{found:?}");
    assert_snapshot!(world.after("rounds/0/matches_matrix.csv", "-1.0", "1.0")[0], @"rounds/0/matches_matrix.csv:3: margin: 1, but the defender delivered and the challenger delivered nothing: -1 [matrix]");
}

#[test]
fn history_is_told() {
    let story = |change: fn(&mut World)| {
        let mut world = modules();
        change(&mut world);
        // The original promises nothing about what was.
        let found = remarks(&world.verify()).into_iter();
        found.filter(|line| line.contains("[history]")).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(story(|world| { world.state("duels"); world.commit("by hand"); }), @"state.json:1: went from open of round 2 to duels of round 2 [history] (commit …)");
    assert_snapshot!(story(|world| {
        world.state("paused"); world.commit("pause"); world.state("open"); world.commit("resume");
    }), @"");
    assert_snapshot!(story(|world| { world.remove("rounds/0/seed.json"); world.commit("away"); }), @"rounds/0/seed.json:1: was there, and was taken away [history] (commit …)");
    assert_snapshot!(story(|world| {
        let text = world.files["rounds/0/winner.json"].replace("anna", "bert");
        let was = world.files["rounds/0/winner.json"].clone();
        world.put("rounds/0/winner.json", text);
        world.commit("another winner");
        world.put("rounds/0/winner.json", was);
        world.commit("and back");
    }), @r"
    rounds/0/winner.json:1: changed after it was acknowledged [history] (commit …)
    rounds/0/winner.json:1: changed after it was acknowledged [history] (commit …)
    ");
    assert_snapshot!(story(|world| { world.put("leader.json", "[]".to_owned()); world.commit("nobody"); }), @"leader.json:1: an entry that was there changed or went away [history] (commit …)");
    assert_snapshot!(story(|world| {
        let text = world.files["rounds/0/matches_matrix.csv"].replace("0.15", "0.2");
        world.put("rounds/0/matches_matrix.csv", text);
        world.commit("by hand");
    }), @"rounds/0/matches_matrix.csv:2: the margin of Anna against leader went from 0.15 to 0.2 [history] (commit …)");
    assert_snapshot!(story(|world| { world.state("miner_generation"); world.commit("without its files"); }), @r"
    state.json:1: miner_generation of round 2 began without rounds/2/seed.json [history] (commit …)
    state.json:1: miner_generation of round 2 began without rounds/2/prompts.txt [history] (commit …)
    state.json:1: miner_generation of round 2 began without rounds/2/submissions.json [history] (commit …)
    ");
}
