//! Does a running service keep to the contract it speaks? Every rule is driven over HTTP, as the clients of a competition
//! and their worst networks do it, and told with what was expected, what came and what to do.
//!
//! Way in: [`run`]. The rules are in [`rule::TABLE`]; `single` and `batch` drive them, in the order in which one service can
//! be asked them.

mod archive;
mod batch;
mod form;
mod http;
mod pictures;
mod prompts;
mod raw;
mod report;
pub mod rule;
mod single;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

pub use report::{Finding, Outcome, Report, Verdict};
pub use rule::{Contract, Rule};

use crate::wire::Kind;
use http::Http;
use report::Findings;

/// What is checked, and how patiently.
#[derive(Clone)]
pub struct Config {
    /// Where the service is, with the scheme.
    pub url: String,
    /// Which contract; none to find out.
    pub contract: Option<Contract>,
    /// Only the checks that need few generations.
    pub quick: bool,
    /// Where pictures of batches are served.
    pub prompts_bind: SocketAddr,
    /// What the service finds them under: a host, with a port when it is another than the one listened on.
    pub prompts_reach: String,
    /// Time and size.
    pub limits: Limits,
    /// Begins the stems of batches, so that two checks of one service ask with different ones. Lower-case letters and digits.
    pub token: String,
    /// Says how the service's process ended, for services that the caller started.
    pub ended: Option<Ended>,
}

/// Tells whether a process has ended, and how.
pub type Ended = Arc<dyn Fn() -> Option<String> + Send + Sync>;

impl Config {
    /// The defaults, for a service at an address.
    #[must_use]
    pub fn of(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            contract: None,
            quick: false,
            prompts_bind: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            prompts_reach: Ipv4Addr::LOCALHOST.to_string(),
            limits: Limits::default(),
            token: "check".into(),
            ended: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("url", &self.url)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Time and size.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The whole check.
    pub total: Duration,
    /// From the start to a service that is ready.
    pub warm_up: Duration,
    /// One generation, from the request to the last byte.
    pub generation: Duration,
    /// One batch of a few prompts.
    pub batch: Duration,
    /// `/health` and `/status`; they are waited for five times as long.
    pub answer: Duration,
    /// From headers to the first bytes of the body.
    pub stall: Duration,
    /// What a next step may take at least, before it counts as not coming; ten generations if that is longer.
    pub patience: Duration,
    /// A picture that never ends must have been given up.
    pub endless: Duration,
    /// Between two polls.
    pub poll: Duration,
    /// Longest model, in bytes.
    pub model_bytes: usize,
}

impl Default for Limits {
    /// Times of the contracts where they give one, else what is plenty.
    fn default() -> Self {
        Self {
            total: Duration::from_secs(3600),
            warm_up: Duration::from_secs(1800),
            generation: Duration::from_secs(360),
            batch: Duration::from_secs(3600),
            answer: Duration::from_secs(1),
            stall: Duration::from_secs(1),
            patience: Duration::from_secs(30),
            endless: Duration::from_secs(300),
            poll: Duration::from_secs(1),
            model_bytes: crate::wire::single::MODEL_BYTES_MAX,
        }
    }
}

/// Says what is wrong with a model and how different two look. Reading and drawing belong to others.
pub trait Judge: Send + Sync {
    /// The rules of its competition that a model breaks, one line each.
    fn breaches(&self, kind: Kind, model: &[u8]) -> Vec<String>;

    /// How different two models look: 0 for the same, 0.1 for what still counts as the same.
    ///
    /// # Errors
    ///
    /// One of them cannot be drawn.
    fn distance(&self, kind: Kind, a: &[u8], b: &[u8]) -> Result<f64, String>;
}

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Not an address of a service.
    #[error("{0:?} is not an http or https URL")]
    Url(String),
    /// No TLS, or no resolver, on this machine.
    #[error("cannot make requests: {0}")]
    Client(String),
    /// The pictures cannot be served.
    #[error("cannot serve pictures on {0}: {1}")]
    Prompts(SocketAddr, std::io::Error),
    /// The pictures cannot be made.
    #[error("cannot make pictures: {0}")]
    Pictures(#[from] image::ImageError),
}

/// Drives a service through every rule of its contract. `progress` is told what is being done.
///
/// # Errors
///
/// [`CheckError`]: nothing could be checked. What a service does wrong is in the report.
pub async fn run(
    config: Config,
    judge: Arc<dyn Judge>,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Report, CheckError> {
    let parsed = reqwest::Url::parse(&config.url).ok();
    if !parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Err(CheckError::Url(config.url));
    }
    let begun = Instant::now();
    let http = Http::new(&config.url)?;
    let session = Session { config, http, judge, findings: Mutex::default(), progress };
    let contract = Mutex::new(session.config.contract);
    let driven = async {
        let found = session.meet().await?;
        *contract.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        match found {
            Contract::SingleShot => single::check(&session).await,
            Contract::Batch => batch::check(&session).await,
        }
    };
    let total = session.config.limits.total;
    let ended_early = match timeout(total, driven).await {
        Ok(Ok(())) => None,
        Ok(Err(Stop::Because(why))) => Some(why),
        Ok(Err(Stop::Error(error))) => return Err(error),
        Err(_) => Some(format!("the time limit of the check, {} s", total.as_secs())),
    };
    let contract = contract.into_inner().unwrap_or_else(PoisonError::into_inner);
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let Session { config, findings, .. } = session;
    let findings = findings.into_inner().unwrap_or_else(PoisonError::into_inner);
    let verdict = if findings.any(Outcome::Fail) {
        Verdict::Breaks
    } else if ended_early.is_some() {
        Verdict::Undecided
    } else {
        Verdict::Keeps
    };
    let why_not = match &ended_early {
        Some(_) => "not reached",
        None if config.quick => "left out by --quick",
        None => "there was nothing to look at",
    };
    let findings = contract.map_or_else(Vec::new, |found| findings.complete(found, why_not));
    Ok(Report { url: config.url, contract, verdict, findings, took_ms, ended_early })
}

/// Why a check goes no further.
enum Stop {
    Because(String),
    Error(CheckError),
}

impl From<CheckError> for Stop {
    fn from(error: CheckError) -> Self {
        Self::Error(error)
    }
}

impl From<image::ImageError> for Stop {
    fn from(error: image::ImageError) -> Self {
        Self::Error(error.into())
    }
}

/// One check of one service.
struct Session<'a> {
    config: Config,
    http: Http,
    judge: Arc<dyn Judge>,
    findings: Mutex<Findings>,
    progress: &'a (dyn Fn(&str) + Sync),
}

impl Session<'_> {
    fn limits(&self) -> Limits {
        self.config.limits
    }

    fn say(&self, what: &str) {
        (self.progress)(what);
    }

    fn record(&self, rule: Rule, outcome: Outcome, came: impl fmt::Display) {
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        findings.record(rule, outcome, came);
    }

    fn pass(&self, rule: Rule, came: impl fmt::Display) {
        self.record(rule, Outcome::Pass, came);
    }

    fn warn(&self, rule: Rule, came: impl fmt::Display) {
        self.record(rule, Outcome::Warn, came);
    }

    fn fail(&self, rule: Rule, came: impl fmt::Display) {
        self.record(rule, Outcome::Fail, came);
    }

    fn skip(&self, rule: Rule, why: impl fmt::Display) {
        self.record(rule, Outcome::Skipped, why);
    }

    fn has_failed(&self, rule: Rule) -> bool {
        let findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        findings.outcome(rule) == Some(Outcome::Fail)
    }

    /// How long a service is waited for that should answer within [`Limits::answer`].
    fn answer_wait(&self) -> Duration {
        self.limits().answer * 5
    }

    /// Waits until something answers, and finds out what it speaks: only batch services have `/status`.
    async fn meet(&self) -> Result<Contract, Stop> {
        self.say("waiting for an answer");
        let begun = Instant::now();
        loop {
            let answer = self.http.get("/status", self.answer_wait()).await;
            let found = match answer {
                Ok(answer) if matches!(answer.status, 404 | 405 | 501) => {
                    Some(Contract::SingleShot)
                }
                // Servers for pages answer anything with a page.
                Ok(answer)
                    if answer.is_success() && answer.json().is_none() && self.is_page(&answer) =>
                {
                    Some(Contract::SingleShot)
                }
                Ok(_) => Some(Contract::Batch),
                Err(silence) => {
                    self.is_there(&silence.to_string())?;
                    if begun.elapsed() > self.limits().warm_up {
                        return Err(Stop::Because(format!("nothing answers: {silence}")));
                    }
                    None
                }
            };
            if let Some(found) = self.config.contract.or(found) {
                return Ok(found);
            }
            sleep(self.limits().poll).await;
        }
    }

    fn is_page(&self, answer: &http::Answer) -> bool {
        answer.content_type().starts_with("text/")
    }

    /// Stops when the process of the service has ended.
    fn is_there(&self, but: &str) -> Result<(), Stop> {
        match self.config.ended.as_ref().and_then(|ended| ended()) {
            Some(how) => Err(Stop::Because(format!("the service has ended ({how}); {but}"))),
            None => Ok(()),
        }
    }

    async fn breaches(&self, kind: Kind, model: &bytes::Bytes) -> Vec<String> {
        let (judge, model) = (self.judge.clone(), model.clone());
        let judged = tokio::task::spawn_blocking(move || judge.breaches(kind, &model)).await;
        judged.unwrap_or_else(|error| vec![format!("cannot be judged: {error}")])
    }

    async fn distance(
        &self,
        kind: Kind,
        a: &bytes::Bytes,
        b: &bytes::Bytes,
    ) -> Result<f64, String> {
        let (judge, a, b) = (self.judge.clone(), a.clone(), b.clone());
        let judged = tokio::task::spawn_blocking(move || judge.distance(kind, &a, &b)).await;
        judged.unwrap_or_else(|error| Err(error.to_string()))
    }

    /// What many polls of one address came to, `gap` apart. Slow for most of the time is broken; now and then a poll is
    /// slow because of the network.
    fn judge_polls(&self, rule: Rule, polls: &[Result<Duration, String>], gap: Duration) {
        if let Some(came) = polls.iter().find_map(|poll| poll.as_ref().err()) {
            return self.fail(rule, came);
        }
        let limit = self.limits().answer;
        let times: Vec<Duration> = polls.iter().flatten().copied().collect();
        let worst = times.iter().max().copied().unwrap_or_default();
        let all: Duration = times.iter().map(|time| *time + gap).sum();
        let slow: Duration =
            times.iter().filter(|time| **time > limit).map(|time| *time + gap).sum();
        let came = format!("{} polls, the slowest took {} ms", times.len(), worst.as_millis());
        let outcome = match () {
            () if slow * 2 > all => Outcome::Fail,
            () if worst > limit => Outcome::Warn,
            () => Outcome::Pass,
        };
        self.record(rule, outcome, came);
    }

    /// One poll of `/health`.
    async fn health(&self) -> Result<Duration, String> {
        let begun = Instant::now();
        let answer = self.http.get("/health", self.answer_wait()).await;
        match &answer {
            Ok(found) if found.status == 200 => Ok(begun.elapsed()),
            _ => Err(http::brief(&answer)),
        }
    }
}
