//! Writing: order, codebooks and palette first, then every picture by itself, side by side.

use std::io::{Cursor, Write};

use rayon::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::splats::{ShDegree, Splats};
use crate::spz;
use crate::webp::{self, Pixel};

use super::codebook::Codebook;
use super::error::WriteError;
use super::means::{self, Range};
use super::meta::{self, Generator, WrittenCodebook, WrittenFile, WrittenHarmonics, WrittenMeans};
use super::palette::Palette;
use super::{Written, rotation};

const MEANS: [&str; 2] = ["means_l.webp", "means_u.webp"];
const SCALES: &str = "scales.webp";
const QUATS: &str = "quats.webp";
const SH0: &str = "sh0.webp";
const HARMONICS: [&str; 2] = ["shN_centroids.webp", "shN_labels.webp"];
/// Entries of the palette in a row of the centroids.
const PALETTE_COLUMNS: usize = 64;

pub(super) fn write(splats: &Splats, mut writer: impl Write) -> Result<Written, WriteError> {
    if splats.sh_degree() > ShDegree::THREE {
        return Err(WriteError::ShDegree { found: splats.sh_degree().get() });
    }
    splats.refuse_unstorable()?;
    let parts = splats.parts();
    let range = Range::of(&parts.positions);
    let stored = range.quantise(&parts.positions);
    let (order, (scales, colours)) = rayon::join(
        || means::order(&stored),
        || rayon::join(|| Codebook::of(&parts.log_scales), || Codebook::of(&parts.sh_dc)),
    );
    let has_harmonics = splats.sh_degree() > ShDegree::ZERO && !splats.is_empty();
    let palette = has_harmonics.then(|| Palette::of(&parts.sh_rest, splats.sh_degree()));
    let pictures = Pictures {
        splats,
        order: &order,
        stored: &stored,
        scales: &scales,
        colours: &colours,
        palette: palette.as_ref(),
    };
    let mut names = vec![MEANS[0], MEANS[1], QUATS, SCALES, SH0];
    if palette.is_some() {
        names.extend(HARMONICS);
    }
    let files: Vec<(&str, Vec<u8>)> =
        names.into_par_iter().with_max_len(1).map(|name| (name, pictures.encode(name))).collect();

    let levels = [scales.padded(), colours.padded()];
    let meta = meta::Written {
        version: 2,
        asset: Generator { generator: "Crucible" },
        count: splats.len(),
        means: WrittenMeans { mins: range.mins, maxs: range.maxs, files: MEANS },
        scales: WrittenCodebook { codebook: &levels[0], files: [SCALES] },
        quats: WrittenFile { files: [QUATS] },
        sh0: WrittenCodebook { codebook: &levels[1], files: [SH0] },
        harmonics: palette.as_ref().map(|palette| WrittenHarmonics {
            count: palette.n_entries(),
            bands: splats.sh_degree().get(),
            codebook: &palette.levels,
            files: HARMONICS,
        }),
    };
    let meta = serde_json::to_vec(&meta).map_err(std::io::Error::from)?;
    writer.write_all(&bundle(&meta, files)?)?;
    writer.flush()?;
    Ok(Written { order })
}

/// A zip file without compression.
fn bundle(meta: &[u8], files: Vec<(&str, Vec<u8>)>) -> Result<Vec<u8>, WriteError> {
    let n_bytes = files.iter().map(|(_, file)| file.len() + 256).sum::<usize>() + meta.len() + 1024;
    let mut archive = ZipWriter::new(Cursor::new(Vec::with_capacity(n_bytes)));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut add = |name: &str, content: &[u8]| -> std::io::Result<()> {
        archive.start_file(name, stored)?;
        archive.write_all(content)
    };
    add("meta.json", meta)?;
    for (name, file) in files {
        add(name, &file)?;
    }
    Ok(archive.finish().map_err(std::io::Error::from)?.into_inner())
}

/// All that pictures are made from.
struct Pictures<'a> {
    splats: &'a Splats,
    order: &'a [u32],
    stored: &'a [[u16; 3]],
    scales: &'a Codebook,
    colours: &'a Codebook,
    palette: Option<&'a Palette>,
}

impl Pictures<'_> {
    /// The file with this name.
    fn encode(&self, name: &str) -> Vec<u8> {
        let parts = self.splats.parts();
        let byte_of_mean = |idx: usize, byte: usize| {
            let [x, y, z] = self.stored[idx].map(|axis| axis.to_le_bytes()[byte]);
            [x, y, z, 255]
        };
        if name == MEANS[0] {
            self.of_splats(|idx| byte_of_mean(idx, 0))
        } else if name == MEANS[1] {
            self.of_splats(|idx| byte_of_mean(idx, 1))
        } else if name == QUATS {
            self.of_splats(|idx| rotation::pixel_of(parts.rotations[idx]))
        } else if name == SCALES {
            self.of_splats(|idx| {
                let [x, y, z] = parts.log_scales[idx].map(|value| self.scales.place(value));
                [x, y, z, 255]
            })
        } else if name == SH0 {
            self.of_splats(|idx| {
                let [r, g, b] = parts.sh_dc[idx].map(|value| self.colours.place(value));
                [r, g, b, spz::opacity_to(parts.raw_opacities[idx])]
            })
        } else {
            match self.palette {
                Some(palette) if name == HARMONICS[1] => self.of_splats(|idx| {
                    let [low, high] = palette.labels[idx].to_le_bytes();
                    [low, high, 0, 255]
                }),
                Some(palette) => centroids(palette),
                None => Vec::new(),
            }
        }
    }

    /// A picture of one pixel a splat, nearly square, with sides that are multiples of 4.
    fn of_splats(&self, pixel_of: impl Fn(usize) -> Pixel) -> Vec<u8> {
        let n_splats = self.order.len();
        let mut side = 4;
        while side * side < n_splats {
            side += 4;
        }
        let height = n_splats.div_ceil(side).next_multiple_of(4).max(4);
        let mut pixels = Vec::with_capacity(side * height);
        pixels.extend(self.order.iter().map(|splat_idx| pixel_of(*splat_idx as usize)));
        let last = pixels.last().copied().unwrap_or([0, 0, 0, 255]);
        pixels.resize(side * height, last);
        webp::encode(pixels, side)
    }
}

fn centroids(palette: &Palette) -> Vec<u8> {
    let n_coefficients = palette.places.len() / palette.n_entries() / 3;
    let width = PALETTE_COLUMNS * n_coefficients;
    let height = palette.n_entries().div_ceil(PALETTE_COLUMNS);
    let mut pixels: Vec<Pixel> =
        palette.places.as_chunks::<3>().0.iter().map(|[r, g, b]| [*r, *g, *b, 255]).collect();
    pixels.resize(width * height, [0, 0, 0, 255]);
    webp::encode(pixels, width)
}
