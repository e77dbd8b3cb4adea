//! A picture as colour and coverage, in a form that any box of it can be averaged from.

use image::RgbaImage;
use vision::cutout::{self, Effort};

/// What shows of an object at a place: display-referred RGB times coverage, and coverage, 0 to 1.
pub(super) type Sample = [f64; 4];

/// Longest side of what is looked at, pixels. More is averaged away.
pub(super) const SIDE_PX: usize = 256;
/// Longest side of a prompt while its object is cut out, pixels.
const CUT_PX: u32 = 512;
/// Display value of the gray behind views.
const GRAY: f64 = 128.0 / 255.0;
/// Part of a picture below which nothing is there to see.
const AREA_MIN: f64 = 5e-4;

/// An object before nothing.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Row by row from the top left.
    pub(super) samples: Vec<Sample>,
    /// Sums of everything above and to the left: one more row and column than there are pixels.
    sums: Vec<Sample>,
}

/// Of a prompt.
#[derive(Debug, Clone)]
pub(super) struct Prompt {
    pub(super) layer: Layer,
    /// Whether the object could be told from what is behind it. If not, the whole picture counts as the object.
    pub(super) is_cut: bool,
}

impl Layer {
    pub(super) fn new(width: usize, height: usize, samples: Vec<Sample>) -> Self {
        let stride = width + 1;
        let mut sums = vec![[0.0; 4]; stride * (height + 1)];
        for y in 0..height {
            let mut row = [0.0; 4];
            for x in 0..width {
                let above = sums[y * stride + x + 1];
                let here = samples[y * width + x];
                let sum = &mut sums[(y + 1) * stride + x + 1];
                for c in 0..4 {
                    row[c] += here[c];
                    sum[c] = above[c] + row[c];
                }
            }
        }
        Self { width, height, samples, sums }
    }

    /// Of a view: one picture before white and, for what coverage is, the same before gray. Without the latter, what is white and
    /// hangs together with the border is taken for backdrop.
    pub(super) fn of_view(white: &RgbaImage, gray: Option<&RgbaImage>) -> Self {
        let (width, height, white) = shrunk(white, SIDE_PX);
        let gray = gray
            .map(|gray| shrunk(gray, SIDE_PX))
            .filter(|gray| (gray.0, gray.1) == (width, height));
        let Some((_, _, gray)) = gray else {
            let coverage = before_white(width, height, &white);
            let samples = white.iter().zip(coverage).map(|(w, a)| {
                [
                    (w[0] - (1.0 - a)).max(0.0),
                    (w[1] - (1.0 - a)).max(0.0),
                    (w[2] - (1.0 - a)).max(0.0),
                    a,
                ]
            });
            return Self::new(width, height, samples.collect());
        };
        let samples = white.iter().zip(&gray).map(|(w, g)| {
            // What is behind shines through by 1 − a: white − gray = (1 − a) · (1 − GRAY), in each channel.
            let through = (0..3).map(|c| w[c] - g[c]).sum::<f64>() / 3.0 / (1.0 - GRAY);
            // Rounding of bytes is no coverage.
            let through = if through > 0.985 { 1.0 } else { through.clamp(0.0, 1.0) };
            [
                (w[0] - through).max(0.0),
                (w[1] - through).max(0.0),
                (w[2] - through).max(0.0),
                1.0 - through,
            ]
        });
        Self::new(width, height, samples.collect())
    }

    /// Part of the picture that is covered, 0 to 1.
    pub(super) fn area(&self) -> f64 {
        let pixels = (self.width * self.height).max(1) as f64;
        self.sums.last().map_or(0.0, |sum| sum[3]) / pixels
    }

    pub(super) fn is_empty(&self) -> bool {
        self.area() < AREA_MIN
    }

    /// The mean over a box, in pixels; outside of the picture there is nothing.
    pub(super) fn mean(&self, [x0, y0]: [f64; 2], [x1, y1]: [f64; 2]) -> Sample {
        let area = (x1 - x0) * (y1 - y0);
        let corners = [self.sum(x1, y1), self.sum(x0, y1), self.sum(x1, y0), self.sum(x0, y0)];
        std::array::from_fn(|c| {
            ((corners[0][c] - corners[1][c] - corners[2][c] + corners[3][c]) / area).max(0.0)
        })
    }

    /// The sum of everything above and to the left of a point.
    fn sum(&self, x: f64, y: f64) -> Sample {
        let x = x.clamp(0.0, self.width as f64);
        let y = y.clamp(0.0, self.height as f64);
        let (left, top) = ((x as usize).min(self.width - 1), (y as usize).min(self.height - 1));
        let (u, v) = (x - left as f64, y - top as f64);
        let at = top * (self.width + 1) + left;
        let (a, b) = (&self.sums[at], &self.sums[at + 1]);
        let (c, d) = (&self.sums[at + self.width + 1], &self.sums[at + self.width + 2]);
        std::array::from_fn(|i| {
            (a[i] * (1.0 - u) + b[i] * u) * (1.0 - v) + (c[i] * (1.0 - u) + d[i] * u) * v
        })
    }

    /// The box that holds all but a hundredth of the coverage on each side: far specks do not move it. Lowest and highest x and y.
    pub(super) fn extent(&self) -> [[f64; 2]; 2] {
        let total = self.sums.last().map_or(0.0, |sum| sum[3]);
        let (width, height) = (self.width as f64, self.height as f64);
        // Coverage left of a column, or above a row.
        let columns = |at: usize| self.sum(at as f64, height)[3];
        let rows = |at: usize| self.sum(width, at as f64)[3];
        let find = |count: usize, sum: &dyn Fn(usize) -> f64, part: f64| {
            let wanted = total * part;
            let after = (1..=count).find(|&at| sum(at) >= wanted).unwrap_or(count);
            let (low, high) = (sum(after - 1), sum(after));
            let within = if high > low { (wanted - low) / (high - low) } else { 0.0 };
            (after - 1) as f64 + within.clamp(0.0, 1.0)
        };
        let along = |count: usize, sum: &dyn Fn(usize) -> f64| {
            [find(count, sum, 0.01), find(count, sum, 0.99)]
        };
        let ([left, right], [top, bottom]) =
            (along(self.width, &columns), along(self.height, &rows));
        [[left, top], [right, bottom]]
    }

    /// Covered area outside of the largest connected part, over all covered area.
    pub(super) fn loose(&self) -> f64 {
        let mut label = vec![false; self.samples.len()];
        let (mut total, mut largest) = (0.0, 0.0_f64);
        let mut stack = Vec::new();
        for start in 0..self.samples.len() {
            if label[start] || self.samples[start][3] < 0.25 {
                continue;
            }
            let mut sum = 0.0;
            label[start] = true;
            stack.push(start);
            while let Some(at) = stack.pop() {
                sum += self.samples[at][3];
                neighbours(at, self.width, self.height, |next| {
                    if !label[next] && self.samples[next][3] >= 0.25 {
                        label[next] = true;
                        stack.push(next);
                    }
                });
            }
            total += sum;
            largest = largest.max(sum);
        }
        if total > 0.0 { 1.0 - largest / total } else { 0.0 }
    }

    /// Part of the covered area that is neither covered nor free: soft edges, and fog.
    pub(super) fn softness(&self) -> f64 {
        let soft = |a: f64| (1.0 - (2.0 * a - 1.0).abs()).max(0.0) * 2.0;
        let (mut sum, mut total) = (0.0, 0.0);
        for sample in &self.samples {
            sum += soft(sample[3]).min(1.0);
            total += sample[3];
        }
        // An outline grows with the root of the area.
        if total > 0.0 { sum / total.sqrt() / 4.0 } else { 0.0 }
    }
}

impl Prompt {
    /// Cuts the object out of a prompt, by its alpha channel if that says anything.
    pub(super) fn of(picture: &RgbaImage) -> Self {
        let picture = smaller(picture);
        if let Ok(cut) = cutout::cut_out(&picture, Effort::Standard) {
            let samples = cut.colour.iter().zip(&cut.matte.alpha).map(|(colour, &alpha)| {
                let a = f64::from(alpha);
                [f64::from(colour[0]) * a, f64::from(colour[1]) * a, f64::from(colour[2]) * a, a]
            });
            let (width, height) = (cut.matte.width, cut.matte.height);
            let layer = Layer::new(width, height, samples.collect());
            if !layer.is_empty() {
                return Self { layer, is_cut: true };
            }
        }
        let (width, height, colours) = shrunk(&picture, CUT_PX as usize);
        let samples = colours.into_iter().map(|[r, g, b]| [r, g, b, 1.0]);
        Self { layer: Layer::new(width, height, samples.collect()), is_cut: false }
    }
}

/// Neighbours of a pixel to its four sides.
fn neighbours(at: usize, width: usize, height: usize, mut visit: impl FnMut(usize)) {
    let (x, y) = (at % width, at / width);
    if x > 0 {
        visit(at - 1);
    }
    if x + 1 < width {
        visit(at + 1);
    }
    if y > 0 {
        visit(at - width);
    }
    if y + 1 < height {
        visit(at + width);
    }
}

/// Coverage where only the picture before white is known.
fn before_white(width: usize, height: usize, white: &[[f64; 3]]) -> Vec<f64> {
    /// Display values this far from white, or less, may be backdrop.
    const NEAR: f64 = 0.03;
    let away = |at: usize| white[at].iter().fold(0.0_f64, |most, c| most.max(1.0 - c));
    let mut coverage = vec![1.0; white.len()];
    let mut stack: Vec<usize> = Vec::new();
    for (at, covered) in coverage.iter_mut().enumerate() {
        let (x, y) = (at % width, at / width);
        let is_border = x == 0 || y == 0 || x + 1 == width || y + 1 == height;
        if is_border && away(at) < NEAR {
            *covered = 0.0;
            stack.push(at);
        }
    }
    while let Some(at) = stack.pop() {
        neighbours(at, width, height, |next| {
            if coverage[next] > 0.0 && away(next) < NEAR {
                coverage[next] = 0.0;
                stack.push(next);
            }
        });
    }
    coverage
}

/// At most [`CUT_PX`] on its longest side; alpha stays.
fn smaller(picture: &RgbaImage) -> RgbaImage {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= CUT_PX {
        return picture.clone();
    }
    let side = |length: u32| {
        let scaled = u64::from(length) * u64::from(CUT_PX) / u64::from(longest);
        (scaled as u32).max(cutout::SIDE_PX_MIN)
    };
    image::imageops::thumbnail(picture, side(width), side(height))
}

/// Means of boxes of a picture over white, so that the longest side is at most `side_max`.
fn shrunk(picture: &RgbaImage, side_max: usize) -> (usize, usize, Vec<[f64; 3]>) {
    let (full_width, full_height) = (picture.width() as usize, picture.height() as usize);
    let longest = full_width.max(full_height).max(1);
    let factor = longest.div_ceil(side_max);
    let (width, height) = (full_width.div_ceil(factor), full_height.div_ceil(factor));
    let mut sums = vec![[0_u32; 3]; width * height];
    let mut counts = vec![0_u32; width * height];
    let rows = picture.as_raw().chunks_exact(4 * full_width.max(1));
    for (y, row) in rows.enumerate() {
        for (x, pixel) in row.as_chunks::<4>().0.iter().enumerate() {
            let at = y / factor * width + x / factor;
            let [r, g, b, a] = pixel.map(u32::from);
            for (sum, c) in sums[at].iter_mut().zip([r, g, b]) {
                *sum += if a == 255 { c } else { (c * a + 255 * (255 - a) + 127) / 255 };
            }
            counts[at] += 1;
        }
    }
    let mean = |(sum, count): (&[u32; 3], &u32)| sum.map(|c| f64::from(c) / f64::from(255 * count));
    (width, height, sums.iter().zip(&counts).map(mean).collect())
}
