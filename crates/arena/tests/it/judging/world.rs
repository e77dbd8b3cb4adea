//! A round on its way: files in memory, a judge who knows the answers, a clock that stands still.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arena::judging::{Judging, Settings};
use arena::owner::{Owner as _, Turn, TurnError};
use arena::ports::{Blocking, Ports, Stop};
use bytes::Bytes;
use chain::{Clock, Pending};
use jiff::Timestamp;
use judge::{
    Call, Description, Duel, DuelJudge, Evidence, JudgeError, Outage, Outcome, Parts, Verdict,
};
use ledger::files::duels::DuelWinner;
use ledger::json;
use ledger::repository::{
    Advance, Author, CommitInfo, Draft, Expected, Id, MemoryRepository, Repository,
    RepositoryError, Snapshot, publish,
};
use store::Store;

use crate::fakes::{Memory, Nobody, Told};

/// Time that somebody moves.
#[derive(Debug)]
pub(crate) struct Hands {
    now: Mutex<Timestamp>,
    since: Timestamp,
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn elapsed(&self) -> Duration {
        Duration::try_from(self.now().duration_since(self.since)).unwrap()
    }

    fn sleep(&self, time: Duration) -> Pending<'_, ()> {
        let mut now = self.now.lock().unwrap();
        *now = now.checked_add(time).unwrap();
        Box::pin(async {})
    }
}

/// What a judge is to do.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// By defender's and challenger's name, points of the challenger: so many of the prompts it wins, or loses.
    pub scores: Mutex<BTreeMap<(String, String), i32>>,
    /// Asked so often, of which duels.
    pub asked: Mutex<Vec<String>>,
    /// Fails from the so manieth question on.
    pub fails_from: AtomicUsize,
    /// Duels under way now, and at most.
    pub under_way: Mutex<(usize, usize)>,
    /// Whether it asks a model, this many times for each duel.
    pub calls: AtomicUsize,
    /// Whether the model says nothing about prompts.
    pub is_mute: std::sync::atomic::AtomicBool,
    /// Called with each question.
    pub meanwhile: Mutex<Option<Meanwhile>>,
}

#[derive(Debug)]
struct Knows {
    answers: Arc<Answers>,
    world: std::sync::Weak<World>,
}

/// `https://cdn.example/rounds/0/{hotkey}/{folder}/{stem}` → `{hotkey}` or `{hotkey}_{repeat}`.
fn name_of(prefix: &str) -> String {
    let parts: Vec<&str> = prefix.rsplit('/').collect();
    match parts[1].strip_prefix("generated_") {
        Some(repeat) if parts[2] != "leader" => format!("{}_{repeat}", parts[2]),
        _ => parts[2].to_owned(),
    }
}

impl DuelJudge for Knows {
    fn describe(&self) -> Description {
        Description {
            name: "stub".into(),
            version: 1,
            model: (self.answers.calls.load(Ordering::SeqCst) > 0).then(|| "wise".to_owned()),
            settings: serde_json::Value::Null,
        }
    }

    fn judge<'a>(
        &'a self,
        duel: &'a Duel,
        parts: Parts<'a>,
    ) -> judge::Pending<'a, Result<Verdict, JudgeError>> {
        Box::pin(async move {
            let (Some(left), Some(right)) = (&duel.left, &duel.right) else {
                let winner = if duel.left.is_some() { DuelWinner::Left } else { DuelWinner::Right };
                let detail = json::read(r#"{"reason": "no preview"}"#).unwrap();
                return Ok(Verdict { winner, detail, evidence: None });
            };
            let (left, right) = (name_of(&left.prefix), name_of(&right.prefix));
            let mut calls = parts.earlier.map(|earlier| earlier.calls.clone()).unwrap_or_default();
            for attempt in calls.len()..self.answers.calls.load(Ordering::SeqCst) {
                if parts.budget.is_out() {
                    return Err(Outage("another call had no answer".into()).into());
                }
                self.answers.asked.lock().unwrap().push(format!("{}/{attempt}", duel.stem));
                let asked = self.answers.asked.lock().unwrap().len();
                let meanwhile = *self.answers.meanwhile.lock().unwrap();
                if let Some(meanwhile) = meanwhile {
                    meanwhile(&self.world.upgrade().unwrap(), asked);
                }
                if self.answers.asked.lock().unwrap().len()
                    >= self.answers.fails_from.load(Ordering::SeqCst)
                {
                    return Err(Outage("the model is down".into()).into());
                }
                calls.push(Call {
                    label: format!("call-{attempt}"),
                    attempt: 0,
                    request_sha256: duel.stem.clone(),
                    outcome: Outcome::Answer(format!("answer {attempt}")),
                    latency_ms: 1,
                });
                let inputs = BTreeMap::from([("picture".to_owned(), "00".to_owned())]);
                parts.notebook.unwrap().answered(&calls[attempt], &inputs);
            }
            if (parts.earlier.is_none() || parts.insist) && calls.is_empty() {
                let question = format!("{left}-{right}/{}", duel.stem);
                let asked = {
                    let mut asked = self.answers.asked.lock().unwrap();
                    asked.push(question);
                    asked.len()
                };
                let meanwhile = *self.answers.meanwhile.lock().unwrap();
                if let Some(meanwhile) = meanwhile {
                    meanwhile(&self.world.upgrade().unwrap(), asked);
                }
                if asked >= self.answers.fails_from.load(Ordering::SeqCst) {
                    return Err(Outage("the model is down".into()).into());
                }
                let _place = parts.budget.take().await;
                {
                    let mut under_way = self.answers.under_way.lock().unwrap();
                    under_way.0 += 1;
                    under_way.1 = under_way.1.max(under_way.0);
                }
                tokio::task::yield_now().await;
                self.answers.under_way.lock().unwrap().0 -= 1;
            }
            let before = parts.earlier.filter(|_| !parts.insist);
            let before = before.and_then(|earlier| earlier.figures.get("unanswered")?.as_u64());
            let now = if self.answers.is_mute.load(Ordering::SeqCst) { 3 } else { 0 };
            let unanswered = before.unwrap_or(now);
            let pair = (left.clone(), right.clone());
            let scores = self.answers.scores.lock().unwrap();
            let score = *scores.get(&pair).unwrap_or_else(|| panic!("{pair:?} is not given"));
            let number: i32 = duel.stem.trim_start_matches('p').parse().unwrap();
            let winner = match score {
                _ if number >= score.abs() => DuelWinner::Draw,
                1.. => DuelWinner::Right,
                _ => DuelWinner::Left,
            };
            let known = parts.earlier.filter(|earlier| !parts.insist && !earlier.figures.is_null());
            let figures = known.map_or_else(
                || serde_json::json!({ "score": score, "unanswered": unanswered }),
                |known| known.figures.clone(),
            );
            let evidence = Evidence {
                judge: self.describe(),
                duel: duel.clone(),
                inputs: BTreeMap::new(),
                calls,
                figures,
            };
            let detail = if self.answers.calls.load(Ordering::SeqCst) > 0 || unanswered > 0 {
                let control = if unanswered > 0 { r#""plain""# } else { "null" };
                format!(
                    r#"{{"swap": {{"asked": 2, "agreed": 1}}, "questions": {{"asked": 3, "unanswered": {unanswered}, "control": {control}}}}}"#
                )
            } else {
                r#"{"swap": {"asked": 2, "agreed": 1}}"#.to_owned()
            };
            let detail = json::read(&detail).unwrap();
            Ok(Verdict { winner, detail, evidence: Some(evidence) })
        })
    }
}

/// Files in memory that fail once, at a call that is chosen.
#[derive(Debug)]
pub(crate) struct Books {
    inner: MemoryRepository,
    /// Calls until the failure; it is over once this is 0.
    pub fails_in: AtomicUsize,
    /// Calls so far.
    pub calls: AtomicUsize,
    /// Whether the call that fails has done its work.
    pub after: std::sync::atomic::AtomicBool,
}

impl Books {
    fn call<T>(
        &self,
        work: impl FnOnce(&MemoryRepository) -> Result<T, RepositoryError>,
    ) -> Result<T, RepositoryError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let left = self.fails_in.load(Ordering::SeqCst);
        self.fails_in.store(left.saturating_sub(1), Ordering::SeqCst);
        let fails = left == 1;
        if fails && !self.after.load(Ordering::SeqCst) {
            return Err(RepositoryError::new("a call", "it failed"));
        }
        let done = work(&self.inner)?;
        if fails { Err(RepositoryError::new("a call", "it failed")) } else { Ok(done) }
    }
}

impl Repository for Books {
    fn head(&self) -> Result<Option<Id>, RepositoryError> {
        self.call(Repository::head)
    }

    fn file_id(&self, at: Id, path: &str) -> Result<Option<Id>, RepositoryError> {
        self.call(|inner| inner.file_id(at, path))
    }

    fn content_id(&self, content: &[u8]) -> Id {
        self.inner.content_id(content)
    }

    fn read(&self, at: Id, path: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        self.call(|inner| inner.read(at, path))
    }

    fn list(&self, at: Id, folder: &str) -> Result<Vec<String>, RepositoryError> {
        self.call(|inner| inner.list(at, folder))
    }

    fn commit(&self, id: Id) -> Result<CommitInfo, RepositoryError> {
        self.call(|inner| inner.commit(id))
    }

    fn write_commit(&self, parent: Option<Id>, draft: &Draft) -> Result<Id, RepositoryError> {
        self.call(|inner| inner.write_commit(parent, draft))
    }

    fn advance(&self, from: Option<Id>, to: Id) -> Result<Advance, RepositoryError> {
        self.call(|inner| inner.advance(from, to))
    }
}

/// Does something to the world at a call of the judge with this number.
pub(super) type Meanwhile = fn(&World, usize);

/// Everything outside of the judge's owner.
pub(crate) struct World {
    pub books: Arc<Books>,
    pub answers: Arc<Answers>,
    pub told: Arc<Told>,
    pub journals: Memory,
    pub ports: Ports,
    clock: Arc<Hands>,
    prompts: usize,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}

pub(crate) const START: &str = "2031-03-04T12:00:00Z";

/// Forty characters that begin with a letter.
fn commit_of(hotkey: &str) -> String {
    format!("{hotkey:0<40}")
}

impl World {
    /// A round in the stage of duels: miners by name, who all submitted everything; scores as `leader-A=8`.
    pub(crate) fn new(miners: &[&str], prompts: usize, scores: &str, options: &str) -> Arc<Self> {
        let books = Arc::new(Books {
            inner: MemoryRepository::new(),
            fails_in: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            after: false.into(),
        });
        let since = START.parse().unwrap();
        let clock = Arc::new(Hands { now: Mutex::new(since), since });
        let answers = Arc::new(Answers::default());
        answers.fails_from.store(usize::MAX, Ordering::SeqCst);
        let told = Arc::new(Told::default());
        let journals = Memory::default();
        let store = Store::memory("https://cdn.example");
        let world = Arc::new_cyclic(|world| Self {
            books: Arc::clone(&books),
            answers: Arc::clone(&answers),
            told: Arc::clone(&told),
            journals: journals.clone(),
            ports: Ports {
                clock: clock.clone(),
                entropy: Arc::new(Nobody),
                books,
                author: Author { name: "judge".into(), email: "judge@example".into() },
                journals: Arc::new(journals.clone()),
                store,
                chain: Arc::new(Nobody),
                web: Arc::new(Nobody),
                studio: Arc::new(Nobody),
                judge: Arc::new(Knows { answers, world: world.clone() }),
                builds: Arc::new(Nobody),
                works: Arc::new(Nobody),
                notify: told,
                stop: Stop::new(),
                blocking: Blocking::Here,
            },
            clock,
            prompts,
        });
        world.scores(scores);
        let config = format!(
            r#"{{"name": "demo", "description": "", "first_evaluation_date": "2031-03-01",
            "last_competition_date": "2031-12-01", "generation_stage_minutes": 240, "win_margin": 0.05,
            "weight_decay": 0.15, "weight_floor": 0.4, "prompts_per_round": {prompts}, "carryover_prompts": 0,
            "audit_repeats": 1, "crucible": {{{options}}}}}"#
        );
        let urls: Vec<String> =
            (0..prompts).map(|n| format!("https://img.example/p{n}.png")).collect();
        let submissions: Vec<String> = miners
            .iter()
            .enumerate()
            .map(|(n, hotkey)| {
                let commit = commit_of(hotkey);
                format!(r#""{hotkey}": {{"repo": "a/b", "commit": "{commit}", "revealed_at_block": {n}, "round": "demo-0"}}"#)
            })
            .collect();
        let builds: Vec<String> = miners
            .iter()
            .map(|hotkey| {
                let commit = commit_of(hotkey);
                format!(r#""{hotkey}": {{"repo": "a/b", "commit": "{commit}", "revealed_at_block": 1, "tag": "t", "status": "success", "docker_image": "image-{hotkey}"}}"#)
            })
            .collect();
        let leader = r#"[{"hotkey": "5Old", "repo": "old/gen", "commit": "c0", "docker": "old-image", "weight": 1.0, "effective_block": 0}]"#;
        world.put(&[
            ("state.json", r#"{"current_round": 0, "stage": "duels", "next_stage_eta": null}"#),
            ("config.json", &config),
            ("leader.json", leader),
            ("rounds/0/seed.json", r#"{"seed": 42}"#),
            ("rounds/0/prompts.txt", &urls.join("\n")),
            ("rounds/0/submissions.json", &format!("{{{}}}", submissions.join(","))),
            ("rounds/0/builds.json", &format!("{{{}}}", builds.join(","))),
        ]);
        world.outputs("leader", "generated_1");
        for hotkey in miners {
            world.outputs(hotkey, "submitted");
        }
        world
    }

    /// Adds to what the judge knows.
    pub(crate) fn scores(&self, scores: &str) {
        let mut all = self.answers.scores.lock().unwrap();
        for one in scores.split_whitespace() {
            let (pair, score) = one.split_once('=').unwrap();
            let (left, right) = pair.split_once('-').unwrap();
            all.insert((left.to_owned(), right.to_owned()), score.parse().unwrap());
        }
    }

    /// Somebody commits files.
    pub(crate) fn put(&self, files: &[(&str, &str)]) {
        let changes =
            files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())));
        let draft = Draft {
            message: "others".into(),
            changes: changes.collect(),
            author: self.ports.author.clone(),
            time: self.clock.now(),
        };
        publish(&*self.books, &draft, &Expected::new()).unwrap();
    }

    /// All outputs of somebody are there.
    pub(crate) fn outputs(&self, hotkey: &str, file: &str) {
        let folder = format!("https://cdn.example/rounds/0/{hotkey}/{file}");
        let row = |n| format!(r#""p{n}": {{"js": "{folder}/p{n}.js", "views": "{folder}/p{n}"}}"#);
        let rows: Vec<String> = (0..self.prompts).map(row).collect();
        let text = format!("{{{}}}", rows.join(","));
        self.put(&[(&format!("rounds/0/{hotkey}/{file}.json"), &text)]);
    }

    /// Somebody's outputs were made again, and its source was looked at.
    pub(crate) fn audited(&self, hotkeys: &[&str], verdict: &str) {
        let report = |hotkey: &&str| {
            format!(
                r#""{hotkey}": {{"hotkey": "{hotkey}", "outcome": "completed", "repeats": [{{"repeat_index": 1}}]}}"#
            )
        };
        let audit = |hotkey: &&str| {
            format!(r#"{{"hotkey": "{hotkey}", "verdict": "{verdict}", "reason": "looked"}}"#)
        };
        let reports: Vec<String> = hotkeys.iter().map(report).collect();
        let audits: Vec<String> = hotkeys.iter().map(audit).collect();
        for hotkey in hotkeys {
            self.outputs(hotkey, "generated_1");
        }
        self.put(&[
            ("rounds/0/generation_reports.json", &format!("{{{}}}", reports.join(","))),
            ("rounds/0/source_audit.json", &format!("[{}]", audits.join(","))),
        ]);
    }

    pub(crate) fn text(&self, path: &str) -> Option<String> {
        let head = self.books.head().unwrap().unwrap();
        self.books.read(head, path).unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
    }

    pub(crate) fn files(&self) -> Vec<String> {
        let head = self.books.head().unwrap().unwrap();
        Snapshot::new(&*self.books, head).list("").unwrap()
    }

    /// Messages of commits, the oldest first, without those of others.
    pub(crate) fn messages(&self) -> Vec<String> {
        let mut at = self.books.head().unwrap();
        let mut messages = Vec::new();
        while let Some(id) = at {
            let commit = self.books.commit(id).unwrap();
            if commit.message != "others" {
                messages.push(commit.message.replace('\n', " | "));
            }
            at = commit.parents.first().copied();
        }
        messages.reverse();
        messages
    }

    pub(crate) fn asked(&self) -> usize {
        self.answers.asked.lock().unwrap().len()
    }

    pub(crate) fn most_under_way(&self) -> usize {
        self.answers.under_way.lock().unwrap().1
    }

    pub(crate) fn titles(&self) -> Vec<String> {
        self.told.titles()
    }

    pub(crate) fn later(&self, time: Duration) {
        let _ready = self.clock.sleep(time);
    }

    /// Stored evidence of A's duels with the leader, by key.
    pub(crate) fn evidence(&self) -> BTreeMap<String, Bytes> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let keys = (0..self.prompts).map(|n| format!("rounds/0/evidence/A/duels_leader/p{n}.json"));
        let got = |key: String| {
            let bytes = runtime.block_on(self.ports.store.get(&key, 1 << 20)).unwrap();
            bytes.map(|bytes| (key, bytes))
        };
        keys.filter_map(got).collect()
    }

    /// Stores something that is no evidence in its place.
    pub(crate) fn forget<'a>(&self, keys: impl Iterator<Item = &'a String>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for key in keys {
            let nothing = Bytes::from_static(b"{}");
            let put = self.ports.store.put(key, nothing, "application/json");
            runtime.block_on(put).unwrap();
        }
    }

    /// One turn of an owner that knows nothing.
    pub(crate) fn turn(&self) -> Result<Turn, TurnError> {
        self.turn_with(Settings::default())
    }

    pub(crate) fn turn_with(&self, settings: Settings) -> Result<Turn, TurnError> {
        let mut owner = Judging::new(settings);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(owner.turn(&self.ports))
    }

    /// Turns until something is so.
    pub(crate) fn run_until(&self, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..200 {
            if is_so(self) {
                return;
            }
            self.turn().unwrap();
        }
        panic!("it is never so");
    }

    /// Turns until nothing is to be done; a new owner for each, as if the process had died between any two.
    pub(crate) fn run(&self) -> Turn {
        self.run_with(&Settings::default())
    }

    pub(crate) fn run_with(&self, settings: &Settings) -> Turn {
        for _ in 0..200 {
            match self.turn_with(settings.clone()).unwrap() {
                Turn::Again => {}
                turn => return turn,
            }
        }
        panic!("it does not come to rest");
    }
}
