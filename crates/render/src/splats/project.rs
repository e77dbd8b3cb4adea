//! Splats on the picture plane: centre, 2D covariance, box, depth and colour, for one view.
//! Source: rendering specification §B.5. In `f64` up to the results, so that they are exact to the last bits of `f32`.

use asset::Splats;
use rayon::prelude::*;

use super::{
    active::{ActiveBlock, BLOCK},
    bin::{TILE, TileRect},
    sh,
};
use crate::{
    Camera,
    simd::{Kernel, Level},
};

/// Added to both variances on the picture plane, pixels²: a splat is never thinner than about a pixel.
pub(crate) const LOW_PASS: f64 = 0.3;

/// One splat on the picture plane; 64 bytes, a cache line.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C, align(64))]
pub(crate) struct ProjectedSplat {
    /// Centre x, y, pixels. `f64`: the distance to a pixel is taken before rounding to `f32`.
    pub(crate) centre: [f64; 2],
    /// The inverse covariance, factored: with δ = centre − pixel, in pixels,
    /// σ = ½ δᵀ·Σ2⁻¹·δ = (a·δx + b·δy)² + (c·δy)² for `[a, b, c]`. So the conic is xx = 2a², xy = 2ab, yy = 2(b² + c²).
    /// The factored form does not cancel for long thin splats, and σ cannot be negative.
    pub(crate) root: [f32; 3],
    /// 0 to 1, at least 1/255.
    pub(crate) opacity: f32,
    /// Display-referred, not clamped above (below only when SH degree is 1 or more).
    pub(crate) colour: [f32; 3],
    /// Half the width and height of the box around all that has alpha ≥ 1/255, pixels, a little too large.
    pub(crate) reach: [f32; 2],
}

/// All splats of an asset as one view sees them. Indexes are those of the asset in all three; `tiles[i]` is empty for
/// a splat that is not drawn, and then the other two hold nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Projected {
    /// `[splat]`
    pub(crate) splats: Vec<ProjectedSplat>,
    /// Depth, metres; positive and finite, so its bits sort as it does. `[splat]`
    pub(crate) depths: Vec<f32>,
    /// The tiles its box touches. `[splat]`
    pub(crate) tiles: Vec<TileRect>,
}

/// Splats per parallel task.
const TASK: usize = 32 * BLOCK;

/// Projects every splat. `blocks` is what [`super::active::activate`] made of `splats`.
///
/// Not drawn, and left out: what `activate` says can never be drawn, depth outside near..far, a box that covers no
/// pixel centre of the picture, a colour that is not finite.
pub(crate) fn project(
    splats: &Splats,
    blocks: &[ActiveBlock],
    camera: &Camera,
    level: Level,
) -> Projected {
    let n = splats.len();
    let mut out = Projected {
        splats: vec![ProjectedSplat::default(); n],
        depths: vec![0.0; n],
        tiles: vec![TileRect::EMPTY; n],
    };
    let pinhole = Pinhole::new(camera);
    out.splats
        .par_chunks_mut(TASK)
        .zip(out.depths.par_chunks_mut(TASK))
        .zip(out.tiles.par_chunks_mut(TASK))
        .zip(blocks.par_chunks(TASK / BLOCK))
        .enumerate()
        .for_each(|(task, (((to, depths), tiles), blocks))| {
            let chunks = to.chunks_mut(BLOCK).zip(depths.chunks_mut(BLOCK));
            let first = task * TASK;
            for (i, ((to, depths), tiles)) in chunks.zip(tiles.chunks_mut(BLOCK)).enumerate() {
                let block = &blocks[i];
                let pinhole = &pinhole;
                let first = first + i * BLOCK;
                level.run(ProjectBlock { splats, first, block, pinhole, to, depths, tiles });
            }
        });
    out
}

/// The camera as plain numbers.
struct Pinhole {
    eye: [f64; 3],
    /// Rows of the rotation from world to view.
    rows: [[f64; 3]; 3],
    focal: f64,
    centre: [f64; 2],
    size: [f64; 2],
    /// Where x/z and y/z are clamped for the Jacobian: low and high, per axis.
    slope: [[f64; 2]; 2],
    near: f64,
    far: f64,
}

impl Pinhole {
    fn new(camera: &Camera) -> Self {
        let size = camera.size_px.map(f64::from);
        let focal = camera.focal_px;
        let slope = [0, 1].map(|axis: usize| {
            let margin = 0.3 * 0.5 * size[axis] / focal;
            let centre = camera.centre_px[axis];
            [-(centre / focal + margin), (size[axis] - centre) / focal + margin]
        });
        Self {
            eye: camera.eye.to_array(),
            rows: camera.world_to_view.transpose().to_cols_array_2d(),
            focal,
            centre: camera.centre_px,
            size,
            slope,
            near: camera.near,
            far: camera.far,
        }
    }
}

struct ProjectBlock<'a> {
    splats: &'a Splats,
    first: usize,
    block: &'a ActiveBlock,
    pinhole: &'a Pinhole,
    to: &'a mut [ProjectedSplat],
    depths: &'a mut [f32],
    tiles: &'a mut [TileRect],
}

/// Results of a block, one array per value, before those that are drawn are picked out.
struct Lanes {
    depth: [f64; BLOCK],
    centre: [[f64; BLOCK]; 2],
    root: [[f64; BLOCK]; 3],
    reach: [[f64; BLOCK]; 2],
    drawn: [bool; BLOCK],
}

impl Kernel for ProjectBlock<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let lanes = lanes(self.block, self.pinhole);
        let degree = self.splats.sh_degree().get();
        let parts = self.splats.parts();
        let n_rest = self.splats.sh_degree().rest_values();
        for i in 0..self.to.len() {
            if !lanes.drawn[i] {
                continue;
            }
            let centre = [lanes.centre[0][i], lanes.centre[1][i]];
            let reach = [lanes.reach[0][i], lanes.reach[1][i]];
            let rect = TileRect::of(centre, reach, self.pinhole.size);
            if rect.is_empty() {
                continue;
            }
            let splat_idx = self.first + i;
            let rest = &parts.sh_rest[splat_idx * n_rest..(splat_idx + 1) * n_rest];
            let direction = if degree == 0 {
                [0.0; 3]
            } else {
                let eye = self.pinhole.eye;
                let at = [0, 1, 2].map(|c: usize| f64::from(self.block.position[c][i]) - eye[c]);
                let length = (at[0] * at[0] + at[1] * at[1] + at[2] * at[2]).sqrt();
                at.map(|c| (c / length) as f32)
            };
            let colour = sh::colour(degree, parts.sh_dc[splat_idx], rest, direction);
            if !colour.iter().all(|c| c.is_finite()) {
                continue;
            }
            self.to[i] = ProjectedSplat {
                centre,
                root: [0, 1, 2].map(|k: usize| lanes.root[k][i] as f32),
                opacity: self.block.opacity[i],
                colour,
                reach: reach.map(|r| r as f32),
            };
            self.depths[i] = lanes.depth[i] as f32;
            self.tiles[i] = rect;
        }
    }
}

#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "one index over many arrays is what vectorises")]
fn lanes(block: &ActiveBlock, pinhole: &Pinhole) -> Lanes {
    let mut out = Lanes {
        depth: [0.0; BLOCK],
        centre: [[0.0; BLOCK]; 2],
        root: [[0.0; BLOCK]; 3],
        reach: [[0.0; BLOCK]; 2],
        drawn: [false; BLOCK],
    };
    let Pinhole { eye, rows: [r0, r1, r2], focal, centre, slope, near, far, .. } = *pinhole;
    let [x_slope, y_slope] = slope;
    let axes = &block.axes;
    for i in 0..BLOCK {
        let x = f64::from(block.position[0][i]) - eye[0];
        let y = f64::from(block.position[1][i]) - eye[1];
        let z = f64::from(block.position[2][i]) - eye[2];
        let depth = r2[0] * x + r2[1] * y + r2[2] * z;
        let inverse = 1.0 / depth;
        let x_over_z = (r0[0] * x + r0[1] * y + r0[2] * z) * inverse;
        let y_over_z = (r1[0] * x + r1[1] * y + r1[2] * z) * inverse;

        // Jacobian times rotation: how a step in the world moves the splat on the picture, two rows.
        let scale = focal * inverse;
        let sx = clamp(x_over_z, x_slope);
        let sy = clamp(y_over_z, y_slope);
        let j0 = [
            scale * (r0[0] - sx * r2[0]),
            scale * (r0[1] - sx * r2[1]),
            scale * (r0[2] - sx * r2[2]),
        ];
        let j1 = [
            scale * (r1[0] - sy * r2[0]),
            scale * (r1[1] - sy * r2[1]),
            scale * (r1[2] - sy * r2[2]),
        ];
        // The three half-axes of the ellipsoid on the picture.
        let axis = |row: usize, k: usize| f64::from(axes[3 * row + k][i]);
        let ax = j0[0] * axis(0, 0) + j0[1] * axis(1, 0) + j0[2] * axis(2, 0);
        let ay = j1[0] * axis(0, 0) + j1[1] * axis(1, 0) + j1[2] * axis(2, 0);
        let bx = j0[0] * axis(0, 1) + j0[1] * axis(1, 1) + j0[2] * axis(2, 1);
        let by = j1[0] * axis(0, 1) + j1[1] * axis(1, 1) + j1[2] * axis(2, 1);
        let cx = j0[0] * axis(0, 2) + j0[1] * axis(1, 2) + j0[2] * axis(2, 2);
        let cy = j1[0] * axis(0, 2) + j1[1] * axis(1, 2) + j1[2] * axis(2, 2);

        let xx = ax * ax + bx * bx + cx * cx;
        let yy = ay * ay + by * by + cy * cy;
        let xy = ax * ay + bx * by + cx * cy;
        // The determinant as a sum of squares (Cauchy–Binet), which cannot come out zero or negative by rounding.
        let (ab, ac, bc) = (ax * by - bx * ay, ax * cy - cx * ay, bx * cy - cx * by);
        let det = ab * ab + ac * ac + bc * bc + LOW_PASS * (xx + yy) + LOW_PASS * LOW_PASS;
        let (xx, yy) = (xx + LOW_PASS, yy + LOW_PASS);

        let a = (0.5 * yy / det).sqrt();
        out.root[0][i] = a;
        out.root[1][i] = -a * (xy / yy);
        out.root[2][i] = (0.5 / yy).sqrt();
        let extent = f64::from(block.extent[i]);
        out.reach[0][i] = extent * xx.sqrt() + REACH_SPARE;
        out.reach[1][i] = extent * yy.sqrt() + REACH_SPARE;
        out.centre[0][i] = focal * x_over_z + centre[0];
        out.centre[1][i] = focal * y_over_z + centre[1];
        out.depth[i] = depth;
        // NaN fails the comparisons: det is not finite when anything before it is not.
        out.drawn[i] = (extent > 0.0)
            & (depth >= near)
            & (depth <= far)
            & (det < f64::INFINITY)
            & (out.centre[0][i].abs() < f64::INFINITY)
            & (out.centre[1][i].abs() < f64::INFINITY);
    }
    out
}

/// Pixels by which the box of a splat is larger than its ellipse, for rounding.
const REACH_SPARE: f64 = 1e-2;

#[inline(always)]
fn clamp(value: f64, [low, high]: [f64; 2]) -> f64 {
    let value = if value > low { value } else { low };
    if value < high { value } else { high }
}

impl TileRect {
    /// The tiles that hold a pixel centre within `reach` of `centre`, in a picture of `size` pixels.
    #[inline(always)]
    fn of(centre: [f64; 2], reach: [f64; 2], size: [f64; 2]) -> Self {
        let [x, y] = [0, 1].map(|axis: usize| {
            // First and last pixel whose centre is inside: ceil of one end, floor of the other, here by truncation of
            // numbers that are not negative.
            let low = (centre[axis] - reach[axis] + 0.5).clamp(0.0, size[axis]);
            let high = (centre[axis] + reach[axis] + 0.5).clamp(0.0, size[axis]);
            let (first, end) = (low as u32, high as u32);
            // `low` = 3.2 means that the end of the box is at 2.7: pixel 2 (centre 2.5) is outside, 3 is the first.
            if first < end { [first / TILE, end.div_ceil(TILE)] } else { [0, 0] }
        });
        if x[1] == 0 || y[1] == 0 {
            return Self::EMPTY;
        }
        Self { x: x.map(|c| c as u16), y: y.map(|c| c as u16) }
    }
}
