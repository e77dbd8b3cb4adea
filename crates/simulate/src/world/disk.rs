//! Journals on the disk of a process: they outlive it, and one life at a time has them.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arena::ports::Journals;
use ledger::batcher::Journal;

use super::process::Failed;
use super::{Process, mix};
use crate::executor::lock;
use crate::fault::{Op, Role};

/// All journals, by process and name.
pub(crate) type Disks = BTreeMap<(Role, String), File>;

/// A journal's bytes, and the life that has it open.
#[derive(Debug, Default)]
pub(crate) struct File {
    bytes: Vec<u8>,
    holder: Option<Arc<AtomicBool>>,
}

/// The disk of a process.
#[derive(Debug)]
pub(crate) struct Disk(pub(crate) Arc<Process>);

#[derive(Debug)]
struct Open {
    process: Arc<Process>,
    name: String,
}

fn error(failed: Failed) -> io::Error {
    let text = match failed {
        Failed::Dead => "the process is dead",
        _ => "simulated: no space left on device",
    };
    io::Error::new(io::ErrorKind::StorageFull, text)
}

impl Journals for Disk {
    fn open(&self, name: &str) -> io::Result<Box<dyn Journal>> {
        let process = Arc::clone(&self.0);
        process.effect_now(Op::JournalOpen, name, |_| ()).map_err(error)?;
        let mut disks = lock(&process.world.disks);
        let file = disks.entry((process.role, name.to_owned())).or_default();
        if file.holder.as_ref().is_some_and(|holder| holder.load(Ordering::Relaxed)) {
            return Err(io::Error::new(io::ErrorKind::WouldBlock, "another has this journal"));
        }
        file.holder = Some(process.life());
        drop(disks);
        Ok(Box::new(Open { process, name: name.to_owned() }))
    }
}

impl Open {
    /// The bytes, changed.
    fn with<T>(&self, act: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let mut disks = lock(&self.process.world.disks);
        act(&mut disks.entry((self.process.role, self.name.clone())).or_default().bytes)
    }
}

impl Journal for Open {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        self.process.effect_now(Op::JournalRead, &self.name, |_| ()).map_err(error)?;
        Ok(self.with(|bytes| bytes.clone()))
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.process.is_dead() {
            return Err(error(Failed::Dead));
        }
        // What a crash or an error leaves of it: some bytes, any number of them.
        let number = mix(&[self.process.world.scenario.seed, bytes.len() as u64]);
        let part = usize::try_from(number).unwrap_or(usize::MAX) % (bytes.len() + 1);
        let before = self.with(|file| file.len());
        let (key, copy) = ((self.process.role, self.name.clone()), bytes.to_vec());
        let done = self.process.effect_now(Op::JournalAppend, &self.name, move |world| {
            lock(&world.disks).entry(key.clone()).or_default().bytes.extend(&copy);
        });
        if matches!(done, Err(Failed::Torn | Failed::Dead)) {
            self.with(|file| {
                if file.len() == before {
                    file.extend(&bytes[..part]);
                }
            });
        }
        done.map_err(error)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let (key, name) = ((self.process.role, self.name.clone()), self.name.clone());
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let done = self.process.effect_now(Op::JournalTruncate, &name, move |world| {
            lock(&world.disks).entry(key.clone()).or_default().bytes.truncate(len);
        });
        done.map_err(error)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.process.is_dead() {
            let mut disks = lock(&self.process.world.disks);
            disks.entry((self.process.role, self.name.clone())).or_default().holder = None;
        }
    }
}
