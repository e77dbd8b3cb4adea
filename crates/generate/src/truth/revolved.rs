//! Solids of revolution: vase, goblet, bottle, bell.

use glam::Vec3;

use super::dice::Dice;
use super::paint::{Paint, hsv, smoothstep, srgb, turn_of, wrap};
use super::sdf::{Revolved, ring, smooth_min};
use super::solid::{Near, Solid};

/// A glazed vase, open at the top, with painted bands, petals around the belly and dots on the shoulder.
#[must_use]
pub fn vase(dice: &mut Dice) -> Solid {
    let belly = dice.about(0.30, 0.08);
    let neck = dice.about(0.105, 0.1);
    let lip = dice.about(0.165, 0.06);
    let outline = Revolved::smooth(
        &[
            [0.0, -0.5],
            [0.0, -0.5],
            [0.155, -0.5],
            [0.165, -0.49],
            [0.165, -0.47],
            [0.20, -0.36],
            [belly, -0.08],
            [belly * 0.93, 0.10],
            [neck * 1.5, 0.25],
            [neck, 0.34],
            [neck * 1.12, 0.42],
            [lip, 0.485],
            [lip - 0.008, 0.5],
            [lip - 0.022, 0.49],
            [neck * 0.86, 0.41],
            [neck * 0.74, 0.33],
            [neck * 0.9, 0.25],
            [0.1, 0.1],
            [0.0, 0.05],
            [0.0, 0.05],
        ],
        9,
    );
    let n_petals = dice.pick(&[10.0_f32, 12.0, 14.0]);
    let hue = dice.between(0.46, 0.60);
    let (glaze, deep) = (hsv(hue, 0.78, 0.62), hsv(hue + 0.03, 0.85, 0.36));
    let (cream, accent) = (srgb(0xf3_e6c8), dice.colour(0.035, 0.02));
    let gold = srgb(0xd9_a441);
    let paint = move |p: Vec3, _| {
        let (turn, y) = (turn_of(p), p.y);
        let mut colour = glaze.lerp(deep, smoothstep(-0.2, -0.5, y));
        // A band is painted where its mask is 1; edges are about 3 mm of a metre-high vase wide.
        let mut band = |low: f32, high: f32, tint: Vec3| {
            let mask =
                smoothstep(low - 0.002, low + 0.002, y) * smoothstep(high + 0.002, high - 0.002, y);
            colour = colour.lerp(tint, mask);
        };
        band(-0.185, 0.095, cream);
        band(-0.17, -0.16, accent);
        band(0.07, 0.08, accent);
        band(-0.40, -0.375, gold);
        band(0.265, 0.285, gold);
        band(0.455, 0.52, cream);
        // Petals: pointed ovals, every second one in the accent colour.
        let across = wrap(turn * n_petals) * 2.0;
        let up = (y + 0.045) / 0.10;
        let petal = across.abs() - 0.72 * (1.0 - up * up).max(0.0);
        let which = (turn * n_petals).round() as i32;
        let tint = if which.rem_euclid(2) == 0 { accent } else { deep };
        let inside = smoothstep(0.04, -0.04, petal) * smoothstep(1.02, 0.98, up.abs());
        colour = colour.lerp(tint, inside);
        let vein = smoothstep(0.09, 0.05, across.abs()) * smoothstep(0.62, 0.55, up.abs());
        colour = colour.lerp(cream, vein);
        // Dots on the shoulder.
        let dot_turn = wrap(turn * n_petals * 2.0) / (n_petals * 2.0) * std::f32::consts::TAU;
        let dot = Vec3::new(dot_turn * belly * 0.8, y - 0.165, 0.0).length();
        colour = colour.lerp(cream, smoothstep(0.019, 0.015, dot));
        let foot = smoothstep(-0.478, -0.486, y);
        Paint::glossy(colour.lerp(srgb(0xb9_8a62), foot), 0.9 - 0.6 * foot)
    };
    let bounds = [Vec3::new(-0.36, -0.51, -0.36), Vec3::new(0.36, 0.51, 0.36)];
    Solid::new(bounds, move |p| Near::new(outline.distance(p), 0), paint)
}

/// A metal goblet on a stem, with a ring of stones under the lip.
#[must_use]
pub fn goblet(dice: &mut Dice) -> Solid {
    let cup = dice.about(0.24, 0.08);
    let foot = dice.about(0.2, 0.08);
    let outline = Revolved::smooth(
        &[
            [0.0, -0.5],
            [0.0, -0.5],
            [foot, -0.5],
            [foot, -0.5],
            [foot, -0.475],
            [foot * 0.8, -0.45],
            [0.055, -0.38],
            [0.035, -0.25],
            [0.08, -0.19],
            [0.035, -0.13],
            [0.06, -0.07],
            [cup * 0.72, 0.04],
            [cup, 0.2],
            [cup * 0.98, 0.38],
            [cup * 1.06, 0.5],
            [cup * 1.06 - 0.025, 0.5],
            [cup * 0.9, 0.36],
            [cup * 0.88, 0.2],
            [cup * 0.5, 0.08],
            [0.0, 0.05],
            [0.0, 0.05],
        ],
        5,
    );
    let gold = srgb(0xe2_b04a);
    let enamel = dice.colour(0.62, 0.12);
    let n_stones = dice.pick(&[8.0_f32, 10.0, 12.0]);
    let stone = dice.colour(0.0, 0.04);
    let paint = move |p: Vec3, _| {
        let turn = turn_of(p);
        let in_cup = Vec3::new(p.x, 0.0, p.z).length() < cup * 0.93 && p.y > 0.1;
        let along = wrap(turn * n_stones) / n_stones * std::f32::consts::TAU * cup;
        let gem = Vec3::new(along, p.y - 0.36, 0.0).length();
        let wave = 0.13 + 0.035 * libm::cosf(turn * n_stones * std::f32::consts::TAU);
        if in_cup {
            Paint::metal(gold * 0.7, 0.6)
        } else if gem < 0.032 {
            Paint::glossy(stone, 0.95)
        } else if (p.y > wave - 0.12 && p.y < wave) || p.y < -0.455 {
            Paint::glossy(enamel, 0.8)
        } else {
            Paint::metal(gold, 0.75)
        }
    };
    let bounds = [Vec3::new(-0.3, -0.51, -0.3), Vec3::new(0.3, 0.53, 0.3)];
    Solid::new(bounds, move |p| Near::new(outline.distance(p), 0), paint)
}

/// A corked bottle with a paper label on its front.
#[must_use]
pub fn bottle(dice: &mut Dice) -> Solid {
    let body = dice.about(0.15, 0.08);
    let outline = Revolved::smooth(
        &[
            [0.0, -0.48],
            [0.0, -0.48],
            [body * 0.9, -0.5],
            [body, -0.48],
            [body, -0.46],
            [body, 0.0],
            [body, 0.08],
            [body * 0.8, 0.18],
            [0.055, 0.26],
            [0.05, 0.3],
            [0.05, 0.38],
            [0.05, 0.38],
            [0.062, 0.385],
            [0.062, 0.42],
            [0.062, 0.42],
            [0.04, 0.42],
            [0.04, 0.42],
            [0.045, 0.49],
            [0.04, 0.5],
            [0.0, 0.5],
            [0.0, 0.5],
        ],
        4,
    );
    let glass = dice.colour(0.38, 0.06) * 0.7;
    let label = srgb(0xf2_ead6);
    let print = dice.colour(0.98, 0.03);
    let paint = move |p: Vec3, _| {
        let arc = turn_of(p) * std::f32::consts::TAU * body;
        let (across, up) = (arc / 0.17, (p.y + 0.17) / 0.17);
        if p.y > 0.421 {
            return Paint::matt(srgb(0xb5_8a5a));
        }
        if across.abs() > 1.0 || up.abs() > 1.0 {
            return Paint::glossy(glass, 0.95);
        }
        let border = across.abs().max(up.abs()) > 0.86 && across.abs().max(up.abs()) < 0.93;
        let sun = Vec3::new(across, up - 0.2, 0.0).length();
        let lines = up < -0.42 && up > -0.74 && wrap(up * 6.0).abs() > 0.22 && across.abs() < 0.6;
        let rays = sun > 0.36
            && sun < 0.52
            && wrap(libm::atan2f(across, up - 0.2) / std::f32::consts::FRAC_PI_6).abs() < 0.2;
        let tint = if border || sun < 0.3 || lines || rays { print } else { label };
        Paint::matt(tint)
    };
    let bounds = [Vec3::new(-0.2, -0.51, -0.2), Vec3::new(0.2, 0.51, 0.2)];
    Solid::new(bounds, move |p| Near::new(outline.distance(p), 0), paint)
}

/// A bronze hand bell with a loop on top, engraved bands and a clapper.
#[must_use]
pub fn bell(dice: &mut Dice) -> Solid {
    let mouth = dice.about(0.36, 0.06);
    let outline = Revolved::smooth(
        &[
            [0.0, 0.22],
            [0.0, 0.22],
            [mouth * 0.5, 0.12],
            [mouth * 0.62, -0.15],
            [mouth * 0.9, -0.42],
            [mouth * 0.96, -0.43],
            [mouth, -0.42],
            [mouth * 0.98, -0.38],
            [mouth * 0.73, -0.15],
            [mouth * 0.6, 0.12],
            [mouth * 0.45, 0.22],
            [0.05, 0.28],
            [0.0, 0.28],
            [0.0, 0.28],
        ],
        6,
    );
    let bronze = dice.colour(0.095, 0.02);
    let band = dice.colour(0.5, 0.1);
    let near = move |p: Vec3| {
        let body = outline.distance(p);
        let hook = ring(p - Vec3::new(0.0, 0.38, 0.0), 0.09, 0.03);
        let clapper = (p - Vec3::new(0.0, -0.4, 0.0)).length() - 0.07;
        Near::new(smooth_min(body, hook, 0.03), 0).or(clapper, 1)
    };
    let paint = move |p: Vec3, part| {
        let zigzag = wrap(turn_of(p) * 16.0).abs() * 0.12;
        if part == 1 {
            Paint::metal(srgb(0x6b_6b70), 0.5)
        } else if (p.y + 0.33).abs() < 0.025 || (p.y - 0.02 + zigzag).abs() < 0.014 {
            Paint::glossy(band, 0.6)
        } else {
            Paint::metal(bronze, 0.55)
        }
    };
    let bounds = [Vec3::new(-0.4, -0.5, -0.4), Vec3::new(0.4, 0.52, 0.4)];
    Solid::new(bounds, near, paint)
}
