//! What an operator does by hand.

use arena::auditor;
use arena::control::{Beginning, ControlError, Desk, missing_for};
use ledger::files::audits::{AuditRequests, SourceAudits, Verdict};
use ledger::files::config::Config;
use ledger::files::leader::LeaderEntry;
use ledger::files::schedule::Schedule;
use ledger::files::state::State;
use ledger::repository::{
    Author, Draft, Expected, MemoryRepository, Repository, Snapshot, publish,
};
use ledger::{JsonFile as _, Place, Round, RoundFile, Stage};

const CONFIG: &str = r#"{"name": "demo", "description": "a test", "first_evaluation_date": "2031-03-01",
    "last_competition_date": "2031-12-01", "generation_stage_minutes": 240, "win_margin": 0.05, "weight_decay": 0.2,
    "weight_floor": 0.2, "prompts_per_round": 2, "carryover_prompts": 1}"#;

fn author() -> Author {
    Author { name: "Operator".to_owned(), email: "operator@example".to_owned() }
}

fn beginning() -> Beginning {
    let leader = r#"[{"hotkey": "5Base", "repo": "a/b", "commit": "0123456789abcdef0123456789abcdef01234567",
        "docker": "image", "weight": 0.0, "effective_block": 0}]"#;
    let leaders: Vec<LeaderEntry> =
        ledger::files::leader::Leaders::from_text("leader.json", leader).expect("a leader").entries;
    Beginning {
        config: Config::from_text("config.json", CONFIG).expect("a configuration"),
        leader: leaders[0].clone(),
        pool: ["a", "b", "c"].map(|stem| format!("https://img.example/{stem}.png")).to_vec(),
        schedule: Schedule::from_text(
            "schedule.json",
            r#"{"earliest_reveal_block": 0, "latest_reveal_block": 10, "generation_deadline_block": 20}"#,
        )
        .expect("a schedule"),
        others: Default::default(),
    }
}

fn desk<'a>(books: &'a dyn Repository, author: &'a Author) -> Desk<'a> {
    Desk { books, author, time: "2031-03-01T08:00:00Z".parse().expect("a time") }
}

fn state(books: &dyn Repository) -> State {
    let snapshot = Snapshot::of_head(books).expect("a head").expect("commits");
    snapshot.require(&Place::State).expect("a state")
}

fn put(books: &dyn Repository, files: &[(Place, &str)]) {
    let changes = files.iter().map(|(place, text)| (place.to_string(), Some((*text).to_owned())));
    let draft = Draft {
        message: "test".to_owned(),
        changes: changes.collect(),
        author: author(),
        time: "2031-03-01T08:00:01Z".parse().expect("a time"),
    };
    publish(books, &draft, &Expected::new()).expect("a commit");
}

#[test]
fn begins_once() {
    let (books, author) = (MemoryRepository::default(), author());
    let desk = desk(&books, &author);
    desk.begin(&beginning()).expect("a beginning");
    let snapshot = Snapshot::of_head(&books).expect("a head").expect("commits");
    insta::assert_snapshot!(snapshot.list("").expect("a list").join(" "), @"config.json leader.json prompts.txt rounds/0/schedule.json state.json");
    assert_eq!(state(&books).stage, Stage::Open);
    assert!(matches!(desk.begin(&beginning()), Err(ControlError::Begun)));
}

#[test]
fn begins_with_nothing_that_makes_no_sense() {
    let (books, author) = (MemoryRepository::default(), author());
    let desk = desk(&books, &author);
    let mut twice = beginning();
    twice.pool.push("https://other.example/a.jpg".to_owned());
    let mut none = beginning();
    none.pool.clear();
    let mut ended = beginning();
    ended.config.last_competition_date = "2030-01-01".parse().expect("a date");
    for (wrong, word) in
        [(twice, "stem \"a\""), (none, "no prompts"), (ended, "last_competition_date")]
    {
        let error = desk.begin(&wrong).expect_err("it makes no sense").to_string();
        assert!(error.contains(word), "{error}");
    }
    assert_eq!(books.head().expect("a head"), None);
}

#[test]
fn pauses_and_goes_on() {
    let (books, author) = (MemoryRepository::default(), author());
    let desk = desk(&books, &author);
    desk.begin(&beginning()).expect("a beginning");
    desk.pause().expect("a pause");
    assert_eq!(
        (state(&books).stage, state(&books).resume_stage),
        (Stage::Paused, Some(Stage::Open))
    );
    assert!(desk.pause().is_err());
    desk.resume(None).expect("it goes on");
    assert_eq!((state(&books).stage, state(&books).resume_stage), (Stage::Open, None));
    assert!(desk.resume(None).is_err());
}

#[test]
fn does_not_go_on_without_files() {
    let (books, author) = (MemoryRepository::default(), author());
    let desk = desk(&books, &author);
    desk.begin(&beginning()).expect("a beginning");
    desk.pause().expect("a pause");
    let error = desk.resume(Some(Stage::Duels)).expect_err("nothing to judge").to_string();
    insta::assert_snapshot!(error, @"duels needs rounds/0/seed.json, which is not there; restore it, or name another stage");
    // A round without submissions has no winner and needs none.
    desk.resume(Some(Stage::Finalizing)).expect("an empty round");
    put(&books, &[(Place::Round(Round(0), RoundFile::Submissions), "{}")]);
    let snapshot = Snapshot::of_head(&books).expect("a head").expect("commits");
    let missing = missing_for(&snapshot, Round(0), Stage::Finalizing).expect("it can be read");
    assert_eq!(missing, [Place::Round(Round(0), RoundFile::Winner)]);
}

#[test]
fn names_what_is_wrong_and_writes_nothing() {
    let (books, author) = (MemoryRepository::default(), author());
    let desk = desk(&books, &author);
    desk.begin(&beginning()).expect("a beginning");
    put(&books, &[(Place::State, "{\"current_round\": 0, \"stage\": \"opened\"}")]);
    let head = books.head();
    let error = desk.pause().expect_err("no stage").to_string();
    assert!(
        error.contains("state.json") && error.contains("stage") && error.contains("opened"),
        "{error}"
    );
    assert_eq!(books.head(), head);
}

#[test]
fn audits_of_sources() {
    let (books, author) = (MemoryRepository::default(), author());
    let desk = desk(&books, &author);
    desk.begin(&beginning()).expect("a beginning");
    assert!(desk.source_audit("5Alice", Verdict::Passed, "fine").is_err());
    let submission = r#"{"5Alice": {"repo": "a/b", "commit": "0123456789abcdef0123456789abcdef01234567",
        "cdn_url": "https://x.example/", "revealed_at_block": 3, "round": "demo-0"}}"#;
    put(&books, &[(Place::Round(Round(0), RoundFile::Submissions), submission)]);
    desk.source_audit("5Alice", Verdict::Passed, "fine").expect("a verdict");
    desk.source_audit("5Alice", Verdict::Failed, "no licence").expect("another one");
    let snapshot = Snapshot::of_head(&books).expect("a head").expect("commits");
    let audits: SourceAudits =
        snapshot.require(&Place::Round(Round(0), RoundFile::SourceAudit)).expect("audits");
    assert_eq!(audits.len(), 1);
    assert_eq!((audits[0].verdict, audits[0].reason.as_str()), (Verdict::Failed, "no licence"));
    put(&books, &[(Place::Round(Round(0), RoundFile::Winner), "{}")]);
    let error =
        desk.source_audit("5Alice", Verdict::Passed, "late").expect_err("a winner").to_string();
    insta::assert_snapshot!(error, @"round 0 has its winner: what is found now changes nothing any more");
}

#[test]
fn the_policy_passes_who_was_not_looked_at() {
    let requests = r#"[{"hotkey": "5A", "latest_defender": "leader"}, {"hotkey": "5B", "latest_defender": "5A"}]"#;
    let requests = AuditRequests::from_text("require_audit.json", requests).expect("requests");
    let audits = r#"[{"hotkey": "5A", "verdict": "failed", "reason": "copied"}]"#;
    let audits = SourceAudits::from_text("source_audit.json", audits).expect("audits");
    let all = auditor::decide(&requests, &audits).expect("one is due");
    let verdicts: Vec<_> = all.iter().map(|audit| (audit.hotkey.as_str(), audit.verdict)).collect();
    assert_eq!(verdicts, [("5A", Verdict::Failed), ("5B", Verdict::Passed)]);
    assert_eq!(auditor::decide(&requests, &all), None);
}
