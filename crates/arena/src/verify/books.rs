//! The files of one commit, each read once, with their text at hand for line numbers.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use ledger::files::matrix::Matrix;
use ledger::files::prompts;
use ledger::json::Step;
use ledger::repository::{Id, ReadError, Repository, RepositoryError, Snapshot};
use ledger::{JsonFile, Place, Round, RoundFile};

use super::report::{At, Check, Log, Spot};

/// Bytes of all files that are read, at most. Of the largest competitions seen, one round is 60 MB.
const BYTES_MAX: usize = 2 << 30;

/// A file that reads well.
#[derive(Debug)]
pub(super) struct File<T> {
    pub(super) path: String,
    pub(super) text: String,
    pub(super) value: T,
}

impl<T> File<T> {
    /// A member of it.
    pub(super) fn member(&self, steps: Vec<Step>) -> Spot<'_> {
        Spot { path: &self.path, text: &self.text, at: At::Member(steps) }
    }

    /// A line of it, from 1.
    pub(super) fn line<'a>(&'a self, line: usize, name: &'a str) -> Spot<'a> {
        Spot { path: &self.path, text: &self.text, at: At::Line(line, name) }
    }
}

/// The prompts of a file: URL and line, from 1.
pub(super) type Prompts = Vec<(String, usize)>;

/// The files of one commit.
#[derive(Debug)]
pub(super) struct Books<'r> {
    pub(super) repository: &'r dyn Repository,
    pub(super) snapshot: Snapshot<'r>,
    /// Every path, sorted.
    pub(super) paths: BTreeSet<String>,
    /// Paths that were read, or that were complained of.
    read: RefCell<BTreeSet<String>>,
    bytes: Cell<usize>,
}

impl<'r> Books<'r> {
    pub(super) fn open(repository: &'r dyn Repository, at: Id) -> Result<Self, RepositoryError> {
        let snapshot = Snapshot::new(repository, at);
        let paths = snapshot.list("")?.into_iter().collect();
        let (read, bytes) = (RefCell::default(), Cell::new(0));
        Ok(Self { repository, snapshot, paths, read, bytes })
    }

    /// Whether a file is there.
    pub(super) fn has(&self, place: &Place) -> bool {
        self.paths.contains(&place.to_string())
    }

    /// The rounds that have a file, with how many.
    pub(super) fn rounds(&self) -> BTreeMap<Round, usize> {
        let mut rounds = BTreeMap::new();
        for path in self.paths.range("rounds/".to_owned()..) {
            let Some(rest) = path.strip_prefix("rounds/") else { break };
            let number = rest.split('/').next().unwrap_or_default();
            let known = number.parse().ok().filter(|n: &u32| n.to_string() == number);
            if let Some(number) = known {
                *rounds.entry(Round(number)).or_insert(0) += 1;
            }
        }
        rounds
    }

    /// The paths below a folder (with `/` at its end).
    pub(super) fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a String> {
        self.paths.range(folder.to_owned()..).take_while(move |path| path.starts_with(folder))
    }

    /// The text of a file that is there, or a complaint.
    pub(super) fn text(&self, log: &mut Log, path: &str) -> Option<String> {
        if !self.paths.contains(path) {
            return None;
        }
        let first = self.read.borrow_mut().insert(path.to_owned());
        if self.bytes.get() > BYTES_MAX {
            log.unchecked(
                Check::Files,
                format!("more than {BYTES_MAX} bytes of files: the rest was not read"),
            );
            return None;
        }
        let bytes = match self.repository.read(self.snapshot.id(), path) {
            Ok(bytes) => bytes?,
            Err(error) => {
                if first {
                    log.found_whole(Check::Files, path, error);
                }
                return None;
            }
        };
        self.bytes.set(self.bytes.get() + bytes.len());
        match String::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(error) => {
                if first {
                    let at = error.utf8_error().valid_up_to();
                    log.found_whole(Check::Files, path, format_args!("byte {at} is not UTF-8"));
                }
                None
            }
        }
    }

    /// The text of a file, without any complaint.
    pub(super) fn peek(&self, path: &str) -> Option<String> {
        let bytes = self.repository.read(self.snapshot.id(), path).ok()??;
        self.bytes.set(self.bytes.get() + bytes.len());
        String::from_utf8(bytes).ok()
    }

    /// A file of JSON. Nothing if it is not there, empty, or wrong, which is complained of once.
    pub(super) fn json<T: JsonFile>(&self, log: &mut Log, place: &Place) -> Option<File<T>> {
        self.json_at(log, &place.to_string())
    }

    /// The same, of a file of ours that the original has no place for.
    pub(super) fn json_at<T: JsonFile>(&self, log: &mut Log, path: &str) -> Option<File<T>> {
        let path = path.to_owned();
        let again = self.read.borrow().contains(&path);
        let text = self.text(log, &path)?;
        match T::from_optional(&path, Some(&text)) {
            Ok(value) => {
                let value = value?;
                Some(File { path, text, value })
            }
            Err(error) => {
                if !again {
                    log.unreadable(&error);
                }
                None
            }
        }
    }

    /// A matrix.
    pub(super) fn matrix(&self, log: &mut Log, place: &Place) -> Option<File<Matrix>> {
        let path = place.to_string();
        let again = self.read.borrow().contains(&path);
        let text = self.text(log, &path)?;
        match Matrix::from_text(&path, &text) {
            Ok(value) => Some(File { path, text, value }),
            Err(error) => {
                if !again {
                    log.unreadable(&error);
                }
                None
            }
        }
    }

    /// The prompts of a round.
    pub(super) fn prompts(&self, log: &mut Log, round: Round) -> Option<File<Prompts>> {
        let path = Place::Round(round, RoundFile::Prompts).to_string();
        let text = self.text(log, &path)?;
        let mut value = Vec::new();
        for url in prompts::of_round(&text) {
            let at = url.as_ptr().addr() - text.as_ptr().addr();
            let before = &text.as_bytes()[..at];
            // Lines are few; the count goes on from the one before.
            let (from, line) =
                value.last().map_or((0, 1), |&(_, line, at): &(String, usize, usize)| (at, line));
            let line = line + before[from..].iter().filter(|&&byte| byte == b'\n').count();
            value.push((url.to_owned(), line, at));
        }
        let value = value.into_iter().map(|(url, line, _)| (url, line)).collect();
        Some(File { path, text, value })
    }

    /// Complains of every file that nothing else has read, and counts those that read well.
    pub(super) fn check_rest(&self, log: &mut Log, only: Option<Round>) {
        let mut unknown = 0;
        for path in &self.paths {
            let place = Place::parse(path);
            let round = match &place {
                Some(Place::Round(round, _) | Place::Miner(round, ..)) => Some(*round),
                _ => None,
            };
            if only.is_some() && round.is_some() && round != only {
                continue;
            }
            let Some(place) = place else {
                unknown +=
                    u64::from(path.starts_with("rounds/") && !self.read.borrow().contains(path));
                continue;
            };
            let seen = self.read.borrow().contains(path);
            log.enter(round);
            if seen {
                log.agree(Check::Files, 1);
            } else if let Some(text) = self.text(log, path) {
                match place.check(&text) {
                    Ok(()) => log.agree(Check::Files, 1),
                    Err(_) if text.trim().is_empty() => {}
                    Err(error) => log.unreadable(&error),
                }
            }
        }
        log.enter(None);
        log.unchecked_times(Check::Files, "files of rounds that no rule is about", unknown);
    }
}

/// Why a file of another commit is not to be had, in words.
pub(super) fn read_problem(error: &ReadError) -> String {
    error.to_string()
}
