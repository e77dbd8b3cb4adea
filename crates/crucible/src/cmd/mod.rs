//! One file per sub-command.

pub(crate) mod arena;
pub(crate) mod convert;
pub(crate) mod distance;
pub(crate) mod eval;
pub(crate) mod generate;
pub(crate) mod inspect;
pub(crate) mod pod;
pub(crate) mod render;
pub(crate) mod serve;
pub(crate) mod validate;
