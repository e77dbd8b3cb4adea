//! How the collector works.

use std::time::Duration;

use ledger::Stage;
use ledger::files::outputs::AssetKind;
use ledger::files::state::State;
use serde::Deserialize;

/// How the collector works. Times are in seconds. What the original has too is as there, unless something else is said.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The subnet.
    pub netuid: u16,
    /// What a coldkey must have locked for each of its submissions, in the subnet's token.
    pub required_lock_alpha: f64,
    /// A round that begins more blocks too late than this gives miners that time back: its deadline moves. Ours.
    pub late_blocks: u64,
    /// At the end of each of its stages the competition waits in `paused` for an operator; not at the end of a round without
    /// submissions.
    pub pause_on_stage_end: bool,
    /// Files fetched at once. The original has 10; here no miner can hold more than a few of them.
    pub downloads: usize,
    /// Files of one miner fetched at once. Ours.
    pub downloads_per_miner: usize,
    /// Tries for a file. The original has 2.
    pub file_tries: u32,
    /// Before the second try; twice as long before each further one.
    pub file_retry_s: u64,
    /// For a whole file, and a second more for each MiB it may have. The original has no such limit.
    pub file_time_s: u64,
    /// Bytes a second that a server must send on average. Ours.
    pub rate_min: u64,
    /// What all files of a miner together may take, several at once counted several times; without the time in which no other miner's
    /// server answered either. Ours.
    pub miner_time_s: u64,
    /// A miner whose server does not answer is asked again and again for so long, while others' servers answer, before it gets rows for
    /// that. Ours.
    pub silence_s: u64,
    /// The same where it is the only miner, so that nobody else's server shows whether the network works. Ours.
    pub alone_s: u64,
    /// Bytes of an asset, at most; nothing for 1 MiB of modules and 200 MiB of splats and meshes.
    pub asset_bytes_max: Option<u64>,
    /// Bytes of the picture of a prompt, at most. The original has no limit.
    pub picture_bytes_max: u64,
    /// Bytes that files being fetched may take together. Ours.
    pub memory_bytes_max: u64,
    /// View bundles made at once.
    pub drawings: usize,
    /// Tries for a view bundle that something of ours prevents, before it is asked whether the asset is to blame.
    pub drawing_tries: u32,
    /// So long after the deadline the stage still waits for pictures of prompts that cannot be had, and for servers of miners of which
    /// none answers. Ours.
    pub patience_s: u64,
    /// Where people can look at the state's files, as in `https://github.com/owner/name/blob/main`: for links.
    pub files_url: Option<String>,
    /// How often what was done is written down.
    pub record_ms: u64,
    /// How often it is committed.
    pub commit_s: u64,
    /// How often it is looked whether an operator changed the stage.
    pub watch_s: u64,
    /// An alert takes so many assets that cannot be drawn,
    pub render_alert_min_failures: usize,
    /// of so many miners,
    pub render_alert_min_hotkeys: usize,
    /// and so much time since the last one.
    pub render_alert_cooldown_s: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            netuid: 17,
            required_lock_alpha: 100.0,
            late_blocks: 50,
            pause_on_stage_end: false,
            downloads: 32,
            downloads_per_miner: 4,
            file_tries: 3,
            file_retry_s: 3,
            file_time_s: 60,
            rate_min: 16 << 10,
            miner_time_s: 7200,
            silence_s: 300,
            alone_s: 3600,
            asset_bytes_max: None,
            picture_bytes_max: 16 << 20,
            memory_bytes_max: 1 << 30,
            drawings: 2,
            drawing_tries: 8,
            patience_s: 6 * 3600,
            files_url: None,
            record_ms: 1000,
            commit_s: 600,
            watch_s: 30,
            render_alert_min_failures: 20,
            render_alert_min_hotkeys: 3,
            render_alert_cooldown_s: 600,
        }
    }
}

impl Settings {
    /// `state` at the end of a stage, on the way to `next`.
    pub(super) fn goes_on(&self, state: &State, next: Stage) -> State {
        let paused = self.pause_on_stage_end;
        State {
            stage: if paused { Stage::Paused } else { next },
            resume_stage: paused.then_some(next),
            ..state.clone()
        }
    }

    /// [`Self::required_lock_alpha`] in rao.
    pub(super) fn required_lock(&self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
        let rao = (self.required_lock_alpha * 1e9).round() as u64;
        rao
    }

    pub(super) fn bytes_max(&self, kind: AssetKind) -> usize {
        let default = if kind == AssetKind::Module { 1 << 20 } else { 200 << 20 };
        usize::try_from(self.asset_bytes_max.unwrap_or(default)).unwrap_or(usize::MAX)
    }

    /// For a file of at most so many bytes.
    pub(super) fn file_time(&self, bytes_max: usize) -> Duration {
        Duration::from_secs(self.file_time_s.saturating_add((bytes_max >> 20) as u64))
    }

    /// How many files may be fetched at once, for memory's sake too.
    pub(super) fn downloads_at_once(&self, bytes_max: usize) -> usize {
        let fit = self.memory_bytes_max / (bytes_max as u64).max(1);
        usize::try_from(fit).unwrap_or(usize::MAX).min(self.downloads).max(1)
    }
}
