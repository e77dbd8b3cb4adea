//! Pictures of a file: unpacked with limits, and asked pixel by pixel.

use std::io::{Cursor, Read};

use image::codecs::webp::WebPDecoder;
use image::{ColorType, ImageDecoder};
use rayon::prelude::*;
use zip::ZipArchive;

use crate::spz::{RATIO_FREE_BYTES, RATIO_MAX};
use crate::webp::Pixel;

use super::META_BYTES_MAX;
use super::error::ReadError;
use super::meta::Meta;

/// The archive, and what was unpacked from it so far.
pub(super) struct Bundle<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    packed: u64,
    unpacked: u64,
}

impl<'a> Bundle<'a> {
    pub(super) fn open(file: &'a [u8]) -> Result<Self, ReadError> {
        let archive = ZipArchive::new(Cursor::new(file)).map_err(|error| broken("", &error))?;
        Ok(Self { archive, packed: file.len() as u64, unpacked: 0 })
    }

    /// The content of `meta.json`.
    pub(super) fn meta(&mut self) -> Result<Vec<u8>, ReadError> {
        let name = "meta.json";
        let entry = self.archive.by_name(name).map_err(|error| broken(name, &error))?;
        let mut content = Vec::new();
        entry
            .take(META_BYTES_MAX + 1)
            .read_to_end(&mut content)
            .map_err(|error| broken(name, &error))?;
        if content.len() as u64 > META_BYTES_MAX {
            return Err(ReadError::MetaTooLong);
        }
        Ok(content)
    }

    /// So many more bytes are going to be unpacked.
    fn announce(&mut self, n_bytes: u64) -> Result<(), ReadError> {
        self.unpacked = self.unpacked.saturating_add(n_bytes);
        let (unpacked, packed) = (self.unpacked, self.packed);
        if unpacked.saturating_sub(RATIO_FREE_BYTES) > packed.saturating_mul(RATIO_MAX) {
            return Err(ReadError::Ratio { unpacked, packed });
        }
        Ok(())
    }

    /// The content of a picture's entry, still a WebP.
    fn entry(&mut self, name: &str) -> Result<Vec<u8>, ReadError> {
        let size = self.archive.by_name(name).map_err(|error| broken(name, &error))?.size();
        self.announce(size)?;
        let entry = self.archive.by_name(name).map_err(|error| broken(name, &error))?;
        let mut content = Vec::new();
        // What the directory says is a claim; more is not taken.
        entry.take(size).read_to_end(&mut content).map_err(|error| broken(name, &error))?;
        Ok(content)
    }

    /// All pictures that `meta` names, in that order: means low and high, scales, quats, sh0, and of harmonics
    /// centroids and labels.
    pub(super) fn pictures(&mut self, meta: &Meta) -> Result<Vec<Picture>, ReadError> {
        let splat_count = meta.splat_count.get();
        let [low, high] = &meta.means;
        let mut names = vec![low, high, &meta.scales.1, &meta.quats, &meta.sh0.1];
        names.extend(
            meta.harmonics.iter().flat_map(|harmonics| [&harmonics.centroids, &harmonics.labels]),
        );
        let mut packed = Vec::with_capacity(names.len());
        for (idx, name) in names.into_iter().enumerate() {
            let content = self.entry(name)?;
            let decoder =
                WebPDecoder::new(Cursor::new(&content)).map_err(|error| undecoded(name, &error))?;
            let (width, height) = decoder.dimensions();
            let n_pixels = u64::from(width) * u64::from(height);
            // Centroids are as many as they are.
            if idx != 5 && n_pixels < splat_count as u64 {
                let expected = format!("at least {splat_count} are needed for as many splats");
                return Err(ReadError::Size { name: name.clone(), width, height, expected });
            }
            self.announce(4 * n_pixels)?;
            packed.push((name, content));
        }
        packed
            .into_par_iter()
            .with_max_len(1)
            .map(|(name, content)| Picture::decode(name, &content))
            .collect()
    }
}

fn broken(name: &str, error: &impl std::fmt::Display) -> ReadError {
    ReadError::Zip { name: name.to_owned(), message: error.to_string() }
}

fn undecoded(name: &str, error: &image::ImageError) -> ReadError {
    ReadError::Picture { name: name.to_owned(), message: error.to_string() }
}

/// A decoded picture.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) name: String,
    pub(super) width: u32,
    pub(super) height: u32,
    bytes: Vec<u8>,
    /// 3 or 4.
    n_channels: usize,
}

impl Picture {
    fn decode(name: &str, file: &[u8]) -> Result<Self, ReadError> {
        let decoder =
            WebPDecoder::new(Cursor::new(file)).map_err(|error| undecoded(name, &error))?;
        let (width, height) = decoder.dimensions();
        let n_channels = if decoder.color_type() == ColorType::Rgba8 { 4 } else { 3 };
        let mut bytes = vec![0; width as usize * height as usize * n_channels];
        decoder.read_image(&mut bytes).map_err(|error| undecoded(name, &error))?;
        Ok(Self { name: name.to_owned(), width, height, bytes, n_channels })
    }

    /// Red, green, blue, alpha.
    pub(super) fn pixel(&self, idx: usize) -> Pixel {
        let at = idx * self.n_channels;
        let alpha = if self.n_channels == 4 { self.bytes[at + 3] } else { 255 };
        [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], alpha]
    }
}
