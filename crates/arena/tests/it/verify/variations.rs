//! Honest repositories of the original in every shape that was seen or that its readers take: none is called broken.

use std::collections::BTreeMap;
use std::sync::Mutex;

use arena::verify::{Report, Settings, Subject, verify};
use insta::assert_snapshot;
use ledger::repository::{
    Advance, CommitInfo, Draft, Id, MemoryRepository, Repository, RepositoryError,
};
use serde_json::{Value, json};

use super::eras::{modules, splats};
use super::ours::ours;
use super::world::{Era, Kept, World, findings, hotkey, remarks, unchecked};

/// A small round of the mesh era: one is rejected by an audit, one wins, one loses to it.
pub(crate) fn meshes() -> World {
    let mut world = World::new(Era::Meshes, 40, 10);
    world.begin(&["Anna", "Bert", "Cleo"], 42);
    for (name, net) in [("Anna", 4), ("Bert", 3), ("Cleo", 5)] {
        world.play("leader", &hotkey(name), net);
    }
    world.play(&hotkey("Bert"), &hotkey("Cleo"), -2);
    let audit = |name: &str, outcome: &str, failed: u32| {
        let row = json!({"hotkey": hotkey(name), "outcome": outcome, "checked_prompts": 10, "failed_prompts": failed,
            "failed_critical": 0, "generation_time": 61.5, "reason": ""});
        (hotkey(name), row)
    };
    let audits = [audit("Anna", "rejected", 8), audit("Bert", "passed", 0)];
    world.put_json(
        &world.at("generation_audits.json"),
        &Value::Object(audits.into_iter().collect()),
    );
    let request = json!([{"hotkey": hotkey("Bert"), "critical_prompts": []}]);
    world.put_json(&world.at("require_audit.json"), &request);
    let source = json!([{"hotkey": hotkey("Bert"), "reason": "", "verdict": "passed"}]);
    world.put_json(&world.at("source_audit.json"), &source);
    world.end(Some("Bert"));
    world.next(Some("Bert"), Some(1.0));
    world
}

const ALL: [fn() -> World; 3] = [modules, meshes, splats];

/// What verify says after every file was rewritten, with the history and without.
fn after_all(world: fn() -> World, change: impl Fn(&str, &str) -> String) -> Vec<String> {
    let mut world = world();
    for (path, text) in world.files.clone() {
        let text = change(&path, &text);
        world.put(&path, text);
    }
    world.commit("by hand");
    let mut found = findings(&world.verify());
    found.extend(findings(&alone(&world.files)));
    found
}

/// What verify says of files without their history.
fn alone(files: &BTreeMap<String, String>) -> Report {
    super::every::without_history(files, &Kept(Mutex::default()))
}

/// The same after one file of JSON was changed.
fn after(mut world: World, path: &str, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut value: Value = serde_json::from_str(&world.files[path]).unwrap();
    change(&mut value);
    world.put_json(path, &value);
    world.commit("by hand");
    findings(&world.verify())
}

#[test]
fn layouts_of_text() {
    for world in ALL {
        assert_eq!(after_all(world, |_, text| text.replace('\n', "\r\n")), [""; 0], "CRLF");
        assert_eq!(after_all(world, |_, text| format!("{text}\n")), [""; 0], "newline");
        assert_eq!(after_all(world, |_, text| format!("\u{feff}{text}")), [""; 0], "mark");
    }
}

#[test]
fn numbers_in_other_words() {
    let plain =
        |text: &str| text.replace(": 1.0", ": 1").replace("\"score\": 3,", "\"score\": 3.0,");
    for world in ALL {
        assert_eq!(after_all(world, |_, text| plain(text)), [""; 0]);
        assert_eq!(
            after_all(world, |_, text| text.replace("{\"seed\": 42}", "{\"seed\": 42.0}")),
            [""; 0]
        );
    }
    let nan = |path: &str, text: &str| {
        let is_rows = path.ends_with("submitted.json") || path.ends_with("generations.json");
        if !is_rows {
            return text.to_owned();
        }
        text.replace("\"generation_time\": 0.0", "\"generation_time\": NaN")
            .replace("\"distance\": 0.0", "\"distance\": -Infinity")
    };
    assert_eq!(after_all(meshes, nan), [""; 0]);
    let null = |path: &str, text: &str| match path.rsplit('/').next() {
        Some("submitted.json") => text.replace("\"distance\": 0.0", "\"distance\": null"),
        Some("generation_audits.json") => text.replace("\"reason\": \"\"", "\"reason\": null"),
        _ => text.to_owned(),
    };
    assert_eq!(after_all(meshes, null), [""; 0]);
    assert_eq!(after_all(splats, nan), [""; 0]);
}

#[test]
fn members_that_nobody_knows() {
    for world in ALL {
        let hardware = |path: &str, text: &str| {
            let name = path.rsplit('/').next().unwrap_or_default();
            if !["leader.json", "submissions.json", "builds.json"].contains(&name) {
                return text.to_owned();
            }
            text.replace("\"commit\":", "\"hardware\": [\"4xH200\"], \"commit\":")
        };
        assert_eq!(after_all(world, hardware), [""; 0]);
        let listed = after(world(), "leader.json", |value| *value = json!({"transitions": value}));
        assert_eq!(listed, [""; 0]);
        let bare = after(world(), "leader.json", |value| {
            for entry in value.as_array_mut().unwrap() {
                for member in ["repo", "commit", "docker"] {
                    entry.as_object_mut().unwrap().remove(member);
                }
            }
        });
        assert_eq!(bare, [""; 0]);
    }
}

#[test]
fn shapes_that_nobody_foresaw_are_listed() {
    let mut world = modules();
    let anna = hotkey("Anna");
    let builds = world.files["rounds/0/builds.json"].replacen("\"success\"", "\"cancelled\"", 1);
    world.put("rounds/0/builds.json", builds);
    world.put(&format!("rounds/0/{anna}/pod_stats.json"), "[1, 2]".to_owned());
    let report = format!("rounds/0/{}/duels_leader.json", hotkey("Cleo"));
    let text = world.files[&report].replacen("\"winner\": \"right\"", "\"winner\": \"both\"", 1);
    world.put(&report, text);
    world.put("rounds/1/generation_reports.json", "{\"x\": 1}".to_owned());
    world.commit("by hand");
    let report = world.verify();
    assert_eq!(findings(&report), [""; 0]);
    let lines = unchecked(&report);
    let lines: Vec<&str> = lines.lines().filter(|line| line.contains("reads otherwise")).collect();
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert!(unchecked(&report).contains("rounds/1/generation_reports.json could not be read"));
}

#[test]
fn files_that_are_not_there() {
    for world in ALL {
        let all = world().files;
        for path in all.keys() {
            let name = path.rsplit('/').next().unwrap_or_default();
            // Without these a round of the original has no outcome, and its next could not have begun.
            if ["winner.json", "matches_matrix.csv", "source_audit.json", "judge_progress.json"]
                .contains(&name)
                || name.starts_with("generat")
                || name.starts_with("submi")
                || name == "audit_matrix.csv"
            {
                continue;
            }
            let mut files = all.clone();
            files.remove(path);
            assert_eq!(findings(&alone(&files)), [""; 0], "{path}");
        }
    }
}

/// Every commit is a competition in progress.
#[test]
fn every_commit_is_sound() {
    for world in [modules, meshes, splats, ours] {
        let world = world();
        let mut next = world.repository.head().unwrap();
        let blobs = Kept(Mutex::new(world.blobs.clone()));
        while let Some(at) = next {
            let subject = Subject {
                repository: &world.repository,
                at,
                has_history: true,
                blobs: Some(&blobs),
                redraw: None,
            };
            let report = verify(&subject, &Settings::default()).unwrap();
            let info = world.repository.commit(at).unwrap();
            assert_eq!(findings(&report), [""; 0], "{}", info.message);
            next = info.parents.first().copied();
        }
    }
}

/// A shallow clone: commits before one are not there.
#[derive(Debug)]
struct Shallow<'a>(&'a MemoryRepository, Vec<Id>);

impl Repository for Shallow<'_> {
    fn head(&self) -> Result<Option<Id>, RepositoryError> {
        self.0.head()
    }

    fn file_id(&self, at: Id, path: &str) -> Result<Option<Id>, RepositoryError> {
        self.0.file_id(at, path)
    }

    fn content_id(&self, content: &[u8]) -> Id {
        self.0.content_id(content)
    }

    fn read(&self, at: Id, path: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        self.0.read(at, path)
    }

    fn list(&self, at: Id, folder: &str) -> Result<Vec<String>, RepositoryError> {
        self.0.list(at, folder)
    }

    fn commit(&self, id: Id) -> Result<CommitInfo, RepositoryError> {
        if self.1.contains(&id) {
            return self.0.commit(id);
        }
        Err(RepositoryError::new("reading a commit", "it is not there"))
    }

    fn write_commit(&self, parent: Option<Id>, draft: &Draft) -> Result<Id, RepositoryError> {
        self.0.write_commit(parent, draft)
    }

    fn advance(&self, from: Option<Id>, to: Id) -> Result<Advance, RepositoryError> {
        self.0.advance(from, to)
    }
}

#[test]
fn shallow_clones() {
    for world in ALL {
        let mut world = world();
        // The pool grew since prompts were picked.
        let pool = format!("https://pictures.example/new.png\n{}", world.files["prompts.txt"]);
        world.put("prompts.txt", pool);
        world.commit("more prompts");
        assert_eq!(findings(&world.verify()), [""; 0]);
        let mut there = Vec::new();
        let mut next = world.repository.head().unwrap();
        for _ in 0..3 {
            let at = next.unwrap();
            there.push(at);
            let repository = Shallow(&world.repository, there.clone());
            let subject = Subject {
                repository: &repository,
                at: there[0],
                has_history: true,
                blobs: None,
                redraw: None,
            };
            let report = verify(&subject, &Settings::default()).unwrap();
            assert_eq!(findings(&report), [""; 0]);
            assert!(unchecked(&report).contains("shallow"));
            next = world.repository.commit(at).unwrap().parents.first().copied();
        }
    }
}

#[test]
fn empty_rounds() {
    let mut world = World::new(Era::Splats, 50, 10);
    world.put("rounds/0/submissions.json", "{}".to_owned());
    world.state("finalizing");
    world.commit("nobody");
    world.next(None, Some(0.85));
    assert_eq!(findings(&world.verify()), [""; 0]);
    // The later eras stop without a winner, so operators wrote one, and prompts for the next round.
    let mut world = World::new(Era::Modules, 50, 10);
    world.state("finalizing");
    world.commit("nobody");
    let pool: String = world.files["prompts.txt"].lines().take(10).collect::<Vec<_>>().join("\n");
    world.put("rounds/0/prompts.txt", pool);
    world.end(None);
    world.next(None, Some(0.85));
    assert_eq!(findings(&world.verify()), [""; 0]);
}

#[test]
fn weights_that_were_not_rounded() {
    let mut world = splats();
    world.begin(&["Anna"], 6);
    world.play("leader", &hotkey("Anna"), 0);
    let done = json!({"leader": "leader", "completed_hotkeys": [hotkey("Anna")]});
    world.put_json(&world.at("judge_progress.json"), &done);
    world.end(None);
    world.next(None, Some(0.850_000_000_000_000_1));
    assert_eq!(findings(&world.verify()), [""; 0]);
}

#[test]
fn orders_of_rows() {
    for (world, name) in [(meshes as fn() -> World, "duels_leader.json"), (splats, "duels.json")] {
        let world = world();
        let mut paths = world.files.keys().filter(|path| path.ends_with(name));
        let path = paths.next_back().unwrap().clone();
        let turned = after(world, &path, |value| value["duels"].as_array_mut().unwrap().reverse());
        assert_eq!(turned, [""; 0]);
    }
    let turned = after(modules(), "rounds/0/submissions.json", |value| {
        let rows: Vec<_> = value.as_object().unwrap().clone().into_iter().rev().collect();
        *value = Value::Object(rows.into_iter().collect());
    });
    assert_eq!(turned, [""; 0]);
}

#[test]
fn matches_that_were_broken_off() {
    let world = splats();
    let path = format!("rounds/0/{}/duels.json", hotkey("Anna"));
    let broken_off = after(world, &path, |value| {
        value["duels"].as_array_mut().unwrap().truncate(7);
    });
    assert_eq!(broken_off, [""; 0]);
}

#[test]
fn what_operators_did_by_hand_is_a_remark() {
    let mut world = modules();
    world.state("finished");
    world.commit("Update state (finished) for round 2");
    world.state("open");
    world.commit("the dates were a year too early");
    world.begin(&["Anna"], 9);
    let path = world.at(&format!("{}/submitted.json", hotkey("Anna")));
    let text = world.files[&path].clone();
    let mut rows: Value = serde_json::from_str(&text).unwrap();
    rows.as_object_mut().unwrap().retain(|stem, _| !stem.ends_with('1'));
    world.put_json(&path, &rows);
    world.state("downloading");
    world.commit("pictures again");
    world.put(&path, text);
    world.state("duels");
    world.commit("Round 2: duels");
    let report = world.verify();
    assert_eq!(findings(&report), [""; 0]);
    let lines = remarks(&report);
    assert!(lines.iter().all(|line| line.contains("[history]")), "{lines:#?}");
    assert_snapshot!(lines[..2].join("\n"), @r"
    state.json:1: went from open of round 2 to finished of round 2 [history] (commit …)
    state.json:1: went from finished of round 2 to open of round 2 [history] (commit …)
    ");
}

#[test]
fn a_schedule_by_hand_follows_no_rule() {
    let path = "rounds/2/schedule.json";
    let mut world = modules();
    let kept = world.files.clone();
    world.remove(path);
    world.commit("away");
    world.put(path, kept[path].replace("45400", "45800"));
    world.commit("by hand");
    assert_eq!(findings(&world.verify()), [""; 0]);
}
