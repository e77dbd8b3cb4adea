//! What is on disk for each local pod, so that any process of the same operator can list, adopt and delete it:
//!
//! ```text
//! DIR/lock                  held while a pod is being made: ports and GPUs are given out once
//! DIR/pods/{id}/pod.json    what was asked for; written first
//! DIR/pods/{id}/run.json    who runs; written by the keeper
//! DIR/pods/{id}/exit.json   how it ended; written by the keeper
//! DIR/pods/{id}/deleting    there once somebody asked for it to go
//! DIR/pods/{id}/log, log.1  what it printed
//! DIR/pods/{id}/scratch/    its TMPDIR
//! ```

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pod::wire::Usd;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::limits::Limits;
use super::process::Identity;

/// Longest file of state that is read: they are ours and small.
const STATE_BYTES_MAX: u64 = 1 << 20;

/// `pod.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) name: String,
    /// Program and arguments, `{port}` and `{scratch}` filled in.
    pub(super) command: Vec<String>,
    pub(super) working_dir: PathBuf,
    /// All of it: a pod gets nothing else of our environment.
    pub(super) env: BTreeMap<String, String>,
    pub(super) port: u16,
    pub(super) gpus: Vec<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) created_at: f64,
    pub(super) price_per_hour: Option<Usd>,
    pub(super) limits: Limits,
    /// Between the request to stop and the kill.
    pub(super) grace: Duration,
    pub(super) log_bytes_max: u64,
}

/// `run.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) keeper: Identity,
    pub(super) child: Identity,
}

/// `exit.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Exit {
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    /// Why there was nothing to run.
    pub(super) error: Option<String>,
    /// Seconds since 1970.
    pub(super) at: f64,
}

/// The folder of one pod.
#[derive(Debug, Clone)]
pub(super) struct Home(pub(super) PathBuf);

impl Home {
    pub(super) fn scratch(&self) -> PathBuf {
        self.0.join("scratch")
    }

    pub(super) fn record(&self) -> std::io::Result<Record> {
        read(&self.0.join("pod.json"))
    }

    pub(super) fn run(&self) -> Option<Run> {
        read(&self.0.join("run.json")).ok()
    }

    pub(super) fn exit(&self) -> Option<Exit> {
        read(&self.0.join("exit.json")).ok()
    }

    pub(super) fn write(&self, name: &str, value: &impl Serialize) -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        serde_json::to_writer_pretty(&mut file, value)?;
        file.flush()?;
        file.as_file().sync_all()?;
        file.persist(self.0.join(name))?;
        Ok(())
    }

    pub(super) fn is_deleting(&self) -> bool {
        self.0.join("deleting").exists()
    }

    pub(super) fn mark_deleting(&self) -> std::io::Result<()> {
        fs_err::write(self.0.join("deleting"), b"")
    }

    pub(super) fn remove(&self) -> std::io::Result<()> {
        match fs_err::remove_dir_all(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> std::io::Result<T> {
    let length = fs_err::metadata(path)?.len();
    if length > STATE_BYTES_MAX {
        let message = format!("{}: {length} bytes, our limit is {STATE_BYTES_MAX}", path.display());
        return Err(std::io::Error::other(message));
    }
    serde_json::from_slice(&fs_err::read(path)?)
        .map_err(|error| std::io::Error::other(format!("{}: {error}", path.display())))
}
