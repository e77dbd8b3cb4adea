//! Images of miners' repositories without a builder: repositories in a folder of this machine, checked out at the commit.
//!
//! ```text
//! REPOSITORIES/OWNER/NAME.git          a bare git repository, or
//! REPOSITORIES/OWNER/NAME              a git repository with a working copy, or a bare one, or
//! REPOSITORIES/OWNER/NAME/COMMIT/…     a plain folder for each commit
//! FOLDER/{hash of repository and commit}/…     the build
//! ```
//!
//! A repository says in `crucible.toml` how its pod is started; the image is that command line behind `process:`, with
//! `{builds}/{hash}` where the checkout is. Processes are no cage: this is for repositories that one trusts as one's own.
//!
//! ```toml
//! [pod]
//! command = ["{crucible}", "serve", "pod", "--port", "{port}", "--generators", "{repo}/generators.toml", "--generator", "mine"]
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use chain::Pending;
use gix::bstr::ByteSlice as _;
use ledger::Round;
use ledger::files::builds::BuildStatus;
use ledger::files::submissions::{Submission, hotkey10};
use ledger::repository::{Id, path_problem};
use serde::Deserialize;
use store::Digest;

use crate::orchestrator::tag;
use crate::ports::{BuildSeen, Builds};

/// Name of the file that says how a pod is started.
pub const MANIFEST: &str = "crucible.toml";

/// The original's way to say it.
pub const DOCKERFILE: &str = "docker/Dockerfile";

/// Longest [`MANIFEST`], in bytes.
const MANIFEST_BYTES_MAX: u64 = 64 << 10;

/// Settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where repositories are.
    pub repositories: PathBuf,
    /// Where checkouts are made.
    pub folder: PathBuf,
    /// Image of a repository with a [`DOCKERFILE`] and without a [`MANIFEST`], with `{hotkey10}` and `{tag}`: whoever sets this
    /// builds such images. Nothing: such a build fails.
    pub docker_image: Option<String>,
    /// Files of a checkout.
    pub files_max: usize,
    /// Bytes of a checkout.
    pub bytes_max: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            repositories: PathBuf::from("repositories"),
            folder: PathBuf::from("builds"),
            docker_image: None,
            files_max: 10_000,
            bytes_max: 1 << 30,
        }
    }
}

/// Checkouts of repositories of this machine.
#[derive(Debug, Clone)]
pub struct Local {
    settings: Settings,
}

/// Why there is no build.
#[derive(Debug, thiserror::Error)]
enum Fault {
    /// The miner's, now and later.
    #[error("{0}")]
    Miner(String),
    /// Ours: perhaps later.
    #[error("{0}")]
    Ours(#[from] io::Error),
}

impl Local {
    /// By settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// The build of one submission. May block for as long as a checkout takes. Why one fails is not told: the miner can find out
    /// with the same repository.
    ///
    /// # Errors
    ///
    /// Of the disk.
    pub fn build(&self, hotkey: &str, submission: &Submission) -> io::Result<BuildSeen> {
        let image = match self.image(hotkey, submission) {
            Ok(image) => Some(image),
            Err(Fault::Miner(_)) => None,
            Err(Fault::Ours(error)) => return Err(error),
        };
        let status = if image.is_some() { BuildStatus::Success } else { BuildStatus::Failure };
        Ok(BuildSeen { status, image })
    }

    fn image(&self, hotkey: &str, submission: &Submission) -> Result<String, Fault> {
        let repo = &submission.repo;
        let (owner, name) = repo
            .split_once('/')
            .filter(|(owner, name)| is_part(owner) && is_part(name))
            .ok_or_else(|| Fault::Miner("no repository of the form owner/name".to_owned()))?;
        let commit = Id::from_hex(&submission.commit)
            .ok_or_else(|| Fault::Miner("no commit of 40 hex digits".to_owned()))?;
        let hash = Digest::of(format!("{repo}\n{commit}").as_bytes()).to_string()[..32].to_owned();
        let build = self.settings.folder.join(&hash);
        if !build.is_dir() {
            self.check_out(owner, name, commit, &build)?;
        }
        let manifest = build.join(MANIFEST);
        if manifest.is_file() {
            return command(&manifest, &hash);
        }
        let template = self.settings.docker_image.as_ref();
        match template.filter(|_| build.join(DOCKERFILE).is_file()) {
            Some(template) => {
                let image = template.replace("{hotkey10}", hotkey10(hotkey));
                Ok(image.replace("{tag}", &tag(submission)).to_lowercase())
            }
            None => Err(Fault::Miner(format!("no {MANIFEST}"))),
        }
    }

    /// All files of a commit in a new folder, or none.
    fn check_out(&self, owner: &str, name: &str, commit: Id, build: &Path) -> Result<(), Fault> {
        fs_err::create_dir_all(&self.settings.folder)?;
        let scratch =
            tempfile::Builder::new().prefix(".checkout-").tempdir_in(&self.settings.folder)?;
        let home = self.settings.repositories.join(owner);
        let plain = home.join(name).join(commit.to_string());
        let mut copy = Copy { to: scratch.path(), settings: &self.settings, files: 0, bytes: 0 };
        if plain.is_dir() {
            copy.folder(&plain, "")?;
        } else {
            let candidates =
                [home.join(format!("{name}.git")), home.join(name).join(".git"), home.join(name)];
            let found = candidates.iter().find(|path| path.join("HEAD").is_file());
            let found = found.ok_or_else(|| Fault::Miner("no such repository".to_owned()))?;
            copy.commit(found, commit)?;
        }
        match fs_err::rename(scratch.path(), build) {
            // Somebody else was as fast: the same commit has the same files.
            Err(_) if build.is_dir() => Ok(()),
            renamed => Ok(renamed?),
        }
    }
}

/// Puts files into a folder, within limits.
struct Copy<'a> {
    to: &'a Path,
    settings: &'a Settings,
    files: usize,
    bytes: u64,
}

impl Copy<'_> {
    /// Files of a commit; links and submodules are left out.
    fn commit(&mut self, repository: &Path, commit: Id) -> Result<(), Fault> {
        let miner = |error: &dyn std::fmt::Display| Fault::Miner(error.to_string());
        let options = gix::open::Options::isolated().open_path_as_is(true);
        let repository = gix::open_opts(repository, options).map_err(|error| miner(&error))?;
        let id = gix::ObjectId::from_bytes_or_panic(&commit.0);
        let root = repository.find_commit(id).map_err(|error| miner(&error))?;
        let mut open = vec![(String::new(), root.tree().map_err(|error| miner(&error))?)];
        while let Some((prefix, tree)) = open.pop() {
            for entry in tree.iter() {
                let entry = entry.map_err(|error| miner(&error))?;
                let name = entry.filename().to_str().map_err(|error| miner(&error))?;
                let path = format!("{prefix}{name}");
                let mode = entry.mode();
                if mode.is_tree() {
                    let tree = entry.object().map_err(|error| miner(&error))?.into_tree();
                    // Folders count too: a few small ones can name each other without end.
                    self.count(0)?;
                    open.push((format!("{path}/"), tree));
                } else if mode.is_blob() {
                    let header = repository.find_header(entry.oid());
                    self.count(header.map_err(|error| miner(&error))?.size())?;
                    let blob = entry.object().map_err(|error| miner(&error))?;
                    self.write(&path, &blob.data, mode.is_executable())?;
                }
            }
        }
        Ok(())
    }

    /// Files of a folder; links are left out.
    fn folder(&mut self, from: &Path, prefix: &str) -> Result<(), Fault> {
        let mut entries = fs_err::read_dir(from)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs_err::DirEntry::file_name);
        for entry in entries {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.folder(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() {
                let found = entry.metadata()?;
                self.count(found.len())?;
                let is_executable =
                    std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o111 != 0;
                self.write(&path, &fs_err::read(entry.path())?, is_executable)?;
            }
        }
        Ok(())
    }

    fn count(&mut self, bytes: u64) -> Result<(), Fault> {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.files > self.settings.files_max || self.bytes > self.settings.bytes_max {
            return Err(Fault::Miner("too large".to_owned()));
        }
        Ok(())
    }

    fn write(&self, path: &str, content: &[u8], is_executable: bool) -> Result<(), Fault> {
        if let Some(problem) = path_problem(path) {
            return Err(Fault::Miner(format!("a path that {problem}")));
        }
        let target = self.to.join(path);
        if let Some(folder) = target.parent() {
            fs_err::create_dir_all(folder).map_err(of_path)?;
        }
        fs_err::write(&target, content).map_err(of_path)?;
        if is_executable {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs_err::set_permissions(&target, mode)?;
        }
        Ok(())
    }
}

/// Names that no disk takes, and files that are folders too, are the miner's.
fn of_path(error: io::Error) -> Fault {
    use io::ErrorKind::{AlreadyExists, InvalidFilename, IsADirectory, NotADirectory};
    match error.kind() {
        AlreadyExists | InvalidFilename | IsADirectory | NotADirectory => {
            Fault::Miner(error.to_string())
        }
        _ => Fault::Ours(error),
    }
}

/// A command line as words, or as a shell would write it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    List(Vec<String>),
    Line(String),
}

#[derive(Debug, Deserialize)]
struct Manifest {
    pod: PodTable,
}

#[derive(Debug, Deserialize)]
struct PodTable {
    command: Words,
}

fn command(manifest: &Path, hash: &str) -> Result<String, Fault> {
    if fs_err::metadata(manifest)?.len() > MANIFEST_BYTES_MAX {
        return Err(Fault::Miner(format!("{MANIFEST} is too long")));
    }
    let miner = |error: &dyn std::fmt::Display| Fault::Miner(format!("{MANIFEST}: {error}"));
    let text = String::from_utf8(fs_err::read(manifest)?).map_err(|error| miner(&error))?;
    let read: Manifest = toml::from_str(&text).map_err(|error| miner(&error))?;
    let words = match read.pod.command {
        Words::List(words) => words,
        Words::Line(line) => shlex::split(&line).ok_or_else(|| miner(&"command: no words"))?,
    };
    if words.is_empty() {
        return Err(miner(&"command: empty"));
    }
    let here = format!("{{builds}}/{hash}");
    let words: Vec<String> = words.iter().map(|word| word.replace("{repo}", &here)).collect();
    let line = shlex::try_join(words.iter().map(String::as_str)).map_err(|error| miner(&error))?;
    Ok(format!("{}{line}", fleet::local::PREFIX))
}

/// Part of a repository's name.
fn is_part(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=100).contains(&text.len()) && !text.starts_with('.') && text.bytes().all(is_plain)
}

impl Builds for Local {
    fn look<'a>(
        &'a self,
        _: Round,
        submissions: &'a [(String, Submission)],
    ) -> Pending<'a, Result<Option<BTreeMap<String, BuildSeen>>, String>> {
        let (here, submissions) = (self.clone(), submissions.to_vec());
        Box::pin(async move {
            let built = tokio::task::spawn_blocking(move || {
                let mut all = BTreeMap::new();
                let mut trouble = None;
                for (hotkey, submission) in submissions {
                    // What fails for reasons of ours is looked for again, and keeps nobody else waiting.
                    match here.build(&hotkey, &submission) {
                        Ok(seen) => {
                            all.insert(hotkey, seen);
                        }
                        Err(error) => trouble = Some(error.to_string()),
                    }
                }
                if all.is_empty() { trouble.map_or(Ok(all), Err) } else { Ok(all) }
            });
            built.await.map_err(|error| error.to_string())?.map(Some)
        })
    }
}
