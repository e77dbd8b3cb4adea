//! Pictures of intermediate results, for a person to look at.

use glam::Vec3;
use image::{Rgba, RgbaImage};

use crate::hypothesis::Relief;
use crate::map::Map;
use crate::silhouette::Silhouette;

fn byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

/// Values from `black` to `white` as greys.
pub(crate) fn grey(map: &Map, black: f32, white: f32) -> RgbaImage {
    RgbaImage::from_fn(map.width as u32, map.height as u32, |x, y| {
        let v = byte((map.get(x as usize, y as usize) - black) / (white - black));
        Rgba([v, v, v, 255])
    })
}

/// Display-referred colours, 0 to 1.
pub(crate) fn colours(map: &Map<Vec3>) -> RgbaImage {
    RgbaImage::from_fn(map.width as u32, map.height as u32, |x, y| {
        let [r, g, b] = map.get(x as usize, y as usize).to_array().map(byte);
        Rgba([r, g, b, 255])
    })
}

/// Height of the front sheet: near is white, far dark, nothing black. The scale is the relief's own depth.
pub(crate) fn depth(relief: &Relief) -> RgbaImage {
    let [low, high] = relief.depth_range();
    let sheets = &relief.sheets;
    RgbaImage::from_fn(sheets.width as u32, sheets.height as u32, |x, y| {
        let v = relief
            .heights(x as usize, y as usize)
            .map_or(0, |[front, _]| byte(0.15 + 0.85 * (front - low) / (high - low).max(1e-6)));
        Rgba([v, v, v, 255])
    })
}

/// Normals of the front sheet: x, y, z from −1 to 1 as red, green, blue.
pub(crate) fn normals(silhouette: &Silhouette, relief: &Relief) -> RgbaImage {
    let sheets = &relief.sheets;
    RgbaImage::from_fn(sheets.width as u32, sheets.height as u32, |x, y| {
        let Some(normal) = normal(silhouette, relief, x as usize, y as usize) else {
            return Rgba([0, 0, 0, 255]);
        };
        let [r, g, b] = (normal * 0.5 + 0.5).to_array().map(byte);
        Rgba([r, g, b, 255])
    })
}

/// Unit normal of the front sheet at a pixel.
pub(crate) fn normal(silhouette: &Silhouette, relief: &Relief, x: usize, y: usize) -> Option<Vec3> {
    let [front, _] = relief.heights(x, y)?;
    let sheet = relief.sheets.get(x, y);
    let [dx, dy] = relief.sheets.slope(x, y);
    let rise = (front - sheet.x).max(0.5 / silhouette.extent_px);
    let slope = |d: Vec3| (d.y / (2.0 * rise) + d.x) * silhouette.extent_px;
    Some(Vec3::new(-slope(dx), slope(dy), 1.0).normalize())
}
