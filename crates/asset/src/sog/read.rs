//! Reading: pictures are unpacked side by side, splats put together in blocks.

use std::io::Read;

use rayon::prelude::*;

use crate::splats::{ShDegree, Splats, SplatsParts};
use crate::spz;

use super::error::ReadError;
use super::means::Range;
use super::meta::{Harmonics, Levels, Meta};
use super::pictures::{Bundle, Picture};
use super::{BYTES_MAX, PALETTE_MAX, rotation};

/// Splats put together by one task.
const BLOCK_SPLATS: usize = 4096;
/// Entries of the palette in a row of the centroids.
const PALETTE_COLUMNS: usize = 64;

pub(super) fn read(mut reader: impl Read, byte_len: Option<u64>) -> Result<Splats, ReadError> {
    if byte_len.is_some_and(|len| len > BYTES_MAX) {
        return Err(ReadError::TooLong);
    }
    let mut file = Vec::new();
    reader.by_ref().take(BYTES_MAX + 1).read_to_end(&mut file)?;
    if file.len() as u64 > BYTES_MAX {
        return Err(ReadError::TooLong);
    }
    let mut bundle = Bundle::open(&file)?;
    let meta = Meta::parse(&bundle.meta()?)?;
    let pictures = bundle.pictures(&meta)?;
    drop(bundle);
    drop(file);
    let palette = match (&meta.harmonics, pictures.get(5)) {
        (Some(harmonics), Some(centroids)) => Some(Palette::of(harmonics, centroids)?),
        _ => None,
    };
    let parts = put_together(&meta, &pictures, palette.as_ref())?;
    Ok(Splats::new(parts)?)
}

/// One value for each splat, in blocks side by side; the first error in the order of splats.
fn each<T: Send>(
    splat_count: usize,
    value: impl Fn(usize) -> Result<T, ReadError> + Sync,
) -> Result<Vec<T>, ReadError> {
    // Errors are rare: looked for again in order, so that threads do not decide which one is told.
    let values: Option<Vec<T>> = (0..splat_count)
        .into_par_iter()
        .with_min_len(BLOCK_SPLATS)
        .map(|idx| value(idx).ok())
        .collect();
    match values {
        Some(values) => Ok(values),
        None => (0..splat_count).map(value).collect(),
    }
}

fn put_together(
    meta: &Meta,
    pictures: &[Picture],
    palette: Option<&Palette>,
) -> Result<SplatsParts, ReadError> {
    let [low, high, scales, quats, sh0, ..] = pictures else { return Ok(SplatsParts::default()) };
    let splat_count = meta.splat_count.get();
    let range = Range { mins: meta.mins, maxs: meta.maxs };
    let levels = |levels: &Levels, picture: &Picture, splat_idx: usize| {
        let pixel = picture.pixel(splat_idx);
        let mut values = [0.0; 3];
        for (channel, value) in values.iter_mut().enumerate() {
            *value = levels
                .value(channel, pixel[channel])
                .ok_or_else(|| beyond(picture, splat_idx, pixel[channel].into(), levels.limit()))?;
        }
        Ok(values)
    };
    let raw_opacity = |splat_idx: usize| {
        let alpha = sh0.pixel(splat_idx)[3];
        match &meta.sh0.0 {
            Levels::Range { .. } if !meta.has_opacity => meta.sh0.0.value(3, alpha).unwrap_or(0.0),
            _ => spz::opacity_from(alpha),
        }
    };
    let mut parts = SplatsParts {
        positions: each(splat_count, |idx| {
            let (low, high) = (low.pixel(idx), high.pixel(idx));
            Ok(range.restore([0, 1, 2].map(|axis| u16::from_le_bytes([low[axis], high[axis]]))))
        })?,
        log_scales: each(splat_count, |idx| levels(&meta.scales.0, scales, idx))?,
        rotations: each(splat_count, |idx| {
            let pixel = quats.pixel(idx);
            rotation::rotation_of(pixel).ok_or_else(|| {
                let limit = "alpha 252 to 255 tells the component that is left out".to_owned();
                beyond(quats, idx, pixel[3].into(), limit)
            })
        })?,
        raw_opacities: each(splat_count, |idx| Ok(raw_opacity(idx)))?,
        sh_dc: each(splat_count, |idx| levels(&meta.sh0.0, sh0, idx))?,
        ..SplatsParts::default()
    };
    if let (Some(palette), Some(labels)) = (palette, pictures.get(6)) {
        parts.sh_degree = palette.degree;
        let n_rest = palette.degree.rest_values();
        let places = each(splat_count, |idx| {
            let pixel = labels.pixel(idx);
            let label = u16::from_le_bytes([pixel[0], pixel[1]]);
            if usize::from(label) < palette.values.len() / n_rest {
                Ok(label)
            } else {
                let limit = format!("the palette has {} entries", palette.values.len() / n_rest);
                Err(beyond(labels, idx, label.into(), limit))
            }
        })?;
        parts.sh_rest = vec![0.0; splat_count * n_rest];
        parts.sh_rest.par_chunks_mut(n_rest).with_min_len(BLOCK_SPLATS).zip(places).for_each(
            |(rest, label)| {
                let at = usize::from(label) * n_rest;
                rest.copy_from_slice(&palette.values[at..at + n_rest]);
            },
        );
    }
    Ok(parts)
}

fn beyond(picture: &Picture, splat_idx: usize, found: u32, limit: String) -> ReadError {
    ReadError::Texel { name: picture.name.clone(), splat_idx, found, limit }
}

/// Spherical harmonics that splats point at.
struct Palette {
    degree: ShDegree,
    /// `[entry, coefficient, channel]`.
    values: Vec<f32>,
}

impl Palette {
    fn of(harmonics: &Harmonics, centroids: &Picture) -> Result<Self, ReadError> {
        let wrong = |expected: String| ReadError::Size {
            name: centroids.name.clone(),
            width: centroids.width,
            height: centroids.height,
            expected,
        };
        let width = |degree: ShDegree| PALETTE_COLUMNS * degree.rest_coefficients();
        let by_width = (1..=3)
            .filter_map(ShDegree::new)
            .find(|degree| width(*degree) == centroids.width as usize);
        let Some(degree) =
            by_width.filter(|found| harmonics.degree.is_none_or(|degree| degree == *found))
        else {
            let expected = harmonics.degree.map_or_else(
                || "a width of 192, 512 or 960 is needed".to_owned(),
                |degree| {
                    format!("a width of {} is needed for degree {}", width(degree), degree.get())
                },
            );
            return Err(wrong(expected));
        };
        let room = centroids.height as usize * PALETTE_COLUMNS;
        let n_entries = harmonics.entries.unwrap_or(room).min(PALETTE_MAX);
        if n_entries > room {
            return Err(wrong(format!("which is less than {n_entries} entries need")));
        }
        let n_coefficients = degree.rest_coefficients();
        let mut values = Vec::with_capacity(n_entries * degree.rest_values());
        // Pixels run through the entries, and within an entry through its coefficients.
        for idx in 0..n_entries * n_coefficients {
            let pixel = centroids.pixel(idx);
            for (channel, byte) in pixel.into_iter().take(3).enumerate() {
                values.push(harmonics.levels.value(channel, byte).ok_or_else(|| {
                    beyond(centroids, idx / n_coefficients, byte.into(), harmonics.levels.limit())
                })?);
            }
        }
        Ok(Self { degree, values })
    }
}
