//! The one place of this crate that reads the clock. What decides takes times as arguments.

use std::time::SystemTime;

/// Seconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "talking to providers is the edge: time is read here"
)]
pub(crate) fn now_s() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |age| age.as_secs_f64())
}
