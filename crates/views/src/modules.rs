//! What runs modules: caged processes, started with the first module, or something else.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use asset::scene::Scene;

use crate::{ViewsError, words};

/// Analyses and runs a module, given its bytes: its scene if it keeps every rule.
///
/// [`ViewsError::Invalid`] names the first rule it breaks; [`ViewsError::Outage`]: there is no verdict.
pub type Run = dyn Fn(&[u8]) -> Result<Scene, ViewsError> + Send + Sync;

/// Runs modules.
#[derive(Clone)]
pub struct Modules(Arc<Run>);

impl fmt::Debug for Modules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Modules")
    }
}

impl Modules {
    /// With this function.
    #[must_use]
    pub fn new(run: Arc<Run>) -> Self {
        Self(run)
    }

    /// In caged processes. They are started with the first module, and again with a later one if that did not work. The program has
    /// to call `cage::guest::main`, as `crucible` does.
    #[must_use]
    pub fn caged(config: cage::Config) -> Self {
        let started: Mutex<Option<Arc<cage::Pool>>> = Mutex::default();
        Self::new(Arc::new(move |source| {
            let pool = {
                let mut started = started.lock().unwrap_or_else(PoisonError::into_inner);
                match &*started {
                    Some(pool) => pool.clone(),
                    None => {
                        let pool = cage::Pool::new(config.clone()).map(Arc::new);
                        started.insert(pool.map_err(|error| outage(&error))?).clone()
                    }
                }
            };
            let report = pool.check(source).map_err(|error| outage(&error))?;
            if let Some(first) = report.failures.first() {
                let text = format!("{}/{}: {}", first.stage, first.rule, first.detail);
                return Err(ViewsError::Invalid(words(&text)));
            }
            let none = || ViewsError::Outage("the module passed but no scene came".to_owned());
            report.scene.ok_or_else(none)
        }))
    }

    pub(crate) fn scene(&self, source: &[u8]) -> Result<Scene, ViewsError> {
        (self.0)(source)
    }
}

fn outage(error: &cage::CageError) -> ViewsError {
    ViewsError::Outage(words(&error.to_string()))
}
