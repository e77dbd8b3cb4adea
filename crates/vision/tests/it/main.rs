//! The crate as a caller sees it.

mod cut_out;
mod fallbacks;
mod scene;
