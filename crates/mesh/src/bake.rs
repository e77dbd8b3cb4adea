//! Colours of a surface into its texture.

use asset::scene::Texture;
use glam::{Vec2, Vec3};
use rayon::prelude::*;

use crate::error::in_range;
use crate::look::base_colour;
use crate::{Mesh, MeshError};

/// What a texel shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Texel {
    /// Index of the triangle.
    pub triangle: u32,
    /// Point on the surface, metres.
    pub point: [f32; 3],
    /// Unit normal there, from the vertices.
    pub normal: [f32; 3],
}

/// Texels this far from a triangle, in texels, still take its colour: filters reach there.
const REACH: f32 = 1.5;

/// Bakes a square texture for a mesh with texture coordinates. `colour` gets a point of the surface (metres) and the unit
/// normal there and gives a **display-referred (sRGB-encoded)** colour, 0 to 1. Texels between charts take the colours of
/// the nearest ones, so that neither filters nor mip-maps bleed.
///
/// # Errors
/// As [`texels`].
pub fn texture(
    mesh: &Mesh,
    side_px: u32,
    colour: impl Fn([f32; 3], [f32; 3]) -> [f32; 3] + Sync,
) -> Result<Texture, MeshError> {
    let texels = texels(mesh, side_px)?;
    let colours: Vec<Option<[f32; 3]>> = texels
        .par_iter()
        .map(|texel| texel.map(|texel| colour(texel.point, texel.normal)))
        .collect();
    Ok(fill(side_px, &colours))
}

/// What each texel of a square texture shows, `[row, column]` flat; `None` between charts. Where triangles lie on each
/// other, the first one counts.
///
/// # Errors
/// As [`Mesh::check`]; [`MeshError::Length`] without texture coordinates; [`MeshError::Range`] for a side outside 1 to
/// 8192 or coordinates outside 0 to 1.
pub fn texels(mesh: &Mesh, side_px: u32) -> Result<Vec<Option<Texel>>, MeshError> {
    mesh.check()?;
    in_range("side of the texture (pixels)", side_px.into(), [1.0, 8192.0])?;
    let expected = mesh.positions.len();
    for (attribute, found) in [("uvs", mesh.uvs.len()), ("normals", mesh.normals.len())] {
        if found != expected {
            return Err(MeshError::Length { attribute, found, expected });
        }
    }
    for &coordinate in mesh.uvs.as_flattened() {
        in_range("a texture coordinate", coordinate.into(), [0.0, 1.0])?;
    }
    let side = side_px as usize;
    let mut nearest = vec![(f32::INFINITY, u32::MAX); side * side];
    for idx in 0..mesh.triangles.len() {
        let p = flat(mesh, idx, side_px);
        let (low, high) = (p[0].min(p[1]).min(p[2]), p[0].max(p[1]).max(p[2]));
        let first = |c: f32| (c - REACH - 0.5).max(0.0).ceil() as usize;
        let end = |c: f32| (((c + REACH - 0.5).floor() + 1.0).max(0.0) as usize).min(side);
        for y in first(low.y)..end(high.y) {
            for x in first(low.x)..end(high.x) {
                let centre = Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
                let (distance, _) = closest(p, centre);
                let slot = &mut nearest[y * side + x];
                if distance <= REACH * REACH && distance < slot.0 {
                    *slot = (distance, idx as u32);
                }
            }
        }
    }
    let texel = |at: usize| {
        let triangle = nearest[at].1;
        (triangle != u32::MAX).then(|| {
            let centre = Vec2::new((at % side) as f32 + 0.5, (at / side) as f32 + 0.5);
            let (_, weights) = closest(flat(mesh, triangle as usize, side_px), centre);
            let corners = mesh.triangles[triangle as usize];
            let mix = |list: &[[f32; 3]]| {
                let values = corners.map(|vertex| Vec3::from(list[vertex as usize]));
                values[0] * weights[0] + values[1] * weights[1] + values[2] * weights[2]
            };
            let normal = mix(&mesh.normals).try_normalize().unwrap_or(Vec3::Y);
            Texel { triangle, point: mix(&mesh.positions).to_array(), normal: normal.to_array() }
        })
    };
    Ok((0..side * side).into_par_iter().map(texel).collect())
}

/// Corners of a triangle in texels.
fn flat(mesh: &Mesh, triangle: usize, side_px: u32) -> [Vec2; 3] {
    mesh.triangles[triangle].map(|v| Vec2::from(mesh.uvs[v as usize]) * side_px as f32)
}

/// Squared distance of a point to a triangle, and the weights of the corners at the nearest point of it.
fn closest(p: [Vec2; 3], at: Vec2) -> (f32, [f32; 3]) {
    let area = (p[1] - p[0]).perp_dot(p[2] - p[0]);
    if area != 0.0 {
        let weight = |k: usize| {
            let (a, b) = (p[(k + 1) % 3], p[(k + 2) % 3]);
            (b - a).perp_dot(at - a) / area
        };
        let weights = [weight(0), weight(1), weight(2)];
        if weights.iter().all(|w| *w >= 0.0) {
            return (0.0, weights);
        }
    }
    let mut best = (f32::INFINITY, [1.0, 0.0, 0.0]);
    for k in 0..3 {
        let (a, b) = (p[k], p[(k + 1) % 3]);
        let along = b - a;
        let t = ((at - a).dot(along) / along.length_squared().max(1e-30)).clamp(0.0, 1.0);
        let distance = (a + along * t - at).length_squared();
        if distance < best.0 {
            let mut weights = [0.0; 3];
            (weights[k], weights[(k + 1) % 3]) = (1.0 - t, t);
            best = (distance, weights);
        }
    }
    best
}

/// A texture of known and unknown texels, the unknown ones filled from the nearest known ones: from means over blocks of
/// twice the size each time.
pub(crate) fn fill(side_px: u32, colours: &[Option<[f32; 3]>]) -> Texture {
    let side = side_px as usize;
    let known: Vec<[f32; 4]> =
        colours.iter().map(|colour| colour.map_or([0.0; 4], |[r, g, b]| [r, g, b, 1.0])).collect();
    let mut levels = vec![(side, known)];
    while levels[levels.len() - 1].0 > 1 {
        let (wide, finer) = &levels[levels.len() - 1];
        let half = wide.div_ceil(2);
        let mean = |at: usize| {
            let (x, y) = (2 * (at % half), 2 * (at / half));
            let mut sum = [0.0; 4];
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                if x + dx < *wide && y + dy < *wide {
                    let texel = finer[(y + dy) * wide + x + dx];
                    sum.iter_mut().zip(texel).for_each(|(to, from)| *to += from);
                }
            }
            if sum[3] > 0.0 { sum.map(|c| c / sum[3]) } else { sum }
        };
        let coarser = (0..half * half).into_par_iter().map(mean).collect();
        levels.push((half, coarser));
    }
    for level in (1..levels.len()).rev() {
        let (finer, coarser) = levels.split_at_mut(level);
        let (Some((wide, texels)), Some((half, above))) = (finer.last_mut(), coarser.first())
        else {
            break;
        };
        texels
            .par_iter_mut()
            .enumerate()
            .filter(|(_, texel)| texel[3] == 0.0)
            .for_each(|(at, texel)| *texel = above[at / *wide / 2 * half + at % *wide / 2]);
    }
    let byte = |c: f32| (c.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
    let rgb: Vec<[u8; 3]> =
        levels[0].1.iter().map(|&[r, g, b, _]| [byte(r), byte(g), byte(b)]).collect();
    base_colour(side_px, &rgb)
}
