//! Does the light on the object follow the normals of a shape? And does a frame run around its rim?

use glam::{Vec3, Vec4};

use crate::colour::{luminance, smoothstep};
use crate::hypothesis::Relief;
use crate::map::Map;
use crate::pictures::normal;
use crate::silhouette::Silhouette;

/// Brightness steps per object unit above which a slope is print, not shading.
const PRINT_SLOPE: f32 = 0.9;
/// Mean difference from its mean hue that a frame may have.
const SPREAD_MAX: f32 = 0.17;

/// How much the brightness falls where the surface of a shape turns away, as a share of full brightness per unit of the
/// normal's z: about 0 for a flat thing, 0.2 to 0.6 for a round one. Slopes of the brightness are fitted to slopes of
/// the normal; large slopes (print, edges) hardly count.
pub(crate) fn roundness(silhouette: &Silhouette, relief: &Relief, colours: &Map<Vec3>) -> f32 {
    let sigma = 0.018 * silhouette.extent_px;
    let brightness = colours.map(luminance).blur(sigma);
    let normals = Map::from_fn(colours.width, colours.height, |x, y| {
        normal(silhouette, relief, x, y).unwrap_or(Vec3::ZERO)
    });
    let margin = (0.045 * silhouette.extent_px).max(3.0);
    let stride = (silhouette.extent_px / 160.0).ceil().max(1.0) as usize;
    // Weighted least squares: slope of brightness = light · slope of normal, by the normal equations.
    let (mut matrix, mut side) = (glam::DMat3::ZERO, glam::DVec3::ZERO);
    for y in (1..colours.height.saturating_sub(1)).step_by(stride) {
        for x in (1..colours.width.saturating_sub(1)).step_by(stride) {
            if silhouette.distance.get(x, y) < margin {
                continue;
            }
            let slopes = brightness.slope(x, y).map(|s| s * silhouette.extent_px);
            let turns = normals.slope(x, y).map(|n| n * silhouette.extent_px);
            let steep =
                (slopes[0] * slopes[0] + slopes[1] * slopes[1]) / (PRINT_SLOPE * PRINT_SLOPE);
            let weight = f64::from(1.0 / ((1.0 + steep) * (1.0 + steep)));
            for (slope, turn) in slopes.into_iter().zip(turns) {
                let turn = turn.as_dvec3().clamp_length_max(6.0);
                matrix +=
                    glam::DMat3::from_cols(turn * turn.x, turn * turn.y, turn * turn.z) * weight;
                side += turn * (f64::from(slope) * weight);
            }
        }
    }
    // A little ridge keeps directions that the shape does not have at zero.
    let ridge = (matrix.x_axis.x + matrix.y_axis.y + matrix.z_axis.z) * 0.01 + 1e-9;
    let light = (matrix + glam::DMat3::from_diagonal(glam::DVec3::splat(ridge))).inverse() * side;
    light.length() as f32
}

/// Whether an edge runs around the thick part of the outline at an even distance from it, as between a dial and its
/// bezel: 0 to 1. A round thing has no such edge; its bands and shadows do not follow the outline.
pub(crate) fn frame(silhouette: &Silhouette, colours: &Map<Vec3>) -> f32 {
    const N_SECTORS: usize = 32;
    const N_RINGS: usize = 22;
    /// Distance from the outline of the last ring, as a share of that of the middle.
    const REACH: f32 = 0.55;
    let thickest = silhouette.thickness.values.iter().copied().fold(0.0, f32::max);
    let core = |x: usize, y: usize| silhouette.thickness.get(x, y) > 0.5 * thickest;
    let (mut centre, mut n) = ([0.0_f32; 2], 0.0_f32);
    for y in 0..colours.height {
        for x in (0..colours.width).filter(|&x| core(x, y)) {
            centre = [centre[0] + x as f32, centre[1] + y as f32];
            n += 1.0;
        }
    }
    let centre = centre.map(|sum| sum / n.max(1.0));
    let mut sums = vec![[Vec4::ZERO; N_RINGS]; N_SECTORS];
    for y in 0..colours.height {
        for x in (0..colours.width).filter(|&x| core(x, y)) {
            let ring = silhouette.distance.get(x, y) / (REACH * thickest) * N_RINGS as f32;
            if ring < 0.0 || ring >= N_RINGS as f32 {
                continue;
            }
            let angle = libm::atan2f(y as f32 - centre[1], x as f32 - centre[0]);
            let turn = (angle / std::f32::consts::TAU + 0.5) * N_SECTORS as f32;
            let sector = (turn as usize).min(N_SECTORS - 1);
            sums[sector][ring as usize] += colours.get(x, y).extend(1.0);
        }
    }
    // The step in colour across each ring, in the sector that has a quarter of all sectors below it.
    let step_at = |ring: usize| {
        let mut steps: Vec<f32> = sums
            .iter()
            .filter_map(|rings| {
                let mean = |k: usize| (rings[k].w > 0.5).then(|| rings[k].truncate() / rings[k].w);
                Some((mean(ring + 2)? - mean(ring - 1)?).length())
            })
            .collect();
        steps.sort_by(f32::total_cmp);
        if steps.len() < N_SECTORS * 3 / 4 { 0.0 } else { steps[steps.len() / 4] }
    };
    let Some((peak, ring)) = (2..N_RINGS - 2)
        .map(|ring| (step_at(ring), ring))
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
    else {
        return 0.0;
    };
    // A frame is of one material, whatever the light on it.
    let hues: Vec<Vec3> = sums
        .iter()
        .map(|rings| rings[..ring].iter().copied().sum::<Vec4>())
        .filter(|sum| sum.w > 0.5)
        .map(|sum| sum.truncate() / sum.w)
        .map(|colour| colour / (colour.element_sum() + 0.15))
        .collect();
    let mean = hues.iter().copied().sum::<Vec3>() / hues.len().max(1) as f32;
    let spread =
        hues.iter().map(|hue| (*hue - mean).length()).sum::<f32>() / hues.len().max(1) as f32;
    smoothstep(0.12, 0.24, peak) * smoothstep(SPREAD_MAX, 0.75 * SPREAD_MAX, spread)
}
