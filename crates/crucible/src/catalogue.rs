//! Which generator: a name, and the file that says what the names mean.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use generators::check::ModuleCheck;
use generators::{Catalogue, Generator};

use crate::failure::Failure;
use crate::files;
use crate::module::CageArgs;

/// Far above what any list of generators needs.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A generator by name.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct GeneratorArgs {
    /// What generates: "builtin", or a name of the generators' file
    #[arg(long, env = "CRUCIBLE_GENERATOR", value_name = "NAME", default_value = "builtin")]
    generator: String,

    /// Generators by name, in TOML: see docs/generators.md
    #[arg(long, env = "CRUCIBLE_GENERATORS", value_name = "FILE")]
    generators: Option<PathBuf>,
}

impl GeneratorArgs {
    /// The generator, with modules checked in the cage that `cage` says.
    pub(crate) fn load(&self, cage: CageArgs) -> Result<Arc<dyn Generator>, Failure> {
        let catalogue = match &self.generators {
            None => Catalogue::default(),
            Some(path) => {
                let bytes = files::read_whole(path, FILE_BYTES_MAX)?;
                let text = String::from_utf8(bytes).map_err(|error| Failure::input(path, error))?;
                #[expect(clippy::disallowed_methods, reason = "secrets of generators, read once")]
                let env = |name: &str| std::env::var(name).ok();
                Catalogue::read(&text, &env).map_err(|error| Failure::input(path, error))?
            }
        };
        let two = NonZeroUsize::MIN.saturating_add(1);
        let pool = cage.pool(two, None).map_err(|error| Failure::usage(error.to_string()))?;
        let check: ModuleCheck = Arc::new(move |source| {
            let report = pool.check(source).map_err(|error| error.to_string())?;
            let wrong = |failure: &threejs::Failure| {
                format!("{}/{}: {}", failure.stage, failure.rule, failure.detail)
            };
            Ok(report.failures.first().map_or(Ok(()), |failure| Err(wrong(failure))))
        });
        let catalogue = catalogue.checking_modules(check);
        catalogue.get(&self.generator).ok_or_else(|| {
            let known = catalogue.names().collect::<Vec<_>>().join(", ");
            Failure::usage(format!("--generator {}: there are {known}", self.generator))
        })
    }
}
