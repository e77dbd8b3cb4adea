//! The surface as a closed mesh with one texture: extracted from the signed distance, decimated, unwrapped, baked.

use asset::scene::Scene;
use glam::Vec3;
use mesh::{Look, MeshError, atlas, bake, decimate, extract};

use crate::colour::{Painter, smoothstep};
use crate::error::GenerateError;
use crate::observe::{Stage, Watch};
use crate::options::{Quality, ShapeKind};
use crate::sample::Point;
use crate::sheets;
use crate::surface::Surface;

/// The picture's own light is in the texture.
const LOOK: Look = Look::Unlit;
/// A piece with a smaller share of the largest one's triangles is left out.
const CRUMB: f32 = 0.0005;
/// No coordinate is farther out, metres: the unit box with room for rounding.
const REACH_M: f32 = 0.4999;

/// Numbers behind a [`Quality`].
struct Fineness {
    /// Cells along the longest side of the box.
    cells: u32,
    triangles: usize,
    texture_px: u32,
}

fn fineness(quality: Quality) -> Fineness {
    match quality {
        Quality::Draft => Fineness { cells: 96, triangles: 12_000, texture_px: 512 },
        Quality::Standard => Fineness { cells: 176, triangles: 60_000, texture_px: 1536 },
        Quality::High => Fineness { cells: 256, triangles: 120_000, texture_px: 2048 },
    }
}

/// A mesh and what is told of it.
#[derive(Debug)]
pub(crate) struct Textured {
    pub mesh: mesh::Mesh,
    pub texture: asset::scene::Texture,
    pub texture_px: u32,
    /// Before vertices were repeated for the atlas.
    pub closed: bool,
}

impl Textured {
    pub(crate) fn scene(&self) -> Scene {
        self.mesh.to_scene("object", Some(self.texture.clone()), LOOK)
    }
}

/// Makes the mesh of a surface.
pub(crate) fn build(
    surface: &Surface<'_>,
    painter: &Painter,
    shape: ShapeKind,
    quality: Quality,
    watch: &mut Watch<'_>,
) -> Result<Textured, GenerateError> {
    let Fineness { cells, triangles, texture_px } = fineness(quality);
    let object = |p: [f32; 3]| Vec3::from(p) / surface.scale + surface.centre;
    let field = |p: [f32; 3]| surface.foot(object(p)).depth * surface.scale;
    let go_on = || false;
    let [low, high] = surface.relief.bounds(surface.silhouette).map(|p| surface.to_metres(p));
    let margin = 2.5 / cells as f32;
    let bounds = [(low - margin).to_array(), (high + margin).to_array()];
    let fine = if shape == ShapeKind::Block {
        sheets::mesh(surface, surface.silhouette.extent_px / cells as f32)
    } else {
        extract::surface(field, bounds, cells)?
    };
    let fine = without_crumbs(fine);
    watch.step(Stage::Mesh, 0.35)?;
    // The outline of a block is in its mesh already; collapses would wear it off.
    let goal = decimate::Goal::triangles(triangles);
    let mut solid =
        if shape == ShapeKind::Block { fine } else { decimate::decimate(&fine, goal, &go_on)? };
    watch.step(Stage::Mesh, 0.6)?;
    if shape != ShapeKind::Block {
        solid.field_normals(field, 0.4 / cells as f32);
    }
    for coordinate in solid.positions.as_flattened_mut() {
        *coordinate = coordinate.clamp(-REACH_M, REACH_M);
    }
    let closed = solid.topology()?.is_closed_manifold();
    let options = atlas::Options { side_px: texture_px, ..atlas::Options::default() };
    let atlas = atlas::unwrap(&solid, &options, &go_on)?;
    watch.step(Stage::Mesh, 0.8)?;
    let spacing = 1.0 / (atlas.texels_per_metre * surface.scale);
    let colour = |p: [f32; 3], normal: [f32; 3]| {
        let (position, normal) = (object(p), Vec3::from(normal));
        let facing = normal.dot(surface.to_eye(position));
        let seen = surface.see(position);
        let point = Point { position, normal, spacing, seen, facing };
        let shown = smoothstep(0.04, 0.2, facing);
        let completed = painter.completed(surface, &point);
        completed.lerp(painter.shown(surface, &point), shown).to_array()
    };
    let texture = bake::texture(&atlas.mesh, texture_px, colour)?;
    Ok(Textured { mesh: atlas.mesh, texture, texture_px, closed })
}

/// Takes out pieces that are far smaller than the largest one: splinters where sheets nearly touch.
fn without_crumbs(mut mesh: mesh::Mesh) -> mesh::Mesh {
    let mut parents: Vec<u32> = (0..mesh.positions.len() as u32).collect();
    fn root(parents: &mut [u32], mut of: u32) -> u32 {
        while parents[of as usize] != of {
            parents[of as usize] = parents[parents[of as usize] as usize];
            of = parents[of as usize];
        }
        of
    }
    for &[a, b, c] in &mesh.triangles {
        for other in [b, c] {
            let (a, other) = (root(&mut parents, a), root(&mut parents, other));
            parents[a.max(other) as usize] = a.min(other);
        }
    }
    let mut counts = vec![0_usize; parents.len()];
    for triangle in &mesh.triangles {
        counts[root(&mut parents, triangle[0]) as usize] += 1;
    }
    let least = CRUMB * counts.iter().copied().max().unwrap_or(0) as f32;
    mesh.triangles
        .retain(|triangle| counts[root(&mut parents, triangle[0]) as usize] as f32 >= least);
    mesh
}

impl From<MeshError> for GenerateError {
    fn from(error: MeshError) -> Self {
        match error {
            MeshError::Stopped => Self::Stopped { stage: Stage::Mesh },
            error => Self::Mesh(error),
        }
    }
}
