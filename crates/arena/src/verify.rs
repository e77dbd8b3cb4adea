//! Makes every decision of a competition again, from its public files.
//!
//! Nothing is taken from those who made the decisions but the files themselves: the repository's, and the evidence of duels among
//! the blobs. What the files do not say is listed as not checked, never passed over. The repositories of the original's three eras
//! are read too; they say less, so less of them can be checked.
//!
//! Everything here is hostile: a repository may be huge, broken or made to mislead. Limits are named where they hold.

mod blobs;
mod books;
mod folder;
mod prompts;
mod report;
mod rules;
mod stage;

use std::collections::BTreeMap;

use ledger::files::config::Config;
use ledger::files::state::State;
use ledger::repository::{Id, Repository, RepositoryError, Snapshot};
use ledger::{Place, Round, RoundFile};

pub use blobs::{BlobError, Blobs, NoBlobs, Wanted};
use books::{Books, File};
pub use folder::FolderRepository;
use report::Log;
pub use report::{Check, FINDINGS_MAX, Finding, Report, Unchecked};
use rules::Rules;

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The repository.
    pub repository: &'a dyn Repository,
    /// The commit whose files are checked.
    pub at: Id,
    /// Whether the commits before it mean anything: not those of a [`FolderRepository`].
    pub has_history: bool,
    /// Evidence and assets; nothing if there are none to be had.
    pub blobs: Option<&'a dyn Blobs>,
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings {
    /// Only this round, and what all rounds have in common.
    pub round: Option<Round>,
}

/// Checks a competition.
///
/// # Errors
///
/// The repository cannot be read at all.
pub fn verify(subject: &Subject<'_>, settings: &Settings) -> Result<Report, RepositoryError> {
    let books = Books::open(subject.repository, subject.at)?;
    let mut log = Log::default();
    let config = books.json(&mut log, &Place::Config);
    let state = books.json(&mut log, &Place::State);
    let mut verifier = Verifier {
        books,
        log,
        blobs: subject.blobs,
        only: settings.round,
        config,
        state,
        introduced: BTreeMap::new(),
    };
    verifier.run();
    let mut report = verifier.log.end();
    report.commit = subject.has_history.then(|| subject.at.to_string());
    Ok(report)
}

/// One run.
struct Verifier<'a> {
    books: Books<'a>,
    log: Log,
    blobs: Option<&'a dyn Blobs>,
    only: Option<Round>,
    config: Option<File<Config>>,
    state: Option<File<State>>,
    /// The commit that first had a file, where the history is known.
    introduced: BTreeMap<String, Id>,
}

impl Verifier<'_> {
    fn run(&mut self) {
        let rounds = self.books.rounds();
        for &round in rounds.keys() {
            if self.only.is_none_or(|only| only == round) {
                self.log.enter(Some(round));
                self.check_round(round);
            }
        }
        self.log.enter(None);
        self.books.check_rest(&mut self.log, self.only);
    }

    fn check_round(&mut self, round: Round) {
        let Some(config) = self.config_of(round) else { return };
        let rules = Rules::of(&self.books, round, config.crucible.is_some());
        self.log.rules(round, rules.as_str());
        let seed = self.books.json(&mut self.log, &Place::Round(round, RoundFile::Seed));
        let seed = seed.map(|file: File<ledger::files::schedule::SeedFile>| file.value.seed);
        if let Some(prompts) = self.books.prompts(&mut self.log, round) {
            self.check_prompts(round, rules, &config, seed, &prompts);
        }
    }

    /// The commit that first had a file.
    fn introduced(&self, path: &str) -> Option<Id> {
        self.introduced.get(path).copied()
    }

    /// The rules as they were when a round began, as far as that is known.
    fn config_of(&self, round: Round) -> Option<Config> {
        let first = [RoundFile::Prompts, RoundFile::Schedule]
            .into_iter()
            .find_map(|file| self.introduced(&Place::Round(round, file).to_string()));
        let then = first.and_then(|id| {
            Snapshot::new(self.books.repository, id).find::<Config>(&Place::Config).ok()?
        });
        then.or_else(|| Some(self.config.as_ref()?.value.clone()))
    }
}
