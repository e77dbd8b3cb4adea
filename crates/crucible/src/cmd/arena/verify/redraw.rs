//! Pictures for `crucible arena verify --render`: drawn again, with prompts from a folder or from where they are.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use arena::verify::Redraw;
use bytes::Bytes;
use fetch::{Fetcher, Limits};
use ledger::files::prompts::stem;
use views::{Bundle, Kind, Maker, Modules, ViewsError};

use crate::failure::Failure;
use crate::module::CageArgs;

/// Of the picture of a prompt.
const LIMITS: Limits =
    Limits { bytes_max: 64 << 20, time_max: Duration::from_secs(60), redirects_max: 3 };

/// Bytes of prompts that are remembered.
const REMEMBERED_MAX: usize = 256 << 20;

/// Draws.
pub(super) struct Studio {
    maker: Maker,
    /// Pictures by the stem of their prompt; nothing to fetch them.
    folder: Option<PathBuf>,
    runtime: tokio::runtime::Runtime,
    fetcher: Fetcher,
    known: Mutex<BTreeMap<String, Bytes>>,
}

impl fmt::Debug for Studio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Studio").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Studio {
    pub(super) fn new(folder: Option<PathBuf>, cage: CageArgs) -> Result<Self, Failure> {
        let config = cage::Config { uncaged: cage.unsafe_no_cage, ..cage::Config::default() };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::io(&error))?;
        // Prompts are addresses in somebody else's file: nothing of this network is asked for them.
        let fetcher = Fetcher::new(fetch::in_public, LIMITS)
            .map_err(|error| Failure::usage(format!("no HTTP client: {error}")))?;
        let maker = Maker::new(Modules::caged(config));
        Ok(Self { maker, folder, runtime, fetcher, known: Mutex::default() })
    }

    fn read(&self, url: &str) -> Result<Bytes, String> {
        let Some(folder) = &self.folder else {
            let got = self.runtime.block_on(self.fetcher.fetch(url));
            return got.map(Bytes::from).map_err(|error| error.to_string());
        };
        let stem = stem(url);
        if store::key_problem(stem).is_some() || stem.contains('/') {
            return Err("its name is no file name".to_owned());
        }
        let found = ["png", "jpg", "jpeg", "webp"]
            .into_iter()
            .map(|extension| folder.join(format!("{stem}.{extension}")))
            .find(|path| path.is_file());
        let path = found.ok_or_else(|| format!("{} has no picture of it", folder.display()))?;
        fs_err::read(path).map(Bytes::from).map_err(|error| error.to_string())
    }
}

impl Redraw for Studio {
    fn prompt(&self, url: &str) -> Result<Bytes, String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = known.get(url) {
            return Ok(bytes.clone());
        }
        let bytes = self.read(url)?;
        if known.values().map(Bytes::len).sum::<usize>() + bytes.len() <= REMEMBERED_MAX {
            known.insert(url.to_owned(), bytes.clone());
        }
        Ok(bytes)
    }

    fn bundle(&self, kind: Kind, asset: &[u8], prompt: &[u8]) -> Result<Bundle, ViewsError> {
        self.maker.bundle(kind, asset, prompt)
    }
}
