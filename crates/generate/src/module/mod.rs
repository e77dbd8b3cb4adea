//! The object as a Three.js module: few numbers, from which code in the module makes surfaces and textures.
//!
//! A revolved shape becomes turned profiles, and pillows for what stands out beside them; any other shape becomes one
//! pillow over the outline, with heights by the formula of its hypothesis. Textures are paintings: strokes fitted to
//! the picture, or to what the generator thinks is not seen. The module's own code is in `js/`.

mod descend;
mod flat;
mod light;
mod outline;
mod strokes;
#[cfg(test)]
mod tests;
mod text;
mod turned;

use glam::Vec2;

use self::flat::Flat;
use self::strokes::Painting;
use self::turned::Turned;
use crate::colour::Painter;
use crate::distance;
use crate::error::GenerateError;
use crate::hypothesis::{Body, Hypothesis, block::Footprint};
use crate::map::Map;
use crate::observe::Watch;
use crate::options::{Options, Quality, ShapeKind};
use crate::surface::Surface;

/// A module as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// An ES module, UTF-8.
    pub source: String,
    /// Strokes of all its paintings.
    pub stroke_count: usize,
    /// Corners of all its outlines and profiles.
    pub corner_count: usize,
}

impl Module {
    /// Bytes of the source at most.
    pub const SOURCE_BYTES_MAX: usize = 28 << 10;
    /// Numbers in the source at most.
    pub const NUMBERS_MAX: usize = 2_500;

    /// Numbers written in the source, comments aside.
    #[must_use]
    pub fn number_count(&self) -> usize {
        text::number_count(&self.source)
    }
}

/// Strokes of all paintings; fewer for a draft.
const N_STROKES: usize = 278;
/// See [`N_STROKES`].
const N_STROKES_DRAFT: usize = 110;
/// Corners of all outlines.
const N_CORNERS: usize = 110;
/// How far an outline may be off, pixels of the working grid.
const OUTLINE_TOLERANCE_PX: f32 = 0.5;
/// Longer side of the canvas on which strokes are fitted, pixels.
const CANVAS_PX: usize = 320;
/// The same for what the picture does not show.
const BACK_CANVAS_PX: usize = 96;
/// Around a turned body.
const AROUND_PX: usize = 400;

/// How the two sides of a pillow rise over its outline. Lengths in object units.
#[derive(Debug, Clone, Copy)]
enum Heights {
    Cushion { fullness: f32 },
    Plate { depth: f32 },
    Block { footprint: Footprint },
}

enum Part {
    Turned { turned: Turned, painting: Painting, canvas: [usize; 2] },
    Flat { flat: Flat, heights: Heights, sides: [(Painting, [usize; 2]); 2] },
}

/// Makes the module of a chosen shape.
pub(crate) fn build(
    surface: &Surface<'_>,
    painter: &Painter,
    chosen: &Hypothesis,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<Module, GenerateError> {
    let seed = options.seed;
    let n_strokes = if options.quality == Quality::Draft { N_STROKES_DRAFT } else { N_STROKES };
    let silhouette = surface.silhouette;
    let mut coverage = silhouette.alpha.clone();
    let mut turned = Vec::new();
    if let Some(body) = &chosen.body {
        turned = Turned::of_body(body);
        coverage = beside(surface, body, &turned);
    }
    let heights = match chosen.shape {
        ShapeKind::Slab => Heights::Plate { depth: crate::hypothesis::slab::depth(silhouette) },
        ShapeKind::Block => match chosen.footprint {
            Some(footprint) => Heights::Block { footprint },
            None => Heights::Cushion { fullness: crate::hypothesis::inflate::FULLNESS },
        },
        ShapeKind::Inflated => Heights::Cushion { fullness: crate::hypothesis::inflate::FULLNESS },
        ShapeKind::Revolved => Heights::Cushion { fullness: 1.0 },
    };
    let pieces: Vec<Map> = if turned.is_empty() { vec![coverage] } else { apart(&coverage) };
    // Corners and strokes by what there is to tell.
    let unit2 = silhouette.extent_px * silhouette.extent_px;
    let area = |map: &Map| map.values.iter().sum::<f32>() / unit2;
    let areas: Vec<f32> = turned
        .iter()
        .map(|turned| 2.0 * turned.widest * turned.length * 0.5)
        .chain(pieces.iter().map(area))
        .map(|area| libm::powf(area.max(0.0), 0.6))
        .collect();
    let total: f32 = areas.iter().sum();
    let share = |idx: usize| areas[idx] / total.max(1e-6);
    let corners_max = N_CORNERS / pieces.len().max(1);

    let mut parts = Vec::new();
    let mut done = 0.0;
    let n_turned = turned.len();
    for (idx, (turned, body)) in
        turned.into_iter().zip(std::iter::repeat(chosen.body.as_ref())).enumerate()
    {
        let Some(body) = body else { continue };
        let around = std::f32::consts::TAU * turned.widest;
        let aspect = (turned.length / around.max(1e-6)).clamp(0.2, 1.4);
        let canvas = [AROUND_PX, (AROUND_PX as f32 * aspect).round() as usize];
        let goal = turned.goal(surface, painter, body, canvas);
        let n = ((n_strokes as f32 * share(idx)) as usize).max(10);
        let next = done + share(idx);
        let painting = goal.paint(n, seed ^ idx as u64, watch, [done, next])?;
        watch
            .picture(&format!("9_around_{idx}_wanted"), || crate::pictures::colours(&goal.colours));
        watch.picture(&format!("9_around_{idx}"), || {
            crate::pictures::colours(&goal.painted(&painting))
        });
        done = next;
        parts.push(Part::Turned { turned, painting, canvas });
    }
    for (idx, piece) in pieces.iter().enumerate() {
        let Some(flat) = Flat::of(piece, OUTLINE_TOLERANCE_PX, corners_max) else { continue };
        let idx = n_turned + idx;
        let n = (n_strokes as f32 * share(idx)) as usize;
        let n_back = match heights {
            Heights::Block { .. } => n / 5,
            Heights::Plate { .. } => n / 20,
            Heights::Cushion { .. } => n / 9,
        }
        .max(3);
        let next = done + share(idx);
        let mut sides = Vec::new();
        for (is_back, n) in [(false, n.saturating_sub(n_back).max(6)), (true, n_back)] {
            let longer = if is_back { BACK_CANVAS_PX } else { CANVAS_PX };
            let small =
                ((flat.high - flat.low).max_element() * silhouette.picture_scale.max(1.0)) as usize;
            let canvas = flat.canvas(longer.min(small.max(32)));
            let goal = flat.goal(surface, painter, piece, canvas, is_back);
            let span = if is_back { [next, next] } else { [done, next] };
            let painting =
                goal.paint(n, seed ^ (2 * idx + usize::from(is_back)) as u64, watch, span)?;
            let name = if is_back { "back" } else { "front" };
            watch.picture(&format!("9_{name}_{idx}_wanted"), || {
                crate::pictures::colours(&goal.colours)
            });
            watch.picture(&format!("9_{name}_{idx}"), || {
                crate::pictures::colours(&goal.painted(&painting))
            });
            sides.push((painting, canvas));
        }
        done = next;
        let Ok(sides) = <[_; 2]>::try_from(sides) else { continue };
        parts.push(Part::Flat { flat, heights, sides });
    }
    Ok(text::write(surface, chosen, &parts))
}

/// What of the silhouette stands out beside turned bodies, reaching a little into them.
fn beside(surface: &Surface<'_>, body: &Body, turned: &[Turned]) -> Map {
    let silhouette = surface.silhouette;
    let (width, height) = (silhouette.alpha.width, silhouette.alpha.height);
    let mut covered = Map::new(width, height, 0.0);
    turned.iter().for_each(|turned| turned.cover(surface, body, &mut covered));
    if turned.is_empty() {
        return silhouette.alpha.clone();
    }
    let to_body = distance::squared(width, height, |x, y| covered.get(x, y) > 0.5);
    // Slivers along the body are noise of its outline; a piece has to stand out by this much.
    let least = 0.02 * silhouette.extent_px;
    let stands_out = Map::from_fn(width, height, |x, y| {
        f32::from(u8::from(to_body.get(x, y) > 1.0 && silhouette.inside(x, y)))
    });
    let mut kept = Map::new(width, height, 0.0);
    for piece in apart(&stands_out) {
        let farthest = piece
            .values
            .iter()
            .zip(&to_body.values)
            .filter(|(inside, _)| **inside > 0.5)
            .fold(0.0_f32, |far, (_, d)| far.max(*d));
        if farthest > least * least {
            kept.values.iter_mut().zip(&piece.values).for_each(|(a, b)| *a = a.max(*b));
        }
    }
    let reach = 0.02 * silhouette.extent_px;
    let to_kept = distance::squared(width, height, |x, y| kept.get(x, y) > 0.5);
    Map::from_fn(width, height, |x, y| {
        let near = to_kept.get(x, y);
        let into = covered.get(x, y) > 0.5 && near < reach * reach;
        if near <= 2.0 || into { silhouette.alpha.get(x, y) } else { 0.0 }
    })
}

/// The connected pieces of a coverage, largest first; specks are left out.
fn apart(coverage: &Map) -> Vec<Map> {
    let labels = crate::silhouette::components(coverage.width, coverage.height, |x, y| {
        coverage.get(x, y) > 0.5
    });
    let mut areas = vec![0_usize; labels.n + 1];
    labels.of.values.iter().for_each(|&label| areas[label as usize] += 1);
    let mut order: Vec<usize> = (1..=labels.n).filter(|&label| areas[label] > 24).collect();
    order.sort_by_key(|&label| (std::cmp::Reverse(areas[label]), label));
    order.truncate(6);
    let around = |label: usize| {
        Map::from_fn(coverage.width, coverage.height, |x, y| {
            // Soft rims belong to the piece beside them.
            let mut mine = false;
            for dy in y.saturating_sub(1)..=(y + 1).min(coverage.height - 1) {
                for dx in x.saturating_sub(1)..=(x + 1).min(coverage.width - 1) {
                    mine |= labels.of.get(dx, dy) as usize == label;
                }
            }
            if mine { coverage.get(x, y) } else { 0.0 }
        })
    };
    order.into_iter().map(around).collect()
}

/// The place of the rim plane that shows a pixel of the working grid, metres: x and y.
fn rim_point(surface: &Surface<'_>, pixel: Vec2) -> Vec2 {
    let [x, y] = surface.silhouette.object(pixel.x, pixel.y);
    surface.to_metres(glam::Vec3::new(x, y, 0.0)).truncate()
}
