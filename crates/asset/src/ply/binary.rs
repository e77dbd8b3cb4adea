//! Records of a binary PLY: read a chunk, decode it in parallel while the next one is read.

use std::io::{self, BufRead};

use crate::splats::SplatsParts;

use super::CHUNK_BYTES;
use super::error::ReadError;
use super::header::{Element, Header, Kind, Scalar};
use super::layout::{Layout, Source};
use super::rows::{Filling, ROW_VALUES_MAX, Row};

/// Splats gathered before they are stored, where lists between their numbers make every record another length.
const WALKED_SPLATS: usize = 1024;

/// Reads all elements. `BIG` is true for big-endian files.
pub(super) fn read<const BIG: bool>(
    reader: &mut impl BufRead,
    header: &Header,
    layout: &Layout,
    byte_len: Option<u64>,
) -> Result<SplatsParts, ReadError> {
    let mut input = Input::new(reader, header);
    let mut filling = None;
    for (element_idx, element) in header.elements.iter().enumerate() {
        if element_idx == layout.element_idx {
            let needed = element.count.saturating_mul(element.record_bytes_min() as u64);
            let room = byte_len.map(|len| len.saturating_sub(input.position));
            let is_justified = room.is_some_and(|room| needed <= room);
            let count = layout.splat_count.get();
            let filling = filling.insert(Filling::new(count, layout.sh_degree, is_justified));
            match element.record_bytes() {
                Some(record_bytes) => {
                    read_fixed::<BIG>(&mut input, element, layout, record_bytes, filling)?;
                }
                None => read_walking::<BIG>(&mut input, element, layout, filling)?,
            }
        } else {
            skip_element::<BIG>(&mut input, element)?;
        }
    }
    refuse_more(&mut input, header)?;
    Ok(filling.map(Filling::finish).unwrap_or_default())
}

/// Splats whose records all have the same length.
fn read_fixed<const BIG: bool>(
    input: &mut Input<'_, impl BufRead>,
    element: &Element,
    layout: &Layout,
    record_bytes: usize,
    filling: &mut Filling,
) -> Result<(), ReadError> {
    let n_chunk = (CHUNK_BYTES / record_bytes).max(1);
    let decode: Decode = if layout.sources.iter().all(|source| source.scalar == Scalar::F32) {
        decode_floats::<BIG>
    } else {
        decode_any::<BIG>
    };
    // Buffers start empty: a short file never makes them large.
    let (mut ready, mut next) = (Vec::new(), Vec::new());
    let read_chunk = |input: &mut Input<'_, _>, buffer: &mut Vec<u8>, n_before: usize| {
        let n_records = n_chunk.min(layout.splat_count.get() - n_before);
        input.fill(buffer, n_records * record_bytes)?;
        if buffer.len() == n_records * record_bytes {
            Ok(n_records)
        } else {
            Err(input.truncated(element, (n_before + buffer.len() / record_bytes) as u64))
        }
    };
    let mut n_read = read_chunk(input, &mut ready, 0)?;
    let mut n_ready = n_read;
    while n_ready > 0 {
        let n_next = rayon::in_place_scope(|scope| {
            scope.spawn(|_| {
                let records = &ready[..];
                let filled: Result<(), std::convert::Infallible> =
                    filling.fill(n_ready, |idx, row| {
                        let record = &records[idx * record_bytes..(idx + 1) * record_bytes];
                        decode(record, &layout.sources, row);
                        Ok(())
                    });
                filled.unwrap_or_else(|never| match never {});
            });
            read_chunk(input, &mut next, n_read)
        })?;
        n_read += n_next;
        n_ready = n_next;
        std::mem::swap(&mut ready, &mut next);
    }
    Ok(())
}

type Decode = fn(&[u8], &[Source], &mut Row);

/// The usual case, every value that we want is a `float`.
fn decode_floats<const BIG: bool>(record: &[u8], sources: &[Source], row: &mut Row) {
    for (value, source) in row.iter_mut().zip(sources) {
        let raw = at(record, source.offset);
        *value = if BIG { f32::from_be_bytes(raw) } else { f32::from_le_bytes(raw) };
    }
}

fn decode_any<const BIG: bool>(record: &[u8], sources: &[Source], row: &mut Row) {
    for (value, source) in row.iter_mut().zip(sources) {
        *value = value_of::<BIG>(&record[source.offset..], source.scalar);
    }
}

pub(crate) fn at<const N: usize>(record: &[u8], offset: usize) -> [u8; N] {
    let mut raw = [0; N];
    raw.copy_from_slice(&record[offset..offset + N]);
    raw
}

/// The number that `raw` begins with, as we hold it: a `float` bit for bit, others rounded.
pub(crate) fn value_of<const BIG: bool>(raw: &[u8], scalar: Scalar) -> f32 {
    match scalar {
        Scalar::F32 if BIG => f32::from_be_bytes(at(raw, 0)),
        Scalar::F32 => f32::from_le_bytes(at(raw, 0)),
        other => number::<BIG>(raw, other) as f32,
    }
}

/// The number that `raw` begins with.
fn number<const BIG: bool>(raw: &[u8], scalar: Scalar) -> f64 {
    macro_rules! read {
        ($type:ty) => {
            if BIG {
                <$type>::from_be_bytes(at(raw, 0))
            } else {
                <$type>::from_le_bytes(at(raw, 0))
            }
        };
    }
    match scalar {
        Scalar::I8 => f64::from(read!(i8)),
        Scalar::U8 => f64::from(read!(u8)),
        Scalar::I16 => f64::from(read!(i16)),
        Scalar::U16 => f64::from(read!(u16)),
        Scalar::I32 => f64::from(read!(i32)),
        Scalar::U32 => f64::from(read!(u32)),
        Scalar::I64 => read!(i64) as f64,
        Scalar::U64 => read!(u64) as f64,
        Scalar::F32 => f64::from(read!(f32)),
        Scalar::F64 => read!(f64),
    }
}

/// Splats with lists between their numbers: one value after the other.
fn read_walking<const BIG: bool>(
    input: &mut Input<'_, impl BufRead>,
    element: &Element,
    layout: &Layout,
    filling: &mut Filling,
) -> Result<(), ReadError> {
    let mut row_idx_of_column = vec![None; element.properties.len()];
    for (row_idx, source) in layout.sources.iter().enumerate() {
        row_idx_of_column[source.column] = Some(row_idx);
    }
    let mut rows = Vec::<Row>::new();
    for record in 0..element.count {
        let mut row = [0.0; ROW_VALUES_MAX];
        for (property, row_idx) in element.properties.iter().zip(&row_idx_of_column) {
            match (property.kind, *row_idx) {
                (Kind::One(scalar), Some(row_idx)) => {
                    let raw = input.scalar(scalar, element, record)?;
                    row[row_idx] = value_of::<BIG>(&raw, scalar);
                }
                (kind, _) => input.skip_property::<BIG>(kind, element, record)?,
            }
        }
        rows.push(row);
        if rows.len() == WALKED_SPLATS || record + 1 == element.count {
            filling.fill(rows.len(), |idx, row| {
                *row = rows[idx];
                Ok::<_, ReadError>(())
            })?;
            rows.clear();
        }
    }
    Ok(())
}

/// All records of an element that nobody asks for.
pub(crate) fn skip_element<const BIG: bool>(
    input: &mut Input<'_, impl BufRead>,
    element: &Element,
) -> Result<(), ReadError> {
    match element.record_bytes() {
        Some(record_bytes) => skip_fixed(input, element, record_bytes),
        None => skip_walking::<BIG>(input, element),
    }
}

fn skip_fixed(
    input: &mut Input<'_, impl BufRead>,
    element: &Element,
    record_bytes: usize,
) -> Result<(), ReadError> {
    // A product that does not fit is longer than any file.
    let n_bytes = element.count.saturating_mul(record_bytes as u64);
    let n_skipped = input.skip(n_bytes)?;
    if n_skipped == n_bytes {
        return Ok(());
    }
    Err(input.truncated(element, n_skipped / record_bytes as u64))
}

fn skip_walking<const BIG: bool>(
    input: &mut Input<'_, impl BufRead>,
    element: &Element,
) -> Result<(), ReadError> {
    // Every record has a list, so every turn consumes at least one byte of the file.
    for record in 0..element.count {
        for property in &element.properties {
            input.skip_property::<BIG>(property.kind, element, record)?;
        }
    }
    Ok(())
}

/// See the module `ply`: less than one record may follow.
pub(crate) fn refuse_more(
    input: &mut Input<'_, impl BufRead>,
    header: &Header,
) -> Result<(), ReadError> {
    let Some(element) = header.elements.last() else { return Ok(()) };
    let byte = input.position;
    let record_bytes = element.record_bytes_min().max(1) as u64;
    if input.skip(record_bytes)? < record_bytes {
        return Ok(());
    }
    Err(ReadError::GoesOn {
        element: element.name.clone(),
        count: element.count,
        place: format!("byte {byte}"),
    })
}

/// The rest of the file, with the number of the byte that comes next.
pub(crate) struct Input<'a, R> {
    reader: &'a mut R,
    position: u64,
}

impl<'a, R: BufRead> Input<'a, R> {
    /// What comes after the header.
    pub(crate) fn new(reader: &'a mut R, header: &Header) -> Self {
        Self { reader, position: header.bytes }
    }

    /// Replaces `buffer` by the next `n_bytes`, or by fewer when the file ends.
    pub(crate) fn fill(&mut self, buffer: &mut Vec<u8>, n_bytes: usize) -> io::Result<()> {
        buffer.resize(n_bytes, 0);
        let mut n_filled = 0;
        while n_filled < n_bytes {
            match self.reader.read(&mut buffer[n_filled..]) {
                Ok(0) => break,
                Ok(n) => n_filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        buffer.truncate(n_filled);
        self.position += n_filled as u64;
        Ok(())
    }

    /// Bytes skipped: fewer than `n_bytes` when the file ends.
    fn skip(&mut self, n_bytes: u64) -> io::Result<u64> {
        let mut n_skipped = 0;
        while n_skipped < n_bytes {
            let n_here = match self.reader.fill_buf() {
                Ok(here) => (n_bytes - n_skipped).min(here.len() as u64),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if n_here == 0 {
                break;
            }
            self.reader.consume(n_here as usize);
            n_skipped += n_here;
        }
        self.position += n_skipped;
        Ok(n_skipped)
    }

    /// The next number as it stands in the file; what is behind its size in bytes is zero.
    fn scalar(
        &mut self,
        scalar: Scalar,
        element: &Element,
        record: u64,
    ) -> Result<[u8; 8], ReadError> {
        let mut raw = [0; 8];
        let n_bytes = scalar.size_bytes();
        match self.reader.read_exact(&mut raw[..n_bytes]) {
            Ok(()) => self.position += n_bytes as u64,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(self.truncated(element, record));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(raw)
    }

    fn skip_property<const BIG: bool>(
        &mut self,
        kind: Kind,
        element: &Element,
        record: u64,
    ) -> Result<(), ReadError> {
        let n_bytes = match kind {
            Kind::One(scalar) => scalar.size_bytes() as u64,
            Kind::List(length, item) => {
                let n_items = number::<BIG>(&self.scalar(length, element, record)?, length);
                // A negative length becomes 0, one that is too great ends the file.
                (n_items as u64).saturating_mul(item.size_bytes() as u64)
            }
        };
        if self.skip(n_bytes)? == n_bytes {
            return Ok(());
        }
        Err(self.truncated(element, record))
    }

    pub(crate) fn truncated(&self, element: &Element, record: u64) -> ReadError {
        ReadError::Truncated {
            element: element.name.clone(),
            record,
            count: element.count,
            byte: self.position,
        }
    }
}
