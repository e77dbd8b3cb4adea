//! What a service takes from a client. The original had none of these limits; every request that it was made for is far
//! below them.

use std::time::Duration;

/// Bytes of a body: a module of 2^20 bytes with every character escaped (`\u0041`), and the JSON around it.
pub const BODY_BYTES_MAX: usize = (6 << 20) + (64 << 10);
/// From the head of a request to the end of its body.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// Side of a picture, in pixels.
pub const IMG_SIZE_MAX: u32 = 4096;
/// Pictures of one request.
pub const VIEWS_MAX: usize = 256;
/// Pixels of all pictures of one request, and of a grid: 64 pictures of 1024².
pub const PIXELS_MAX: u64 = 1 << 26;
/// Bytes of an uploaded PLY or GLB, as in the original: 200 MiB.
pub const UPLOAD_BYTES_MAX: usize = asset::rules::FILE_BYTES_MAX as usize;
/// From the head of an upload to the end of its body: the time that the original's clients give themselves.
pub const UPLOAD_TIME_MAX: Duration = Duration::from_secs(120);
/// Bytes that all uploads together hold, from the first byte to the picture.
pub const UPLOADS_BYTES_MAX: usize = 512 << 20;
