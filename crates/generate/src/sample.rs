//! Surface to points: an adaptive octree puts one point into every leaf that the surface crosses, so the surface is
//! covered whatever its slope, finer where the picture has more to show.

use glam::{Vec2, Vec3};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use crate::fit::Shift;
use crate::map::{Map, Pyramid};
use crate::surface::Surface;

/// A place for a splat.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    /// Object units.
    pub position: Vec3,
    /// Unit, outward.
    pub normal: Vec3,
    /// Side of the leaf, object units: distance to the neighbours.
    pub spacing: f32,
    /// Where the picture's camera sees it, pixels of the working grid.
    pub seen: Vec2,
    /// Cosine between the normal and the line of sight; below 0 it looks away.
    pub facing: f32,
}

/// How fine to sample, lengths in object units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fineness {
    /// Spacing where the picture shows nothing.
    pub coarse: f32,
    /// Spacing at the outline.
    pub rim: f32,
    /// Standard deviation of the colour (0 to 1) within a leaf of side 1/300 above which it is split; a larger leaf is
    /// split at less, in proportion.
    pub colour_deviation: f32,
    /// No leaf is split below this.
    pub finest: f32,
}

/// Points per object unit that cover the surface, and its outline, at 150 000 splats.
const COVER_PER_UNIT: f32 = 105.0;
/// See [`COVER_PER_UNIT`].
const RIM_PER_UNIT: f32 = 300.0;
/// Smallest leaf, object units: finer than what any view of the asset shows.
const FINEST: f32 = 0.0009;
/// Roots along each side of the box [-0.56, 0.56]³.
const N_ROOTS: i32 = 16;

/// Samples surfaces of one shape and picture.
pub(crate) struct Sampler<'a> {
    surface: &'a Surface<'a>,
    shift: &'a Shift,
    bounds: BoundsPyramid,
    /// Colour (mean) and its square, on the working grid's own scale times `detail_scale`.
    mean: Pyramid<Vec3>,
    mean_square: Pyramid<Vec3>,
    detail_scale: f32,
}

impl<'a> Sampler<'a> {
    /// `picture`: colours of the object, `detail_scale` pixels per pixel of the working grid.
    pub(crate) fn new(
        surface: &'a Surface<'a>,
        shift: &'a Shift,
        picture: &Map<Vec3>,
        detail_scale: f32,
    ) -> Self {
        Self {
            surface,
            shift,
            bounds: BoundsPyramid::new(surface),
            mean_square: Pyramid::new(picture.map(|colour| colour * colour)),
            mean: Pyramid::new(picture.clone()),
            detail_scale,
        }
    }

    /// Points for at most about `target` splats: an even cover of the surface first, and the rest of them where the
    /// picture has detail.
    pub(crate) fn sample_about(&self, target: usize, seed: u64) -> Vec<Point> {
        let silhouette = self.surface.silhouette;
        let picture_px = silhouette.extent_px * silhouette.picture_scale;
        let cover = (target as f32 / 150_000.0).sqrt();
        let mut fineness = Fineness {
            coarse: 1.0 / (COVER_PER_UNIT * cover),
            rim: 1.0 / (RIM_PER_UNIT * cover),
            colour_deviation: 0.03,
            finest: (0.95 / picture_px).max(FINEST),
        };
        // Logarithms of deviations that gave too many points, and few enough.
        let (mut too_fine, mut fine_enough) = (libm::logf(0.003), libm::logf(0.4));
        let limit = target + target / 25;
        let (mut best, mut spare) = (Vec::new(), Vec::new());
        for _ in 0..6 {
            let points = self.sample(fineness, seed);
            let n = points.len();
            let tried = libm::logf(fineness.colour_deviation);
            if n > limit {
                too_fine = tried;
            } else {
                fine_enough = tried;
                if n > best.len() {
                    best = points;
                }
                if n + target / 10 > target {
                    break;
                }
            }
            // Halving the deviation adds about three quarters.
            let guess = tried + 1.25 * libm::logf(n.max(1) as f32 / target as f32);
            let inner = 0.15 * (fine_enough - too_fine);
            let next = guess.max(too_fine + inner).min(fine_enough - inner);
            fineness.colour_deviation = libm::expf(next);
        }
        // The surface alone may ask for more than there should be: then a coarser cover, or at last what there is.
        for _ in 0..6 {
            if !best.is_empty() {
                break;
            }
            fineness.coarse *= 1.3;
            fineness.rim *= 1.3;
            fineness.colour_deviation = 0.4;
            fineness.finest = fineness.finest.max(0.5 * fineness.rim);
            let points = self.sample(fineness, seed);
            if points.len() <= limit {
                best = points;
            } else {
                spare = points;
            }
        }
        if best.is_empty() {
            best = spare;
        }
        best
    }

    /// Points at a given fineness. The seed moves the octree and jitters its points.
    pub(crate) fn sample(&self, fineness: Fineness, seed: u64) -> Vec<Point> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut unit = || (random.next_u32() >> 8) as f32 / 16_777_216.0;
        // Leaves are halvings of the root; a root of the right size makes the coarse leaves as large as asked.
        let mut root = 1.12 / N_ROOTS as f32;
        let n_halvings = libm::ceilf(libm::log2f(root / fineness.coarse)).max(0.0);
        root = fineness.coarse * libm::exp2f(n_halvings);
        let n_roots = (1.12 / root).ceil() as i32 + 1;
        let origin = Vec3::splat(-0.5 * n_roots as f32 * root)
            + root * Vec3::new(unit() - 0.5, unit() - 0.5, unit() - 0.5) * 0.5;
        let jitter: Vec<[f32; 2]> = (0..4093).map(|_| [unit() - 0.5, unit() - 0.5]).collect();
        let work = Work { sampler: self, fineness, jitter: &jitter };
        let per_root: Vec<Vec<Point>> = (0..n_roots * n_roots * n_roots)
            .into_par_iter()
            .map(|idx| {
                let place = [idx % n_roots, idx / n_roots % n_roots, idx / (n_roots * n_roots)];
                let corner = origin + root * Vec3::from(place.map(|k| k as f32));
                let mut points = Vec::new();
                work.visit(corner, root, &mut points);
                points
            })
            .collect();
        per_root.concat()
    }

    /// Standard deviation of the picture's colour over a square around a position on the working grid.
    fn deviation(&self, seen: Vec2, side_px: f32) -> f32 {
        let (x, y, side) =
            (seen.x * self.detail_scale, seen.y * self.detail_scale, side_px * self.detail_scale);
        let mean = self.mean.sample(x, y, side);
        let spread = self.mean_square.sample(x, y, side) - mean * mean;
        (spread.element_sum() / 3.0).max(0.0).sqrt()
    }
}

/// One pass over the octree.
struct Work<'a> {
    sampler: &'a Sampler<'a>,
    fineness: Fineness,
    jitter: &'a [[f32; 2]],
}

impl Work<'_> {
    fn visit(&self, corner: Vec3, side: f32, points: &mut Vec<Point>) {
        let centre = corner + Vec3::splat(0.5 * side);
        if !self.sampler.bounds.may_cross(self.sampler.surface, centre, 0.5 * side) {
            return;
        }
        if side > self.fineness.coarse * 1.001 {
            self.split(corner, side, points);
            return;
        }
        let surface = self.sampler.surface;
        let foot = surface.project(centre, 0.9 * side);
        let (position, normal) = foot.unwrap_or((centre, Vec3::Z));
        let seen = surface.see(position);
        let facing = normal.dot(surface.to_eye(position));
        if side * 0.5 >= self.fineness.finest && side > self.wanted(position, seen, facing, side) {
            self.split(corner, side, points);
            return;
        }
        if foot.is_none() || (position - centre).abs().max_element() > 0.53 * side {
            return;
        }
        let key = corner.to_array().map(|c| (c / self.fineness.finest).round() as i64);
        let hash = key.iter().fold(0_i64, |h, k| h.wrapping_mul(0x9E37_79B1).wrapping_add(*k));
        let [a, b] = self.jitter[hash.rem_euclid(self.jitter.len() as i64) as usize];
        let (tangent, bitangent) = normal.any_orthonormal_pair();
        let moved = position + (tangent * a + bitangent * b) * (0.3 * side);
        let (position, normal) = surface.project(moved, 0.5 * side).unwrap_or((position, normal));
        // To where the picture shows it.
        let seen = surface.see(position);
        let shift = self.sampler.shift.at(seen);
        let unit = 1.0 / (surface.silhouette.extent_px * surface.zoom(position.z));
        let position = position + Vec3::new(shift.x * unit, -shift.y * unit, 0.0);
        points.push(Point { position, normal, spacing: side, seen: seen + shift, facing });
    }

    fn split(&self, corner: Vec3, side: f32, points: &mut Vec<Point>) {
        let half = 0.5 * side;
        for child in 0..8 {
            let bit = |k: i32| f32::from(u8::from(child >> k & 1 == 1));
            self.visit(corner + half * Vec3::new(bit(0), bit(1), bit(2)), half, points);
        }
    }

    /// Spacing wanted at a surface point, object units.
    fn wanted(&self, position: Vec3, seen: Vec2, facing: f32, side: f32) -> f32 {
        let surface = self.sampler.surface;
        let silhouette = surface.silhouette;
        let pixel = 1.0 / silhouette.extent_px;
        let [px, py] = silhouette.pixel(position.x, position.y);
        let radius = silhouette.thickness.sample(px, py).max(0.75) * pixel;
        let mut wanted = self.fineness.coarse.min(0.8 * radius);
        let to_outline = silhouette.distance.sample(seen.x, seen.y) * pixel;
        if to_outline < 1.5 * side {
            wanted = wanted.min(self.fineness.rim);
        }
        if facing > 0.15 {
            let deviation = self.sampler.deviation(seen, side * silhouette.extent_px);
            // The error of a leaf grows with its size too: what is left of it is spread evenly.
            if deviation * side * 300.0 > self.fineness.colour_deviation {
                wanted = wanted.min(0.99 * side);
            }
        }
        wanted
    }
}

/// Lowest and highest surfaces over squares of the working grid, to skip boxes that no surface crosses.
struct BoundsPyramid {
    levels: Vec<Bounds>,
}

struct Bounds {
    width: usize,
    height: usize,
    /// `[highest front, lowest back, lowest front, highest back]`, object units.
    values: Vec<[f32; 4]>,
}

/// Of a place where nothing is.
const NOTHING: [f32; 4] = [f32::MIN, f32::MAX, f32::MIN, f32::MAX];

fn join(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
    [a[0].max(b[0]), a[1].min(b[1]), a[2].min(b[2]), a[3].max(b[3])]
}

impl BoundsPyramid {
    fn new(surface: &Surface<'_>) -> Self {
        let relief = surface.relief;
        let (width, height) = (relief.sheets.width, relief.sheets.height);
        let at = |x: usize, y: usize| match relief.heights(x, y) {
            Some([front, back]) => [front, back, front, back],
            None => NOTHING,
        };
        // Bilinear reading reaches one pixel beyond.
        let around = |x: usize, y: usize| {
            let mut all = at(x, y);
            for ny in y.saturating_sub(1)..=(y + 1).min(height - 1) {
                for nx in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                    all = join(all, at(nx, ny));
                }
            }
            all
        };
        let values = (0..width * height)
            .into_par_iter()
            .map(|idx| around(idx % width, idx / width))
            .collect();
        let mut levels = vec![Bounds { width, height, values }];
        while let Some(last) = levels.last().filter(|last| last.width > 1 || last.height > 1) {
            let (width, height) = (last.width.div_ceil(2), last.height.div_ceil(2));
            let values = (0..width * height)
                .map(|idx| {
                    let (x, y) = (idx % width * 2, idx / width * 2);
                    let mut all = last.values[y * last.width + x];
                    for (nx, ny) in [(x + 1, y), (x, y + 1), (x + 1, y + 1)] {
                        if nx < last.width && ny < last.height {
                            all = join(all, last.values[ny * last.width + nx]);
                        }
                    }
                    all
                })
                .collect();
            levels.push(Bounds { width, height, values });
        }
        Self { levels }
    }

    /// False only when no surface can cross the cube.
    fn may_cross(&self, surface: &Surface<'_>, centre: Vec3, half: f32) -> bool {
        let silhouette = surface.silhouette;
        let reach = half * silhouette.extent_px + 0.5;
        let [px, py] = silhouette.pixel(centre.x, centre.y);
        let finest = &self.levels[0];
        let (left, right) = (px - reach, px + reach);
        let (top, bottom) = (py - reach, py + reach);
        let (width, height) = (finest.width as f32, finest.height as f32);
        if right < 0.0 || bottom < 0.0 || left >= width || top >= height {
            return false;
        }
        let level = libm::ceilf(libm::log2f((2.0 * reach).max(1.0))) as usize;
        let level = level.saturating_sub(1).min(self.levels.len() - 1);
        let bounds = &self.levels[level];
        let cell = |at: f32, n: usize| ((at.max(0.0) as usize) >> level).min(n - 1);
        let mut all = [f32::MIN, f32::MAX, f32::MAX, f32::MIN];
        for y in cell(top, bounds.height)..=cell(bottom, bounds.height) {
            for x in cell(left, bounds.width)..=cell(right, bounds.width) {
                all = join(all, bounds.values[y * bounds.width + x]);
            }
        }
        let slack = 0.1 * half + 1e-4;
        let (low, high) = (centre.z - half - slack, centre.z + half + slack);
        if all[0] < low || all[1] > high {
            return false;
        }
        let solid = all[2] > high && all[3] < low;
        // Solid, and also away from the cone of the picture's outline.
        let seen = surface.see(centre);
        !(solid && silhouette.distance.sample(seen.x, seen.y) > 2.0 * reach + 2.0)
    }
}
