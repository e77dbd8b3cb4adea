//! What the end of a round rests on, read at one commit.

use ledger::files::config::Config;
use ledger::files::leader::Leaders;
use ledger::files::schedule::Schedule;
use ledger::files::state::State;
use ledger::files::submissions::Submissions;
use ledger::files::winner::Winner;
use ledger::repository::{Expected, ReadError, Repository, Snapshot, expected_at};
use ledger::{JsonFile as _, Place, Round, RoundFile, Stage};

use crate::collector::{Observed, admit, earlier, observed};
use crate::owner::TurnError;

/// The files of a round that is in `finalizing`.
#[derive(Debug, Clone, PartialEq)]
pub struct Files {
    /// Where things stand.
    pub state: State,
    /// The rules.
    pub config: Config,
    /// Who led until now.
    pub leaders: Leaders,
    /// Who won; nothing after a round without submissions.
    pub winner: Option<Winner>,
    /// Who took part; empty after a round without submissions.
    pub submissions: Submissions,
    /// The round's calendar; nothing in competitions that began here.
    pub schedule: Option<Schedule>,
    /// The next round's, if somebody prepared it.
    pub prepared: Option<Schedule>,
    /// What shows whether nobody took part; nothing where that is clear without.
    pub nobody: Option<Nobody>,
    /// All of them as they were, so that nothing is decided on what has changed.
    pub rests_on: Expected,
}

impl Files {
    /// Reads them at the branch's commit; nothing if the stage is another's.
    ///
    /// # Errors
    ///
    /// For an operator if a file cannot be understood or is missing; the repository's own may pass.
    pub fn read(books: &dyn Repository) -> Result<Option<Self>, TurnError> {
        Self::read_at_head(books).map_err(|error| {
            let doing = "reading the files of a round's end";
            match error {
                ReadError::File(error) => TurnError::operator(doing, error),
                ReadError::Repository(error) => TurnError::later(doing, error),
            }
        })
    }

    fn read_at_head(books: &dyn Repository) -> Result<Option<Self>, ReadError> {
        let Some(snapshot) = Snapshot::of_head(books)? else { return Ok(None) };
        let state: State = snapshot.require(&Place::State)?;
        if state.stage != Stage::Finalizing {
            return Ok(None);
        }
        let round = state.current_round;
        let of_round = |file| Place::Round(round, file);
        let prepared = Place::Round(round.next(), RoundFile::Schedule);
        let places = [
            Place::State,
            Place::Config,
            Place::Leader,
            of_round(RoundFile::Winner),
            of_round(RoundFile::Submissions),
            of_round(RoundFile::Schedule),
            of_round(RoundFile::Seed),
            of_round(RoundFile::Prompts),
            prepared.clone(),
        ];
        let mut paths = places.map(|place| place.to_string()).to_vec();
        paths.push(observed::path(round));
        let rests_on = expected_at(books, Some(snapshot.id()), paths.iter().map(String::as_str))?;
        let config: Config = snapshot.require(&Place::Config)?;
        let winner: Option<Winner> = snapshot.find(&of_round(RoundFile::Winner))?;
        let submissions: Submissions =
            snapshot.find(&of_round(RoundFile::Submissions))?.unwrap_or_default();
        let schedule: Option<Schedule> = snapshot.find(&of_round(RoundFile::Schedule))?;
        let nobody = if winner.is_none() && submissions.is_empty() {
            Some(Nobody::read(books, &snapshot, round, &config, schedule.as_ref())?)
        } else {
            None
        };
        Ok(Some(Self {
            config,
            leaders: snapshot.require(&Place::Leader)?,
            winner,
            submissions,
            schedule,
            nobody,
            prepared: snapshot.find(&prepared)?,
            rests_on,
            state,
        }))
    }
}

/// What there is of a round that has neither winner nor submissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nobody {
    /// A file that only rounds with submissions have.
    pub began: Option<Place>,
    /// How many `commitments.json` lets take part; nothing where there is none.
    pub admitted: Option<usize>,
}

impl Nobody {
    fn read(
        books: &dyn Repository,
        snapshot: &Snapshot<'_>,
        round: Round,
        config: &Config,
        schedule: Option<&Schedule>,
    ) -> Result<Self, ReadError> {
        let mut began = None;
        for file in [RoundFile::Seed, RoundFile::Prompts] {
            let place = Place::Round(round, file);
            if began.is_none() && snapshot.text(&place)?.is_some() {
                began = Some(place);
            }
        }
        let path = observed::path(round);
        let bytes = books.read(snapshot.id(), &path)?;
        let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let seen = Observed::from_optional(&path, text.as_deref())?;
        let admitted = match (seen, schedule) {
            (Some(seen), Some(schedule)) => {
                let before = earlier(snapshot, round)?;
                Some(admit(&seen, config, schedule, round, &before).submissions.len())
            }
            _ => None,
        };
        Ok(Self { began, admitted })
    }
}
