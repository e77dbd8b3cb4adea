//! One batch: pictures are fetched ahead of the workers, the workers generate, every prompt ends in a module or a reason.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use generators::{Failure, Made, Request};
use pod::wire::batch::{MODULE_BYTES_MAX, Prompt};
use pod::wire::{Kind, Seed};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};

use super::limits::FETCHES;
use super::state::{Number, Order};
use super::words;
use super::work::{AbortOnDrop, App, join_text};

/// Tries of a prompt whose generator panicked, or failed in a way that may pass.
const TRIES: u32 = 2;

/// A prompt whose picture is there.
type Fetched = (Prompt, Bytes);

/// Done when every prompt has its outcome. A panic in here is a crash of the batch; one in a generator is not.
pub(super) async fn run(app: Arc<App>, number: Number, order: Order) {
    app.stage("loading");
    app.warm().await;
    app.check_machine().await;
    app.stage("generating");
    let open = app.open_prompts(number, &order);
    let workers = app.config.workers.map_or(app.generator.card().parallel, |workers| workers.get());
    let workers = workers.clamp(1, open.len().max(1));
    let (fetched, waiting) = mpsc::channel(1);
    let waiting = Arc::new(tokio::sync::Mutex::new(waiting));
    let fetches = FETCHES.min(open.len());
    let queue = Arc::new(Mutex::new(VecDeque::from(open)));
    let mut tasks = JoinSet::new();
    for _ in 0..fetches {
        tasks.spawn(fetch(app.clone(), number, queue.clone(), fetched.clone()));
    }
    drop(fetched);
    for _ in 0..workers {
        tasks.spawn(work(app.clone(), number, order.seed, waiting.clone()));
    }
    all(&mut tasks).await;
}

/// Waits for all tasks, and panics as they did.
async fn all(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(panic) = ended.map_err(JoinError::try_into_panic) {
            panic.map_or_else(|_| (), |payload| std::panic::resume_unwind(payload));
        }
    }
}

/// Fetches one picture after another, and waits with it until a worker takes it.
async fn fetch(
    app: Arc<App>,
    number: Number,
    queue: Arc<Mutex<VecDeque<Prompt>>>,
    fetched: mpsc::Sender<Fetched>,
) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(prompt) = next else { return };
        match app.pictures.fetch(&prompt.image_url).await {
            Ok(picture) => {
                if fetched.send((prompt, picture)).await.is_err() {
                    return;
                }
            }
            Err(reason) => app.settle(number, &prompt.stem, Err(reason)).await,
        }
    }
}

/// Generates one prompt after another; while one goes to disk, the next is generated.
async fn work(
    app: Arc<App>,
    number: Number,
    seed: Seed,
    waiting: Arc<tokio::sync::Mutex<mpsc::Receiver<Fetched>>>,
) {
    let mut settling = JoinSet::new();
    loop {
        let next = waiting.lock().await.recv().await;
        let Some((prompt, picture)) = next else { break };
        let start = Instant::now();
        app.progress(&prompt.stem, None, &app.generator.card().name);
        let made = generate(&app, &prompt, picture, seed).await;
        let is_fault = made.as_ref().is_err_and(|failed| failed.is_fault);
        app.metrics.time("generate", start.elapsed());
        all(&mut settling).await;
        let app = app.clone();
        settling.spawn(async move {
            app.settle(number, &prompt.stem, made.map_err(|failed| failed.reason)).await;
            app.note_health(is_fault).await;
        });
    }
    all(&mut settling).await;
}

/// Why there is no module.
struct Failed {
    reason: String,
    /// The generator's, and not the picture's.
    is_fault: bool,
    may_pass: bool,
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        let is_fault = !matches!(failure, Failure::BadPicture(_));
        let reason = match &failure {
            Failure::Time(_) => format!("inference timeout: {failure}"),
            _ => failure.to_string(),
        };
        Self { reason: words::short(&reason), is_fault, may_pass: failure.is_transient() }
    }
}

/// Within the time for a prompt, with a second try where that may help.
async fn generate(
    app: &Arc<App>,
    prompt: &Prompt,
    picture: Bytes,
    seed: Seed,
) -> Result<Bytes, Failed> {
    let end = Instant::now() + app.config.prompt_time;
    let mut tries = 0;
    loop {
        tries += 1;
        let made = match timeout_at(end, once(app, prompt, picture.clone(), seed)).await {
            Ok(made) => made,
            Err(_) => Err(Failure::Time(app.config.prompt_time).into()),
        };
        match made {
            Err(failed) if failed.may_pass && tries < TRIES && Instant::now() < end => {}
            made => return made,
        }
    }
}

/// In a task of its own, so that a panic stays in there.
async fn once(
    app: &Arc<App>,
    prompt: &Prompt,
    picture: Bytes,
    seed: Seed,
) -> Result<Bytes, Failed> {
    let told = {
        let (app, stem) = (Arc::downgrade(app), prompt.stem.clone());
        move |share: Option<f32>, what: &str| {
            if let Some(app) = app.upgrade() {
                app.progress(&stem, share, what);
            }
        }
    };
    let request = Request {
        picture_url: Some(prompt.image_url.clone()),
        stem: Some(prompt.stem.clone()),
        progress: Arc::new(told),
        ..Request::new(picture, seed, Kind::Module)
    };
    let generator = app.generator.clone();
    let generating = tokio::spawn(async move { generator.generate(request).await });
    let _guard = AbortOnDrop(generating.abort_handle());
    match generating.await {
        Ok(Ok(made)) => check(made).map_err(Failed::from),
        Ok(Err(failure)) => Err(failure.into()),
        Err(error) => {
            let reason = words::short(&format!("the generator crashed: {}", join_text(error)));
            Err(Failed { reason, is_fault: true, may_pass: true })
        }
    }
}

/// What an orchestrator would refuse is not handed on. Generators of a catalogue have held it against the rules already.
fn check(made: Made) -> Result<Bytes, Failure> {
    if made.kind != Kind::Module {
        return Err(Failure::Invalid(format!("{}, not a module", made.kind)));
    }
    if made.bytes.len() > MODULE_BYTES_MAX {
        return Err(Failure::TooLong { max: MODULE_BYTES_MAX });
    }
    if made.bytes.is_empty() || std::str::from_utf8(&made.bytes).is_err() {
        return Err(Failure::Invalid("not a text".to_owned()));
    }
    Ok(made.bytes)
}
