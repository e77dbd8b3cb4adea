//! A GLB with one primitive of splats: the JSON, then attribute after attribute straight into the file.

use std::io::{self, Write};

use rayon::prelude::*;
use serde_json::{Value, json};

use crate::splats::{SH_C0, Splats};
use crate::spz;

use super::{EXTENSION, SH_DEGREE_MAX, WriteError, coefficient_name};

/// Splats encoded at a time, and by one task.
const CHUNK_SPLATS: usize = 64 << 10;
const BLOCK_SPLATS: usize = 4096;
const ARRAY_BUFFER: u32 = 34962;
const FLOAT: u32 = 5126;
const UNSIGNED_BYTE: u32 = 5121;

/// One attribute: `N` floats a splat, or four bytes.
#[derive(Debug, Clone, Copy)]
enum Attribute {
    Position,
    Colour,
    Rotation,
    Scale,
    Opacity,
    /// Coefficient 0 is `sh_dc`.
    Coefficient(usize),
}

impl Attribute {
    /// Values of a splat.
    const fn size(self) -> usize {
        match self {
            Self::Position | Self::Scale | Self::Coefficient(_) => 3,
            Self::Colour | Self::Rotation => 4,
            Self::Opacity => 1,
        }
    }

    const fn splat_bytes(self) -> usize {
        match self {
            Self::Colour => 4,
            _ => 4 * self.size(),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Position => "POSITION".to_owned(),
            Self::Colour => "COLOR_0".to_owned(),
            Self::Rotation => format!("{EXTENSION}:ROTATION"),
            Self::Scale => format!("{EXTENSION}:SCALE"),
            Self::Opacity => format!("{EXTENSION}:OPACITY"),
            Self::Coefficient(idx) => {
                let degree = idx.isqrt();
                coefficient_name(degree, idx - degree * degree)
            }
        }
    }

    /// `bytes` of one splat.
    fn encode(self, splats: &Splats, splat_idx: usize, bytes: &mut [u8]) {
        let splat = splats.get(splat_idx);
        let values = match self {
            Self::Position => [splat.position[0], splat.position[1], splat.position[2], 0.0],
            Self::Rotation => {
                let [w, x, y, z] = unit(splat.rotation);
                [x, y, z, w]
            }
            Self::Scale => {
                let [x, y, z] = splat.log_scale.map(libm::expf);
                [x, y, z, 0.0]
            }
            Self::Opacity => [1.0 / (1.0 + libm::expf(-splat.raw_opacity)), 0.0, 0.0, 0.0],
            Self::Coefficient(idx) => {
                let values = match idx.checked_sub(1) {
                    None => &splat.sh_dc[..],
                    Some(idx) => &splat.sh_rest[3 * idx..3 * idx + 3],
                };
                [values[0], values[1], values[2], 0.0]
            }
            Self::Colour => {
                let [red, green, blue] =
                    splat.sh_dc.map(|dc| ((0.5 + SH_C0 * dc) * 255.0).round() as u8);
                bytes.copy_from_slice(&[red, green, blue, spz::opacity_to(splat.raw_opacity)]);
                return;
            }
        };
        for (word, value) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(values) {
            *word = value.to_le_bytes();
        }
    }
}

/// By its largest component first: squares of extreme values leave the range of `f32`.
fn unit(rotation: [f32; 4]) -> [f32; 4] {
    let largest = rotation.iter().fold(0.0_f32, |best, value| best.max(value.abs()));
    let scaled = rotation.map(|value| value / largest);
    let length = scaled.iter().map(|value| value * value).sum::<f32>().sqrt();
    scaled.map(|value| value / length)
}

pub(super) fn write(splats: &Splats, mut writer: impl Write) -> Result<(), WriteError> {
    refuse(splats)?;
    let n_coefficients = 1 + splats.sh_degree().rest_coefficients();
    let attributes: Vec<Attribute> = [
        Attribute::Position,
        Attribute::Colour,
        Attribute::Rotation,
        Attribute::Scale,
        Attribute::Opacity,
    ]
    .into_iter()
    .chain((0..n_coefficients).map(Attribute::Coefficient))
    .collect();
    // All attributes take multiples of four bytes; 2^24 splats of degree 3 stay below the 4 GiB of a GLB.
    let n_bytes =
        splats.len() * attributes.iter().map(|attribute| attribute.splat_bytes()).sum::<usize>();
    let mut json = json_of(splats, &attributes, n_bytes).to_string().into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');
    writer.write_all(b"glTF\x02\0\0\0")?;
    writer.write_all(&(28 + json.len() as u32 + n_bytes as u32).to_le_bytes())?;
    writer.write_all(&(json.len() as u32).to_le_bytes())?;
    writer.write_all(b"JSON")?;
    writer.write_all(&json)?;
    writer.write_all(&(n_bytes as u32).to_le_bytes())?;
    writer.write_all(b"BIN\0")?;
    for attribute in attributes {
        put(splats, attribute, &mut writer)?;
    }
    writer.flush()?;
    Ok(())
}

fn refuse(splats: &Splats) -> Result<(), WriteError> {
    if splats.is_empty() {
        return Err(WriteError::Empty);
    }
    if splats.sh_degree() > SH_DEGREE_MAX {
        return Err(WriteError::ShDegree { found: splats.sh_degree().get() });
    }
    splats.refuse_unstorable()?;
    let log_scales = splats.parts().log_scales.par_iter().enumerate();
    let infinite = log_scales.find_map_first(|(splat_idx, log_scale)| {
        let value = *log_scale.iter().find(|value| libm::expf(**value).is_infinite())?;
        Some(WriteError::Scale { splat_idx, value })
    });
    infinite.map_or(Ok(()), Err)
}

fn put(splats: &Splats, attribute: Attribute, writer: &mut impl Write) -> io::Result<()> {
    let splat_bytes = attribute.splat_bytes();
    let mut buffer = Vec::new();
    for start in (0..splats.len()).step_by(CHUNK_SPLATS) {
        buffer.resize(CHUNK_SPLATS.min(splats.len() - start) * splat_bytes, 0);
        buffer.par_chunks_mut(BLOCK_SPLATS * splat_bytes).enumerate().for_each(
            |(block_idx, block)| {
                for (idx, bytes) in block.chunks_exact_mut(splat_bytes).enumerate() {
                    attribute.encode(splats, start + block_idx * BLOCK_SPLATS + idx, bytes);
                }
            },
        );
        writer.write_all(&buffer)?;
    }
    Ok(())
}

fn json_of(splats: &Splats, attributes: &[Attribute], n_bytes: usize) -> Value {
    let mut views = Vec::new();
    let mut accessors = Vec::new();
    let mut named = serde_json::Map::new();
    let mut offset = 0;
    for (idx, attribute) in attributes.iter().enumerate() {
        let length = splats.len() * attribute.splat_bytes();
        views.push(json!({ "buffer": 0, "byteOffset": offset, "byteLength": length, "target": ARRAY_BUFFER }));
        offset += length;
        let kind = ["SCALAR", "VEC2", "VEC3", "VEC4"][attribute.size() - 1];
        let mut accessor = json!({ "bufferView": idx, "componentType": FLOAT, "count": splats.len(), "type": kind });
        match attribute {
            Attribute::Colour => {
                accessor["componentType"] = json!(UNSIGNED_BYTE);
                accessor["normalized"] = json!(true);
            }
            Attribute::Position => {
                let mut limits = [[f32::INFINITY; 3], [f32::NEG_INFINITY; 3]];
                for position in &splats.parts().positions {
                    for axis in 0..3 {
                        limits[0][axis] = limits[0][axis].min(position[axis]);
                        limits[1][axis] = limits[1][axis].max(position[axis]);
                    }
                }
                accessor["min"] = json!(limits[0]);
                accessor["max"] = json!(limits[1]);
            }
            _ => {}
        }
        accessors.push(accessor);
        named.insert(attribute.name(), json!(idx));
    }
    json!({
        "asset": { "version": "2.0", "generator": "Crucible" },
        "extensionsUsed": [EXTENSION],
        "scene": 0,
        "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0 }],
        "meshes": [{ "primitives": [{
            "mode": 0,
            "attributes": named,
            "extensions": { EXTENSION: {
                "kernel": "ellipse",
                "colorSpace": "srgb_rec709_display",
                "projection": "perspective",
                "sortingMethod": "cameraDistance",
            } },
        }] }],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{ "byteLength": n_bytes }],
    })
}
