//! Flat things seen from their printed side: clock, sign, book.

use glam::{Vec2, Vec3};

use super::dice::Dice;
use super::paint::{Paint, hsv, smoothstep, srgb, wrap};
use super::sdf::{capsule, cylinder, disc, ring, rounded_box, smooth_min, turn_y};
use super::solid::{Near, Solid};

/// A table clock: brass rim, printed dial, feet and a crown.
#[must_use]
pub fn clock(dice: &mut Dice) -> Solid {
    const CASE: u8 = 0;
    const DIAL: u8 = 1;
    const HANDS: u8 = 2;
    let depth = dice.about(0.075, 0.15);
    let case_metal = dice.pick(&[srgb(0xec_b84e), srgb(0xe0_a04c), srgb(0xc9_ccd2)]);
    let ink = dice.pick(&[srgb(0x1b_1e2a), srgb(0x5a_1818), srgb(0x10_3848)]);
    let accent = dice.colour(0.61, 0.08);
    let (hour, minute) = (dice.between(9.5, 10.5), dice.between(8.0, 14.0));
    let pointer = move |turn: f32, length: f32| {
        let (sin, cos) = libm::sincosf(turn * std::f32::consts::TAU);
        Vec3::new(sin * length, cos * length, depth - 0.018)
    };
    let hands = [(pointer(hour / 12.0, 0.17), 0.013), (pointer(minute / 60.0, 0.255), 0.009)];
    let near = move |p: Vec3| {
        let rim = ring(p - Vec3::new(0.0, 0.0, depth * 0.25), 0.385, 0.055);
        let body = disc(p, 0.4, depth * 0.8, 0.03);
        let face = disc(p, 0.37, depth * 0.6, 0.005);
        let crown = cylinder(p - Vec3::new(0.0, 0.455, 0.0), 0.03, 0.03, 0.01)
            .min((p - Vec3::new(0.0, 0.495, 0.0)).length() - 0.032);
        let mirrored = Vec3::new(p.x.abs(), p.y, p.z);
        let foot =
            capsule(mirrored, Vec3::new(0.2, -0.36, 0.0), Vec3::new(0.27, -0.475, 0.0), 0.035);
        let case = smooth_min(rim, body.min(crown), 0.012).min(foot);
        let centre = Vec3::new(0.0, 0.0, depth - 0.018);
        let mut hand = (p - centre).length() - 0.022;
        for (tip, radius) in hands {
            hand = hand.min(capsule(p, centre - (tip - centre) * 0.18, tip, radius));
        }
        // The dial lies inside the rim, so the case must give way there.
        let hollow = disc(p - Vec3::new(0.0, 0.0, depth), 0.345, depth * 0.55, 0.005);
        Near::new(case.max(-hollow), CASE).or(face, DIAL).or(hand, HANDS)
    };
    let paint = move |p: Vec3, part| match part {
        CASE => Paint::metal(case_metal, 0.78),
        HANDS => Paint::glossy(ink, 0.5),
        _ => {
            let (radius, turn) =
                (Vec2::new(p.x, p.y).length(), libm::atan2f(p.x, p.y) / std::f32::consts::TAU);
            let hour_arc = wrap(turn * 12.0).abs() / 12.0 * std::f32::consts::TAU * radius;
            let minute_arc = wrap(turn * 60.0).abs() / 60.0 * std::f32::consts::TAU * radius;
            let quarter = wrap(turn * 4.0).abs() < 0.1;
            let bar =
                hour_arc < if quarter { 0.017 } else { 0.009 } && radius > 0.235 && radius < 0.30;
            let tick = minute_arc < 0.0035 && radius > 0.312 && radius < 0.33;
            let circle = (radius - 0.312).abs() < 0.0025 || (radius - 0.33).abs() < 0.0025;
            let rose = radius < 0.13 && wrap(turn * 8.0).abs() * 2.0 < 0.85 * (1.0 - radius / 0.13);
            let ivory = srgb(0xf4_ecd8).lerp(srgb(0xe2_d3b0), smoothstep(0.1, 0.36, radius));
            let colour = if bar || tick || circle {
                ink
            } else if rose {
                accent
            } else {
                ivory
            };
            Paint::glossy(colour, 0.35)
        }
    };
    let bounds = [Vec3::new(-0.46, -0.52, -0.14), Vec3::new(0.46, 0.54, 0.14)];
    Solid::new(bounds, near, paint)
}

/// A round road sign with an arrow, on a post.
#[must_use]
pub fn sign(dice: &mut Dice) -> Solid {
    let board = dice.about(0.26, 0.06);
    let base = dice.colour(0.6, 0.05);
    let rim = dice.pick(&[srgb(0xf5_f5f0), srgb(0xd8_2b24), srgb(0xf2_c230)]);
    let to_the_right = dice.pick(&[1.0_f32, -1.0]);
    let centre = Vec3::new(0.0, 0.5 - board, 0.03);
    let near = move |p: Vec3| {
        let plate = disc(p - centre, board, 0.014, 0.006);
        let post = cylinder(p, 0.024, 0.49, 0.008);
        let foot = cylinder(p - Vec3::new(0.0, -0.475, 0.0), 0.13, 0.025, 0.012);
        Near::new(plate, 0).or(post, 1).or(foot, 2)
    };
    let paint = move |p: Vec3, part| {
        if part == 1 {
            return Paint::metal(srgb(0xb4_b8bd), 0.5);
        }
        let q = Vec2::new((p.x - centre.x) * to_the_right, p.y - centre.y) / board;
        if part == 2 || p.z < centre.z {
            return Paint::matt(srgb(0x70_7478));
        }
        let shaft = (q.x + 0.15).abs() < 0.4 && q.y.abs() < 0.11;
        let head = q.x > 0.1 && q.x < 0.6 && q.y.abs() < (0.6 - q.x) * 0.8;
        let edge = q.length() > 0.84;
        let colour = if edge {
            rim
        } else if shaft || head {
            srgb(0xf7_f7f2)
        } else {
            base
        };
        Paint::glossy(colour, 0.45)
    };
    let bounds = [Vec3::new(-0.3, -0.51, -0.14), Vec3::new(0.3, 0.51, 0.14)];
    Solid::new(bounds, near, paint)
}

/// A standing book, cover to the front: frame, emblem and title bars in print; pages show at three sides.
#[must_use]
pub fn book(dice: &mut Dice) -> Solid {
    const COVER: u8 = 0;
    const PAGES: u8 = 1;
    let half = Vec3::new(dice.about(0.35, 0.08), 0.5, dice.about(0.075, 0.25));
    let turn_deg = dice.between(-14.0, -6.0);
    let cloth = dice.colour(0.95, 0.45);
    let print = hsv(dice.between(0.1, 0.14), 0.55, 0.9);
    let n_rays = dice.pick(&[6.0_f32, 8.0, 10.0]);
    let near = move |p: Vec3| {
        let p = turn_y(p, turn_deg);
        let board = |z: f32| {
            rounded_box(p - Vec3::new(0.0, 0.0, z), Vec3::new(half.x, half.y, 0.012), 0.008)
        };
        let spine = rounded_box(
            p - Vec3::new(-half.x + 0.012, 0.0, 0.0),
            Vec3::new(0.016, half.y, half.z),
            0.012,
        );
        let pages = rounded_box(
            p + Vec3::new(0.01, 0.0, 0.0),
            Vec3::new(half.x - 0.02, half.y - 0.022, half.z - 0.012),
            0.004,
        );
        let cover = board(half.z - 0.012).min(board(0.012 - half.z)).min(spine);
        Near::new(cover, COVER).or(pages, PAGES)
    };
    let paint = move |p: Vec3, part| {
        let p = turn_y(p, turn_deg);
        if part == PAGES {
            let leaf = 0.93 + 0.07 * libm::cosf(p.z * 600.0);
            return Paint::matt(srgb(0xef_e4c8) * leaf);
        }
        let on_front = p.z > half.z - 0.02;
        let q = Vec2::new(p.x - 0.01, p.y);
        let inner = Vec2::new(half.x - q.x.abs(), half.y - q.y.abs()).min_element();
        let frame = inner > 0.04 && inner < 0.055;
        let emblem = q - Vec2::new(0.0, 0.12);
        let angle = libm::atan2f(emblem.x, emblem.y) / std::f32::consts::TAU;
        let star = emblem.length() < 0.13 - 0.14 * wrap(angle * n_rays).abs();
        let halo = (emblem.length() - 0.165).abs() < 0.008;
        let title = (q.y + 0.2).abs() < 0.025 && q.x.abs() < 0.2
            || (q.y + 0.275).abs() < 0.014 && q.x.abs() < 0.13;
        let spine_band = p.x < -half.x + 0.006 && (p.y.abs() - 0.36).abs() < 0.02;
        let gilt = on_front && (frame || star || halo || title) || spine_band;
        if gilt { Paint::metal(print, 0.5) } else { Paint::glossy(cloth, 0.25) }
    };
    let bounds = [Vec3::new(-0.46, -0.51, -0.24), Vec3::new(0.46, 0.51, 0.24)];
    Solid::new(bounds, near, paint)
}
