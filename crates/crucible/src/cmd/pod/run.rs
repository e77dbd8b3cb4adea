//! `crucible pod run`: one session from the command line: a pod is deployed, fed, emptied and deleted.

mod pictures;
mod prompts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use fleet::local::{Config, Local, PREFIX};
use fleet::provider::Provider;
use fleet::providers::{Fleet, Place};
use fleet::session::{
    Answer, Attached, Container, DeployFault, Event, Folder, Journal, Limits, Observation, Outcome,
    Parts, Plan, Row, Session, replay,
};
use pod::client::{Batch, BatchLimits};
use pod::wire::batch::{Prompt, State};
use pod::wire::{Seed, Usd};
use serde::Serialize;

use crate::failure::{Failure, exit};
use crate::{clock, files, interrupt, output};

use self::pictures::Pictures;

/// Has a batch service make modules: starts a pod or takes one that runs, hands batches over, keeps the results, deletes the
/// pod. The same command again goes on where it was
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Pictures: addresses, or files of this machine for pods of this machine
    #[arg(value_name = "PROMPT", required_unless_present = "prompts")]
    prompt: Vec<String>,

    /// File with one picture a line, besides those named
    #[arg(long, value_name = "FILE")]
    prompts: Option<PathBuf>,

    /// Folder for results and the journal
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,

    #[command(flatten)]
    source: Source,

    /// Where images run: providers in TOML [default: none, so processes of this machine]
    #[arg(long, value_name = "FILE", requires = "image")]
    fleet: Option<PathBuf>,

    /// GPU of a pod for an image
    #[arg(long, value_name = "TYPE", requires = "image")]
    gpu_type: Option<String>,

    /// How many of them
    #[arg(long, value_name = "N", requires = "image", default_value_t = 0)]
    gpu_count: u32,

    /// Seed
    #[arg(long, value_name = "N", default_value = "0", allow_hyphen_values = true)]
    seed: Seed,

    /// How often everything is made
    #[arg(long, value_name = "N", default_value_t = 1)]
    repeats: u32,

    /// Prompts in a batch
    #[arg(long, value_name = "N", default_value_t = 32)]
    batch_size: usize,

    /// Seconds until a pod must be ready
    #[arg(long, value_name = "S", default_value_t = 12_600)]
    warm_up_s: u64,

    /// Seconds for all batches of a repeat
    #[arg(long, value_name = "S", default_value_t = 7_200)]
    generation_s: u64,

    /// Failed prompts of a repeat that are forgiven [default: all]
    #[arg(long, value_name = "N")]
    failures: Option<u32>,

    /// Pods that may replace one that failed
    #[arg(long, value_name = "N", default_value_t = 3)]
    replacements: u32,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// Image of a service, run by the providers of --fleet
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,

    /// Command line of a service, started as a pod of this machine; {port} is where it must listen
    #[arg(long, value_name = "COMMAND")]
    image_cmd: Option<String>,

    /// A service that runs already; it is neither started nor ended
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    files::create_folder(&args.output)?;
    let journal = args.output.join("session.jsonl");
    let before = set_aside(&journal)?;
    let given = prompts::read(&args.prompt, args.prompts.as_deref())?;
    if args.source.image.is_some() && !given.files.is_empty() {
        return Err(Failure::usage(
            "pods elsewhere cannot fetch files of this machine; give addresses",
        ));
    }
    let providers = providers(&args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::usage(format!("no threads: {error}")))?;
    let code = runtime.block_on(async {
        interrupt::watch_terminate()?;
        // The journal has the addresses that the pod was told; pictures stay where they were.
        let port = before.as_ref().and_then(prompts::port);
        let pictures = Pictures::serve(given.files, port).await?;
        let prompts = given
            .prompts
            .into_iter()
            .map(|(stem, place)| Prompt { stem, image_url: pictures.url(&place) });
        let plan = plan(&args, &providers, prompts.collect(), before.as_ref())?;
        hold(&args, providers, plan, &journal).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

/// The session of an earlier run of this command. One that was stopped is over: its journal is set aside, and a new session goes
/// on from what it had done.
fn set_aside(journal: &Path) -> Result<Option<Session>, Failure> {
    let bytes = match fs_err::read(journal) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::io(&error)),
    };
    let replayed = replay(&bytes).map_err(|error| Failure::input(journal, error))?;
    let Some(session) = replayed.map(|replayed| replayed.session) else { return Ok(None) };
    let was_stopped =
        matches!(session.outcome(), Some(Outcome::Stopped { .. } | Outcome::Unavailable { .. }));
    if session.is_over() && was_stopped {
        let aside = (1_u32..).map(|number| journal.with_extension(format!("{number}.jsonl")));
        let aside = aside.into_iter().find(|path| !path.exists());
        if let Some(aside) = aside {
            fs_err::rename(journal, aside).map_err(|error| Failure::io(&error))?;
        }
    }
    Ok(Some(session))
}

fn plan(
    args: &Args,
    providers: &Providers,
    prompts: Vec<Prompt>,
    before: Option<&Session>,
) -> Result<Plan, Failure> {
    let image = match (&args.source.image_cmd, &args.source.url) {
        (Some(command), _) => format!("{PREFIX}{command}"),
        (None, Some(url)) => url.trim_end_matches('/').to_owned(),
        (None, None) => args.source.image.clone().unwrap_or_default(),
    };
    let is_attached = args.source.url.is_some();
    let is_near = args.source.image.is_none();
    let slow = Limits::default();
    let limits = Limits {
        batch_size: args.batch_size,
        warm_up: args.warm_up_s.saturating_mul(1000),
        generation: Some(args.generation_s.saturating_mul(1000)),
        failures: args.failures,
        replacements: args.replacements,
        // A pod of this machine is near, and somebody waits.
        look: if is_near { 1000 } else { slow.look },
        poll: if is_near { 500 } else { slow.poll },
        unreachable: if is_near { 60 } else { slow.unreachable },
        acquisition_pause: if is_near { 5000 } else { slow.acquisition_pause },
        cost: providers.cost_max,
        ..slow
    };
    // Each session of a folder has names of its own.
    let (number, done) = match before {
        Some(session) if session.is_over() && was_stopped(session) => {
            (number(session) + 1, session.done())
        }
        Some(session) => (number(session), session.plan().before.clone()),
        None => (0, fleet::session::Before::default()),
    };
    let stamp = before.map_or_else(new_stamp, |session| {
        session.plan().id.split('-').nth(1).unwrap_or_default().to_owned()
    });
    let plan = Plan {
        id: format!("run-{stamp}-{number}"),
        first_pod: format!("pod-{stamp}n{number}-0-{}", providers.instance),
        container: Container {
            gpu_type: args.gpu_type.clone(),
            gpu_count: args.gpu_count,
            ..Container::new(image)
        },
        providers: providers.names.clone(),
        prompts,
        seed: args.seed,
        repeats: args.repeats,
        limits,
        is_attached,
        before: done,
    };
    plan.check().map_err(|error| Failure::usage(error.to_string()))?;
    Ok(plan)
}

fn was_stopped(session: &Session) -> bool {
    matches!(session.outcome(), Some(Outcome::Stopped { .. } | Outcome::Unavailable { .. }))
}

/// The last part of [`Plan::id`].
fn number(session: &Session) -> u32 {
    let last = session.plan().id.rsplit('-').next();
    last.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Tells pods and batches of this folder from others': the time, in letters and digits.
fn new_stamp() -> String {
    let mut rest = clock::unix_ms();
    let mut letters = Vec::new();
    while rest > 0 {
        letters.push(char::from_digit((rest % 36) as u32, 36).unwrap_or('0'));
        rest /= 36;
    }
    letters.iter().rev().collect()
}

async fn hold(
    args: &Args,
    providers: Providers,
    plan: Plan,
    journal: &Path,
) -> Result<ExitCode, Failure> {
    let providers = providers.by_name;
    let (journal, session) =
        Journal::open(journal, &plan).map_err(|error| Failure::usage(error.to_string()))?;
    if session.has_begun() && !session.is_over() {
        output::log("goes on where it was");
    }
    let started = clock::Clock::start();
    let mut teller = Teller::default();
    let watch = move |event: Event<'_>| {
        for line in teller.lines(&event) {
            output::log(format_args!("{:8.1} s  {line}", started.elapsed().as_secs_f64()));
        }
    };
    let stop = async {
        while !interrupt::asked() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        "interrupted".to_owned()
    };
    let parts = Parts {
        providers,
        limits: BatchLimits::default(),
        keep: Arc::new(Folder(args.output.clone())),
        journal,
        clock: clock::unix_ms,
        stop: Box::pin(stop),
        watch: Box::new(watch),
    };
    let session = Box::pin(fleet::session::run(session, parts)).await;
    let session = session.map_err(|error| Failure::usage(error.to_string()))?;
    let report = Report::new(&session);
    if args.json {
        output::json(&report)?;
    } else {
        tell(&session, &report);
    }
    if !interrupt::asked() {
        let text = serde_json::to_vec_pretty(&report)
            .map_err(|error| Failure::usage(format!("cannot write JSON: {error}")))?;
        files::write_atomically(&args.output.join("report.json"), |file| {
            file.write_all(&text).map_err(|error| Failure::io(&error))
        })?;
    }
    Ok(ExitCode::from(match session.outcome() {
        Some(Outcome::Finished) if report.failed == 0 => exit::OK,
        Some(Outcome::Stopped { reason }) if reason == "interrupted" => exit::INTERRUPTED,
        _ => exit::NO,
    }))
}

/// Where pods may run.
struct Providers {
    by_name: BTreeMap<String, Arc<dyn Provider>>,
    /// In the order in which they are asked.
    names: Vec<String>,
    /// Whose pods these are.
    instance: String,
    cost_max: Option<Usd>,
}

fn providers(args: &Args) -> Result<Providers, Failure> {
    #[expect(clippy::disallowed_methods, reason = "the edge is where the environment is read")]
    let lookup = |name: &str| std::env::var(name).ok();
    let keeper = std::env::current_exe()
        .map_err(|error| Failure::usage(format!("cannot find this program: {error}")))?;
    let state_dir = args.output.join("pods");
    if args.source.image.is_some() {
        let text = match &args.fleet {
            Some(file) => fs_err::read_to_string(file).map_err(|error| Failure::io(&error))?,
            None => String::new(),
        };
        let fleet = Fleet::read(&text, &Place { state_dir, keeper }, &lookup);
        let fleet = fleet.map_err(|error| Failure::usage(error.to_string()))?;
        let each = fleet.providers().iter();
        return Ok(Providers {
            by_name: each.map(|one| (one.name().to_owned(), one.clone())).collect(),
            names: fleet.names().into_iter().map(str::to_owned).collect(),
            instance: fleet.instance.to_string(),
            cost_max: fleet.caps.account,
        });
    }
    let provider: Arc<dyn Provider> = if let Some(url) = &args.source.url {
        let client = Batch::new(url, None, BatchLimits::default());
        let client = client.map_err(|error| Failure::usage(error.to_string()))?;
        Arc::new(Attached::new(client.address().to_owned(), None))
    } else {
        // Pods of this run live in its folder, and outlive a crash: the same command again finds them.
        let mut config = Config::new(state_dir, keeper, lookup);
        config.keep = true;
        let local = Local::open(config).map_err(|error| Failure::usage(error.to_string()))?;
        Arc::new(local)
    };
    Ok(Providers {
        names: vec![provider.name().to_owned()],
        by_name: BTreeMap::from([(provider.name().to_owned(), provider)]),
        instance: "run".to_owned(),
        cost_max: None,
    })
}

/// Says what changed.
#[derive(Debug, Default)]
struct Teller {
    doing: String,
    progress: Option<(u64, u64)>,
    pods_ended: usize,
    batches_ended: usize,
}

impl Teller {
    fn lines(&mut self, event: &Event<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        let session = event.session;
        let batches = session.repeats().iter().flat_map(|repeat| &repeat.batches);
        let ended: Vec<_> = batches.filter(|batch| batch.ended_at.is_some()).collect();
        for batch in ended.iter().skip(self.batches_ended) {
            let took = seconds(batch.took.unwrap_or_default());
            let how = if batch.archive_sha256.is_some() { "done" } else { "failed" };
            let notes = batch.notes.join("; ");
            let notes = if notes.is_empty() { notes } else { format!(": {notes}") };
            lines.push(format!("{} {how} in {took:.1} s{notes}", batch.id));
        }
        self.batches_ended = ended.len();
        let ended: Vec<_> =
            session.pods().iter().filter_map(|pod| Some((pod, pod.end.as_ref()?))).collect();
        for (pod, end) in ended.iter().skip(self.pods_ended) {
            lines.push(format!("{}: {end}", pod.name));
        }
        self.pods_ended = ended.len();
        if let Observation::Answer { answer: Answer::Deploy(Err(fault)), .. } = event.observed {
            let (DeployFault::Later { detail, .. }
            | DeployFault::Never { detail }
            | DeployFault::Orphan { detail, .. }) = fault;
            lines.push(format!("no pod: {detail}"));
        }
        let doing = session.doing();
        if doing != self.doing {
            lines.push(doing.clone());
            self.doing = doing;
        }
        if let Observation::Answer { answer: Answer::Status(Ok(status)), .. } = event.observed
            && status.status == State::Generating
            && let progress @ Some((done, of)) = status.progress.zip(status.total)
            && progress != self.progress
        {
            lines.push(format!("{done} of {of}"));
            self.progress = progress;
        }
        lines
    }
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    outcome: Option<&'a Outcome>,
    made: usize,
    failed: usize,
    cost_usd: String,
    lost_s: f64,
    replacements_used: u32,
    report: Option<fleet::session::Report>,
    pods: &'a [fleet::session::Pod],
    repeats: &'a [fleet::session::Repeat],
    orphans: &'a [fleet::session::Orphan],
}

impl<'a> Report<'a> {
    fn new(session: &'a Session) -> Self {
        let all = session.plan().prompts.len() * session.repeats().len();
        let rows = session.repeats().iter().flat_map(|repeat| repeat.rows.values());
        let made = rows.filter(|row| !row.is_failed()).count();
        Self {
            outcome: session.outcome(),
            made,
            failed: all - made,
            cost_usd: session.cost().to_string(),
            lost_s: seconds(session.lost()),
            replacements_used: session.replacements_used(),
            report: session.report(),
            pods: session.pods(),
            repeats: session.repeats(),
            orphans: session.orphans(),
        }
    }
}

fn tell(session: &Session, report: &Report<'_>) {
    for (index, repeat) in session.repeats().iter().enumerate() {
        let time = seconds(repeat.spent);
        let failed: Vec<(&String, &String)> = repeat
            .rows
            .iter()
            .filter_map(|(stem, row)| match row {
                Row::Failed { reason } => Some((stem, reason)),
                Row::Made { .. } => None,
            })
            .collect();
        let made = repeat.rows.len() - failed.len();
        let all = session.plan().prompts.len();
        output::line(format_args!("repeat {}: {made} of {all} made in {time:.1} s", index + 1));
        for (stem, reason) in failed {
            output::line(format_args!("  {stem}: {reason}"));
        }
    }
    for pod in session.pods().iter().filter(|pod| !pod.logs.is_empty()) {
        output::line(format_args!("{} said last:", pod.name));
        for line in &pod.logs {
            output::line(format_args!("  {line}"));
        }
    }
    for orphan in session.orphans() {
        let which = orphan.id.as_deref().unwrap_or("unknown pods");
        output::warning(format_args!("{}: {which} may still run", orphan.provider));
    }
    let outcome = match session.outcome() {
        Some(Outcome::Finished) => "finished".to_owned(),
        Some(Outcome::Lost) => "a limit is broken".to_owned(),
        Some(Outcome::BudgetSpent) => "no replacement is left".to_owned(),
        Some(Outcome::NeverReady) => "no pod was ever ready".to_owned(),
        Some(Outcome::Stopped { reason }) => format!("stopped: {reason}"),
        Some(Outcome::Unavailable { reason }) => format!("unavailable: {reason}"),
        None => "not over".to_owned(),
    };
    output::line(format_args!("{outcome}; {} made, {} not", report.made, report.failed));
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a run are far below 2^53")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
