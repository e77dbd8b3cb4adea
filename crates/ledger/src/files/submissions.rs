//! `rounds/{n}/submissions.json`: who takes part.

use crate::file::{ByName, JsonFile};
use crate::json::Style;
use crate::record::record;

record! {
    /// What a miner committed to.
    pub struct Submission {
        /// `owner/name`.
        pub repo: String = [required],
        /// 40 hex digits (of the earlier eras: any 40 characters).
        pub commit: String = [required],
        /// Where the outputs are. The splat era has none.
        pub cdn_url: Option<String> = [if there],
        /// The block in which the commit was revealed.
        pub revealed_at_block: u64 = [required],
        /// `{name of the competition}-{round}`.
        pub round: String = [required],
    }
}

/// By hotkey, in the order that decides ties.
pub type Submissions = ByName<Submission>;

impl JsonFile for Submissions {
    const STYLE: Style = Style::IndentedAscii;
}

/// Hotkeys by the block of their reveal; ties in the order of the file. This is the order in which they challenge.
#[must_use]
pub fn in_order(submissions: &Submissions) -> Vec<&str> {
    let mut order: Vec<_> =
        submissions.iter().map(|(hotkey, one)| (one.revealed_at_block, hotkey.as_str())).collect();
    order.sort_by_key(|&(block, _)| block);
    order.into_iter().map(|(_, hotkey)| hotkey).collect()
}

/// The first ten characters of a hotkey (or of `leader`), as file names and messages have it.
#[must_use]
pub fn hotkey10(hotkey: &str) -> &str {
    hotkey.char_indices().nth(10).map_or(hotkey, |(at, _)| &hotkey[..at])
}
