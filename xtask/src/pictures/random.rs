//! Numbers that look random and depend on nothing but pixel, sample and purpose.

use generate::truth::paint::hash_unit;
use glam::Vec3;

/// The numbers of one sample of one pixel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Random {
    pub pixel: [u32; 2],
    pub sample_idx: u32,
}

impl Random {
    /// 0 to 1; every `purpose` has its own. Over the samples of a pixel the values of two neighbouring purposes fill
    /// the square evenly: additive recurrence with the plastic number, shifted by the pixel.
    pub(super) fn unit(self, purpose: u32) -> f32 {
        let shift = hash_unit(self.pixel[0] as i32, self.pixel[1] as i32, purpose as i32);
        let step = if purpose.is_multiple_of(2) { 0.754_877_7 } else { 0.569_840_3 };
        (shift + step * (self.sample_idx + 1) as f32).fract()
    }

    /// A direction within `spread` (tangent of the half angle) around a unit direction. Uses `purpose` and the next.
    pub(super) fn near(self, direction: Vec3, spread: f32, purpose: u32) -> Vec3 {
        let radius = spread * self.unit(purpose).sqrt();
        let (sin, cos) = libm::sincosf(self.unit(purpose + 1) * std::f32::consts::TAU);
        let (u, v) = direction.any_orthonormal_pair();
        (direction + (u * cos + v * sin) * radius).normalize()
    }
}
