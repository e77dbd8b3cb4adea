//! Pictures in, masks and distances out. Pictures are [`image::RgbaImage`]; masks are [`Matte`].
#![warn(missing_docs)]

pub mod matte;

pub use matte::Matte;
