//! Tells people what happens: the notices of a competition, and Discord.
//!
//! Nothing waits for a notice, and nothing fails with one: see docs/notifications.md.

mod discord;
mod embed;
pub mod notices;

pub use discord::{Discord, Settings, StartError};
pub use embed::{Embed, embed};

use crate::ports::{Notice, Notify};

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Notify for Silent {
    fn tell(&self, _: Notice) {}
}
