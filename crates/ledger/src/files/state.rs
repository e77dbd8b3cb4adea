//! `state.json`: where a competition stands.

use std::fmt;

use jiff::Timestamp;

use crate::error::FieldError;
use crate::field::{Field, words};
use crate::file::JsonFile;
use crate::json::Json;
use crate::record::record;

/// A pass of the competition, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Round(pub u32);

impl Round {
    /// The one before; nothing before round 0.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }

    /// The one after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Field for Round {
    fn read(json: &Json) -> Result<Self, FieldError> {
        u32::read(json).map(Self)
    }

    fn plain(&self) -> Json {
        self.0.plain()
    }
}

words! {
    /// What a round is at.
    pub enum Stage {
        /// Miners submit; ends with the block of the last reveal.
        Open = "open",
        /// Miners make their outputs; ends with the deadline block.
        MinerGeneration = "miner_generation",
        /// Outputs are fetched, checked and drawn.
        Downloading = "downloading",
        /// Outputs are judged.
        Duels = "duels",
        /// The round is over; leader and calendar are worked out.
        Finalizing = "finalizing",
        /// No round follows.
        Finished = "finished",
        /// An operator looks.
        Paused = "paused",
        /// What `open` was in the splat era.
        Collecting = "collecting",
        /// The splat era's stage in which the operator ran the miners' images.
        Generating = "generating",
    }
}

record! {
    /// Where a competition stands.
    pub struct State {
        /// The round it is in.
        pub current_round: Round = [required],
        /// What the round is at.
        pub stage: Stage = [required],
        /// About when the stage will end. The splat era has no such member.
        pub next_stage_eta: Option<Timestamp> = [or None],
        /// What a pause interrupted. Our addition: the original forgets it.
        pub resume_stage: Option<Stage> = [if there],
    }
}

impl JsonFile for State {}
