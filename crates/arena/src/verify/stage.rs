//! How far a round is.

use ledger::files::submissions::Submissions;
use ledger::files::winner::Winner;
use ledger::{Place, Round, RoundFile, Stage};

use super::Verifier;

/// The place of a stage in a round; the eras' own stages stand where they belong.
pub(super) const fn rank(stage: Stage) -> u8 {
    match stage {
        Stage::Open | Stage::Collecting => 0,
        Stage::MinerGeneration | Stage::Generating => 1,
        Stage::Downloading => 2,
        Stage::Duels => 3,
        Stage::Finalizing => 4,
        Stage::Finished => 5,
        Stage::Paused => 6,
    }
}

impl Verifier<'_> {
    /// Whether a round has left a stage. Of a pause without a memory, by the files that are there.
    pub(super) fn has_left(&self, round: Round, stage: Stage) -> bool {
        let Some(state) = &self.state else { return false };
        let state = &state.value;
        if round != state.current_round {
            return round < state.current_round;
        }
        let now = match (state.stage, state.resume_stage) {
            (Stage::Paused, Some(resume)) => resume,
            (Stage::Paused, None) => {
                let has = |file| self.books.has(&Place::Round(round, file));
                if has(RoundFile::Winner) {
                    Stage::Finalizing
                } else if has(RoundFile::MatchesMatrix) {
                    Stage::Duels
                } else if has(RoundFile::Submissions) {
                    Stage::MinerGeneration
                } else {
                    Stage::Open
                }
            }
            (stage, _) => stage,
        };
        rank(now) > rank(stage)
    }

    /// Whether nobody took part in a round that is over.
    pub(super) fn was_empty(&self, round: Round) -> bool {
        let place = Place::Round(round, RoundFile::Submissions);
        let nobody = || {
            let read = self.books.find_at::<Submissions>(self.books.snapshot.id(), &place);
            self.originals.contains(&round)
                && !self.books.is_broken(&place)
                && read.is_none_or(|all| all.is_empty())
        };
        self.has_left(round, Stage::Open) && (!self.books.has(&place) || nobody())
    }

    /// The winner of a round, quietly.
    pub(super) fn winner_of(&self, round: Round) -> Option<Winner> {
        self.books.find_at(self.books.snapshot.id(), &Place::Round(round, RoundFile::Winner))
    }
}
