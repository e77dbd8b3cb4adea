//! Waiting no longer than so long.

use std::pin::pin;
use std::time::Duration;

use chain::Clock;
use futures_util::future::{Either, select};

/// What `work` comes to, or nothing if it takes longer than `time`; it is dropped then.
pub(crate) async fn within<T>(
    clock: &dyn Clock,
    time: Duration,
    work: impl Future<Output = T>,
) -> Option<T> {
    match select(pin!(work), clock.sleep(time)).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}
