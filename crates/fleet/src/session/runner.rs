//! Performs what a session decides: calls to providers and pods, modules to where they are kept, observations to the journal.
//! Decides nothing itself.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fs_err as fs;
use pod::client::{Batch, BatchLimits, ClientError};
use sha2::{Digest, Sha256};
use tokio::task::{AbortHandle, JoinSet};

use super::{
    Answer, Command, DeployFault, Effect, FetchFault, Fetched, Journal, JournalError, Millis,
    Observation, Plan, Row, Session, SubmitFault, Taken,
};
use crate::names::{LABEL_NAME, PodName};
use crate::provider::{Pending, Provider, ProviderError, Seen, Spec};

/// The longest that a provider may take to answer.
const PROVIDER_TIME_MAX: Duration = Duration::from_secs(180);

/// Lines of a pod that are asked for.
const LOG_LINES: usize = 20;

/// Requests the platform may send to a pod at the same time: a look beside a transfer.
const CONCURRENCY: u32 = 2;

/// Keeps modules.
pub trait Keep: Send + Sync {
    /// Keeps one module, whole or not at all; the same one may come again. May block.
    ///
    /// # Errors
    ///
    /// Of whatever it keeps them in. The results are fetched again later then.
    fn keep(&self, repeat: u32, stem: &str, module: &[u8]) -> io::Result<()>;
}

/// Keeps modules in `FOLDER/generated_REPEAT/STEM.js`.
#[derive(Debug, Clone)]
pub struct Folder(
    /// Where; it is made when it is not there.
    pub PathBuf,
);

impl Keep for Folder {
    fn keep(&self, repeat: u32, stem: &str, module: &[u8]) -> io::Result<()> {
        let folder = self.0.join(format!("generated_{repeat}"));
        fs::create_dir_all(&folder)?;
        let mut file = tempfile::NamedTempFile::new_in(&folder)?;
        io::Write::write_all(&mut file, module)?;
        file.as_file().sync_data()?;
        file.persist(folder.join(format!("{stem}.js")))?;
        Ok(())
    }
}

/// What happened, for those who watch.
#[derive(Debug)]
pub struct Event<'a> {
    /// The session after it.
    pub session: &'a Session,
    /// What was observed.
    pub observed: &'a Observation,
    /// What is done because of it.
    pub commands: &'a [Command],
}

/// What a session is run with.
pub struct Parts<'a> {
    /// By name; all that the plan names.
    pub providers: BTreeMap<String, Arc<dyn Provider>>,
    /// Of the clients of pods.
    pub limits: BatchLimits,
    /// Where modules go.
    pub keep: Arc<dyn Keep>,
    /// The journal that the session came from.
    pub journal: Journal,
    /// The wall clock.
    pub clock: fn() -> Millis,
    /// Done, with a reason, when the session is to be stopped.
    pub stop: Pin<Box<dyn Future<Output = String> + Send + 'a>>,
    /// Told of everything.
    pub watch: Box<dyn FnMut(Event<'_>) + Send + 'a>,
}

impl std::fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("journal", &self.journal).finish_non_exhaustive()
    }
}

/// Why a session could not be run to its end. It can be taken up again from its journal.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The plan names a provider that is not there.
    #[error("no provider {0}")]
    NoProvider(String),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A call panicked: a fault of this program.
    #[error("a call failed: {0}")]
    Call(String),
}

/// Runs a session that came from a journal to its end: everything made, given up or stopped, and every pod gone.
///
/// # Errors
///
/// [`RunError`].
pub async fn run(mut session: Session, mut parts: Parts<'_>) -> Result<Session, RunError> {
    let missing = |name: &&String| !parts.providers.contains_key(*name);
    if let Some(name) = session.plan().providers.iter().find(missing) {
        return Err(RunError::NoProvider(name.clone()));
    }
    let hands = Arc::new(Hands {
        plan: session.plan().clone(),
        providers: parts.providers.clone(),
        limits: parts.limits.clone(),
        keep: parts.keep.clone(),
        clients: Mutex::default(),
    });
    let mut calls: JoinSet<(u64, Answer)> = JoinSet::new();
    let mut handles: BTreeMap<u64, AbortHandle> = BTreeMap::new();
    let mut is_stopped = false;
    let mut observed = match (session.is_over(), session.has_begun()) {
        (true, _) => return Ok(session),
        (false, true) => Observation::Restarted,
        (false, false) => Observation::Began,
    };
    loop {
        let now = (parts.clock)();
        parts.journal.append(now, &observed)?;
        let commands = session.step(now, observed.clone());
        for command in &commands {
            match command {
                Command::Do { call, effect } => {
                    let (hands, effect, number) = (hands.clone(), effect.clone(), *call);
                    let handle = calls.spawn(async move { (number, hands.perform(effect).await) });
                    handles.insert(*call, handle);
                }
                Command::Cancel { call } => {
                    if let Some(handle) = handles.remove(call) {
                        handle.abort();
                    }
                }
            }
        }
        (parts.watch)(Event { session: &session, observed: &observed, commands: &commands });
        if session.is_over() {
            return Ok(session);
        }
        let pause = session.wake_at().map(|at| at.saturating_sub((parts.clock)()));
        observed = loop {
            let slept = async {
                match pause {
                    // Not at once: a deadline that is met at its millisecond may need the next one.
                    Some(pause) => tokio::time::sleep(Duration::from_millis(pause.max(1))).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                reason = &mut parts.stop, if !is_stopped => {
                    is_stopped = true;
                    break Observation::Stop { reason };
                }
                Some(ended) = calls.join_next() => match ended {
                    Ok((call, answer)) => {
                        handles.remove(&call);
                        break Observation::Answer { call, answer };
                    }
                    Err(error) if error.is_cancelled() => {}
                    Err(error) => return Err(RunError::Call(error.to_string())),
                },
                () = slept => break Observation::Tick,
            }
        };
    }
}

/// What calls are done with.
struct Hands {
    plan: Plan,
    providers: BTreeMap<String, Arc<dyn Provider>>,
    limits: BatchLimits,
    keep: Arc<dyn Keep>,
    /// By address: connections are used again.
    clients: Mutex<BTreeMap<String, Batch>>,
}

impl Hands {
    async fn perform(&self, effect: Effect) -> Answer {
        match effect {
            Effect::Deploy { provider, name, .. } => {
                Answer::Deploy(self.deploy(&provider, name).await)
            }
            Effect::Find { provider, name } => {
                Answer::Find(self.find(&provider, name.as_deref()).await)
            }
            Effect::Look { provider, id } => {
                let seen = self.look(&provider, &id).await;
                Answer::Look(seen.map_err(|error| error.to_string()))
            }
            Effect::Delete { provider, id } => {
                let deleted = self.delete(&provider, &id).await;
                Answer::Delete(deleted.map_err(|error| error.to_string()))
            }
            Effect::Logs { provider, id } => {
                let lines = self.logs(&provider, &id).await;
                Answer::Logs(lines.unwrap_or_default())
            }
            Effect::Health { provider, url } => Answer::Health(
                async { self.client(&provider, &url)?.health().await }
                    .await
                    .map_err(|error| error.to_string()),
            ),
            Effect::Status { provider, url, replacements_remaining } => Answer::Status(
                async { self.client(&provider, &url)?.status(replacements_remaining).await }
                    .await
                    .map_err(|error| error.to_string()),
            ),
            Effect::Submit { provider, url, batch } => Answer::Submit(
                match async { self.client(&provider, &url)?.submit(&batch).await }.await {
                    Ok(taken) => {
                        Ok(Taken { accepted: taken.accepted, keeps_identity: taken.keeps_identity })
                    }
                    Err(ClientError::Refused { state }) => Err(SubmitFault::Refused { state }),
                    Err(error) => Err(SubmitFault::Failed { detail: error.to_string() }),
                },
            ),
            Effect::Fetch { provider, url, repeat, stems } => {
                Answer::Fetch(self.fetch(&provider, &url, repeat, stems).await)
            }
        }
    }

    fn provider(&self, name: &str) -> Result<&dyn Provider, ProviderError> {
        let found = self.providers.get(name).map(AsRef::as_ref);
        found.ok_or_else(|| transient(name, "no such provider"))
    }

    async fn look(&self, provider: &str, id: &str) -> Result<Option<Seen>, ProviderError> {
        in_time(provider, self.provider(provider)?.get(id)).await
    }

    async fn delete(&self, provider: &str, id: &str) -> Result<(), ProviderError> {
        in_time(provider, self.provider(provider)?.delete(id)).await
    }

    async fn logs(&self, provider: &str, id: &str) -> Result<Vec<String>, ProviderError> {
        in_time(provider, self.provider(provider)?.logs(id, LOG_LINES)).await
    }

    async fn make(&self, provider: &str, spec: &Spec) -> Result<Seen, ProviderError> {
        in_time(provider, self.provider(provider)?.deploy(spec)).await
    }

    async fn list(&self, provider: &str) -> Result<Vec<Seen>, ProviderError> {
        in_time(provider, self.provider(provider)?.list()).await
    }

    async fn deploy(&self, provider: &str, name: String) -> Result<Seen, DeployFault> {
        let container = &self.plan.container;
        let mut labels = container.labels.clone();
        if let Ok(name) = name.parse::<PodName>() {
            labels.extend(name.labels(None));
        }
        let spec = Spec {
            name,
            image: container.image.clone(),
            gpu_type: container.gpu_type.clone(),
            gpu_count: container.gpu_count,
            port: container.port,
            concurrency: CONCURRENCY,
            env: container.env.clone(),
            labels,
        };
        let deployed = self.make(provider, &spec).await;
        deployed.map_err(|error| {
            let detail = error.to_string();
            match error {
                ProviderError::Auth { .. } | ProviderError::Permanent { .. } => {
                    DeployFault::Never { detail }
                }
                ProviderError::Capacity { .. } => {
                    DeployFault::Later { detail, after: None, is_unclear: false }
                }
                ProviderError::RateLimited { after, .. } => {
                    let after = after.map(|after| u64::try_from(after.as_millis()).unwrap_or(0));
                    DeployFault::Later { detail, after, is_unclear: false }
                }
                ProviderError::Transient { .. } => {
                    DeployFault::Later { detail, after: None, is_unclear: true }
                }
                ProviderError::Orphan { id, .. } => DeployFault::Orphan { id, detail },
            }
        })
    }

    async fn find(&self, provider: &str, name: Option<&str>) -> Result<Vec<Seen>, String> {
        let all = self.list(provider).await;
        let mut all = all.map_err(|error| error.to_string())?;
        for seen in &mut all {
            // Where a provider has its own names, ours is the label.
            if let Some(label) = seen.labels.get(LABEL_NAME) {
                seen.name = label.clone();
            }
        }
        all.retain(|seen| match name {
            Some(name) => seen.name == name,
            None => self.plan.is_pod_name(&seen.name),
        });
        Ok(all)
    }

    fn client(&self, provider: &str, url: &str) -> Result<Batch, ClientError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(url) {
            return Ok(client.clone());
        }
        let bearer = self.providers.get(provider).and_then(|provider| provider.bearer().cloned());
        let client = Batch::new(url, bearer, self.limits.clone())?;
        clients.insert(url.to_owned(), client.clone());
        Ok(client)
    }

    async fn fetch(
        &self,
        provider: &str,
        url: &str,
        repeat: u32,
        stems: Vec<String>,
    ) -> Result<Fetched, FetchFault> {
        let results = async { self.client(provider, url)?.results().await }.await;
        let results = results.map_err(|error| FetchFault::Pod { detail: error.to_string() })?;
        let keep = self.keep.clone();
        let kept = tokio::task::spawn_blocking(move || {
            let asked: BTreeSet<&String> = stems.iter().collect();
            let found: BTreeSet<&String> =
                results.modules.keys().chain(results.failed.keys()).collect();
            let others = found.difference(&asked).count() as u64;
            let mut rows = BTreeMap::new();
            for stem in &stems {
                let row = match results.outcome(stem) {
                    Err(reason) => Row::Failed { reason: reason.to_owned() },
                    Ok(module) => {
                        keep.keep(repeat, stem, module)?;
                        Row::Made {
                            sha256: faster_hex::hex_string(&Sha256::digest(module)),
                            bytes: module.len() as u64,
                        }
                    }
                };
                rows.insert(stem.clone(), row);
            }
            Ok(Fetched {
                rows,
                others,
                archive_sha256: results.archive_sha256,
                archive_bytes: results.archive_bytes as u64,
                notes: results.notes,
            })
        });
        let kept: io::Result<Fetched> = kept.await.unwrap_or_else(|error| Err(error.into()));
        kept.map_err(|error| FetchFault::Ours { detail: error.to_string() })
    }
}

/// One answer of a provider, in time.
async fn in_time<T>(
    name: &str,
    answer: Pending<'_, Result<T, ProviderError>>,
) -> Result<T, ProviderError> {
    let answer = tokio::time::timeout(PROVIDER_TIME_MAX, answer).await;
    answer.unwrap_or_else(|_| Err(transient(name, "no answer in time")))
}

fn transient(name: &str, detail: &str) -> ProviderError {
    ProviderError::Transient { provider: name.to_owned(), detail: detail.to_owned() }
}
