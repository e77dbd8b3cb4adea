//! A competition's folder on this machine: `arena.toml` and what it names.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arena::owner::Pace;
use arena::{auditor, builds, collector, judging, notify, orchestrator, rounds, setter, works};
use chain::Keypair;
use chain::dev::{DevChain, DevClock};
use judge::vlm::EndpointGiven;
use judge::{single, stages};
use ledger::repository::{Author, GitRepository};
use secrecy::SecretString;
use serde::Deserialize;
use store::Store;

use crate::failure::Failure;

/// The file's name.
pub(super) const FILE: &str = "arena.toml";

/// `arena.toml`. Paths are relative to its folder.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) state: StateSettings,
    pub(super) store: StoreSettings,
    pub(super) chain: ChainSettings,
    pub(super) studio: StudioSettings,
    pub(super) pace: PaceSettings,
    pub(super) web: WebSettings,
    pub(super) collector: collector::Settings,
    pub(super) orchestrator: orchestrator::Settings,
    pub(super) builds: builds::Settings,
    pub(super) works: works::Settings,
    pub(super) judge: judging::Settings,
    pub(super) model: ModelSettings,
    pub(super) rounds: rounds::Settings,
    pub(super) weights: setter::Settings,
    pub(super) auditor: auditor::Settings,
    pub(super) discord: DiscordSettings,
}

/// Where the state is kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StateSettings {
    repository: PathBuf,
    branch: String,
    author: String,
    email: String,
    journals: PathBuf,
}

impl Default for StateSettings {
    fn default() -> Self {
        Self {
            repository: "state.git".into(),
            branch: "main".into(),
            author: "Crucible".into(),
            email: "crucible@localhost".into(),
            journals: "journals".into(),
        }
    }
}

/// Where blobs are kept, and where others find them.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StoreSettings {
    folder: PathBuf,
    pub(super) url: String,
    /// Where `arena run` serves them itself; empty for nowhere.
    serve: String,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            folder: "blobs".into(),
            url: "http://127.0.0.1:4404".into(),
            serve: "127.0.0.1:4404".into(),
        }
    }
}

/// The chain.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ChainSettings {
    folder: PathBuf,
    pub(super) netuid: u16,
    /// The validator's key: a file, or a URI of a development key.
    validator: String,
}

impl Default for ChainSettings {
    fn default() -> Self {
        Self { folder: "chain".into(), netuid: 17, validator: "//Validator".into() }
    }
}

/// Other people's servers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WebSettings {
    /// Private addresses that may be fetched from all the same: `HOST:PORT`, or a network such as `127.0.0.0/8`.
    pub(super) allowed: Vec<String>,
}

/// How view bundles are made.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StudioSettings {
    /// Bundles at the same time; each works on all cores.
    pub(super) parallel: usize,
    /// Run modules without landlock and seccomp.
    pub(super) unsafe_no_cage: bool,
}

impl Default for StudioSettings {
    fn default() -> Self {
        Self { parallel: 2, unsafe_no_cage: false }
    }
}

/// Waits between turns, in seconds. Those of a development competition are short.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PaceSettings {
    least_s: f64,
    most_s: f64,
    failure_s: f64,
}

impl Default for PaceSettings {
    fn default() -> Self {
        Self { least_s: 120.0, most_s: 1800.0, failure_s: 5.0 }
    }
}

/// Judges, whichever `config.json` names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ModelSettings {
    /// The name of the variable with the endpoint's key; without one `OPENAI_API_KEY` is taken, if it is there.
    pub(super) key_env: Option<String>,
    /// An OpenAI-compatible API; what is left out is taken from `OPENAI_BASE_URL` and `OPENAI_TIMEOUT`, if they are there.
    pub(super) endpoint: EndpointGiven,
    pub(super) multi_stage: stages::Settings,
    pub(super) single_question: single::Settings,
}

/// Discord.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DiscordSettings {
    /// The name of the variable with the webhook's address, which is a secret; without one nobody is told.
    pub(super) webhook_env: Option<String>,
    pub(super) sending: notify::Settings,
}

/// A competition on this machine.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The folder with `arena.toml`.
    pub(super) folder: PathBuf,
    pub(super) settings: Settings,
}

impl Place {
    /// Reads `arena.toml` of a folder.
    pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let text = fs_err::read_to_string(&path).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                let text = format!("no {FILE} there; make one with crucible arena init");
                Failure::input(folder, text)
            } else {
                Failure::io(&error)
            }
        })?;
        let settings = toml::from_str(&text).map_err(|error| Failure::input(&path, error))?;
        Self::with(folder, settings)
    }

    /// A folder, which is there, and its settings.
    pub(super) fn with(folder: &Path, mut settings: Settings) -> Result<Self, Failure> {
        let folder = fs_err::canonicalize(folder).map_err(|error| Failure::io(&error))?;
        let (builds, works) = (&mut settings.builds, &mut settings.works);
        for path in [&mut builds.repositories, &mut builds.folder, &mut works.folder] {
            *path = folder.join(&path);
        }
        Ok(Self { folder, settings })
    }

    pub(super) fn path(&self, relative: &Path) -> PathBuf {
        self.folder.join(relative)
    }

    pub(super) fn state_folder(&self) -> PathBuf {
        self.path(&self.settings.state.repository)
    }

    pub(super) fn chain_folder(&self) -> PathBuf {
        self.path(&self.settings.chain.folder)
    }

    pub(super) fn journals_folder(&self) -> PathBuf {
        self.path(&self.settings.state.journals)
    }

    pub(super) fn branch(&self) -> &str {
        &self.settings.state.branch
    }

    pub(super) fn author(&self) -> Author {
        let state = &self.settings.state;
        Author { name: state.author.clone(), email: state.email.clone() }
    }

    pub(super) fn books(&self) -> Result<GitRepository, Failure> {
        GitRepository::open(&self.state_folder(), self.branch())
            .map_err(|error| Failure::input(&self.folder, error))
    }

    pub(super) fn store(&self) -> Result<Store, Failure> {
        let store = &self.settings.store;
        Store::folder(&self.path(&store.folder), &store.url)
            .map_err(|error| Failure::input(&self.folder, error))
    }

    /// Where blobs are served, if they are.
    pub(super) fn serve_at(&self) -> Result<Option<SocketAddr>, Failure> {
        let text = &self.settings.store.serve;
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = |error| {
            let path = self.path(Path::new(FILE));
            Failure::input(
                &path,
                format!("store.serve \"{text}\": {error}; use ADDRESS:PORT or \"\""),
            )
        };
        text.parse().map(Some).map_err(wrong)
    }

    pub(super) fn clock(&self) -> Result<Arc<DevClock>, Failure> {
        let clock = DevClock::open(&self.chain_folder()).map_err(|error| Failure::io(&error))?;
        Ok(Arc::new(clock))
    }

    pub(super) fn chain(&self, clock: &Arc<DevClock>) -> Result<Arc<DevChain>, Failure> {
        let chain = DevChain::open(&self.chain_folder(), Arc::clone(clock) as _)
            .map_err(|error| Failure::input(&self.chain_folder(), error))?;
        Ok(Arc::new(chain))
    }

    pub(super) fn validator(&self) -> Result<Keypair, Failure> {
        self.key(&self.settings.chain.validator)
    }

    /// A key by the URI of a development key, or by a file.
    pub(super) fn key(&self, text: &str) -> Result<Keypair, Failure> {
        if text.starts_with("//") {
            return Keypair::from_uri(text)
                .map_err(|error| Failure::usage(format!("key {text}: {error}")));
        }
        let path = self.path(Path::new(text));
        let file = fs_err::read_to_string(&path).map_err(|error| Failure::io(&error))?;
        Keypair::from_key_file(&SecretString::from(file))
            .map_err(|error| Failure::input(&path, error))
    }

    pub(super) fn pace(&self) -> Pace {
        let seconds = |s: f64| Duration::try_from_secs_f64(s).unwrap_or_default();
        let pace = &self.settings.pace;
        Pace {
            least: seconds(pace.least_s),
            most: seconds(pace.most_s),
            failure: seconds(pace.failure_s),
        }
    }
}
