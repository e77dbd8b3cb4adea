//! The pictures that the project ships.

use generate::truth::paint::srgb;
use generate::truth::{Kind, Solid};
use glam::Vec3;

use super::set::{Outdoors, Sky, Studio};
use super::shot::{Camera, Lamp, Shot};

fn key(x: f32, y: f32, z: f32, light: Vec3, spread: f32) -> Lamp {
    Lamp { direction: Vec3::new(x, y, z).normalize(), light, spread }
}

/// The object of that name and seed. Every name below is one of [`Kind::ALL`].
fn solid(name: &str, seed: u64) -> Solid {
    Kind::named(name).unwrap_or(Kind::ALL[0]).solid(seed)
}

/// All shots, the one of `make demo` first.
pub(super) fn all() -> Vec<Shot> {
    vec![vase(), clock(), toadstool(), car(), balloon()]
}

/// A painted vase on a warm grey sweep.
fn vase() -> Shot {
    Shot {
        name: "vase",
        solid: solid("vase", 7),
        azimuth_deg: 0.0,
        ground_y: Some(-0.5),
        camera: Camera {
            elevation_deg: 9.0,
            distance: 2.55,
            fov_deg: 26.0,
            target: Vec3::new(0.0, -0.02, 0.0),
        },
        key: key(-0.75, 0.9, 0.75, Vec3::new(1.25, 1.18, 1.06), 0.16),
        set: Box::new(Studio {
            floor: srgb(0xb9_aa98),
            wall: srgb(0xa3_9a90),
            wall_dark: srgb(0x57_5350),
            gloss: 0.3,
        }),
        exposure: 1.0,
    }
}

/// A brass clock on a warm brown sweep.
fn clock() -> Shot {
    Shot {
        name: "clock",
        solid: solid("clock", 1),
        azimuth_deg: -8.0,
        ground_y: Some(-0.51),
        camera: Camera {
            elevation_deg: 5.0,
            distance: 2.6,
            fov_deg: 27.0,
            target: Vec3::new(0.0, -0.02, 0.0),
        },
        key: key(-0.6, 1.0, 0.9, Vec3::new(1.2, 1.12, 1.0), 0.2),
        set: Box::new(Studio {
            floor: srgb(0x9c_7a58),
            wall: srgb(0x8a_7a68),
            wall_dark: srgb(0x35_2e28),
            gloss: 0.55,
        }),
        exposure: 1.0,
    }
}

/// A toadstool house on moss, forest behind.
fn toadstool() -> Shot {
    Shot {
        name: "toadstool",
        solid: solid("toadstool", 3),
        azimuth_deg: 14.0,
        ground_y: Some(-0.48),
        camera: Camera {
            elevation_deg: 8.0,
            distance: 2.7,
            fov_deg: 28.0,
            target: Vec3::new(0.0, 0.0, 0.0),
        },
        key: key(-0.7, 1.0, 0.7, Vec3::new(1.3, 1.2, 1.0), 0.12),
        set: Box::new(Outdoors {
            soil: srgb(0x3a_4a20),
            soil_light: srgb(0x8a_9c4c),
            leaves: srgb(0x26_3c22),
            leaves_light: srgb(0x88_a464),
            sky: srgb(0xd4_e0d8),
            pebbles: 0.0,
        }),
        exposure: 1.0,
    }
}

/// A toy car on stony ground.
fn car() -> Shot {
    Shot {
        name: "car",
        solid: solid("car", 5),
        azimuth_deg: 0.0,
        ground_y: Some(-0.29),
        camera: Camera {
            elevation_deg: 12.0,
            distance: 2.7,
            fov_deg: 26.0,
            target: Vec3::new(0.0, -0.03, 0.0),
        },
        key: key(-0.8, 1.1, 0.6, Vec3::new(1.35, 1.25, 1.08), 0.1),
        set: Box::new(Outdoors {
            soil: srgb(0x6a_5240),
            soil_light: srgb(0xb8_9a7c),
            leaves: srgb(0x34_4a38),
            leaves_light: srgb(0x9c_ae84),
            sky: srgb(0xdc_e2e0),
            pebbles: 16.0,
        }),
        exposure: 1.0,
    }
}

/// A hot-air balloon in the sky.
fn balloon() -> Shot {
    Shot {
        name: "balloon",
        solid: solid("balloon", 2),
        azimuth_deg: 6.0,
        ground_y: None,
        camera: Camera {
            elevation_deg: -3.0,
            distance: 2.6,
            fov_deg: 26.0,
            target: Vec3::new(0.0, 0.0, 0.0),
        },
        key: key(-0.7, 0.9, 0.8, Vec3::new(1.25, 1.18, 1.05), 0.08),
        set: Box::new(Sky),
        exposure: 1.0,
    }
}
