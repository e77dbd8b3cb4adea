//! PLY header: lines of text from `ply` to `end_header`. Knows the format, not what a splat is: see `layout`.

use std::collections::BTreeSet;
use std::io::{BufRead, Read};

use super::error::{HeaderError, ReadError, excerpt};

/// A header longer than this is refused. The longest we know (SH degree 4, with normals) has under 2 KiB; the rest is
/// for comments.
pub const HEADER_BYTES_MAX: usize = 64 << 10;

/// Format of the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Ascii,
    LittleEndian,
    BigEndian,
}

/// Type of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Scalar {
    /// Both naming schemes: that of the first description (`char`, `uchar`, …) and that with bits (`int8`, `uint8`, …).
    const NAMES: [(&'static str, Self); 18] = [
        ("char", Self::I8),
        ("int8", Self::I8),
        ("uchar", Self::U8),
        ("uint8", Self::U8),
        ("short", Self::I16),
        ("int16", Self::I16),
        ("ushort", Self::U16),
        ("uint16", Self::U16),
        ("int", Self::I32),
        ("int32", Self::I32),
        ("uint", Self::U32),
        ("uint32", Self::U32),
        ("int64", Self::I64),
        ("uint64", Self::U64),
        ("float", Self::F32),
        ("float32", Self::F32),
        ("double", Self::F64),
        ("float64", Self::F64),
    ];

    /// The type, and its name as written.
    fn parse(name: &[u8]) -> Option<(&'static str, Self)> {
        Self::NAMES.into_iter().find(|(known, _)| known.as_bytes() == name)
    }

    pub(crate) const fn size_bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    const fn is_integer(self) -> bool {
        !matches!(self, Self::F32 | Self::F64)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    One(Scalar),
    /// A length of the first type, then so many values of the second.
    List(Scalar, Scalar),
}

#[derive(Debug, Clone)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Name of the type of a single number, as written; `list` for a list.
    pub(crate) type_name: &'static str,
    /// Line of the header, from 1.
    pub(crate) line: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) count: u64,
    pub(crate) properties: Vec<Property>,
    /// Line of the header, from 1.
    pub(crate) line: usize,
}

impl Element {
    /// Refuses two properties of one name.
    pub(crate) fn refuse_twice(&self) -> Result<(), ReadError> {
        let mut names = BTreeSet::new();
        for property in &self.properties {
            if !names.insert(property.name.as_str()) {
                let (element, name) = (self.name.clone(), property.name.clone());
                return Err(HeaderError::PropertyTwice { element, name }.at(property.line));
            }
        }
        Ok(())
    }

    /// The properties called `f_rest_` and a number.
    pub(crate) fn n_rest(&self) -> usize {
        self.properties.iter().filter(|property| is_rest(&property.name)).count()
    }

    /// Bytes of one binary record; `None` when a list makes them differ.
    pub(crate) fn record_bytes(&self) -> Option<usize> {
        self.properties.iter().try_fold(0, |sum, property| match property.kind {
            Kind::One(scalar) => Some(sum + scalar.size_bytes()),
            Kind::List(..) => None,
        })
    }

    /// Fewest bytes that one binary record can have: every list is empty.
    pub(crate) fn record_bytes_min(&self) -> usize {
        let least = |property: &Property| match property.kind {
            Kind::One(scalar) | Kind::List(scalar, _) => scalar.size_bytes(),
        };
        self.properties.iter().map(least).sum()
    }
}

/// `f_rest_` and a number.
pub(crate) fn is_rest(name: &str) -> bool {
    name.strip_prefix("f_rest_").is_some_and(|number| number.parse::<u32>().is_ok())
}

#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) encoding: Encoding,
    pub(crate) elements: Vec<Element>,
    /// Length of the header, bytes: where the first record starts.
    pub(crate) bytes: u64,
    /// Lines of comments and of `obj_info`.
    pub(crate) comments: usize,
    /// Lines of the header; the first record of an ASCII file is on the next one.
    pub(crate) lines: u64,
}

impl Header {
    /// Number of the element of this name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.elements.iter().position(|element| element.name == name)
    }

    /// Reads up to and including the line end after `end_header`.
    pub(crate) fn read(reader: &mut impl BufRead) -> Result<Self, ReadError> {
        let mut encoding = None;
        let mut elements = Vec::<Element>::new();
        let mut comments = 0;
        let mut raw = Vec::new();
        let mut n_bytes = 0;
        let mut line = 0;
        loop {
            line += 1;
            raw.clear();
            let room = (HEADER_BYTES_MAX - n_bytes) as u64;
            n_bytes += reader.take(room).read_until(b'\n', &mut raw)?;
            if line == 1 && raw.trim_ascii() != b"ply" {
                return Err(HeaderError::Magic { found: excerpt(raw.trim_ascii()) }.at(1));
            }
            if !raw.ends_with(b"\n") {
                let ends = HeaderError::Ends { byte: n_bytes as u64 };
                return Err(if n_bytes == HEADER_BYTES_MAX { HeaderError::TooLong } else { ends }
                    .anywhere());
            }
            let text = raw.trim_ascii();
            let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            match words.next() {
                None if line > 1 => {}
                Some(b"ply") if line == 1 => {}
                Some(b"comment" | b"obj_info") => comments += 1,
                Some(b"format") => {
                    let found = parse_format(words).ok_or_else(|| excerpt(text));
                    let found = found.map_err(|found| HeaderError::Format { found }.at(line))?;
                    if encoding.replace(found).is_some() {
                        return Err(HeaderError::FormatTwice.at(line));
                    }
                }
                Some(b"element") => {
                    let found = parse_element(words, line).ok_or_else(|| excerpt(text));
                    let found = found.map_err(|found| HeaderError::Element { found }.at(line))?;
                    if elements.iter().any(|element| element.name == found.name) {
                        return Err(HeaderError::ElementTwice { name: found.name }.at(line));
                    }
                    elements.push(found);
                }
                Some(b"property") => {
                    let property = parse_property(words, text, line).map_err(|e| e.at(line))?;
                    let element =
                        elements.last_mut().ok_or_else(|| HeaderError::PropertyFirst.at(line))?;
                    element.properties.push(property);
                }
                Some(b"end_header") => {
                    let encoding = encoding.ok_or_else(|| HeaderError::NoFormat.anywhere())?;
                    return Ok(Self {
                        encoding,
                        elements,
                        comments,
                        bytes: n_bytes as u64,
                        lines: line as u64,
                    });
                }
                Some(_) | None => {
                    return Err(HeaderError::Keyword { found: excerpt(text) }.at(line));
                }
            }
        }
    }
}

fn parse_format<'a>(mut words: impl Iterator<Item = &'a [u8]>) -> Option<Encoding> {
    let encoding = match words.next()? {
        b"ascii" => Encoding::Ascii,
        b"binary_little_endian" => Encoding::LittleEndian,
        b"binary_big_endian" => Encoding::BigEndian,
        _ => return None,
    };
    (words.next()? == b"1.0" && words.next().is_none()).then_some(encoding)
}

fn parse_element<'a>(mut words: impl Iterator<Item = &'a [u8]>, line: usize) -> Option<Element> {
    let name = words.next()?.escape_ascii().to_string();
    let count = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    words.next().is_none().then_some(Element { name, count, properties: Vec::new(), line })
}

fn parse_property<'a>(
    words: impl Iterator<Item = &'a [u8]>,
    text: &[u8],
    line: usize,
) -> Result<Property, HeaderError> {
    let scalar =
        |word: &[u8]| Scalar::parse(word).ok_or_else(|| HeaderError::Type { found: excerpt(word) });
    // Four words and one more, to see that there is none too many.
    let words: Vec<_> = words.take(5).collect();
    let (type_name, kind, name) = match words[..] {
        [b"list", length, item, name] => {
            ("list", Kind::List(scalar(length)?.1, scalar(item)?.1), name)
        }
        [one, name] => {
            let (type_name, one) = scalar(one)?;
            (type_name, Kind::One(one), name)
        }
        _ => return Err(HeaderError::Property { found: excerpt(text) }),
    };
    let name = name.escape_ascii().to_string();
    if let Kind::List(length, _) = kind
        && !length.is_integer()
    {
        return Err(HeaderError::ListLength { name, found: excerpt(words[1]) });
    }
    Ok(Property { name, kind, type_name, line })
}
