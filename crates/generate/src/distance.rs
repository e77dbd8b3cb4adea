//! Distances on masks: exact Euclidean transform, signed distance with sub-pixel outline, and local thickness.
//! Source of the transform: Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions", 2012.

use rayon::prelude::*;

use crate::map::Map;

/// Larger than any distance on a picture, and its square still exact enough.
const FAR: f32 = 1e9;

/// Squared distance of each pixel to the nearest pixel for which `is_seed` holds, pixels².
pub(crate) fn squared(
    width: usize,
    height: usize,
    is_seed: impl Fn(usize, usize) -> bool + Sync,
) -> Map {
    // Columns first, into a transposed map so that both passes walk along memory.
    let mut columns = Map::new(height, width, FAR);
    columns.values.par_chunks_mut(height.max(1)).enumerate().for_each(|(x, column)| {
        let mut since = FAR;
        for (y, slot) in column.iter_mut().enumerate() {
            since = if is_seed(x, y) { 0.0 } else { since + 1.0 };
            *slot = since;
        }
        since = FAR;
        for slot in column.iter_mut().rev() {
            since = if *slot == 0.0 { 0.0 } else { since + 1.0 };
            let nearest = slot.min(since);
            *slot = nearest;
        }
        column.iter_mut().for_each(|slot| *slot = (*slot * *slot).min(FAR));
    });
    let mut map = Map::new(width, height, FAR);
    map.values.par_chunks_mut(width.max(1)).enumerate().for_each_init(
        || (vec![0_usize; width], vec![0.0_f32; width + 1]),
        |(apexes, starts), (y, row)| {
            let height_at = |x: usize| columns.get(y, x);
            lower_envelope(row, &height_at, apexes, starts);
        },
    );
    map
}

/// Lowest of the parabolas (x − q)² + height(q) over all q, for each x.
fn lower_envelope(
    row: &mut [f32],
    height_at: &dyn Fn(usize) -> f32,
    apexes: &mut [usize],
    starts: &mut [f32],
) {
    let mut last = 0;
    apexes[0] = 0;
    starts[0] = f32::NEG_INFINITY;
    for q in 1..row.len() {
        let crossing = |p: usize| {
            let (p_f, q_f) = (p as f64, q as f64);
            let rise = f64::from(height_at(q)) + q_f * q_f - f64::from(height_at(p)) - p_f * p_f;
            (rise / (2.0 * (q_f - p_f))) as f32
        };
        while last > 0 && crossing(apexes[last]) <= starts[last] {
            last -= 1;
        }
        let start = crossing(apexes[last]);
        if last == 0 && start <= starts[0] {
            apexes[0] = q;
            continue;
        }
        last += 1;
        apexes[last] = q;
        starts[last] = start;
    }
    let mut at = 0;
    for (x, slot) in row.iter_mut().enumerate() {
        while at < last && starts[at + 1] <= x as f32 {
            at += 1;
        }
        let offset = x as f32 - apexes[at] as f32;
        *slot = offset * offset + height_at(apexes[at]);
    }
}

/// Highest of the caps r² − |p − c|² over all pixels c with r their distance to the outline: what the union of all discs
/// inside the outline would stand out as, were each a ball. Pixels²; 0 outside.
pub(crate) fn balls(distance: &Map) -> Map {
    let radius_2 = distance.map(|d| if d > 0.0 { -d * d } else { 0.0 });
    let pass = |map: &Map| {
        let mut turned = Map::new(map.height, map.width, 0.0);
        let (width, height) = (map.width, map.height);
        let mut rows = map.clone();
        rows.values.par_chunks_mut(width.max(1)).for_each_init(
            || (vec![0.0_f32; width], vec![0_usize; width], vec![0.0_f32; width + 1]),
            |(heights, apexes, starts), row| {
                heights.copy_from_slice(row);
                lower_envelope(row, &|x| heights[x], apexes, starts);
            },
        );
        turned.values.par_chunks_mut(height.max(1)).enumerate().for_each(|(x, column)| {
            column.iter_mut().enumerate().for_each(|(y, slot)| *slot = rows.get(x, y));
        });
        turned
    };
    let lowest = pass(&pass(&radius_2));
    Map::from_fn(distance.width, distance.height, |x, y| {
        if distance.get(x, y) > 0.0 { (-lowest.get(x, y)).max(0.0) } else { 0.0 }
    })
}

/// Distance to the outline where coverage is one half, pixels, positive inside. Close to the outline the coverage
/// itself says where between two pixel centres it runs.
pub(crate) fn signed(alpha: &Map) -> Map {
    let soft = alpha.blur(0.7);
    let inside = |x: usize, y: usize| soft.get(x, y) > 0.5;
    let to_outside = squared(alpha.width, alpha.height, |x, y| !inside(x, y));
    let to_inside = squared(alpha.width, alpha.height, inside);
    let coarse = Map::from_fn(alpha.width, alpha.height, |x, y| {
        if inside(x, y) {
            to_outside.get(x, y).sqrt() - 0.5
        } else {
            0.5 - to_inside.get(x, y).sqrt()
        }
    });
    Map::from_fn(alpha.width, alpha.height, |x, y| {
        let distance = coarse.get(x, y);
        if distance.abs() > 1.2 {
            return distance;
        }
        let [slope_x, slope_y] = soft.slope(x, y);
        let steepness = (slope_x * slope_x + slope_y * slope_y).sqrt();
        if steepness < 0.08 {
            return distance;
        }
        ((soft.get(x, y) - 0.5) / steepness).clamp(-1.6, 1.6)
    })
}

/// Radius of the largest disc inside the shape that covers each pixel, pixels; 0 outside.
pub(crate) fn thickness(distance: &Map) -> Map {
    let largest = distance.values.iter().copied().fold(0.0, f32::max);
    let mut thickness = Map::from_fn(distance.width, distance.height, |x, y| {
        if distance.get(x, y) > 0.0 { 0.75 } else { 0.0 }
    });
    let mut radius = 1.0_f32;
    while radius < largest {
        let reach_2 = radius * radius;
        let to_core = squared(distance.width, distance.height, |x, y| distance.get(x, y) >= radius);
        thickness = Map::from_fn(distance.width, distance.height, |x, y| {
            let covered = to_core.get(x, y) <= reach_2 && distance.get(x, y) > 0.0;
            if covered { radius } else { thickness.get(x, y) }
        });
        radius *= 1.22;
    }
    thickness
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transform_is_the_brute_force_minimum() {
        let seeds = [(3_usize, 1_usize), (0, 7), (11, 8), (11, 2)];
        let map = squared(13, 9, |x, y| seeds.contains(&(x, y)));
        for y in 0..9_usize {
            for x in 0..13_usize {
                let nearest =
                    seeds.iter().map(|&(sx, sy)| x.abs_diff(sx).pow(2) + y.abs_diff(sy).pow(2));
                assert_eq!(map.get(x, y), nearest.min().unwrap() as f32, "at {x},{y}");
            }
        }
    }

    #[test]
    fn no_seed_is_far() {
        let map = squared(5, 4, |_, _| false);
        assert!(map.values.iter().all(|&d| d >= 1e8), "{:?}", map.values);
    }

    /// A disc of radius 20.3 drawn with soft edges: the outline is found within a tenth of a pixel.
    #[test]
    fn outline_is_found_between_pixels() {
        let disc = Map::from_fn(64, 64, |x, y| {
            let (dx, dy) = (x as f32 + 0.5 - 31.7, y as f32 + 0.5 - 32.2);
            (20.3 - (dx * dx + dy * dy).sqrt() + 0.5).clamp(0.0, 1.0)
        });
        let distance = signed(&disc);
        for step in 0..64 {
            let (sin, cos) = libm::sincosf(step as f32 * 0.098);
            let found = distance.sample(31.7 + 20.3 * cos, 32.2 + 20.3 * sin);
            assert!(found.abs() < 0.2, "{found} at step {step}");
        }
    }

    #[test]
    fn a_stick_on_a_disc_keeps_its_own_thickness() {
        let shape = Map::from_fn(120, 80, |x, y| {
            let (dx, dy) = (x as f32 - 40.0, y as f32 - 40.0);
            let stick = x > 40 && x < 115 && y.abs_diff(40) <= 3;
            if stick || dx * dx + dy * dy < 900.0 { 1.0 } else { 0.0 }
        });
        let thickness = thickness(&signed(&shape));
        assert!(thickness.get(40, 40) > 24.0, "{}", thickness.get(40, 40));
        assert!(thickness.get(100, 40) < 4.5, "{}", thickness.get(100, 40));
    }
}
