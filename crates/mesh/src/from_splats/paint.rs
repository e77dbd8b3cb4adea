//! Colours of the surface, from the views that see it.

use asset::scene::Texture;
use glam::Vec3;
use rayon::prelude::*;

use super::Options;
use super::views::Seen;
use crate::bake::{Texel, fill, texels};
use crate::orbit::Frame;
use crate::{Mesh, MeshError, Stop};

/// A surface point is what a view sees if their depths agree within this many cells.
const AGREE: f32 = 2.5;
/// Views from farther aside than this cosine do not count.
const FACING_MIN: f32 = 0.15;
/// Coverage from which a pixel shows the surface alone.
const COVER_MIN: u8 = 200;

/// Paints every texel with the mean of the views that see it, those from straight above counting most.
pub(super) fn texture(
    mesh: &Mesh,
    seen: &Seen,
    frame: &Frame,
    options: &Options,
    stop: Stop<'_>,
) -> Result<Texture, MeshError> {
    let texels = texels(mesh, options.texture_px)?;
    let agree = AGREE * frame.size() / options.cells as f32;
    let rows = texels.par_chunks(options.texture_px as usize).map(|row| {
        if stop() {
            return Err(MeshError::Stopped);
        }
        let colour = |texel: &Option<Texel>| texel.and_then(|texel| colour(&texel, seen, agree));
        Ok(row.iter().map(colour).collect::<Vec<_>>())
    });
    let colours: Result<Vec<Vec<Option<[f32; 3]>>>, MeshError> = rows.collect();
    Ok(fill(options.texture_px, &colours?.concat()))
}

/// `None` where no view sees the texel.
fn colour(texel: &Texel, seen: &Seen, agree: f32) -> Option<[f32; 3]> {
    let (point, normal) = (Vec3::from(texel.point), Vec3::from(texel.normal));
    // Once as it should be; where no view agrees, with less strictness.
    [1.0, 4.0].into_iter().find_map(|slack| {
        let (mut sum, mut weights) = (Vec3::ZERO, 0.0);
        for view in &seen.views {
            let facing = (view.eye - point).normalize().dot(normal);
            if facing < FACING_MIN {
                continue;
            }
            let at = view.project(point);
            let Some(around) = view.around(at.x, at.y) else { continue };
            let (mut found, mut share) = (Vec3::ZERO, 0.0);
            for (pixel, weight) in around {
                let is_it = pixel.depth > 0.0 && (pixel.depth - at.z).abs() <= agree * slack;
                if is_it && pixel.cover >= COVER_MIN {
                    found += Vec3::from(pixel.colour.map(f32::from)) * weight;
                    share += weight;
                }
            }
            if share > 0.3 {
                // The eighth power: nearly the best view alone, without a border where the best one changes.
                let square = facing * facing;
                let weight = square * square * square * square * share;
                sum += found / share * weight;
                weights += weight;
            }
        }
        (weights > 0.0).then(|| (sum / (255.0 * weights)).to_array())
    })
}
