//! Guided filter: in each window the result is the best affine function of the guide's colour. After He, Sun, Tang,
//! "Guided image filtering", TPAMI 2013, with a weight for each pixel.

use std::ops::Range;

use super::grid::Grid;

/// Variance of the guide (display-referred, 0 to 1) below which a window is flat.
const FLAT: f32 = 2e-4;

/// Filters `values` (value and weight) where it is `wanted`; elsewhere the value stays. Windows are summed one by one:
/// the wanted pixels are a narrow band, and the radius is small.
pub(super) fn filter(
    guide: &Grid<[f32; 3]>,
    values: &Grid<[f32; 2]>,
    wanted: &Grid<bool>,
    radius: usize,
) -> Grid<f32> {
    let (width, height) = (guide.width, guide.height);
    let used = wanted.dilated(radius);
    let affine = Grid::from_fn(width, height, |x, y| {
        if used.at(x, y) { fit(guide, values, [x, y], radius) } else { [0.0; 4] }
    });
    Grid::from_fn(width, height, |x, y| {
        if !wanted.at(x, y) {
            return values.at(x, y)[0];
        }
        let mut mean = [0.0_f32; 4];
        let (columns, rows) = window([x, y], radius, [width, height]);
        let count = (columns.len() * rows.len()) as f32;
        for y in rows {
            for affine in &affine.values[y * width + columns.start..y * width + columns.end] {
                std::iter::zip(&mut mean, affine).for_each(|(sum, value)| *sum += value);
            }
        }
        let ([r, g, b], [sr, sg, sb, offset]) = (guide.at(x, y), mean.map(|sum| sum / count));
        (sr * r + sg * g + sb * b + offset).clamp(0.0, 1.0)
    })
}

fn window(
    [x, y]: [usize; 2],
    radius: usize,
    [width, height]: [usize; 2],
) -> (Range<usize>, Range<usize>) {
    let span = |at: usize, n: usize| at.saturating_sub(radius)..(at + radius + 1).min(n);
    (span(x, width), span(y, height))
}

/// The affine function of the guide that is closest to the values about one pixel: slopes of R, G, B, and offset.
fn fit(
    guide: &Grid<[f32; 3]>,
    values: &Grid<[f32; 2]>,
    place: [usize; 2],
    radius: usize,
) -> [f32; 4] {
    let (columns, rows) = window(place, radius, [guide.width, guide.height]);
    // Weight; guide, value, guide × guide, guide × value, all weighted.
    let mut m = [0.0_f32; 14];
    for y in rows {
        for x in columns.clone() {
            let ([r, g, b], [v, w]) = (guide.at(x, y), values.at(x, y));
            let all =
                [1.0, r, g, b, v, r * r, r * g, r * b, g * g, g * b, b * b, r * v, g * v, b * v];
            std::iter::zip(&mut m, all).for_each(|(sum, value)| *sum += w * value);
        }
    }
    let w = m[0].max(1e-6);
    let [_, r, g, b, v, rr, rg, rb, gg, gb, bb, rv, gv, bv] = m.map(|sum| sum / w);
    let (rr, gg, bb) = (rr - r * r + FLAT, gg - g * g + FLAT, bb - b * b + FLAT);
    let (rg, rb, gb) = (rg - r * g, rb - r * b, gb - g * b);
    let (rv, gv, bv) = (rv - r * v, gv - g * v, bv - b * v);
    let (c_rr, c_rg, c_rb) = (gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg);
    let determinant = (rr * c_rr + rg * c_rg + rb * c_rb).max(1e-15);
    let (c_gg, c_gb, c_bb) = (rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg);
    let slope = [
        (c_rr * rv + c_rg * gv + c_rb * bv) / determinant,
        (c_rg * rv + c_gg * gv + c_gb * bv) / determinant,
        (c_rb * rv + c_gb * gv + c_bb * bv) / determinant,
    ];
    [slope[0], slope[1], slope[2], v - slope[0] * r - slope[1] * g - slope[2] * b]
}
