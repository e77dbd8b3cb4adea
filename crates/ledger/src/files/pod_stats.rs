//! `rounds/{n}/{hotkey}/pod_stats.json`: what pods did, for people.

use crate::error::FieldError;
use crate::field::Field;
use crate::file::{ByName, JsonFile};
use crate::json::Json;
use crate::record::{Reader, record};

record! {
    /// A pod of the batch contract.
    pub struct BatchPodStats {
        /// Its name.
        pub pod_id: String = [or String::new()],
        /// From 1.
        pub repeat_index: u32 = [or 1],
        /// Who ran it.
        pub provider: String = [or String::new()],
        /// Seconds of each batch.
        pub batch_times: Vec<f64> = [or Vec::new()],
        /// Seconds of all of them.
        pub total_generation_time: f64 = [or 0.0],
        /// Why it ended.
        pub termination_reason: String = [or String::new()],
        /// What it said when it asked to be replaced.
        pub payload: Option<Json> = [or None],
    }
}

record! {
    /// A pod of the single-shot contract.
    pub struct SinglePodStats {
        /// Its name.
        pub pod_id: String = [or String::new()],
        /// Prompts it got.
        pub processed: u32 = [or 0],
        /// Made in time.
        pub successful: u32 = [or 0],
        /// Not made.
        pub hard_failed: u32 = [or 0],
        /// Made too late.
        pub hard_overtime: u32 = [or 0],
        /// Seconds.
        pub time_min: Option<f64> = [or None],
        /// Seconds.
        pub time_max: Option<f64> = [or None],
        /// Seconds.
        pub time_avg: Option<f64> = [or None],
        /// Seconds.
        pub time_median: Option<f64> = [or None],
        /// Why it was called bad, or whether.
        pub marked_bad: Option<Json> = [or None],
        /// Seconds that repeated prompts took longer than before, in all.
        pub retry_cumulative_delta: f64 = [or 0.0],
        /// How many were repeated.
        pub retry_delta_count: u32 = [or 0],
        /// Why it ended.
        pub termination_reason: String = [or "stopped".to_owned()],
    }
}

/// Two files of one name.
#[derive(Debug, Clone, PartialEq)]
pub enum PodStats {
    /// The module era.
    Batch(BatchPodStats),
    /// The mesh era: has `processed`.
    Single(SinglePodStats),
}

impl Field for PodStats {
    fn read(json: &Json) -> Result<Self, FieldError> {
        if Reader::new(json)?.has("processed") {
            SinglePodStats::read(json).map(Self::Single)
        } else {
            BatchPodStats::read(json).map(Self::Batch)
        }
    }

    fn plain(&self) -> Json {
        match self {
            Self::Batch(stats) => stats.plain(),
            Self::Single(stats) => stats.plain(),
        }
    }
}

/// By `{pod}-r{repeat}`, or by pod.
pub type AllPodStats = ByName<PodStats>;

impl JsonFile for AllPodStats {}
