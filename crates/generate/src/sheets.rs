//! A block as a closed mesh: a grid over the picture's outline, each place with a vertex on the near wall, where the
//! line of sight meets it, and one straight behind. The outline is met by construction, whatever stands how deep.

use std::collections::BTreeMap;

use glam::{Vec2, Vec3};
use mesh::Mesh;

use crate::map::Map;
use crate::surface::Surface;

/// Rounds of finding where a line of sight meets the wall.
const N_ROUNDS: usize = 10;
/// Heights are read no nearer to the outline than this, pixels of the working grid: there they fall off.
const INSET_PX: f32 = 1.5;
/// Standard deviation of the blur of heights, cells.
const SOFTNESS: f32 = 1.5;

/// `step_px`: side of a cell, pixels of the working grid.
pub(crate) fn mesh(surface: &Surface<'_>, step_px: f32) -> Mesh {
    let outline = &surface.silhouette.distance;
    let columns = (outline.width as f32 / step_px) as usize + 1;
    let rows = (outline.height as f32 / step_px) as usize + 1;
    let place = |(i, j): (usize, usize)| Vec2::new(i as f32, j as f32) * step_px;
    let inset = |at: (usize, usize)| {
        let border = at.0 == 0 || at.1 == 0 || at.0 + 1 == columns || at.1 + 1 == rows;
        let p = place(at);
        if border { -1.0 } else { outline.sample(p.x, p.y) }
    };
    // Heights of front and back, without the steps of what is thin: the outline does not depend on them.
    let raw = Map::from_fn(columns, rows, |i, j| {
        let is_inside = f32::from(u8::from(inset((i, j)) > 0.0));
        let [front, back] = heights(surface, place((i, j)));
        Vec3::new(front, back, 1.0) * is_inside
    });
    let soft = raw.blur(SOFTNESS);
    let mut mesh = Mesh::default();
    // Vertices by grid point, or by the two grid points between which the outline runs.
    let mut known: BTreeMap<[(usize, usize); 2], u32> = BTreeMap::new();
    let mut vertex = |key: [(usize, usize); 2], seen: Vec2, mesh: &mut Mesh| {
        *known.entry(key).or_insert_with(|| {
            // A vertex on the outline is as high as the place beside it.
            let (i, j) = if inset(key[0]) > 0.0 { key[0] } else { key[1] };
            let mean = soft.get(i, j) / soft.get(i, j).z.max(1e-6);
            // Never without any depth, or the mesh would touch itself.
            let back = mean.y.min(mean.x - 1.0 / surface.silhouette.extent_px);
            let [x, y] = surface.silhouette.object(seen.x, seen.y);
            let zoom = surface.zoom(mean.x);
            for z in [mean.x, back] {
                let point = Vec3::new(x / zoom, y / zoom, z);
                mesh.positions.push(surface.to_metres(point).to_array());
            }
            mesh.positions.len() as u32 - 2
        })
    };
    for j in 0..rows.saturating_sub(1) {
        for i in 0..columns.saturating_sub(1) {
            // Counter-clockwise as the camera sees it, y down.
            let corners = [(i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)];
            let depths = corners.map(inset);
            let (mut ring, mut rims) = (Vec::new(), Vec::new());
            for k in 0..4 {
                let after = (k + 1) % 4;
                let (here, next) = (depths[k] > 0.0, depths[after] > 0.0);
                if here {
                    ring.push(vertex([corners[k]; 2], place(corners[k]), &mut mesh));
                }
                if here != next {
                    let share = depths[k] / (depths[k] - depths[after]);
                    let seen = place(corners[k]).lerp(place(corners[after]), share);
                    let mut key = [corners[k], corners[after]];
                    key.sort_unstable();
                    let cut = vertex(key, seen, &mut mesh);
                    ring.push(cut);
                    rims.push((cut, here));
                }
            }
            for k in 1..ring.len().saturating_sub(1) {
                let [a, b, c] = [ring[0], ring[k], ring[k + 1]];
                mesh.triangles.extend([[a, b, c], [a + 1, c + 1, b + 1]]);
            }
            for (k, &(a, leaves)) in rims.iter().enumerate() {
                if leaves {
                    let b = rims[(k + 1) % rims.len()].0;
                    mesh.triangles.extend([[b, a, a + 1], [b, a + 1, b + 1]]);
                }
            }
        }
    }
    mesh.smooth_normals();
    mesh
}

/// Heights of the near wall where the camera sees it at a pixel, and of the far one straight behind, object units.
fn heights(surface: &Surface<'_>, seen: Vec2) -> [f32; 2] {
    let silhouette = surface.silhouette;
    let sheets = &surface.relief.sheets;
    let outline = &silhouette.distance;
    // Away from the outline, where a wall begins.
    let mut inner = seen;
    for _ in 0..3 {
        let short = INSET_PX - outline.sample(inner.x, inner.y);
        if short <= 0.0 {
            break;
        }
        let slope = |dx: f32, dy: f32| {
            outline.sample(inner.x + dx, inner.y + dy) - outline.sample(inner.x - dx, inner.y - dy)
        };
        inner += Vec2::new(slope(1.0, 0.0), slope(0.0, 1.0)).normalize_or_zero() * short;
    }
    let [inner_x, inner_y] = silhouette.object(inner.x, inner.y);
    let mut z = surface.relief.rim_z;
    let mut back = z;
    for _ in 0..N_ROUNDS {
        let zoom = surface.zoom(z);
        let [px, py] = silhouette.pixel(inner_x / zoom, inner_y / zoom);
        let sheet = sheets.sample(px, py);
        z = sheet.x + sheet.y.max(0.0).sqrt();
        back = sheet.x - sheet.z.max(0.0).sqrt();
    }
    [z, back]
}
