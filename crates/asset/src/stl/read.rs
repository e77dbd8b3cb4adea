//! The two kinds of STL file. One that starts with `solid` may be either: the length tells a binary one.

use std::collections::HashMap;

use super::TRIANGLES_MAX;
use crate::scene::{
    Attribute, Drawable, Geometry, GeometryId, Material, MaterialId, MaterialKind, Materials, Node,
    NodeId, Primitive, Scene, Side, Standard,
};

/// Bytes before the number of triangles of a binary file.
const HEADER: usize = 80;
/// Bytes of a triangle of a binary file: a normal, three corners, two bytes of attributes.
const RECORD: usize = 50;

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Neither kind of file.
    #[error(
        "stl: {len} bytes are neither text that starts with \"solid\" nor a header and triangles of {RECORD} bytes"
    )]
    Unknown {
        /// Length of the file.
        len: usize,
    },
    /// A binary file that ends too early.
    #[error("stl: {found} triangles announced, {there} are there")]
    Cut {
        /// As the header says.
        found: u32,
        /// Whole ones.
        there: usize,
    },
    /// A text that is not STL.
    #[error("stl, line {line}: {problem}")]
    Text {
        /// From 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// More than [`TRIANGLES_MAX`].
    #[error("stl: {found} triangles, our limit is {max}", max = TRIANGLES_MAX)]
    TooMany {
        /// At least this many.
        found: usize,
    },
}

/// Reads a file as a scene of one mesh with one white, double-sided material, and one line for each kind of thing that was left out.
///
/// # Errors
/// [`ReadError`] names the place and what is wrong there.
pub fn read(file: &[u8]) -> Result<(Scene, Vec<String>), ReadError> {
    let mut surface = Surface::default();
    let mut losses = Vec::new();
    let count = file.get(HEADER..HEADER + 4).and_then(|bytes| bytes.try_into().ok());
    let count = count.map(u32::from_le_bytes);
    let is_whole = |count: u32| HEADER + 4 + RECORD * count as usize == file.len();
    let is_text = file.trim_ascii_start().starts_with(b"solid");
    match count {
        Some(count) if is_whole(count) || !is_text => {
            read_binary(file, count, &mut surface, &mut losses)?;
        }
        _ if is_text => read_text(file, &mut surface)?,
        _ => return Err(ReadError::Unknown { len: file.len() }),
    }
    Ok((surface.scene(), losses))
}

/// Corners with equal bits are one vertex.
#[derive(Debug, Default)]
struct Surface {
    name: String,
    positions: Vec<f32>,
    index: Vec<u32>,
    known: HashMap<[u32; 3], u32>,
}

impl Surface {
    fn add(&mut self, corner: [f32; 3]) {
        // Both zeros are one place.
        let corner = corner.map(|value| value + 0.0);
        let next = self.known.len() as u32;
        let vertex = *self.known.entry(corner.map(f32::to_bits)).or_insert(next);
        if vertex == next {
            self.positions.extend(corner);
        }
        self.index.push(vertex);
    }

    fn scene(self) -> Scene {
        let geometry = Geometry {
            name: self.name,
            position: Some(Attribute::new(3, self.positions)),
            index: Some(self.index),
            ..Geometry::default()
        };
        let mut material = Material::new(MaterialKind::Standard(Box::<Standard>::default()));
        material.flat_shading = true;
        // Many files have triangles that are turned round.
        material.side = Side::Double;
        let drawable = Drawable {
            primitive: Primitive::Mesh,
            geometry: GeometryId(0),
            materials: Materials::Single(MaterialId(0)),
        };
        let mesh = Node {
            parent: Some(NodeId(0)),
            object_id: 1,
            drawable: Some(drawable),
            ..Node::default()
        };
        Scene {
            nodes: vec![Node::default(), mesh],
            geometries: vec![geometry],
            materials: vec![material],
            textures: Vec::new(),
        }
    }
}

fn read_binary(
    file: &[u8],
    count: u32,
    surface: &mut Surface,
    losses: &mut Vec<String>,
) -> Result<(), ReadError> {
    let records = &file[HEADER + 4..];
    let there = records.len() / RECORD;
    if (count as usize) > there {
        return Err(ReadError::Cut { found: count, there });
    }
    if count as usize > TRIANGLES_MAX {
        return Err(ReadError::TooMany { found: count as usize });
    }
    let mut colored = 0;
    for record in records.as_chunks::<RECORD>().0.iter().take(count as usize) {
        let values = record.as_chunks::<4>().0;
        for corner in 1..4 {
            surface.add(std::array::from_fn(|axis| f32::from_le_bytes(values[3 * corner + axis])));
        }
        colored += usize::from(record[48..] != [0, 0]);
    }
    if colored > 0 {
        losses.push(format!("attribute bytes of triangles: {colored}"));
    }
    Ok(())
}

fn read_text(file: &[u8], surface: &mut Surface) -> Result<(), ReadError> {
    let mut corners = 0;
    let mut line_count = 0;
    for (at, line) in file.split(|byte| *byte == b'\n').enumerate() {
        line_count = at + 1;
        let line = String::from_utf8_lossy(line);
        let wrong = |problem: String| ReadError::Text { line: at + 1, problem };
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("vertex") => {
                let mut corner = [0.0; 3];
                for value in &mut corner {
                    let word = words
                        .next()
                        .ok_or_else(|| wrong("a vertex needs three numbers".to_owned()))?;
                    *value = word.parse::<f32>().map_err(|_| {
                        let word: String = word.chars().take(40).collect();
                        wrong(format!("{word:?} is not a number"))
                    })?;
                }
                surface.add(corner);
                corners += 1;
            }
            Some("endloop") => {
                if corners != 3 {
                    return Err(wrong(format!("a loop of {corners} corners, 3 are needed")));
                }
                corners = 0;
                let found = surface.index.len() / 3;
                if found > TRIANGLES_MAX {
                    return Err(ReadError::TooMany { found });
                }
            }
            Some("solid") if surface.name.is_empty() => {
                let name = line.trim().trim_start_matches("solid").trim();
                let end = name.floor_char_boundary(crate::scene::limits::NAME_BYTES_MAX);
                name[..end].clone_into(&mut surface.name);
            }
            Some("solid" | "facet" | "outer" | "endfacet" | "endsolid") | None => {}
            Some(word) => {
                let word: String = word.chars().take(40).collect();
                return Err(wrong(format!("{word:?} is no word of STL")));
            }
        }
        if corners > 3 {
            return Err(wrong("a loop of more than 3 corners".to_owned()));
        }
    }
    if corners != 0 {
        let problem = "the file ends within a loop".to_owned();
        return Err(ReadError::Text { line: line_count, problem });
    }
    Ok(())
}
