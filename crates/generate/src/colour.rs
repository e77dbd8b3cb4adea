//! Colour of every point of the surface: what the picture shows where it shows it, and a completion elsewhere.
//!
//! The completion never smears the last pixels of the rim, and never repeats highlights or print: it is made of the
//! picture's low frequencies, continued from the rim, plus the material's texture where that is the same all over.

use glam::{Vec3, Vec4};

use crate::hypothesis::block::Footprint;
use crate::hypothesis::{Body, Hypothesis};
use crate::map::{Map, Pyramid, fill};
use crate::options::ShapeKind;
use crate::sample::Point;
use crate::silhouette::{Silhouette, Subject};
use crate::surface::Surface;

/// Below the first cosine to the line of sight a point takes the completion, above the second the picture.
const FACING: [f32; 2] = [0.08, 0.3];
/// The same on a body of revolution, where more is known of what comes around the rim.
const FACING_TURNED: [f32; 2] = [0.3, 0.6];

pub(crate) fn smoothstep(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

pub(crate) fn luminance(colour: Vec3) -> f32 {
    colour.dot(Vec3::new(0.299, 0.587, 0.114))
}

/// What the picture shows of the object.
#[derive(Debug, Clone)]
pub(crate) struct Front {
    /// Picture colours cropped to the working grid at the picture's resolution, filled beyond the object.
    pub colours: Map<Vec3>,
    /// Pixels of `colours` per pixel of the working grid.
    pub scale: f32,
    /// The same on the working grid.
    pub working: Map<Vec3>,
}

/// Paints points.
#[derive(Debug)]
pub(crate) struct Painter {
    pub front: Front,
    fronts: Pyramid<Vec3>,
    /// The same on the working grid without highlights.
    clean: Pyramid<Vec3>,
    /// Low frequencies of `clean`.
    low: Map<Vec3>,
    /// Colour of the far side where there is no body of revolution, working grid.
    pub back: Map<Vec3>,
    turned: Option<Turned>,
    /// Below the first cosine to the line of sight the completion is taken, above the second the picture.
    pub facing: [f32; 2],
    /// How much the picture may say of a point that is hardly turned to it, 0 to 1.
    pub least_trust: f32,
    footprint: Option<Footprint>,
}

/// What a body of revolution shows all around.
#[derive(Debug)]
struct Turned {
    body: Body,
    /// Middle colour of each ring of the body, and how far its colours are from it.
    ring_colours: Vec<Vec4>,
    /// How much of the texture may be repeated, 0 to 1.
    texture_share: f32,
}

impl Painter {
    pub(crate) fn new(front: Front, surface: &Surface<'_>, chosen: &Hypothesis) -> Self {
        let silhouette = surface.silhouette;
        let clean = without_highlights(silhouette, &front.working);
        let low = within(silhouette, &clean, 0.035 * silhouette.extent_px);
        let back = match chosen.shape {
            ShapeKind::Slab => from_rim(silhouette, &clean),
            ShapeKind::Block => simplified_with(silhouette, &clean, 0.014),
            _ => simplified(silhouette, &clean),
        };
        let turned = chosen.body.as_ref().map(|body| Turned::new(surface, body, &clean, &low));
        Self {
            fronts: Pyramid::new(front.colours.clone()),
            front,
            clean: Pyramid::new(clean),
            low,
            back,
            least_trust: if turned.is_some() { 0.06 } else { 0.6 },
            facing: if turned.is_some() { FACING_TURNED } else { FACING },
            turned,
            footprint: chosen.footprint,
        }
    }

    /// The picture on the working grid without highlights.
    pub(crate) fn clean(&self) -> &Map<Vec3> {
        &self.clean.levels[0]
    }

    /// Colour of a point, display-referred.
    pub(crate) fn colour(&self, surface: &Surface<'_>, point: &Point) -> Vec3 {
        let shown = smoothstep(self.facing[0], self.facing[1], point.facing);
        if shown >= 1.0 {
            return self.shown(surface, point);
        }
        let completed = self.completed(surface, point);
        if shown <= 0.0 {
            return completed;
        }
        completed.lerp(self.shown(surface, point), shown)
    }

    /// What the picture shows where it shows a point.
    pub(crate) fn shown(&self, surface: &Surface<'_>, point: &Point) -> Vec3 {
        let seen = point.seen * self.front.scale;
        let side = point.spacing * surface.silhouette.extent_px * self.front.scale;
        self.fronts.sample(seen.x, seen.y, side)
    }

    /// Colour of a point by what is known of the rest.
    pub(crate) fn completed(&self, surface: &Surface<'_>, point: &Point) -> Vec3 {
        let p = point.position;
        let [px, py] = surface.silhouette.pixel(p.x, p.y);
        let sheet = surface.relief.sheets.sample(px, py);
        let shown = match &self.footprint {
            // A far wall looks like the near one that faces it.
            Some(footprint) if p.z < sheet.x => footprint.opposite(p),
            _ => Vec3::new(p.x, p.y, sheet.x + sheet.y.max(0.0).sqrt()),
        };
        let seen = surface.see(shown);
        let mut plain = self.back.sample(seen.x, seen.y);
        if self.footprint.is_some() {
            // The top of a block is not shown at all: no detail of its upper edge is drawn out over it.
            let level = smoothstep(0.5, 0.8, point.normal.y.abs());
            plain = plain.lerp(self.low.sample(seen.x, seen.y), level);
        }
        let Some(turned) = &self.turned else { return plain };
        let [across, along] = turned.body.axis.coordinates(p.x, p.y);
        let ring = turned.body.at(along);
        let slack = 3.0 * turned.body.step;
        let on_body =
            ring.trust * smoothstep(ring.radius + slack, ring.radius + 0.5 * slack, across.abs());
        if on_body <= 0.0 {
            return plain;
        }
        let angle = libm::atan2f(across, p.z - surface.relief.sheets.sample(px, py).x);
        let at_angle = |angle: f32| {
            let (sin, cos) = libm::sincosf(angle);
            let [x, y] = turned.body.axis.place(ring.radius * sin, along);
            surface.see(Vec3::new(x, y, ring.radius * cos))
        };
        let low_at = |angle: f32| {
            let seen = at_angle(angle);
            self.low.sample(seen.x, seen.y)
        };
        // Light goes on around the body from what is seen at 50 degrees towards the middle colour of the ring.
        const EDGE: f32 = 0.88;
        let near = low_at(angle.clamp(-EDGE, EDGE));
        let far =
            (low_at(-EDGE) + low_at(EDGE)) * 0.25 + turned.ring_colour(along).truncate() * 0.5;
        let light = near.lerp(far, smoothstep(EDGE, 2.6, angle.abs()));
        // Texture is folded to and fro over the 90 degrees seen best, so it has no seam anywhere.
        const FOLD: f32 = std::f32::consts::FRAC_PI_4;
        let phase = (angle + FOLD).rem_euclid(4.0 * FOLD);
        let folded = if phase < 2.0 * FOLD { phase - FOLD } else { 3.0 * FOLD - phase };
        let seen = at_angle(folded);
        let side = point.spacing * surface.silhouette.extent_px;
        let ring_colour = turned.ring_colour(along);
        let folded = self.clean.sample(seen.x, seen.y, side);
        // What is of another colour than the ring (a stem before the body) is no texture of it.
        let strange = (folded - ring_colour.truncate()).length();
        let own = smoothstep(4.0 * ring_colour.w + 0.14, 2.5 * ring_colour.w + 0.06, strange);
        let texture = folded - self.low.sample(seen.x, seen.y);
        plain.lerp(light + texture * (own * turned.texture_share), on_body)
    }
}

impl Turned {
    fn new(surface: &Surface<'_>, body: &Body, clean: &Map<Vec3>, low: &Map<Vec3>) -> Self {
        const N_ANGLES: usize = 25;
        const REACH: f32 = 1.0;
        let mut energies = [0.0_f32; 2];
        let angle_of = |k: usize| REACH * (2.0 * k as f32 / (N_ANGLES - 1) as f32 - 1.0);
        let mut ring_colours = Vec::with_capacity(body.rings.len());
        for (ring_idx, ring) in body.rings.iter().enumerate() {
            let along = body.start + ring_idx as f32 * body.step;
            let mut channels = [[0.0_f32; N_ANGLES]; 3];
            for k in 0..N_ANGLES {
                let (sin, cos) = libm::sincosf(angle_of(k));
                let [x, y] = body.axis.place(ring.radius * sin, along);
                let seen = surface.see(Vec3::new(x, y, ring.radius * cos));
                let colour = clean.sample(seen.x, seen.y);
                (0..3).for_each(|c| channels[c][k] = colour[c]);
                let detail = colour - low.sample(seen.x, seen.y);
                energies[usize::from(angle_of(k).abs() > 0.5)] +=
                    ring.trust * detail.length_squared();
            }
            let colours: [Vec3; N_ANGLES] =
                std::array::from_fn(|k| Vec3::from([0, 1, 2].map(|c| channels[c][k])));
            for channel in &mut channels {
                channel.sort_by(f32::total_cmp);
            }
            let middle = Vec3::from([0, 1, 2].map(|c| channels[c][N_ANGLES / 2]));
            let mut strange = colours.map(|colour| (colour - middle).length());
            strange.sort_by(f32::total_cmp);
            ring_colours.push(middle.extend(strange[N_ANGLES / 2]));
        }
        // Print sits in the middle; material looks the same everywhere.
        let texture_share = smoothstep(0.15, 0.5, energies[1] / energies[0].max(1e-9));
        Self { body: body.clone(), ring_colours, texture_share }
    }

    fn ring_colour(&self, along: f32) -> Vec4 {
        let last = self.ring_colours.len() - 1;
        let at = ((along - self.body.start) / self.body.step).clamp(0.0, last as f32);
        let low = at as usize;
        self.ring_colours[low].lerp(self.ring_colours[(low + 1).min(last)], at - at.floor())
    }
}

impl Front {
    /// Crops the picture to the object. Its outermost pixels, mixed with what is behind it, are replaced from further
    /// in.
    pub(crate) fn of(subject: &Subject, silhouette: &Silhouette) -> Self {
        let scale = silhouette.picture_scale.max(1.0);
        let width = (silhouette.alpha.width as f32 * scale).round() as usize;
        let height = (silhouette.alpha.height as f32 * scale).round() as usize;
        let at = |x: usize, y: usize| [(x as f32 + 0.5) / scale, (y as f32 + 0.5) / scale];
        let colours = Map::from_fn(width, height, |x, y| {
            let [px, py] = at(x, y);
            let [x, y] = silhouette.picture(px, py);
            subject.colour.sample(x, y)
        });
        let weights = Map::from_fn(width, height, |x, y| {
            let [px, py] = at(x, y);
            let d = silhouette.distance.sample(px, py) * silhouette.picture_scale;
            let room = silhouette.thickness.sample(px, py) * silhouette.picture_scale;
            let inset = (0.45 * room).min(2.0);
            smoothstep(inset - 1.0, inset + 0.6, d)
        });
        let colours = fill(&colours, &weights);
        let working = Map::from_fn(silhouette.alpha.width, silhouette.alpha.height, |x, y| {
            let at = |k: usize| (k as f32 + 0.5) * scale;
            colours.area(at(x), at(y), scale)
        });
        Self { colours, scale, working }
    }
}

/// Mean over a neighbourhood of the object alone.
fn within(silhouette: &Silhouette, colours: &Map<Vec3>, sigma: f32) -> Map<Vec3> {
    let mask = silhouette.distance.map(|d| if d > 0.0 { 1.0 } else { 0.0 });
    let sums = Map::from_fn(colours.width, colours.height, |x, y| {
        (colours.get(x, y) * mask.get(x, y)).extend(mask.get(x, y))
    })
    .blur(sigma);
    let means = Map::from_fn(colours.width, colours.height, |x, y| {
        let sum = sums.get(x, y);
        sum.truncate() / sum.w.max(1e-4)
    });
    fill(&means, &mask)
}

/// Takes bright spots out that are paler than what surrounds them.
fn without_highlights(silhouette: &Silhouette, colours: &Map<Vec3>) -> Map<Vec3> {
    let around = simplified_with(silhouette, colours, 0.09);
    let paleness = |colour: Vec3| colour.min_element() / colour.max_element().max(0.02);
    let kept = Map::from_fn(colours.width, colours.height, |x, y| {
        if !silhouette.inside(x, y) {
            return 0.0;
        }
        let (here, usual) = (colours.get(x, y), around.get(x, y));
        let brighter = smoothstep(0.06, 0.14, luminance(here) - luminance(usual));
        let paler = smoothstep(0.03, 0.12, paleness(here) - paleness(usual));
        1.0 - brighter * paler
    });
    // The soft edge of a highlight belongs to it.
    let kept = kept
        .map(|k| 1.0 - k)
        .blur(0.006 * silhouette.extent_px)
        .map(|s| 1.0 - smoothstep(0.02, 0.3, s));
    let kept = Map::from_fn(kept.width, kept.height, |x, y| {
        if silhouette.inside(x, y) { kept.get(x, y) } else { 0.0 }
    });
    fill(colours, &kept)
}

/// Large areas without their detail: medians over a neighbourhood.
fn simplified(silhouette: &Silhouette, colours: &Map<Vec3>) -> Map<Vec3> {
    let medians = simplified_with(silhouette, colours, 0.035);
    within(silhouette, &medians, 0.012 * silhouette.extent_px)
}

/// Median of each channel over a disc of `radius` object units around each pixel, inside the object.
fn simplified_with(silhouette: &Silhouette, colours: &Map<Vec3>, radius: f32) -> Map<Vec3> {
    // Few enough samples to sort: a grid of at most 11 × 11 over the disc, at a third of the resolution.
    const SHRINK: f32 = 3.0;
    const HALF: isize = 5;
    let width = (colours.width as f32 / SHRINK).ceil() as usize;
    let height = (colours.height as f32 / SHRINK).ceil() as usize;
    let step = radius * silhouette.extent_px / HALF as f32;
    let small = Map::from_fn(width, height, |x, y| {
        let (x, y) = ((x as f32 + 0.5) * SHRINK, (y as f32 + 0.5) * SHRINK);
        let mut channels: [Vec<f32>; 3] = Default::default();
        for j in -HALF..=HALF {
            for i in -HALF..=HALF {
                let (px, py) = (x + i as f32 * step, y + j as f32 * step);
                let within = px >= 0.0
                    && py >= 0.0
                    && px < colours.width as f32
                    && py < colours.height as f32
                    && silhouette.inside(px as usize, py as usize);
                if within && i * i + j * j <= HALF * HALF {
                    let colour = colours.get(px as usize, py as usize);
                    (0..3).for_each(|c| channels[c].push(colour[c]));
                }
            }
        }
        let n = channels[0].len();
        if n == 0 {
            return Vec3::ZERO.extend(0.0);
        }
        let median = channels.map(|mut c| *c.select_nth_unstable_by(n / 2, f32::total_cmp).1);
        Vec3::from(median).extend(1.0)
    });
    let known = small.map(|v| v.w);
    let filled = fill(&small.map(glam::Vec4::truncate), &known);
    Map::from_fn(colours.width, colours.height, |x, y| {
        filled.sample((x as f32 + 0.5) / SHRINK, (y as f32 + 0.5) / SHRINK)
    })
}

/// The rim's colour continued inwards: what a plate's far side is made of.
fn from_rim(silhouette: &Silhouette, colours: &Map<Vec3>) -> Map<Vec3> {
    let pixel = 1.0 / silhouette.extent_px;
    let band = 0.09 * silhouette.traits.bulk;
    let smooth = simplified_with(silhouette, colours, 0.04);
    let weights = silhouette.distance.map(|d| {
        let d = d * pixel;
        smoothstep(0.0, 0.2 * band, d) * smoothstep(band, 0.6 * band, d)
    });
    let filled = fill(&smooth, &weights);
    within(silhouette, &filled, 0.03 * silhouette.extent_px)
}
