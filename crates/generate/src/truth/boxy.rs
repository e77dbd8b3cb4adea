//! Things with flat walls, seen at three quarters: house, car, crate.

use glam::{Vec2, Vec3};

use super::dice::Dice;
use super::paint::{Paint, hsv, noise, smoothstep, srgb, wrap};
use super::sdf::{capsule, cylinder, rounded_box, smooth_min, turn_y};
use super::solid::{Near, Solid};

/// A cottage: plaster walls with windows and a door, tiled gable roof, chimney.
#[must_use]
pub fn house(dice: &mut Dice) -> Solid {
    const WALL: u8 = 0;
    const ROOF: u8 = 1;
    const CHIMNEY: u8 = 2;
    let turn_deg = dice.between(25.0, 38.0) * dice.pick(&[1.0_f32, -1.0]);
    let half = Vec3::new(dice.about(0.24, 0.06), 0.17, dice.about(0.3, 0.06));
    let wall = hsv(dice.between(0.08, 0.15), dice.between(0.12, 0.35), 0.95);
    let tile = dice.colour(0.01, 0.03);
    let shutter = dice.colour(0.45, 0.15);
    // The ridge runs along Z; each side of the roof falls with this slope.
    let rise = dice.between(0.85, 1.05);
    let eaves_y = -0.1;
    let ridge_y = eaves_y + half.x * rise;
    let slope = Vec2::new(rise, 1.0).normalize();
    let near = move |p: Vec3| {
        let p = turn_y(p, turn_deg);
        let q = Vec2::new(p.x.abs(), p.y - ridge_y);
        let under_roof = q.dot(slope);
        let walls =
            rounded_box(p - Vec3::new(0.0, -0.07, 0.0), half + Vec3::new(0.0, 0.18, 0.0), 0.008);
        let walls = walls.max(under_roof - 0.005).max(-0.42 - p.y);
        let along = Vec2::new(q.x * slope.y - q.y * slope.x, 0.0).x - half.x * 1.28 / slope.y;
        let roof = (under_roof - 0.022).abs() - 0.022;
        let roof = roof.max(along).max(p.z.abs() - half.z - 0.05);
        let chimney = rounded_box(
            p - Vec3::new(0.12, ridge_y + 0.02, -0.12),
            Vec3::new(0.045, 0.13, 0.045),
            0.006,
        );
        Near::new(walls, WALL).or(roof, ROOF).or(chimney, CHIMNEY)
    };
    let paint = move |p: Vec3, part| {
        let p = turn_y(p, turn_deg);
        if part == ROOF {
            let down = Vec2::new(p.x.abs(), ridge_y - p.y).length() * 20.0;
            let row = down.floor();
            let shift = if (row as i32).rem_euclid(2) == 0 { 0.0 } else { 0.5 };
            let gap = wrap(p.z * 18.0 + shift).abs() > 0.45 || down - row < 0.16;
            let tint = 0.85
                + 0.3 * noise(Vec3::new(row, (p.z * 18.0 + shift).round(), p.x.signum()) * 7.3);
            return Paint::matt(tile * tint * if gap { 0.5 } else { 1.0 });
        }
        if part == CHIMNEY {
            let course = wrap(p.y * 26.0).abs() > 0.4;
            return Paint::matt(if course { srgb(0xd8_cfc4) } else { srgb(0xa5_4b3a) });
        }
        if p.y < -0.37 {
            return Paint::matt(srgb(0x8a_8580) * (0.8 + 0.4 * noise(p * 30.0)));
        }
        // (across, up) on the wall that the point lies on, and how many windows that wall has.
        let on_gable = (p.z.abs() - half.z).abs() < (p.x.abs() - half.x).abs();
        let across = if on_gable { p.x } else { p.z };
        let on_front = on_gable && p.z > 0.0;
        if on_front && across.abs() < 0.062 && p.y < -0.16 {
            let knob = Vec2::new(across - 0.04, p.y + 0.27).length() < 0.01;
            let frame = across.abs() > 0.05 || p.y > -0.172;
            return Paint::matt(if knob {
                srgb(0xf0_c850)
            } else if frame {
                srgb(0xf7_f2e8)
            } else {
                shutter
            });
        }
        let q = Vec2::new(across.abs() - 0.15, p.y + 0.22);
        let attic = Vec2::new(across, p.y + 0.0);
        let window = if on_gable && p.y > -0.08 { attic } else { q };
        let inside = Vec2::new(0.048 - window.x.abs(), 0.06 - window.y.abs()).min_element();
        let is_shutter = window.y.abs() < 0.06 && window.x.abs() > 0.05 && window.x.abs() < 0.082;
        if inside > 0.0 {
            let cross = inside < 0.009 || window.x.abs() < 0.004 || window.y.abs() < 0.004;
            return if cross {
                Paint::matt(srgb(0xf7_f2e8))
            } else {
                Paint::glossy(srgb(0x3c_5a78), 0.9)
            };
        }
        if is_shutter && (on_front || !on_gable || p.y > -0.08) {
            return Paint::matt(shutter * (0.85 + 0.15 * libm::cosf(p.y * 400.0)));
        }
        Paint::matt(wall * (0.94 + 0.12 * noise(p * 24.0)))
    };
    let bounds = [Vec3::new(-0.5, -0.43, -0.5), Vec3::new(0.5, 0.4, 0.5)];
    Solid::new(bounds, near, paint)
}

/// A toy car at three quarters: two-tone body, windows, lamps, wheels, roof rack.
#[must_use]
pub fn car(dice: &mut Dice) -> Solid {
    const BODY: u8 = 0;
    const CABIN: u8 = 1;
    const TYRE: u8 = 2;
    const LAMP: u8 = 3;
    const TRIM: u8 = 4;
    let turn_deg = dice.between(30.0, 42.0) * dice.pick(&[1.0_f32, -1.0]);
    let lacquer = dice.colour(0.3, 0.34);
    let cream = srgb(0xf4_ead2);
    let stripe = dice.pick(&[srgb(0xf4_ead2), srgb(0xf2_b632), srgb(0x24_2a38)]);
    let tyre = dice.about(0.105, 0.05);
    let near = move |p: Vec3| {
        let p = turn_y(p, turn_deg);
        let m = Vec3::new(p.x.abs(), p.y, p.z);
        let lower =
            rounded_box(p - Vec3::new(0.0, -0.11, 0.0), Vec3::new(0.215, 0.085, 0.46), 0.06);
        let bonnet = rounded_box(p - Vec3::new(0.0, -0.06, 0.24), Vec3::new(0.18, 0.08, 0.2), 0.06);
        let mut body = smooth_min(lower, bonnet, 0.03);
        // Wheel arches are cut out of the body, wheels stand in them.
        let wheel_at = |z: f32| Vec3::new(m.x - 0.2, p.y + 0.185, p.z - z);
        let on_side = |q: Vec3, radius: f32, half: f32, round: f32| {
            cylinder(Vec3::new(q.y, q.x, q.z), radius, half, round)
        };
        let (front, rear) = (wheel_at(0.28), wheel_at(-0.28));
        let arch =
            on_side(front, tyre + 0.02, 0.09, 0.01).min(on_side(rear, tyre + 0.02, 0.09, 0.01));
        body = body.max(-arch);
        let wheel = on_side(front, tyre, 0.045, 0.022).min(on_side(rear, tyre, 0.045, 0.022));
        // The cabin gets narrower towards its roof.
        let narrow = 1.0 + (p.y - 0.04) * 0.8;
        let c = Vec3::new(p.x * narrow, p.y - 0.085, (p.z + 0.1) * narrow);
        let cabin = rounded_box(c, Vec3::new(0.185, 0.12, 0.24), 0.05) * 0.85;
        let lamp = (m - Vec3::new(0.13, -0.075, 0.435)).length() - 0.04;
        let bumper = capsule(m, Vec3::new(0.0, -0.16, 0.465), Vec3::new(0.17, -0.16, 0.45), 0.022)
            .min(capsule(m, Vec3::new(0.0, -0.16, -0.465), Vec3::new(0.17, -0.16, -0.45), 0.022));
        let rail = capsule(m, Vec3::new(0.11, 0.235, 0.06), Vec3::new(0.11, 0.235, -0.26), 0.011);
        let cross_at =
            |z: f32| {
                let q = Vec3::new(m.x, p.y, p.z - z);
                capsule(q, Vec3::new(0.0, 0.235, 0.0), Vec3::new(0.12, 0.235, 0.0), 0.009).min(
                    capsule(q, Vec3::new(0.11, 0.235, 0.0), Vec3::new(0.115, 0.18, 0.0), 0.009),
                )
            };
        let rack = rail.min(cross_at(0.04)).min(cross_at(-0.1)).min(cross_at(-0.24));
        Near::new(body, BODY)
            .or(cabin, CABIN)
            .or(wheel, TYRE)
            .or(lamp, LAMP)
            .or(bumper.min(rack), TRIM)
    };
    let paint = move |p: Vec3, part| {
        let p = turn_y(p, turn_deg);
        match part {
            TRIM => Paint::metal(srgb(0xc8_ccd2), 0.75),
            LAMP => Paint::glossy(srgb(0xf8_f0c8), 0.95),
            TYRE => {
                let z = if p.z > 0.0 { p.z - 0.28 } else { p.z + 0.28 };
                let radius = Vec2::new(p.y + 0.185, z).length() / tyre;
                if radius < 0.28 || (0.5..0.58).contains(&radius) {
                    Paint::metal(srgb(0xd6_dade), 0.7)
                } else if radius < 0.5 {
                    Paint::glossy(lacquer, 0.7)
                } else {
                    Paint::matt(srgb(0x20_2022))
                }
            }
            CABIN => {
                let narrow = 1.0 + (p.y - 0.04) * 0.8;
                let (x, z) = (p.x.abs() * narrow, (p.z + 0.1) * narrow);
                let glass_height = p.y > 0.03 && p.y < 0.155;
                let side = x > 0.165 && z.abs() < 0.19 && (z + 0.01).abs() > 0.014;
                let ends = z.abs() > 0.21 && x < 0.145;
                if glass_height && (side || ends) {
                    Paint::glossy(srgb(0x26_3442), 0.95)
                } else if p.y > 0.165 {
                    Paint::glossy(cream, 0.85)
                } else {
                    Paint::glossy(lacquer, 0.85)
                }
            }
            _ => {
                let grille = p.z > 0.43 && p.x.abs() < 0.075 && p.y > -0.12 && p.y < -0.04;
                let plate = p.z.abs() > 0.43 && p.x.abs() < 0.06 && p.y > -0.15 && p.y < -0.125;
                let rear_lamp =
                    p.z < -0.42 && (p.x.abs() - 0.15).abs() < 0.03 && (p.y + 0.09).abs() < 0.025;
                let racing = p.x.abs() > 0.02 && p.x.abs() < 0.06 && p.y > -0.1;
                let door = (p.z - 0.07).abs() < 0.004 || (p.z + 0.27).abs() < 0.004;
                let flank = p.y < -0.115 && p.y > -0.135;
                if grille {
                    Paint::metal(
                        srgb(0x9a_9ea4) * if wrap(p.y * 60.0).abs() > 0.25 { 0.2 } else { 1.0 },
                        0.6,
                    )
                } else if plate {
                    Paint::matt(srgb(0xf5_f5f0))
                } else if rear_lamp {
                    Paint::glossy(srgb(0xc0_1818), 0.9)
                } else if racing || flank {
                    Paint::glossy(stripe, 0.85)
                } else {
                    let seam = if door { 0.35 } else { 1.0 };
                    let dust = smoothstep(-0.13, -0.2, p.y) * 0.25;
                    Paint::glossy(lacquer * (seam - dust), 0.85)
                }
            }
        }
    };
    let bounds = [Vec3::new(-0.52, -0.3, -0.52), Vec3::new(0.52, 0.26, 0.52)];
    Solid::new(bounds, near, paint)
}

/// A wooden crate: planks inside a frame with diagonal braces, a painted mark on each side.
#[must_use]
pub fn crate_box(dice: &mut Dice) -> Solid {
    const PLANK: u8 = 0;
    const FRAME: u8 = 1;
    let turn_deg = dice.between(20.0, 40.0) * dice.pick(&[1.0_f32, -1.0]);
    let half = Vec3::new(0.33, dice.about(0.3, 0.1), 0.33);
    let wood = hsv(dice.between(0.07, 0.1), 0.55, 0.78);
    let mark = dice.colour(0.6, 0.4);
    // (across, up, out) of a point on the side it belongs to: the box looks the same from four sides.
    let side = move |p: Vec3| {
        if p.z.abs() > p.x.abs() {
            Vec3::new(p.x, p.y, p.z.abs())
        } else {
            Vec3::new(p.z, p.y, p.x.abs())
        }
    };
    let near = move |p: Vec3| {
        let p = turn_y(p, turn_deg);
        let core = rounded_box(p, half - Vec3::splat(0.022), 0.004);
        let q = p.abs();
        let beam = |centre: Vec3, half: Vec3| rounded_box(q - centre, half, 0.006);
        let upright =
            beam(Vec3::new(half.x - 0.03, 0.0, half.z - 0.03), Vec3::new(0.03, half.y, 0.03));
        let cross = beam(
            Vec3::new(0.0, half.y - 0.03, half.z - 0.03),
            Vec3::new(half.x - 0.04, 0.03, 0.03),
        );
        let depth = beam(
            Vec3::new(half.x - 0.03, half.y - 0.03, 0.0),
            Vec3::new(0.03, 0.03, half.z - 0.04),
        );
        Near::new(core, PLANK).or(upright.min(cross).min(depth), FRAME)
    };
    let paint = move |p: Vec3, part| {
        let p = turn_y(p, turn_deg);
        let grain = |p: Vec3| 0.8 + 0.35 * noise(Vec3::new(p.x * 6.0, p.y * 60.0, p.z * 6.0));
        if part == FRAME {
            let nail =
                Vec2::new(p.x.abs().max(p.z.abs()) - half.x + 0.0, p.y.abs() - half.y + 0.03)
                    .length();
            return Paint::matt(if nail < 0.008 { srgb(0x50_5050) } else { wood * 0.8 * grain(p) });
        }
        let q = if p.y.abs() > half.y - 0.03 { Vec3::new(p.x, p.z, 0.0) } else { side(p) };
        let plank = wrap(q.y * 8.0).abs() > 0.46;
        let shade = 0.85 + 0.3 * noise(Vec3::new((q.y * 8.0).round() * 3.7, 0.5, 0.5));
        let ring = (Vec2::new(q.x, q.y).length() - 0.12).abs() < 0.022;
        let arrow = q.x.abs() < 0.014 && q.y.abs() < 0.08
            || (q.y - 0.05).abs() < 0.05 && q.x.abs() < (0.1 - q.y) * 0.7 && q.y > 0.02;
        let colour = wood * shade * grain(Vec3::new(q.x, q.y, 0.0));
        if plank {
            Paint::matt(colour * 0.3)
        } else if (ring || arrow) && p.y.abs() < half.y - 0.03 {
            Paint::matt(mark.lerp(colour, 0.15))
        } else {
            Paint::matt(colour)
        }
    };
    let bounds = [Vec3::new(-0.48, -0.34, -0.48), Vec3::new(0.48, 0.34, 0.48)];
    Solid::new(bounds, near, paint)
}
