//! The prompt picture of a truth: its front view, as a photograph would show it.

use asset::Splats;
use image::{Rgba, RgbaImage};
use render::{Background, Camera, Lens, View};
use serde::Serialize;

use crate::truth::paint::{hash_unit, smoothstep};

/// What is behind the object in a prompt picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Backdrop {
    /// Nothing: the alpha channel says where the object is.
    #[default]
    Transparent,
    /// An opaque grey sweep, darker to the corners, with a floor and a soft shadow under the object: the object has
    /// to be cut out first.
    Studio,
}

/// The front view at the competition's lens. `None` when no pixel is more than half covered.
#[must_use]
pub fn prompt_picture(splats: &Splats, size_px: u32, backdrop: Backdrop) -> Option<RgbaImage> {
    let camera = Camera::orbit(View::FRONT, Lens::competition(size_px));
    let frame = render::splats::draw(splats, &camera);
    let picture = frame.over(Background::Transparent);
    let covered = picture.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[3] >= 128);
    let mut extent: Option<[u32; 3]> = None;
    for (x, y, _) in covered {
        let [left, right, bottom] = extent.unwrap_or([x, x, y]);
        extent = Some([left.min(x), right.max(x), bottom.max(y)]);
    }
    let [left, right, bottom] = extent?;
    if backdrop == Backdrop::Transparent {
        return Some(picture);
    }
    let size = size_px as f32;
    let foot = [(left + right) as f32 / 2.0 / size, bottom as f32 / size];
    let half_width = (right - left) as f32 / 2.0 / size;
    let mut photo = RgbaImage::new(size_px, size_px);
    for (idx, pixel) in photo.pixels_mut().enumerate() {
        let (x, y) = (idx as u32 % size_px, idx as u32 / size_px);
        let (u, v) = ((x as f32 + 0.5) / size, (y as f32 + 0.5) / size);
        let behind = studio([u, v], foot, half_width);
        let grain = (hash_unit(x as i32, y as i32, 77) - 0.5) * 0.012;
        let (colour, left_over) = (frame.colour[idx], frame.transmittance[idx]);
        let byte = |c: usize| {
            let value = colour[c] + left_over * (behind[c] + grain);
            (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
        };
        *pixel = Rgba([byte(0), byte(1), byte(2), 255]);
    }
    Some(photo)
}

/// Display-referred colour of the sweep at a picture position (0 to 1), with the shadow of an object whose lowest
/// point and half width are given.
fn studio([u, v]: [f32; 2], foot: [f32; 2], half_width: f32) -> [f32; 3] {
    let floor = smoothstep(foot[1] - 0.14, foot[1] + 0.02, v);
    let centre = ((u - 0.5) * (u - 0.5) + (v - 0.42) * (v - 0.42)).sqrt();
    let wall = 0.66 - 0.22 * smoothstep(0.1, 0.75, centre);
    let base = wall + (0.72 - wall) * floor;
    let across = (u - foot[0]) / (half_width * 1.3 + 0.02);
    let down = (v - foot[1]) / 0.035;
    let shadow = 0.42 * smoothstep(1.0, 0.0, (across * across + down * down).sqrt());
    let shade = base * (1.0 - shadow);
    [shade * 1.02, shade, shade * 0.95]
}
