//! Unlit materials: basic, line, dashed line and points. Source: three r183.

use std::f32::consts::FRAC_1_PI;

use glam::Vec3;

/// Linear light of a basic material; lines and points have neither light map nor occlusion.
///
/// `light_map` is the map times its intensity, `occlusion` as on a lit [`Surface`](super::Surface).
pub fn basic(colour: Vec3, light_map: Option<Vec3>, occlusion: f32) -> Vec3 {
    let light = light_map.map_or(Vec3::ONE, |map| map * FRAC_1_PI);
    super::colour::bounded(colour * light * occlusion, f32::MAX)
}

/// Whether a dashed line has a gap at a distance along it.
pub fn in_gap(line_distance: f32, scale: f32, dash: f32, gap: f32) -> bool {
    let (along, period) = (scale * line_distance, dash + gap);
    along - period * (along / period).floor() > dash
}
