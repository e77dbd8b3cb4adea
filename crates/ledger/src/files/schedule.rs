//! `rounds/{n}/schedule.json` and `rounds/{n}/seed.json`.

use jiff::Timestamp;

use crate::file::JsonFile;
use crate::json::Style;
use crate::record::record;

record! {
    /// The blocks of a round. The window of reveals contains both of its ends.
    pub struct Schedule {
        /// The first block whose reveals count.
        pub earliest_reveal_block: u64 = [required],
        /// The last one; the round starts here.
        pub latest_reveal_block: u64 = [required],
        /// Outputs must be there. The splat era has none.
        pub generation_deadline_block: Option<u64> = [if there],
        /// When the start was planned for. Our addition: the original works it out from blocks, which drift.
        pub planned_start: Option<Timestamp> = [if there],
    }
}

impl JsonFile for Schedule {}

/// Blocks that read well and make no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}; {repair}")]
pub struct ScheduleProblem {
    /// The member.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: String,
    /// What to do.
    pub repair: &'static str,
}

impl Schedule {
    /// Everything that makes no sense, in the order of the members.
    #[must_use]
    pub fn problems(&self) -> Vec<ScheduleProblem> {
        let mut found = Vec::new();
        let (earliest, latest) = (self.earliest_reveal_block, self.latest_reveal_block);
        if earliest > latest {
            found.push(ScheduleProblem {
                field: "latest_reveal_block",
                problem: format!("{latest} is before earliest_reveal_block, {earliest}"),
                repair: "nobody could take part: set a later block",
            });
        }
        if let Some(deadline) = self.generation_deadline_block.filter(|block| *block <= latest) {
            found.push(ScheduleProblem {
                field: "generation_deadline_block",
                problem: format!("{deadline} is not after latest_reveal_block, {latest}"),
                repair: "miners would have no time: set a later block",
            });
        }
        found
    }
}

record! {
    /// The seed of a round: for its prompts, for miners, for judges.
    pub struct SeedFile {
        /// 32 random bits.
        pub seed: u32 = [required],
    }
}

impl SeedFile {
    /// A new one.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        Self { seed, layout: crate::record::Layout::default() }
    }
}

impl JsonFile for SeedFile {
    const STYLE: Style = Style::Line;
}
