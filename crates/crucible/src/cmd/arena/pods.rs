//! Miners' repositories on this machine, the images made of them, and where those run.

use std::collections::BTreeMap;
use std::sync::Arc;

use arena::builds::{self, MANIFEST};
use arena::ports::{Builds, Web, Works};
use arena::works;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fleet::providers::{Config, Fleet};
use fleet::session::Limits;
use generate::{Options, Outputs, Quality, ShapeKind, Unobserved};
use jiff::Timestamp;
use ledger::Layout;
use ledger::files::submissions::Submission;
use ledger::repository::{Author, Draft, Expected, GitRepository, publish};
use pod::wire::Kind;

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

/// How the pods of a repository here are started: by the contract of their kind.
fn manifest(kind: Kind) -> String {
    let service = match kind {
        Kind::Module => r#""pod", "--allow-private-urls""#.to_owned(),
        Kind::Splats | Kind::Mesh => format!(r#""generator", "--kind", "{kind}""#),
    };
    format!(
        "[pod]\ncommand = [\"env\", \"REPO={{repo}}\", \"{{crucible}}\", \"serve\", {service}, \"--port\", \"{{port}}\", \
         \"--generators\", \"{{repo}}/generators.toml\", \"--generator\", \"mine\"]\n"
    )
}

/// A generator called "mine", as configurations have it.
pub(super) fn configuration(kind: Kind, rest: &str) -> String {
    format!("[generators.mine]\nmakes = [\"{kind}\"]\n{rest}\n")
}

/// A repository whose code is a generator of such a configuration.
pub(super) fn generator(kind: Kind, rest: &str) -> Files {
    [(MANIFEST, manifest(kind)), ("generators.toml", configuration(kind, rest))]
        .map(|(path, text)| (path.to_owned(), text))
        .into()
}

/// A repository whose code makes the same thing whatever it is asked for: a lantern where that is a module, else a crate.
pub(super) fn always_the_same(kind: Kind) -> Result<Files, Failure> {
    let thing = match kind {
        Kind::Module => include_bytes!("../../../../../assets/modules/lantern.js").to_vec(),
        Kind::Splats | Kind::Mesh => wooden_crate(kind)?,
    };
    // Files of repositories are texts here.
    let command = "type = \"command\"\ncommand = [\"sh\", \"-c\", 'base64 -d \"$REPO/thing\" > \"$0\"', \"{output}\"]";
    let mut files = generator(kind, command);
    files.insert("thing".to_owned(), STANDARD.encode(thing));
    Ok(files)
}

/// What the built-in generator makes of a brown square.
fn wooden_crate(kind: Kind) -> Result<Vec<u8>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
    let square = image::RgbaImage::from_fn(128, 128, |x, y| {
        let inside = (16..112).contains(&x) && (16..112).contains(&y);
        let plank = if y % 24 < 3 { 60 } else { 0 };
        image::Rgba([150 - plank, 105 - plank, 60 - plank, if inside { 255 } else { 0 }])
    });
    let outputs = Outputs { splats: kind == Kind::Splats, mesh: kind == Kind::Mesh, module: false };
    let options = Options {
        quality: Quality::Draft,
        shape: Some(ShapeKind::Block),
        outputs,
        ..Options::default()
    };
    let made = generate::generate(&square, &options, &mut Unobserved);
    let made = made.map_err(|error| failed(&error))?;
    let mut bytes = Vec::new();
    let written = match made.mesh.as_ref() {
        Some(mesh) => asset::glb::write(mesh, &mut bytes).map(drop).map_err(|error| failed(&error)),
        None => asset::ply::write(&made.splats, &mut bytes).map_err(|error| failed(&error)),
    };
    written.map(|()| bytes)
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
pub(super) fn baseline(place: &Place, kind: Kind) -> Result<Baseline, Failure> {
    let repository = write(place, "crucible/baseline", &always_the_same(kind)?)?;
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

/// Where images run. Pictures for those that do not fetch them come from this web.
pub(super) fn works(place: &Place, web: Arc<dyn Web>) -> Result<Arc<dyn Works>, Failure> {
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
    let works =
        works::Fleet::with_web(settings, &fleet, Some(web)).map_err(|error| wrong(&error))?;
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
