//! What the commits tell: nothing that was acknowledged went back, and stages followed each other.
//!
//! The first parent of each commit is the one before it. Operators repair things by hand; what they do shows here like anything else.

use ledger::files::leader::Leaders;
use ledger::files::matrix::Matrix;
use ledger::files::outputs::Outputs;
use ledger::files::schedule::{Schedule, SeedFile};
use ledger::files::state::State;
use ledger::files::submissions::Submissions;
use ledger::files::winner::Winner;
use ledger::repository::{Id, RepositoryError};
use ledger::{Field as _, JsonFile, MinerFile, Place, Round, RoundFile, Stage};

use super::report::Check;
use super::stage::rank;
use super::{Verifier, past};
use crate::judging::Notes;

/// Commits that are looked at, at most.
const COMMITS_MAX: usize = 200_000;

/// Bytes of old and new files that are compared, at most.
const BYTES_MAX: usize = 2 << 30;

/// The same of repositories of the original, whose history makes remarks only.
const REMARK_BYTES_MAX: usize = 256 << 20;

/// Files that changed, commit by commit, at most.
const CHANGES_MAX: usize = 8 << 20;

/// Two texts of one file.
struct Change<'a> {
    path: &'a str,
    old: &'a str,
    new: &'a str,
    commit: Id,
}

impl Verifier<'_> {
    /// Walks the commits, the oldest first: notes when files came, and checks what changed.
    pub(super) fn read_history(&mut self) {
        let (commits, is_whole) = match self.commits() {
            Ok(commits) => commits,
            Err(error) => {
                let what = format!("commits before this one: {error}");
                return self.log.unchecked(Check::History, what);
            }
        };
        let mut before: Option<Id> = None;
        let mut bytes = 0;
        let mut changed = 0;
        for (at, commit) in commits.into_iter().enumerate() {
            self.order.insert(commit, at);
            let changes = match self.books.repository.changes(before, commit) {
                Ok(changes) => changes,
                Err(error) => {
                    self.log.unchecked(Check::History, format!("a commit: {error}"));
                    before = Some(commit);
                    continue;
                }
            };
            changed += changes.len();
            if changed > CHANGES_MAX {
                let what = format!("commits after the first {CHANGES_MAX} changes of files");
                self.log.unchecked(Check::History, what);
                break;
            }
            let was_there = |this: &Self, path: &String| {
                this.introduced.contains_key(path) || this.past.undated.contains(path)
            };
            let new = changes.iter().filter(|path| !was_there(self, path));
            // What the first of them has may be from before, if they are not all there.
            let is_new = is_whole || before.is_some();
            let is_new = is_new && !past::is_bulk(new, before.is_none());
            for path in changes {
                let is_gone = || {
                    let id = self.books.repository.file_id(commit, &path);
                    id.is_ok_and(|id| id.is_none())
                };
                let was_there = was_there(self, &path);
                if was_there && before.is_some() && is_gone() {
                    self.introduced.remove(&path);
                    self.past.undated.remove(&path);
                } else if !was_there && is_new {
                    self.introduced.insert(path.clone(), commit);
                } else if !was_there {
                    self.past.undated.insert(path.clone());
                }
                if is_new || was_there {
                    self.written.insert(path.clone(), commit);
                }
                let Some(place) = Place::parse(&path) else {
                    if path.ends_with(Notes::NAME) {
                        self.past.notes.entry(path.clone()).or_default().push(commit);
                    }
                    continue;
                };
                match place {
                    Place::Config => self.past.configs.push(commit),
                    Place::Round(_, RoundFile::MatchesMatrix | RoundFile::AuditMatrix) => {
                        self.past.matrices.entry(path.clone()).or_default().push(commit);
                    }
                    _ => {}
                }
                let round = match place {
                    Place::Round(round, _) | Place::Miner(round, ..) => Some(round),
                    _ => None,
                };
                let skip = self.only.is_some() && round.is_some() && round != self.only;
                let Some(parent) = before.filter(|_| !skip) else { continue };
                if bytes > if self.is_original { REMARK_BYTES_MAX } else { BYTES_MAX } {
                    let what = "later commits: the files that changed are more than is compared";
                    self.log.unchecked(Check::History, what);
                    continue;
                }
                self.log.enter(round);
                bytes += self.check_change(&place, &path, parent, commit);
            }
            before = Some(commit);
            self.log.agree(Check::History, 1);
        }
        self.log.enter(None);
    }

    /// All commits up to ours, the oldest first, and whether they are all: of a shallow clone only the last are there.
    fn commits(&mut self) -> Result<(Vec<Id>, bool), RepositoryError> {
        let mut commits = Vec::new();
        let mut is_whole = true;
        let mut next = Some(self.books.snapshot.id());
        while let Some(id) = next {
            let info = match self.books.repository.commit(id) {
                Ok(info) => info,
                Err(error) if commits.is_empty() => return Err(error),
                Err(_) => {
                    let what = "commits before the first that is there: the clone is shallow";
                    self.log.unchecked(Check::History, what);
                    is_whole = false;
                    break;
                }
            };
            commits.push(id);
            if commits.len() == COMMITS_MAX {
                self.log
                    .unchecked(Check::History, format!("commits before the last {COMMITS_MAX}"));
                is_whole = false;
                break;
            }
            if info.parents.len() > 1 {
                self.log.unchecked(Check::History, "side branches of merges");
            }
            next = info.parents.first().copied();
        }
        commits.reverse();
        Ok((commits, is_whole))
    }

    /// One file of one commit. Returns the bytes it took.
    fn check_change(&mut self, place: &Place, path: &str, parent: Id, commit: Id) -> usize {
        let text = |at| -> Option<String> {
            let bytes = self.books.repository.read(at, path).ok()??;
            String::from_utf8(bytes).ok()
        };
        let Some(old) = text(parent) else { return 0 };
        let Some(new) = text(commit) else {
            self.log.found_in_commit(path, || 1, commit, "was there, and was taken away");
            return old.len();
        };
        let change = Change { path, old: &old, new: &new, commit };
        match place {
            Place::State => self.check_step(&change),
            Place::Leader => self.check_leaders(&change),
            Place::Round(_, file) => match file {
                RoundFile::Seed => self.unchanged::<SeedFile>(&change),
                RoundFile::Schedule => self.check_blocks(&change),
                RoundFile::Submissions => self.unchanged::<Submissions>(&change),
                RoundFile::Winner => self.unchanged::<Winner>(&change),
                RoundFile::Prompts if old.trim() != new.trim() => {
                    let problem = "changed after it was acknowledged";
                    self.log.found_in_commit(path, || 1, commit, problem);
                }
                RoundFile::MatchesMatrix | RoundFile::AuditMatrix => self.check_margins(&change),
                _ => {}
            },
            Place::Miner(_, _, file) => {
                let is_outputs = matches!(
                    file,
                    MinerFile::Submitted
                        | MinerFile::Generated
                        | MinerFile::GeneratedRepeat(_)
                        | MinerFile::Generations
                );
                if is_outputs {
                    self.check_rows(&change);
                }
            }
            Place::Config | Place::Pool => {}
        }
        old.len() + new.len()
    }

    /// A file whose first content is its last.
    fn unchanged<T: JsonFile>(&mut self, change: &Change<'_>) {
        let (Ok(old), Ok(new)) = (read::<T>(change.old), read::<T>(change.new)) else { return };
        if old != new {
            self.log.found_in_commit(
                change.path,
                || 1,
                change.commit,
                "changed after it was acknowledged",
            );
        }
    }

    /// Blocks stay, but a round that begins late gives the time back once.
    fn check_blocks(&mut self, change: &Change<'_>) {
        let (Ok(old), Ok(mut new)) = (read::<Schedule>(change.old), read::<Schedule>(change.new))
        else {
            return;
        };
        let planned =
            new.layout.get("planned_deadline_block").and_then(|json| u64::read(json).ok());
        if planned.is_some() && old.layout.get("planned_deadline_block").is_none() {
            new.generation_deadline_block = planned;
        }
        if old != new {
            self.log.found_in_commit(
                change.path,
                || 1,
                change.commit,
                "changed after it was acknowledged",
            );
        }
    }

    fn check_leaders(&mut self, change: &Change<'_>) {
        let (Ok(old), Ok(new)) = (read::<Leaders>(change.old), read::<Leaders>(change.new)) else {
            return;
        };
        if !new.entries.starts_with(&old.entries) {
            self.log.found_in_commit(
                change.path,
                || 1,
                change.commit,
                "an entry that was there changed or went away",
            );
        }
    }

    fn check_margins(&mut self, change: &Change<'_>) {
        let matrices = (Matrix::from_text("", change.old), Matrix::from_text("", change.new));
        let (Ok(old), Ok(new)) = matrices else { return };
        for (left, right, margin) in old.iter() {
            let now = new.get(left, right);
            // Who had nothing to show may show something later, and then the match is played.
            let was_walkover = [0.0, -1.0, 1.0, -100.0, 100.0].contains(&margin) && now.is_some();
            if now != Some(margin) && !was_walkover {
                let line = || Matrix::line_of(change.new, left, right).unwrap_or(1);
                let now = now.map_or("nothing".to_owned(), |now| now.to_string());
                let problem = format!(
                    "the margin of {} against {} went from {margin} to {now}",
                    ledger::shorten(right),
                    ledger::shorten(left)
                );
                self.log.found_in_commit(change.path, line, change.commit, problem);
            }
        }
    }

    fn check_rows(&mut self, change: &Change<'_>) {
        let (Ok(old), Ok(new)) = (read::<Outputs>(change.old), read::<Outputs>(change.new)) else {
            return;
        };
        for (stem, was) in &old {
            let now = new.get(stem);
            let kept = now.is_some_and(|now| {
                was.asset.is_none()
                    || (was.asset == now.asset
                        && (was.sha256.is_none() || was.sha256 == now.sha256))
            });
            if !kept {
                let what =
                    if now.is_some() { "names another asset than before" } else { "went away" };
                let problem = format!("the row \"{}\" {what}", ledger::shorten(stem));
                self.log.found_in_commit(change.path, || 1, change.commit, problem);
            }
        }
    }

    /// One step of the state machine, with what a stage leaves behind.
    fn check_step(&mut self, change: &Change<'_>) {
        let (Ok(old), Ok(new)) = (read::<State>(change.old), read::<State>(change.new)) else {
            return;
        };
        if (old.current_round, old.stage) == (new.current_round, new.stage) {
            return;
        }
        self.past.step(&old, &new, change.commit);
        self.log.enter(Some(new.current_round));
        if !is_legal(&old, &new) {
            let problem = format!(
                "went from {} of round {} to {} of round {}",
                old.stage, old.current_round, new.stage, new.current_round
            );
            self.log.found_in_commit(change.path, || 1, change.commit, problem);
        }
        let round = new.current_round;
        let began = |stage| new.stage == stage && old.stage != stage && old.stage != Stage::Paused;
        let needed: &[RoundFile] = if began(Stage::MinerGeneration) {
            &[RoundFile::Seed, RoundFile::Prompts, RoundFile::Submissions]
        } else if began(Stage::Open) && round > Round(0) {
            &[RoundFile::Schedule]
        } else if began(Stage::Finalizing) && old.stage == Stage::Duels {
            &[RoundFile::Winner]
        } else {
            &[]
        };
        for file in needed {
            let path = Place::Round(round, *file).to_string();
            let is_there = |path: &str| {
                matches!(self.books.repository.file_id(change.commit, path), Ok(Some(_)))
            };
            let by_progress = *file == RoundFile::Winner
                && is_there(&Place::Round(round, RoundFile::JudgeProgress).to_string());
            if !is_there(&path) && !by_progress {
                let problem = format!("{} of round {round} began without {path}", new.stage);
                self.log.found_in_commit(change.path, || 1, change.commit, problem);
            }
        }
    }
}

fn read<T: JsonFile>(text: &str) -> Result<T, ledger::FileError> {
    T::from_text("", text)
}

/// Whether one state follows another.
fn is_legal(old: &State, new: &State) -> bool {
    let (was, is) = (old.current_round, new.current_round);
    let same = is == was;
    let next = is == was.next();
    let stay = |from: Stage, to: Stage| match (from, to) {
        (Stage::Open | Stage::Collecting, _) => {
            matches!(to, Stage::MinerGeneration | Stage::Generating | Stage::Finalizing)
        }
        (Stage::MinerGeneration, _) => to == Stage::Downloading,
        (Stage::Downloading | Stage::Generating, _) => to == Stage::Duels,
        (Stage::Duels, _) => to == Stage::Finalizing,
        (Stage::Finalizing, _) => to == Stage::Finished,
        (Stage::Finished | Stage::Paused, _) => false,
    };
    let begins = |to: Stage| matches!(to, Stage::Open | Stage::Collecting);
    match (old.stage, new.stage) {
        // At the end of `finalizing` the pause is already the next round's.
        (from, Stage::Paused) => {
            (same && from != Stage::Finished) || (next && from == Stage::Finalizing)
        }
        (Stage::Paused, to) => match old.resume_stage {
            Some(resume) => same && resume == to,
            // Nothing tells what the pause interrupted, but it was no stage of another round.
            None => same && rank(to) <= rank(Stage::Finished),
        },
        (Stage::Finalizing, to) if begins(to) => next,
        (from, to) => same && stay(from, to),
    }
}
