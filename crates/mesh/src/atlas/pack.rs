//! Charts into a square, each set down on the horizon of those before it.

use glam::Vec2;
use rayon::prelude::*;

use super::Options;
use super::flat::Flat;
use crate::{MeshError, Stop};

/// Where charts lie.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    /// Texel of the origin of each chart.
    pub corners: Vec<[f32; 2]>,
    /// Texels per metre.
    pub scale: f32,
}

/// Share of the square that the first try fills with charts.
const FILL: f32 = 0.85;
/// From one try to the next.
const SHRINK: f32 = 0.965;
/// Tries: down to 1/10 000 of the first scale.
const TRIES: usize = 260;

/// The largest scale, by small steps, at which all charts fit.
pub(super) fn pack(flats: &[Flat], options: &Options, stop: Stop<'_>) -> Result<Packed, MeshError> {
    let area: f64 = flats.iter().map(|flat| f64::from(cover(flat))).sum();
    let side = options.side_px as f32;
    let no_room = MeshError::NoRoom {
        charts: flats.len(),
        side_px: options.side_px,
        gutter_px: options.gutter_px,
    };
    // Even points need their gutter.
    let least = (2 * options.gutter_px + 1) as f64;
    if flats.len() as f64 * least * least > f64::from(side) * f64::from(side) {
        return Err(no_room);
    }
    let largest = flats.iter().map(|flat| flat.size.x).fold(0.0, f32::max);
    let inner = side - 2.0 * options.gutter_px as f32 - 2.0;
    let mut scale = (side * (f64::from(FILL) / area.max(1e-30)).sqrt() as f32)
        .min(inner / largest.max(1e-30))
        .clamp(1e-6, 1e12);
    // High charts first, since they leave the deepest gaps.
    let mut order: Vec<usize> = (0..flats.len()).collect();
    order.sort_by(|&a, &b| flats[b].size.y.total_cmp(&flats[a].size.y).then(a.cmp(&b)));
    for _ in 0..TRIES {
        if stop() {
            return Err(MeshError::Stopped);
        }
        if let Some(corners) = try_pack(flats, &order, scale, options) {
            return Ok(Packed { corners, scale });
        }
        scale *= SHRINK;
    }
    Err(no_room)
}

/// Area of the triangles of a chart.
fn cover(flat: &Flat) -> f32 {
    let area = |&corners: &[u32; 3]| {
        let [a, b, c] = corners.map(|vertex| flat.points[vertex as usize]);
        0.5 * (b - a).perp_dot(c - a).abs()
    };
    flat.corners.iter().map(area).sum()
}

/// Lowest and highest row a chart needs in each column, gutter included, rows from its lower end.
struct Outline {
    bottom: Vec<i32>,
    top: Vec<i32>,
}

impl Outline {
    fn of(flat: &Flat, scale: f32, gutter: i32) -> Self {
        let columns = (flat.size.x * scale) as usize + 1;
        let mut bottom = vec![i32::MAX; columns];
        let mut top = vec![i32::MIN; columns];
        for corners in &flat.corners {
            let p = corners.map(|vertex| flat.points[vertex as usize] * scale);
            let (low, high) =
                p.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), p| {
                    (low.min(p.x), high.max(p.x))
                });
            let last = (high as usize).min(columns - 1);
            for column in (low as usize).min(last)..=last {
                let [y0, y1] = span(&p, column as f32, column as f32 + 1.0);
                bottom[column] = bottom[column].min(y0.floor() as i32);
                top[column] = top[column].max(y1.floor() as i32 + 1);
            }
        }
        // A gutter around: each column as low and as high as any within its reach.
        let wide = columns + 2 * gutter as usize;
        let within = |list: &[i32], column: usize, pick: fn(i32, i32) -> i32, none: i32| {
            let first = column.saturating_sub(2 * gutter as usize);
            let last = column.min(columns - 1);
            list[first.min(last)..=last].iter().fold(none, |best, &value| pick(best, value))
        };
        Self {
            bottom: (0..wide)
                .map(|c| within(&bottom, c, i32::min, i32::MAX).saturating_sub(gutter))
                .collect(),
            top: (0..wide)
                .map(|c| within(&top, c, i32::max, i32::MIN).saturating_add(gutter))
                .collect(),
        }
    }
}

/// Lowest and highest y of a triangle between two x.
fn span(p: &[Vec2; 3], x0: f32, x1: f32) -> [f32; 2] {
    let mut range = [f32::INFINITY, f32::NEG_INFINITY];
    let mut add = |y: f32| range = [range[0].min(y), range[1].max(y)];
    for k in 0..3 {
        let (a, b) = (p[k], p[(k + 1) % 3]);
        if (x0..=x1).contains(&a.x) {
            add(a.y);
        }
        for x in [x0, x1] {
            if (a.x < x) != (b.x < x) {
                add(a.y + (b.y - a.y) * ((x - a.x) / (b.x - a.x)).clamp(0.0, 1.0));
            }
        }
    }
    if range[0] > range[1] {
        // Rounding put it beside the column.
        let y = p[0].y.min(p[1].y).min(p[2].y);
        return [y, y];
    }
    range
}

fn try_pack(
    flats: &[Flat],
    order: &[usize],
    scale: f32,
    options: &Options,
) -> Option<Vec<[f32; 2]>> {
    let (side, gutter) = (options.side_px as i32, options.gutter_px as i32);
    let outlines: Vec<Outline> =
        flats.par_iter().map(|flat| Outline::of(flat, scale, gutter)).collect();
    let mut horizon = vec![0_i32; side as usize];
    let mut corners = vec![[0.0; 2]; flats.len()];
    // The upper rims of charts touch: half a gutter each would do, but then the rim of the square would lack it.
    for &chart in order {
        let Outline { bottom, top } = &outlines[chart];
        let width = bottom.len();
        if width > side as usize {
            return None;
        }
        let mut best = (i32::MAX, i64::MAX, 0, 0);
        for x in 0..=side as usize - width {
            let under = &horizon[x..x + width];
            let y = under.iter().zip(bottom).map(|(h, b)| h - b).max().unwrap_or(0);
            let end = top.iter().map(|t| y + t).max().unwrap_or(side + 1);
            if end > side || end > best.0 {
                continue;
            }
            // Least wasted room below.
            let waste: i64 = under.iter().zip(bottom).map(|(h, b)| i64::from(y + b - h)).sum();
            if (end, waste) < (best.0, best.1) {
                best = (end, waste, x, y);
            }
        }
        let (end, _, x, y) = best;
        if end > side {
            return None;
        }
        for (h, t) in horizon[x..].iter_mut().zip(top) {
            *h = y + t;
        }
        corners[chart] = [(x as i32 + gutter) as f32, y as f32];
    }
    Some(corners)
}
