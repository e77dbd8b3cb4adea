//! Pictures in, masks and distances out. Pictures are [`image::RgbaImage`]; masks are [`Matte`].
//!
//! - [`decode()`]: bytes of a PNG, JPEG or WebP file to a picture, refused by named limits before anything is allocated;
//! - [`cutout`]: which part of a photograph is the object, with soft edges and without the backdrop's tint;
//! - [`metrics`]: PSNR, SSIM and mask overlap;
//! - [`descriptor`]: pictures to vectors whose angles say how alike they look.
//!
//! No I/O, no clock, no randomness: same picture, same answer, at any thread count.
#![warn(missing_docs)]

pub mod cutout;
pub mod decode;
pub mod descriptor;
pub mod matte;
pub mod metrics;

pub use decode::decode;
pub use matte::Matte;
