//! What a picture shows, before the backdrop: colours, how much each pixel belongs to the object, and a frame around it.

use super::super::resize::Planes;
use super::colour::{distance2, oklab};

/// A colour this far from the border's is as likely object as backdrop.
const BACKDROP_WIDTH: f32 = 0.05;
/// With less of the picture than this the object is not told from the backdrop, and everything is looked at.
const SHARE_MIN: f32 = 0.003;
/// Standard deviations from the centre to the edge of the frame.
const FRAME_REACH: f32 = 2.2;

/// A picture in Oklab with an object in it.
pub(super) struct Object {
    pub(super) width: usize,
    pub(super) height: usize,
    /// `[y * width + x]`.
    pub(super) colours: Vec<[f32; 3]>,
    /// How much a pixel belongs to the object, 0 to 1.
    pub(super) weights: Vec<f32>,
    /// Of the object, in pixels.
    centre: [f32; 2],
    /// From the centre to the edge of the frame, in pixels; the same both ways.
    reach: f32,
}

impl Object {
    pub(super) fn of(picture: &Planes) -> Self {
        let Planes { width, height, planes: [r, g, b] } = picture;
        let (width, height) = (*width, *height);
        let colours: Vec<_> = (0..width * height).map(|at| oklab([r[at], g[at], b[at]])).collect();
        let backdrop = border(&colours, width, height);
        let weight = |colour: &[f32; 3]| {
            let away2 = distance2(*colour, backdrop);
            // Squared, so that noise in the backdrop weighs nothing.
            let ratio2 = away2 / (BACKDROP_WIDTH * BACKDROP_WIDTH);
            ratio2 * ratio2 / (1.0 + ratio2 * ratio2)
        };
        let mut weights: Vec<f32> = colours.iter().map(weight).collect();
        if weights.iter().sum::<f32>() < SHARE_MIN * weights.len() as f32 {
            weights.fill(1.0);
        }
        let mut sums = [0.0_f64; 5];
        for (at, &weight) in weights.iter().enumerate() {
            let (x, y) = ((at % width) as f64 + 0.5, (at / width) as f64 + 0.5);
            let parts = [1.0, x, y, x * x, y * y];
            std::iter::zip(&mut sums, parts)
                .for_each(|(sum, part)| *sum += f64::from(weight) * part);
        }
        let [total, x, y, x2, y2] = sums;
        let centre = [x / total, y / total];
        let spread2 = (x2 + y2) / total - centre[0] * centre[0] - centre[1] * centre[1];
        let reach = FRAME_REACH * (spread2.max(1.0) / 2.0).sqrt() as f32;
        Self { width, height, colours, weights, centre: centre.map(|part| part as f32), reach }
    }

    /// Where a pixel is in the frame: −1 left and top, 1 right and bottom; beyond outside.
    pub(super) fn place(&self, x: usize, y: usize) -> [f32; 2] {
        let of = |at: usize, centre: f32| (at as f32 + 0.5 - centre) / self.reach;
        [of(x, self.centre[0]), of(y, self.centre[1])]
    }

    /// The pixels whose colours are the object's rather than the backdrop's: index, place in the frame, and weight.
    pub(super) fn coloured(&self) -> impl Iterator<Item = (usize, [f32; 2], f32)> {
        self.pixels().filter(|(_, _, weight)| *weight > 0.01)
    }

    /// Every pixel that belongs to the object: its index, place in the frame, and weight.
    pub(super) fn pixels(&self) -> impl Iterator<Item = (usize, [f32; 2], f32)> {
        self.weights
            .iter()
            .enumerate()
            .map(|(at, &weight)| (at, self.place(at % self.width, at / self.width), weight))
    }
}

/// Median of each component over the outermost pixels.
fn border(colours: &[[f32; 3]], width: usize, height: usize) -> [f32; 3] {
    let is_border = |at: usize| {
        let (x, y) = (at % width, at / width);
        x == 0 || y == 0 || x + 1 == width || y + 1 == height
    };
    let outer: Vec<_> = (0..colours.len()).filter(|&at| is_border(at)).collect();
    std::array::from_fn(|c| {
        let mut values: Vec<f32> = outer.iter().map(|&at| colours[at][c]).collect();
        values.sort_by(f32::total_cmp);
        values[values.len() / 2]
    })
}
