//! Writing: order, bounds, words, SH bytes; piece by piece.

use std::io::Write;

use rayon::prelude::*;

use crate::splats::{ShDegree, Splats};
use crate::spz::opacity_to;
use crate::unstorable::{Unstorable, first_unstorable};

use super::order::{self, Order};
use super::values::{self, Range};
use super::{CHUNK_SPLATS, layout};

/// Splats encoded at a time: whole chunks.
const PIECE_SPLATS: usize = 256 * CHUNK_SPLATS;

/// Why splats could not be written. Nothing was written, unless it is [`WriteError::Io`].
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A value has no place in the format.
    #[error("compressed ply: {0}")]
    Unstorable(#[from] Unstorable),
    /// No reader takes this degree.
    #[error("compressed ply: SH degree {found}, the format holds at most 3")]
    ShDegree {
        /// Degree of the splats.
        found: u8,
    },
    /// The bytes could not be written.
    #[error("compressed ply: writing failed: {0}")]
    Io(#[from] std::io::Error),
}

/// Bounds of positions, log scales and colours of one chunk.
type Bounds = [[Range; 3]; 3];

pub(super) fn write(
    splats: &Splats,
    order: Order,
    mut writer: impl Write,
) -> Result<Vec<u32>, WriteError> {
    if splats.sh_degree() > ShDegree::THREE {
        return Err(WriteError::ShDegree { found: splats.sh_degree().get() });
    }
    if let Some(unstorable) = first_unstorable(splats) {
        return Err(unstorable.into());
    }
    let order = order::order(splats, order);
    writer.write_all(header(splats).as_bytes())?;
    let chunks = order.par_chunks(CHUNK_SPLATS);
    let bounds: Vec<Bounds> = chunks.map(|numbers| bounds_of(splats, numbers)).collect();
    let mut raw = Vec::with_capacity(bounds.len() * 18 * size_of::<f32>());
    for ranges in bounds.as_flattened() {
        let smallest = ranges.iter().map(|range| range.min);
        let all = smallest.chain(ranges.iter().map(|range| range.max));
        raw.extend(all.flat_map(f32::to_le_bytes));
    }
    writer.write_all(&raw)?;

    let mut piece = Vec::new();
    for (numbers, bounds) in
        order.chunks(PIECE_SPLATS).zip(bounds.chunks(PIECE_SPLATS / CHUNK_SPLATS))
    {
        piece.resize(numbers.len(), [[0; 4]; 4]);
        (piece.par_chunks_mut(CHUNK_SPLATS).zip(numbers.par_chunks(CHUNK_SPLATS)).zip(bounds))
            .with_min_len(4)
            .for_each(|((records, numbers), bounds)| {
                for (record, number) in records.iter_mut().zip(numbers) {
                    *record = words(splats, *number, bounds).map(u32::to_le_bytes);
                }
            });
        writer.write_all(piece.as_flattened().as_flattened())?;
    }
    let n_rest = splats.sh_degree().rest_values();
    if n_rest > 0 {
        let mut piece = Vec::new();
        for numbers in order.chunks(PIECE_SPLATS) {
            piece.resize(numbers.len() * n_rest, 0);
            (piece.par_chunks_mut(n_rest).zip(numbers))
                .with_min_len(1024)
                .for_each(|(raw, number)| encode_sh(splats.get(*number as usize).sh_rest, raw));
            writer.write_all(&piece)?;
        }
    }
    writer.flush()?;
    Ok(order)
}

fn header(splats: &Splats) -> String {
    let splat_count = splats.len();
    let chunk_count = splat_count.div_ceil(CHUNK_SPLATS);
    let mut text = format!("ply\nformat binary_little_endian 1.0\nelement chunk {chunk_count}\n");
    for name in layout::bounds() {
        text.extend(["property float ", name, "\n"]);
    }
    text += &format!("element vertex {splat_count}\n");
    for name in layout::words() {
        text.extend(["property uint ", name, "\n"]);
    }
    let n_rest = splats.sh_degree().rest_values();
    if n_rest > 0 {
        text += &format!("element sh {splat_count}\n");
        text.extend((0..n_rest).map(|idx| format!("property uchar f_rest_{idx}\n")));
    }
    text + "end_header\n"
}

fn bounds_of(splats: &Splats, numbers: &[u32]) -> Bounds {
    let mut bounds = [[Range::EMPTY; 3]; 3];
    for number in numbers {
        let splat = splats.get(*number as usize);
        let values = [splat.position, splat.log_scale, splat.sh_dc.map(values::shown)];
        for (range, value) in bounds.as_flattened_mut().iter_mut().zip(values.as_flattened()) {
            range.include(*value);
        }
    }
    bounds
}

fn words(splats: &Splats, number: u32, bounds: &Bounds) -> [u32; 4] {
    let splat = splats.get(number as usize);
    [
        values::vector_to(splat.position, bounds[0]),
        values::rotation_to(splat.rotation),
        values::vector_to(splat.log_scale, bounds[1]),
        values::colour_to(splat.sh_dc, opacity_to(splat.raw_opacity), bounds[2]),
    ]
}

/// From `[coefficient, channel]` to all coefficients of one channel together.
fn encode_sh(values: &[f32], raw: &mut [u8]) {
    let n_coefficients = values.len() / 3;
    for (coefficient, of_channels) in values.as_chunks::<3>().0.iter().enumerate() {
        for (channel, value) in of_channels.iter().enumerate() {
            raw[channel * n_coefficients + coefficient] = values::sh_to(*value);
        }
    }
}
