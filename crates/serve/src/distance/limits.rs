//! What a service takes. The original had none of these limits; the pictures it was made for, PNGs of 1024², are far
//! below them.

use std::time::Duration;

/// Bytes of a body: two long URLs, and the JSON around them.
pub const BODY_BYTES_MAX: usize = 256 << 10;
/// From the head of a request to the end of its body.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// Bytes of a picture file.
pub const PICTURE_BYTES_MAX: usize = 32 << 20;
/// Pixels of a picture, by its header: 4096².
pub const PICTURE_PIXELS_MAX: u64 = 1 << 24;
/// Redirects followed, each to an address that is checked anew. As many as the original's client follows.
pub const REDIRECTS_MAX: usize = 20;
/// After a service was told to stop, what still runs gets this long beyond the time of a download.
pub const DRAIN_EXTRA: Duration = Duration::from_secs(15);
