//! Writing a 3DGS PLY: binary little-endian, properties in the reference order of 3DGS training.

use std::io::{self, Write};

use rayon::prelude::*;

use crate::splats::{ShDegree, Splats};

/// Splats encoded at a time: 4 MiB at SH degree 3. Two such buffers are held.
const CHUNK_SPLATS: usize = 16 << 10;
/// Splats encoded by one task.
const BLOCK_SPLATS: usize = 1024;

/// Writes `x y z nx ny nz f_dc f_rest opacity scale rot`, all `float`. The normals are zero, as in the reference: splats have none.
///
/// Values come back from [`super::read`] bit for bit. Two buffers of some 4 MiB are held, no copy of the asset.
///
/// # Errors
/// Those of `writer`.
pub fn write(splats: &Splats, mut writer: impl Write) -> io::Result<()> {
    writer.write_all(header(splats.len(), splats.sh_degree()).as_bytes())?;
    let (mut ready, mut next) = (Vec::new(), Vec::new());
    encode(splats, 0, &mut ready);
    let mut n_encoded = CHUNK_SPLATS;
    while !ready.is_empty() {
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| encode(splats, n_encoded, &mut next));
            writer.write_all(&ready)
        })?;
        n_encoded += CHUNK_SPLATS;
        std::mem::swap(&mut ready, &mut next);
    }
    writer.flush()
}

fn header(splat_count: usize, sh_degree: ShDegree) -> String {
    let mut text = format!("ply\nformat binary_little_endian 1.0\nelement vertex {splat_count}\n");
    let numbered = |name: &str, n: usize| (0..n).map(|idx| format!("{name}_{idx}")).collect();
    let names: [Vec<String>; 6] = [
        ["x", "y", "z", "nx", "ny", "nz"].map(str::to_owned).into(),
        numbered("f_dc", 3),
        numbered("f_rest", sh_degree.rest_values()),
        vec!["opacity".to_owned()],
        numbered("scale", 3),
        numbered("rot", 4),
    ];
    for name in names.iter().flatten() {
        text.extend(["property float ", name, "\n"]);
    }
    text + "end_header\n"
}

/// Replaces `buffer` by the records of up to [`CHUNK_SPLATS`] splats from `start`.
fn encode(splats: &Splats, start: usize, buffer: &mut Vec<u8>) {
    let n_rest = splats.sh_degree().rest_values();
    let record_bytes = 4 * (17 + n_rest);
    let n_splats = splats.len().saturating_sub(start).min(CHUNK_SPLATS);
    buffer.resize(n_splats * record_bytes, 0);
    buffer.par_chunks_mut(BLOCK_SPLATS * record_bytes).enumerate().for_each(
        |(block_idx, block)| {
            let first = start + block_idx * BLOCK_SPLATS;
            for (idx, record) in block.chunks_exact_mut(record_bytes).enumerate() {
                encode_splat(splats, first + idx, record);
            }
        },
    );
}

fn encode_splat(splats: &Splats, splat_idx: usize, record: &mut [u8]) {
    let splat = splats.get(splat_idx);
    let n_coefficients = splats.sh_degree().rest_coefficients();
    let (words, _) = record.as_chunks_mut::<4>();
    let mut put = |word_idx: usize, value: f32| words[word_idx] = value.to_le_bytes();
    for axis in 0..3 {
        put(axis, splat.position[axis]);
        put(3 + axis, 0.0);
        put(6 + axis, splat.sh_dc[axis]);
    }
    for channel in 0..3 {
        for coefficient in 0..n_coefficients {
            let value = splat.sh_rest[3 * coefficient + channel];
            put(9 + channel * n_coefficients + coefficient, value);
        }
    }
    let after_rest = 9 + 3 * n_coefficients;
    put(after_rest, splat.raw_opacity);
    for axis in 0..3 {
        put(after_rest + 1 + axis, splat.log_scale[axis]);
    }
    for component in 0..4 {
        put(after_rest + 4 + component, splat.rotation[component]);
    }
}
