//! What the end of a round rests on, read at one commit.

use ledger::files::config::Config;
use ledger::files::leader::Leaders;
use ledger::files::schedule::Schedule;
use ledger::files::state::State;
use ledger::files::submissions::Submissions;
use ledger::files::winner::Winner;
use ledger::repository::{Expected, ReadError, Repository, Snapshot, expected_at};
use ledger::{Place, RoundFile, Stage};

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
            prepared.clone(),
        ];
        let paths = places.map(|place| place.to_string());
        let rests_on = expected_at(books, Some(snapshot.id()), paths.iter().map(String::as_str))?;
        Ok(Some(Self {
            config: snapshot.require(&Place::Config)?,
            leaders: snapshot.require(&Place::Leader)?,
            winner: snapshot.find(&of_round(RoundFile::Winner))?,
            submissions: snapshot.find(&of_round(RoundFile::Submissions))?.unwrap_or_default(),
            schedule: snapshot.find(&of_round(RoundFile::Schedule))?,
            prepared: snapshot.find(&prepared)?,
            rests_on,
            state,
        }))
    }
}
