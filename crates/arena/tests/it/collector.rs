//! The collector: reveals, admission, turns, downloads.

mod admission;
mod commitments;
mod downloads;
mod queue;
mod silence;
mod turns;
mod world;

use ledger::files::schedule::Schedule;

/// The window of the examples.
fn window() -> Schedule {
    Schedule {
        earliest_reveal_block: 100,
        latest_reveal_block: 200,
        generation_deadline_block: Some(300),
        planned_start: None,
        layout: crate::layout(),
    }
}

/// As the chain stores it: a SCALE compact length, then the text.
fn stored(text: &str) -> Vec<u8> {
    let len = text.len();
    let mut bytes = match len {
        0..64 => vec![u8::try_from(len << 2).unwrap()],
        64..16384 => u16::try_from(len << 2 | 1).unwrap().to_le_bytes().to_vec(),
        _ => u32::try_from(len << 2 | 2).unwrap().to_le_bytes().to_vec(),
    };
    bytes.extend(text.as_bytes());
    bytes
}
