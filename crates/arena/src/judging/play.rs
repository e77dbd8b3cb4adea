//! Judges a match: its duels at once, as many as the budget has room for; what each rests on is stored before it counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use judge::matches::silence::Silence;
use judge::matches::{
    Gathered, Judged, Plan, Prompt, evidence_folder, evidence_key, gather, order_key, report,
    report_name, same_views,
};
use judge::tournament::Play;
use judge::{Budget, Call, Duel, Evidence, JudgeError, Parts, Shown, Sleep};
use ledger::files::config::Crown;
use ledger::files::duels::{MatchReport, Side};
use ledger::files::outputs::{AssetKind, Output};
use ledger::json::{Json, Object};
use ledger::{MinerFile, Place};
use store::{Digest, StoreError};

use super::Settings;
use super::notebook::{Notebook, Page};
use super::pictures::Pictures;
use super::seen::Seen;
use super::sheets::Sheet;
use crate::owner::TurnError;
use crate::ports::Ports;

/// Bytes of a duel's evidence, at most.
pub const EVIDENCE_BYTES_MAX: u64 = 8 << 20;

/// What came of a match.
#[derive(Debug)]
pub enum Played {
    /// It is over.
    Over(Box<MatchReport>),
    /// It was broken off: the process is to stop, or the state changed. What was judged is kept.
    BrokenOff,
}

/// A match and where its evidence goes.
#[derive(Debug)]
pub struct Match {
    /// What is judged, and when it may end.
    pub plan: Plan,
    duels: Vec<Duel>,
    keys: Vec<String>,
    /// Of duels that need no judge.
    verdicts: Vec<Option<Judged>>,
    /// What all keys begin with.
    evidence: String,
}

impl Match {
    /// Of a match that is due.
    ///
    /// # Errors
    ///
    /// A file that no match can be made of, with its repair.
    pub fn new(seen: &Seen, play: &Play) -> Result<Self, String> {
        let [left, right] = seen.sides(play);
        let (left_name, threshold, crown) = match play {
            Play::Audit(audit) if audit.against == judge::audit::SUBMITTED => {
                let least = seen.options.self_audit_margin.unwrap_or(seen.config.win_margin);
                (audit.against.clone(), -least, Crown::Margin)
            }
            Play::Audit(audit) => (audit.against.clone(), seen.config.win_margin, Crown::Margin),
            _ => (play.sides().0, seen.config.win_margin, seen.options.crown),
        };
        let right_name = play.sides().1.to_owned();
        let full_name = match play {
            Play::Audit(audit) => MinerFile::Audit(left_name.clone(), audit.repeat),
            _ => MinerFile::Duels(left_name.clone()),
        };
        let full_name = report_name(&full_name);
        let (mut prompts, mut duels, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        let mut verdicts = Vec::new();
        for (stem, url) in &seen.prompts {
            let (left_side, left_shown) = side(&left, stem)?;
            let (right_side, right_shown) = side(&right, stem)?;
            duels.push(Duel {
                stem: stem.clone(),
                prompt: url.clone(),
                left: left_shown,
                right: right_shown,
                seed: seen.seed,
            });
            let outputs = left.outputs.get(stem).zip(right.outputs.get(stem));
            let same = outputs.and_then(|(left, right)| same_views(left, right));
            verdicts.push(same.map(|same| Judged { winner: same.winner, detail: same.detail }));
            keys.push(evidence_key(seen.round(), &right_name, &full_name, stem));
            let (stem, url) = (stem.clone(), url.clone());
            prompts.push(Prompt { stem, url, left: left_side, right: right_side });
        }
        let plan = Plan {
            left: left_name,
            right: right_name,
            kind: seen.kind(),
            prompts,
            order_key: order_key(seen.seed, &left.outputs, &right.outputs),
            threshold,
            crown,
            may_stop: judge::audit::may_stop(&seen.options, matches!(play, Play::Audit(_))),
            confidence: seen.options.confidence,
        };
        let evidence = evidence_folder(seen.round(), &plan.right, &full_name);
        Ok(Self { plan, duels, keys, verdicts, evidence })
    }
}

/// What a side brought to a duel, for the report and for the judge.
fn side(sheet: &Sheet, stem: &str) -> Result<(Side, Option<Shown>), String> {
    let Some(output) = sheet.outputs.get(stem) else { return Ok((Side::default(), None)) };
    let Some(picture) = output.picture.as_deref().filter(|picture| !picture.is_empty()) else {
        return Ok((Side { asset: output.asset.clone(), picture: None }, None));
    };
    let (prefix, picture) = bundle(output, picture)?;
    let side = Side { asset: output.asset.clone(), picture: Some(picture) };
    Ok((side, Some(Shown { prefix })))
}

/// Where a bundle of views is, and its sheet of four.
fn bundle(output: &Output, picture: &str) -> Result<(String, String), String> {
    match output.kind {
        AssetKind::Module => Ok((picture.to_owned(), format!("{picture}/grid.png"))),
        AssetKind::Splats | AssetKind::Mesh => {
            let prefix = picture.strip_suffix("/grid.png").ok_or_else(|| {
                let shown = ledger::shorten(picture);
                format!("an output's \"png\" is {shown}, not a bundle's …/grid.png; judges need the views beside it")
            })?;
            Ok((prefix.to_owned(), picture.to_owned()))
        }
    }
}

/// Waits on a clock.
struct ClockSleep<'a>(&'a dyn chain::Clock);

impl Sleep for ClockSleep<'_> {
    fn sleep(&self, time: Duration) -> judge::Pending<'_, ()> {
        self.0.sleep(time)
    }
}

/// Why a duel has no outcome.
enum Failure {
    Later(String),
    Operator(String),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Key { .. } => Self::Operator(error.to_string()),
            error => Self::Later(error.to_string()),
        }
    }
}

/// A match that came to nothing for now.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: TurnError,
    /// Duels without a verdict because of the judge; 0 if something else failed.
    pub(super) duels: usize,
}

/// Judges all of a match that has to be judged.
///
/// # Errors
///
/// [`Failed`]: the judge or the store is not to be had, or the model answered too little. What was judged is kept, and what was
/// answered is not asked for again.
pub(super) async fn play(
    ports: &Ports,
    settings: &Settings,
    seen: &Seen,
    one: &Match,
) -> Result<Played, Failed> {
    let pictures = Pictures::new(ports.store.clone(), ports.web.clone(), ports.clock.clone());
    let sleep = ClockSleep(&*ports.clock);
    let sides = [&one.plan.right, &one.plan.left].map(|side| ledger::hotkey10(side));
    let doing = format!("judging {} against {}", sides[0], sides[1]);
    // What was silent in an earlier turn is asked once more before the match fails because of it.
    for insist in [false, true] {
        let budget = Budget::new(settings.max_concurrent_calls);
        let watch = Watch::new(StateWatch::new(ports, seen, settings), &budget);
        let book = Notebook::open(ports, seen.round());
        let desk = Desk {
            ports,
            pictures: &pictures,
            budget: &budget,
            sleep: &sleep,
            book: &book,
            watch: &watch,
            insist,
            was_silent: AtomicBool::new(false),
            failed: AtomicUsize::new(0),
        };
        let desk = &desk;
        let judge = |at: usize| async move {
            match &one.verdicts[at] {
                Some(verdict) => Ok(verdict.clone()),
                None => judge_one(desk, &one.duels[at], &one.keys[at]).await,
            }
        };
        let gathered =
            gather(&one.plan, settings.max_concurrent_duels, judge, || watch.is_over()).await;
        let failure = match gathered {
            Gathered::Over(stopped, judged) => {
                let details = judged.iter().take(stopped.judged).map(|duel| &duel.detail);
                let silence = Silence::of(details);
                if silence.is_too_much(settings.unanswered_max) {
                    if desk.was_silent.load(Ordering::SeqCst) {
                        continue;
                    }
                    let reason = format!(
                        "{} of {} questions came to no answer of the model, in {} of {} duels too many: the match does not count, and \
                         is judged again",
                        silence.unanswered, silence.asked, silence.duels, stopped.judged
                    );
                    let error = TurnError::later(doing, reason);
                    return Err(Failed { error, duels: silence.duels });
                }
                book.over(&one.evidence);
                let report = report(&one.plan, stopped, &judged, &ports.judge.describe());
                return Ok(Played::Over(Box::new(report)));
            }
            Gathered::BrokenOff => return Ok(Played::BrokenOff),
            // Calls that were not begun any more because of that.
            Gathered::Failed(_) if watch.is_over() => return Ok(Played::BrokenOff),
            Gathered::Failed(failure) => failure,
        };
        let error = match failure {
            Failure::Operator(reason) => TurnError::operator(doing, reason),
            Failure::Later(reason) => TurnError::later(doing, reason),
        };
        return Err(Failed { error, duels: desk.failed.load(Ordering::SeqCst) });
    }
    unreachable!("whoever insists has no silence of an earlier turn")
}

/// What all duels of a match are judged with.
struct Desk<'a> {
    ports: &'a Ports,
    pictures: &'a Pictures,
    budget: &'a Budget,
    sleep: &'a ClockSleep<'a>,
    book: &'a Notebook<'a>,
    watch: &'a Watch<'a>,
    /// Whether silence of an earlier turn is asked again.
    insist: bool,
    /// Whether there was some, and it was not.
    was_silent: AtomicBool,
    /// Duels that the judge gave no verdict on.
    failed: AtomicUsize,
}

/// Judges one duel, or takes what it rested on from an earlier run.
async fn judge_one(desk: &Desk<'_>, duel: &Duel, key: &str) -> Result<Judged, Failure> {
    let Desk { ports, pictures, budget, sleep, book, insist, .. } = *desk;
    let stored = if duel.left.is_some() && duel.right.is_some() {
        match ports.store.get(key, EVIDENCE_BYTES_MAX).await {
            Ok(stored) => stored,
            // Somebody else put it there: it is written over.
            Err(StoreError::TooLarge { .. }) => None,
            Err(error) => return Err(error.into()),
        }
    } else {
        None
    };
    let judge = ports.judge.describe();
    let earlier: Option<Evidence> =
        stored.as_deref().and_then(|bytes| serde_json::from_slice(bytes).ok());
    let earlier = earlier.filter(|one| one.judge == judge && one.duel == *duel);
    let was_judged = earlier.is_some();
    let earlier = earlier.or_else(|| book.part(&judge, duel, key));
    let page = Heard { page: book.of(key), watch: desk.watch };
    let earlier = earlier.as_ref();
    let parts = Parts { pictures, sleep, budget, earlier, insist, notebook: Some(&page) };
    let verdict = ports.judge.judge(duel, parts).await.map_err(|error| {
        desk.failed.fetch_add(1, Ordering::SeqCst);
        match error {
            JudgeError::Outage(_) => Failure::Later(error.to_string()),
            JudgeError::Broken(_) => Failure::Operator(error.to_string()),
        }
    })?;
    let mut detail = verdict.detail;
    if was_judged && !insist && Silence::of([&detail]).unanswered > 0 {
        desk.was_silent.store(true, Ordering::SeqCst);
    }
    if let Some(evidence) = verdict.evidence {
        let bytes = serde_json::to_vec_pretty(&evidence);
        let bytes = Bytes::from(bytes.map_err(|error| Failure::Later(error.to_string()))?);
        let sha256 = if stored.as_ref() == Some(&bytes) {
            Digest::of(&bytes)
        } else {
            book.whole(key, &evidence);
            ports.store.put(key, bytes, "application/json").await?.sha256
        };
        detail = with_evidence(detail, key, sha256);
    }
    Ok(Judged { winner: verdict.winner, detail })
}

/// Where a duel's evidence is and what it has, as a member of the detail.
fn with_evidence(detail: Json, key: &str, sha256: Digest) -> Json {
    let mut members = match detail {
        Json::Object(members) => members,
        Json::Null => Object::new(),
        other => Object::from_iter([("detail".to_owned(), other)]),
    };
    let evidence = Object::from_iter([
        ("key".to_owned(), Json::from(key)),
        ("sha256".to_owned(), Json::String(sha256.to_string())),
    ]);
    members.insert("evidence".to_owned(), Json::Object(evidence));
    Json::Object(members)
}

/// Notices between answers, too, that a match is to be broken off. Then no call is begun any more, and those in flight end.
struct Watch<'a> {
    state: Mutex<StateWatch<'a>>,
    budget: &'a Budget,
    is_over: AtomicBool,
}

impl<'a> Watch<'a> {
    fn new(state: StateWatch<'a>, budget: &'a Budget) -> Self {
        Self { state: Mutex::new(state), budget, is_over: AtomicBool::new(false) }
    }

    fn is_over(&self) -> bool {
        if !self.is_over.load(Ordering::SeqCst) {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if !state.ports.stop.is_set() && !state.changed() {
                return false;
            }
            self.is_over.store(true, Ordering::SeqCst);
            self.budget.run_out();
        }
        true
    }
}

/// Writes answers down, and looks up in between.
struct Heard<'a, 'w> {
    page: Page<'a>,
    watch: &'a Watch<'w>,
}

impl judge::Notebook for Heard<'_, '_> {
    fn answered(&self, call: &Call, inputs: &BTreeMap<String, String>) {
        self.page.answered(call, inputs);
        self.watch.is_over();
    }
}

/// Notices when somebody pauses the round.
struct StateWatch<'a> {
    ports: &'a Ports,
    path: String,
    state: Option<ledger::repository::Id>,
    head: ledger::repository::Id,
    every: Duration,
    looked_at: Duration,
}

impl<'a> StateWatch<'a> {
    fn new(ports: &'a Ports, seen: &Seen, settings: &Settings) -> Self {
        let path = Place::State.to_string();
        let state = seen.ids.get(&path).copied().flatten();
        let every = Duration::from_secs(settings.pause_check_s);
        Self { ports, path, state, head: seen.at, every, looked_at: ports.clock.elapsed() }
    }

    /// Whether the state file is another one than it was when the match began; looked at from time to time.
    fn changed(&mut self) -> bool {
        let now = self.ports.clock.elapsed();
        if now.saturating_sub(self.looked_at) < self.every {
            return false;
        }
        self.looked_at = now;
        let books = &self.ports.books;
        let (path, known) = (&self.path, self.head);
        let look = || {
            let head = books.head()?.filter(|head| *head != known);
            let state = head.map(|head| books.file_id(head, path)).transpose()?;
            Ok::<_, ledger::repository::RepositoryError>(head.zip(state))
        };
        // A repository that does not answer now is no reason to stop judging.
        let Ok(Some((head, state))) = self.ports.blocking.run(look) else { return false };
        self.head = head;
        state != self.state
    }
}
