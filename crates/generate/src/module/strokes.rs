//! Painting a picture with few strokes: soft ellipses laid over each other, each covering what is below it.
//!
//! A stroke covers a place by (1 − q)·edge, at most 1, where q is the squared distance from its middle in units of its
//! radii. Strokes are put where the error is largest, one after the other, and from time to time all of them are moved
//! together by gradient descent ([`super::descend`]).

use glam::{Vec2, Vec3};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::descend;
use crate::error::GenerateError;
use crate::map::Map;
use crate::observe::{Stage, Watch};

/// One stroke. Lengths are pixels of the canvas it was fitted on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stroke {
    pub at: Vec2,
    /// Along its own two axes.
    pub radii: Vec2,
    /// From the canvas's x towards its y, radians.
    pub turn: f32,
    /// How hard its edge is: 1 fades from the middle on, 10 only close to the rim.
    pub edge: f32,
    /// Display-referred.
    pub colour: Vec3,
}

/// No radius is smaller, pixels.
pub(crate) const RADIUS_PX_MIN: f32 = 0.7;
/// Edges go from 1 to this, and never so hard that they would be narrower than a pixel.
const EDGE_MAX: f32 = 16.0;

/// The ellipse of a stroke as a quadratic form, and the box around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ellipse {
    at: Vec2,
    form: [f32; 3],
    half: Vec2,
    edge: f32,
}

impl Ellipse {
    pub(crate) fn of(stroke: &Stroke) -> Self {
        let (sin, cos) = libm::sincosf(stroke.turn);
        let [a, b] =
            [1.0 / (stroke.radii.x * stroke.radii.x), 1.0 / (stroke.radii.y * stroke.radii.y)];
        let form =
            [cos * cos * a + sin * sin * b, sin * cos * (a - b), sin * sin * a + cos * cos * b];
        let half = Vec2::new(
            (cos * cos / a + sin * sin / b).sqrt(),
            (sin * sin / a + cos * cos / b).sqrt(),
        );
        Self { at: stroke.at, form, half, edge: stroke.edge }
    }

    /// Rows it may reach, of `height`.
    pub(crate) fn rows(&self, height: usize) -> std::ops::Range<usize> {
        range(self.at.y, self.half.y, height)
    }

    /// Columns it reaches in the row with its middle at `y`, of `width`, without wrapping.
    pub(crate) fn columns(&self, y: f32, width: usize) -> std::ops::Range<usize> {
        let dy = y - self.at.y;
        let [a, b, c] = self.form;
        let root = (b * b - a * c) * dy * dy + a;
        if root <= 0.0 {
            return 0..0;
        }
        range(self.at.x - b * dy / a, root.sqrt() / a, width)
    }

    /// Share of the colour at a place that is the stroke's.
    pub(crate) fn cover(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - self.at.x, y - self.at.y);
        let [a, b, c] = self.form;
        let q = a * dx * dx + 2.0 * b * dx * dy + c * dy * dy;
        ((1.0 - q) * self.edge).clamp(0.0, 1.0)
    }

    /// The same stroke one turn around the canvas.
    pub(crate) fn shifted(&self, by: f32) -> Self {
        Self { at: self.at + Vec2::new(by, 0.0), ..*self }
    }
}

/// Pixels whose middles are within `half` of `middle`.
fn range(middle: f32, half: f32, n: usize) -> std::ops::Range<usize> {
    let first = (middle - half - 0.5).ceil().max(0.0) as usize;
    let last = ((middle + half - 0.5).floor() + 1.0).max(0.0) as usize;
    first.min(n)..last.min(n)
}

/// What is to be painted.
#[derive(Debug, Clone)]
pub(crate) struct Goal {
    /// Display-referred.
    pub colours: Map<Vec3>,
    /// How much each pixel counts.
    pub weights: Map<f32>,
    /// The right border is the left one.
    pub wraps: bool,
}

/// A canvas below all strokes, and the strokes in the order in which they are laid.
#[derive(Debug, Clone)]
pub(crate) struct Painting {
    pub ground: Vec3,
    pub strokes: Vec<Stroke>,
}

impl Goal {
    /// Places of a stroke: itself, and its copies beyond the borders where the canvas wraps.
    pub(crate) fn places(&self, stroke: &Stroke) -> impl Iterator<Item = Ellipse> + use<> {
        let ellipse = Ellipse::of(stroke);
        let width = self.colours.width as f32;
        let shifts: &[f32] = if self.wraps { &[-1.0, 0.0, 1.0] } else { &[0.0] };
        shifts
            .iter()
            .map(move |shift| ellipse.shifted(shift * width))
            .filter(move |e| e.at.x + e.half.x > 0.0 && e.at.x - e.half.x < width)
    }

    fn lay(&self, canvas: &mut Map<Vec3>, stroke: &Stroke) {
        for ellipse in self.places(stroke) {
            for y in ellipse.rows(canvas.height) {
                let py = y as f32 + 0.5;
                for x in ellipse.columns(py, canvas.width) {
                    let share = ellipse.cover(x as f32 + 0.5, py);
                    let slot = &mut canvas.values[y * canvas.width + x];
                    *slot += (stroke.colour - *slot) * share;
                }
            }
        }
    }

    /// The picture that a painting makes.
    pub(crate) fn painted(&self, painting: &Painting) -> Map<Vec3> {
        let mut canvas = Map::new(self.colours.width, self.colours.height, painting.ground);
        painting.strokes.iter().for_each(|stroke| self.lay(&mut canvas, stroke));
        canvas
    }

    fn mean(&self) -> Vec3 {
        let (mut sum, mut total) = (Vec3::ZERO, 0.0);
        for (&colour, &weight) in self.colours.values.iter().zip(&self.weights.values) {
            sum += colour * weight;
            total += weight;
        }
        (sum / total.max(1e-9)).clamp(Vec3::ZERO, Vec3::ONE)
    }

    /// The stroke's best colour over `canvas`, and by how much it lowers the squared error.
    fn best_colour(&self, canvas: &Map<Vec3>, stroke: &Stroke) -> (Vec3, f32) {
        // Large strokes are judged by some of their pixels.
        let area = std::f32::consts::PI * stroke.radii.x * stroke.radii.y;
        let stride = (area / 1200.0).sqrt().ceil().max(1.0) as usize;
        let each = |visit: &mut dyn FnMut(usize, f32)| {
            for ellipse in self.places(stroke) {
                for y in ellipse.rows(canvas.height).step_by(stride) {
                    let py = y as f32 + 0.5;
                    for x in ellipse.columns(py, canvas.width).step_by(stride) {
                        visit(y * canvas.width + x, ellipse.cover(x as f32 + 0.5, py));
                    }
                }
            }
        };
        let (mut to, mut mass) = (Vec3::ZERO, 1e-6_f32);
        each(&mut |at, share| {
            let below = canvas.values[at];
            let weight = self.weights.values[at] * share;
            to += (below * share + self.colours.values[at] - below) * weight;
            mass += weight * share;
        });
        let colour = (to / mass).clamp(Vec3::ZERO, Vec3::ONE);
        let (mut linear, mut square) = (0.0_f32, 0.0_f32);
        each(&mut |at, share| {
            let step = (colour - canvas.values[at]) * share;
            linear +=
                self.weights.values[at] * step.dot(self.colours.values[at] - canvas.values[at]);
            square += self.weights.values[at] * step.length_squared();
        });
        (colour, (2.0 * linear - square) * (stride * stride) as f32)
    }

    /// Keeps a stroke paintable.
    pub(crate) fn limit(&self, stroke: &mut Stroke) {
        let [width, height] = [self.colours.width as f32, self.colours.height as f32];
        let most = 1.2 * width.max(height);
        stroke.radii = stroke.radii.clamp(Vec2::splat(RADIUS_PX_MIN), Vec2::splat(most));
        let least = stroke.radii.min_element();
        stroke.edge = stroke.edge.clamp(1.0, EDGE_MAX.min((1.5 * least).max(1.0)));
        stroke.at.x = if self.wraps {
            stroke.at.x.rem_euclid(width)
        } else {
            stroke.at.x.clamp(-0.1 * width, 1.1 * width)
        };
        stroke.at.y = stroke.at.y.clamp(-0.1 * height, 1.1 * height);
        stroke.colour = stroke.colour.clamp(Vec3::ZERO, Vec3::ONE);
    }

    /// Paints with `n` strokes.
    pub(crate) fn paint(
        &self,
        n: usize,
        seed: u64,
        watch: &mut Watch<'_>,
        progress: [f32; 2],
    ) -> Result<Painting, GenerateError> {
        let mut painting = Painting { ground: self.mean(), strokes: Vec::with_capacity(n) };
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let rounds = ROUNDS.len();
        for (round, &(share, n_steps, dropped)) in ROUNDS.iter().enumerate() {
            let upto = (n as f32 * share).round() as usize;
            let mut canvas = self.painted(&painting);
            while painting.strokes.len() < upto {
                let stroke =
                    self.next(&canvas, painting.strokes.len() as f32 / n as f32, &mut random);
                self.lay(&mut canvas, &stroke);
                painting.strokes.push(stroke);
            }
            let at =
                progress[0] + (progress[1] - progress[0]) * (round as f32 + 0.5) / rounds as f32;
            watch.step(Stage::Module, at)?;
            descend::descend(self, &mut painting, n_steps, round + 1 == rounds);
            if dropped > 0.0 {
                self.drop_least(&mut painting, (n as f32 * dropped) as usize);
            }
        }
        Ok(painting)
    }

    /// The best of many tried strokes where the error is large.
    fn next(&self, canvas: &Map<Vec3>, done: f32, random: &mut ChaCha8Rng) -> Stroke {
        let (width, height) = (canvas.width, canvas.height);
        let errors: Vec<f32> = canvas
            .values
            .iter()
            .zip(&self.colours.values)
            .zip(&self.weights.values)
            .map(|((found, wanted), weight)| weight * (*found - *wanted).length_squared())
            .collect();
        // Rows, then pixels of a row, by their share of the error.
        let rows: Vec<f32> = errors.chunks(width).map(|row| row.iter().sum()).collect();
        let total: f32 = rows.iter().sum();
        let side = width.max(height) as f32;
        let tries: Vec<u64> = (0..N_TRIES).map(|_| random.next_u64()).collect();
        let pick = |values: &[f32], mut left: f32| {
            for (idx, value) in values.iter().enumerate() {
                left -= value;
                if left <= 0.0 {
                    return idx;
                }
            }
            values.len() - 1
        };
        let start = |seed: u64| {
            let mut random = Dice(ChaCha8Rng::seed_from_u64(seed));
            let row = pick(&rows, random.unit() * total);
            let column = pick(&errors[row * width..(row + 1) * width], random.unit() * rows[row]);
            // From a third of the canvas at first to details at last.
            let most = 0.33 * libm::powf(0.22, done);
            let radius = side * most * libm::powf(0.06, random.unit());
            let aspect = libm::powf(5.0, random.unit());
            let stroke = Stroke {
                at: Vec2::new(column as f32 + 0.5, row as f32 + 0.5),
                radii: Vec2::new(radius * aspect.sqrt(), radius / aspect.sqrt()),
                turn: random.unit() * std::f32::consts::PI,
                edge: libm::powf(EDGE_MAX, random.unit()),
                colour: Vec3::ZERO,
            };
            self.judged(canvas, stroke)
        };
        let mut tried: Vec<(Stroke, f32)> = tries.par_iter().map(|&seed| start(seed)).collect();
        tried.sort_by(|a, b| b.1.total_cmp(&a.1));
        tried.truncate(N_CLIMBERS);
        let climbed: Vec<(Stroke, f32)> = tried
            .par_iter()
            .zip(&tries)
            .map(|(&start, &seed)| {
                self.climb(canvas, start, Dice(ChaCha8Rng::seed_from_u64(!seed)))
            })
            .collect();
        climbed.into_iter().reduce(|a, b| if b.1 > a.1 { b } else { a }).map_or(
            Stroke {
                at: Vec2::ZERO,
                radii: Vec2::ONE,
                turn: 0.0,
                edge: 1.0,
                colour: self.colours.get(0, 0),
            },
            |best| best.0,
        )
    }

    fn judged(&self, canvas: &Map<Vec3>, mut stroke: Stroke) -> (Stroke, f32) {
        self.limit(&mut stroke);
        let (colour, gain) = self.best_colour(canvas, &stroke);
        (Stroke { colour, ..stroke }, gain)
    }

    fn climb(
        &self,
        canvas: &Map<Vec3>,
        mut best: (Stroke, f32),
        mut random: Dice,
    ) -> (Stroke, f32) {
        for _ in 0..N_CLIMBS {
            let mut stroke = best.0;
            let least = stroke.radii.min_element();
            let mut normal = || random.unit() + random.unit() - 1.0;
            stroke.at += Vec2::new(normal(), normal()) * stroke.radii.max_element() * 0.4;
            stroke.radii *= Vec2::new(libm::expf(0.5 * normal()), libm::expf(0.5 * normal()));
            stroke.turn += normal() * 0.7 * (least / stroke.radii.max_element()).max(0.3);
            stroke.edge *= libm::expf(normal());
            let next = self.judged(canvas, stroke);
            if next.1 > best.1 {
                best = next;
            }
        }
        best
    }

    /// Takes out the strokes without which the painting is hardly worse.
    fn drop_least(&self, painting: &mut Painting, n: usize) {
        let worth = descend::worths(self, painting);
        let mut order: Vec<usize> = (0..worth.len()).collect();
        order.sort_by(|&a, &b| worth[a].total_cmp(&worth[b]).then(a.cmp(&b)));
        let mut kept = vec![true; worth.len()];
        order.iter().take(n).for_each(|&idx| kept[idx] = false);
        let mut keep = kept.iter();
        painting.strokes.retain(|_| *keep.next().unwrap_or(&true));
    }
}

/// Strokes of a new one that are tried, how many of them are improved, and how often.
const N_TRIES: usize = 128;
/// See [`N_TRIES`].
const N_CLIMBERS: usize = 6;
/// See [`N_TRIES`].
const N_CLIMBS: usize = 64;

/// Rounds of painting: share of all strokes there are after laying more, steps of descent, share of all strokes that
/// is then taken out as worth least.
const ROUNDS: [(f32, usize, f32); 8] = [
    (0.4, 40, 0.0),
    (0.75, 40, 0.05),
    (1.0, 60, 0.25),
    (1.0, 60, 0.25),
    (1.0, 60, 0.2),
    (1.0, 60, 0.15),
    (1.0, 80, 0.1),
    (1.0, 220, 0.0),
];

struct Dice(ChaCha8Rng);

impl Dice {
    /// From 0 to 1.
    fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / 16_777_216.0
    }
}
