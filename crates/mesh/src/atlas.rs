//! A texture atlas: the surface cut into charts, flattened and packed into a square.
//! Sources: charts by flooding from proxies, Cohen-Steiner, Alliez and Desbrun, "Variational shape approximation", 2004;
//! packing against a horizon, Lévy et al., "Least squares conformal maps", 2002.
//!
//! A chart holds triangles whose normals lie within [`Options::angle_deg`] of its axis and is laid flat along that axis,
//! so lengths shrink to the cosine of that angle at worst and never grow. What would fall onto another triangle of its
//! chart goes to a chart of its own.

mod charts;
mod flat;
mod pack;

use glam::{Vec2, Vec3};

use crate::error::in_range;
use crate::{Mesh, MeshError, Stop};

/// How to unwrap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Side of the texture, pixels: 16 to 8192.
    pub side_px: u32,
    /// Pixels that stay free around each chart, so that neither filters nor mip-maps mix charts: 0 to 64.
    pub gutter_px: u32,
    /// Largest angle between a triangle and the plane of its chart, degrees: 10 to 80. Smaller: less stretch, more
    /// charts.
    pub angle_deg: f32,
}

impl Default for Options {
    fn default() -> Self {
        Self { side_px: 1024, gutter_px: 4, angle_deg: 50.0 }
    }
}

/// A mesh with texture coordinates.
#[derive(Debug, Clone, PartialEq)]
pub struct Atlas {
    /// The same triangles in the same order; vertices are repeated where charts meet.
    pub mesh: Mesh,
    /// Where each vertex was before, `[vertex]`.
    pub sources: Vec<u32>,
    /// The chart of each triangle, from 0, `[triangle]`.
    pub charts: Vec<u32>,
    /// Number of charts.
    pub chart_count: usize,
    /// Texels per metre: the same all over, but for the slant of triangles to their chart.
    pub texels_per_metre: f32,
}

/// Most triangles that are unwrapped.
pub const TRIANGLES_MAX: usize = 1 << 20;

/// Cuts, flattens and packs any mesh: closed or not, one piece or many; triangles without area get a place without
/// area. Normals are kept, or made smooth if there are none.
///
/// # Errors
/// As [`Mesh::check`]; [`MeshError::Range`] for an option outside of its range; [`MeshError::NoRoom`] when there are
/// more charts than the texture has room for; [`MeshError::Stopped`].
pub fn unwrap(mesh: &Mesh, options: &Options, stop: Stop<'_>) -> Result<Atlas, MeshError> {
    mesh.check()?;
    in_range("side of the texture (pixels)", options.side_px.into(), [16.0, 8192.0])?;
    in_range("gutter (pixels)", options.gutter_px.into(), [0.0, 64.0])?;
    in_range("angle of a chart (degrees)", options.angle_deg.into(), [10.0, 80.0])?;
    if mesh.triangles.len() > TRIANGLES_MAX {
        return Err(MeshError::TooMany {
            what: "triangles to unwrap",
            found: mesh.triangles.len(),
            max: TRIANGLES_MAX,
        });
    }
    let mut source = mesh.clone();
    if source.normals.is_empty() {
        source.smooth_normals();
    }
    let charts = charts::cut(&source, options.angle_deg, stop)?;
    let flats = flat::flatten(&source, &charts, stop)?;
    let packed = pack::pack(&flats, options, stop)?;
    Ok(assemble(&source, &flats, &packed, options.side_px))
}

fn assemble(source: &Mesh, flats: &[flat::Flat], packed: &pack::Packed, side_px: u32) -> Atlas {
    let mut atlas = Atlas {
        mesh: Mesh { triangles: vec![[0; 3]; source.triangles.len()], ..Mesh::default() },
        sources: Vec::new(),
        charts: vec![0; source.triangles.len()],
        chart_count: flats.len(),
        texels_per_metre: packed.scale,
    };
    for (chart, (flat, corner)) in flats.iter().zip(&packed.corners).enumerate() {
        let first = atlas.sources.len() as u32;
        atlas.sources.extend(&flat.vertices);
        atlas.mesh.uvs.extend(flat.points.iter().map(|&point| {
            let texel = Vec2::from(*corner) + point * packed.scale;
            (texel / side_px as f32).clamp(Vec2::ZERO, Vec2::ONE).to_array()
        }));
        for (&triangle, local) in flat.triangles.iter().zip(&flat.corners) {
            atlas.mesh.triangles[triangle as usize] = local.map(|vertex| first + vertex);
            atlas.charts[triangle as usize] = chart as u32;
        }
    }
    let at = |list: &[[f32; 3]]| atlas.sources.iter().map(|&v| list[v as usize]).collect();
    atlas.mesh.positions = at(&source.positions);
    atlas.mesh.normals = at(&source.normals);
    atlas
}

/// A triangle's unit normal; zero when it has no area.
fn unit_normal(mesh: &Mesh, triangle: usize) -> Vec3 {
    let [a, b, c] = mesh.corners(triangle).map(|p| p.as_dvec3());
    (b - a).cross(c - a).normalize_or_zero().as_vec3()
}
