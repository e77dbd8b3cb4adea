//! Does the asset still stand as it stood? The asset after is laid over the asset before in every way in which axes can be
//! swapped and flipped, 24 rotations and 24 reflections, and the pictures say which way fits best.
//!
//! No asset is turned for that: from the six sides of the box, an asset turned by a quarter looks like another side of
//! itself, with the picture turned or mirrored.

use glam::{DMat3, DVec3};
use image::RgbaImage;
use render::scene::{Stop, Stopped};
use render::{Camera, Lens};
use serde::Serialize;

use super::frame::Canvas;

/// Side of the pictures, pixels.
const SIZE_PX: u32 = 64;
/// Another way has to fit better by so much before we say that the asset was turned, dB.
const BETTER_DB: f64 = 1.0;
/// Pictures this close need no second look, dB.
const CLOSE_DB: f64 = 40.0;

/// How the asset stands in the file written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Orientation {
    /// The answer.
    pub verdict: Verdict,
    /// PSNR of the pictures from the six sides as it stands, dB; `None` when they are the same.
    pub psnr_db: Option<f64>,
    /// What the axes would have to become to fit best, as in `x -z y`: new x, y and z; `x y z` when it fits as it stands.
    pub best: String,
    /// PSNR of that, dB; `None` when the pictures are the same.
    pub best_psnr_db: Option<f64>,
    /// Other ways that fit as well, to a decibel: the asset looks the same so.
    pub symmetries: usize,
}

/// The answer of the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It stands as before.
    Kept,
    /// It fits better when it is turned.
    Turned,
    /// It fits better when it is mirrored.
    Mirrored,
    /// No way fits, or nothing is to be seen.
    Unclear,
}

impl Orientation {
    pub(super) fn identical() -> Self {
        let best = name(DMat3::IDENTITY);
        Self { verdict: Verdict::Kept, psnr_db: None, best, best_psnr_db: None, symmetries: 0 }
    }
}

/// Right and up of the camera that looks at the origin from each side; the side itself is right × up.
const SIDES: [[DVec3; 2]; 6] = [
    [DVec3::X, DVec3::Y],
    [DVec3::NEG_X, DVec3::Y],
    [DVec3::NEG_Z, DVec3::Y],
    [DVec3::Z, DVec3::Y],
    [DVec3::X, DVec3::NEG_Z],
    [DVec3::X, DVec3::Z],
];

fn camera([right, up]: [DVec3; 2]) -> Camera {
    let back = right.cross(up);
    let front = Camera::orbit(render::View::FRONT, Lens::competition(SIZE_PX));
    Camera {
        eye: Lens::RADIUS * back,
        world_to_view: DMat3::from_cols(right, -up, -back).transpose(),
        ..front
    }
}

/// All matrices whose columns are axes, the identity first.
fn ways() -> Vec<DMat3> {
    let mut ways = Vec::new();
    for [x, y, z] in [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [1, 0, 2], [2, 1, 0]] {
        for signs in 0..8 {
            let column = |axis: usize, place: usize| {
                DVec3::AXES[axis] * if signs >> place & 1 == 0 { 1.0 } else { -1.0 }
            };
            ways.push(DMat3::from_cols(column(x, 0), column(y, 1), column(z, 2)));
        }
    }
    ways
}

/// As in `x -z y`: what becomes new x, new y, new z.
fn name(way: DMat3) -> String {
    let row = |row: DVec3| {
        let axis = (0..3).find(|axis| row[*axis] != 0.0).unwrap_or(0);
        format!("{}{}", if row[axis] < 0.0 { "-" } else { "" }, ["x", "y", "z"][axis])
    };
    [way.row(0), way.row(1), way.row(2)].map(row).join(" ")
}

pub(super) fn check(
    before: &Canvas<'_>,
    after: &Canvas<'_>,
    stop: Stop<'_>,
) -> Result<Orientation, Stopped> {
    let cameras = SIDES.map(camera);
    let before = before.draw(&cameras, stop)?;
    let after = after.draw(&cameras, stop)?;
    let fits: Vec<(DMat3, f64)> =
        ways().into_iter().map(|way| (way, decibels(way, &before, &after))).collect();
    let (identity, standing) = fits[0];
    let best = fits[1..]
        .iter()
        .copied()
        .fold(fits[0], |best, fit| if fit.1 > best.1 { fit } else { best });
    let is_blank = before.iter().all(|picture| picture.as_raw().iter().all(|byte| *byte == 255));
    let better = standing < CLOSE_DB && best.1 >= standing + BETTER_DB;
    let verdict = match best.0.determinant() > 0.0 {
        _ if is_blank => Verdict::Unclear,
        _ if !better => Verdict::Kept,
        true => Verdict::Turned,
        false => Verdict::Mirrored,
    };
    let best = if better { best } else { (identity, standing) };
    let as_well = |fit: &&(DMat3, f64)| fit.1 >= best.1 - BETTER_DB && fit.0 != best.0;
    Ok(Orientation {
        verdict,
        psnr_db: Some(standing).filter(|db| db.is_finite()),
        best: name(best.0),
        best_psnr_db: Some(best.1).filter(|db| db.is_finite()),
        symmetries: fits.iter().filter(as_well).count(),
    })
}

/// PSNR of all sides between `before` and `after` moved by `way`.
fn decibels(way: DMat3, before: &[RgbaImage], after: &[RgbaImage]) -> f64 {
    let mut sum = 0_u64;
    for (side, picture) in SIDES.iter().zip(before) {
        // The camera that sees `after` as this one sees it moved.
        let [right, up] = side.map(|axis| way.transpose() * axis);
        let back = way.transpose() * side[0].cross(side[1]);
        let seen = SIDES.iter().position(|[right, up]| right.cross(*up) == back).unwrap_or(0);
        let [own_right, own_up] = SIDES[seen];
        let [xx, xy] = [right.dot(own_right), up.dot(own_right)].map(|c| c as i32);
        let [yx, yy] = [right.dot(own_up), up.dot(own_up)].map(|c| c as i32);
        // Twice the distance from the middle of the picture, x to the right, y up: odd numbers.
        let last = SIZE_PX as i32 - 1;
        for (column, row, pixel) in picture.enumerate_pixels() {
            let (x, y) = (2 * column as i32 - last, last - 2 * row as i32);
            let (own_x, own_y) = (xx * x + xy * y, yx * x + yy * y);
            let found =
                after[seen].get_pixel(((own_x + last) / 2) as u32, ((last - own_y) / 2) as u32).0;
            for (one, other) in pixel.0.iter().zip(found).take(3) {
                let difference = u64::from(one.abs_diff(other));
                sum += difference * difference;
            }
        }
    }
    let count = 3 * SIDES.len() as u32 * SIZE_PX * SIZE_PX;
    10.0 * libm::log10(255.0 * 255.0 * f64::from(count) / sum as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_48_ways_and_each_is_another() {
        let mut names: Vec<_> = ways().into_iter().map(name).collect();
        assert_eq!(names[0], "x y z");
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 48);
    }
}
