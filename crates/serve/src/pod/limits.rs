//! What a batch service takes, and how long it waits. What an orchestrator would throw away is not made.

use std::time::Duration;

/// Bytes of a body of `POST /generate`: a hundred prompts with URLs of ten thousand characters.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// From the head of a request to the end of its body.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// Prompts of one batch: orchestrators take a hundred entries in a ZIP, and every prompt may succeed.
pub const PROMPTS_MAX: usize = 100;
/// Characters of a stem.
pub const STEM_CHARS_MAX: usize = 100;
/// Characters of a `batch_id`.
pub const BATCH_ID_CHARS_MAX: usize = 128;
/// Bytes of a prompt's picture.
pub const PICTURE_BYTES_MAX: usize = 32 << 20;
/// Redirects followed to a picture, each to an address that is checked anew.
pub const REDIRECTS_MAX: usize = 5;
/// Pictures fetched at the same time.
pub const FETCHES: usize = 8;
/// Characters of a reason in the manifest, and of any text of others that is passed on.
pub const REASON_CHARS_MAX: usize = 200;
/// For one download of the results, so that nobody holds a file open for ever: 64 MiB at 75 KiB/s.
pub const DOWNLOAD_TIME_MAX: Duration = Duration::from_secs(900);
/// A connection on which nothing could be sent for so long is closed, whatever it sends itself.
pub const SILENCE_MAX: Duration = Duration::from_secs(90);
/// Connections at the same time; one more waits until one of them ends.
pub const CONNECTIONS_MAX: usize = 1024;
/// After a service was told to stop, downloads get this long.
pub const DRAIN_MAX: Duration = Duration::from_secs(15);
