//! How far the outlines of a mesh are from those of the splats.

use render::scene::{Alpha, Lighting, Prepared, Shot};

use super::views::Seen;
use crate::{Look, Mesh, MeshError, Stop};

/// Views that are compared.
const VIEWS: usize = 12;

/// How much the mesh has to grow for its outlines to hold as many pixels as those of the splats, metres; negative to
/// shrink. The mean over some views.
pub(super) fn missing(mesh: &Mesh, seen: &Seen, stop: Stop<'_>) -> Result<f32, MeshError> {
    let mut scene = mesh.to_scene("", None, Look::Unlit);
    scene.materials[0].color = [0.0; 3];
    let prepared = Prepared::new_until(&scene, stop)?;
    let stride = (seen.views.len() / VIEWS).max(1);
    let views: Vec<_> = seen.views.iter().step_by(stride).collect();
    let shots: Vec<Shot> = views
        .iter()
        .map(|view| Shot {
            camera: view.camera,
            lighting: Lighting::Follow,
            background: [255; 3],
            alpha: Alpha::Straight,
        })
        .collect();
    let (mut lacking, mut outline, mut pixel) = (0.0, 0.0, 0.0);
    for (view, picture) in views.iter().zip(prepared.draw_all(&shots, stop)?) {
        let dark: u64 = picture.pixels().map(|pixel| u64::from(255 - pixel.0[0])).sum();
        let [area, length] = view.outline();
        lacking += area - dark as f64 / 255.0;
        outline += length;
        let distance = view.project(glam::Vec3::from(mesh.positions[0])).z;
        pixel += f64::from(distance / view.focal);
    }
    // Pixels beyond the outline, times the width of a pixel.
    Ok((lacking / outline.max(1.0) * pixel / views.len().max(1) as f64) as f32)
}
