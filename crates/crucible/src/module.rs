//! Three.js modules: which files are modules, reading them, and running them in the cage.

use std::fmt::Write;
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use asset::scene::Scene;
use cage::{CageError, Pool, Report};
use threejs::engine::Metrics;

use crate::failure::Failure;
use crate::files;

/// Far above what a module may have: of a longer file so much is read, and refused by the module rules.
const READ_BYTES_MAX: u64 = 16 << 20;

/// What may run without a cage.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct CageArgs {
    /// Run modules without landlock and seccomp, on a kernel that lacks them: only modules you trust
    #[arg(long)]
    pub(crate) unsafe_no_cage: bool,
}

impl CageArgs {
    /// Processes that stand ready for modules.
    pub(crate) fn pool(
        self,
        workers: NonZeroUsize,
        wall: Option<Duration>,
    ) -> Result<Pool, CageError> {
        let default = cage::Config::default();
        Pool::new(cage::Config {
            workers,
            // Whoever has many modules checked bounds how many wait.
            queue_max: usize::MAX,
            wall: wall.unwrap_or(default.wall),
            wall_fails: wall.is_some(),
            uncaged: self.unsafe_no_cage,
            ..default
        })
    }

    /// Runs the modules of generators, in processes that are started with the first of them.
    pub(crate) fn module_check(self) -> generators::check::ModuleCheck {
        generators::check::in_cage(self.config())
    }

    /// Processes for whoever has many modules checked and bounds how many wait.
    pub(crate) fn config(self) -> cage::Config {
        cage::Config {
            queue_max: usize::MAX,
            uncaged: self.unsafe_no_cage,
            ..cage::Config::default()
        }
    }

    /// Analyses and runs one module.
    pub(crate) fn check(self, path: &Path, bytes: &[u8]) -> Result<Report, Failure> {
        let checked = self.pool(NonZeroUsize::MIN, None).and_then(|pool| pool.check(bytes));
        checked.map_err(|error| Failure::input(path, error))
    }

    /// The scene of a module that passes every rule; otherwise the failure names the first one it breaks.
    pub(crate) fn scene(self, path: &Path) -> Result<(Scene, Option<Metrics>), Failure> {
        self.scene_of(path, &read(path)?)
    }

    /// The same of a module that has been read.
    pub(crate) fn scene_of(
        self,
        path: &Path,
        bytes: &[u8],
    ) -> Result<(Scene, Option<Metrics>), Failure> {
        let report = self.check(path, bytes)?;
        let Some(first) = report.failures.first() else {
            let none = || Failure::input(path, "the module made no scene");
            return Ok((report.scene.ok_or_else(none)?, report.metrics));
        };
        let mut text = format!("not valid: {}/{}: {}", first.stage, first.rule, first.detail);
        let more = report.failures.len() - 1 + report.unlisted;
        if more > 0 {
            // Writing to a string cannot fail.
            write!(text, "; and {more} more, see crucible validate").ok();
        }
        Err(Failure::no(path, text))
    }
}

/// Modules are plain text, which nothing at their beginning tells from other text, so their ending says what they are.
pub(crate) fn is_module(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        extension.eq_ignore_ascii_case("js") || extension.eq_ignore_ascii_case("mjs")
    })
}

/// The bytes of a module.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let (file, _) = files::open(path)?;
    let mut bytes = Vec::new();
    file.take(READ_BYTES_MAX).read_to_end(&mut bytes).map_err(|error| Failure::io(&error))?;
    Ok(bytes)
}
