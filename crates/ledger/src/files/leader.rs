//! `leader.json`: who led, from which block on, and with which weight.

use crate::error::FieldError;
use crate::field::{Field, unexpected};
use crate::file::JsonFile;
use crate::json::{Json, Step};
use crate::record::record;

/// Stands for the winner of earlier rounds wherever a hotkey is expected.
pub const LEADER: &str = "leader";

record! {
    /// One change of the leader or of its weight.
    pub struct LeaderEntry {
        /// The winner's hotkey, never [`LEADER`].
        pub hotkey: String = [required],
        /// `owner/name`. Old documents leave it out.
        pub repo: Option<String> = [if there],
        /// 40 hex digits.
        pub commit: Option<String> = [if there],
        /// The image.
        pub docker: Option<String> = [if there],
        /// What validators pay it, 0 to 1.
        pub weight: f64 = [required],
        /// Active from this block on.
        pub effective_block: u64 = [required],
    }
}

/// All changes, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Leaders {
    /// Never reordered; new ones at the end.
    pub entries: Vec<LeaderEntry>,
}

impl Leaders {
    /// The last entry, whatever its block.
    #[must_use]
    pub fn latest(&self) -> Option<&LeaderEntry> {
        self.entries.last()
    }

    /// The entry that counts at a block: the last one whose `effective_block` is not later.
    #[must_use]
    pub fn active_at(&self, block: u64) -> Option<&LeaderEntry> {
        self.entries.iter().rev().find(|entry| entry.effective_block <= block)
    }

    /// Adds an entry that keeps the list sound.
    ///
    /// # Errors
    ///
    /// What is wrong with the entry; the list is unchanged.
    pub fn append(&mut self, entry: LeaderEntry) -> Result<(), AppendError> {
        if entry.hotkey == LEADER || entry.hotkey.is_empty() {
            return Err(AppendError::Hotkey);
        }
        if !(0.0..=1.0).contains(&entry.weight) {
            return Err(AppendError::Weight { found: entry.weight });
        }
        match self.latest().map(|last| last.effective_block) {
            Some(last) if entry.effective_block <= last => {
                Err(AppendError::Block { found: entry.effective_block, last })
            }
            _ => {
                self.entries.push(entry);
                Ok(())
            }
        }
    }
}

/// Why an entry does not fit.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum AppendError {
    /// `leader` stands for a hotkey, it is none.
    #[error("leader.json: the new entry's hotkey is empty or the word \"leader\"")]
    Hotkey,
    /// Not 0 to 1.
    #[error("leader.json: the new entry's weight is {found}, not 0 to 1")]
    Weight {
        /// What it is.
        found: f64,
    },
    /// Blocks grow.
    #[error(
        "leader.json: the new entry is effective from block {found}, not after the last entry's {last}"
    )]
    Block {
        /// What it is.
        found: u64,
        /// The last entry's.
        last: u64,
    },
}

/// Read as an array, or as an object with the array in `transitions`, as old documents and the splat era have it; written as an
/// array, which is what every reader takes.
impl Field for Leaders {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let Some(members) = json.as_object() else {
            return Ok(Self { entries: Vec::read(json)? });
        };
        let key = "transitions";
        let entries = members.get(key).ok_or_else(|| unexpected(json, "an array", "[…]"))?;
        let entries = Vec::read(entries).map_err(|error| error.under(Step::Key(key.to_owned())))?;
        Ok(Self { entries })
    }

    fn plain(&self) -> Json {
        self.entries.plain()
    }
}

impl JsonFile for Leaders {}
