//! `rounds/{n}/winner.json`, and the splat era's `rounds/{n}/judge_progress.json`.

use crate::file::JsonFile;
use crate::record::record;

record! {
    /// Who won a round.
    pub struct Winner {
        /// A hotkey, or `leader` when the leader defended.
        pub winner_hotkey: String = [required],
        /// `owner/name`.
        pub repo: String = [required],
        /// 40 hex digits.
        pub commit: String = [required],
        /// The image.
        pub docker_image: String = [required],
    }
}

impl JsonFile for Winner {}

record! {
    /// How far the splat era's king-of-the-hill is.
    pub struct JudgeProgress {
        /// A hotkey, or `leader`.
        pub leader: String = [or crate::files::leader::LEADER.to_owned()],
        /// Who has challenged.
        pub completed_hotkeys: Vec<String> = [or Vec::new()],
    }
}

impl JsonFile for JudgeProgress {}
