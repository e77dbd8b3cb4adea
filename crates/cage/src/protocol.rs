//! What host, zygote and children say to each other.
//!
//! Host and zygote exchange packets over a socket that keeps their bounds: a tag, then 8-byte little-endian words or a
//! text. They trust each other. Host and child exchange a stream of bytes: the child says [`LOCKED`] when it is locked
//! down; then either side sends one frame, 8 bytes of length before it. A child that cannot be locked down says why instead. The host trusts nothing a child sends.

use std::time::Duration;

use threejs::engine::Limits;

use crate::Config;

/// No packet is longer.
pub(crate) const PACKET_BYTES_MAX: usize = 1024;
/// The first byte of a child, sent before it reads anything.
pub(crate) const LOCKED: u8 = 0;
/// Length prefix of a frame.
pub(crate) const LENGTH_BYTES: usize = 8;

/// What a zygote needs to know; sent once, first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetUp {
    pub(crate) limits: Limits,
    pub(crate) reply_bytes_max: usize,
    pub(crate) memory_bytes_max: usize,
    pub(crate) cpu: Duration,
    pub(crate) uncaged: bool,
}

impl From<&Config> for SetUp {
    fn from(config: &Config) -> Self {
        Self {
            limits: config.limits,
            reply_bytes_max: config.reply_bytes_max,
            memory_bytes_max: config.memory_bytes_max(),
            cpu: config.cpu,
            uncaged: config.uncaged,
        }
    }
}

/// Host to zygote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    SetUp(Box<SetUp>),
    /// Make a child.
    Fork,
    /// How did this child end? Asked only about one that has.
    Status(u32),
    /// This child is of no more interest; it has ended or will at once.
    Retire(u32),
}

/// Zygote to host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// The kernel has what a cage needs.
    Hello,
    /// The kernel lacks something.
    Lacks(String),
    /// Here is a child: its socket and its pidfd come with the packet.
    Forked(u32),
    /// The answer to [`Order::Status`].
    Ended(End),
    /// Something else went wrong.
    Failed(String),
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Exited(i32),
    Signalled(i32),
}

impl Order {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::SetUp(set_up) => {
                // Taken apart by name, so that a new limit cannot be forgotten here.
                let Limits {
                    fuel,
                    heap_bytes,
                    stack_bytes,
                    vertices,
                    draw_calls,
                    depth,
                    instances,
                    texture_bytes,
                } = set_up.limits;
                let words = [
                    fuel,
                    heap_bytes as u64,
                    stack_bytes as u64,
                    vertices,
                    draw_calls,
                    depth.into(),
                    instances,
                    texture_bytes,
                    set_up.reply_bytes_max as u64,
                    set_up.memory_bytes_max as u64,
                    set_up.cpu.as_secs(),
                    set_up.uncaged.into(),
                ];
                packet(b'S', &words)
            }
            Self::Fork => packet(b'F', &[]),
            Self::Status(pid) => packet(b'W', &[u64::from(*pid)]),
            Self::Retire(pid) => packet(b'R', &[u64::from(*pid)]),
        }
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&tag, rest) = bytes.split_first()?;
        let words = words(rest)?;
        Some(match (tag, words.as_slice()) {
            (
                b'S',
                &[
                    fuel,
                    heap,
                    stack,
                    vertices,
                    draw_calls,
                    depth,
                    instances,
                    texture_bytes,
                    reply,
                    memory,
                    cpu,
                    uncaged,
                ],
            ) => Self::SetUp(Box::new(SetUp {
                limits: Limits {
                    fuel,
                    heap_bytes: usize::try_from(heap).ok()?,
                    stack_bytes: usize::try_from(stack).ok()?,
                    vertices,
                    draw_calls,
                    depth: u32::try_from(depth).ok()?,
                    instances,
                    texture_bytes,
                },
                reply_bytes_max: usize::try_from(reply).ok()?,
                memory_bytes_max: usize::try_from(memory).ok()?,
                cpu: Duration::from_secs(cpu),
                uncaged: uncaged != 0,
            })),
            (b'F', []) => Self::Fork,
            (b'W', &[pid]) => Self::Status(u32::try_from(pid).ok()?),
            (b'R', &[pid]) => Self::Retire(u32::try_from(pid).ok()?),
            _ => return None,
        })
    }
}

impl Note {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let text = |tag, text: &str| {
            let text = &text[..text.floor_char_boundary(PACKET_BYTES_MAX - 1)];
            [&[tag], text.as_bytes()].concat()
        };
        match self {
            Self::Hello => packet(b'H', &[]),
            Self::Lacks(what) => text(b'L', what),
            Self::Forked(pid) => packet(b'F', &[u64::from(*pid)]),
            Self::Ended(End::Exited(code)) => packet(b'E', &[u64::from(code.unsigned_abs())]),
            Self::Ended(End::Signalled(signal)) => {
                packet(b'K', &[u64::from(signal.unsigned_abs())])
            }
            Self::Failed(why) => text(b'X', why),
        }
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&tag, rest) = bytes.split_first()?;
        let text = || String::from_utf8_lossy(rest).into_owned();
        let word = || match words(rest)?.as_slice() {
            &[word] => u32::try_from(word).ok(),
            _ => None,
        };
        let code = || i32::try_from(word()?).ok();
        Some(match tag {
            b'H' => Self::Hello,
            b'L' => Self::Lacks(text()),
            b'F' => Self::Forked(word()?),
            b'E' => Self::Ended(End::Exited(code()?)),
            b'K' => Self::Ended(End::Signalled(code()?)),
            b'X' => Self::Failed(text()),
            _ => return None,
        })
    }
}

fn packet(tag: u8, words: &[u64]) -> Vec<u8> {
    let mut bytes = vec![tag];
    bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    bytes
}

fn words(bytes: &[u8]) -> Option<Vec<u64>> {
    let (words, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| words.iter().map(|&word| u64::from_le_bytes(word)).collect())
}

#[cfg(test)]
mod tests {
    use super::{End, Note, Order, PACKET_BYTES_MAX, SetUp};
    use crate::Config;

    #[test]
    fn orders_and_notes_come_back_as_they_were() {
        let set_up = SetUp::from(&Config { uncaged: true, ..Config::default() });
        for order in
            [Order::SetUp(Box::new(set_up)), Order::Fork, Order::Status(7), Order::Retire(u32::MAX)]
        {
            let bytes = order.to_bytes();
            assert!(bytes.len() <= PACKET_BYTES_MAX, "{order:?} has {} bytes", bytes.len());
            assert_eq!(Order::from_bytes(&bytes), Some(order));
        }
        let ends = [End::Exited(0), End::Exited(101), End::Signalled(31)].map(Note::Ended);
        let notes = [
            Note::Hello,
            Note::Lacks("landlock".into()),
            Note::Forked(4),
            Note::Failed("é".into()),
        ];
        for note in notes.into_iter().chain(ends) {
            assert_eq!(Note::from_bytes(&note.to_bytes()), Some(note));
        }
        assert!(Note::Failed("é".repeat(9000)).to_bytes().len() <= PACKET_BYTES_MAX);
    }

    #[test]
    fn other_bytes_are_no_order() {
        for bytes in
            [&b""[..], b"S", b"F\0", b"W\0\0\0\0\0\0\0", b"?", b"R\xff\xff\xff\xff\xff\xff\xff\xff"]
        {
            assert_eq!(Order::from_bytes(bytes), None, "{bytes:?}");
        }
    }
}
