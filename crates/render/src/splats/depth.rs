//! How far away what a view sees is, and which way it faces: for making surfaces out of splats.
//!
//! A splat is taken as its plane of greatest density along each line of sight: to first order, the mean of its depth
//! given the place on the picture, Zhang et al., "RaDe-GS: rasterizing depth in Gaussian splatting", 2024. At each pixel
//! the depths and slopes of the splats that make up the first solid layer are averaged with the weights of the blend.

use rayon::prelude::*;

use super::{
    Scene,
    active::{ActiveBlock, BLOCK},
    bin::{self, TILE, TileGrid, TileLists},
    project::{self, Projected, ProjectedSplat},
    raster::{ALPHA_MAX, TRANSMITTANCE_MIN},
};
use crate::{Camera, exp, simd::Kernel, splats::active::ALPHA_MIN};

/// What a view sees first. Pixels row by row from the top left.
#[derive(Debug, Clone, PartialEq)]
pub struct Depths {
    /// Width, height in pixels.
    pub size_px: [u32; 2],
    /// Depth along the camera's axis, metres; infinite where less than half of the light is stopped. `[pixel]`
    pub depth: Vec<f32>,
    /// Unit normal in the world, towards the camera; zero where the depth is infinite. `[pixel][x, y, z]`
    pub normal: Vec<[f32; 3]>,
    /// Transmittance left over. `[pixel]`
    pub transmittance: Vec<f32>,
}

/// Light that a layer has to stop before it hides those behind it.
const SOLID: f32 = 0.4;
/// Splats whose depths differ by less than this many pixels, as wide as a pixel is there, are one layer.
const LAYER_PX: f32 = 4.0;
/// Added to the variances of a splat on the picture, pixels²: one seen edge-on is not infinitely steep.
const ROUNDING: f64 = 0.01;
/// Steepest slope, metres of depth per metre across.
const STEEP_MAX: f64 = 12.0;
/// Entries of the tile lists that are held at a time.
const ENTRIES_MAX: usize = 1 << 22;
/// Less than this share of the light is no surface.
const COVER_MIN: f32 = 0.5;

/// Depth of a splat around its centre on the picture.
#[derive(Debug, Clone, Copy, Default)]
struct Plane {
    /// Metres.
    depth: f32,
    /// Metres per pixel to the right and down.
    slope: [f32; 2],
    /// Standard deviation of the depth at one pixel, metres.
    spread: f32,
}

impl Scene<'_> {
    /// Depths and normals of one view. Memory as [`Scene::draw`], and 20 bytes more per pixel.
    #[must_use]
    pub fn depths(&self, camera: &Camera) -> Depths {
        let [width, height] = camera.size_px;
        let n_pixels = width as usize * height as usize;
        let mut out = Depths {
            size_px: camera.size_px,
            depth: vec![f32::INFINITY; n_pixels],
            normal: vec![[0.0; 3]; n_pixels],
            transmittance: vec![1.0; n_pixels],
        };
        let projected = project::project(self.splats, &self.blocks, camera, self.level);
        let order = bin::depth_order(&projected);
        let grid = TileGrid::of(camera.size_px);
        if order.is_empty() || grid.len() == 0 {
            return out;
        }
        let planes = planes(&self.blocks, &projected, camera);
        let mut layers = vec![Layers::EMPTY; grid.len()];
        let mut live = vec![true; grid.len()];
        let mut rest = &order[..];
        while !rest.is_empty() && live.contains(&true) {
            let (lists, n_splats) =
                TileLists::of_ellipses(&projected, rest, grid, &live, ENTRIES_MAX);
            rest = &rest[n_splats..];
            layers.par_iter_mut().zip(&mut live).enumerate().for_each(|(idx, (layers, live))| {
                let work = Work {
                    layers,
                    projected: &projected,
                    planes: &planes,
                    list: lists.tile(idx),
                    corner: grid.place(idx).map(|c| f64::from(c * TILE)),
                    pixel: 1.0 / camera.focal_px as f32,
                };
                *live = *live && self.level.run(work);
            });
        }
        copy_out(&layers, grid, camera, &mut out);
        out
    }
}

/// The planes of all splats that are drawn. `[splat]`
fn planes(blocks: &[ActiveBlock], projected: &Projected, camera: &Camera) -> Vec<Plane> {
    let rows = camera.world_to_view.transpose().to_cols_array_2d();
    let eye = camera.eye.to_array();
    let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    let mut planes = vec![Plane::default(); projected.tiles.len()];
    planes.par_chunks_mut(BLOCK).zip(blocks).enumerate().for_each(
        |(block_idx, (planes, block))| {
            for (i, plane) in planes.iter_mut().enumerate() {
                if projected.tiles[block_idx * BLOCK + i].is_empty() {
                    continue;
                }
                let from_eye = [0, 1, 2].map(|c: usize| f64::from(block.position[c][i]) - eye[c]);
                let [x, y, z] = rows.map(|row| dot(row, from_eye));
                let scale = camera.focal_px / z;
                // The half-axes in pixels to the right, pixels down, and metres of depth.
                let (mut xx, mut xy, mut yy) = (ROUNDING, 0.0, ROUNDING);
                let (mut xz, mut yz, mut zz) = (0.0, 0.0, 0.0);
                for k in 0..3 {
                    let axis = [0, 1, 2].map(|row: usize| f64::from(block.axes[3 * row + k][i]));
                    let [ax, ay, az] = rows.map(|row| dot(row, axis));
                    let (ax, ay) = (scale * (ax - x / z * az), scale * (ay - y / z * az));
                    (xx, xy, yy) = (xx + ax * ax, xy + ax * ay, yy + ay * ay);
                    (xz, yz, zz) = (xz + ax * az, yz + ay * az, zz + az * az);
                }
                let det = xx * yy - xy * xy;
                let slope = [(yy * xz - xy * yz) / det, (xx * yz - xy * xz) / det];
                let spread = (zz - slope[0] * xz - slope[1] * yz).max(0.0).sqrt();
                let steep = (slope[0] * slope[0] + slope[1] * slope[1]).sqrt() * scale / STEEP_MAX;
                let slope = slope.map(|c| (c / steep.max(1.0)) as f32);
                *plane = Plane { depth: z as f32, slope, spread: spread as f32 };
            }
        },
    );
    planes
}

const SIDE: usize = TILE as usize;

/// The first solid layer at each pixel of a tile.
#[derive(Debug, Clone)]
struct Layers {
    /// Left over; negated once the pixel is finished.
    transmittance: [f32; SIDE * SIDE],
    /// Light that the layer stops.
    weight: [f32; SIDE * SIDE],
    /// Sums of weight × depth, and of weight × slope.
    depth: [f32; SIDE * SIDE],
    slope: [[f32; SIDE * SIDE]; 2],
}

impl Layers {
    const EMPTY: Self = Self {
        transmittance: [1.0; SIDE * SIDE],
        weight: [0.0; SIDE * SIDE],
        depth: [0.0; SIDE * SIDE],
        slope: [[0.0; SIDE * SIDE]; 2],
    };

    #[inline(always)]
    fn add(&mut self, at: usize, alpha: f32, depth: f32, plane: &Plane, pixel: f32) {
        let transmittance = self.transmittance[at];
        let next = transmittance * (1.0 - alpha);
        if next <= TRANSMITTANCE_MIN {
            self.transmittance[at] = -transmittance;
            return;
        }
        self.transmittance[at] = next;
        let weight = alpha * transmittance;
        let mean = self.depth[at] / self.weight[at];
        let reach = LAYER_PX * pixel * depth + plane.spread;
        if self.weight[at] > 0.0 && (depth - mean).abs() > reach {
            if self.weight[at] >= SOLID {
                return;
            }
            // What came before was not solid.
            (self.weight[at], self.depth[at]) = (0.0, 0.0);
            (self.slope[0][at], self.slope[1][at]) = (0.0, 0.0);
        }
        self.weight[at] += weight;
        self.depth[at] += weight * depth;
        self.slope[0][at] += weight * plane.slope[0];
        self.slope[1][at] += weight * plane.slope[1];
    }
}

/// The splats of one tile, or of a slab of them.
struct Work<'a> {
    layers: &'a mut Layers,
    projected: &'a Projected,
    planes: &'a [Plane],
    list: &'a [u32],
    /// Of the tile, pixels.
    corner: [f64; 2],
    /// Width of a pixel, metres per metre of depth.
    pixel: f32,
}

impl Kernel for Work<'_> {
    type Output = bool;

    /// False when every pixel is finished.
    #[inline(always)]
    fn run(self) -> bool {
        let Self { layers, projected, planes, list, corner, pixel } = self;
        for (count, &splat_idx) in list.iter().enumerate() {
            let splat: &ProjectedSplat = &projected.splats[splat_idx as usize];
            let plane = &planes[splat_idx as usize];
            let centre = [0, 1].map(|axis: usize| (splat.centre[axis] - corner[axis]) as f32);
            let range = |axis: usize| {
                let low = (centre[axis] - splat.reach[axis] + 0.5).clamp(0.0, SIDE as f32) as usize;
                let end = (centre[axis] + splat.reach[axis] + 0.5).clamp(0.0, SIDE as f32) as usize;
                low..end
            };
            let [a, b, c] = splat.root;
            for y in range(1) {
                let dy = centre[1] - (y as f32 + 0.5);
                for x in range(0) {
                    let at = y * SIDE + x;
                    if layers.transmittance[at] < 0.0 {
                        continue;
                    }
                    let dx = centre[0] - (x as f32 + 0.5);
                    let (u, v) = (a * dx + b * dy, c * dy);
                    let power = (u * u + v * v) * std::f32::consts::LOG2_E;
                    let alpha = (splat.opacity * exp::exp2_neg(power)).min(ALPHA_MAX);
                    if alpha < ALPHA_MIN {
                        continue;
                    }
                    let depth = plane.depth - plane.slope[0] * dx - plane.slope[1] * dy;
                    layers.add(at, alpha, depth, plane, pixel);
                }
            }
            if count % 64 == 63 && layers.transmittance.iter().all(|t| *t < 0.0) {
                return false;
            }
        }
        layers.transmittance.iter().any(|t| *t >= 0.0)
    }
}

/// From tiles to rows of pixels.
fn copy_out(layers: &[Layers], grid: TileGrid, camera: &Camera, out: &mut Depths) {
    let width = out.size_px[0] as usize;
    let depths = out.depth.par_chunks_mut(width).zip(out.normal.par_chunks_mut(width));
    let rows = depths.zip(out.transmittance.par_chunks_mut(width)).enumerate();
    let view_to_world = camera.world_to_view.transpose().as_mat3();
    let pixel = 1.0 / camera.focal_px as f32;
    rows.for_each(|(y, ((depths, normals), transmittances))| {
        let tiles = &layers[y / SIDE * grid.columns as usize..];
        for x in 0..width {
            let (tile, at) = (&tiles[x / SIDE], y % SIDE * SIDE + x % SIDE);
            transmittances[x] = tile.transmittance[at].abs();
            let (weight, cover) = (tile.weight[at], 1.0 - transmittances[x]);
            let depth = tile.depth[at] / weight;
            if cover < COVER_MIN || !(depth > 0.0 && depth.is_finite()) {
                continue;
            }
            depths[x] = depth;
            let [right, down] = [tile.slope[0][at] / weight, tile.slope[1][at] / weight];
            // Along the surface for a step of one pixel to the right, and down.
            let ray = glam::Vec3::new(
                (x as f32 + 0.5 - camera.centre_px[0] as f32) * pixel,
                (y as f32 + 0.5 - camera.centre_px[1] as f32) * pixel,
                1.0,
            );
            let u = ray * right + glam::Vec3::X * (depth * pixel);
            let v = ray * down + glam::Vec3::Y * (depth * pixel);
            let normal = v.cross(u).normalize_or_zero();
            normals[x] = (view_to_world * normal).to_array();
        }
    });
}

#[cfg(test)]
mod tests {
    use asset::{Splats, SplatsParts};
    use glam::{DVec3, Quat, Vec3};

    use super::*;
    use crate::{Lens, View, simd::Level};

    /// A tilted square of flat discs through the origin.
    fn sheet(normal: Vec3, opacity: f32) -> Splats {
        let turn = Quat::from_rotation_arc(Vec3::Z, normal);
        let mut parts = SplatsParts::default();
        for i in 0..3600 {
            let (x, y) = ((i % 60) as f32 / 60.0 - 0.49, (i / 60) as f32 / 60.0 - 0.49);
            parts.positions.push((turn * Vec3::new(x, y, 0.0)).to_array());
            parts.log_scales.push([-4.2, -4.2, -7.0]);
            parts.rotations.push([turn.w, turn.x, turn.y, turn.z]);
            parts.raw_opacities.push(opacity);
            parts.sh_dc.push([0.0; 3]);
        }
        Splats::new(parts).unwrap()
    }

    #[test]
    fn a_tilted_sheet_is_where_it_is() {
        let normal = Vec3::new(0.5, 0.3, 0.8).normalize();
        let splats = sheet(normal, 4.0);
        let camera = Camera::orbit(View::FRONT, Lens::competition(128));
        let found = Scene::new(&splats).depths(&camera);
        let (mut seen, mut worst, mut least) = (0, 0.0_f64, 1.0_f32);
        for (at, &depth) in found.depth.iter().enumerate() {
            if depth.is_infinite() || found.transmittance[at] > 0.05 {
                continue;
            }
            let (x, y) = ((at % 128) as f64 + 0.5, (at / 128) as f64 + 0.5);
            let ray = DVec3::new(x - 64.0, y - 64.0, camera.focal_px) / camera.focal_px;
            let point = camera.eye + camera.world_to_view.transpose() * (ray * f64::from(depth));
            worst = worst.max(point.dot(normal.as_dvec3()).abs());
            least = least.min(normal.dot(Vec3::from(found.normal[at])));
            seen += 1;
        }
        assert!(seen > 3000, "{seen} pixels");
        assert!(worst < 1e-3, "{worst} m off the plane");
        assert!(least > 0.99, "a normal is off by a cosine of {least}");
    }

    #[test]
    fn what_is_thin_hides_nothing() {
        // A veil of low opacity in front of a solid wall.
        let (mut parts, veil) = (sheet(Vec3::Z, 5.0).into_parts(), sheet(Vec3::Z, -3.5));
        let veil = veil.into_parts();
        parts.positions.extend(veil.positions.iter().map(|[x, y, _]| [*x, *y, 0.4]));
        parts.log_scales.extend(&veil.log_scales);
        parts.rotations.extend(&veil.rotations);
        parts.raw_opacities.extend(&veil.raw_opacities);
        parts.sh_dc.extend(&veil.sh_dc);
        let splats = Splats::new(parts).unwrap();
        let camera = Camera::orbit(View::FRONT, Lens::competition(64));
        let found = Scene::new(&splats).depths(&camera);
        let middle = found.depth[32 * 64 + 32];
        assert!((middle - 2.0).abs() < 2e-3, "{middle} m");
        assert!(found.depth[0].is_infinite() && found.transmittance[0] == 1.0);
    }

    #[test]
    fn coverage_is_that_of_the_picture() {
        let splats = sheet(Vec3::new(0.3, 0.9, 0.4).normalize(), 1.0);
        let camera = Camera::orbit(View::WHITE[3].view, Lens::competition(90));
        let scene = Scene::new(&splats);
        let (depths, picture) = (scene.depths(&camera), scene.draw(&camera));
        let pairs = depths.transmittance.iter().zip(&picture.transmittance);
        let off = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-4, "{off}");
        let base = Scene::at_level(&splats, Level::BASELINE).depths(&camera);
        assert!(depths == base, "the instruction set shows");
    }
}
