//! Two views of the same object compared: intersection over union of silhouettes, PSNR, SSIM.

use asset::Splats;
use render::{Background, Camera, Frame, Lens, View};
use serde::Serialize;
use vision::{Matte, metrics};

/// PSNR values are cut off here, so that a mean over perfect views exists.
pub const PSNR_CAP_DB: f64 = 60.0;

/// How close one view is to the truth, or a mean of such.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// Intersection over union of the silhouettes (coverage of at least one half), 0 to 1.
    pub iou: f64,
    /// PSNR over white inside the union of both silhouettes, dB, at most [`PSNR_CAP_DB`].
    pub psnr_db: f64,
    /// SSIM over white inside the union of both silhouettes, at most 1.
    pub ssim: f64,
}

impl Score {
    /// What two views that show nothing get.
    const EQUAL: Self = Self { iou: 1.0, psnr_db: PSNR_CAP_DB, ssim: 1.0 };
    /// What cannot be compared gets. It does not happen with frames of the same size.
    const NOTHING: Self = Self { iou: 0.0, psnr_db: 0.0, ssim: 0.0 };

    /// One view against the truth; both frames have the same size.
    #[must_use]
    pub fn of(found: &Frame, expected: &Frame) -> Self {
        let (a, b) = (matte(found), matte(expected));
        let alpha: Vec<f32> =
            a.alpha.iter().zip(&b.alpha).map(|(&one, &other)| one.max(other)).collect();
        if alpha.iter().all(|&coverage| coverage < metrics::MASK_THRESHOLD) {
            return Self::EQUAL;
        }
        let union = Matte { width: b.width, height: b.height, alpha };
        let (x, y) = (found.over(Background::WHITE), expected.over(Background::WHITE));
        let (Ok(iou), Ok(psnr), Ok(ssim)) = (
            metrics::iou(&a, &b, metrics::MASK_THRESHOLD),
            metrics::psnr(&x, &y, Some(&union)),
            metrics::ssim(&x, &y, Some(&union)),
        ) else {
            return Self::NOTHING;
        };
        Self { iou, psnr_db: psnr.min(PSNR_CAP_DB), ssim }
    }

    /// The mean of each value; zeros when there is none.
    #[must_use]
    pub fn mean(scores: &[Self]) -> Self {
        let n = scores.len().max(1) as f64;
        let mean = |value: fn(&Self) -> f64| scores.iter().map(value).sum::<f64>() / n;
        Self { iou: mean(|s| s.iou), psnr_db: mean(|s| s.psnr_db), ssim: mean(|s| s.ssim) }
    }
}

fn matte(frame: &Frame) -> Matte {
    Matte {
        width: frame.size_px[0] as usize,
        height: frame.size_px[1] as usize,
        alpha: frame.transmittance.iter().map(|&left_over| 1.0 - left_over).collect(),
    }
}

/// The 8 white views of an asset.
pub(super) fn white_frames(splats: &Splats, size_px: u32) -> Vec<Frame> {
    let lens = Lens::competition(size_px);
    let cameras = View::WHITE.map(|named| Camera::orbit(named.view, lens));
    render::splats::draw_all(splats, &cameras)
}
