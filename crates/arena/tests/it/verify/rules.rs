//! Rules that changed: between rounds, where nobody tells when, and while a round ran.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::eras::{modules, splats};
use super::mended::{alone, squashed};
use super::variations::meshes;
use super::world::{Era, World, findings, hotkey, remarks, unchecked};

fn change(world: &mut World, changes: &[(&str, Value)]) {
    for (member, value) in changes {
        world.config[*member] = value.clone();
    }
    let config = world.config.clone();
    world.put_json("config.json", &config);
    world.commit("other rules from now on");
}

#[test]
fn rules_of_later_rounds_are_not_those_of_earlier_ones() {
    for world in [modules as fn() -> World, meshes, splats] {
        let mut world = world();
        let rules = [
            ("win_margin", json!(0.07)),
            ("weight_decay", json!(0.2)),
            ("weight_floor", json!(0.9)),
            ("prompts_per_round", json!(16)),
            ("carryover_prompts", json!(4)),
        ];
        change(&mut world, &rules);
        if world.era != Era::Splats {
            change(&mut world, &[("generation_stage_minutes", json!(120))]);
        }
        assert_eq!(findings(&world.verify()), [""; 0]);
        assert_eq!(findings(&alone(&world.files)), [""; 0]);
        assert_eq!(findings(&squashed(&world.files)), [""; 0]);
        // A margin that some match does not reach by it.
        change(&mut world, &[("win_margin", json!(0.11))]);
        assert_eq!(findings(&alone(&world.files)), [""; 0]);
        change(&mut world, &[("win_margin", json!(0.14))]);
        assert_eq!(findings(&squashed(&world.files)), [""; 0]);
    }
    let mut world = modules();
    change(
        &mut world,
        &[
            ("prompts_per_round", json!(16)),
            ("win_margin", json!(0.2)),
            ("generation_stage_minutes", json!(120)),
        ],
    );
    let lines = unchecked(&alone(&world.files));
    let lines: Vec<&str> = lines
        .lines()
        .filter(|line| line.contains("another") || line.contains("which rules"))
        .collect();
    assert_snapshot!(lines.join("\n"), @r"
    round 0, prompts: the pool, or how many are picked, was another one when prompts were picked, and without a history it is not known which (1)
    round 0, winner: which rules held: those of config.json make another winner, these make the one that is there: margin 0.15, audits of submissions down to -0.15, 1 repeats (1)
    round 1, schedule: the deadline of generations: config.json may have been another one then (1)
    round 1, prompts: the pool, or how many are picked, was another one when prompts were picked, and without a history it is not known which (1)
    round 2, schedule: the deadline of generations: config.json may have been another one then (1)
    ");
}

#[test]
fn what_is_wrong_by_any_rules_is_named() {
    let after = |path: &str, from: &str, to: &str| {
        let mut files = modules().files;
        let text = files[path].replacen(from, to, 1);
        assert_ne!(text, files[path]);
        files.insert(path.to_owned(), text);
        findings(&alone(&files)).first().cloned().unwrap_or_else(|| "sound".to_owned())
    };
    assert_snapshot!(after("rounds/0/winner.json", &hotkey("Anna"), &hotkey("Bert")), @r#"rounds/0/winner.json:5: winner_hotkey: "Bert", but by the matches and audits it is Anna [winner]"#);
    assert_snapshot!(after("leader.json", "0.85", "1.0"), @"leader.json:24: [2].weight: 1, but the round went to the leader, who defended: 0.85 [leader]");
}

/// A round of the original in which the margin went up before it was decided.
fn raised(era: Era) -> World {
    let mut world = World::new(era, 40, 10);
    world.begin(&["Anna"], 42);
    if era == Era::Splats {
        change(&mut world, &[("win_margin", json!(0.5))]);
    }
    world.play("leader", &hotkey("Anna"), 3);
    if era == Era::Splats {
        let path = world.at(&format!("{}/duels.json", hotkey("Anna")));
        let text = world.files[&path].replace("challenger_wins", "leader_defends");
        world.put(&path, text);
        let done = json!({"leader": "leader", "completed_hotkeys": [hotkey("Anna")]});
        world.put_json("rounds/0/judge_progress.json", &done);
    } else {
        change(&mut world, &[("win_margin", json!(0.5))]);
    }
    world.end(None);
    world.next(None, Some(0.85));
    world
}

#[test]
fn the_judge_goes_by_the_rules_of_its_time() {
    for era in [Era::Modules, Era::Meshes, Era::Splats, Era::Ours] {
        let world = raised(era);
        let report = world.verify();
        assert_eq!(findings(&report), [""; 0], "{era:?}");
        let told = remarks(&report).into_iter().find(|line| line.contains("changed while"));
        assert_eq!(told.unwrap(), "config.json:1: changed while round 0 ran: win_margin [config]");
    }
}

const NO_REPORT: &str = "no complete generation report by the deadline";

/// A round that waits for an audit, has a deadline of so many hours set, and ends because somebody is out for this reason after 1.5
/// hours; and what is found.
fn out_because(hours: Option<f64>, reason: &str) -> Vec<String> {
    let mut world = World::new(Era::Ours, 12, 3);
    world.begin(&["Anna"], 0);
    world.play("leader", &hotkey("Anna"), 1);
    let anna = hotkey("Anna");
    let request = json!([{"hotkey": anna, "latest_defender": "leader"}]);
    world.put_json("rounds/0/require_audit.json", &request);
    world.commit("waits");
    if let Some(hours) = hours {
        let mut options = world.config["crucible"].clone();
        options["audit_deadline_hours"] = json!(hours);
        change(&mut world, &[("crucible", options)]);
    }
    let verdict = json!({&anna: {"hotkey": anna, "verdict": "failed", "reason": reason}});
    world.put_json("rounds/0/generation_audits.json", &verdict);
    let short = ledger::hotkey10(&anna).to_owned();
    let deadline = json!({"asked_at": "2031-03-01T12:00:00Z", "closed_at": "2031-03-01T13:30:00Z"});
    let notes = json!({"began_at": "2031-03-01T12:00:00Z", "deadlines": {&anna: deadline},
            "rejected": {&anna: reason}, "timeline": ["leader", format!("  1. {short} rejected: {reason}")]});
    world.put_json("rounds/0/judging.json", &notes);
    world.end(None);
    world.next(None, Some(0.85));
    findings(&world.verify())
}

/// What ends a round that waits for a report that never comes.
#[test]
fn a_deadline_of_audits_that_was_set_while_a_round_waited() {
    let waits = |hours| out_because(hours, NO_REPORT);
    assert_eq!(waits(Some(1.0)), [""; 0]);
    assert_snapshot!(waits(Some(2.0)).join("\n"), @"rounds/0/judging.json:6: deadlines.Anna.closed_at: 2031-03-01T13:30:00Z is 1.50 hours after 2031-03-01T12:00:00Z, the deadline is 2 [audits]");
    assert_snapshot!(waits(None).join("\n"), @"rounds/0/judging.json:6: deadlines.Anna.closed_at: config.json has no deadline of audits that could be over [audits]");
}

/// An operator cannot have somebody out for what it did not owe.
#[test]
fn who_is_out_for_what_it_did_not_owe_is_found() {
    let audit = "no source audit by the deadline";
    assert_snapshot!(out_because(Some(1.0), audit).join("\n"), @"rounds/0/judging.json:10: rejected.Anna: what it is said to owe was there then, or it owed something else [audits]");
    let image = "no image in builds.json";
    assert_snapshot!(out_because(Some(1.0), image).join("\n"), @"rounds/0/judging.json:10: rejected.Anna: builds.json had an image of it then [audits]");
}
