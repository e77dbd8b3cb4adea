//! What an operator does by hand: begin, pause, go on, tell what was found in a miner's source.
//!
//! Each of these is one commit that lands only if nobody changed what it rests on; otherwise it is decided again.

use indexmap::IndexMap;
use jiff::Timestamp;
use ledger::files::audits::{SourceAudit, SourceAudits, Verdict};
use ledger::files::config::Config;
use ledger::files::leader::{LeaderEntry, Leaders};
use ledger::files::prompts;
use ledger::files::schedule::Schedule;
use ledger::files::state::State;
use ledger::files::submissions::{Submissions, hotkey10};
use ledger::repository::{
    Author, Draft, Id, PublishError, ReadError, Repository, RepositoryError, Snapshot, expected_at,
    publish,
};
use ledger::{JsonFile as _, Place, Round, RoundFile, Stage};

/// How often a decision is made again because others commit.
const TRIES_MAX: u32 = 8;

/// Why something was not done. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// There is no competition in this repository.
    #[error("the repository has no competition yet; begin one")]
    Nothing,
    /// There is one already.
    #[error("the repository has commits already; a competition begins in an empty one")]
    Begun,
    /// It makes no sense where things stand.
    #[error("{0}")]
    Refused(String),
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The commit did not land.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl From<RepositoryError> for ControlError {
    fn from(error: RepositoryError) -> Self {
        Self::Read(error.into())
    }
}

/// Where a competition is kept, who acts, and when.
#[derive(Debug, Clone)]
pub struct Desk<'a> {
    /// The state's repository.
    pub books: &'a dyn Repository,
    /// Who acts.
    pub author: &'a Author,
    /// When.
    pub time: Timestamp,
}

/// What a competition begins with.
#[derive(Debug, Clone)]
pub struct Beginning {
    /// The rules.
    pub config: Config,
    /// Whom the first challengers have to beat.
    pub leader: LeaderEntry,
    /// URLs of all prompts.
    pub pool: Vec<String>,
    /// Of round 0.
    pub schedule: Schedule,
    /// Further files by path, such as workflows.
    pub others: IndexMap<String, String>,
}

impl Desk<'_> {
    /// The first commit of a competition: rules, leader, prompts, the calendar of round 0, and the stage `open`.
    ///
    /// # Errors
    ///
    /// [`ControlError`], also for rules and prompts that make no sense.
    pub fn begin(&self, beginning: &Beginning) -> Result<Id, ControlError> {
        if self.books.head()?.is_some() {
            return Err(ControlError::Begun);
        }
        if let Some(problem) = beginning.config.problems().into_iter().next() {
            return Err(ControlError::Refused(problem.to_string()));
        }
        if let Some((stem, count)) = prompts::unusable_stems(&beginning.pool).into_iter().next() {
            return Err(ControlError::Refused(format!(
                "{count} prompts have the stem \"{stem}\"; give each a name of its own"
            )));
        }
        if beginning.pool.is_empty() {
            return Err(ControlError::Refused("there are no prompts".to_owned()));
        }
        let mut leaders = Leaders::default();
        leaders
            .append(beginning.leader.clone())
            .map_err(|error| ControlError::Refused(error.to_string()))?;
        let state = State {
            current_round: Round(0),
            stage: Stage::Open,
            next_stage_eta: None,
            resume_stage: None,
            layout: ledger::Layout::default(),
        };
        let files = [
            (Place::Config, beginning.config.to_text()),
            (Place::Leader, leaders.to_text()),
            (Place::Pool, prompts::to_text(&beginning.pool)),
            (Place::Round(Round(0), RoundFile::Schedule), beginning.schedule.to_text()),
            (Place::State, state.to_text()),
        ];
        let files = files.into_iter().map(|(place, text)| (place.to_string(), Some(text)));
        let others = beginning.others.iter().map(|(path, text)| (path.clone(), Some(text.clone())));
        let draft = Draft {
            message: format!("Competition {}: round 0 is open", beginning.config.name),
            changes: files.chain(others).collect(),
            author: self.author.clone(),
            time: self.time,
        };
        let expected = draft.changes.keys().map(|path| (path.clone(), None)).collect();
        Ok(publish(self.books, &draft, &expected)?)
    }

    /// Pauses: no owner works on the stage `paused`. What is interrupted is kept in `resume_stage`.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    pub fn pause(&self) -> Result<Id, ControlError> {
        self.change(|_, state| match state.stage {
            Stage::Paused => Err(ControlError::Refused("it is paused already".to_owned())),
            Stage::Finished => Err(ControlError::Refused("the competition is over".to_owned())),
            stage => {
                let paused =
                    State { stage: Stage::Paused, resume_stage: Some(stage), ..state.clone() };
                Ok((paused, format!("Pause in {stage}")))
            }
        })
    }

    /// Goes on where a pause interrupted, or at another stage; not at one whose files are missing.
    ///
    /// # Errors
    ///
    /// [`ControlError`].
    pub fn resume(&self, at: Option<Stage>) -> Result<Id, ControlError> {
        self.change(|snapshot, state| {
            if state.stage != Stage::Paused {
                let stage = state.stage;
                return Err(ControlError::Refused(format!("it is not paused but in {stage}")));
            }
            let Some(stage) = at.or(state.resume_stage) else {
                return Err(ControlError::Refused(
                    "state.json does not say what was interrupted; name the stage".to_owned(),
                ));
            };
            let missing = missing_for(snapshot, state.current_round, stage)?;
            if let Some(place) = missing.first() {
                return Err(ControlError::Refused(format!(
                    "{stage} needs {place}, which is not there; restore it, or name another stage"
                )));
            }
            Ok((State { stage, resume_stage: None, ..state.clone() }, format!("Go on in {stage}")))
        })
    }

    /// Tells what was found in a miner's source, in `source_audit.json` of the current round.
    ///
    /// # Errors
    ///
    /// [`ControlError`], also for a hotkey that has not submitted, and for a round that has its winner.
    pub fn source_audit(
        &self,
        hotkey: &str,
        verdict: Verdict,
        reason: &str,
    ) -> Result<Id, ControlError> {
        self.decide(|snapshot, state| {
            let round = state.current_round;
            let submissions: Submissions =
                snapshot.find(&Place::Round(round, RoundFile::Submissions))?.unwrap_or_default();
            if !submissions.contains_key(hotkey) {
                return Err(ControlError::Refused(format!(
                    "{hotkey} has no submission in round {round}"
                )));
            }
            if snapshot.text(&Place::Round(round, RoundFile::Winner))?.is_some() {
                return Err(ControlError::Refused(format!(
                    "round {round} has its winner: what is found now changes nothing any more"
                )));
            }
            let place = Place::Round(round, RoundFile::SourceAudit);
            let mut audits: SourceAudits = snapshot.find(&place)?.unwrap_or_default();
            audits.retain(|audit| audit.hotkey != hotkey);
            audits.push(SourceAudit {
                hotkey: hotkey.to_owned(),
                verdict,
                reason: reason.to_owned(),
                layout: ledger::Layout::default(),
            });
            let message = format!("Source audit of {} for round {round}", hotkey10(hotkey));
            Ok((place, audits.to_text(), message))
        })
    }

    fn change(
        &self,
        decide: impl Fn(&Snapshot<'_>, &State) -> Result<(State, String), ControlError>,
    ) -> Result<Id, ControlError> {
        self.decide(|snapshot, state| {
            let (changed, message) = decide(snapshot, state)?;
            Ok((Place::State, changed.to_text(), message))
        })
    }

    /// Decides by the newest commit, and again if others changed the state or the file meanwhile.
    fn decide(
        &self,
        decide: impl Fn(&Snapshot<'_>, &State) -> Result<(Place, String, String), ControlError>,
    ) -> Result<Id, ControlError> {
        let mut tries = 0;
        loop {
            let snapshot = Snapshot::of_head(self.books)?.ok_or(ControlError::Nothing)?;
            let state: State = snapshot.require(&Place::State)?;
            let (place, text, message) = decide(&snapshot, &state)?;
            let path = place.to_string();
            let rests_on = [Place::State.to_string(), path.clone()];
            let rests_on = rests_on.iter().map(String::as_str);
            let expected = expected_at(self.books, Some(snapshot.id()), rests_on)?;
            let draft = Draft {
                message,
                changes: [(path, Some(text))].into(),
                author: self.author.clone(),
                time: self.time,
            };
            tries += 1;
            match publish(self.books, &draft, &expected) {
                Err(PublishError::Conflict { .. }) if tries < TRIES_MAX => {}
                done => return Ok(done?),
            }
        }
    }
}

/// The files that a stage works from and that are not there.
///
/// # Errors
///
/// [`RepositoryError`].
pub fn missing_for(
    snapshot: &Snapshot<'_>,
    round: Round,
    stage: Stage,
) -> Result<Vec<Place>, ReadError> {
    use RoundFile::{Prompts, Schedule, Seed, Submissions, Winner};
    let needs: &[RoundFile] = match stage {
        Stage::Open => &[Schedule],
        Stage::MinerGeneration => &[Schedule, Seed, Prompts, Submissions],
        Stage::Downloading | Stage::Duels => &[Seed, Prompts, Submissions],
        // A round without submissions has none of these, and neither seed nor prompts.
        Stage::Finalizing => &[Submissions, Winner],
        _ => &[],
    };
    let place = |file| Place::Round(round, file);
    let mut is_empty = stage == Stage::Finalizing;
    for file in [Seed, Prompts, Submissions] {
        is_empty = is_empty && snapshot.text(&place(file))?.is_none();
    }
    let mut missing = Vec::new();
    for &file in needs.iter().filter(|_| !is_empty) {
        if snapshot.text(&place(file))?.is_none() {
            missing.push(place(file));
        }
    }
    Ok(missing)
}
