//! Pods that are processes on this machine: no engine, no GPU and no account needed. Not a cage: a pod may do what its user
//! may do, so it is for programs of one's own. What others send belongs into a container.
//!
//! Each pod has a keeper ([`keeper`]) and a folder ([`Config::dir`]), which any process of the same operator can read: a pod
//! that one command deployed, another lists and deletes.

mod files;
pub mod keeper;
mod limits;
mod log;
mod process;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pod::wire::Usd;
use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{ChildStdin, Command};

use self::files::{Exit, Home, Record, Run};
pub use self::limits::Limits;
use crate::clock;
use crate::provider::{Pending, Phase, Provider, ProviderError, Seen, Spec};
use crate::remote;

/// First argument with which the program is to run [`keeper::main`]. Not a command for people.
pub const KEEPER_COMMAND: &str = "__keep-pod";
/// What an image begins with that is a command line.
pub const PREFIX: &str = "process:";

/// How long a keeper may take to start a pod.
const START_MAX: Duration = Duration::from_secs(20);
/// How long another process may be busy with making a pod.
const LOCK_MAX: Duration = Duration::from_secs(30);
/// What a keeper takes to clean up behind a killed pod.
const CLEANING_MAX: Duration = Duration::from_secs(5);
const LOOK_INTERVAL: Duration = Duration::from_millis(10);
/// Bytes of each log file that are looked at for its last lines.
const TAIL_BYTES_MAX: u64 = 256 << 10;
/// Lines of the log that say why a pod ended.
const DETAIL_LINES: usize = 3;
/// What a pod gets of our environment, where we have it; everything else of it stays with us, keys above all.
const INHERITED: [&str; 6] = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ"];

/// Where local pods live and what they may have.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder of state; made if missing. Whoever uses the same folder sees the same pods.
    pub dir: PathBuf,
    /// The program that runs [`keeper::main`] when it is given [`KEEPER_COMMAND`].
    pub keeper: PathBuf,
    /// Pods live on when the [`Local`] that made them is dropped, or its process ends.
    pub keep: bool,
    /// Image → command line, for images that do not begin with [`PREFIX`].
    pub programs: BTreeMap<String, String>,
    /// Where pods start.
    pub working_dir: PathBuf,
    /// Environment of every pod; what a [`Spec`] asks for comes on top.
    pub env: BTreeMap<String, String>,
    /// GPUs to give out, as `CUDA_VISIBLE_DEVICES` names them; each to one pod at a time.
    pub gpus: Vec<String>,
    /// What these GPUs are; any type is taken for it if not given.
    pub gpu_type: Option<String>,
    /// Pods at the same time.
    pub pods_max: usize,
    /// Limits of each pod.
    pub limits: Limits,
    /// Between the request to stop and the kill.
    pub grace: Duration,
    /// What is kept of a pod's output.
    pub log_bytes_max: u64,
    /// What an hour of a pod costs, if anything.
    pub price_per_hour: Option<Usd>,
}

impl Config {
    /// With defaults: pods end with their owner, no GPUs, 16 pods, no limits, 10 s of grace, 4 MiB of output.
    #[must_use]
    pub fn new(dir: PathBuf, keeper: PathBuf, env_lookup: impl Fn(&str) -> Option<String>) -> Self {
        let inherited = INHERITED.into_iter();
        Self {
            dir,
            keeper,
            keep: false,
            programs: BTreeMap::new(),
            working_dir: PathBuf::from("."),
            env: inherited.filter_map(|name| Some((name.to_owned(), env_lookup(name)?))).collect(),
            gpus: Vec::new(),
            gpu_type: None,
            pods_max: 16,
            limits: Limits::default(),
            grace: Duration::from_secs(10),
            log_bytes_max: 4 << 20,
            price_per_hour: None,
        }
    }
}

/// Processes on this machine as pods.
#[derive(Debug)]
pub struct Local {
    config: Config,
    /// As long as these are open, the pods of this value live.
    owned: Mutex<BTreeMap<String, ChildStdin>>,
}

impl Local {
    /// Makes the folder if need be, and clears away what deletes left half-done.
    ///
    /// # Errors
    ///
    /// [`ProviderError::Permanent`]: the folder cannot be written, or a limit is too tight.
    pub fn open(config: Config) -> Result<Self, ProviderError> {
        if let Some(complaint) = config.limits.complaint() {
            return Err(permanent(complaint));
        }
        fs_err::create_dir_all(config.dir.join("pods")).map_err(permanent)?;
        let dir = fs_err::canonicalize(&config.dir).map_err(permanent)?;
        let working_dir = fs_err::canonicalize(&config.working_dir).map_err(permanent)?;
        let config = Config { dir, working_dir, ..config };
        Ok(Self { config, owned: Mutex::default() })
    }

    fn home(&self, id: &str) -> Option<Home> {
        let is_plain = !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        is_plain.then(|| Home(self.config.dir.join("pods").join(id)))
    }

    fn ids(&self) -> Result<Vec<String>, ProviderError> {
        let mut ids = Vec::new();
        for entry in fs_err::read_dir(self.config.dir.join("pods")).map_err(permanent)? {
            ids.extend(entry.map_err(permanent)?.file_name().into_string());
        }
        ids.sort_unstable();
        Ok(ids)
    }

    fn look(&self, id: &str, listening: &BTreeSet<u16>) -> Option<Seen> {
        let home = self.home(id)?;
        if !home.0.is_dir() {
            return None;
        }
        let (run, exit) = (home.run(), home.exit());
        if home.is_deleting() && !is_alive(run.as_ref()) {
            home.remove().ok();
            self.forget(id);
            return None;
        }
        let record = match home.record() {
            Ok(record) => record,
            // Somebody is just making or removing it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => return Some(unreadable(id, &error)),
        };
        let is_listening = listening.contains(&record.port);
        let phase = phase(&home, &record, run.as_ref(), exit.as_ref(), is_listening);
        let serves = is_listening && matches!(phase, Phase::Running);
        let detail = match &phase {
            Phase::Exited { .. } | Phase::Failed => why(&home, exit.as_ref()),
            _ => None,
        };
        Some(Seen {
            id: id.to_owned(),
            name: record.name,
            url: serves.then(|| format!("http://127.0.0.1:{}", record.port)),
            phase,
            detail,
            price_per_hour: record.price_per_hour,
            created_at: Some(record.created_at),
            labels: record.labels,
        })
    }

    fn look_at_all(&self) -> Result<Vec<Seen>, ProviderError> {
        let listening = process::ports_listening();
        Ok(self.ids()?.iter().filter_map(|id| self.look(id, &listening)).collect())
    }

    fn forget(&self, id: &str) {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// The only one who makes pods in this folder, as long as the file is open.
    async fn lock(&self) -> Result<std::fs::File, ProviderError> {
        let file = fs_err::File::create(self.config.dir.join("lock")).map_err(permanent)?;
        let (file, _) = file.into_parts();
        let locked = async {
            while file.try_lock().is_err() {
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
        };
        let busy = || transient("another process is busy with making a pod");
        tokio::time::timeout(LOCK_MAX, locked).await.map_err(|_| busy())?;
        Ok(file)
    }

    fn command_line<'a>(&'a self, image: &'a str) -> Result<&'a str, ProviderError> {
        let listed = self.config.programs.get(image).map(String::as_str);
        let unknown = || {
            let known: Vec<&str> = self.config.programs.keys().map(String::as_str).collect();
            let known = known.join(", ");
            permanent(format!(
                "{image}: neither `{PREFIX}` and a command line nor one of [{known}]"
            ))
        };
        image.strip_prefix(PREFIX).or(listed).ok_or_else(unknown)
    }

    async fn make(&self, spec: &Spec) -> Result<Seen, ProviderError> {
        let line = self.command_line(&spec.image)?;
        let words = shlex::split(line).filter(|words| !words.is_empty());
        let words = words.ok_or_else(|| permanent(format!("`{line}`: not a command line")))?;
        let lock = self.lock().await?;
        let living = self.living()?;
        if living.len() >= self.config.pods_max {
            return Err(capacity(format!("{} pods run, our limit", living.len())));
        }
        let gpus = self.free_gpus(spec, &living)?;
        let port = free_port(&living)?;
        let created_at = clock::now_s();
        let (id, home) = self.new_home(&spec.name, created_at)?;
        let scratch = home.scratch();
        let fill = |word: String| {
            let scratch = scratch.to_string_lossy();
            word.replace("{port}", &port.to_string()).replace("{scratch}", &scratch)
        };
        let mut env = self.config.env.clone();
        env.extend(spec.env.clone());
        env.insert("PORT".into(), port.to_string());
        env.insert("TMPDIR".into(), scratch.to_string_lossy().into_owned());
        env.insert("CUDA_VISIBLE_DEVICES".into(), gpus.join(","));
        let log_most =
            self.config.limits.file_bytes.map_or(u64::MAX, |bytes| bytes.saturating_mul(2));
        let record = Record {
            name: spec.name.clone(),
            command: words.into_iter().map(fill).collect(),
            working_dir: self.config.working_dir.clone(),
            env,
            port,
            gpus,
            labels: spec.labels.clone(),
            created_at,
            price_per_hour: self.config.price_per_hour,
            limits: self.config.limits,
            grace: self.config.grace,
            log_bytes_max: self.config.log_bytes_max.min(log_most),
        };
        let started = async {
            fs_err::create_dir(&scratch).map_err(permanent)?;
            home.write("pod.json", &record).map_err(permanent)?;
            self.start_keeper(&id, &home).await
        };
        if let Err(error) = started.await {
            home.remove().ok();
            return Err(error);
        }
        drop(lock);
        let seen = self.look(&id, &process::ports_listening());
        seen.ok_or_else(|| transient("the pod was deleted while it was being made"))
    }

    /// Records of pods that have not ended, so hold their port and GPUs.
    fn living(&self) -> Result<Vec<Record>, ProviderError> {
        let homes = self.ids()?.into_iter().filter_map(|id| self.home(&id));
        let living = homes.filter(|home| is_alive(home.run().as_ref()));
        Ok(living.filter_map(|home| home.record().ok()).collect())
    }

    fn free_gpus(&self, spec: &Spec, living: &[Record]) -> Result<Vec<String>, ProviderError> {
        let wanted = spec.gpu_count as usize;
        if wanted == 0 {
            return Ok(Vec::new());
        }
        if let (Some(have), Some(want)) = (&self.config.gpu_type, &spec.gpu_type)
            && have != want
        {
            return Err(capacity(format!("{want} asked for, this machine has {have}")));
        }
        let taken: BTreeSet<&String> = living.iter().flat_map(|record| &record.gpus).collect();
        let free = self.config.gpus.iter().filter(|gpu| !taken.contains(gpu));
        let free: Vec<String> = free.take(wanted).cloned().collect();
        if free.len() < wanted {
            let (free, all) = (free.len(), self.config.gpus.len());
            return Err(capacity(format!("{wanted} GPUs asked for, {free} of {all} are free")));
        }
        Ok(free)
    }

    fn new_home(&self, name: &str, created_at: f64) -> Result<(String, Home), ProviderError> {
        let plain: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(crate::names::NAME_LEN_MAX)
            .collect();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a time of ours"
        )]
        let first = (created_at * 1000.0) as u64;
        for n in 0..1000 {
            let id = format!("{plain}-{:x}", first + n);
            let Some(home) = self.home(&id) else { break };
            match fs_err::create_dir(&home.0) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(permanent(error)),
                Ok(()) => return Ok((id, home)),
            }
        }
        Err(permanent(format!("{name}: no free identifier")))
    }

    async fn start_keeper(&self, id: &str, home: &Home) -> Result<(), ProviderError> {
        let input = if self.config.keep { Stdio::null() } else { Stdio::piped() };
        let arguments: [OsString; 2] = [KEEPER_COMMAND.into(), home.0.clone().into()];
        let program = &self.config.keeper;
        let mut keeper = Command::new(program)
            .args(arguments)
            .env_clear()
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| permanent(format!("{}: {error}", program.display())))?;
        let owned = keeper.stdin.take();
        let mut word = String::new();
        if let Some(output) = keeper.stdout.take() {
            let mut output = BufReader::new(output);
            tokio::time::timeout(START_MAX, output.read_line(&mut word)).await.ok();
        }
        if word.trim() != "started" {
            keeper.start_kill().ok();
            keeper.wait().await.ok();
            if let Some(run) = home.run() {
                run.child.signal_group(Signal::KILL);
            }
            let error = home.exit().and_then(|exit| exit.error);
            let error = error.unwrap_or_else(|| "its keeper did not start it".into());
            return Err(permanent(error));
        }
        if let Some(owned) = owned {
            let mut pods = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
            pods.insert(id.to_owned(), owned);
        }
        Ok(())
    }

    async fn stop(&self, home: &Home) -> Result<(), ProviderError> {
        home.mark_deleting().map_err(permanent)?;
        let Some(run) = home.run() else { return Ok(()) };
        let grace = home.record().map_or(self.config.grace, |record| record.grace);
        if run.keeper.is_alive() {
            run.keeper.signal(Signal::TERM);
        } else {
            // Its keeper was killed: nobody but us can end it.
            run.child.signal_group(Signal::TERM);
        }
        if wait_until_gone(&run, grace + CLEANING_MAX).await {
            return Ok(());
        }
        run.keeper.signal(Signal::KILL);
        run.child.signal_group(Signal::KILL);
        wait_until_gone(&run, CLEANING_MAX).await;
        Ok(())
    }
}

impl Provider for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    fn list(&self) -> Pending<'_, Result<Vec<Seen>, ProviderError>> {
        Box::pin(async { self.look_at_all() })
    }

    fn get<'a>(&'a self, id: &'a str) -> Pending<'a, Result<Option<Seen>, ProviderError>> {
        Box::pin(async { Ok(self.look(id, &process::ports_listening())) })
    }

    fn deploy<'a>(&'a self, spec: &'a Spec) -> Pending<'a, Result<Seen, ProviderError>> {
        Box::pin(self.make(spec))
    }

    /// Asks the pod to stop, kills it after the grace, and returns once it is gone: unlike with companies nothing is left to
    /// look for, short of a process that the system cannot kill.
    fn delete<'a>(&'a self, id: &'a str) -> Pending<'a, Result<(), ProviderError>> {
        Box::pin(async {
            let Some(home) = self.home(id).filter(|home| home.0.is_dir()) else { return Ok(()) };
            self.stop(&home).await?;
            self.look(id, &BTreeSet::new());
            Ok(())
        })
    }

    fn logs<'a>(
        &'a self,
        id: &'a str,
        lines: usize,
    ) -> Pending<'a, Result<Vec<String>, ProviderError>> {
        Box::pin(async move {
            let home = self.home(id).filter(|home| home.0.is_dir());
            let home = home.ok_or_else(|| permanent(format!("{id}: no such pod")))?;
            Ok(log::tail(&home.0, lines, TAIL_BYTES_MAX))
        })
    }
}

/// Whether there is still something to stop.
fn is_alive(run: Option<&Run>) -> bool {
    run.is_some_and(|run| run.keeper.is_alive() || run.child.is_alive())
}

async fn wait_until_gone(run: &Run, time_max: Duration) -> bool {
    let gone = async {
        while is_alive(Some(run)) {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    };
    tokio::time::timeout(time_max, gone).await.is_ok()
}

fn phase(
    home: &Home,
    record: &Record,
    run: Option<&Run>,
    exit: Option<&Exit>,
    is_listening: bool,
) -> Phase {
    if home.is_deleting() {
        return Phase::Deleting;
    }
    match (run, exit) {
        (_, Some(Exit { error: Some(_), .. })) => Phase::Failed,
        (_, Some(exit)) => Phase::Exited { code: exit.code },
        (Some(run), None) if run.child.is_alive() => {
            if is_listening {
                Phase::Running
            } else {
                Phase::Starting
            }
        }
        // Its keeper is about to write how it ended.
        (Some(run), None) if run.keeper.is_alive() => Phase::Starting,
        (Some(_), None) => Phase::Exited { code: None },
        (None, None) if clock::now_s() - record.created_at < START_MAX.as_secs_f64() => {
            Phase::Starting
        }
        (None, None) => Phase::Failed,
    }
}

fn why(home: &Home, exit: Option<&Exit>) -> Option<String> {
    let ended = match exit {
        Some(Exit { error: Some(error), .. }) => error.clone(),
        Some(Exit { code: Some(code), .. }) => format!("ended with code {code}"),
        Some(Exit { signal: Some(signal), .. }) => format!("ended by signal {signal}"),
        _ => "ended without its keeper".to_owned(),
    };
    let lines = log::tail(&home.0, DETAIL_LINES, TAIL_BYTES_MAX);
    let lines: Vec<String> = std::iter::once(ended).chain(lines).collect();
    remote::detail(&lines.join(" | "))
}

fn unreadable(id: &str, error: &std::io::Error) -> Seen {
    Seen {
        id: id.to_owned(),
        name: String::new(),
        url: None,
        phase: Phase::Unknown("unreadable".into()),
        detail: remote::detail(&error.to_string()),
        price_per_hour: None,
        created_at: None,
        labels: BTreeMap::new(),
    }
}

/// One that nothing listens on now and that no pod was told to listen on.
fn free_port(living: &[Record]) -> Result<u16, ProviderError> {
    for _ in 0..100 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(transient)?;
        let port = listener.local_addr().map_err(transient)?.port();
        if living.iter().all(|record| record.port != port) {
            return Ok(port);
        }
    }
    Err(transient("no free port"))
}

fn permanent(error: impl ToString) -> ProviderError {
    ProviderError::Permanent {
        provider: "local".into(),
        detail: remote::clean(&error.to_string(), remote::DETAIL_CHARS_MAX),
    }
}

fn transient(error: impl ToString) -> ProviderError {
    ProviderError::Transient {
        provider: "local".into(),
        detail: remote::clean(&error.to_string(), remote::DETAIL_CHARS_MAX),
    }
}

fn capacity(detail: String) -> ProviderError {
    ProviderError::Capacity { provider: "local".into(), detail }
}
