//! Clients of both contracts: one request or one download each, with time limits, the retries of the orchestrators in use,
//! and caps on everything that comes back.
//!
//! [`Single`] talks to a single-shot service, [`Batch`] to a batch service; [`unpack`] reads the ZIP of a batch, in memory and
//! without the network. What a session of several batches does with them is not here.

mod archive;
mod batch;
mod error;
mod http;
mod single;
mod text;

pub use archive::{ArchiveError, Unpacked, unpack};
pub use batch::{Batch, BatchLimits, MISSING, Results, Submitted, python_json_length};
pub use error::ClientError;
pub use http::Retry;
pub use single::{Model, Single, SingleLimits, Started};
pub use text::short;
