//! DINOv3 vision transformers, with weights as `transformers` saves them: `config.json` and `model.safetensors`.
//!
//! Facts: judging specification §6.2; names and defaults of `transformers` 5.0.0, `DINOv3ViTModel`. The picture goes in
//! at 224 × 224 whatever its shape; the vector is the class token after the final normalisation, divided by its length.
//! Weights are not shipped: their licence is their owner's.

mod config;
mod error;
mod load;
mod transformer;

use image::RgbImage;
use sha2::{Digest, Sha256};

use super::{DescribeError, Descriptor, each, normalise, resize};
use config::Config;
pub use error::ModelError;
use transformer::Transformer;

/// Side of the picture that goes in, in pixels.
const SIDE_PX: usize = 224;
/// Of red, green and blue, where black is 0 and white is 1.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// Largest file of weights that is taken: the largest published model of one file, ViT-H+/16, has 3.4 GB.
pub const WEIGHTS_BYTES_MAX: u64 = 4 << 30;
/// Largest configuration that is taken.
pub const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// Describes pictures with a DINOv3 vision transformer.
#[derive(Debug, Clone)]
pub struct DinoV3 {
    id: String,
    transformer: Transformer,
}

impl DinoV3 {
    /// Reads a model from the bytes of its two files.
    ///
    /// The whole model is held in memory as `f32`. Its [`Descriptor::id`] is `dinov3:` and the first 16 digits of a
    /// SHA-256 of the weights' bytes and of what the configuration means.
    ///
    /// # Errors
    /// A configuration that is not of a DINOv3 ViT or goes beyond a limit; weights that are missing, unknown, not `f32`,
    /// or of another shape than the configuration says; files longer than [`CONFIG_BYTES_MAX`] and [`WEIGHTS_BYTES_MAX`].
    pub fn read(config: &[u8], weights: &[u8]) -> Result<Self, ModelError> {
        let config = Config::parse(config)?;
        let transformer = load::transformer(&config, weights)?;
        let mut hash = Sha256::new();
        hash.update(Sha256::digest(weights));
        hash.update(config.canonical());
        let digits = faster_hex::hex_string(&hash.finalize()[..8]);
        Ok(Self { id: format!("dinov3:{digits}"), transformer })
    }
}

impl Descriptor for DinoV3 {
    fn id(&self) -> &str {
        &self.id
    }

    fn dimension(&self) -> usize {
        self.transformer.width()
    }

    fn describe(&self, pictures: &[RgbImage]) -> Result<Vec<Vec<f32>>, DescribeError> {
        each(pictures, |picture_idx, picture| {
            let mut vector = self.transformer.class_token(&pixels(picture), [SIDE_PX; 2]);
            if vector.iter().any(|value| !value.is_finite()) {
                return Err(DescribeError::NotFinite { picture_idx, id: self.id.clone() });
            }
            normalise(&mut vector);
            Ok(vector)
        })
    }
}

/// What goes into the model: `[channel][y][x]`.
fn pixels(picture: &RgbImage) -> Vec<f32> {
    let table = std::array::from_fn(|byte| byte as f32 * (1.0 / 255.0));
    let resized = resize::resize(picture, [SIDE_PX; 2], &table);
    let channels = resized.planes.iter().zip(MEAN).zip(DEVIATION);
    let normal = channels.flat_map(|((plane, mean), deviation)| {
        plane.iter().map(move |value| (value - mean) / deviation)
    });
    normal.collect()
}

#[cfg(test)]
mod tests;
