//! How near an asset is to the picture: drawn from where the picture was taken, at the picture's resolution.

use std::fmt;

use asset::scene::Scene;
use glam::Vec3;
use image::RgbaImage;
use render::scene::{Lighting, Prepared};
use serde::Serialize;

use crate::refine::Goal;

/// The front view against the cut-out picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Front {
    /// Inside the mask, at the picture's own resolution, both over white, decibels.
    pub front_psnr_db: f64,
    /// Silhouette against the mask, at coverage ½, 0 to 1.
    pub front_iou: f64,
}

impl fmt::Display for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PSNR {:.1} dB, IoU {:.3}", self.front_psnr_db, self.front_iou)
    }
}

/// The picture an asset is compared with, and the camera that took it.
#[derive(Debug)]
pub struct Gauge {
    goal: Goal,
}

impl Gauge {
    pub(crate) fn new(goal: Goal) -> Self {
        Self { goal }
    }

    /// Compares what covers each pixel (0 to 1) and the colours, display-referred and multiplied by that.
    pub(crate) fn compare(&self, seen: impl Fn(usize) -> (Vec3, f32)) -> Front {
        let goal = &self.goal;
        let (mut error, mut n) = (0.0_f64, 0_usize);
        let (mut both, mut either) = (0_usize, 0_usize);
        for (pixel_idx, &alpha) in goal.alpha.values.iter().enumerate() {
            let (colour, covered) = seen(pixel_idx);
            both += usize::from(alpha > 0.5 && covered > 0.5);
            either += usize::from(alpha > 0.5 || covered > 0.5);
            if alpha > 0.5 {
                // Both over white, as the views of the asset are judged.
                let over = |colour: Vec3, alpha: f32| {
                    (colour + Vec3::splat(1.0 - alpha)).clamp(Vec3::ZERO, Vec3::ONE)
                };
                let found = over(colour, covered);
                let wanted = over(goal.colour.values[pixel_idx] * alpha, alpha);
                error += f64::from((found - wanted).length_squared()) / 3.0;
                n += 1;
            }
        }
        Front {
            front_psnr_db: -10.0 * libm::log10((error / n.max(1) as f64).max(1e-10)),
            front_iou: both as f64 / either.max(1) as f64,
        }
    }

    /// Draws a scene from where the picture was taken, and compares. The picture is over white.
    #[must_use]
    pub fn measure(&self, scene: &Scene, lighting: Lighting) -> (Front, RgbaImage) {
        let prepared = Prepared::new(scene);
        let [white, black] = [[255; 3], [0; 3]]
            .map(|background| prepared.draw(&self.goal.camera, lighting, background));
        (self.compare_over(&white, &black), white)
    }

    /// Compares pictures over white and over black; what differs between them is not covered.
    #[must_use]
    fn compare_over(&self, white: &RgbaImage, black: &RgbaImage) -> Front {
        let byte = |picture: &RgbaImage, at: usize, k: usize| {
            picture.as_raw().get(4 * at + k).map_or(0.0, |&byte| f32::from(byte) / 255.0)
        };
        self.compare(|at| {
            let colour = Vec3::from([0, 1, 2].map(|k| byte(black, at, k)));
            let uncovered = byte(white, at, 1) - byte(black, at, 1);
            (colour, 1.0 - uncovered)
        })
    }

    pub(crate) fn goal(&self) -> &Goal {
        &self.goal
    }
}
