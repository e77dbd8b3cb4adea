//! A small world of fakes: time that jumps to the next thing that waits, and everything in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use arena::notify::notices::PodTrouble;
use arena::orchestrator::{Orchestrator, Settings};
use arena::owner::{Owner as _, Turn, TurnError};
use arena::ports::{
    Blocking, BuildSeen, Builds, Keep, Made, Notice, Notify, Order, OrderEnd, Ports, RepeatDone,
    Sink, Stop, Studio, Web, WebError, WebLimits, Works,
};
use bytes::Bytes;
use chain::{Clock, Pending};
use jiff::Timestamp;
use ledger::Round;
use ledger::files::builds::BuildStatus;
use ledger::files::submissions::Submission;
use ledger::repository::{Author, Draft, Expected, MemoryRepository, Repository as _, publish};
use store::Store;
use views::{Bundle, GRAY, Kind, ViewsError, WHITE};

use crate::fakes::{Memory, Nobody};

/// Time that only passes when everybody waits.
#[derive(Debug, Default)]
pub(crate) struct Time(Mutex<(Duration, Vec<(Duration, Waker)>)>);

impl Time {
    pub(crate) fn pass(&self, time: Duration) {
        self.0.lock().unwrap().0 += time;
    }

    /// To the next one who waits.
    fn jump(&self) -> bool {
        let mut inner = self.0.lock().unwrap();
        let Some(next) = inner.1.iter().map(|(until, _)| *until).min() else { return false };
        inner.0 = inner.0.max(next);
        let now = inner.0;
        for (_, waker) in inner.1.extract_if(.., |(until, _)| *until <= now) {
            waker.wake();
        }
        true
    }
}

struct Sleep<'a> {
    time: &'a Time,
    until: Duration,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.time.0.lock().unwrap();
        if inner.0 >= self.until {
            return Poll::Ready(());
        }
        inner.1.push((self.until, context.waker().clone()));
        Poll::Pending
    }
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        let began: Timestamp = "2031-03-01T08:00:00Z".parse().unwrap();
        began.checked_add(self.elapsed()).unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.0.lock().unwrap().0
    }

    fn sleep(&self, time: Duration) -> Pending<'_, ()> {
        Box::pin(Sleep { time: self, until: self.elapsed() + time })
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Polls to the end, or at most so often: nothing then, as after a crash.
pub(crate) fn hold<T>(time: &Time, polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&flag));
    let mut work = pin!(work);
    for _ in 0..polls {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(done);
        }
        if !flag.0.swap(false, Ordering::SeqCst) {
            assert!(time.jump(), "nothing goes on");
        }
    }
    None
}

/// What a miner's image does.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    /// Prompts without an asset.
    pub(crate) fails: BTreeSet<String>,
    /// Of each repeat.
    pub(crate) seconds: f64,
    /// Between assets.
    pub(crate) pause: Duration,
    /// What is wrong with its pods before the first asset.
    pub(crate) troubles: Vec<(PodTrouble, &'static str)>,
    /// How the order ends instead.
    pub(crate) end: Option<Result<OrderEnd, String>>,
}

impl Default for Script {
    fn default() -> Self {
        let pause = Duration::from_secs(10);
        Self { fails: BTreeSet::new(), seconds: 100.0, pause, troubles: Vec::new(), end: None }
    }
}

/// Everything that is not the orchestrator.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) time: Time,
    pub(crate) books: Arc<MemoryRepository>,
    pub(crate) scripts: Mutex<BTreeMap<String, Script>>,
    pub(crate) orders: Mutex<Vec<String>>,
    pub(crate) active: Mutex<(usize, usize)>,
    pub(crate) cleared: Mutex<Vec<Keep>>,
    pub(crate) told: Mutex<Vec<String>>,
    pub(crate) builds: Mutex<Vec<Option<BTreeMap<String, BuildSeen>>>>,
    /// Whether assets take all the time there is to draw one, and how often they did.
    pub(crate) endless: AtomicBool,
    pub(crate) endless_tries: Mutex<usize>,
    /// Whether builds cannot be looked at.
    pub(crate) no_builds: AtomicBool,
    /// Views asked for so often fail.
    pub(crate) outages: Mutex<usize>,
    journals: Memory,
}

#[derive(Debug, Clone)]
struct Port(Arc<World>);

impl Clock for Port {
    fn now(&self) -> Timestamp {
        self.0.time.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.time.elapsed()
    }

    fn sleep(&self, time: Duration) -> Pending<'_, ()> {
        self.0.time.sleep(time)
    }
}

impl Notify for Port {
    fn tell(&self, notice: Notice) {
        let text = format!("{}: {} {:?}", notice.title, notice.text, notice.fields.first());
        self.0.told.lock().unwrap().push(text);
    }
}

impl Web for Port {
    fn get<'a>(&'a self, url: &'a str, _: &'a WebLimits) -> Pending<'a, Result<Bytes, WebError>> {
        let found = if url.contains("gone") {
            Err(WebError::Status(404))
        } else {
            Ok(Bytes::from(url.to_owned()))
        };
        Box::pin(std::future::ready(found))
    }
}

impl Studio for Port {
    fn bundle(
        &self,
        _: Kind,
        asset: Bytes,
        prompt: Bytes,
    ) -> Pending<'_, Result<Bundle, ViewsError>> {
        let mut outages = self.0.outages.lock().unwrap();
        let made = if *outages > 0 {
            *outages -= 1;
            Err(ViewsError::Outage("no memory".to_owned()))
        } else if self.0.endless.load(Ordering::SeqCst) && !asset.starts_with(b"export") {
            *self.0.endless_tries.lock().unwrap() += 1;
            Err(ViewsError::Slow("not done within 300 s".to_owned()))
        } else if asset.starts_with(b"bad") {
            Err(ViewsError::Invalid("no module".to_owned()))
        } else {
            let white = WHITE.iter().map(|_| asset.clone()).collect();
            Ok(Bundle { white, gray: vec![asset; GRAY], grid: prompt, embeddings: Bytes::new() })
        };
        Box::pin(std::future::ready(made))
    }
}

impl Builds for Port {
    fn look<'a>(
        &'a self,
        _: Round,
        _: &'a [(String, Submission)],
    ) -> Pending<'a, Result<Option<BTreeMap<String, BuildSeen>>, String>> {
        if self.0.no_builds.load(Ordering::SeqCst) {
            return Box::pin(std::future::ready(Err("who builds is away".to_owned())));
        }
        let mut looks = self.0.builds.lock().unwrap();
        let seen = if looks.len() > 1 { looks.remove(0) } else { looks.first().cloned().flatten() };
        Box::pin(std::future::ready(Ok(seen)))
    }
}

impl Works for Port {
    fn run<'a>(
        &'a self,
        order: &'a Order,
        sink: &'a dyn Sink,
        stop: &'a Stop,
    ) -> Pending<'a, Result<(OrderEnd, Option<String>), String>> {
        Box::pin(async move {
            let world = &*self.0;
            world.orders.lock().unwrap().push(order.hotkey.clone());
            {
                let mut active = world.active.lock().unwrap();
                active.0 += 1;
                active.1 = active.1.max(active.0);
            }
            let end = work(world, order, sink, stop).await;
            world.active.lock().unwrap().0 -= 1;
            end
        })
    }

    fn clear(&self, keep: Keep) -> Pending<'_, Result<(), String>> {
        self.0.cleared.lock().unwrap().push(keep);
        Box::pin(std::future::ready(Ok(())))
    }
}

async fn work(
    world: &World,
    order: &Order,
    sink: &dyn Sink,
    stop: &Stop,
) -> Result<(OrderEnd, Option<String>), String> {
    let script = world.scripts.lock().unwrap().get(&order.hotkey).cloned().unwrap_or_default();
    let stats = format!(r#"{{"pod-{}-r1": {{"pod_id": "pod"}}}}"#, order.hotkey);
    for (trouble, reason) in &script.troubles {
        sink.trouble(*trouble, reason);
    }
    for repeat in 1..=order.repeats {
        if let Some(end) = &script.end {
            world
                .scripts
                .lock()
                .unwrap()
                .entry(order.hotkey.clone())
                .and_modify(|script| script.end = None);
            return end.clone().map(|end| (end, None));
        }
        for (stem, _) in &order.prompts {
            loop {
                if stop.is_set() {
                    return Ok((OrderEnd::Stopped, Some(stats)));
                }
                world.time.sleep(script.pause).await;
                let text = format!("{}{repeat}{stem}", if stem == "bad" { "bad" } else { "" });
                let asset = if script.fails.contains(stem) {
                    Err("it\nfailed".to_owned())
                } else {
                    Ok(Bytes::from(text))
                };
                if sink.put(Made { repeat, stem: stem.clone(), asset }).await.is_ok() {
                    break;
                }
            }
        }
        let done = RepeatDone { repeat, generated: 0, failed: 0, seconds: script.seconds };
        sink.repeat_done(done).await?;
    }
    Ok((OrderEnd::Completed, Some(stats)))
}

const CONFIG: &str = r#"{"name": "demo", "description": "", "first_evaluation_date": "2031-03-01",
    "last_competition_date": "2031-12-01", "generation_stage_minutes": 240, "win_margin": 0.05, "weight_decay": 0.15,
    "weight_floor": 0.4, "prompts_per_round": 3, "carryover_prompts": 0, "audit_repeats": 2}"#;

/// Three prompts, a leader, two miners who submitted all of them; round 1, at the start of `miner_generation`.
pub(crate) fn round() -> Arc<World> {
    let world = World::default();
    let submission = |commit: &str| {
        format!(
            r#"{{"repo": "a/b", "commit": "{commit}", "cdn_url": "https://cdn.example", "revealed_at_block": 7, "round": "demo-1"}}"#
        )
    };
    let submitted = r#"{"a": {"js": "u"}, "b": {"js": "u"}, "c": {"js": null}}"#;
    let files = [
        ("state.json", r#"{"current_round": 1, "stage": "miner_generation"}"#.to_owned()),
        ("config.json", CONFIG.to_owned()),
        (
            "leader.json",
            r#"[{"hotkey": "5Base", "docker": "base:1", "weight": 0.0, "effective_block": 0}]"#
                .to_owned(),
        ),
        ("rounds/1/seed.json", r#"{"seed": 7}"#.to_owned()),
        ("rounds/1/prompts.txt", "https://i/a.png\nhttps://i/b.png\nhttps://i/c.png".to_owned()),
        (
            "rounds/1/submissions.json",
            format!(
                r#"{{"5One": {}, "5Two": {}}}"#,
                submission("0123456789"),
                submission("abcdef0123")
            ),
        ),
        ("rounds/1/5One/submitted.json", submitted.to_owned()),
        ("rounds/1/5Two/submitted.json", submitted.to_owned()),
    ];
    for (path, text) in files {
        world.put(path, &text);
    }
    let built =
        |image: &str| BuildSeen { status: BuildStatus::Success, image: Some(image.to_owned()) };
    let all = [("5One", built("one:1")), ("5Two", built("two:1"))];
    let all = all.map(|(hotkey, seen)| (hotkey.to_owned(), seen));
    world.builds.lock().unwrap().push(Some(all.into()));
    Arc::new(world)
}

impl World {
    /// Somebody else's commit.
    pub(crate) fn put(&self, path: &str, text: &str) {
        let draft = Draft {
            message: "by hand".to_owned(),
            changes: [(path.to_owned(), Some(text.to_owned()))].into(),
            author: author(),
            time: self.time.now(),
        };
        publish(&*self.books, &draft, &Expected::new()).unwrap();
    }

    pub(crate) fn file(&self, path: &str) -> String {
        let head = self.books.head().unwrap().unwrap();
        let bytes = self.books.read(head, path).unwrap().unwrap_or_default();
        String::from_utf8(bytes).unwrap()
    }

    /// On one line, without spaces.
    pub(crate) fn brief(&self, path: &str) -> String {
        self.file(path).split_whitespace().collect()
    }

    pub(crate) fn ask(&self, hotkeys: &[&str]) {
        let request =
            |hotkey: &&str| format!(r#"{{"hotkey": "{hotkey}", "latest_defender": "leader"}}"#);
        let all: Vec<String> = hotkeys.iter().map(request).collect();
        self.put("rounds/1/require_audit.json", &format!("[{}]", all.join(", ")));
    }

    pub(crate) fn script(&self, hotkey: &str, script: Script) {
        self.scripts.lock().unwrap().insert(hotkey.to_owned(), script);
    }
}

fn author() -> Author {
    Author { name: "test".to_owned(), email: "test@example".to_owned() }
}

pub(crate) fn ports(world: &Arc<World>) -> Ports {
    let port = Arc::new(Port(Arc::clone(world)));
    Ports {
        clock: port.clone(),
        entropy: Arc::new(Nobody),
        books: world.books.clone(),
        author: author(),
        journals: Arc::new(world.journals.clone()),
        store: Store::memory("https://cdn.example"),
        chain: Arc::new(Nobody),
        web: port.clone(),
        studio: port.clone(),
        judge: Arc::new(Nobody),
        builds: port.clone(),
        works: port.clone(),
        notify: port,
        stop: Stop::new(),
        blocking: Blocking::Here,
    }
}

/// One turn of a process that was just made.
pub(crate) fn turn(world: &Arc<World>, ports: &Ports) -> Result<Turn, TurnError> {
    part(world, ports, usize::MAX).unwrap()
}

/// A process that makes a turn every other minute, for so many minutes.
pub(crate) fn watch(world: &Arc<World>, ports: &Ports, minutes: u64) {
    let mut owner = Orchestrator::new(Settings::default());
    for _ in 0..=minutes / 2 {
        hold(&world.time, usize::MAX, owner.turn(ports)).unwrap().unwrap();
        world.time.pass(Duration::from_secs(120));
    }
}

/// A turn that may be cut short.
pub(crate) fn part(
    world: &Arc<World>,
    ports: &Ports,
    polls: usize,
) -> Option<Result<Turn, TurnError>> {
    let settings = Settings { max_concurrent_miners: 2, ..Settings::default() };
    let mut owner = Orchestrator::new(settings);
    hold(&world.time, polls, owner.turn(ports))
}
