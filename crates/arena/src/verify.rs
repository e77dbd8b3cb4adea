//! Makes every decision of a competition again, from its public files.
//!
//! Nothing is taken from those who made the decisions but the files themselves: the repository's, and the evidence of duels among
//! the blobs. What the files do not say is listed as not checked, never passed over. The repositories of the original's three eras
//! are read too; they say less, so less of them can be checked.
//!
//! Everything here is hostile: a repository may be huge, broken or made to mislead. Limits are named where they hold.

mod admission;
mod blobs;
mod books;
mod copies;
mod diff;
mod earlier;
mod entrants;
mod evidence;
mod folder;
mod history;
mod leader;
mod matches;
mod matrix;
mod notes;
mod onchain;
mod outcome;
mod outputs;
mod past;
mod places;
mod prompts;
mod redraw;
mod report;
mod reports;
mod rules;
mod settings;
mod stage;
mod state;
mod walkovers;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use ledger::files::config::Config;
use ledger::files::prompts::stem;
use ledger::files::schedule::{Schedule, SeedFile};
use ledger::files::state::State;
use ledger::files::submissions::{Submissions, in_order};
use ledger::repository::{Id, Repository, RepositoryError};
use ledger::{Place, Round, RoundFile};

pub use blobs::{BlobError, Blobs, NoBlobs, Wanted};
use books::{Books, File};
pub use folder::FolderRepository;
use matches::Context;
pub use onchain::OnChain;
pub use places::{FolderBlobs, WebBlobs};
pub use redraw::Redraw;
use report::Log;
pub use report::{Check, FINDINGS_MAX, Finding, Report, Unchecked};
use rules::Rules;

use crate::collector::Earlier;

/// Who takes part in a round, at most; a subnet has 256 places.
const CONTESTANTS_MAX: usize = 4096;

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
    /// Draws assets again; nothing to leave pictures alone.
    pub redraw: Option<&'a dyn Redraw>,
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings<'a> {
    /// Only this round, and what all rounds have in common.
    pub round: Option<Round>,
    /// The chain of the competition; nothing if it cannot be asked.
    pub chain: Option<OnChain<'a>>,
}

/// Checks a competition.
///
/// # Errors
///
/// The repository cannot be read at all.
pub fn verify(subject: &Subject<'_>, settings: &Settings<'_>) -> Result<Report, RepositoryError> {
    let books = Books::open(subject.repository, subject.at)?;
    let mut log = Log::default();
    let is_original = rules::is_original(&books);
    log.be_lenient(is_original);
    let config = settings::config(&books, &mut log);
    let state = books.json(&mut log, &Place::State);
    let mut verifier = Verifier {
        books,
        log,
        blobs: subject.blobs,
        redraw: subject.redraw,
        chain: settings.chain,
        only: settings.round,
        config,
        state,
        is_original,
        originals: BTreeSet::new(),
        eras: rules::Eras::new(),
        introduced: BTreeMap::new(),
        written: BTreeMap::new(),
        order: BTreeMap::new(),
        past: past::Past::default(),
        rows: BTreeMap::new(),
        outputs: BTreeMap::new(),
        delivered: BTreeMap::new(),
        had: RefCell::default(),
        earlier: Earlier::default(),
        earlier_known: Round(0),
        configs: RefCell::default(),
        inputs: BTreeMap::new(),
        judge: None,
    };
    verifier.run(subject.has_history);
    let mut report = verifier.log.end();
    report.commit = subject.has_history.then(|| subject.at.to_string());
    Ok(report)
}

/// One run.
struct Verifier<'a> {
    books: Books<'a>,
    log: Log,
    blobs: Option<&'a dyn Blobs>,
    redraw: Option<&'a dyn Redraw>,
    chain: Option<OnChain<'a>>,
    only: Option<Round>,
    config: Option<File<Config>>,
    state: Option<File<State>>,
    /// Whether the repository is one of the original.
    is_original: bool,
    /// Rounds by the original's rules.
    originals: BTreeSet<Round>,
    /// And by which of them, where their files tell.
    eras: rules::Eras,
    /// The commit that first had a file, or had it again, where the history is known.
    introduced: BTreeMap<String, Id>,
    /// The commit that last wrote a file, where the history is known.
    written: BTreeMap<String, Id>,
    /// How many commits there are before one, where the history is known.
    order: BTreeMap<Id, usize>,
    /// What else the history tells.
    past: past::Past,
    /// When the rows of matrices came, by path.
    rows: BTreeMap<String, walkovers::Rows>,
    /// Of the round that is checked.
    outputs: outputs::Cache,
    /// Whether those have anything, by path.
    delivered: BTreeMap<String, bool>,
    /// The same of the original, by what the file is; nothing if it could not be read.
    had: RefCell<BTreeMap<Id, Option<bool>>>,
    /// Who took part in the rounds before this one.
    earlier: Earlier,
    earlier_known: Round,
    /// Rules of other commits, by what they are.
    configs: RefCell<BTreeMap<Id, Option<Config>>>,
    /// Hashes of what judges were shown, by URL.
    inputs: BTreeMap<String, String>,
    /// The judge of the first evidence of the round.
    judge: Option<judge::Description>,
}

impl Verifier<'_> {
    fn run(&mut self, has_history: bool) {
        // What the history says comes last in the report, but when files came is needed from the beginning.
        let mut decisions = std::mem::take(&mut self.log);
        if has_history {
            self.read_history();
        }
        std::mem::swap(&mut decisions, &mut self.log);
        let history = decisions;
        if !has_history {
            self.log.unchecked(
                Check::History,
                "a plain folder has no history: only how things stand is checked",
            );
        }
        let rounds = self.books.rounds().to_vec();
        self.originals =
            rounds.iter().copied().filter(|&round| self.is_of_original(round)).collect();
        self.eras = rules::eras(&self.books, self.originals.iter().copied());
        self.enter(None);
        if self.books.has_more_rounds {
            let what = format!("rounds after the first {}", rounds.len());
            self.log.unchecked(Check::Files, what);
        }
        self.check_config();
        self.check_state(&rounds);
        for &round in &rounds {
            if self.only.is_none_or(|only| only == round) {
                self.enter(Some(round));
                self.check_round(round);
                self.outputs.clear();
                self.delivered.clear();
                self.had.borrow_mut().clear();
                self.rows.clear();
                self.inputs.clear();
                self.judge = None;
            }
        }
        self.enter(None);
        self.check_leader(&rounds);
        let is_lenient = |round: Option<Round>| lenient(self.is_original, &self.originals, round);
        if self.books.is_earlier_spent() {
            let what = "what earlier commits had: they are more than is read";
            self.log.unchecked(Check::History, what);
        }
        self.books.check_rest(&mut self.log, self.only, is_lenient);
        // The original promises nothing about what was: operators mend things by hand.
        self.log.append(history, |round| is_lenient(round.map(Round)));
    }

    /// What follows is of this round, or of none.
    fn enter(&mut self, round: Option<Round>) {
        self.log.enter(round);
        self.log.be_lenient(lenient(self.is_original, &self.originals, round));
    }

    /// Whether a round is by the original's rules.
    fn is_of_original(&self, round: Round) -> bool {
        let ours = self.config_of(round).is_some_and(|config| config.crucible.is_some());
        !ours && !self.books.paths.contains(&crate::collector::observed::path(round))
    }

    fn check_round(&mut self, round: Round) {
        self.check_left_behind(round);
        let Some(config) = self.config_of(round) else {
            return self.log.unchecked(Check::Config, "no config.json: the round is not checked");
        };
        let rules = Rules::of(&self.books, round, config.crucible.is_some(), &self.eras);
        self.log.rules(round, rules.as_str());
        let place = |file| Place::Round(round, file);
        let schedule: Option<File<Schedule>> =
            self.books.json(&mut self.log, &place(RoundFile::Schedule));
        if let Some(schedule) = &schedule {
            let then = self.config_with(round, &[RoundFile::Schedule]);
            self.check_schedule(round, then.as_ref().unwrap_or(&config), schedule);
        }
        let seed: Option<File<SeedFile>> = self.books.json(&mut self.log, &place(RoundFile::Seed));
        let submissions: Option<File<Submissions>> =
            self.books.json(&mut self.log, &place(RoundFile::Submissions));
        let submissions = submissions.filter(|file| self.are_few(file));
        if rules == Rules::Crucible {
            let schedule = schedule.as_ref().map(|file| &file.value);
            self.check_admission(round, &config, schedule, seed.as_ref(), submissions.as_ref());
        }
        let seed = seed.map(|file| file.value.seed);
        if self.books.is_broken(&place(RoundFile::Submissions)) {
            let what = "all of the round: who takes part could not be read";
            self.log.unchecked(Check::Submissions, what);
        }
        if let Some(submissions) = &submissions {
            let schedule = schedule.as_ref().map(|file| &file.value);
            self.check_submissions(round, rules, &config, schedule, submissions);
        }
        let prompts = self.books.prompts(&mut self.log, round);
        if let Some(prompts) = &prompts {
            self.check_prompts(round, rules, &config, seed, prompts);
        }
        let urls = prompts.iter().flat_map(|file| &file.value);
        let mut stems: Vec<String> = urls.map(|(url, _)| stem(url).to_owned()).collect();
        stems.sort_unstable();
        stems.dedup();
        let order: Vec<String> = submissions.as_ref().map_or_else(Vec::new, |file| {
            in_order(&file.value).into_iter().map(str::to_owned).collect()
        });
        let who = order.iter().cloned().collect();
        let configs = self.configs_of(round, &config);
        let is_dated = self.is_dated(round);
        let context = Context {
            round,
            rules,
            config,
            configs,
            is_dated,
            seed,
            prompts,
            stems,
            submissions,
            order,
            who,
        };
        self.check_play(&context);
    }

    /// Whether no more take part than can be looked at.
    fn are_few(&mut self, file: &File<Submissions>) -> bool {
        let count = file.value.len();
        if count > CONTESTANTS_MAX {
            let problem = format!("{count} take part: more than {CONTESTANTS_MAX} are not checked");
            self.log.missing(Check::Submissions, &file.path, problem);
        }
        count <= CONTESTANTS_MAX
    }

    /// What follows once it is known who plays for which prompts.
    fn check_play(&mut self, context: &Context) {
        let Some(submissions) = &context.submissions else { return };
        let basis = self.basis(context.round);
        self.check_builds(context.round, &submissions.value, basis.builds.as_ref());
        self.check_outputs(
            context.round,
            context.rules,
            &context.stems,
            &context.order,
            &context.who,
        );
        self.check_copies(context);
        let played = self.check_matches(context);
        if context.rules != Rules::Splats {
            self.check_matrix(context, &played, basis.matches.as_ref(), false);
            self.check_matrix(context, &played, basis.audits.as_ref(), true);
        }
        if let Some(redraw) = self.redraw {
            self.check_pictures(context, redraw);
        }
        match context.rules {
            Rules::Crucible | Rules::Modules => self.check_outcome(context, &played, &basis),
            Rules::Meshes => self.check_mesh_outcome(context, &basis),
            Rules::Splats => self.check_splat_outcome(context, &played),
        }
    }

    /// The commit that first had a file.
    fn introduced(&self, path: &str) -> Option<Id> {
        self.introduced.get(path).copied()
    }

    /// The rules as they were when a round began, as far as that is known.
    fn config_of(&self, round: Round) -> Option<Config> {
        self.config_with(round, &[RoundFile::Prompts, RoundFile::Schedule])
    }

    /// The rules as they were at a commit; nothing if they are not known, or are what they are now.
    fn config_at(&self, at: Id) -> Option<Config> {
        let path = Place::Config.to_string();
        let id = |at| self.books.repository.file_id(at, &path).ok().flatten();
        let then = id(at)?;
        if Some(then) == id(self.books.snapshot.id()) {
            return None;
        }
        let mut configs = self.configs.borrow_mut();
        configs.entry(then).or_insert_with(|| self.books.find_at(at, &Place::Config)).clone()
    }

    /// The rules as they were when the first of these files that is there came, as far as that is known.
    fn config_with(&self, round: Round, files: &[RoundFile]) -> Option<Config> {
        let mut files = files.iter();
        let first = files.find_map(|file| self.introduced(&Place::Round(round, *file).to_string()));
        let then = first.and_then(|id| self.config_at(id));
        then.or_else(|| self.config_now())
    }

    /// The rules as they are.
    fn config_now(&self) -> Option<Config> {
        Some(self.config.as_ref()?.value.clone())
    }
}

/// Whether a round, or what all rounds have in common, is the original's.
fn lenient(is_original: bool, originals: &BTreeSet<Round>, round: Option<Round>) -> bool {
    round.map_or(is_original, |round| is_original || originals.contains(&round))
}
