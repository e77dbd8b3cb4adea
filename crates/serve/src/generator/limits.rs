//! What a generator service takes. The contract names no limit for pictures; those it was made for have about a
//! megapixel.

/// Bytes of a picture file. Its pixels are limited by [`vision::decode::PIXELS_MAX`].
pub const PICTURE_BYTES_MAX: usize = 32 << 20;
/// Bytes of a picture file on the per-task routes, before base64.
pub const TASK_PICTURE_BYTES_MAX: usize = 10 << 20;
/// Characters of a text prompt.
pub const PROMPT_CHARS_MAX: usize = 1024;
/// Bytes of a short field: a seed, a format.
pub const WORD_BYTES_MAX: usize = 64;
/// Bytes of a body besides the picture: heads of parts, fields nobody asked for.
pub const AROUND_BYTES_MAX: usize = 64 << 10;
/// Parts of a form.
pub const PARTS_MAX: usize = 32;
/// Bytes of a refused body that are still read and thrown away, so that the client gets to read why.
pub const REFUSED_BYTES_MAX: u64 = 512 << 20;
/// Bytes that the bodies of all requests hold together, from the first byte to the end of the generation.
pub const HELD_BYTES_MAX: usize = 512 << 20;
/// Bytes of all models that are made and not yet sent; while there are more, no request is let in.
pub const UNSENT_BYTES_MAX: usize = 1 << 30;
