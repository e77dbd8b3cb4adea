//! A model before anyone sees it: is it upright, and does it keep to the rules of its competition?
//!
//! Pure but for modules, which run in a cage: see [`ModuleCheck`].

use std::fmt;
use std::sync::{Arc, OnceLock};

use asset::rules::{self, Finding, Severity};
use bytes::Bytes;
use pod::wire::Kind;

use crate::{Axes, Failure, orient, text};

/// Says why a module breaks the rules, if it does. The outer error is ours: no verdict.
pub type ModuleCheck = Arc<dyn Fn(&[u8]) -> Result<Result<(), String>, String> + Send + Sync>;

/// How closely a model is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Parsed, checked against every rule of its competition; a module is run.
    #[default]
    Full,
    /// Its first bytes and its length only, for generators one trusts and results so large that parsing costs too much.
    Format,
}

/// Most notes kept of one model.
const NOTES_MAX: usize = 20;

/// What is asked of a model.
#[derive(Clone)]
pub struct Checks {
    /// How closely it is looked at.
    pub level: Level,
    /// The generator's axes.
    pub axes: Axes,
    /// Longest file, in bytes; never more than [`Kind::bytes_max`].
    pub bytes_max: usize,
    /// Runs modules.
    pub modules: Modules,
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { level, axes, bytes_max, modules: _ } = self;
        write!(f, "Checks {{ level: {level:?}, axes: {axes}, bytes_max: {bytes_max} }}")
    }
}

/// Shared by every generator of a catalogue, so that there is one cage.
#[derive(Clone, Default)]
pub struct Modules(Arc<OnceLock<ModuleCheck>>);

impl fmt::Debug for Modules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Modules")
    }
}

impl Modules {
    /// By this check.
    #[must_use]
    pub fn new(check: ModuleCheck) -> Self {
        let modules = Self::default();
        modules.set(check);
        modules
    }

    /// Once, before the first module is checked.
    pub(crate) fn set(&self, check: ModuleCheck) {
        self.0.set(check).ok();
    }

    fn check(&self, source: &[u8]) -> Result<(), Failure> {
        let check = self.0.get_or_init(|| in_cage(cage::Config::default()));
        match check(source) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(why)) => Err(Failure::Invalid(why)),
            Err(why) => Err(Failure::Failed(format!("the module could not be checked: {why}"))),
        }
    }
}

/// Runs modules in caged processes, which are started with the first module. The program has to call `cage::guest::main`, as
/// `crucible` does.
#[must_use]
pub fn in_cage(config: cage::Config) -> ModuleCheck {
    let pool: OnceLock<Result<cage::Pool, String>> = OnceLock::new();
    Arc::new(move |source| {
        let start = || cage::Pool::new(config.clone()).map_err(|error| error.to_string());
        let pool = pool.get_or_init(start).as_ref().map_err(Clone::clone)?;
        let report = pool.check(source).map_err(|error| error.to_string())?;
        Ok(report.failures.first().map_or(Ok(()), |first| Err(broken(first))))
    })
}

/// Looks at the text of modules without running them: for tests, and where something else runs them anyway.
#[must_use]
pub fn unrun() -> ModuleCheck {
    Arc::new(|source| {
        let analysis = threejs::analyse(&threejs::decode(source)).map_err(|e| e.to_string())?;
        Ok(analysis.failures.first().map_or(Ok(()), |first| Err(broken(first))))
    })
}

fn broken(failure: &threejs::Failure) -> String {
    format!("{}/{}: {}", failure.stage, failure.rule, text::head(&failure.detail))
}

impl Checks {
    /// Everything, upright, of the longest length, modules in a cage of their own.
    #[must_use]
    pub fn strict() -> Self {
        Self {
            level: Level::Full,
            axes: Axes::UPRIGHT,
            bytes_max: usize::MAX,
            modules: Modules::default(),
        }
    }

    /// Longest file of a kind, in bytes.
    #[must_use]
    pub fn bytes_max(&self, kind: Kind) -> usize {
        self.bytes_max.min(kind.bytes_max())
    }

    /// Turns the model upright where it is not, and holds it against the rules. Blocks: a large model takes seconds.
    ///
    /// Gives the model and what is worth a note.
    ///
    /// # Errors
    ///
    /// [`Failure::TooLong`], [`Failure::Invalid`] with the first broken rule, [`Failure::Failed`] if a module could not be run.
    pub fn look(&self, bytes: Bytes, kind: Kind) -> Result<(Bytes, Vec<String>), Failure> {
        let max = self.bytes_max(kind);
        if bytes.len() > max {
            return Err(Failure::TooLong { max });
        }
        first_bytes(&bytes, kind)?;
        let mut notes = Vec::new();
        let bytes = if self.axes == Axes::UPRIGHT {
            bytes
        } else {
            notes.push(format!("turned from {}", self.axes));
            orient::upright(&bytes, kind, self.axes)?
        };
        if self.level == Level::Full {
            match kind {
                Kind::Splats => findings(rules::competition0(&bytes[..], len(&bytes)), &mut notes)?,
                Kind::Mesh => {
                    findings(rules::competition1(&bytes[..], len(&bytes)), &mut notes)?;
                    let drawn = render::classic::load(&bytes);
                    drawn.map_err(|error| Failure::Invalid(text::head(&error.to_string())))?;
                }
                Kind::Module => self.modules.check(&bytes)?,
            }
        }
        Ok((bytes, notes))
    }
}

fn len(bytes: &Bytes) -> u64 {
    bytes.len() as u64
}

fn findings(found: std::io::Result<Vec<Finding>>, notes: &mut Vec<String>) -> Result<(), Failure> {
    let found = found.map_err(|error| Failure::Invalid(error.to_string()))?;
    let errors = found.iter().filter(|finding| finding.severity == Severity::Error);
    if let Some(first) = errors.clone().next() {
        let more = match errors.count() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let message = text::head(&first.message);
        return Err(Failure::Invalid(format!("{}: {message}{more}", first.rule.id())));
    }
    notes.extend(found.iter().take(NOTES_MAX).map(|finding| text::head(&finding.to_string())));
    Ok(())
}

/// Whether it can be what it is meant to be at all.
fn first_bytes(bytes: &[u8], kind: Kind) -> Result<(), Failure> {
    let wrong = |what: &str| Err(Failure::Invalid(what.to_owned()));
    if bytes.is_empty() {
        return wrong("the model is empty");
    }
    match kind {
        Kind::Splats if !bytes.starts_with(b"ply") => wrong("not a PLY file"),
        Kind::Mesh => {
            let length = bytes.get(8..12).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            if !bytes.starts_with(b"glTF\x02\0\0\0") {
                wrong("not a GLB file of version 2")
            } else if length.is_none_or(|length| length as usize > bytes.len()) {
                wrong("the GLB file is cut off")
            } else {
                Ok(())
            }
        }
        Kind::Module if std::str::from_utf8(bytes).is_err() => wrong("the module is not UTF-8"),
        _ => Ok(()),
    }
}
