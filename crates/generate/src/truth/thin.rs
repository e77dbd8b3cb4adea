//! Things with thin parts and gaps: chair, lamp, tree, mug, hot-air balloon.

use glam::{Vec2, Vec3};

use super::dice::Dice;
use super::paint::{Paint, noise, smoothstep, srgb, turn_of, wrap};
use super::sdf::{Revolved, capsule, cone_rod, cylinder, ring, rounded_box, smooth_min, turn_y};
use super::solid::{Near, Solid};

/// A wooden chair with slats in its back and a cushion.
#[must_use]
pub fn chair(dice: &mut Dice) -> Solid {
    let turn_deg = dice.between(18.0, 32.0) * dice.pick(&[1.0_f32, -1.0]);
    let half = dice.about(0.21, 0.08);
    let wood = dice.pick(&[srgb(0xa8_6a3c), srgb(0xd0_9a5c), srgb(0x3c_7a78), srgb(0xc8_4a38)]);
    let cloth = dice.colour(0.5, 0.5);
    let n_slats = dice.pick(&[3_i32, 4, 5]);
    let near = move |p: Vec3| {
        let p = turn_y(p, turn_deg);
        let m = Vec3::new(p.x.abs(), p.y, p.z);
        let inner = half - 0.025;
        let front_leg = cone_rod(
            m,
            Vec3::new(inner, -0.06, inner),
            Vec3::new(inner + 0.01, -0.48, inner + 0.01),
            0.026,
            0.018,
        );
        let back_leg = cone_rod(
            m,
            Vec3::new(inner, -0.06, -inner),
            Vec3::new(inner + 0.01, -0.48, -inner - 0.03),
            0.026,
            0.018,
        );
        let post = capsule(
            m,
            Vec3::new(inner, -0.06, -inner),
            Vec3::new(inner, 0.44, -inner - 0.07),
            0.023,
        );
        let seat = rounded_box(p - Vec3::new(0.0, -0.055, 0.0), Vec3::new(half, 0.02, half), 0.012);
        let at = |y: f32| -inner - 0.07 * (y + 0.06) / 0.5;
        let top =
            capsule(m, Vec3::new(0.0, 0.455, at(0.455)), Vec3::new(inner, 0.435, at(0.435)), 0.034);
        let low =
            capsule(m, Vec3::new(0.0, 0.08, at(0.08)), Vec3::new(inner, 0.08, at(0.08)), 0.018);
        let mut slats = f32::INFINITY;
        for slat_idx in 0..n_slats {
            let x = (slat_idx as f32 + 1.0) / (n_slats as f32 + 1.0) * 2.0 * inner - inner;
            slats = slats.min(capsule(
                p,
                Vec3::new(x, 0.08, at(0.08)),
                Vec3::new(x, 0.44, at(0.44)),
                0.015,
            ));
        }
        let rung = capsule(
            m,
            Vec3::new(0.0, -0.3, inner + 0.005),
            Vec3::new(inner, -0.3, inner + 0.005),
            0.014,
        )
        .min(capsule(
            m,
            Vec3::new(inner, -0.36, -inner),
            Vec3::new(inner, -0.36, inner),
            0.014,
        ));
        let frame =
            front_leg.min(back_leg).min(post).min(seat).min(top).min(low).min(slats).min(rung);
        let cushion = rounded_box(
            p - Vec3::new(0.0, -0.012, 0.01),
            Vec3::new(half - 0.025, 0.03, half - 0.03),
            0.028,
        );
        Near::new(frame, 0).or(cushion, 1)
    };
    let paint = move |p: Vec3, part| {
        let p = turn_y(p, turn_deg);
        if part == 1 {
            let check = (wrap(p.x * 9.0) > 0.0) != (wrap(p.z * 9.0) > 0.0);
            return Paint::matt(if check { cloth } else { srgb(0xf4_ecdc) });
        }
        Paint::glossy(
            wood * (0.85 + 0.3 * noise(Vec3::new(p.x * 20.0, p.y * 4.0, p.z * 20.0))),
            0.5,
        )
    };
    let bounds = [Vec3::new(-0.36, -0.51, -0.4), Vec3::new(0.36, 0.51, 0.36)];
    Solid::new(bounds, near, paint)
}

/// A table lamp: round foot, thin bent stem, pleated shade.
#[must_use]
pub fn lamp(dice: &mut Dice) -> Solid {
    let low = dice.about(0.27, 0.06);
    let high = dice.about(0.14, 0.08);
    let shade = Revolved::polygon(
        [[high, 0.48], [high - 0.014, 0.48], [low - 0.014, 0.1], [low, 0.1]]
            .map(Vec2::from)
            .to_vec(),
    );
    let cloth = dice.colour(0.1, 0.12);
    let trim = dice.colour(0.55, 0.1);
    let brass = srgb(0xd8_a850);
    let pottery = dice.colour(0.5, 0.2);
    let near = move |p: Vec3| {
        let foot = cylinder(p - Vec3::new(0.0, -0.475, 0.0), 0.17, 0.024, 0.014);
        let stem = cylinder(p - Vec3::new(0.0, -0.05, 0.0), 0.014, 0.42, 0.004);
        let bulb = (p - Vec3::new(0.0, -0.32, 0.0)).length() - 0.085;
        let knob = (p - Vec3::new(0.0, 0.475, 0.0)).length() - 0.026;
        let mut spokes = f32::INFINITY;
        for (x, z) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
            let rim = Vec3::new(x, 0.0, z) * (high - 0.01) + Vec3::new(0.0, 0.46, 0.0);
            spokes = spokes.min(capsule(p, Vec3::new(0.0, 0.44, 0.0), rim, 0.007));
        }
        let bulbs = (p - Vec3::new(0.0, 0.3, 0.0)).length() - 0.06;
        Near::new(foot.min(stem).min(knob).min(spokes), 0)
            .or(shade.distance(p), 1)
            .or(bulb, 2)
            .or(bulbs, 3)
    };
    let paint = move |p: Vec3, part| match part {
        0 => Paint::metal(brass, 0.7),
        2 => {
            let ringed = wrap(p.y * 22.0).abs() < 0.18;
            Paint::glossy(if ringed { srgb(0xf4_ecdc) } else { pottery }, 0.85)
        }
        3 => Paint::glossy(srgb(0xff_f6d8), 0.6),
        _ => {
            let pleat = 0.88 + 0.12 * libm::cosf(turn_of(p) * 48.0 * std::f32::consts::TAU);
            let edge = p.y > 0.455 || p.y < 0.128;
            let dots = Vec2::new(wrap(turn_of(p) * 14.0) * 0.09, p.y - 0.2).length() < 0.02;
            Paint::matt(if edge || dots { trim } else { cloth * pleat })
        }
    };
    let bounds = [Vec3::new(-0.3, -0.51, -0.3), Vec3::new(0.3, 0.51, 0.3)];
    Solid::new(bounds, near, paint)
}

/// A fruit tree: forked trunk, leafy crown of several clumps, apples.
#[must_use]
pub fn tree(dice: &mut Dice) -> Solid {
    let leaf = dice.colour(0.28, 0.06);
    let fruit = dice.colour(0.0, 0.06);
    let mut clumps = vec![(Vec3::new(0.0, 0.24, 0.0), 0.23)];
    for idx in 0..7 {
        let turn = idx as f32 / 7.0 * std::f32::consts::TAU + dice.between(-0.25, 0.25);
        let (sin, cos) = libm::sincosf(turn);
        let out = dice.between(0.2, 0.27);
        clumps.push((
            Vec3::new(sin * out, dice.between(0.02, 0.26), cos * out),
            dice.between(0.12, 0.17),
        ));
    }
    let apples: Vec<Vec3> = (0..16)
        .map(|idx| {
            let (centre, radius) = clumps[1 + idx % 7];
            let towards = Vec3::new(
                dice.between(-1.0, 1.0),
                dice.between(-0.7, 0.9),
                dice.between(-0.2, 1.0),
            );
            let out = (centre * Vec3::new(1.0, 0.0, 1.0)).normalize_or_zero() * 0.8;
            centre + (towards + out).normalize_or_zero() * (radius + 0.008)
        })
        .collect();
    let near = move |p: Vec3| {
        let trunk =
            cone_rod(p, Vec3::new(0.0, -0.48, 0.0), Vec3::new(0.015, -0.1, 0.0), 0.06, 0.038);
        let fork =
            cone_rod(p, Vec3::new(0.015, -0.14, 0.0), Vec3::new(0.17, 0.08, 0.05), 0.034, 0.02)
                .min(cone_rod(
                    p,
                    Vec3::new(0.01, -0.16, 0.0),
                    Vec3::new(-0.18, 0.06, 0.03),
                    0.034,
                    0.02,
                ));
        let root = cone_rod(p, Vec3::new(0.0, -0.5, 0.0), Vec3::new(0.0, -0.38, 0.0), 0.11, 0.05);
        let wood = smooth_min(smooth_min(trunk, fork, 0.03), root, 0.05).max(-0.5 - p.y);
        let mut crown = f32::INFINITY;
        for &(centre, radius) in &clumps {
            crown = smooth_min(crown.min(1e3), (p - centre).length() - radius, 0.04);
        }
        if crown < 0.06 {
            crown = (crown - 0.022 * (noise(p * 26.0) - 0.5)) * 0.75;
        }
        let apple =
            apples.iter().map(|&at| (p - at).length() - 0.028).fold(f32::INFINITY, f32::min);
        Near::new(wood * 0.9, 0).or(crown, 1).or(apple, 2)
    };
    let paint = move |p: Vec3, part| match part {
        0 => Paint::matt(
            srgb(0x7a_4e30) * (0.7 + 0.5 * noise(Vec3::new(p.x * 50.0, p.y * 12.0, p.z * 50.0))),
        ),
        1 => Paint::matt(
            leaf * (0.6 + 0.75 * noise(p * 26.0)) * (0.8 + 0.4 * smoothstep(0.0, 0.4, p.y)),
        ),
        _ => Paint::glossy(fruit, 0.8),
    };
    let bounds = [Vec3::new(-0.47, -0.51, -0.47), Vec3::new(0.47, 0.51, 0.47)];
    Solid::new(bounds, near, paint)
}

/// A mug with a handle at its right and a print on its front.
#[must_use]
pub fn mug(dice: &mut Dice) -> Solid {
    let radius = dice.about(0.3, 0.06);
    let turn_deg = dice.between(-20.0, 5.0);
    let glaze = dice.colour(0.5, 0.5);
    let print = dice.pick(&[srgb(0xf6_f0e0), srgb(0xf4_c63c)]);
    let n_points = dice.pick(&[5.0_f32, 6.0]);
    let wall = 0.028;
    let outline = Revolved::smooth(
        &[
            [0.0, -0.4],
            [0.0, -0.4],
            [radius - 0.03, -0.4],
            [radius, -0.37],
            [radius, -0.34],
            [radius, 0.0],
            [radius, 0.36],
            [radius - 0.008, 0.395],
            [radius - wall, 0.39],
            [radius - wall - 0.004, 0.3],
            [radius - wall - 0.004, -0.3],
            [radius - wall - 0.04, -0.355],
            [0.0, -0.36],
            [0.0, -0.36],
        ],
        4,
    );
    let near = move |p: Vec3| {
        let p = turn_y(p, turn_deg);
        let body = outline.distance(p);
        let q = Vec3::new(p.x - radius, (p.y - 0.02) * 0.82, p.z);
        let handle = ring(q, 0.165, 0.036).max(radius - 0.01 - p.x);
        Near::new(smooth_min(body, handle, 0.025), u8::from(handle < body))
    };
    let paint = move |p: Vec3, part| {
        let p = turn_y(p, turn_deg);
        if part == 1 {
            return Paint::glossy(glaze, 0.85);
        }
        let level = Vec2::new(p.x, p.z).length();
        if level < radius - wall * 0.5 && p.y > -0.38 {
            return Paint::glossy(srgb(0xf6_f0e4), 0.85);
        }
        let q = Vec2::new(turn_of(p) * std::f32::consts::TAU * radius, p.y);
        let turn = libm::atan2f(q.x, q.y) / std::f32::consts::TAU;
        let star = q.length() < 0.17 - 0.2 * wrap(turn * n_points).abs();
        let band = (p.y.abs() - 0.3).abs() < 0.02 || (p.y.abs() - 0.26).abs() < 0.007;
        let foot = p.y < -0.37;
        Paint::glossy(
            if foot {
                srgb(0xd8_c0a0)
            } else if star || band {
                print
            } else {
                glaze
            },
            0.85,
        )
    };
    let bounds = [Vec3::new(-0.52, -0.42, -0.5), Vec3::new(0.6, 0.42, 0.5)];
    Solid::new(bounds, near, paint)
}

/// A hot-air balloon: striped envelope, wicker basket, ropes.
#[must_use]
pub fn balloon(dice: &mut Dice) -> Solid {
    const ENVELOPE: u8 = 0;
    const BASKET: u8 = 1;
    const ROPE: u8 = 2;
    let wide = dice.about(0.34, 0.05);
    let outline = Revolved::smooth(
        &[
            [0.0, -0.185],
            [0.0, -0.185],
            [0.085, -0.185],
            [0.095, -0.18],
            [0.155, -0.07],
            [wide * 0.86, 0.03],
            [wide, 0.18],
            [wide * 0.93, 0.32],
            [wide * 0.65, 0.44],
            [wide * 0.3, 0.492],
            [0.0, 0.5],
            [0.0, 0.5],
        ],
        7,
    );
    let n_gores = dice.pick(&[12.0_f32, 16.0]);
    let hue = dice.between(0.0, 1.0);
    let gores =
        [dice.colour(hue, 0.02), srgb(0xf8_eeda), dice.colour(hue + 0.5, 0.04), srgb(0xf8_eeda)];
    let band = dice.colour(hue + 0.12, 0.02);
    let near = move |p: Vec3| {
        let envelope = outline.distance(p);
        // Gores bulge a little between their seams.
        let seam = wrap(turn_of(p) * n_gores);
        let envelope =
            if envelope < 0.05 { (envelope + 0.03 * seam * seam) * 0.9 } else { envelope };
        let m = Vec3::new(p.x.abs(), p.y, p.z.abs());
        let basket = cylinder(p - Vec3::new(0.0, -0.435, 0.0), 0.085, 0.062, 0.016);
        let hollow = cylinder(p - Vec3::new(0.0, -0.40, 0.0), 0.066, 0.06, 0.01);
        let rim = super::sdf::torus(p - Vec3::new(0.0, -0.375, 0.0), 0.078, 0.014);
        let rope =
            capsule(m, Vec3::new(0.052, -0.375, 0.052), Vec3::new(0.062, -0.182, 0.062), 0.0055)
                .min(capsule(
                    m,
                    Vec3::new(0.075, -0.375, 0.0),
                    Vec3::new(0.088, -0.182, 0.0),
                    0.0055,
                ))
                .min(capsule(
                    m,
                    Vec3::new(0.0, -0.375, 0.075),
                    Vec3::new(0.0, -0.182, 0.088),
                    0.0055,
                ));
        let burner = cylinder(p - Vec3::new(0.0, -0.27, 0.0), 0.022, 0.03, 0.008).min(capsule(
            m,
            Vec3::new(0.0, -0.285, 0.0),
            Vec3::new(0.058, -0.285, 0.058),
            0.005,
        ));
        Near::new(envelope, ENVELOPE)
            .or(basket.max(-hollow).min(rim), BASKET)
            .or(rope.min(burner), ROPE)
    };
    let paint = move |p: Vec3, part| match part {
        ROPE => Paint::matt(srgb(0x5c_4630)),
        BASKET => {
            let weave =
                wrap(turn_of(p) * 22.0 + if wrap(p.y * 32.0) > 0.0 { 0.5 } else { 0.0 }).abs();
            Paint::matt(srgb(0xb0_7840) * (0.6 + 0.9 * (0.5 - weave)))
        }
        _ => {
            let gore = (turn_of(p) * n_gores).round() as i32;
            let colour = gores[gore.rem_euclid(4) as usize];
            let zigzag = 0.03 * (wrap(turn_of(p) * n_gores).abs() * 4.0 - 1.0);
            let belt = (p.y - 0.17 + zigzag).abs();
            let colour = if belt < 0.035 {
                band
            } else if belt < 0.048 || p.y < -0.155 {
                srgb(0x2c_3248)
            } else {
                colour
            };
            let seam = smoothstep(0.5, 0.46, wrap(turn_of(p) * n_gores).abs());
            Paint::glossy(colour * (0.8 + 0.2 * seam), 0.4)
        }
    };
    let bounds = [Vec3::new(-0.38, -0.51, -0.38), Vec3::new(0.38, 0.51, 0.38)];
    Solid::new(bounds, near, paint)
}
