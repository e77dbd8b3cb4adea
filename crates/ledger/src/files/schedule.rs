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
