//! Pictures before and after, from the eight sides of the competitions' white set.

use image::RgbaImage;
use render::scene::{Stop, Stopped};
use render::{Camera, Lens, View};
use serde::Serialize;
use vision::metrics::{psnr, ssim};

use super::frame::Canvas;

/// Side of the pictures, pixels.
pub const SIZE_PX: u32 = 256;

/// How far apart the pictures are. PSNR is over all pixels of R, G and B, the white around the asset included.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pictures {
    /// Every picture is the same, byte by byte. PSNR is then infinite, which JSON cannot say: it is null.
    pub are_identical: bool,
    /// Of the mean squared error of all views together, dB.
    pub psnr_db: Option<f64>,
    /// Mean of the views.
    pub ssim: f64,
    /// Each view; none when the assets are identical and nothing was drawn.
    pub views: Vec<ViewCost>,
    /// Side of the pictures, pixels.
    pub size_px: u32,
}

/// One view.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ViewCost {
    /// Name of the view in the white set.
    pub view: &'static str,
    /// `None` is infinite.
    pub psnr_db: Option<f64>,
    /// −1 to 1.
    pub ssim: f64,
}

impl Pictures {
    pub(super) const fn identical() -> Self {
        Self { are_identical: true, psnr_db: None, ssim: 1.0, views: Vec::new(), size_px: SIZE_PX }
    }

    /// PSNR as a number that can be compared: infinite when identical.
    #[must_use]
    pub fn decibels(&self) -> f64 {
        self.psnr_db.unwrap_or(f64::INFINITY)
    }

    /// The view with the lowest PSNR.
    #[must_use]
    pub fn worst(&self) -> Option<&ViewCost> {
        let decibels = |view: &ViewCost| view.psnr_db.unwrap_or(f64::INFINITY);
        self.views.iter().min_by(|a, b| decibels(a).total_cmp(&decibels(b)))
    }
}

pub(super) fn compare(
    before: &Canvas<'_>,
    after: &Canvas<'_>,
    stop: Stop<'_>,
) -> Result<Pictures, Stopped> {
    let cameras = View::WHITE.map(|named| Camera::orbit(named.view, Lens::competition(SIZE_PX)));
    let before = before.draw(&cameras, stop)?;
    let after = after.draw(&cameras, stop)?;
    Ok(lay_beside(&before, &after))
}

/// Pictures that cannot be compared (of different sizes: a fault of ours) are told as nothing alike, so that no limit lets them pass.
fn lay_beside(before: &[RgbaImage], after: &[RgbaImage]) -> Pictures {
    let mut views = Vec::new();
    let mut squares = 0.0;
    for ((named, before), after) in View::WHITE.iter().zip(before).zip(after) {
        let decibels = psnr(before, after, None).unwrap_or(0.0);
        squares += 1.0 / libm::pow(10.0, decibels / 10.0);
        let ssim = ssim(before, after, None).unwrap_or(-1.0);
        views.push(ViewCost { view: named.name, psnr_db: finite(decibels), ssim });
    }
    let decibels = -10.0 * libm::log10(squares / views.len() as f64);
    Pictures {
        are_identical: views.iter().all(|view| view.psnr_db.is_none()),
        psnr_db: finite(decibels),
        ssim: views.iter().map(|view| view.ssim).sum::<f64>() / views.len() as f64,
        views,
        size_px: SIZE_PX,
    }
}

/// Infinite is `None`, and nothing else is.
fn finite(decibels: f64) -> Option<f64> {
    (decibels != f64::INFINITY).then_some(decibels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_that_cannot_be_compared_are_not_taken_for_identical() {
        let [small, large] = [8, 16].map(|side| vec![RgbaImage::new(side, side); 8]);
        assert!(lay_beside(&small, &small).are_identical);
        let mut other = small.clone();
        other[3] = large[0].clone();
        let found = lay_beside(&small, &other);
        assert!(!found.are_identical);
        assert_eq!(found.worst().map(|view| view.psnr_db), Some(Some(0.0)));
        assert!(found.decibels() < 10.0, "{found:?}");
    }
}
