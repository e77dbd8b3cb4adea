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
    assert_snapshot!(unchecked(&report), @r"
    round 0, submissions: block hashes, reveals, owners and locks of commitments.json are taken as they are: only the chain has them (1)
    round 0, audits: audits of miners' sources are made by people: their verdicts are taken as they are (1)
    round 0, audits: outputs of miners' images were made on pods: times and failures are taken as they were recorded (1)
    leader: what validators set on the chain: that is not in the files (1)
    ");
}

#[test]
fn assets_of_another_miner_are_a_remark() {
    let mut world = World::new(Era::Ours, 60, 8);
    world.begin(&["Anna", "Bert"], 0);
    let stem = world.stems()[0].clone();
    let (anna, bert) = (hotkey("Anna"), hotkey("Bert"));
    let key = |who: &str| format!("rounds/0/{who}/submitted/{stem}.js");
    let bytes = world.blobs[&key(&anna)].clone();
    world.blobs.insert(key(&bert), bytes);
    let path = |who: &str| format!("rounds/0/{who}/submitted.json");
    let read = |world: &World, who: &str| -> serde_json::Value {
        serde_json::from_str(&world.files[&path(who)]).unwrap()
    };
    let mut rows = read(&world, &bert);
    for member in ["sha256", "size"] {
        rows[&stem][member] = read(&world, &anna)[&stem][member].clone();
    }
    world.put_json(&path(&bert), &rows);
    world.commit("fetched again");
    let report = world.verify();
    let remark = super::world::remarks(&report);
    assert_snapshot!(remark.join("\n"), @r#"rounds/0/Bert/submitted.json:1: 1 of 8 assets are those of Anna, as "p000" [outputs]"#);
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
    assert_snapshot!(first(path, "\"score\": 3", "\"score\": 4"), @"rounds/0/Anna/duels_leader.json:4: score: 4, but its duels make 3 [margins]");
    assert_snapshot!(first(path, "\"margin\": 0.375", "\"margin\": 0.5"), @"rounds/0/Anna/duels_leader.json:5: margin: 0.5, but its duels make 0.375 [margins]");
    assert_snapshot!(first(path, "\"penalty_a\": 6.0", "\"penalty_a\": 7.0"), @"rounds/0/Anna/duels_leader.json:16: duels[0].detail.penalty_a: 7.0, it should be 6.0 [evidence]");
    assert_snapshot!(first(path, "\"winner\": \"right\"", "\"winner\": \"left\""), @"rounds/0/Anna/duels_leader.json:14: duels[0].winner: left, but by its evidence it is right [evidence]");
    assert_snapshot!(first(path, "\"judged\": 8", "\"judged\": 7"), @"rounds/0/Anna/duels_leader.json:214: judged: 7, it should be 8 [margins]");
    assert_snapshot!(first(path, "\"confidence\": 0.95", "\"confidence\": 0.9"), @"rounds/0/Anna/duels_leader.json:212: confidence: 0.9, it should be 0.95 [margins]");
    assert_snapshot!(first(path, "\"sha256\": \"", "\"sha256\": \"0"), @r#"rounds/0/Anna/duels_leader.json:28: duels[0].detail.evidence.sha256: "0aaeb7bfd17f08139220437c973600f72645a82e6e457aa6f71c10ec69cb…", but the blob rounds/0/evidence/Anna/duels_leader/p000.json has aaeb7bfd17f08139220437c973600f72645a82e6e457aa6f71c10ec69cb26bbb [evidence]"#);
    assert_snapshot!(first(path, "\"version\": 2", "\"version\": 3"), @"rounds/0/Anna/duels_leader.json:218: judge.version: 3, it should be 2 [evidence]");
    assert_snapshot!(first(path, "\"calls\": 16", "\"calls\": 15"), @"rounds/0/Anna/duels_leader.json:227: calls: 15, it should be 16 [margins]");
    assert_snapshot!(first(path, "\"unanswered\": 0", "\"unanswered\": 1"), @"rounds/0/Anna/duels_leader.json:23: duels[0].detail.questions.unanswered: 1, it should be 0 [evidence]");
    assert_snapshot!(first(path, "pictures.example", "pictures2.example"), @r#"rounds/0/Anna/duels_leader.json:9: duels[0].prompt: the prompt is "https://pictures.example/p000.png" [duels]"#);
    assert_snapshot!(first(path, "/leader/generated_1/", "/leader/generated_2/"), @r#"rounds/0/Anna/duels_leader.json:10: duels[0].left_js: "https://cdn.example/rounds/0/leader/generated_2/p000.js", but outputs say "https://cdn.example/rounds/0/leader/generated_1/p000.js" [duels]"#);
    assert_snapshot!(first(path, "\"order\": \"", "\"order\": \"0"), @r#"rounds/0/Anna/duels_leader.json:221: order: "05b1388eda510c42326fbae9efdf923b52db372f50627f2a8c1d037986f…, it should be "5b1388eda510c42326fbae9efdf923b52db372f50627f2a8c1d037986fb… [margins]"#);
}

#[test]
fn every_other_file_is_held_against_what_it_follows_from() {
    let anna = hotkey("Anna");
    assert_snapshot!(first("rounds/0/seed.json", "{\"seed\": 3", "{\"seed\": 2"), @"rounds/0/seed.json:1: seed: 2260961640, but the hash of block 1000 makes it 3260961640 [seed]");
    assert_snapshot!(first("rounds/0/commitments.json", "\"required_lock\": 100", "\"required_lock\": 0"), @"rounds/0/submissions.json:1: Lazy had to be admitted, and is not there [submissions]");
    assert_snapshot!(first("rounds/0/commitments.json", "\"start_block\": 1000", "\"start_block\": 999"), @"rounds/0/commitments.json:3: start_block: 999, but the window of reveals ends with block 1000 [submissions]");
    assert_snapshot!(first("rounds/0/submissions.json", "anna/gen", "anna/gem"), @r#"rounds/0/submissions.json:3: Anna.repo: "anna/gem", it should be "anna/gen" [submissions]"#);
    assert_snapshot!(first("rounds/0/submissions.json", "\"revealed_at_block\": 900", "\"revealed_at_block\": 903"), @"rounds/0/submissions.json:6: Anna.revealed_at_block: 903, it should be 900 [submissions]");
    assert_snapshot!(first("rounds/0/builds.json", "anna/gen", "anna/gem"), @r#"rounds/0/builds.json:21: Anna.repo: "anna/gem", but the submission makes it "anna/gen" [builds]"#);
    assert_snapshot!(first("rounds/0/schedule.json", "\"latest_reveal_block\": 1000", "\"latest_reveal_block\": 1001"), @"rounds/0/commitments.json:3: start_block: 1000, but the window of reveals ends with block 1001 [submissions]");
    assert_snapshot!(first("rounds/1/schedule.json", "2031-03-04", "2031-03-03"), @"rounds/1/schedule.json:5: planned_start: 2031-03-03 is not 3 days after the start before, 2031-03-01 [schedule]");
    assert_snapshot!(first("rounds/0/prompts.txt", "https://pictures.example/p0", "https://pictures.example/p1"), @r#"rounds/0/prompts.txt:1: prompt 1 of 8 is "https://pictures.example/p141.png", seed 3260961640 picks "https://pictures.example/p041.png" (8 in all) [prompts]"#);
    assert_snapshot!(first(&format!("rounds/0/{anna}/submitted.json"), "\"sha256\": \"", "\"sha256\": \"0"), @"rounds/0/Anna/submitted.json:7: p000.sha256: 04efe2f79700fd7ae658e08b1b587a292afa2835760580aa822482519195…, but the blob rounds/0/Anna/submitted/p000.js has 4efe2f79700fd7ae658e08b1b587a292afa2835760580aa822482519195e8023 [outputs]");
    assert_snapshot!(first(&format!("rounds/0/{anna}/submitted.json"), "\"size\": ", "\"size\": 1"), @"rounds/0/Anna/submitted.json:6: p000.size: 178, but the blob rounds/0/Anna/submitted/p000.js has 78 bytes [outputs]");
    assert_snapshot!(first("rounds/0/matches_matrix.csv", "0.375", "0.5"), @"rounds/0/matches_matrix.csv:2: margin: 0.5, but rounds/0/Anna/duels_leader.json has 0.375 [matrix]");
    assert_snapshot!(first("rounds/0/matches_matrix.csv", "0.0", "0.25"), @"rounds/0/matches_matrix.csv:5: margin: 0.25, but rounds/0/Cleo/duels_Anna.json has 0 [matrix]");
    assert_snapshot!(first("rounds/0/audit_matrix.csv", "0.375", "0.25"), @"rounds/0/audit_matrix.csv:3: margin: 0.25, but rounds/0/Anna/audit_leader_1.json has 0.375 [matrix]");
    assert_snapshot!(first("rounds/0/source_audit.json", "passed", "failed"), @"rounds/0/winner.json:5: winner_hotkey: there can be no winner yet: Cleo won against leader, and its audits are not all passed [winner]");
    assert_snapshot!(first("rounds/0/generation_audits.json", "passed", "failed"), @"rounds/0/generation_audits.json:5: Anna.verdict: by its margins it passed [audits]");
    assert_snapshot!(first("rounds/0/require_audit.json", "leader", "nobody"), @"rounds/0/require_audit.json:4: [0].latest_defender: Anna won against leader, but no audit against it was asked for [audits]");
    assert_snapshot!(first("rounds/0/winner.json", &anna, &hotkey("Cleo")), @r#"rounds/0/winner.json:5: winner_hotkey: "Cleo", but by the matches and audits it is Anna [winner]"#);
    assert_snapshot!(first("rounds/0/winner.json", "anna/gen", "cleo/gen"), @r#"rounds/0/winner.json:4: repo: "cleo/gen", but builds.json says "anna/gen" [winner]"#);
    assert_snapshot!(first("leader.json", "\"weight\": 0.85", "\"weight\": 0.9"), @"leader.json:24: [2].weight: 0.9, but the round went to the leader, who defended: 0.85 [leader]");
    assert_snapshot!(first("leader.json", "\"effective_block\": 22600", "\"effective_block\": 22601"), @"leader.json:13: [1].effective_block: no entry for round 0, which went to Anna: weight 1 from block 22600 [leader]");
    assert_snapshot!(first("config.json", "\"win_margin\": 0.05", "\"win_margin\": 2"), @"config.json:19: win_margin: 2; use 0 to 1 [config]");
    assert_snapshot!(first("state.json", "\"current_round\": 2", "\"current_round\": 1"), @"state.json:2: current_round: 1, but there are files of round 2 [state]");
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
    assert_snapshot!(missing(|world, key| drop(world.blobs.remove(&key))), @"rounds/0/Bert/duels_leader.json:27: duels[0].detail.evidence.key: there is no blob rounds/0/evidence/Bert/duels_leader/p000.json [evidence]");
    assert_snapshot!(missing(|world, key| drop(world.blobs.insert(key, "{}".into()))), @r#"rounds/0/Bert/duels_leader.json:28: duels[0].detail.evidence.sha256: "5003b242d566769d6678b3f8cc11d683568ff08d92ed1e7cf30d17b771a4…", but the blob rounds/0/evidence/Bert/duels_leader/p000.json has 44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a [evidence]"#);
}
