//! Where an object of splats is, among floaters, and cameras all around it.

use asset::Splats;
use glam::{DMat3, DVec3, Vec3};
use render::Camera;

use crate::MeshError;
use crate::error::in_range;

/// The box that is meshed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub low: Vec3,
    pub high: Vec3,
}

/// Splats that are less opaque do not say where the object is.
const OPACITY_MIN: f32 = 0.1;
/// Share of the splats on either side of an axis that may be floaters.
const TAIL: f64 = 0.002;
/// Full opening of a camera, degrees: nearly parallel rays, so that hollows are looked into.
const FOV_DEG: f64 = 30.0;
/// What lies farther from the rest than this share of its size is left out.
const BEYOND: f32 = 0.3;

impl Frame {
    /// `None` when no splat can be seen.
    pub(crate) fn of(splats: &Splats) -> Result<Option<Self>, MeshError> {
        let mut points: Vec<(Vec3, f32)> = Vec::new();
        for splat in splats.iter() {
            let active = splat.activate();
            let largest = active.scale.into_iter().fold(0.0, f32::max);
            let position = Vec3::from(active.position);
            if active.opacity >= OPACITY_MIN && position.is_finite() && largest.is_finite() {
                points.push((position, largest));
            }
        }
        if points.is_empty() {
            return Ok(None);
        }
        let tail = (points.len() as f64 * TAIL) as usize;
        let (mut low, mut high) = (Vec3::ZERO, Vec3::ZERO);
        let mut sorted: Vec<f32> = Vec::with_capacity(points.len());
        for axis in 0..3 {
            sorted.clear();
            sorted.extend(points.iter().map(|(p, _)| p[axis]));
            sorted.sort_unstable_by(f32::total_cmp);
            (low[axis], high[axis]) = (sorted[tail], sorted[sorted.len() - 1 - tail]);
        }
        for corner in [low.to_array(), high.to_array()].as_flattened() {
            in_range("a corner of the object (metres)", f64::from(*corner), [-1e6, 1e6])?;
        }
        let reach = (high - low).max_element().max(1e-4);
        let (far_low, far_high) = (low - reach * BEYOND, high + reach * BEYOND);
        let (core_low, core_high) = (low, high);
        for &(p, size) in &points {
            if p.cmpge(far_low).all() && p.cmple(far_high).all() {
                // Two standard deviations are solid, of splats that belong to the object.
                let size = (2.0 * size).min(0.1 * reach);
                low = low.min(p - size);
                high = high.max(p + size);
            }
        }
        (low, high) = (low.min(core_low).max(far_low), high.max(core_high).min(far_high));
        Ok(Some(Self { low, high }))
    }

    pub(crate) fn centre(&self) -> Vec3 {
        0.5 * (self.low + self.high)
    }

    /// Longest side, metres.
    pub(crate) fn size(&self) -> f32 {
        (self.high - self.low).max_element()
    }

    /// Radius of the ball around the box, metres.
    pub(crate) fn radius(&self) -> f32 {
        0.5 * (self.high - self.low).length()
    }

    /// Cameras around the object: six along the axes, the others along a spiral of equal areas. Pictures are square.
    pub(crate) fn cameras(&self, count: u32, side: u32) -> Vec<Camera> {
        let radius = f64::from(self.radius()) * 1.02;
        let half = (FOV_DEG / 2.0).to_radians();
        let distance = radius / libm::sin(half);
        let centre = self.centre().as_dvec3();
        let golden = std::f64::consts::PI * (3.0 - 5.0_f64.sqrt());
        let axes = [DVec3::X, DVec3::Y, DVec3::Z].into_iter().flat_map(|axis| [axis, -axis]);
        let others = count.saturating_sub(6);
        let spiral = (0..others).map(|idx| {
            let y = 1.0 - (2.0 * f64::from(idx) + 1.0) / f64::from(others);
            let (sin, cos) = libm::sincos(golden * f64::from(idx));
            let ring = (1.0 - y * y).max(0.0).sqrt();
            DVec3::new(ring * sin, y, ring * cos)
        });
        let camera = |back: DVec3| {
            let right = DVec3::Y.cross(back).try_normalize().unwrap_or(DVec3::X);
            let up = back.cross(right);
            let middle = f64::from(side) / 2.0;
            Camera {
                eye: centre + back * distance,
                world_to_view: DMat3::from_cols(right, -up, -back).transpose(),
                focal_px: middle / libm::tan(half),
                centre_px: [middle; 2],
                size_px: [side; 2],
                near: 0.01 * distance,
                far: 4.0 * distance,
            }
        };
        axes.chain(spiral).map(camera).collect()
    }
}
