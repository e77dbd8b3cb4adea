//! What generators on other machines have in common: what their failures mean, and waiting for them to be there.

use std::time::Duration;

use pod::client::ClientError;
use tokio::time::Instant;

use crate::{Failure, Pending};

/// Between two looks at a service that is not ready.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What it means for the caller.
pub(crate) fn failure(name: &str, error: &ClientError) -> Failure {
    match error {
        ClientError::TooLong { max, .. } => Failure::TooLong { max: *max },
        error if error.is_transient() => Failure::Transient(format!("{name}: {error}")),
        error => Failure::Failed(format!("{name}: {error}")),
    }
}

/// Looks until it is fine, or until `longest` has passed.
pub(crate) async fn until_ready<'a>(
    name: &'a str,
    longest: Duration,
    look: impl Fn() -> Pending<'a, Result<(), Failure>> + Send,
) -> Result<(), Failure> {
    let until = Instant::now() + longest;
    loop {
        let failure = match look().await {
            Err(failure) if failure.is_transient() => failure,
            ended => return ended,
        };
        if Instant::now() + LOOK_EVERY > until {
            let within = longest.as_secs_f64();
            return Err(Failure::Failed(format!("{name}: not ready within {within} s: {failure}")));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
