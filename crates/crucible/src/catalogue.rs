//! Generators of a configuration, for the commands that take one.

use std::path::Path;
use std::sync::Arc;

use generators::{Catalogue, Generator};

use crate::failure::Failure;
use crate::files;
use crate::module::CageArgs;

/// No configuration is longer than this.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// Everything in the file, and the built-in generator; modules are checked in a cage.
pub(crate) fn read(path: Option<&Path>, cage: CageArgs) -> Result<Catalogue, Failure> {
    let Some(path) = path else {
        return Ok(Catalogue::default().checking_modules(cage.module_check()));
    };
    let bytes = files::read_whole(path, CONFIG_BYTES_MAX)?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::input(path, "is not UTF-8"))?;
    let env = |name: &str| std::env::var_os(name).and_then(|value| value.into_string().ok());
    let catalogue = Catalogue::read(&text, &env).map_err(|error| Failure::input(path, error))?;
    Ok(catalogue.checking_modules(cage.module_check()))
}

/// One of them.
pub(crate) fn find(catalogue: &Catalogue, name: &str) -> Result<Arc<dyn Generator>, Failure> {
    catalogue.get(name).ok_or_else(|| {
        let names: Vec<&str> = catalogue.names().collect();
        Failure::usage(format!("no generator is called {name:?}; there are: {}", names.join(", ")))
    })
}
