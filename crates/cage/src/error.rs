//! Why a check has no verdict. What is wrong with a module is in the report instead.

use std::{io, time::Duration};

/// The cage failed, not the module.
#[derive(Debug, thiserror::Error)]
pub enum CageError {
    /// As many checks as allowed are already waiting.
    #[error("{queue_max} checks are already waiting, which is the limit")]
    Full {
        /// The limit of [`Config::queue_max`](crate::Config::queue_max).
        queue_max: usize,
    },
    /// The analysis found no place to work in.
    #[error(transparent)]
    Analyse(#[from] threejs::AnalyseError),
    /// The kernel cannot hold a module.
    #[error(
        "this kernel does not offer {missing}, so a module cannot be caged; --unsafe-no-cage runs it without a cage"
    )]
    Unsupported {
        /// What the kernel lacks.
        missing: String,
    },
    /// The process that forks cages could not be started.
    #[error("the cage could not be started: {0}")]
    Start(#[source] io::Error),
    /// The process that forks cages is there but cannot do its work.
    #[error("the cage could not be set up: {0}")]
    SetUp(String),
    /// The module's process computed all the time and got too little of it, so the machine would decide and not the module.
    #[error(
        "the machine is too busy: a module used less than {cpu:?} of processor time within {wall:?}; no verdict on it"
    )]
    Busy {
        /// The limit of [`Config::cpu`](crate::Config::cpu).
        cpu: Duration,
        /// The limit of [`Config::wall`](crate::Config::wall).
        wall: Duration,
    },
    /// Cages went away twice in a row without a module's doing: somebody ends our processes, or memory is short.
    #[error("the caged process was lost twice ({last}); no verdict on the module")]
    Lost {
        /// How the last one ended.
        last: String,
    },
}
