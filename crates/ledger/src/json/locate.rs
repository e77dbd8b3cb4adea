//! Where in a file a field stands, so that a message can name the line.

use super::read::{offset, position, raw_items, raw_members};

/// One step down into a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A member of an object.
    Key(String),
    /// An item of an array, from 0.
    Item(usize),
}

/// Line and column, from 1, of the value at the end of `path`; of the last value on the way when the path goes on beyond what
/// is there, and line 1 for text that is no JSON.
#[must_use]
pub fn locate(text: &str, path: &[Step]) -> (usize, usize) {
    let mut part = text.trim_start();
    for step in path {
        let below = match step {
            Step::Key(key) => raw_members(part)
                .ok()
                .and_then(|all| all.into_iter().rev().find(|(name, _)| name == key))
                .map(|(_, raw)| raw.get()),
            Step::Item(item) => {
                raw_items(part).ok().and_then(|all| all.get(*item).map(|raw| raw.get()))
            }
        };
        let Some(below) = below else { break };
        part = below;
    }
    position(text, offset(text, part))
}
