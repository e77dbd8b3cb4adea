//! The words of both contracts: names, types, limits. Formats are those of the services in use, to the byte.

pub mod batch;
mod kind;
mod seed;
pub mod single;
mod usd;

pub use kind::{Kind, UnknownKind};
pub use seed::{Seed, SeedError};
pub use usd::Usd;

/// The port every container listens on.
pub const PORT: u16 = 10_006;
