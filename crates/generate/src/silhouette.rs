//! The outline of the object: cropped to a working grid, and what can be read from it without knowing the shape.

use crate::distance;
use crate::error::GenerateError;
use crate::map::Map;

/// Free pixels around the object on the working grid.
const MARGIN_PX: f32 = 8.0;

/// The object as cut out, at the picture's own resolution.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// Coverage, 0 to 1.
    pub alpha: Map,
    /// Colour of the object alone, display-referred, 0 to 1.
    pub colour: Map<glam::Vec3>,
}

/// The outline on the working grid.
///
/// Object units: the centre of the outline's box is the origin, x to the right, y **up**, and the larger side of the
/// box is 1.
#[derive(Debug, Clone)]
pub(crate) struct Silhouette {
    /// Coverage.
    pub alpha: Map,
    /// Distance to the outline, pixels of the working grid, positive inside.
    pub distance: Map,
    /// Radius of the largest disc inside the outline that covers the pixel, pixels.
    pub thickness: Map,
    /// Larger side of the outline's box, pixels of the working grid: pixels per object unit.
    pub extent_px: f32,
    /// Centre of that box, pixels of the working grid.
    pub centre_px: [f32; 2],
    /// Picture pixels per pixel of the working grid.
    pub picture_scale: f32,
    /// Where the corner of the working grid is in the picture, picture pixels.
    pub picture_corner: [f32; 2],
    /// What can be read from the outline.
    pub traits: Traits,
}

/// What can be read from the outline.
#[derive(Debug, Clone, Copy, Default)]
#[allow(dead_code, reason = "some are only for the eyes: the stage's text prints them all")]
pub(crate) struct Traits {
    /// 4π·area / perimeter²: 1 for a disc.
    pub circularity: f32,
    /// Area divided by that of the box.
    pub fill: f32,
    /// Largest local thickness (a diameter) divided by the larger side.
    pub bulk: f32,
    /// Best upright axis of symmetry.
    pub axis: Axis,
}

/// An upright axis of symmetry: the line x = `offset` + `tilt`·y in object units.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Axis {
    pub offset: f32,
    pub tilt: f32,
    /// Overlap of the outline and its mirror image: intersection over union, 0 to 1.
    pub symmetry: f32,
}

impl Axis {
    /// Signed distance to the axis and position along it.
    pub(crate) fn coordinates(self, x: f32, y: f32) -> [f32; 2] {
        let norm = 1.0 / (1.0 + self.tilt * self.tilt).sqrt();
        let (dx, dy) = (x - self.offset, y);
        [(dx - self.tilt * dy) * norm, (dy + self.tilt * dx) * norm]
    }

    /// The inverse of [`Self::coordinates`].
    pub(crate) fn place(self, across: f32, along: f32) -> [f32; 2] {
        let norm = 1.0 / (1.0 + self.tilt * self.tilt).sqrt();
        [self.offset + (across + self.tilt * along) * norm, (along - self.tilt * across) * norm]
    }
}

impl Silhouette {
    /// Crops to the object and measures it. `working_px`: larger side of the object on the working grid at most.
    pub(crate) fn of(subject: &Subject, working_px: f32) -> Result<Self, GenerateError> {
        let alpha = &subject.alpha;
        let covered = |x: usize, y: usize| alpha.get(x, y) > 0.5;
        let mut bounds = [usize::MAX, usize::MAX, 0, 0];
        let mut found_px = 0;
        for y in 0..alpha.height {
            for x in (0..alpha.width).filter(|&x| covered(x, y)) {
                bounds = [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x), bounds[3].max(y)];
                found_px += 1;
            }
        }
        let sides = [bounds[2].wrapping_sub(bounds[0]) + 1, bounds[3].wrapping_sub(bounds[1]) + 1];
        let side_px = if found_px == 0 { 0 } else { sides[0].max(sides[1]) };
        if found_px < GenerateError::OBJECT_PX_MIN || side_px < GenerateError::OBJECT_SIDE_PX_MIN {
            return Err(GenerateError::TooSmall { found_px, side_px });
        }
        // Never enlarge by more than two: there is nothing to see between the pixels.
        let picture_scale = (side_px as f32 / working_px).max(0.5);
        let picture_corner = [0, 1].map(|k| bounds[k] as f32 - MARGIN_PX * picture_scale);
        let [width, height] =
            sides.map(|side| (side as f32 / picture_scale + 2.0 * MARGIN_PX).ceil() as usize);
        let inside = |x: f32, y: f32| {
            x >= 0.0 && y >= 0.0 && x <= alpha.width as f32 && y <= alpha.height as f32
        };
        let working = Map::from_fn(width, height, |x, y| {
            let picture_x = picture_corner[0] + (x as f32 + 0.5) * picture_scale;
            let picture_y = picture_corner[1] + (y as f32 + 0.5) * picture_scale;
            // Beyond the picture there is no object, even if it touches the border.
            if !inside(picture_x, picture_y) {
                return 0.0;
            }
            alpha.area(picture_x, picture_y, picture_scale)
        });
        let distance = distance::signed(&working);
        let thickness = distance::thickness(&distance);
        let mut silhouette = Self {
            centre_px: [0, 1].map(|k| MARGIN_PX + sides[k] as f32 * 0.5 / picture_scale),
            extent_px: side_px as f32 / picture_scale,
            alpha: working,
            distance,
            thickness,
            picture_scale,
            picture_corner,
            traits: Traits::default(),
        };
        silhouette.traits = silhouette.measure([sides[0] as f32, sides[1] as f32]);
        Ok(silhouette)
    }

    /// Object units of a position in pixels of the working grid.
    pub(crate) fn object(&self, x_px: f32, y_px: f32) -> [f32; 2] {
        [(x_px - self.centre_px[0]) / self.extent_px, (self.centre_px[1] - y_px) / self.extent_px]
    }

    /// Pixels of the working grid of a position in object units.
    pub(crate) fn pixel(&self, x: f32, y: f32) -> [f32; 2] {
        [self.centre_px[0] + x * self.extent_px, self.centre_px[1] - y * self.extent_px]
    }

    /// Picture pixels of a position in pixels of the working grid.
    pub(crate) fn picture(&self, x_px: f32, y_px: f32) -> [f32; 2] {
        [
            self.picture_corner[0] + x_px * self.picture_scale,
            self.picture_corner[1] + y_px * self.picture_scale,
        ]
    }

    pub(crate) fn inside(&self, x: usize, y: usize) -> bool {
        self.distance.get(x, y) > 0.0
    }

    fn measure(&self, sides: [f32; 2]) -> Traits {
        let area = self.distance.values.iter().filter(|&&d| d > 0.0).count() as f32;
        // Length of the outline by the co-area formula over a band of four pixels.
        let band = self.distance.values.iter().filter(|d| d.abs() < 2.0).count() as f32;
        let perimeter = (band / 4.0).max(1.0);
        let largest = self.thickness.values.iter().copied().fold(0.0, f32::max);
        Traits {
            circularity: (4.0 * std::f32::consts::PI * area / (perimeter * perimeter)).min(1.0),
            fill: area * self.picture_scale * self.picture_scale / (sides[0] * sides[1]),
            bulk: 2.0 * largest / self.extent_px,
            axis: self.best_axis(0.0),
        }
    }

    /// Axis of symmetry of what is at least `share` times as thick as the thickest part.
    pub(crate) fn core_axis(&self, share: f32) -> Axis {
        let thickest = self.thickness.values.iter().copied().fold(0.0, f32::max);
        self.best_axis(share * thickest)
    }

    /// Tries offsets and tilts around the middle, coarse to fine.
    fn best_axis(&self, thickness_min: f32) -> Axis {
        let mut best = self.symmetry_about(0.0, 0.0, thickness_min);
        for (reach, step, tilt_step) in
            [(0.12, 0.02, 0.04), (0.015, 0.005, 0.02), (0.004, 0.002, 0.01)]
        {
            let around = best;
            let n = (reach / step) as i32;
            for tilt_idx in -2..=2 {
                for offset_idx in -n..=n {
                    let offset = around.offset + offset_idx as f32 * step;
                    let tilt = around.tilt + tilt_idx as f32 * tilt_step;
                    let tried = self.symmetry_about(offset, tilt, thickness_min);
                    // A tilt has to earn itself: most things stand upright.
                    let worth = |axis: Axis| axis.symmetry - 0.15 * axis.tilt.abs();
                    if worth(tried) > worth(best) + 1e-4 {
                        best = tried;
                    }
                }
            }
        }
        best
    }

    fn symmetry_about(&self, offset: f32, tilt: f32, thickness_min: f32) -> Axis {
        let inside =
            |x: usize, y: usize| self.inside(x, y) && self.thickness.get(x, y) >= thickness_min;
        let axis = Axis { offset, tilt, symmetry: 0.0 };
        let (mut both, mut either) = (0_usize, 0_usize);
        let stride = (self.extent_px / 128.0).ceil().max(1.0) as usize;
        for y in (0..self.alpha.height).step_by(stride) {
            for x in (0..self.alpha.width).step_by(stride) {
                let [object_x, object_y] = self.object(x as f32 + 0.5, y as f32 + 0.5);
                let [across, along] = axis.coordinates(object_x, object_y);
                let [mirror_x, mirror_y] = axis.place(-across, along);
                let [px, py] = self.pixel(mirror_x, mirror_y);
                let within = px >= 0.0
                    && py >= 0.0
                    && px < self.alpha.width as f32
                    && py < self.alpha.height as f32;
                let mirrored = within && inside(px as usize, py as usize);
                let here = inside(x, y);
                both += usize::from(here && mirrored);
                either += usize::from(here) + usize::from(mirrored && !here);
                either += usize::from(here && !within);
            }
        }
        Axis { symmetry: both as f32 / either.max(1) as f32, ..axis }
    }
}

/// Removes pieces that are small and far from the largest one: they would float.
pub(crate) fn without_specks(alpha: &Map) -> Map {
    let labels = components(alpha.width, alpha.height, |x, y| alpha.get(x, y) > 0.5);
    let mut areas = vec![0_usize; labels.n + 1];
    labels.of.values.iter().for_each(|&label| areas[label as usize] += 1);
    let Some(main) = (1..=labels.n).max_by_key(|&label| areas[label]) else { return alpha.clone() };
    let reach = 0.02 * (alpha.width.max(alpha.height)) as f32;
    let mut kept = vec![false; labels.n + 1];
    kept[main] = true;
    // A string may be broken into pieces: what is close to something kept is kept.
    for _ in 0..8 {
        let to_kept =
            distance::squared(alpha.width, alpha.height, |x, y| kept[labels.of.get(x, y) as usize]);
        let before = kept.clone();
        for (&label, &distance_2) in labels.of.values.iter().zip(&to_kept.values) {
            let label = label as usize;
            let large = areas[label] * 20 > areas[main];
            if label > 0 && (large || distance_2 < reach * reach) {
                kept[label] = true;
            }
        }
        if kept == before {
            break;
        }
    }
    let to_kept =
        distance::squared(alpha.width, alpha.height, |x, y| kept[labels.of.get(x, y) as usize]);
    Map::from_fn(alpha.width, alpha.height, |x, y| {
        let label = labels.of.get(x, y) as usize;
        let soft_edge = label == 0 && to_kept.get(x, y) <= 9.0;
        if kept[label] || soft_edge { alpha.get(x, y) } else { 0.0 }
    })
}

/// Pieces of a mask: 0 outside, then 1 to `n`.
pub(crate) struct Labels {
    pub of: Map<f32>,
    pub n: usize,
}

pub(crate) fn components(
    width: usize,
    height: usize,
    inside: impl Fn(usize, usize) -> bool,
) -> Labels {
    let mut of = Map::new(width, height, 0.0);
    let mut n = 0;
    let mut stack = Vec::new();
    for start in 0..width * height {
        if of.values[start] != 0.0 || !inside(start % width, start / width) {
            continue;
        }
        n += 1;
        of.values[start] = n as f32;
        stack.push(start);
        while let Some(pixel) = stack.pop() {
            let (x, y) = (pixel % width, pixel / width);
            for dy in y.saturating_sub(1)..=(y + 1).min(height - 1) {
                for dx in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                    let neighbour = dy * width + dx;
                    if of.values[neighbour] == 0.0 && inside(dx, dy) {
                        of.values[neighbour] = n as f32;
                        stack.push(neighbour);
                    }
                }
            }
        }
    }
    Labels { of, n }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traits_of(inside: impl Fn(f32, f32) -> bool + Sync) -> Traits {
        // Coverage by 16 samples: a hard edge has a longer outline than any photograph.
        let alpha = Map::from_fn(200, 200, |x, y| {
            let at = |corner: usize, k: usize| corner as f32 - 99.5 + (k as f32 - 1.5) / 4.0;
            let hits = (0..16).filter(|k| inside(at(x, k % 4), at(y, k / 4))).count();
            hits as f32 / 16.0
        });
        let colour = Map::new(200, 200, glam::Vec3::ONE);
        Silhouette::of(&Subject { alpha, colour }, 256.0).unwrap().traits
    }

    #[test]
    fn a_disc_is_round_full_and_symmetric() {
        let disc = traits_of(|x, y| x * x + y * y < 6400.0);
        // The outline is counted in pixel steps, which makes it up to a tenth too long.
        assert!(disc.circularity > 0.82, "{disc:?}");
        assert!(disc.axis.symmetry > 0.98 && disc.axis.offset.abs() < 0.01, "{disc:?}");
        assert!((disc.bulk - 1.0).abs() < 0.2, "{disc:?}");
    }

    #[test]
    fn a_letter_l_has_no_symmetry() {
        let letter =
            traits_of(|x, y| (x.abs() < 60.0 && y.abs() < 80.0) && (x < -30.0 || y > 50.0));
        assert!(letter.axis.symmetry < 0.7, "{letter:?}");
        assert!(letter.fill < 0.75, "{letter:?}");
    }

    #[test]
    fn a_leaning_bottle_has_a_tilted_axis() {
        let leaning = traits_of(|x, y| (x + 0.08 * y).abs() < 20.0 && y.abs() < 85.0);
        // Picture y points down, object y up.
        assert!((leaning.axis.tilt - 0.08).abs() < 0.025, "{leaning:?}");
        assert!(leaning.axis.symmetry > 0.95, "{leaning:?}");
    }
}
