//! Miners' repositories on this machine, the images made of them, and where those run.

use std::collections::BTreeMap;
use std::sync::Arc;

use arena::builds::{self, MANIFEST};
use arena::ports::{Builds, Works};
use arena::works;
use fleet::providers::{Config, Fleet};
use fleet::session::Limits;
use jiff::Timestamp;
use ledger::Layout;
use ledger::files::submissions::Submission;
use ledger::repository::{Author, Draft, Expected, GitRepository, publish};

use super::place::Place;
use crate::failure::Failure;

/// Of providers, in a competition's folder; without it, pods are processes of this machine.
const FLEET: &str = "fleet.toml";

/// Texts of a repository by path.
pub(super) type Files = BTreeMap<String, String>;

/// A miner's repository.
#[derive(Debug, Clone)]
pub(super) struct Repository {
    /// `owner/name`.
    pub(super) name: String,
    /// 40 hex digits.
    pub(super) commit: String,
}

/// Whom the first challengers have to beat.
#[derive(Debug, Clone)]
pub(super) struct Baseline {
    pub(super) repository: Repository,
    pub(super) image: String,
}

/// How the pods of all repositories here are started.
const COMMAND: &str = r#"[pod]
command = ["{crucible}", "serve", "pod", "--port", "{port}", "--generators", "{repo}/generators.toml", "--generator", "mine", "--allow-private-urls"]
"#;

/// A repository whose code is a generator called "mine" of this configuration.
pub(super) fn generator(configuration: &str) -> Files {
    [(MANIFEST, COMMAND), ("generators.toml", configuration)]
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .into()
}

/// A repository whose code makes the same lantern whatever it is asked for.
pub(super) fn lantern() -> Files {
    let module = include_str!("../../../../../assets/modules/lantern.js");
    generator(&format!(
        "[generators.mine]\ntype = \"command\"\nmakes = [\"module\"]\n\
         command = [\"sh\", \"-c\", 'printf %s \"$MODULE\" > \"$0\"', \"{{output}}\"]\n\
         [generators.mine.env]\nMODULE = '''\n{module}'''\n"
    ))
}

/// Writes a repository with one commit.
pub(super) fn write(place: &Place, name: &str, files: &Files) -> Result<Repository, Failure> {
    let folder = place.settings.builds.repositories.join(format!("{name}.git"));
    let failed = |error: &dyn std::fmt::Display| Failure::input(&folder, error);
    let repository = GitRepository::create(&folder, "main").map_err(|error| failed(&error))?;
    let draft = Draft {
        message: "A generator".to_owned(),
        changes: files.iter().map(|(path, text)| (path.clone(), Some(text.clone()))).collect(),
        author: Author { name: "A miner".to_owned(), email: "miner@localhost".to_owned() },
        time: Timestamp::UNIX_EPOCH,
    };
    let commit = publish(&repository, &draft, &Expected::new()).map_err(|error| failed(&error))?;
    Ok(Repository { name: name.to_owned(), commit: commit.to_string() })
}

/// The repository of a leader that anybody can beat, and its image.
pub(super) fn baseline(place: &Place) -> Result<Baseline, Failure> {
    let repository = write(place, "crucible/baseline", &lantern())?;
    let submission = Submission {
        repo: repository.name.clone(),
        commit: repository.commit.clone(),
        cdn_url: None,
        revealed_at_block: 0,
        round: "baseline".to_owned(),
        layout: Layout::default(),
    };
    let built = builds::Local::new(place.settings.builds.clone()).build("crucible00", &submission);
    let built = built.map_err(|error| Failure::io(&error))?;
    let none = || Failure::input(&place.folder, "the baseline's repository makes no image");
    Ok(Baseline { repository, image: built.image.ok_or_else(none)? })
}

pub(super) fn builds(place: &Place) -> Arc<dyn Builds> {
    Arc::new(builds::Local::new(place.settings.builds.clone()))
}

pub(super) fn works(place: &Place) -> Result<Arc<dyn Works>, Failure> {
    let path = place.folder.join(FLEET);
    let text = match fs_err::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        text => Some(text.map_err(|error| Failure::io(&error))?),
    };
    let program = std::env::current_exe().map_err(|error| Failure::io(&error))?;
    let mut settings = place.settings.works.clone();
    settings.builds = place.settings.builds.folder.clone();
    settings.program = program.clone();
    let of_fleet =
        fleet::providers::Place { state_dir: settings.folder.join("fleet"), keeper: program };
    let wrong = |error: &dyn std::fmt::Display| Failure::input(&path, error);
    let config =
        Config::parse(text.as_deref().unwrap_or_default()).map_err(|error| wrong(&error))?;
    #[expect(clippy::disallowed_methods, reason = "this is the edge, where settings are read")]
    let env = |name: &str| std::env::var(name).ok();
    let fleet = Fleet::from_config(&config, &of_fleet, &env).map_err(|error| wrong(&error))?;
    if text.is_none() {
        settings = works::Settings {
            limits: near(settings.limits),
            gpu_type: None,
            gpu_count: 0,
            ..settings
        };
    }
    let works = works::Fleet::new(settings, &fleet).map_err(|error| wrong(&error))?;
    Ok(Arc::new(works))
}

/// Pods of this machine are near: they can be looked at often.
fn near(limits: Limits) -> Limits {
    Limits {
        look: limits.look.min(250),
        poll: limits.poll.min(250),
        unreachable: limits.unreachable.max(60),
        acquisition_pause: limits.acquisition_pause.min(2000),
        ..limits
    }
}
