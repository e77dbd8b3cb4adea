//! What can go wrong when talking to a service.

use std::time::Duration;

use super::ArchiveError;
use crate::wire::batch::State;

/// Longest text of a remote in an error, in characters.
pub(super) const DETAIL_MAX: usize = 200;

/// Why a request had no good end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The address of the service is none.
    #[error("{0:?} is not an http or https address")]
    Address(String),
    /// Name, connection, TLS, HTTP; or the body broke off.
    #[error("{0}")]
    Transport(String),
    /// No answer, or not the whole of it, in time.
    #[error("no {what} within {} s", limit.as_secs_f64())]
    Time {
        /// What was waited for.
        what: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// Another status than the contract's.
    #[error("status {status}{}{detail}", if detail.is_empty() { "" } else { ": " })]
    Status {
        /// The status.
        status: u16,
        /// At most 200 characters of the body.
        detail: String,
    },
    /// 409 to a batch.
    #[error("batch refused{}", match state { Some(state) => format!(": the pod is {state}"), None => String::new() })]
    Refused {
        /// Where the pod is, when it says so.
        state: Option<State>,
    },
    /// More bytes than we take.
    #[error("{what}: longer than {max} bytes")]
    TooLong {
        /// What.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// The body is not what the contract says.
    #[error("{what}: {detail}")]
    Malformed {
        /// What.
        what: &'static str,
        /// At most 200 characters.
        detail: String,
    },
    /// The ZIP of the results.
    #[error("results: {0}")]
    Archive(#[from] ArchiveError),
}

impl ClientError {
    /// Whether the same request may succeed a little later: transport, time, status 400 (a proxy whose worker still starts),
    /// 429, 430 (a proxy short of capacity) and from 500 on.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Transport(_) | Self::Time { .. } => true,
            Self::Status { status, .. } => matches!(*status, 400 | 429 | 430) || *status >= 500,
            Self::Address(_)
            | Self::Refused { .. }
            | Self::TooLong { .. }
            | Self::Malformed { .. }
            | Self::Archive(_) => false,
        }
    }
}
