//! How far the outlines of a mesh are from those of the splats, on the whole and vertex by vertex.

use glam::{Vec2, Vec3};
use rayon::prelude::*;
use render::scene::{Alpha, Lighting, Prepared, Shot};

use super::views::{Seen, View};
use crate::edges::{for_each_edge, sides};
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
        let distance = view.project(Vec3::from(mesh.positions[0])).z;
        pixel += f64::from(distance / view.focal);
    }
    // Pixels beyond the outline, times the width of a pixel.
    Ok((lacking / outline.max(1.0) * pixel / views.len().max(1) as f64) as f32)
}

/// A vertex is on the outline of a view where its normal is at least so nearly across the line of sight (cosine).
const ACROSS: f32 = 0.1;
/// How far from a vertex the outline is looked for, pixels, and in which steps.
const REACH_PX: f32 = 4.0;
const STEP_PX: f32 = 0.5;
/// Farthest that a vertex is moved, cells.
const MOVE_MAX: f32 = 0.75;
/// Rounds in which offsets spread to vertices that no view has on its outline.
const ROUNDS: usize = 16;

/// Moves each vertex along its normal to where the views that have it on their outline put that, by [`MOVE_MAX`] at most.
pub(super) fn fit(mesh: &mut Mesh, seen: &Seen, cell: f32) {
    let own: Vec<Option<f32>> = mesh
        .positions
        .par_iter()
        .zip(&mesh.normals)
        .map(|(&p, &n)| {
            let (mut sum, mut weights) = (0.0, 0.0);
            for view in &seen.views {
                if let Some((offset, weight)) = offset(view, Vec3::from(p), Vec3::from(n), cell) {
                    sum += offset * weight;
                    weights += weight;
                }
            }
            (weights > 0.0).then(|| (sum / weights).clamp(-MOVE_MAX * cell, MOVE_MAX * cell))
        })
        .collect();
    let mut edges = Vec::new();
    for_each_edge(&sides(&mesh.triangles), |edge| edges.push([edge[0].low, edge[0].high]));
    let mut offsets: Vec<f32> = own.iter().map(|own| own.unwrap_or(0.0)).collect();
    let mut is_known: Vec<bool> = own.iter().map(Option::is_some).collect();
    for _ in 0..ROUNDS {
        let mut sums = vec![(0.0_f32, 0.0_f32); offsets.len()];
        for &[a, b] in &edges {
            for (to, from) in [(a as usize, b as usize), (b as usize, a as usize)] {
                if is_known[from] {
                    sums[to] = (sums[to].0 + offsets[from], sums[to].1 + 1.0);
                }
            }
        }
        for (at, (sum, count)) in sums.into_iter().enumerate() {
            if count > 0.0 {
                let mean = sum / count;
                offsets[at] = own[at].map_or(mean, |own| 0.25 * own + 0.75 * mean);
                is_known[at] = true;
            }
        }
    }
    for ((p, &n), offset) in mesh.positions.iter_mut().zip(&mesh.normals).zip(offsets) {
        *p = (Vec3::from(*p) + Vec3::from(n) * offset).to_array();
    }
    mesh.smooth_normals();
}

/// Along the normal to the view's outline, metres, and how much that counts; `None` where the vertex is not on it.
fn offset(view: &View, p: Vec3, normal: Vec3, cell: f32) -> Option<(f32, f32)> {
    let facing = (view.eye - p).normalize().dot(normal).abs();
    if facing > ACROSS {
        return None;
    }
    let at = view.project(p);
    let along = (view.project(p + normal * cell) - at).truncate() / cell;
    let per_metre = along.length();
    let along = along / per_metre.max(1e-6);
    let cover = |t: f32| {
        let place: Vec2 = at.truncate() + along * t;
        let around = view.around(place.x, place.y)?;
        Some(
            around
                .iter()
                .map(|(pixel, weight)| f32::from(pixel.cover) / 255.0 * weight)
                .sum::<f32>(),
        )
    };
    // The crossing nearest to the vertex.
    let mut best: Option<f32> = None;
    let (mut t, mut before) = (-REACH_PX, cover(-REACH_PX)?);
    while t < REACH_PX {
        let after = cover(t + STEP_PX)?;
        if before >= 0.5 && after < 0.5 {
            let crossing = t + STEP_PX * (before - 0.5) / (before - after);
            best = best.filter(|best| best.abs() <= crossing.abs()).or(Some(crossing));
        }
        (t, before) = (t + STEP_PX, after);
    }
    let best = best?;
    // Is it this part of the surface that ends there, not one in front or behind?
    let inner = at.truncate() + along * (best - 1.5);
    let depth = view.pixel(inner.x, inner.y)?.depth;
    let is_it = depth > 0.0 && (depth - at.z).abs() < 4.0 * cell;
    is_it.then_some((best / per_metre, 1.0 - facing / ACROSS + 1e-3))
}
