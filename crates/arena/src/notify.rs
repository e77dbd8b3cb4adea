//! Tells people: Discord.
