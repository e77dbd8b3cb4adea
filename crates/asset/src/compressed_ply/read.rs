//! Reading: bounds first, then words and SH bytes, unpacked piece by piece as they come.

use std::io::BufRead;

use rayon::prelude::*;

use crate::ply::{
    Element, Encoding, Header, HeaderError, Input, ReadError, at, grow, refuse_more, skip_element,
    value_of,
};
use crate::splats::{Splats, SplatsParts};
use crate::spz::opacity_from;

use super::layout::{Layout, Records};
use super::values::{self, Range};
use super::{CHUNK_SPLATS, layout};

/// Records read and decoded at a time: whole chunks.
const PIECE_SPLATS: usize = 256 * CHUNK_SPLATS;

/// Bounds of positions, log scales and colours of one chunk.
type Bounds = [[Range; 3]; 3];

/// What a file without bounds of colours means.
const UNIT: Range = Range { min: 0.0, max: 1.0 };

pub(crate) fn read_records(
    reader: &mut impl BufRead,
    header: &Header,
    byte_len: Option<u64>,
) -> Result<Splats, ReadError> {
    let layout = Layout::of(header)?;
    match header.encoding {
        Encoding::Ascii => Err(HeaderError::CompressedAscii.anywhere()),
        Encoding::LittleEndian => read_elements::<false>(reader, header, &layout, byte_len),
        Encoding::BigEndian => read_elements::<true>(reader, header, &layout, byte_len),
    }
}

fn read_elements<const BIG: bool>(
    reader: &mut impl BufRead,
    header: &Header,
    layout: &Layout,
    byte_len: Option<u64>,
) -> Result<Splats, ReadError> {
    let needed = [Some(layout.vertex), layout.sh].into_iter().flatten().map(|records| {
        header.elements[records.element_idx].count.saturating_mul(records.record_bytes as u64)
    });
    let needed = needed.fold(header.bytes, u64::saturating_add);
    let mut parts = SplatsParts { sh_degree: layout.sh_degree, ..SplatsParts::default() };
    if byte_len.is_some_and(|byte_len| needed <= byte_len) {
        parts.positions.reserve_exact(layout.splat_count);
        parts.log_scales.reserve_exact(layout.splat_count);
        parts.rotations.reserve_exact(layout.splat_count);
        parts.raw_opacities.reserve_exact(layout.splat_count);
        parts.sh_dc.reserve_exact(layout.splat_count);
        parts.sh_rest.reserve_exact(layout.splat_count * layout.rest.len());
    }
    let mut input = Input::new(reader, header);
    let mut bounds = Vec::new();
    for (element_idx, element) in header.elements.iter().enumerate() {
        if element_idx == layout.chunk.element_idx {
            read_pieces(&mut input, element, layout.chunk, |bytes| {
                let records = bytes.chunks_exact(layout.chunk.record_bytes);
                bounds.extend(records.map(|record| bounds_from::<BIG>(record, &layout.bounds)));
            })?;
        } else if element_idx == layout.vertex.element_idx {
            read_pieces(&mut input, element, layout.vertex, |bytes| {
                unpack::<BIG>(bytes, layout, &bounds, &mut parts);
            })?;
        } else if let Some(sh) = layout.sh.filter(|sh| sh.element_idx == element_idx) {
            let table: Vec<f32> = (0..=255).map(values::sh_from).collect();
            read_pieces(&mut input, element, sh, |bytes| {
                unpack_sh(bytes, layout, sh.record_bytes, &table, &mut parts);
            })?;
        } else {
            skip_element::<BIG>(&mut input, element)?;
        }
    }
    refuse_more(&mut input, header)?;
    Ok(Splats::new(parts)?)
}

fn read_pieces<R: BufRead>(
    input: &mut Input<'_, R>,
    element: &Element,
    records: Records,
    mut take: impl FnMut(&[u8]),
) -> Result<(), ReadError> {
    let mut buffer = Vec::new();
    let mut n_read = 0;
    while n_read < element.count {
        let n_records = (element.count - n_read).min(PIECE_SPLATS as u64);
        let n_bytes = n_records as usize * records.record_bytes;
        input.fill(&mut buffer, n_bytes)?;
        if buffer.len() < n_bytes {
            let n_whole = (buffer.len() / records.record_bytes) as u64;
            return Err(input.truncated(element, n_read + n_whole));
        }
        take(&buffer);
        n_read += n_records;
    }
    Ok(())
}

fn bounds_from<const BIG: bool>(record: &[u8], places: &[layout::Place]) -> Bounds {
    let mut bounds = [[UNIT; 3]; 3];
    for (ranges, places) in bounds.iter_mut().zip(places.as_chunks::<6>().0) {
        for (axis, range) in ranges.iter_mut().enumerate() {
            let value =
                |(offset, scalar): layout::Place| value_of::<BIG>(&record[offset..], scalar);
            *range = Range { min: value(places[axis]), max: value(places[axis + 3]) };
        }
    }
    bounds
}

/// Appends the splats of some records; before these come whole chunks.
fn unpack<const BIG: bool>(
    bytes: &[u8],
    layout: &Layout,
    bounds: &[Bounds],
    parts: &mut SplatsParts,
) {
    let record_bytes = layout.vertex.record_bytes;
    let start = parts.positions.len();
    let end = start + bytes.len() / record_bytes;
    grow(&mut parts.positions, end, layout.splat_count, [0.0; 3]);
    grow(&mut parts.log_scales, end, layout.splat_count, [0.0; 3]);
    grow(&mut parts.rotations, end, layout.splat_count, [0.0; 4]);
    grow(&mut parts.raw_opacities, end, layout.splat_count, 0.0);
    grow(&mut parts.sh_dc, end, layout.splat_count, [0.0; 3]);
    let opacities: Vec<f32> = (0..=255).map(opacity_from).collect();
    let chunks = bytes.par_chunks(CHUNK_SPLATS * record_bytes);
    chunks
        .zip(&bounds[start / CHUNK_SPLATS..])
        .zip(parts.positions[start..].par_chunks_mut(CHUNK_SPLATS))
        .zip(parts.log_scales[start..].par_chunks_mut(CHUNK_SPLATS))
        .zip(parts.rotations[start..].par_chunks_mut(CHUNK_SPLATS))
        .zip(parts.raw_opacities[start..].par_chunks_mut(CHUNK_SPLATS))
        .zip(parts.sh_dc[start..].par_chunks_mut(CHUNK_SPLATS))
        .with_min_len(8)
        .for_each(|((((((bytes, bounds), positions), log_scales), rotations), opacity), sh_dc)| {
            for (idx, record) in bytes.chunks_exact(record_bytes).enumerate() {
                let [position, rotation, scale, colour] = layout.words.map(|offset| {
                    let raw = at(record, offset);
                    if BIG { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) }
                });
                positions[idx] = values::vector_from(position, bounds[0]);
                log_scales[idx] = values::vector_from(scale, bounds[1]);
                rotations[idx] = values::rotation_from(rotation);
                sh_dc[idx] = values::colour_from(colour, bounds[2]);
                opacity[idx] = opacities[(colour & 255) as usize];
            }
        });
}

fn unpack_sh(
    bytes: &[u8],
    layout: &Layout,
    record_bytes: usize,
    table: &[f32],
    parts: &mut SplatsParts,
) {
    let n_rest = layout.rest.len();
    if n_rest == 0 {
        return;
    }
    let start = parts.sh_rest.len();
    let end = start + bytes.len() / record_bytes * n_rest;
    grow(&mut parts.sh_rest, end, layout.splat_count * n_rest, 0.0);
    let splats = parts.sh_rest[start..].par_chunks_exact_mut(n_rest);
    splats.zip(bytes.par_chunks_exact(record_bytes)).with_min_len(1024).for_each(
        |(values, record)| {
            for (value, offset) in values.iter_mut().zip(&layout.rest) {
                *value = table[usize::from(record[*offset])];
            }
        },
    );
}
