//! Where in a record of element `vertex` each value of a splat stands.

use crate::splats::{ShDegree, SplatCount};

use super::error::{HeaderError, ReadError};
use super::header::{Element, Header, Kind, Scalar, is_rest};

/// Values of a splat besides `sh_rest`, in the order of a [`Row`](super::rows::Row).
const FIXED: [&str; 14] = [
    "x", "y", "z", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3", "opacity",
    "f_dc_0", "f_dc_1", "f_dc_2",
];

/// Number of values before `sh_rest` in a [`Row`](super::rows::Row).
pub(super) const N_FIXED: usize = FIXED.len();

/// One value of a splat, in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    /// Number of the property within the element.
    pub(super) column: usize,
    /// Bytes from the start of the record; not meaningful behind a list.
    pub(super) offset: usize,
    pub(super) scalar: Scalar,
}

/// What the header says about splats, checked: there is a source for every value, and the count is one we hold.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Which of the header's elements is `vertex`.
    pub(super) element_idx: usize,
    pub(super) splat_count: SplatCount,
    pub(super) sh_degree: ShDegree,
    /// In the order of a [`Row`](super::rows::Row).
    pub(super) sources: Vec<Source>,
}

impl Layout {
    /// Whether splats hold the property of this name; normals count as held, see [`super::losses`].
    pub(super) fn is_kept(name: &str) -> bool {
        FIXED.contains(&name) || is_rest(name) || matches!(name, "nx" | "ny" | "nz")
    }

    pub(super) fn of(header: &Header) -> Result<Self, ReadError> {
        let element_idx = header.find("vertex");
        let element_idx = element_idx.ok_or_else(|| HeaderError::NoVertex.anywhere())?;
        let vertex = &header.elements[element_idx];
        let splat_count = SplatCount::new(vertex.count)
            .ok_or_else(|| HeaderError::TooMany { found: vertex.count }.at(vertex.line))?;

        vertex.refuse_twice()?;
        if vertex.properties.iter().any(|property| property.name == "packed_position") {
            return Err(HeaderError::Compressed.anywhere());
        }

        let n_rest = vertex.n_rest();
        let sh_degree = ShDegree::from_rest_values(n_rest).ok_or_else(|| {
            HeaderError::RestCount { element: vertex.name.clone(), found: n_rest }.anywhere()
        })?;
        let fixed = FIXED.iter().map(ToString::to_string);
        let n_coefficients = sh_degree.rest_coefficients();
        // The file has all coefficients of one channel together; a row has all channels of one coefficient together.
        let rest = (0..n_rest).map(|idx| format!("f_rest_{}", idx % 3 * n_coefficients + idx / 3));
        let sources = fixed.chain(rest).map(|name| find(vertex, name)).collect::<Result<_, _>>()?;
        Ok(Self { element_idx, splat_count, sh_degree, sources })
    }
}

fn find(vertex: &Element, name: String) -> Result<Source, ReadError> {
    let mut offset = 0;
    for (column, property) in vertex.properties.iter().enumerate() {
        match property.kind {
            Kind::One(scalar) if property.name == name => {
                return Ok(Source { column, offset, scalar });
            }
            Kind::One(scalar) => offset += scalar.size_bytes(),
            Kind::List(..) if property.name == name => {
                return Err(HeaderError::IsList { name }.at(property.line));
            }
            Kind::List(..) => {}
        }
    }
    Err(HeaderError::Missing { element: vertex.name.clone(), name }.at(vertex.line))
}
