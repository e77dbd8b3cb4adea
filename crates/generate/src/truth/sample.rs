//! From a painted solid to splats: flat discs all over its surface, finer where the paint changes, shaded softly.
//!
//! An octree goes down to the cells that the surface crosses; each gives the surface point nearest to its centre. That
//! is even enough for a closed skin when a disc reaches a little beyond its cell.

use asset::{ShDegree, Splats, SplatsParts};
use glam::{Mat3, Quat, Vec3};
use rayon::prelude::*;

use super::paint::linear_to_srgb;
use super::solid::Solid;

/// How densely a surface is sampled and how it is lit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Splats aimed at; the result is within a fifth of it, unless cells would get too small.
    pub target_splats: usize,
    /// Share of light from above and the front that is baked into the colours: 0 plain paint, 1 full.
    pub shading: f32,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { target_splats: 90_000, shading: 1.0 }
    }
}

/// One surface sample.
#[derive(Debug, Clone, Copy)]
struct Sample {
    position: Vec3,
    normal: Vec3,
    /// Display-referred.
    colour: Vec3,
    /// Side of the cell it stands for, metres.
    cell: f32,
}

/// Standard deviation of a splat along the surface, as a share of its cell.
const SPREAD: f32 = 0.62;
/// Standard deviation across the surface, as a share of its cell.
const THICKNESS: f32 = 0.08;
/// Logit of the opacity 0.985.
const RAW_OPACITY: f32 = 4.184_6;
/// Colour contrast within a cell, largest channel, above which it is split.
const CONTRAST: f32 = 0.07;
/// Cells per side of the first run.
const COUNT_CELLS: f32 = 32.0;
/// Most cells per side of any run.
const CELLS_MAX: f32 = 400.0;

/// Where a solid goes to be centred with a largest extent of 1: position' = (position − centre) · scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placement {
    pub(super) centre: Vec3,
    pub(super) scale: f32,
}

/// Samples the surface of a solid, moved and scaled so that its centre is the origin and its largest extent is 1.
#[must_use]
pub fn splats(solid: &Solid, sampling: Sampling) -> Splats {
    placed_splats(solid, sampling).0
}

/// [`splats`], and where the solid went.
pub(super) fn placed_splats(solid: &Solid, sampling: Sampling) -> (Splats, Placement) {
    let size = (solid.bounds[1] - solid.bounds[0]).max_element();
    let mut cells = COUNT_CELLS;
    let mut samples = samples(solid, size / cells, sampling.shading);
    // The number of crossed cells grows with the square of the cells per side, that of split ones more slowly: three
    // corrections at most come close enough.
    for _ in 0..3 {
        let ratio = sampling.target_splats as f32 / samples.len().max(1) as f32;
        let better = (cells * ratio.sqrt()).clamp(4.0, CELLS_MAX);
        if (ratio - 1.0).abs() < 0.1 || better.to_bits() == cells.to_bits() {
            break;
        }
        cells = better;
        samples = self::samples(solid, size / cells, sampling.shading);
    }
    let (mut low, mut high) = (Vec3::INFINITY, Vec3::NEG_INFINITY);
    for sample in &samples {
        low = low.min(sample.position);
        high = high.max(sample.position);
    }
    let (centre, scale) = ((low + high) * 0.5, 1.0 / (high - low).max_element().max(1e-6));
    let n = samples.len();
    let mut parts = SplatsParts {
        positions: Vec::with_capacity(n),
        log_scales: Vec::with_capacity(n),
        rotations: Vec::with_capacity(n),
        raw_opacities: vec![RAW_OPACITY; n],
        sh_dc: Vec::with_capacity(n),
        sh_degree: ShDegree::ZERO,
        sh_rest: Vec::new(),
    };
    for sample in &samples {
        parts.positions.push(((sample.position - centre) * scale).to_array());
        let along = libm::logf(sample.cell * scale * SPREAD);
        parts.log_scales.push([along, along, libm::logf(sample.cell * scale * THICKNESS)]);
        let (u, v) = sample.normal.any_orthonormal_pair();
        let turn = Quat::from_mat3(&Mat3::from_cols(u, v, sample.normal));
        parts.rotations.push([turn.w, turn.x, turn.y, turn.z]);
        parts.sh_dc.push(sample.colour.to_array().map(|c| (c - 0.5) / asset::splats::SH_C0));
    }
    (Splats::new(parts).unwrap_or_default(), Placement { centre, scale })
}

/// Surface samples for cells of the given side. The order is that of the octree, whatever the thread count.
fn samples(solid: &Solid, cell: f32, shading: f32) -> Vec<Sample> {
    let [low, high] = solid.bounds;
    let size = (high - low).max_element() * 1.02;
    let origin = (low + high) * 0.5 - Vec3::splat(size * 0.5);
    let levels = libm::ceilf(libm::log2f(size / cell)).max(0.0) as u32;
    // The side at the last level must be `cell` itself, so the cube at the top is a little larger than needed.
    let top = cell * (1_u32 << levels) as f32;
    let n_blocks = 8_u32;
    let block = top / n_blocks as f32;
    (0..n_blocks * n_blocks * n_blocks)
        .into_par_iter()
        .flat_map_iter(|idx| {
            let at = Vec3::new(
                (idx % n_blocks) as f32,
                (idx / n_blocks % n_blocks) as f32,
                (idx / (n_blocks * n_blocks)) as f32,
            );
            let mut found = Vec::new();
            let descent = Descent { solid, cell, shading };
            descent.visit(origin + at * block, block, &mut found);
            found
        })
        .collect()
}

struct Descent<'a> {
    solid: &'a Solid,
    cell: f32,
    shading: f32,
}

impl Descent<'_> {
    fn visit(&self, low: Vec3, side: f32, found: &mut Vec<Sample>) {
        let centre = low + Vec3::splat(side * 0.5);
        if self.solid.distance(centre).abs() > side * 0.9 {
            return;
        }
        if side > self.cell * 1.01 {
            for corner in 0..8_u32 {
                let step = [corner & 1, corner >> 1 & 1, corner >> 2].map(|bit| bit as f32);
                self.visit(low + Vec3::from(step) * (side * 0.5), side * 0.5, found);
            }
            return;
        }
        let Some(sample) = self.sample(low, side) else { return };
        if self.contrast(&sample) <= CONTRAST {
            found.push(sample);
            return;
        }
        let before = found.len();
        for corner in 0..8_u32 {
            let step = [corner & 1, corner >> 1 & 1, corner >> 2].map(|bit| bit as f32);
            let half = side * 0.5;
            found.extend(self.sample(low + Vec3::from(step) * half, half));
        }
        // A surface that only grazes the cell may miss the centres of all eight.
        if found.len() == before {
            found.push(sample);
        }
    }

    /// The surface point nearest to the centre of a cell, if it lies in the cell.
    fn sample(&self, low: Vec3, side: f32) -> Option<Sample> {
        let centre = low + Vec3::splat(side * 0.5);
        let step = side * 0.1;
        let mut p = centre;
        for _ in 0..6 {
            let distance = self.solid.distance(p);
            if distance.abs() < side * 0.01 {
                break;
            }
            p -= self.solid.normal(p, step) * distance;
        }
        let offset = (p - centre).abs().max_element();
        if offset > side * 0.5 || self.solid.distance(p).abs() > side * 0.05 {
            return None;
        }
        let normal = self.solid.normal(p, step);
        Some(Sample { position: p, normal, colour: self.colour(p, normal), cell: side })
    }

    /// Largest difference of a colour channel between a sample and the four points half-way to its neighbours.
    fn contrast(&self, sample: &Sample) -> f32 {
        let (u, v) = sample.normal.any_orthonormal_pair();
        let reach = sample.cell * 0.5;
        let own = display(self.solid.paint(sample.position).albedo);
        [u, -u, v, -v]
            .iter()
            .map(|&towards| {
                let other = display(self.solid.paint(sample.position + towards * reach).albedo);
                (other - own).abs().max_element()
            })
            .fold(0.0, f32::max)
    }

    /// Paint under a soft light: half-Lambert from above, the front and the left, dimmed where the surface is
    /// hemmed in, with a soft gleam on what is glossy. Display-referred.
    fn colour(&self, p: Vec3, normal: Vec3) -> Vec3 {
        let paint = self.solid.paint(p);
        let lamp = Vec3::new(-0.45, 0.75, 0.48).normalize();
        let wrapped = normal.dot(lamp) * 0.5 + 0.5;
        let open = self.solid.openness(p, normal, 0.15);
        let light = (0.35 + 0.8 * wrapped * wrapped) * (0.35 + 0.65 * open);
        let light = 1.0 + (light - 1.0) * self.shading;
        let halfway = (lamp + Vec3::Z).normalize();
        let gleam = libm::powf(normal.dot(halfway).max(0.0), 10.0 + 50.0 * paint.gloss);
        let gleam = gleam * 0.22 * paint.gloss * open * self.shading;
        display(paint.albedo * light + Vec3::splat(gleam))
    }
}

/// Linear colour to display values, clamped.
fn display(linear: Vec3) -> Vec3 {
    Vec3::from(linear.clamp(Vec3::ZERO, Vec3::ONE).to_array().map(linear_to_srgb))
}
