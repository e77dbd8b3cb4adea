//! The hand-over of a scene from the sandbox process to its host, which trusts nothing of it. The format is our own.
//!
//! Little-endian, no padding: magic `CSCN`, version (u32), then four sections: nodes, geometries, materials, textures.
//! A section is its tag (4 bytes), its number of items (u32), its length in bytes (u64), and the items one after the
//! other, field by field in the order of the structs. A list is a count (u32) and its items; an optional value is a
//! byte (0 or 1) and the value; an optional id is a u32 of which all bits mean none; an enum is a byte, or the constant
//! of Three.js (u32). Every scene has exactly one encoding, and bit patterns of numbers are kept.

mod cursor;
mod items;

use std::io::Write;

use cursor::{Cursor, Wire};

use super::limits::{GEOMETRIES_MAX, HAND_OVER, MATERIALS_MAX, NODES_MAX, TEXTURES_MAX};
use super::{Scene, SceneError};

/// The version written, and the only one read.
pub const VERSION: u32 = 1;
/// Bytes of a message.
pub const BYTES_MAX: usize = 256 << 20;
/// First bytes of a message.
const MAGIC: &[u8; 4] = b"CSCN";

/// Why bytes are not a scene.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// Longer than [`BYTES_MAX`].
    #[error("scene message: {found} bytes, our limit is {max}", max = BYTES_MAX)]
    TooLong {
        /// Length of the message.
        found: usize,
    },
    /// Not a scene message.
    #[error("scene message: does not start with CSCN")]
    Magic,
    /// From another version of the program.
    #[error("scene message: version {found}, we read {VERSION}")]
    Version {
        /// Version of the message.
        found: u32,
    },
    /// Fewer bytes than what is announced.
    #[error("scene message, byte {at}, {part}: {needed} bytes are needed, {left} are left")]
    Cut {
        /// Offset in the message.
        at: usize,
        /// Section.
        part: &'static str,
        /// Bytes announced.
        needed: u64,
        /// Bytes there.
        left: usize,
    },
    /// More items than a limit of [`super::limits`].
    #[error("scene message, byte {at}: {found} {part}, our limit is {max}")]
    TooMany {
        /// Offset in the message.
        at: usize,
        /// Section.
        part: &'static str,
        /// Items announced.
        found: u32,
        /// The limit.
        max: usize,
    },
    /// A value that the format does not define.
    #[error("scene message, byte {at}, {part}: {what} {found} is not defined")]
    Undefined {
        /// Offset in the message.
        at: usize,
        /// Section.
        part: &'static str,
        /// Kind of value.
        what: &'static str,
        /// The value.
        found: u32,
    },
    /// A name that is not UTF-8.
    #[error("scene message, byte {at}, {part}: a name that is not UTF-8")]
    Name {
        /// Offset in the message.
        at: usize,
        /// Section.
        part: &'static str,
    },
    /// Bytes behind the last item.
    #[error("scene message, byte {at}: {left} bytes behind the {part}")]
    Rest {
        /// Offset in the message.
        at: usize,
        /// Section, or the whole.
        part: &'static str,
        /// Bytes that are too many.
        left: usize,
    },
    /// Well-formed, but the scene does not hold together.
    #[error(transparent)]
    Scene(#[from] SceneError),
}

/// Why a scene was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The scene does not hold together; nothing is written.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// Longer than [`BYTES_MAX`]; nothing is written.
    #[error("scene message: {found} bytes, our limit is {max}", max = BYTES_MAX)]
    TooLong {
        /// Length of the message.
        found: usize,
    },
    /// The writer failed.
    #[error("scene message: {0}")]
    Io(#[from] std::io::Error),
}

/// Writes a scene, once it passed [`Scene::check_within`] the limits of a hand-over.
///
/// # Errors
/// [`EncodeError`] if the check fails, the message is too long, or the writer fails.
pub fn encode(scene: &Scene, mut writer: impl Write) -> Result<(), EncodeError> {
    scene.check_within(&HAND_OVER)?;
    let mut message = MAGIC.to_vec();
    VERSION.put(&mut message);
    put_section(&scene.nodes, Section::NODES, &mut message);
    put_section(&scene.geometries, Section::GEOMETRIES, &mut message);
    put_section(&scene.materials, Section::MATERIALS, &mut message);
    put_section(&scene.textures, Section::TEXTURES, &mut message);
    if message.len() > BYTES_MAX {
        return Err(EncodeError::TooLong { found: message.len() });
    }
    writer.write_all(&message)?;
    Ok(writer.flush()?)
}

/// Reads a scene, which then has passed the same check. Memory stays below four times the message, and 2 MB.
///
/// # Errors
/// [`WireError`] names the byte and what is wrong there.
pub fn decode(message: &[u8]) -> Result<Scene, WireError> {
    if message.len() > BYTES_MAX {
        return Err(WireError::TooLong { found: message.len() });
    }
    let mut cursor = Cursor::new(message, "header");
    if cursor.bytes(MAGIC.len())? != MAGIC {
        return Err(WireError::Magic);
    }
    let version = u32::take(&mut cursor)?;
    if version != VERSION {
        return Err(WireError::Version { found: version });
    }
    let scene = Scene {
        nodes: take_section(&mut cursor, Section::NODES)?,
        geometries: take_section(&mut cursor, Section::GEOMETRIES)?,
        materials: take_section(&mut cursor, Section::MATERIALS)?,
        textures: take_section(&mut cursor, Section::TEXTURES)?,
    };
    cursor.part = "sections";
    cursor.end()?;
    scene.check_within(&HAND_OVER)?;
    Ok(scene)
}

/// What is known of a section before it is read.
struct Section {
    part: &'static str,
    tag: &'static [u8; 4],
    max: usize,
}

impl Section {
    const NODES: Self = Self { part: "nodes", tag: b"NODE", max: NODES_MAX };
    const GEOMETRIES: Self = Self { part: "geometries", tag: b"GEOM", max: GEOMETRIES_MAX };
    const MATERIALS: Self = Self { part: "materials", tag: b"MATL", max: MATERIALS_MAX };
    const TEXTURES: Self = Self { part: "textures", tag: b"TEXT", max: TEXTURES_MAX };
}

fn put_section<T: Wire>(items: &[T], section: Section, message: &mut Vec<u8>) {
    message.extend(section.tag);
    (items.len() as u32).put(message);
    let length_at = message.len();
    0_u64.put(message);
    for item in items {
        item.put(message);
    }
    let length = (message.len() - length_at - 8) as u64;
    message[length_at..length_at + 8].copy_from_slice(&length.to_le_bytes());
}

fn take_section<T: Wire>(cursor: &mut Cursor<'_>, section: Section) -> Result<Vec<T>, WireError> {
    let Section { part, tag, max } = section;
    cursor.part = part;
    let at = cursor.at();
    let found = cursor.array()?;
    if found != *tag {
        return Err(WireError::Undefined {
            at,
            part,
            what: "section",
            found: u32::from_le_bytes(found),
        });
    }
    let found = u32::take(cursor)?;
    if found as usize > max {
        return Err(WireError::TooMany { at, part, found, max });
    }
    let length = u64::take(cursor)?;
    let mut items = cursor.split(length)?;
    let list = T::take_list(found, &mut items)?;
    items.end()?;
    Ok(list)
}
