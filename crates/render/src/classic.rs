//! Pictures of one mesh as the mesh competition (E2) drew it. Facts: rendering specification part C.
//!
//! A [`Model`] is the bare geometry of a file's only primitive and its material: nodes move nothing. It is drawn in one
//! white light that goes with the camera, blended in the order of its triangles, with four samples per pixel at twice the
//! size, and reduced with a Lanczos filter. Every picture is a pure function of model, view and size: the number of
//! threads changes nothing.
//!
//! Where the original is at the mercy of its driver, this is not: see `docs/scenes.md`.

mod lanczos;
mod light;
mod load;
mod model;
mod normals;
mod picture;
mod prim;
mod raster;
mod shade;
mod specular;
mod texture;

pub use load::{LoadError, load, model};
pub use model::{Material, Model, ModelError, ModelParts};
pub use texture::Texture;

use image::RgbaImage;
use rayon::prelude::*;

use crate::camera::{Camera, Lens};
use crate::scene::{Stop, Stopped};
use crate::view::View;

/// Side of a cell of the grid, pixels.
pub const SIZE_PX: u32 = 518;
/// Largest side of a picture, pixels; it is drawn at twice the size.
pub const SIZE_PX_MAX: u32 = 4096;

/// One view, `size_px` wide and high, at most [`SIZE_PX_MAX`].
///
/// # Errors
/// [`Stopped`] soon after `stop` says so.
pub fn draw(
    model: &Model,
    view: View,
    size_px: u32,
    background: [u8; 3],
    stop: Stop<'_>,
) -> Result<RgbaImage, Stopped> {
    let size_px = size_px.clamp(1, SIZE_PX_MAX);
    let camera = Camera::orbit(view, Lens::competition(2 * size_px));
    let full = raster::draw(model, &camera, background, stop)?;
    let half = lanczos::halve(&full, 2 * size_px as usize);
    let texels: Vec<u8> = half.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect();
    Ok(RgbaImage::from_raw(size_px, size_px, texels).unwrap_or_default())
}

/// The picture of the competition: four views, white, 1041 pixels wide and high.
///
/// # Errors
/// [`Stopped`] soon after `stop` says so.
pub fn grid(model: &Model, stop: Stop<'_>) -> Result<RgbaImage, Stopped> {
    let one = |view: &View| draw(model, *view, SIZE_PX, [255; 3], stop);
    let pictures: Result<Vec<_>, Stopped> = View::GRID.par_iter().map(one).collect();
    Ok(crate::grid::compose(&pictures?, crate::grid::GAP_PX))
}
