//! Sets: what is around the solid. Ground, backdrop, lamps seen in reflections, and the light from everywhere.

use generate::truth::paint::{Paint, fractal_noise, noise, smoothstep, srgb};
use glam::Vec3;

use super::shot::panel;

/// Surroundings, all in the stage frame and in linear light.
pub(super) trait Set: Sync {
    /// Look of the ground at a point, and how far it has gone over into the backdrop (1: only backdrop).
    fn ground(&self, p: Vec3) -> (Paint, f32);
    /// What a camera sees behind everything.
    fn far(&self, direction: Vec3) -> Vec3;
    /// What a reflection sees: the backdrop and the lamps.
    fn lights(&self, direction: Vec3) -> Vec3;
    /// Light from everywhere on a surface facing `normal`.
    fn ambient(&self, normal: Vec3) -> Vec3;
}

/// A paper sweep in a photo studio: the floor goes over into the wall without an edge.
pub(super) struct Studio {
    pub floor: Vec3,
    pub wall: Vec3,
    pub wall_dark: Vec3,
    /// Gloss of the floor.
    pub gloss: f32,
}

impl Set for Studio {
    fn ground(&self, p: Vec3) -> (Paint, f32) {
        let back = smoothstep(0.2, 3.6, -p.z);
        let side = smoothstep(0.6, 3.2, p.x.abs());
        let fibre = 0.97 + 0.06 * fractal_noise(p * 60.0, 3);
        let floor = self.floor * fibre * (1.0 - 0.35 * side);
        (Paint::glossy(floor, self.gloss), back)
    }

    fn far(&self, direction: Vec3) -> Vec3 {
        let spot = Vec3::new(direction.x * 1.4, (direction.y - 0.02) * 1.2, 0.0).length();
        self.wall.lerp(self.wall_dark, smoothstep(0.05, 0.75, spot))
    }

    fn lights(&self, direction: Vec3) -> Vec3 {
        let soft_box = panel(direction, [-0.14, 0.55], [0.075, 0.26], 0.05);
        let strip = panel(direction, [0.24, 0.25], [0.02, 0.5], 0.04);
        let top = smoothstep(0.86, 0.97, direction.y);
        self.far(direction) * 0.8
            + Vec3::new(1.0, 0.97, 0.92) * (soft_box * 9.0 + top * 2.5)
            + Vec3::new(0.85, 0.92, 1.0) * (strip * 4.0)
    }

    fn ambient(&self, normal: Vec3) -> Vec3 {
        let up = normal.y * 0.5 + 0.5;
        let fill = (normal.x * 0.75 + normal.z * 0.6).max(0.0);
        self.floor * 0.32 * (1.0 - up)
            + Vec3::new(0.50, 0.53, 0.58) * up
            + Vec3::new(0.16, 0.19, 0.24) * fill
    }
}

/// Outside on a short-focus day: ground in focus near the solid, trees and light blurred behind.
pub(super) struct Outdoors {
    pub soil: Vec3,
    pub soil_light: Vec3,
    pub leaves: Vec3,
    pub leaves_light: Vec3,
    pub sky: Vec3,
    /// Pebbles per metre on the ground; 0 gives blades of moss instead.
    pub pebbles: f32,
}

impl Set for Outdoors {
    fn ground(&self, p: Vec3) -> (Paint, f32) {
        // Out of focus away from the solid: fine detail fades with the distance.
        let blur = smoothstep(0.45, 1.7, (p.z - 0.05).abs());
        let coarse = fractal_noise(p * 5.0, 2);
        let fine = fractal_noise(Vec3::new(p.x * 34.0, 0.0, p.z * 34.0), 3);
        let mut tone = coarse + (fine - 0.5) * 0.9 * (1.0 - blur);
        if self.pebbles > 0.0 {
            let (stone, shade) = pebble(p, self.pebbles);
            tone += stone * (shade - 0.35) * 1.2 * (1.0 - 0.85 * blur);
        }
        let soil = self.soil.lerp(self.soil_light, tone.clamp(0.0, 1.0));
        (Paint::matt(soil), smoothstep(2.2, 5.5, -p.z))
    }

    fn far(&self, direction: Vec3) -> Vec3 {
        // Far out of focus: slow noise, sheared so that its lattice does not show.
        let q = Vec3::new(direction.x + 0.31 * direction.y, direction.y * 0.7, 0.37 * direction.x);
        let trunk = noise(Vec3::new(q.x * 11.0 + 0.4, q.y * 1.5, 3.3));
        let crown = fractal_noise(q * 7.0 + Vec3::new(7.0, 2.0, 0.0), 2);
        let tone = smoothstep(0.2, 0.8, trunk * 0.4 + crown * 0.6);
        let wood = self.leaves.lerp(self.leaves_light, tone);
        let height = smoothstep(-0.02, 0.34, direction.y + 0.08 * (crown - 0.5));
        let haze = smoothstep(0.12, 0.0, direction.y.abs());
        let sky = wood.lerp(self.sky, height * 0.85);
        sky.lerp(self.soil_light.lerp(self.leaves_light, 0.5), haze * 0.45)
    }

    fn lights(&self, direction: Vec3) -> Vec3 {
        let sun_side = panel(direction, [-0.13, 0.62], [0.06, 0.2], 0.12);
        self.far(direction).lerp(self.sky * 1.25, smoothstep(0.1, 0.7, direction.y))
            + self.sky * (sun_side * 6.0)
    }

    fn ambient(&self, normal: Vec3) -> Vec3 {
        let up = normal.y * 0.5 + 0.5;
        self.soil_light * 0.30 * (1.0 - up) + self.sky * 0.62 * up
    }
}

/// Coverage and brightness of the pebble at a point: one jittered pebble in each cell.
fn pebble(p: Vec3, per_metre: f32) -> (f32, f32) {
    let q = Vec3::new(p.x * per_metre, 0.0, p.z * per_metre);
    let cell = q.floor();
    let mut best = (0.0_f32, 0.0);
    for dx in -1..=1 {
        for dz in -1..=1 {
            let (x, z) = (cell.x as i32 + dx, cell.z as i32 + dz);
            let unit = |k| generate::truth::paint::hash_unit(x, k, z);
            let centre = Vec3::new(x as f32 + unit(1), 0.0, z as f32 + unit(2));
            let radius = 0.12 + 0.38 * unit(3) * unit(3);
            let offset = (q - centre) / radius;
            let cover = smoothstep(1.0, 0.75, offset.length());
            if cover > best.0 {
                // Lit from the left: brighter there, dark at the right rim.
                best = (cover, 0.55 + 0.45 * unit(4) - 0.35 * offset.x - 0.1 * offset.z);
            }
        }
    }
    best
}

/// High in the air: sky from deep to light blue, with thin clouds.
pub(super) struct Sky;

impl Set for Sky {
    fn ground(&self, _: Vec3) -> (Paint, f32) {
        (Paint::matt(Vec3::ZERO), 1.0)
    }

    fn far(&self, direction: Vec3) -> Vec3 {
        let height = smoothstep(-0.35, 0.4, direction.y);
        let blue = srgb(0xcf_e3f2).lerp(srgb(0x5f_9bd0), height);
        let q = Vec3::new(direction.x * 3.2, direction.y * 7.0, 0.4);
        let cloud =
            smoothstep(0.5, 0.85, fractal_noise(q, 4)) * smoothstep(0.32, -0.1, direction.y);
        blue.lerp(Vec3::splat(0.93), cloud * 0.6)
    }

    fn lights(&self, direction: Vec3) -> Vec3 {
        let sun = panel(direction, [-0.12, 0.6], [0.05, 0.18], 0.1);
        self.far(direction) + Vec3::splat(sun * 6.0)
    }

    fn ambient(&self, normal: Vec3) -> Vec3 {
        let up = normal.y * 0.5 + 0.5;
        Vec3::new(0.30, 0.34, 0.33).lerp(Vec3::new(0.52, 0.62, 0.74), up)
    }
}
