//! One order: which session it is, how far it is, what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fleet::names::{LABEL_HOTKEY, PodName, Purpose, Word, instance_of};
use fleet::provider::Provider;
use fleet::session::{
    Answer, Before, Container, Event, Folder, Journal, Limits, Observation, Outcome, Parts, Plan,
    Session, Verdict, replay,
};
use fleet::sweep::{Insistence, delete_verified};
use futures_util::future::join;
use ledger::{LEADER, Round};
use pod::wire::batch::{Prompt, is_stem};
use pod::wire::{PORT, Seed};
use store::Digest;

use super::Inner;
use super::alarm::Alarm;
use super::forward::{Forward, Progress};
use super::meter::{Metered, lock};
use crate::notify::notices::PodTrouble;
use crate::ports::{Keep, Order, OrderEnd, Sink, Stop};

/// Between two looks whether to stop.
const LOOK: Duration = Duration::from_millis(100);

/// Of a prompt that was not made because nobody is left to make it.
const NOT_MADE: &str = "not made: no replacement of the pod was left";

/// Milliseconds and seconds of the wall clock. Pods run on that, whatever a development chain's clock says.
pub(super) fn now_s() -> f64 {
    jiff::Timestamp::now().as_duration().as_secs_f64()
}

fn now_ms() -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of ours")]
    let now = (now_s() * 1000.0) as u64;
    now
}

pub(super) async fn run(
    inner: &Arc<Inner>,
    order: &Order,
    sink: &dyn Sink,
    stop: &Stop,
) -> Result<(OrderEnd, Option<String>), String> {
    let folder = folder_of(inner, order)?;
    fs_err::create_dir_all(&folder).map_err(|error| error.to_string())?;
    if order.kind != views::Kind::Module {
        return Box::pin(super::single::run(inner, order, folder, sink, stop)).await;
    }
    let aliases = aliases(order);
    let mut number = latest(&folder)?;
    let mut before = Before::default();
    let mut plan = None;
    if let Some(last) = number {
        let session = read(&folder, last)?;
        if !is_of(session.plan(), &make_plan(inner, order, &aliases, 0, Before::default())?) {
            end_session(inner, order, &folder, last).await?;
            fs_err::remove_dir_all(folder.join("made")).ok();
            number = Some(last + 1);
        } else if was_stopped(&session) {
            before = session.done();
            number = Some(last + 1);
        } else {
            plan = Some(session.plan().clone());
        }
    }
    let is_new = plan.is_none();
    if is_new && stop.is_set() {
        return Ok((OrderEnd::Stopped, statistics(&folder)?));
    }
    let number = number.unwrap_or(0);
    let plan = match plan {
        Some(plan) => plan,
        None => make_plan(inner, order, &aliases, number, before)?,
    };
    let (journal, session) =
        Journal::open(&path_of(&folder, number), &plan).map_err(|error| error.to_string())?;
    let session = hold(inner, order, &aliases, &folder, (journal, session), sink, stop).await?;
    let stats = statistics(&folder)?;
    if let Some(Outcome::Unavailable { reason }) = session.outcome() {
        sink.trouble(PodTrouble::Deploy, reason);
    }
    Ok((end_of(inner, order, &session, stop)?, stats))
}

/// Runs a session to its end, and hands on what it makes meanwhile.
async fn hold(
    inner: &Arc<Inner>,
    order: &Order,
    aliases: &BTreeMap<String, String>,
    folder: &Path,
    (journal, session): (Journal, Session),
    sink: &dyn Sink,
    stop: &Stop,
) -> Result<Session, String> {
    let progress = Progress::new(&session);
    let mut alarm = Alarm::new(&session, sink);
    let stopped = async {
        loop {
            if stop.is_set() {
                return "stopped".to_owned();
            }
            if let Some(over) = lock(&inner.meter).over(&order.hotkey, order.round.0, now_s()) {
                return over;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let parts = Parts {
        providers: metered(inner, order),
        limits: inner.client.clone(),
        keep: Arc::new(Folder(folder.join("made"))),
        journal,
        clock: now_ms,
        stop: Box::pin(stopped),
        watch: Box::new(|event: Event<'_>| {
            alarm.look(event.session);
            let answer = |answer: &Answer| matches!(answer, Answer::Fetch(_));
            let is_news = match event.observed {
                Observation::Answer { answer: found, .. } => answer(found),
                _ => false,
            };
            if is_news {
                progress.note(event.session);
            }
        }),
    };
    let held = async {
        let held = Box::pin(fleet::session::run(session, parts)).await;
        progress.end(held.as_ref().ok().map(|session| (session, not_made(session))));
        held.map_err(|error| error.to_string())
    };
    let forward = Forward {
        order,
        aliases,
        made: folder.join("made"),
        progress: &progress,
        sink,
        stop,
        at_once: inner.settings.forward_max.max(1),
    };
    let (held, forwarded) = join(held, forward.run()).await;
    let session = held?;
    forwarded?;
    Ok(session)
}

/// The reason of prompts that have no row at the end, where their order ends all the same.
fn not_made(session: &Session) -> Option<&'static str> {
    matches!(session.outcome(), Some(Outcome::BudgetSpent)).then_some(NOT_MADE)
}

fn end_of(
    inner: &Inner,
    order: &Order,
    session: &Session,
    stop: &Stop,
) -> Result<OrderEnd, String> {
    if stop.is_set() {
        return Ok(OrderEnd::Stopped);
    }
    match session.outcome() {
        Some(Outcome::Stopped { reason } | Outcome::Unavailable { reason }) => {
            // Not by `stop`: a cap.
            let over = lock(&inner.meter).over(&order.hotkey, order.round.0, now_s());
            Err(over.unwrap_or_else(|| reason.clone()))
        }
        None => Err("the session ended without an outcome".to_owned()),
        Some(_) => {
            let report = session.report().ok_or("the session has no report")?;
            Ok(match report.outcome {
                Verdict::Rejected => OrderEnd::Rejected(report.reason.unwrap_or_default()),
                Verdict::Completed | Verdict::Pending => OrderEnd::Completed,
            })
        }
    }
}

/// Sessions that nobody takes up end; pods that no session knows are deleted.
pub(super) async fn clear(inner: &Arc<Inner>, keep: Keep) -> Result<(), String> {
    let mut live: Vec<Plan> = Vec::new();
    for (round, folder) in rounds(inner)? {
        if keep == Keep::Round(round) {
            for (_, folder) in folders(&folder)? {
                let Some(number) = latest(&folder)? else { continue };
                let session = read(&folder, number)?;
                if !session.is_over() {
                    live.push(session.plan().clone());
                }
            }
            continue;
        }
        for (hotkey, folder) in folders(&folder)? {
            if let Some(number) = latest(&folder)? {
                let order = Order {
                    round,
                    hotkey,
                    image: String::new(),
                    kind: views::Kind::Module,
                    prompts: Vec::new(),
                    seed: 0,
                    repeats: 1,
                };
                end_session(inner, &order, &folder, number).await?;
            }
        }
        // A competition that is paused goes on with what was made, and counts what it took.
        if keep != Keep::Made(round) {
            fs_err::remove_dir_all(&folder).map_err(|error| error.to_string())?;
        }
    }
    for provider in inner.providers.values() {
        let seen = provider.list().await.map_err(|error| error.to_string())?;
        for pod in seen {
            let is_round = |name: &PodName| matches!(name.purpose, Purpose::Round { .. });
            let is_order = pod.name.parse::<PodName>().is_ok_and(|name| is_round(&name));
            let is_ours = instance_of(&pod).as_ref() == Some(&inner.instance);
            let is_live = live.iter().any(|plan| plan.is_pod_name(&pod.name));
            if is_order && is_ours && !is_live {
                let gone = delete_verified(&**provider, &pod.id, &Insistence::default()).await;
                gone.map_err(|left| left.to_string())?;
                lock(&inner.meter).gone(provider.name(), &pod.id, now_s());
            }
        }
    }
    Ok(())
}

/// Stops a session that nobody will take up again, and waits until its pods are gone.
async fn end_session(
    inner: &Arc<Inner>,
    order: &Order,
    folder: &Path,
    number: u32,
) -> Result<(), String> {
    let plan = read(folder, number)?.plan().clone();
    let (journal, session) =
        Journal::open(&path_of(folder, number), &plan).map_err(|error| error.to_string())?;
    let parts = Parts {
        providers: metered(inner, order),
        limits: inner.client.clone(),
        keep: Arc::new(Folder(folder.join("made"))),
        journal,
        clock: now_ms,
        stop: Box::pin(std::future::ready("no longer wanted".to_owned())),
        watch: Box::new(|_| {}),
    };
    let held = Box::pin(fleet::session::run(session, parts)).await;
    held.map(drop).map_err(|error| error.to_string())
}

pub(super) fn metered(inner: &Inner, order: &Order) -> BTreeMap<String, Arc<dyn Provider>> {
    let metered = |(name, provider): (&String, &Arc<dyn Provider>)| {
        let provider: Arc<dyn Provider> = Arc::new(Metered {
            provider: Arc::clone(provider),
            meter: Arc::clone(&inner.meter),
            account: order.hotkey.clone(),
            round: order.round.0,
            now: now_s,
        });
        (name.clone(), provider)
    };
    inner.providers.iter().map(metered).collect()
}

fn make_plan(
    inner: &Inner,
    order: &Order,
    aliases: &BTreeMap<String, String>,
    number: u32,
    before: Before,
) -> Result<Plan, String> {
    let settings = &inner.settings;
    let who = who(&order.hotkey, number)?;
    let round = order.round.0;
    let first = PodName {
        purpose: Purpose::Round { round, who: who.clone() },
        index: 0,
        instance: inner.instance.clone(),
    };
    let image = image(settings, &order.image)?;
    let mut limits = settings.limits.clone();
    if order.hotkey == LEADER {
        let Limits { generation, failures, .. } = Limits::baseline();
        limits = Limits { generation, failures, ..limits };
    }
    let prompts = order.prompts.iter().map(|(stem, url)| Prompt {
        stem: aliases.get(stem).unwrap_or(stem).clone(),
        image_url: url.clone(),
    });
    let plan = Plan {
        id: format!("r{round}-{who}-s{number}"),
        first_pod: first.to_string(),
        container: Container {
            image,
            gpu_type: settings.gpu_type.clone(),
            gpu_count: settings.gpu_count,
            port: PORT,
            env: settings.env.clone(),
            labels: BTreeMap::from([(LABEL_HOTKEY.to_owned(), order.hotkey.clone())]),
        },
        providers: inner.names.clone(),
        prompts: prompts.collect(),
        seed: Seed::from(order.seed),
        repeats: order.repeats,
        limits,
        is_attached: false,
        before,
    };
    plan.check().map_err(|error| error.to_string())?;
    Ok(plan)
}

/// Whether two plans make the same of the same; limits and names may differ.
fn is_of(one: &Plan, other: &Plan) -> bool {
    one.container.image == other.container.image
        && one.prompts == other.prompts
        && one.seed == other.seed
        && one.repeats == other.repeats
}

fn was_stopped(session: &Session) -> bool {
    let by_nobody_s_fault =
        matches!(session.outcome(), Some(Outcome::Stopped { .. } | Outcome::Unavailable { .. }));
    session.is_over() && by_nobody_s_fault
}

/// Names of pods tell hotkeys with the same first ten characters apart, and the sessions of one order.
pub(super) fn who(hotkey: &str, number: u32) -> Result<Word, String> {
    let number = if number == 0 { String::new() } else { number.to_string() };
    let digest = Digest::of(hotkey.as_bytes()).to_string();
    let first: String = hotkey.chars().take(10).collect::<String>().to_ascii_lowercase();
    let hash = if hotkey == LEADER { "" } else { &digest[..4] };
    let text: String = format!("{first}{hash}{number}");
    text.parse().map_err(|_| format!("{first:?} cannot be part of a pod's name"))
}

/// Places that only this machine knows, in a command line.
pub(super) fn image(settings: &super::Settings, image: &str) -> Result<String, String> {
    let Some(line) = image.strip_prefix(fleet::local::PREFIX) else { return Ok(image.to_owned()) };
    let words = shlex::split(line).ok_or_else(|| format!("{image:?}: not a command line"))?;
    let builds = settings.builds.to_string_lossy();
    let program = settings.program.to_string_lossy();
    let fill = |word: &String| word.replace("{builds}", &builds).replace("{crucible}", &program);
    let words: Vec<String> = words.iter().map(fill).collect();
    let line = shlex::try_join(words.iter().map(String::as_str));
    let line = line.map_err(|error| format!("{image:?}: {error}"))?;
    Ok(format!("{}{line}", fleet::local::PREFIX))
}

/// Pods take stems of lower-case letters and digits only. Where a prompt has another one, all get numbers.
fn aliases(order: &Order) -> BTreeMap<String, String> {
    let stems = || order.prompts.iter().map(|(stem, _)| stem);
    if stems().all(|stem| is_stem(stem)) {
        return BTreeMap::new();
    }
    stems().enumerate().map(|(n, stem)| (stem.clone(), format!("p{n}"))).collect()
}

/// Statistics of the pods of all sessions, as text of `pod_stats.json`.
fn statistics(folder: &Path) -> Result<Option<String>, String> {
    let mut all = serde_json::Map::new();
    for number in numbers(folder)? {
        for (name, pod) in read(folder, number)?.pod_stats() {
            let mut pod = serde_json::to_value(pod).map_err(|error| error.to_string())?;
            if let Some(reason) = pod.get_mut("termination_reason").filter(|it| it.is_null()) {
                *reason = serde_json::Value::String(String::new());
            }
            all.insert(name, pod);
        }
    }
    let text = serde_json::to_string(&all).map_err(|error| error.to_string())?;
    Ok((!all.is_empty()).then_some(text))
}

fn folder_of(inner: &Inner, order: &Order) -> Result<PathBuf, String> {
    let hotkey = &order.hotkey;
    let is_plain = !hotkey.is_empty()
        && hotkey.len() <= 100
        && hotkey.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_plain {
        return Err("a hotkey that is none".to_owned());
    }
    Ok(inner.settings.folder.join(format!("round-{}", order.round)).join(hotkey))
}

fn path_of(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("session-{number}.jsonl"))
}

/// The session as its journal has it, or as it would begin.
fn read(folder: &Path, number: u32) -> Result<Session, String> {
    let path = path_of(folder, number);
    let bytes = fs_err::read(&path).map_err(|error| error.to_string())?;
    let replayed = replay(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    let replayed = replayed.ok_or_else(|| format!("{}: no first line", path.display()))?;
    Ok(replayed.session)
}

/// Numbers of the sessions that have a journal, in order. One without a whole first line never began, and is removed.
fn numbers(folder: &Path) -> Result<BTreeSet<u32>, String> {
    let mut numbers = BTreeSet::new();
    for name in names(folder)? {
        let number = name.strip_prefix("session-").and_then(|rest| rest.strip_suffix(".jsonl"));
        let Some(number) = number.and_then(|number| number.parse().ok()) else { continue };
        let bytes = fs_err::read(path_of(folder, number)).map_err(|error| error.to_string())?;
        if bytes.contains(&b'\n') {
            numbers.insert(number);
        }
    }
    Ok(numbers)
}

fn latest(folder: &Path) -> Result<Option<u32>, String> {
    Ok(numbers(folder)?.last().copied())
}

fn names(folder: &Path) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(folder).map_err(|error| error.to_string())? {
        names.extend(entry.map_err(|error| error.to_string())?.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

fn rounds(inner: &Inner) -> Result<Vec<(Round, PathBuf)>, String> {
    let folder = &inner.settings.folder;
    let round = |name: String| {
        let round = name.strip_prefix("round-")?.parse().ok()?;
        Some((Round(round), folder.join(name)))
    };
    Ok(names(folder)?.into_iter().filter_map(round).collect())
}

fn folders(folder: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let below = names(folder)?.into_iter().map(|name| (name.clone(), folder.join(name)));
    Ok(below.filter(|(_, path)| path.is_dir()).collect())
}
