//! The files of one commit, each read once, with their text at hand for line numbers.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use ledger::files::matrix::Matrix;
use ledger::files::prompts;
use ledger::json::{self, Json, Step, Style};
use ledger::repository::{Id, Repository, RepositoryError, Snapshot};
use ledger::{JsonFile, MinerFile, Place, Round, RoundFile};

use super::report::{At, Check, Log, Spot};

/// Bytes of all files that are read, at most. Of the largest competitions seen, one round is 60 MB.
const BYTES_MAX: usize = 2 << 30;

/// The same of what is read of earlier commits, and of files that are looked at once more.
const EARLIER_BYTES_MAX: usize = 2 << 30;

/// Bytes of the pool that prompts are picked from, at most, each time counted.
const POOL_BYTES_MAX: usize = 64 << 30;

/// Rounds that are checked, at most: one a day for a lifetime is more than enough.
const ROUNDS_MAX: usize = 10_000;

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
    /// The rounds that have a file, in order; no more than are checked.
    rounds: Vec<Round>,
    /// Whether there are more of them.
    pub(super) has_more_rounds: bool,
    /// Paths that were read, or that were complained of.
    read: RefCell<BTreeSet<String>>,
    /// Paths that are there and say nothing that could be understood.
    broken: RefCell<BTreeSet<String>>,
    bytes: Cell<usize>,
    earlier_bytes: Cell<usize>,
    pool_bytes: Cell<usize>,
    /// The pool that was read last, and which it is.
    pool: RefCell<Option<(Option<Id>, Rc<str>)>>,
}

impl<'r> Books<'r> {
    pub(super) fn open(repository: &'r dyn Repository, at: Id) -> Result<Self, RepositoryError> {
        let snapshot = Snapshot::new(repository, at);
        let paths: BTreeSet<String> = snapshot.list("")?.into_iter().collect();
        let mut rounds = rounds_of(&paths);
        let has_more_rounds = rounds.len() > ROUNDS_MAX;
        rounds.truncate(ROUNDS_MAX);
        Ok(Self {
            repository,
            snapshot,
            paths,
            rounds,
            has_more_rounds,
            read: RefCell::default(),
            broken: RefCell::default(),
            bytes: Cell::new(0),
            earlier_bytes: Cell::new(0),
            pool_bytes: Cell::new(0),
            pool: RefCell::default(),
        })
    }

    /// Whether a file is there that could not be read: nothing can be said of what follows from it.
    pub(super) fn is_broken(&self, place: &Place) -> bool {
        self.broken.borrow().contains(&place.to_string())
    }

    fn break_off(&self, path: &str) {
        self.broken.borrow_mut().insert(path.to_owned());
    }

    /// Whether a file is there.
    pub(super) fn has(&self, place: &Place) -> bool {
        self.paths.contains(&place.to_string())
    }

    /// The rounds that have a file, in order.
    pub(super) fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// Those before one.
    pub(super) fn rounds_before(&self, round: Round) -> &[Round] {
        &self.rounds[..self.rounds.partition_point(|&one| one < round)]
    }

    /// A file as it was at a commit.
    pub(super) fn read_at(&self, at: Id, path: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        if self.is_earlier_spent() {
            let problem = format!("more than {EARLIER_BYTES_MAX} bytes of earlier commits");
            return Err(RepositoryError::new(format!("reading {path}"), problem));
        }
        let bytes = self.repository.read(at, path)?;
        let count = bytes.as_ref().map_or(0, Vec::len);
        self.earlier_bytes.set(self.earlier_bytes.get() + count);
        Ok(bytes)
    }

    /// Whether so much was read of earlier commits that no more is.
    pub(super) fn is_earlier_spent(&self) -> bool {
        self.earlier_bytes.get() > EARLIER_BYTES_MAX
    }

    /// Text as it was at a commit, quietly.
    pub(super) fn text_at(&self, at: Id, path: &str) -> Option<String> {
        let bytes = self.read_at(at, path).ok()??;
        String::from_utf8(bytes).ok().map(without_mark)
    }

    /// JSON as it was at a commit, quietly; nothing for what is not there, empty or wrong.
    pub(super) fn find_at<T: JsonFile>(&self, at: Id, place: &Place) -> Option<T> {
        let path = place.to_string();
        let text = self.text_at(at, &path)?;
        let plainer = || T::from_optional("", Some(&without_null(&without_nan(&path, &text)))).ok();
        T::from_optional("", Some(&text)).ok().or_else(plainer)?
    }

    /// The pool of prompts as it was at a commit, or as it is.
    pub(super) fn pool(&self, at: Option<Id>) -> Result<Option<Rc<str>>, String> {
        let path = Place::Pool.to_string();
        let id = match at {
            Some(at) => self.repository.file_id(at, &path).map_err(|error| error.to_string())?,
            None => None,
        };
        let known = self.pool.borrow().as_ref().filter(|(known, _)| *known == id).cloned();
        let text = match known {
            Some((_, text)) => text,
            None => {
                let bytes = self.read_at(at.unwrap_or(self.snapshot.id()), &path);
                let Some(bytes) = bytes.map_err(|error| error.to_string())? else {
                    return Ok(None);
                };
                let text = String::from_utf8(bytes).map_err(|error| {
                    format!("{path} is not UTF-8 at byte {}", error.utf8_error().valid_up_to())
                })?;
                let text: Rc<str> = without_mark(text).into();
                *self.pool.borrow_mut() = Some((id, Rc::clone(&text)));
                text
            }
        };
        self.pool_bytes.set(self.pool_bytes.get().saturating_add(text.len()));
        if self.pool_bytes.get() > POOL_BYTES_MAX {
            return Err(format!("more than {POOL_BYTES_MAX} bytes of pools, round by round"));
        }
        Ok(Some(text))
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
            self.break_off(path);
            log.unchecked(
                Check::Files,
                format!("more than {BYTES_MAX} bytes of files: the rest was not read"),
            );
            return None;
        }
        let bytes = match self.repository.read(self.snapshot.id(), path) {
            Ok(bytes) => bytes?,
            Err(error) => {
                self.break_off(path);
                if first {
                    log.missing(Check::Files, path, format_args!("cannot be read: {error}"));
                }
                return None;
            }
        };
        self.bytes.set(self.bytes.get() + bytes.len());
        match String::from_utf8(bytes) {
            Ok(text) => Some(without_mark(text)),
            Err(error) => {
                self.break_off(path);
                if first {
                    let at = error.utf8_error().valid_up_to();
                    log.missing(Check::Files, path, format_args!("is not UTF-8 at byte {at}"));
                }
                None
            }
        }
    }

    /// The text of a file, without any complaint.
    pub(super) fn peek(&self, path: &str) -> Option<String> {
        self.text_at(self.snapshot.id(), path)
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
        let read = |text: &str| T::from_optional(&path, Some(text));
        let (text, value) = match read(&text) {
            Err(error) if log.is_lenient() => {
                let plainer = without_nan(&path, &text);
                match read(&plainer).or_else(|_| read(&without_null(&plainer))) {
                    Ok(value) => (plainer, Ok(value)),
                    Err(_) => (text, Err(error)),
                }
            }
            value => (text, value),
        };
        match value {
            Ok(value) => {
                let value = value?;
                Some(File { path, text, value })
            }
            Err(error) => {
                self.break_off(&path);
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
                self.break_off(&path);
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
            // A checkout may have added `\r`; the original's reader would keep it, and find no picture.
            value.push((url.trim_end_matches('\r').to_owned(), line, at));
        }
        value.retain(|(url, ..)| !url.is_empty());
        let value = value.into_iter().map(|(url, line, _)| (url, line)).collect();
        Some(File { path, text, value })
    }

    /// Complains of every file that nothing else has read, and counts those that read well.
    pub(super) fn check_rest(
        &self,
        log: &mut Log,
        only: Option<Round>,
        is_lenient: impl Fn(Option<Round>) -> bool,
    ) {
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
            log.be_lenient(is_lenient(round));
            if seen {
                log.agree(Check::Files, 1);
            } else if let Some(text) = self.text(log, path) {
                let lenient = |_| {
                    let plainer = without_nan(path, &text);
                    place.check(&plainer).or_else(|_| place.check(&without_null(&plainer)))
                };
                let read = place.check(&text);
                match if log.is_lenient() { read.or_else(lenient) } else { read } {
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

/// The rounds that have a file.
fn rounds_of(paths: &BTreeSet<String>) -> Vec<Round> {
    let mut rounds = BTreeSet::new();
    for path in paths.range("rounds/".to_owned()..) {
        let Some(rest) = path.strip_prefix("rounds/") else { break };
        let number = rest.split('/').next().unwrap_or_default();
        let known = number.parse().ok().filter(|n: &u32| n.to_string() == number);
        rounds.extend(known.map(Round));
    }
    rounds.into_iter().collect()
}

/// Without the mark that some editors put in front.
fn without_mark(mut text: String) -> String {
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    text
}

/// JSON in which something else stands for `NaN` and the infinities, which Python writes and nobody else reads: zero where they are
/// times and distances that nothing rests on, else `null`. Lines stay what they are.
fn without_nan(path: &str, text: &str) -> String {
    let is_row = Place::parse(path).is_some_and(|place| {
        matches!(place, Place::Miner(_, _, file)
            if !matches!(file, MinerFile::DuelsWithLeader | MinerFile::Duels(_) | MinerFile::Audit(..)))
    });
    let plain = if is_row { "0.0" } else { "null" };
    let mut out = String::with_capacity(text.len() + 8);
    let (mut in_string, mut is_escaped) = (false, false);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let word = (!in_string).then(|| {
            ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| rest.starts_with(word))
        });
        if let Some(word) = word.flatten() {
            out.push_str(plain);
            rest = &rest[word.len()..];
            continue;
        }
        in_string ^= c == '"' && !is_escaped;
        is_escaped = in_string && c == '\\' && !is_escaped;
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// JSON without members that are `null`: where a value is left out, it is the usual one.
fn without_null(text: &str) -> String {
    fn prune(json: &mut Json) {
        match json {
            Json::Object(members) => {
                members.retain(|_, value| *value != Json::Null);
                members.values_mut().for_each(prune);
            }
            Json::Array(items) => items.iter_mut().for_each(prune),
            _ => {}
        }
    }
    let Ok(mut json) = json::read(text) else { return text.to_owned() };
    prune(&mut json);
    json::write(&json, Style::Line)
}
