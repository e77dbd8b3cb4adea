//! What can be wrong with a PLY file. Every text says where, what was found, and what would be right.

use crate::splats::{SplatCount, SplatsError};

use super::header::HEADER_BYTES_MAX;

/// Why a file could not be read as a 3DGS PLY.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The header is wrong, or asks for what we do not hold.
    #[error("ply header{}: {problem}", Place(*line))]
    Header {
        /// Line of the header, from 1; `None` when the header as a whole is meant.
        line: Option<usize>,
        /// What is wrong there.
        problem: HeaderError,
    },
    /// The bytes end before the records that the header announces.
    #[error(
        "ply: the file ends at byte {byte}, in record {record} of {count} of element {element}"
    )]
    Truncated {
        /// Element that is cut.
        element: String,
        /// Number of whole records before the cut.
        record: u64,
        /// Records announced.
        count: u64,
        /// Length of the file, bytes.
        byte: u64,
    },
    /// There is at least one more record than the header announces.
    #[error(
        "ply: the file goes on after the last of {count} records of element {element}, at {place}: the header's count is too low"
    )]
    GoesOn {
        /// Last element of the file.
        element: String,
        /// Records announced.
        count: u64,
        /// Byte or line of what is too much.
        place: String,
    },
    /// A word of an ASCII file is not a number.
    #[error("ply, line {line}: {found} of property {property} is not a number")]
    NotANumber {
        /// Line of the file, from 1.
        line: u64,
        /// Name of the property.
        property: String,
        /// The word, quoted and cut.
        found: String,
    },
    /// A line of an ASCII file has too few or too many words.
    #[error("ply, line {line}: {found} values, a record of element {element} has {expected}")]
    ValueCount {
        /// Line of the file, from 1.
        line: u64,
        /// Element the line belongs to.
        element: String,
        /// Words on the line.
        found: usize,
        /// Words needed.
        expected: String,
    },
    /// A line of an ASCII file is longer than any record we know.
    #[error("ply, line {line}: longer than {max} bytes, our limit", max = super::ascii::LINE_BYTES_MAX)]
    LineTooLong {
        /// Line of the file, from 1.
        line: u64,
    },
    /// The attributes do not fit together; cannot happen after a good header.
    #[error("ply: {0}")]
    Splats(#[from] SplatsError),
    /// The bytes could not be had.
    #[error("ply: reading failed: {0}")]
    Io(#[from] std::io::Error),
}

/// What is wrong with a header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the texts say it; the fields are what they show")]
pub enum HeaderError {
    #[error("the first line must be \"ply\", found {found}")]
    Magic { found: String },
    #[error("no end_header in the first {max} bytes, our limit", max = HEADER_BYTES_MAX)]
    TooLong,
    #[error("the file ends at byte {byte}, before end_header")]
    Ends { byte: u64 },
    #[error("keyword {found} is not defined")]
    Keyword { found: String },
    #[error(
        "format {found} is not defined; ascii, binary_little_endian and binary_big_endian 1.0 are"
    )]
    Format { found: String },
    #[error("the format is missing")]
    NoFormat,
    #[error("the format is given twice")]
    FormatTwice,
    #[error("\"element NAME COUNT\" expected, found {found}")]
    Element { found: String },
    #[error("element {name} is given twice")]
    ElementTwice { name: String },
    #[error("\"property TYPE NAME\" or \"property list TYPE TYPE NAME\" expected, found {found}")]
    Property { found: String },
    #[error("a property before the first element")]
    PropertyFirst,
    #[error("type {found} is not defined")]
    Type { found: String },
    #[error("the length of list {name} has type {found}; an integer type is needed")]
    ListLength { name: String, found: String },
    #[error("property {name} of element {element} is given twice")]
    PropertyTwice { element: String, name: String },
    #[error("{found} vertices, our limit is {max}", max = SplatCount::MAX)]
    TooMany { found: u64 },
    #[error("there is no element vertex")]
    NoVertex,
    #[error("element {element} has no property {name}")]
    Missing { element: String, name: String },
    #[error("property {name} is a list; one number is needed")]
    IsList { name: String },
    #[error("element {element} has {found} f_rest properties; 0, 9, 24, 45 or 72 are defined")]
    RestCount { element: String, found: usize },
    #[error(
        "this is a compressed PLY (packed_position in place of x, y, z): convert it to a plain PLY"
    )]
    Compressed,
    #[error("there is no element chunk: this is not a compressed PLY")]
    NotCompressed,
    #[error("a compressed PLY has to be binary, this one is ASCII")]
    CompressedAscii,
    #[error("element chunk comes after element vertex, which cannot be unpacked without it")]
    ChunksLate,
    #[error("property {name} has type {found}; {expected} is needed")]
    PackedType { name: String, found: &'static str, expected: &'static str },
    #[error(
        "element {element} has {found} records; {expected} are needed for {splat_count} splats"
    )]
    RecordCount { element: &'static str, found: u64, expected: u64, splat_count: usize },
}

impl HeaderError {
    /// With the line it was found in, from 1.
    pub(crate) fn at(self, line: usize) -> ReadError {
        ReadError::Header { line: Some(line), problem: self }
    }

    /// About the header as a whole.
    pub(crate) fn anywhere(self) -> ReadError {
        ReadError::Header { line: None, problem: self }
    }
}

struct Place(Option<usize>);

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |line| write!(f, ", line {line}"))
    }
}

/// A piece of the file for an error text: quoted, escaped, and cut at 40 bytes.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(40)];
    let dots = if cut.len() < bytes.len() { "…" } else { "" };
    format!("\"{}{dots}\"", cut.escape_ascii())
}
