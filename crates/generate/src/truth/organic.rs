//! Rounded, grown things: mushroom house, pumpkin, bear.

use glam::{Vec2, Vec3};

use super::dice::Dice;
use super::paint::{Paint, hsv, noise, smoothstep, srgb, turn_of, wrap};
use super::sdf::{Revolved, capsule, cone_rod, cylinder, ellipsoid, smooth_min, torus};
use super::solid::{Near, Solid};

/// A toadstool with a door, windows and a chimney: spotted cap, swollen stem.
#[must_use]
pub fn toadstool(dice: &mut Dice) -> Solid {
    const STEM: u8 = 0;
    const CAP: u8 = 1;
    const CHIMNEY: u8 = 2;
    const DOOR: u8 = 3;
    let cap_radius = dice.about(0.42, 0.05);
    let stem = Revolved::smooth(
        &[
            [0.0, -0.5],
            [0.0, -0.5],
            [0.24, -0.5],
            [0.27, -0.46],
            [0.265, -0.36],
            [0.21, -0.2],
            [0.17, -0.02],
            [0.16, 0.06],
            [0.0, 0.08],
            [0.0, 0.08],
        ],
        5,
    );
    let cap = Revolved::smooth(
        &[
            [0.0, 0.0],
            [0.0, 0.0],
            [0.2, -0.03],
            [cap_radius * 0.9, -0.06],
            [cap_radius, -0.04],
            [cap_radius * 0.98, 0.02],
            [cap_radius * 0.82, 0.22],
            [cap_radius * 0.5, 0.39],
            [cap_radius * 0.2, 0.46],
            [0.0, 0.47],
            [0.0, 0.47],
        ],
        6,
    );
    let red = dice.colour(0.01, 0.02) * Vec3::new(1.0, 0.55, 0.55);
    let cream = srgb(0xf6_ead2);
    let door_colour = dice.colour(0.45, 0.15);
    let swirl = dice.between(0.0, 6.0);
    // Spots in a spiral over the cap (golden angle), bigger below, each put onto the surface from above.
    let spots: Vec<(Vec3, f32)> = (0..22)
        .map(|idx| {
            let share = (idx as f32 + 0.3) / 22.0;
            let (sin, cos) = libm::sincosf(swirl + 2.399_963 * idx as f32);
            let out = 0.97 * cap_radius * share.sqrt();
            let mut at = Vec3::new(sin * out, 0.6, cos * out);
            for _ in 0..60 {
                at.y -= cap.distance(at) * 0.9;
            }
            (at, 0.04 + 0.03 * share)
        })
        .collect();
    let near =
        move |p: Vec3| {
            let body = stem.distance(p);
            let chimney = cylinder(p - Vec3::new(0.24, 0.36, 0.02), 0.045, 0.11, 0.008)
                .min(cylinder(p - Vec3::new(0.24, 0.47, 0.02), 0.058, 0.018, 0.008));
            // The door stands out of the stem a little, as an arch.
            let arch = Vec2::new(p.x, (p.y + 0.34).max(0.0)).length() - 0.085;
            let frame = arch.max(-0.49 - p.y).max(body - 0.02).max(-p.z);
            Near::new(body, STEM).or(cap.distance(p), CAP).or(chimney, CHIMNEY).or(frame, DOOR)
        };
    let paint = move |p: Vec3, part| match part {
        CAP => {
            if p.y < -0.03 || Vec2::new(p.x, p.z).length() < cap_radius * 0.93 && p.y < 0.0 {
                let gills = 0.85 + 0.15 * libm::cosf(turn_of(p) * 80.0 * std::f32::consts::TAU);
                return Paint::matt(srgb(0xe8_d3b0) * gills);
            }
            let spot = spots.iter().any(|&(at, radius)| (p - at).length() < radius);
            let tint = 0.9 + 0.2 * noise(p * 9.0);
            if spot { Paint::glossy(cream, 0.35) } else { Paint::glossy(red * tint, 0.75) }
        }
        CHIMNEY => Paint::matt(srgb(0x9c_5a44) * (0.75 + 0.4 * noise(p * 40.0))),
        DOOR => {
            let arch = Vec2::new(p.x, (p.y + 0.34).max(0.0)).length();
            let knob = Vec2::new(p.x - 0.04, p.y + 0.39).length() < 0.011;
            let plank = wrap(p.x * 26.0).abs() > 0.44;
            let pane = Vec2::new(p.x, p.y + 0.33).length() < 0.026;
            if knob {
                Paint::metal(srgb(0xf0_c040), 0.8)
            } else if pane {
                Paint::glossy(srgb(0xf8_d878), 0.9)
            } else if arch > 0.068 {
                Paint::matt(srgb(0x6a_4028))
            } else {
                Paint::matt(door_colour * if plank { 0.5 } else { 1.0 })
            }
        }
        _ => {
            // Round windows left and right of the door, moss at the foot.
            let arc = turn_of(p).abs() * std::f32::consts::TAU * 0.19;
            let window = Vec2::new(arc - 0.155, p.y + 0.16);
            if window.length() < 0.052 {
                let bars =
                    window.length() > 0.038 || window.x.abs() < 0.006 || window.y.abs() < 0.006;
                return if bars {
                    Paint::matt(srgb(0x6a_4028))
                } else {
                    Paint::glossy(srgb(0xf8_d878), 0.9)
                };
            }
            let moss = smoothstep(-0.40, -0.47, p.y + 0.06 * noise(p * 25.0));
            let fibre = 0.92 + 0.1 * noise(Vec3::new(turn_of(p) * 60.0, p.y * 3.0, 0.0));
            Paint::matt((cream * fibre).lerp(srgb(0x6f_8f3c), moss))
        }
    };
    let bounds = [Vec3::new(-0.46, -0.51, -0.46), Vec3::new(0.46, 0.52, 0.46)];
    Solid::new(bounds, near, paint)
}

/// A pumpkin with ribs and a bent stalk.
#[must_use]
pub fn pumpkin(dice: &mut Dice) -> Solid {
    let n_ribs = dice.pick(&[9.0_f32, 10.0, 11.0, 12.0]);
    let flat = dice.between(0.7, 0.82);
    let orange = hsv(dice.between(0.06, 0.085), 0.88, 0.95);
    let lean = dice.between(-0.12, 0.12);
    let shift = dice.between(0.0, 1.0);
    let near = move |p: Vec3| {
        let q = p + Vec3::new(0.0, 0.07, 0.0);
        let around = wrap(turn_of(q) * n_ribs + shift);
        let level = Vec2::new(q.x, q.z).length();
        let furrow = 0.05 * (1.0 - (1.0 - 4.0 * around * around).max(0.0).sqrt());
        let dimple = 0.16 * smoothstep(0.3, 0.0, level);
        let radius = 0.48 - furrow;
        let shape = Vec3::new(level, (q.y.abs() + dimple) / flat, 0.0).length() - radius;
        let (foot, bend, tip) = (
            Vec3::new(0.0, 0.16, 0.0),
            Vec3::new(lean * 0.4, 0.30, 0.02),
            Vec3::new(lean, 0.42, 0.05),
        );
        let stalk = smooth_min(
            cone_rod(p, foot, bend, 0.07, 0.04),
            cone_rod(p, bend, tip, 0.04, 0.05),
            0.03,
        );
        Near::new(shape * 0.6, 0).or(stalk * 0.9, 1)
    };
    let paint = move |p: Vec3, part| {
        if part == 1 {
            let groove = 0.75 + 0.3 * libm::cosf(turn_of(p) * 7.0 * std::f32::consts::TAU);
            return Paint::matt(srgb(0x6d_8a35) * groove);
        }
        let around = wrap(turn_of(p) * n_ribs + shift);
        let streak = noise(Vec3::new(turn_of(p) * 90.0, p.y * 7.0, 0.0));
        let fleck = noise(p * 46.0) > 0.86;
        let colour =
            orange * (0.86 + 0.22 * streak) * (1.0 - 0.45 * smoothstep(0.36, 0.5, around.abs()));
        Paint::glossy(if fleck { colour.lerp(srgb(0xf8_e0a0), 0.6) } else { colour }, 0.5)
    };
    let bounds = [Vec3::new(-0.5, -0.49, -0.5), Vec3::new(0.5, 0.5, 0.5)];
    Solid::new(bounds, near, paint)
}

/// A sitting bear with a scarf.
#[must_use]
pub fn bear(dice: &mut Dice) -> Solid {
    const FUR: u8 = 0;
    const EYE: u8 = 1;
    const SCARF: u8 = 2;
    let fur = dice.colour(0.075, 0.015) * 0.6;
    let light = srgb(0xf0_d8ac);
    let scarf_a = dice.colour(0.58, 0.35);
    let belly = dice.about(0.215, 0.06);
    let head = Vec3::new(0.0, 0.235, 0.02);
    let near = move |p: Vec3| {
        let m = Vec3::new(p.x.abs(), p.y, p.z);
        let mut body =
            ellipsoid(p - Vec3::new(0.0, -0.19, 0.0), Vec3::new(belly, 0.25, belly * 0.92));
        let skull = ellipsoid(p - head, Vec3::new(0.2, 0.18, 0.18));
        let ear = ellipsoid(m - Vec3::new(0.145, 0.39, 0.0), Vec3::new(0.075, 0.075, 0.045));
        let muzzle = ellipsoid(p - Vec3::new(0.0, 0.185, 0.18), Vec3::new(0.085, 0.065, 0.07));
        let arm =
            cone_rod(m, Vec3::new(0.17, -0.04, 0.03), Vec3::new(0.285, -0.2, 0.13), 0.075, 0.065);
        let leg =
            cone_rod(m, Vec3::new(0.13, -0.38, 0.06), Vec3::new(0.21, -0.395, 0.27), 0.085, 0.08);
        let sole = ellipsoid(m - Vec3::new(0.215, -0.37, 0.31), Vec3::new(0.085, 0.095, 0.05));
        body = smooth_min(body, smooth_min(leg, sole, 0.03), 0.04);
        body = smooth_min(body, arm, 0.03);
        let face = smooth_min(smooth_min(skull, ear, 0.03), muzzle, 0.03);
        let eye = (m - Vec3::new(0.075, 0.27, 0.18)).length() - 0.024;
        let nose = ellipsoid(p - Vec3::new(0.0, 0.21, 0.25), Vec3::new(0.034, 0.024, 0.02));
        let neck = p - Vec3::new(0.0, 0.045, 0.01);
        let scarf = torus(neck, 0.135, 0.045).min(capsule(
            p,
            Vec3::new(0.06, 0.03, 0.16),
            Vec3::new(0.09, -0.14, 0.215),
            0.035,
        ));
        Near::new(smooth_min(body, face, 0.03), FUR).or(eye.min(nose), EYE).or(scarf, SCARF)
    };
    let paint = move |p: Vec3, part| match part {
        EYE => Paint::glossy(srgb(0x14_1010), 0.95),
        SCARF => {
            let stripe = wrap(p.y * 14.0 + turn_of(p) * 12.0) > 0.0;
            Paint::matt(if stripe { scarf_a } else { srgb(0xf6_f0e4) })
        }
        _ => {
            let muzzle = (p - Vec3::new(0.0, 0.18, 0.22)).length() < 0.085;
            let tummy = Vec2::new(p.x, p.y + 0.2).length() < 0.135 && p.z > 0.1;
            let inner_ear =
                Vec2::new(p.x.abs() - 0.148, p.y - 0.395).length() < 0.042 && p.z > 0.02;
            let sole = Vec2::new(p.x.abs() - 0.215, p.y + 0.37).length() < 0.06 && p.z > 0.3;
            let tone = 0.82 + 0.36 * noise(p * 70.0);
            Paint::matt(if muzzle || tummy || inner_ear || sole {
                light * tone
            } else {
                fur * tone
            })
        }
    };
    let bounds = [Vec3::new(-0.4, -0.5, -0.28), Vec3::new(0.4, 0.5, 0.42)];
    Solid::new(bounds, near, paint)
}
