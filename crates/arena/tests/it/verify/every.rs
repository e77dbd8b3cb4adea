//! Every number, word and text of every file of a competition is changed, one at a time: verify names it, or the list below says
//! why nobody can.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use arena::verify::{Blobs, Report, Settings, Subject, verify};
use ledger::json::{self, Json, Step, Style};
use ledger::path_text;
use ledger::repository::{Advance, CommitInfo, Draft, Id, Repository, RepositoryError};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::world::{Era, Kept, World, findings, hotkey};

/// What can be changed without being named, by file and member, and why. The table in docs/verify.md is this one.
const FREE: &[(&str, &str)] = &[
    ("config.json: description", "free text"),
    ("config.json: finalization_buffer_hours", CLOSED),
    ("config.json: first_evaluation_date", "only bounds the days of rounds"),
    ("config.json: last_competition_date", "only bounds the days of rounds"),
    ("config.json: weight_floor", "counts once a weight is at it"),
    ("leader.json: [0].commit", OPERATOR),
    ("leader.json: [0].docker", OPERATOR),
    ("leader.json: [0].effective_block", OPERATOR),
    ("leader.json: [0].hotkey", OPERATOR),
    ("leader.json: [0].repo", OPERATOR),
    ("leader.json: [0].weight", OPERATOR),
    ("prompts.txt: line", "a prompt that was not picked is of no account"),
    ("rounds/0/schedule.json: earliest_reveal_block", OPERATOR),
    ("rounds/0/schedule.json: generation_deadline_block", OPERATOR),
    ("rounds/0/schedule.json: planned_start", OPERATOR),
    ("rounds/N/HOTKEY/generated_1.json: STEM.fetched_at", "when it was made"),
    ("rounds/N/HOTKEY/generated_1.json: STEM.views_sha256", RENDER),
    ("rounds/N/HOTKEY/pod_stats.json: POD.batch_times[]", PODS),
    ("rounds/N/HOTKEY/pod_stats.json: POD.pod_id", PODS),
    ("rounds/N/HOTKEY/pod_stats.json: POD.provider", PODS),
    ("rounds/N/HOTKEY/pod_stats.json: POD.repeat_index", PODS),
    ("rounds/N/HOTKEY/pod_stats.json: POD.termination_reason", PODS),
    ("rounds/N/HOTKEY/pod_stats.json: POD.total_generation_time", PODS),
    ("rounds/N/HOTKEY/submitted.json: STEM.fetched_at", "when the miner's server had it"),
    ("rounds/N/HOTKEY/submitted.json: STEM.views_sha256", RENDER),
    (
        "rounds/N/builds.json: HOTKEY.docker_image",
        "its registry has it; the winner's is in winner.json too",
    ),
    ("rounds/N/commitments.json: hotkeys[].entries[].block", CHAIN),
    ("rounds/N/commitments.json: hotkeys[].entries[].bytes", CHAIN),
    ("rounds/N/commitments.json: locks.HOTKEY", CHAIN),
    (
        "rounds/N/commitments.json: published_block",
        "when it was written down; a deadline that moved is held against it",
    ),
    ("rounds/N/commitments.json: read_block", CHAIN),
    ("rounds/N/commitments.json: read_hash", CHAIN),
    ("rounds/N/generation_reports.json: HOTKEY.repeats[].generation_time", PODS),
    ("rounds/N/judging.json: began_at", "when judging began"),
    (
        "rounds/N/judging.json: deadlines.HOTKEY.asked_at",
        "when an audit was asked for; an end of its time is held against it",
    ),
    ("rounds/N/source_audit.json: [].reason", "people's free text"),
    ("state.json: stage", "without a history an empty round looks like an open one"),
];

const OPERATOR: &str = "the operator's: a competition begins with it";
const CHAIN: &str = "the chain has it (`--chain`); what was admitted is checked";
const RENDER: &str = "drawn again (`--render`)";
const PODS: &str = "pods are gone";
const CLOSED: &str = "when a round was closed is in no file";

/// A competition with a bit of everything: Anna wins a round after both audits, nobody submits to the next.
pub(crate) fn small() -> World {
    let mut world = World::new(Era::Ours, 12, 3);
    world.begin(&["Anna", "Bert"], 0);
    world.play("leader", &hotkey("Anna"), 1);
    world.play("leader", &hotkey("Bert"), -1);
    let request = json!([{"hotkey": hotkey("Anna"), "latest_defender": "leader"}]);
    world.put_json(&world.at("require_audit.json"), &request);
    world.deliver(&hotkey("Anna"), "generated_1.json", "generated_1");
    world.audit("submitted", &hotkey("Anna"), 0);
    world.audit("leader", &hotkey("Anna"), 1);
    let report = json!({hotkey("Anna"): {"hotkey": hotkey("Anna"), "outcome": "completed", "repeats": [
        {"repeat_index": 1, "generated_prompts": 3, "failed_prompts": 0, "generation_time": 10.5}], "reason": ""}});
    world.put_json(&world.at("generation_reports.json"), &report);
    let source = json!([{"hotkey": hotkey("Anna"), "verdict": "passed", "reason": "fine"}]);
    world.put_json(&world.at("source_audit.json"), &source);
    let verdict =
        json!({hotkey("Anna"): {"hotkey": hotkey("Anna"), "verdict": "passed", "reason": ""}});
    world.put_json(&world.at("generation_audits.json"), &verdict);
    let anna = ledger::hotkey10(&hotkey("Anna")).to_owned();
    let asked = json!({hotkey("Anna"): {"asked_at": "2031-03-01T12:30:00Z", "closed_at": null}});
    let notes = json!({"began_at": "2031-03-01T12:00:00Z", "deadlines": asked, "rejected": {}, "timeline": [
        "leader", format!("  1. {anna} won +33.33% vs leader  [verified]"), format!("Current leader: {anna}")]});
    world.put_json(&world.at("judging.json"), &notes);
    let stats = json!({"miner-00-x-0-r1": {"pod_id": "miner-00-x-0", "repeat_index": 1, "provider": "local",
        "batch_times": [4.5], "total_generation_time": 4.5, "termination_reason": "completed", "payload": null}});
    world.put_json(&world.at(&format!("{}/pod_stats.json", hotkey("Anna"))), &stats);
    world.end(Some("Anna"));
    world.next(Some("Anna"), Some(1.0));
    world.state("finalizing");
    world.commit("nobody");
    world.next(None, Some(0.85));
    world.begin(&["Bert"], 0);
    world.play("leader", &hotkey("Bert"), -1);
    world.end(None);
    world.next(None, Some(0.7));
    for (path, text) in world.files.clone() {
        if path.ends_with("submitted.json") || path.ends_with("generated_1.json") {
            let more =
                "\"fetched_at\": \"2031-03-01T11:00:00Z\", \"views_sha256\": \"0a\", \"js\":";
            world.put(&path, text.replace("\"js\":", more));
        }
    }
    world.commit("more of each row");
    world
}

/// Files without a history.
#[derive(Debug)]
struct Files(BTreeMap<String, Vec<u8>>);

impl Repository for Files {
    fn head(&self) -> Result<Option<Id>, RepositoryError> {
        Ok(Some(Id([0; 20])))
    }

    fn file_id(&self, at: Id, path: &str) -> Result<Option<Id>, RepositoryError> {
        Ok(self.read(at, path)?.map(|bytes| self.content_id(&bytes)))
    }

    fn content_id(&self, content: &[u8]) -> Id {
        let mut id = [0; 20];
        id.copy_from_slice(&Sha256::digest(content)[..20]);
        Id(id)
    }

    fn read(&self, _: Id, path: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        Ok(self.0.get(path).cloned())
    }

    fn list(&self, _: Id, _: &str) -> Result<Vec<String>, RepositoryError> {
        Ok(self.0.keys().cloned().collect())
    }

    fn commit(&self, _: Id) -> Result<CommitInfo, RepositoryError> {
        Err(RepositoryError::new("reading a commit", "there are none"))
    }

    fn write_commit(&self, _: Option<Id>, _: &Draft) -> Result<Id, RepositoryError> {
        Err(RepositoryError::new("writing", "only read"))
    }

    fn advance(&self, _: Option<Id>, _: Id) -> Result<Advance, RepositoryError> {
        Err(RepositoryError::new("writing", "only read"))
    }
}

/// Words of files, each followed by another that reads as well.
const WORDS: [&[&str]; 6] = [
    &["left", "right", "draw", "skipped"],
    &["passed", "failed"],
    &["pending", "completed", "rejected"],
    &["success", "failure", "in_progress"],
    &["open", "finalizing", "duels"],
    &["margin", "interval"],
];

/// Another text of the same kind.
fn other_text(text: &str) -> String {
    for words in WORDS {
        if let Some(at) = words.iter().position(|word| *word == text) {
            return words[(at + 1) % words.len()].to_owned();
        }
    }
    let at = text.rfind(|c: char| c.is_ascii_digit());
    let at = at.or_else(|| text.rfind(|c: char| c.is_ascii_alphabetic()));
    let Some(at) = at else { return format!("{text}x") };
    let other = match text.as_bytes()[at] {
        b'1' => '2',
        b'0'..=b'9' => '1',
        b'a' => 'b',
        _ => 'a',
    };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

fn other_number(text: &str) -> String {
    let Ok(value) = text.parse::<f64>() else { return "1".to_owned() };
    if !text.contains('.') {
        return format!("{}", value + 1.0);
    }
    format!("{}", if value == 0.5 { 0.25 } else { 0.5 })
}

/// Every change of one value in JSON: where, and the whole text after it.
fn changes(root: &Json) -> Vec<(Vec<Step>, String)> {
    changes_to(root, |was| match was {
        Json::Number(text) => Some(Json::Number(other_number(text).into())),
        Json::Bool(value) => Some(Json::Bool(!value)),
        Json::String(text) => Some(Json::String(other_text(text))),
        _ => None,
    })
}

/// Every replacement of one value by another; nothing for one that stays.
pub(crate) fn changes_to(
    root: &Json,
    other: impl Fn(&Json) -> Option<Json>,
) -> Vec<(Vec<Step>, String)> {
    type Found = Vec<(Vec<Step>, Json)>;
    fn walk(
        at: &Json,
        path: &mut Vec<Step>,
        found: &mut Found,
        other: &dyn Fn(&Json) -> Option<Json>,
    ) {
        if let Some(other) = other(at) {
            found.push((path.clone(), other));
        }
        match at {
            Json::Object(members) => {
                for (key, value) in members {
                    path.push(Step::Key(key.clone()));
                    walk(value, path, found, other);
                    path.pop();
                }
            }
            Json::Array(items) => {
                for (n, value) in items.iter().enumerate() {
                    path.push(Step::Item(n));
                    walk(value, path, found, other);
                    path.pop();
                }
            }
            _ => {}
        }
    }
    fn set(at: &mut Json, path: &[Step], value: Json) {
        let Some((first, rest)) = path.split_first() else {
            *at = value;
            return;
        };
        match (at, first) {
            (Json::Object(members), Step::Key(key)) => set(&mut members[key.as_str()], rest, value),
            (Json::Array(items), Step::Item(n)) => set(&mut items[*n], rest, value),
            _ => unreachable!("the way was just walked"),
        }
    }
    let mut found = Vec::new();
    walk(root, &mut Vec::new(), &mut found, &other);
    let after = |(path, value): (Vec<Step>, Json)| {
        let mut root = root.clone();
        set(&mut root, &path, value);
        (path, json::write(&root, Style::Indented))
    };
    found.into_iter().map(after).collect()
}

/// Every change of one cell of a matrix, or of one line of another text.
fn text_changes(path: &str, text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let cells: Vec<&str> =
            if path.ends_with(".csv") { line.split(',').collect() } else { vec![line] };
        for (at, cell) in cells.iter().enumerate() {
            if path.ends_with(".csv") && n == 0 {
                continue;
            }
            let other =
                if cell.parse::<f64>().is_ok() { other_number(cell) } else { other_text(cell) };
            let mut cells: Vec<String> = cells.iter().map(|&cell| cell.to_owned()).collect();
            cells[at] = other;
            let mut lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
            lines[n] = cells.join(",");
            let name = ["left", "right", "margin"].get(at).filter(|_| cells.len() == 3);
            found.push((name.unwrap_or(&"line").to_string(), lines.join("\n")));
        }
    }
    found
}

/// A place without hotkeys, names of prompts and numbers.
fn pattern(path: &str, member: &str) -> String {
    let mut text = if member.is_empty() { path.to_owned() } else { format!("{path}: {member}") };
    for name in ["Anna", "Bert", "Cleo", "Lazy", "Zero"] {
        let hotkey = hotkey(name);
        text = text.replace(&hotkey, "HOTKEY").replace(ledger::hotkey10(&hotkey), "HOTKEY");
    }
    text = text.replace("rounds/HOTKEY", "rounds/N").replace("miner-00-x-0-r1", "POD");
    // The first round and the first leader are the operator's.
    let is_first = path.starts_with("rounds/0/schedule") || path == "leader.json";
    if is_first {
        return text;
    }
    for round in 0..4 {
        text = text.replace(&format!("rounds/{round}/"), "rounds/N/");
    }
    text = text.replace("/leader/", "/HOTKEY/");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if out.ends_with('[') && digits > 0 {
            rest = &rest[digits..];
        } else if c == 'p'
            && rest.len() >= 4
            && rest.as_bytes()[1..4].iter().all(u8::is_ascii_digit)
        {
            out.push_str("STEM");
            rest = &rest[4..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// What verify says of files without their history.
pub(crate) fn without_history(files: &BTreeMap<String, String>, blobs: &Kept) -> Report {
    read_without_history(files, blobs, &Settings::default())
}

/// The same with other settings.
pub(crate) fn read_without_history(
    files: &BTreeMap<String, String>,
    blobs: &dyn Blobs,
    settings: &Settings<'_>,
) -> Report {
    let files = files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes()));
    read_bytes(files.collect(), blobs, settings)
}

/// The same of files that need not be text.
pub(crate) fn read_bytes(
    files: BTreeMap<String, Vec<u8>>,
    blobs: &dyn Blobs,
    settings: &Settings<'_>,
) -> Report {
    let repository = Files(files);
    let subject = Subject {
        repository: &repository,
        at: Id([0; 20]),
        has_history: false,
        blobs: Some(blobs),
        redraw: None,
    };
    verify(&subject, settings).unwrap()
}

#[test]
fn whatever_is_changed_is_named() {
    let world = small();
    let blobs = Kept(Mutex::new(world.blobs.clone()));
    let named = |path: &str, text: String| {
        let mut files = world.files.clone();
        files.insert(path.to_owned(), text);
        without_history(&files, &blobs)
    };
    assert_eq!(findings(&named("nothing", String::new())), [""; 0]);
    let mut free = BTreeSet::new();
    let (mut changed, mut in_place) = (0, 0);
    for (path, text) in &world.files {
        let all: Vec<(String, String)> = if path.ends_with(".json") {
            let root = json::read(text).unwrap();
            changes(&root).into_iter().map(|(way, text)| (path_text(&way), text)).collect()
        } else {
            text_changes(path, text)
        };
        for (member, text) in all {
            changed += 1;
            let report = named(path, text);
            in_place += usize::from(report.findings.iter().any(|one| one.file == *path));
            if report.is_sound() {
                free.insert(pattern(path, &member));
            }
        }
    }
    assert!(changed > 500, "{changed}");
    // What is changed is named itself, but where it is the basis of something else.
    assert!(4 * in_place > 3 * changed, "{in_place} of {changed}");
    let listed: BTreeSet<String> = FREE.iter().map(|(pattern, _)| (*pattern).to_owned()).collect();
    let not_listed: Vec<&String> = free.difference(&listed).collect();
    let not_free: Vec<&String> = listed.difference(&free).collect();
    assert!(
        not_listed.is_empty() && not_free.is_empty(),
        "{in_place} of {changed}: {not_listed:#?} {not_free:#?}"
    );
}

#[test]
fn the_list_is_documented() {
    let page = include_str!("../../../../../docs/verify.md");
    for (place, why) in FREE {
        assert!(page.contains(&format!("| `{place}` | {why} |")), "| `{place}` | {why} |");
    }
}
