//! From a PLY header to the places of packed values.

use crate::ply::{Element, Header, HeaderError, Kind, ReadError, Scalar, is_rest};
use crate::splats::{ShDegree, SplatCount};

use super::CHUNK_SPLATS;

const POSITION_BOUNDS: [&str; 6] = ["min_x", "min_y", "min_z", "max_x", "max_y", "max_z"];
const SCALE_BOUNDS: [&str; 6] =
    ["min_scale_x", "min_scale_y", "min_scale_z", "max_scale_x", "max_scale_y", "max_scale_z"];
const COLOUR_BOUNDS: [&str; 6] = ["min_r", "min_g", "min_b", "max_r", "max_g", "max_b"];
const WORDS: [&str; 4] = ["packed_position", "packed_rotation", "packed_scale", "packed_color"];

/// Names of the bounds, in the order that files have them in.
pub(super) fn bounds() -> impl Iterator<Item = &'static str> {
    POSITION_BOUNDS.into_iter().chain(SCALE_BOUNDS).chain(COLOUR_BOUNDS)
}

/// Names of the words, in the order that files have them in.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    WORDS.into_iter()
}

/// Whether splats hold what the property of this name says.
pub(crate) fn is_kept(name: &str) -> bool {
    bounds().chain(words()).any(|known| known == name) || is_rest(name)
}

/// One element: its number in the header and the bytes of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Records {
    pub(super) element_idx: usize,
    pub(super) record_bytes: usize,
}

/// Byte within a record, and type.
pub(super) type Place = (usize, Scalar);

/// What the header says, checked.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) splat_count: usize,
    pub(super) sh_degree: ShDegree,
    pub(super) chunk: Records,
    pub(super) vertex: Records,
    pub(super) sh: Option<Records>,
    /// Bounds of positions, scales, and of colours where there are any: three smallest, three largest values each.
    pub(super) bounds: Vec<Place>,
    /// Bytes within a record of `vertex`.
    pub(super) words: [usize; 4],
    /// Bytes within a record of `sh`, in the order of `SplatsParts::sh_rest`.
    pub(super) rest: Vec<usize>,
}

impl Layout {
    pub(super) fn of(header: &Header) -> Result<Self, ReadError> {
        let chunk_idx =
            header.find("chunk").ok_or_else(|| HeaderError::NotCompressed.anywhere())?;
        let vertex_idx = header.find("vertex").ok_or_else(|| HeaderError::NoVertex.anywhere())?;
        let (chunk, vertex) = (&header.elements[chunk_idx], &header.elements[vertex_idx]);
        if chunk_idx > vertex_idx {
            return Err(HeaderError::ChunksLate.at(chunk.line));
        }
        let splat_count = SplatCount::new(vertex.count)
            .ok_or_else(|| HeaderError::TooMany { found: vertex.count }.at(vertex.line))?
            .get();
        refuse_count("chunk", chunk, splat_count.div_ceil(CHUNK_SPLATS), splat_count)?;

        let has_colours = chunk.properties.iter().any(|property| property.name == "min_r");
        let n_bounds = if has_colours { 18 } else { 12 };
        let bounds =
            bounds().take(n_bounds).map(|name| find(chunk, name)).collect::<Result<_, _>>()?;
        let mut words = [0; 4];
        for (place, name) in words.iter_mut().zip(WORDS) {
            *place = find_typed(vertex, name, &[Scalar::U32, Scalar::I32], "uint")?;
        }
        let chunk = records(header, chunk_idx)?;
        let vertex = records(header, vertex_idx)?;

        let mut layout = Self {
            splat_count,
            sh_degree: ShDegree::ZERO,
            chunk,
            vertex,
            sh: None,
            bounds,
            words,
            rest: Vec::new(),
        };
        let Some(sh_idx) = header.find("sh") else { return Ok(layout) };
        let sh = &header.elements[sh_idx];
        refuse_count("sh", sh, splat_count, splat_count)?;
        let found = sh.n_rest();
        layout.sh = Some(records(header, sh_idx)?);
        layout.sh_degree = ShDegree::from_rest_values(found).ok_or_else(|| {
            HeaderError::RestCount { element: sh.name.clone(), found }.at(sh.line)
        })?;
        // The file has all coefficients of one channel together.
        let n_coefficients = layout.sh_degree.rest_coefficients();
        layout.rest = (0..found)
            .map(|idx| format!("f_rest_{}", idx % 3 * n_coefficients + idx / 3))
            .map(|name| find_typed(sh, &name, &[Scalar::U8], "uchar"))
            .collect::<Result<_, _>>()?;
        Ok(layout)
    }
}

fn refuse_count(
    element: &'static str,
    found: &Element,
    expected: usize,
    splat_count: usize,
) -> Result<(), ReadError> {
    let expected = expected as u64;
    if found.count == expected {
        return Ok(());
    }
    let problem = HeaderError::RecordCount { element, found: found.count, expected, splat_count };
    Err(problem.at(found.line))
}

fn records(header: &Header, element_idx: usize) -> Result<Records, ReadError> {
    let element = &header.elements[element_idx];
    element.refuse_twice()?;
    let record_bytes = element.record_bytes();
    let list = element.properties.iter().find(|property| matches!(property.kind, Kind::List(..)));
    match (record_bytes, list) {
        (Some(record_bytes), _) => Ok(Records { element_idx, record_bytes }),
        (None, list) => {
            let name = list.map(|list| list.name.clone()).unwrap_or_default();
            Err(HeaderError::IsList { name }.at(list.map_or(element.line, |list| list.line)))
        }
    }
}

fn find(element: &Element, name: &str) -> Result<Place, ReadError> {
    let mut offset = 0;
    for property in &element.properties {
        match property.kind {
            Kind::One(scalar) if property.name == name => return Ok((offset, scalar)),
            Kind::One(scalar) => offset += scalar.size_bytes(),
            Kind::List(..) => {
                return Err(HeaderError::IsList { name: property.name.clone() }.at(property.line));
            }
        }
    }
    Err(HeaderError::Missing { element: element.name.clone(), name: name.to_owned() }
        .at(element.line))
}

fn find_typed(
    element: &Element,
    name: &str,
    right: &[Scalar],
    expected: &'static str,
) -> Result<usize, ReadError> {
    let (offset, scalar) = find(element, name)?;
    if right.contains(&scalar) {
        return Ok(offset);
    }
    let property = element.properties.iter().find(|property| property.name == name);
    let (found, line) = property.map_or(("", element.line), |found| (found.type_name, found.line));
    Err(HeaderError::PackedType { name: name.to_owned(), found, expected }.at(line))
}
