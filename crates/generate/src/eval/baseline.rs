//! What a generator has to beat: the picture on a card, and its silhouette blown up like a balloon.

use asset::{ShDegree, Splats, SplatsParts};
use glam::{Mat3, Quat, Vec3};
use image::RgbaImage;
use vision::cutout::{Effort, cut_out};

use super::candidate::{Candidate, CandidateError};
use super::centred_unit;
use crate::distance;

/// The cut-out picture on a flat card, seen from both sides.
#[derive(Debug, Clone, Copy, Default)]
pub struct Billboard;

/// The silhouette inflated: at distance d from the outline the asset reaches √(d·(2R − d)) to the front and to the
/// back, R being the largest d. A disc becomes a sphere exactly. Each pixel's colour is on the front and on the back.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inflated;

impl Candidate for Billboard {
    fn name(&self) -> &'static str {
        "billboard"
    }

    fn make(
        &mut self,
        prompt: &RgbaImage,
        _: &mut dyn FnMut() -> bool,
    ) -> Result<Splats, CandidateError> {
        let card = Card::cut_from(prompt)?;
        let mut builder = Builder::default();
        for (x, y) in card.pixels() {
            builder.disc(card.place(x, y, 0.0), Vec3::Z, [1.0; 2], card.colour(x, y));
        }
        builder.finish()
    }
}

impl Candidate for Inflated {
    fn name(&self) -> &'static str {
        "inflated"
    }

    fn make(
        &mut self,
        prompt: &RgbaImage,
        _: &mut dyn FnMut() -> bool,
    ) -> Result<Splats, CandidateError> {
        let card = Card::cut_from(prompt)?;
        let to_outside =
            distance::squared(card.width, card.height, |x, y| card.alpha[y * card.width + x] < 0.5);
        let inside = |x: usize, y: usize| (to_outside.get(x, y).sqrt() - 0.5).max(0.0);
        let widest = card.pixels().map(|(x, y)| inside(x, y)).fold(0.0, f32::max);
        let depth = |x: usize, y: usize| {
            let d = inside(x, y);
            (d * (2.0 * widest - d)).max(0.0).sqrt()
        };
        let mut builder = Builder::default();
        for (x, y) in card.pixels() {
            let (left, right) =
                (depth(x.saturating_sub(1), y), depth((x + 1).min(card.width - 1), y));
            let (above, below) =
                (depth(x, y.saturating_sub(1)), depth(x, (y + 1).min(card.height - 1)));
            // Towards the rim the surface is steep: a disc there is drawn out along the slope to keep it closed.
            let normal = Vec3::new((left - right) / 2.0, (below - above) / 2.0, 1.0).normalize();
            let stretch = (1.0 / normal.z).min(12.0);
            for side in [1.0, -1.0] {
                let outward = Vec3::new(normal.x, normal.y, normal.z * side);
                let at = card.place(x, y, side * depth(x, y));
                builder.disc(at, outward, [stretch, 1.0], card.colour(x, y));
            }
        }
        builder.finish()
    }
}

/// Pixels along the longer side of the object.
const SIDE_PX: f32 = 288.0;

/// The object of a picture on its own small grid.
struct Card {
    width: usize,
    height: usize,
    alpha: Vec<f32>,
    rgb: Vec<[f32; 3]>,
}

impl Card {
    fn cut_from(prompt: &RgbaImage) -> Result<Self, CandidateError> {
        let cut = cut_out(prompt, Effort::Standard)
            .map_err(|error| CandidateError::Failed(error.to_string()))?;
        let matte = &cut.matte;
        let covered = |x: usize, y: usize| matte.alpha[y * matte.width + x] >= 0.5;
        let (mut low, mut high) = ([usize::MAX; 2], [0; 2]);
        for y in 0..matte.height {
            for x in (0..matte.width).filter(|&x| covered(x, y)) {
                low = [low[0].min(x), low[1].min(y)];
                high = [high[0].max(x + 1), high[1].max(y + 1)];
            }
        }
        if low[0] >= high[0] {
            return Err(CandidateError::Failed("nothing is covered by more than half".to_owned()));
        }
        let size = [high[0] - low[0], high[1] - low[1]];
        let step = (size[0].max(size[1]) as f32 / SIDE_PX).max(1.0);
        // One empty cell all around, so that the outline is an outline at the border too.
        let cells = size.map(|side| (side as f32 / step).ceil() as usize + 2);
        let mut card = Self {
            width: cells[0],
            height: cells[1],
            alpha: Vec::with_capacity(cells[0] * cells[1]),
            rgb: Vec::with_capacity(cells[0] * cells[1]),
        };
        for y in 0..card.height {
            for x in 0..card.width {
                let columns = cell_range(x, step, low[0], high[0]);
                let (mut colour, mut weight, mut n) = ([0.0_f32; 3], 1e-6_f32, 0_usize);
                for v in cell_range(y, step, low[1], high[1]) {
                    for at in columns.clone().map(|u| v * matte.width + u) {
                        // The mean over the cell, colour weighted by coverage.
                        let alpha = matte.alpha[at];
                        for (sum, channel) in colour.iter_mut().zip(cut.colour[at]) {
                            *sum += alpha * channel;
                        }
                        weight += alpha;
                        n += 1;
                    }
                }
                card.alpha.push(weight / n.max(1) as f32);
                card.rgb.push(colour.map(|c| c / weight));
            }
        }
        Ok(card)
    }

    /// Cells that belong to the object.
    fn pixels(&self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.width * self.height)
            .filter(|&idx| self.alpha[idx] >= 0.5)
            .map(|idx| (idx % self.width, idx / self.width))
    }

    fn colour(&self, x: usize, y: usize) -> [f32; 3] {
        self.rgb[y * self.width + x]
    }

    /// A cell's place in space, in cells.
    fn place(&self, x: usize, y: usize, z: f32) -> Vec3 {
        Vec3::new(x as f32 - self.width as f32 / 2.0, self.height as f32 / 2.0 - y as f32, z)
    }
}

/// The pixels of a cell along one axis; none for the empty cells at both ends.
fn cell_range(idx: usize, step: f32, low: usize, high: usize) -> std::ops::Range<usize> {
    let Some(idx) = idx.checked_sub(1) else { return 0..0 };
    let from = low + (idx as f32 * step) as usize;
    let to = low + ((idx + 1) as f32 * step) as usize;
    from.min(high)..to.min(high)
}

/// Collects discs on a grid of side 1; [`centred_unit`] brings them to size.
#[derive(Default)]
struct Builder(SplatsParts);

impl Builder {
    /// A disc with the given standard deviations in units of [`Self::SPREAD`]: along the slope, and across it.
    fn disc(&mut self, at: Vec3, normal: Vec3, spread: [f32; 2], colour: [f32; 3]) {
        let slope = Vec3::Z - normal * normal.z;
        let along = slope.try_normalize().unwrap_or(Vec3::X);
        let across = normal.cross(along);
        let turn = Quat::from_mat3(&Mat3::from_cols(along, across, normal));
        self.0.positions.push(at.to_array());
        let log = |share: f32| libm::logf(Self::SPREAD * share);
        self.0.log_scales.push([log(spread[0]), log(spread[1]), log(0.15)]);
        self.0.rotations.push([turn.w, turn.x, turn.y, turn.z]);
        self.0.raw_opacities.push(Self::RAW_OPACITY);
        self.0.sh_dc.push(colour.map(|c| (c - 0.5) / asset::splats::SH_C0));
    }

    /// Standard deviation of a disc, cells.
    const SPREAD: f32 = 0.6;
    /// Logit of the opacity 0.98.
    const RAW_OPACITY: f32 = 3.89;

    fn finish(self) -> Result<Splats, CandidateError> {
        let parts = SplatsParts { sh_degree: ShDegree::ZERO, ..self.0 };
        Splats::new(parts)
            .ok()
            .and_then(|splats| centred_unit(&splats))
            .ok_or_else(|| CandidateError::Failed("the object has no extent".to_owned()))
    }
}
