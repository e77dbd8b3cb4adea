//! `rounds/{n}/generation_reports.json`: whether miners' images make what they should.

use crate::field::words;
use crate::file::{ByName, JsonFile};
use crate::record::record;

words! {
    /// What came of making a miner's outputs again.
    pub enum GenerationOutcome {
        /// Under way; repeats that are done are listed.
        Pending = "pending",
        /// Done.
        Completed = "completed",
        /// Could not be done as it must be.
        Rejected = "rejected",
    }
}

record! {
    /// One full making of all outputs.
    pub struct Repeat {
        /// From 1.
        pub repeat_index: u32 = [required],
        /// How many outputs there are.
        pub generated_prompts: u32 = [or 0],
        /// How many there are not.
        pub failed_prompts: u32 = [or 0],
        /// Seconds; unknown after a restart.
        pub generation_time: Option<f64> = [or None],
    }
}

record! {
    /// What is known of one miner's image.
    pub struct GenerationReport {
        /// Whose.
        pub hotkey: String = [required],
        /// What came of it.
        pub outcome: GenerationOutcome = [or GenerationOutcome::Pending],
        /// Those that are complete.
        pub repeats: Vec<Repeat> = [or Vec::new()],
        /// Why it was rejected.
        pub reason: String = [or String::new()],
    }
}

/// By hotkey.
pub type GenerationReports = ByName<GenerationReport>;

impl JsonFile for GenerationReports {}
