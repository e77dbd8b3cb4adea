//! All that the judge of a round knows: files of one commit, and what follows from them at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use judge::audit::SUBMITTED;
use judge::matches::{left_in_path, walkover};
use judge::tournament::{Inputs, Intervals, Play, Rules};
use ledger::files::audits::{AuditRequests, GenerationAudits, SourceAudits};
use ledger::files::builds::Builds;
use ledger::files::config::{Config, Crown, KindWord, Options};
use ledger::files::duels::MatchReport;
use ledger::files::leader::Leaders;
use ledger::files::matrix::Matrix;
use ledger::files::outputs::AssetKind;
use ledger::files::prompts;
use ledger::files::reports::{GenerationOutcome, GenerationReports};
use ledger::files::schedule::SeedFile;
use ledger::files::state::State;
use ledger::files::submissions::{Submissions, in_order};
use ledger::json::Json;
use ledger::repository::{Expected, Id, ReadError, Repository, Snapshot};
use ledger::{JsonFile, LEADER, MinerFile, Place, Round, RoundFile, Stage};

use super::notes::Notes;
use super::sheets::{Cache, Sheet, Source};
use crate::owner::TurnError;

/// A round at one commit.
#[derive(Debug)]
pub struct Seen {
    /// Which commit.
    pub at: Id,
    /// `state.json`.
    pub state: State,
    /// `config.json`.
    pub config: Config,
    /// Of `config.json`, or their defaults.
    pub options: Options,
    /// `seed.json`.
    pub seed: u32,
    /// Stem and URL of each prompt, in the order of the file.
    pub prompts: Vec<(String, String)>,
    /// `submissions.json`.
    pub submissions: Submissions,
    /// `leader.json`.
    pub leaders: Leaders,
    /// `builds.json`.
    pub builds: Builds,
    /// `generation_reports.json`.
    pub reports: GenerationReports,
    /// `source_audit.json`.
    pub sources: SourceAudits,
    /// `require_audit.json`.
    pub requests: AuditRequests,
    /// `generation_audits.json`.
    pub verdicts: GenerationAudits,
    /// `judging.json`.
    pub notes: Notes,
    /// Files of outputs of those who may meet.
    pub sheets: BTreeMap<Source, Arc<Sheet>>,
    /// `matches_matrix.csv` and `audit_matrix.csv` as they stand.
    pub written: [Matrix; 2],
    /// The same without what does not hold any more because outputs came in later: walkovers, and matches against a part of the
    /// leader's outputs.
    pub standing: [Matrix; 2],
    /// Of matches with reports, where crowns rest on them.
    pub intervals: Intervals,
    /// What every path that was looked at has.
    pub ids: Expected,
}

/// Why a round could not be seen.
fn unreadable(error: ReadError) -> TurnError {
    match error {
        ReadError::Repository(error) => TurnError::later("reading the state", error),
        ReadError::File(error) => TurnError::operator("reading the state", error),
    }
}

/// Reads files and notes down what they had.
struct Reader<'a> {
    books: &'a dyn Repository,
    snapshot: Snapshot<'a>,
    ids: Expected,
}

impl Reader<'_> {
    fn note(&mut self, path: String) -> Result<(), TurnError> {
        let id = self.books.file_id(self.snapshot.id(), &path);
        let id = id.map_err(|error| TurnError::later("reading the state", error))?;
        self.ids.insert(path, id);
        Ok(())
    }

    fn need<T: JsonFile>(&mut self, place: Place) -> Result<T, TurnError> {
        self.note(place.to_string())?;
        self.snapshot.require(&place).map_err(unreadable)
    }

    fn find<T: JsonFile + Default>(&mut self, place: Place) -> Result<T, TurnError> {
        self.note(place.to_string())?;
        Ok(self.snapshot.find(&place).map_err(unreadable)?.unwrap_or_default())
    }

    fn matrix(&mut self, place: Place) -> Result<Matrix, TurnError> {
        self.note(place.to_string())?;
        self.snapshot.matrix(&place).map_err(unreadable)
    }
}

impl Seen {
    /// Reads a round at the branch's commit, if that is in the stage of duels.
    ///
    /// # Errors
    ///
    /// [`TurnError`], with file, field and repair for what a person has to mend.
    pub fn read(books: &dyn Repository, cache: &mut Cache) -> Result<Sight, TurnError> {
        let snapshot = Snapshot::of_head(books);
        let snapshot = snapshot.map_err(|error| TurnError::later("reading the state", error))?;
        let Some(snapshot) = snapshot else { return Ok(Sight::Nothing) };
        let mut reader = Reader { books, snapshot, ids: Expected::new() };
        let state: State = reader.need(Place::State)?;
        if state.stage != Stage::Duels {
            return Ok(Sight::Other);
        }
        let round = state.current_round;
        let of = |file| Place::Round(round, file);
        let config: Config = reader.need(Place::Config)?;
        if let Some(problem) = config.problems().into_iter().next() {
            return Err(TurnError::operator("reading the rules", problem));
        }
        let seed: SeedFile = reader.need(of(RoundFile::Seed))?;
        let prompts = read_prompts(&mut reader, of(RoundFile::Prompts))?;
        let notes_path = Notes::path(round);
        reader.note(notes_path.clone())?;
        let notes = books.read(snapshot.id(), &notes_path);
        let notes = notes.map_err(|error| TurnError::later("reading the state", error))?;
        let notes =
            notes.map(|bytes| Notes::from_text(&notes_path, &String::from_utf8_lossy(&bytes)));
        let notes =
            notes.transpose().map_err(|error| TurnError::operator("reading the state", error))?;
        let options = config.options();
        let mut seen = Self {
            at: snapshot.id(),
            seed: seed.seed,
            prompts,
            submissions: reader.need(of(RoundFile::Submissions))?,
            leaders: reader.need(Place::Leader)?,
            builds: reader.find(of(RoundFile::Builds))?,
            reports: reader.find(of(RoundFile::GenerationReports))?,
            sources: reader.find(of(RoundFile::SourceAudit))?,
            requests: reader.find(of(RoundFile::RequireAudit))?,
            verdicts: reader.find(of(RoundFile::GenerationAudits))?,
            notes: notes.unwrap_or_default(),
            sheets: BTreeMap::new(),
            written: [
                reader.matrix(of(RoundFile::MatchesMatrix))?,
                reader.matrix(of(RoundFile::AuditMatrix))?,
            ],
            standing: Default::default(),
            intervals: Intervals::new(),
            ids: Expected::new(),
            state,
            config,
            options,
        };
        cache.keep_round(round);
        for source in seen.sources_needed() {
            let sheet = cache.read(books, seen.at, round, &source, &mut reader.ids);
            seen.sheets.insert(source, sheet.map_err(unreadable)?);
        }
        let files = snapshot.list(&format!("rounds/{round}"));
        let files = files.map_err(|error| TurnError::later("reading the state", error))?;
        let files: BTreeSet<String> = files.into_iter().collect();
        seen.stand(&files);
        if seen.options.crown == Crown::Interval {
            seen.read_intervals(&snapshot, &files)?;
        }
        seen.ids = reader.ids;
        Ok(Sight::Duels(Box::new(seen)))
    }

    /// The round.
    #[must_use]
    pub fn round(&self) -> Round {
        self.state.current_round
    }

    /// What is compared.
    #[must_use]
    pub fn kind(&self) -> AssetKind {
        match self.options.kind {
            KindWord::Splats => AssetKind::Splats,
            KindWord::Meshes => AssetKind::Mesh,
            KindWord::Modules => AssetKind::Module,
        }
    }

    /// Works with what a timeline follows from.
    pub fn with_inputs<T>(
        &self,
        matrices: &[Matrix; 2],
        rejected: &BTreeMap<String, String>,
        work: impl FnOnce(&Inputs<'_>) -> T,
    ) -> T {
        let order = in_order(&self.submissions);
        let [matches, audits] = matrices;
        work(&Inputs {
            rules: Rules::of(&self.config),
            order: &order,
            matches,
            intervals: &self.intervals,
            audits,
            reports: &self.reports,
            sources: &self.sources,
            rejected,
        })
    }

    /// Both sides of a match.
    #[must_use]
    pub fn sides(&self, play: &Play) -> [Arc<Sheet>; 2] {
        Source::sides(play).map(|side| self.sheets.get(&side).cloned().unwrap_or_default())
    }

    /// The margin of a match in which a side brought nothing.
    #[must_use]
    pub fn walkover(&self, play: &Play) -> Option<f64> {
        let [left, right] = self.sides(play);
        walkover(left.delivered, right.delivered)
    }

    /// Whether the leader's outputs are all there: of each prompt it is known what came of it.
    #[must_use]
    pub fn leader_is_there(&self) -> bool {
        let Some(sheet) = self.sheets.get(&Source::Leader) else { return false };
        self.prompts.iter().all(|(stem, _)| sheet.outputs.contains_key(stem))
    }

    /// Where the report of a match is.
    #[must_use]
    pub fn report_place(&self, play: &Play) -> Place {
        let others = || self.submissions.keys().map(String::as_str).chain([LEADER, SUBMITTED]);
        let (file, right) = match play {
            Play::Audit(audit) => {
                let left = left_in_path(&audit.against, others()).to_owned();
                (MinerFile::Audit(left, audit.repeat), &audit.hotkey)
            }
            Play::Qualification { hotkey } => (MinerFile::Duels(LEADER.to_owned()), hotkey),
            Play::Timeline { defender, hotkey } | Play::Ahead { defender, hotkey } => {
                (MinerFile::Duels(left_in_path(defender, others()).to_owned()), hotkey)
            }
        };
        Place::Miner(self.round(), right.clone(), file)
    }

    fn sources_needed(&self) -> Vec<Source> {
        let mut sources = vec![Source::Leader];
        sources.extend(self.submissions.keys().cloned().map(Source::Submitted));
        for (hotkey, report) in &self.reports {
            if report.outcome == GenerationOutcome::Rejected {
                continue;
            }
            let repeats = report.repeats.iter().map(|repeat| repeat.repeat_index);
            let known = repeats.filter(|&repeat| repeat <= self.config.repeats());
            sources.extend(known.map(|repeat| Source::Generated(hotkey.clone(), repeat)));
        }
        sources
    }

    /// Leaves out what does not hold any more. A match without a report was a walkover.
    fn stand(&mut self, files: &BTreeSet<String>) {
        let leader_is_there = self.leader_is_there();
        let mut standing: [Matrix; 2] = Default::default();
        for (written, standing, audits) in
            self.written.iter().zip(&mut standing).zip([false, true]).map(|((a, b), c)| (a, b, c))
        {
            for (left, right, margin) in written.iter() {
                let play = played(left, right, audits);
                let partial = || self.notes.partial.contains(&(left.to_owned(), right.to_owned()));
                let holds = !(leader_is_there && partial())
                    && play.is_none_or(|play| {
                        let known =
                            Source::sides(&play).iter().all(|side| self.sheets.contains_key(side));
                        !known
                            || files.contains(&self.report_place(&play).to_string())
                            || self.walkover(&play) == Some(margin)
                    });
                if holds {
                    // It was in a matrix, so it fits into one.
                    standing.set(left, right, margin).ok();
                }
            }
        }
        self.standing = standing;
    }

    fn read_intervals(
        &mut self,
        snapshot: &Snapshot<'_>,
        files: &BTreeSet<String>,
    ) -> Result<(), TurnError> {
        for (left, right, _) in self.written[0].iter() {
            let Some(play) = played(left, right, false) else { continue };
            let place = self.report_place(&play);
            if !files.contains(&place.to_string()) {
                continue;
            }
            let report: MatchReport = snapshot.require(&place).map_err(unreadable)?;
            if let Some(interval) = interval_of(&report) {
                self.intervals.insert((left.to_owned(), right.to_owned()), interval);
            }
        }
        Ok(())
    }
}

/// The interval that a report tells.
#[must_use]
pub fn interval_of(report: &MatchReport) -> Option<[f64; 2]> {
    let bound = |json: &Json| match json {
        Json::Number(text) => text.parse().ok(),
        _ => None,
    };
    match report.layout.get("interval")?.as_array()? {
        [low, high] => Some([bound(low)?, bound(high)?]),
        _ => None,
    }
}

/// The match that a row of a matrix is of.
fn played(left: &str, right: &str, is_audit: bool) -> Option<Play> {
    if !is_audit {
        return Some(Play::Timeline { defender: left.to_owned(), hotkey: right.to_owned() });
    }
    let (against, repeat) = left.rsplit_once('_')?;
    let (hotkey, against) = (right.to_owned(), against.to_owned());
    Some(Play::Audit(judge::audit::AuditMatch { hotkey, repeat: repeat.parse().ok()?, against }))
}

fn read_prompts(reader: &mut Reader<'_>, place: Place) -> Result<Vec<(String, String)>, TurnError> {
    let path = place.to_string();
    reader.note(path.clone())?;
    let text = reader.snapshot.text(&place).map_err(unreadable)?;
    let text = text.ok_or_else(|| {
        TurnError::operator("reading the state", format!("{path}: the file is missing; restore it"))
    })?;
    let urls = prompts::of_round(&text);
    if let Some((stem, times)) = prompts::unusable_stems(&urls).into_iter().next() {
        let stem = ledger::shorten(stem);
        let problem = format!(
            "{path}: {times} prompts have the stem \"{stem}\"; give each a name of its own"
        );
        return Err(TurnError::operator("reading the state", problem));
    }
    Ok(urls.into_iter().map(|url| (prompts::stem(url).to_owned(), url.to_owned())).collect())
}

/// What there is to see.
#[derive(Debug)]
pub enum Sight {
    /// The branch has no commits.
    Nothing,
    /// Another stage.
    Other,
    /// The stage of duels.
    Duels(Box<Seen>),
}
