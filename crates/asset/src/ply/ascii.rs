//! Records of an ASCII PLY: one line each, words separated by blanks. Empty lines are passed over.

use std::io::{BufRead, Read};

use crate::splats::SplatsParts;

use super::CHUNK_BYTES;
use super::error::{ReadError, excerpt};
use super::header::{Element, Header, Kind};
use super::layout::Layout;
use super::rows::{Filling, Row};

/// A longer line is refused. A splat of SH degree 4 has some 1,500 bytes.
pub(super) const LINE_BYTES_MAX: usize = 1 << 20;

/// Reads all elements.
pub(super) fn read(
    reader: &mut impl BufRead,
    header: &Header,
    layout: &Layout,
    byte_len: Option<u64>,
) -> Result<SplatsParts, ReadError> {
    let mut lines = Lines { reader, line: header.lines, position: header.bytes };
    let mut filling = None;
    for (element_idx, element) in header.elements.iter().enumerate() {
        if element_idx == layout.element_idx {
            // One digit and one blank a value is the least.
            let needed = element.count.saturating_mul(2 * element.properties.len() as u64);
            let room = byte_len.map(|len| (len + 1).saturating_sub(lines.position));
            let is_justified = room.is_some_and(|room| needed <= room);
            let count = layout.splat_count.get();
            let filling = filling.insert(Filling::new(count, layout.sh_degree, is_justified));
            read_splats(&mut lines, element, layout, filling)?;
        } else if !element.properties.is_empty() {
            let mut raw = Vec::new();
            for record in 0..element.count {
                raw.clear();
                if lines.next(&mut raw)?.is_none() {
                    return Err(lines.truncated(element, record));
                }
            }
        }
    }
    let Some(element) = header.elements.last() else { return Ok(SplatsParts::default()) };
    if let Some(line) = lines.next(&mut Vec::new())? {
        return Err(ReadError::GoesOn {
            element: element.name.clone(),
            count: element.count,
            place: format!("line {line}"),
        });
    }
    Ok(filling.map(Filling::finish).unwrap_or_default())
}

fn read_splats(
    lines: &mut Lines<'_, impl BufRead>,
    element: &Element,
    layout: &Layout,
    filling: &mut Filling,
) -> Result<(), ReadError> {
    let mut chunk = Vec::new();
    // Line number and end of each line in `chunk`.
    let mut ends = Vec::<(u64, usize)>::new();
    let mut n_read = 0;
    while n_read < element.count {
        chunk.clear();
        ends.clear();
        while chunk.len() < CHUNK_BYTES && n_read + (ends.len() as u64) < element.count {
            let Some(line) = lines.next(&mut chunk)? else {
                return Err(lines.truncated(element, n_read + ends.len() as u64));
            };
            ends.push((line, chunk.len()));
        }
        filling.fill(ends.len(), |idx, row| {
            let start = idx.checked_sub(1).map_or(0, |before| ends[before].1);
            let (line, end) = ends[idx];
            parse_splat(&chunk[start..end], line, element, layout, row)
        })?;
        n_read += ends.len() as u64;
    }
    Ok(())
}

fn parse_splat(
    text: &[u8],
    line: u64,
    element: &Element,
    layout: &Layout,
    row: &mut Row,
) -> Result<(), ReadError> {
    let words: Vec<&[u8]> =
        text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let wrong_count = |expected: String| ReadError::ValueCount {
        line,
        element: element.name.clone(),
        found: words.len(),
        expected,
    };
    // Where on the line each property starts: lists push what follows to the right.
    let mut shift = 0_usize;
    let mut has_list = false;
    let mut word_idx_of_column = Vec::with_capacity(element.properties.len());
    for (column, property) in element.properties.iter().enumerate() {
        let word_idx = column + shift;
        word_idx_of_column.push(word_idx);
        if let Kind::List(..) = property.kind {
            has_list = true;
            let length = words.get(word_idx).copied().unwrap_or_default();
            let n_items = std::str::from_utf8(length).ok().and_then(|word| word.parse().ok());
            let not_a_number = || ReadError::NotANumber {
                line,
                property: property.name.clone(),
                found: excerpt(length),
            };
            let n_items: usize = n_items.ok_or_else(not_a_number)?;
            if n_items > words.len() {
                return Err(wrong_count("more".to_owned()));
            }
            shift += n_items;
        }
    }
    let expected = element.properties.len() + shift;
    if words.len() != expected {
        let lists = if has_list { " with these lists" } else { "" };
        return Err(wrong_count(format!("{expected}{lists}")));
    }
    for (value, source) in row.iter_mut().zip(&layout.sources) {
        let word = words[word_idx_of_column[source.column]];
        let number = std::str::from_utf8(word).ok().and_then(|word| word.parse().ok());
        *value = number.ok_or_else(|| ReadError::NotANumber {
            line,
            property: element.properties[source.column].name.clone(),
            found: excerpt(word),
        })?;
    }
    Ok(())
}

/// The rest of the file by lines.
struct Lines<'a, R> {
    reader: &'a mut R,
    /// Number of the last line read, from 1.
    line: u64,
    /// Bytes read.
    position: u64,
}

impl<R: BufRead> Lines<'_, R> {
    /// Appends the next line that is not empty to `to`; its number, or `None` at the end of the file.
    fn next(&mut self, to: &mut Vec<u8>) -> Result<Option<u64>, ReadError> {
        let start = to.len();
        loop {
            self.line += 1;
            let n_bytes = self.reader.by_ref().take(LINE_BYTES_MAX as u64).read_until(b'\n', to)?;
            self.position += n_bytes as u64;
            if n_bytes == 0 {
                return Ok(None);
            }
            if n_bytes == LINE_BYTES_MAX && !to.ends_with(b"\n") {
                return Err(ReadError::LineTooLong { line: self.line });
            }
            if !to[start..].trim_ascii().is_empty() {
                return Ok(Some(self.line));
            }
            to.truncate(start);
        }
    }

    fn truncated(&self, element: &Element, record: u64) -> ReadError {
        ReadError::Truncated {
            element: element.name.clone(),
            record,
            count: element.count,
            byte: self.position,
        }
    }
}
