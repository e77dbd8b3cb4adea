//! Splats to a textured mesh: depths of many views are fused into a field, the field's surface is simplified, unwrapped
//! and painted from the same views.
//! Sources: Curless and Levoy, "A volumetric method for building complex models from range images", 1996, for the field
//! and for carving what is seen to be empty; Huang et al., "2D Gaussian splatting", 2024, for depths of splats as input.

mod fuse;
mod outline;
mod paint;
mod pieces;
mod views;

use asset::Splats;
use asset::scene::Scene;

use self::views::Seen;
use crate::atlas;
use crate::decimate::{Goal, decimate};
use crate::error::in_range;
use crate::orbit::Frame;
use crate::{Look, Mesh, MeshError, Stop};

/// How to make a mesh of splats. The defaults suit one object of any size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Cells of the field along the longest side of the object: 16 to 400. Parts thinner than a cell may be lost.
    pub cells: u32,
    /// Triangles at most: 100 to 1 000 000.
    pub triangles: usize,
    /// Side of the texture, pixels: 64 to 4096.
    pub texture_px: u32,
    /// Views from all around: 14 to 256.
    pub views: u32,
    /// Side of each view, pixels: 128 to 1024. Memory: 12 bytes for each pixel of each view.
    pub view_px: u32,
    /// Pieces with less than this share of the whole surface are floaters and go: 0 to 1.
    pub piece_min: f32,
    /// How the mesh meets light. Colours of splats have their light in them, so [`Look::Unlit`] looks the same as they.
    pub look: Look,
}

impl Default for Options {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Options {
    /// What suits most objects.
    pub const DEFAULT: Self = Self {
        cells: 192,
        triangles: 40_000,
        texture_px: 1024,
        views: 64,
        view_px: 512,
        piece_min: 0.002,
        look: Look::Unlit,
    };

    fn check(&self) -> Result<(), MeshError> {
        in_range("number of cells", self.cells.into(), [16.0, 400.0])?;
        in_range("number of triangles", self.triangles as f64, [100.0, 1e6])?;
        in_range("side of the texture (pixels)", self.texture_px.into(), [64.0, 4096.0])?;
        in_range("number of views", self.views.into(), [14.0, 256.0])?;
        in_range("side of a view (pixels)", self.view_px.into(), [128.0, 1024.0])?;
        in_range("share of the smallest piece", self.piece_min.into(), [0.0, 1.0])
    }
}

/// A closed mesh of what splats show, with a texture of their colours as a splat renderer draws them (display-referred,
/// light included). The scene is empty (a root only) when nothing is solid: no view has a pixel that stops half of the
/// light.
///
/// # Errors
/// [`MeshError::Range`] for an option outside of its range, or splats farther than 1 000 km from the origin;
/// [`MeshError::NoRoom`] when the texture is too small for the charts; [`MeshError::Stopped`].
pub fn from_splats(splats: &Splats, options: &Options, stop: Stop<'_>) -> Result<Scene, MeshError> {
    options.check()?;
    let Some(frame) = Frame::of(splats)? else { return Ok(nothing()) };
    let seen = Seen::all(splats, &frame, options, stop)?;
    let surface = surface(&seen, &frame, options, stop)?;
    if surface.is_empty() {
        return Ok(nothing());
    }
    let unwrapping = atlas::Options { side_px: options.texture_px, ..atlas::Options::default() };
    let atlas = atlas::unwrap(&surface, &unwrapping, stop)?;
    let texture = paint::texture(&atlas.mesh, &seen, &frame, options, stop)?;
    Ok(atlas.mesh.to_scene("mesh", Some(texture), options.look))
}

/// The surface alone, without texture.
fn surface(
    seen: &Seen,
    frame: &Frame,
    options: &Options,
    stop: Stop<'_>,
) -> Result<Mesh, MeshError> {
    let mut fused = fuse::fuse(seen, frame, options.cells, stop)?;
    let cell = fused.lattice.step;
    let extract = |fused: &fuse::Fused| {
        let mut mesh = crate::extract::from_values(&fused.lattice, fused.values.clone(), None)?;
        pieces::drop_small(&mut mesh, options.piece_min);
        Ok::<_, MeshError>(mesh)
    };
    let mut mesh = extract(&fused)?;
    for _ in 0..OUTLINE_ROUNDS {
        if mesh.is_empty() {
            return Ok(mesh);
        }
        // Splats show beyond the surface through their centres.
        let grow = outline::missing(&mesh, seen, stop)?.clamp(-cell, cell);
        fused.values.iter_mut().for_each(|value| *value += grow);
        mesh = extract(&fused)?;
    }
    // First all that costs nothing, then as much as was asked for.
    let goal = Goal { triangles: options.triangles, error: f32::INFINITY };
    let mesh = decimate(&mesh, goal, stop)?;
    decimate(&mesh, Goal::error(FREE_ERROR * cell), stop)
}

/// Rounds of fitting the outline.
const OUTLINE_ROUNDS: usize = 2;
/// Errors below this share of a cell are free.
const FREE_ERROR: f32 = 0.03;

fn nothing() -> Scene {
    Scene { nodes: vec![asset::scene::Node::default()], ..Scene::default() }
}
