//! The levels of an environment: the map on a cube, then each level blurred from the last by sampling the visible
//! normals of a GGX surface seen head on. Source: three r183, `PMREMGenerator`; its buffers are half floats.

use std::f32::consts::{FRAC_1_PI, TAU};

use glam::{Vec2, Vec3, Vec4};
use rayon::prelude::*;

use super::{Cube, Place, direction};
use crate::shade::half::{f32_from_half, half_from_f32};
use crate::shade::lobe::unit;
use crate::shade::texture::{Sampler, Texture};
use crate::simd::{Kernel, Level};

/// Directions a texel is blurred over.
const SAMPLES: u32 = 256;

/// The smallest edge, and how many more levels have it.
const SMALLEST: usize = 16;
const MORE: usize = 6;

/// All levels of a map whose first has an edge of `edge` texels, a power of two from 16 on.
pub(super) fn levels(map: &Texture, sampler: &Sampler, edge: usize) -> Vec<Cube> {
    let count = (edge / SMALLEST).ilog2() as usize + 1 + MORE;
    let mut levels = vec![from_map(map, sampler, edge)];
    for level in 1..count {
        let [from, to] = [level - 1, level].map(|level| level as f32 / (count - 1) as f32);
        let roughness = (to * to - from * from).sqrt() * 1.25 * to;
        let edge = (edge >> level).max(SMALLEST);
        levels.push(blurred(&levels[level - 1], edge, roughness));
    }
    levels
}

/// A cube by the light of each texel's face and place.
fn cube(edge: usize, light: impl Fn(usize, [usize; 2]) -> Vec3 + Sync) -> Cube {
    let width = 3 * edge;
    let mut texels = vec![Vec4::ZERO; 2 * edge * width];
    texels.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
        for (x, texel) in row.iter_mut().enumerate() {
            let face = y / edge * 3 + x / edge;
            *texel = stored(light(face, [x % edge, y % edge])).extend(0.0);
        }
    });
    Cube { edge, texels }
}

/// The direction of a texel's centre.
fn centre(face: usize, [x, y]: [usize; 2], edge: usize) -> Vec3 {
    let at = (Vec2::new(x as f32, y as f32) - 0.5) / (edge - 2) as f32;
    unit(direction(face, at))
}

/// Light as a half float holds it; what it cannot hold is its largest number or 0.
fn stored(light: Vec3) -> Vec3 {
    let channel = |c: f32| {
        let c = if c.is_nan() { 0.0 } else { c.clamp(-65504.0, 65504.0) };
        f32_from_half(half_from_f32(c))
    };
    Vec3::new(channel(light.x), channel(light.y), channel(light.z))
}

/// The map read in the direction of every texel; `edge` counts the rim.
pub(super) fn from_map(map: &Texture, sampler: &Sampler, edge: usize) -> Cube {
    let uv = |face, texel| {
        let d = centre(face, texel, edge);
        let u = libm::atan2f(d.z, d.x) * (1.0 / TAU) + 0.5;
        Vec2::new(u, libm::asinf(d.y.clamp(-1.0, 1.0)) * FRAC_1_PI + 0.5)
    };
    cube(edge, |face, [x, y]| {
        // A graphics processor takes derivatives within blocks of 2 × 2 texels.
        let [left, low] = [x & !1, y & !1];
        let dx = uv(face, [left + 1, y]) - uv(face, [left, y]);
        let dy = uv(face, [x, low + 1]) - uv(face, [x, low]);
        map.sample(sampler, uv(face, [x, y]), dx, dy).truncate()
    })
}

/// A level from the one before.
fn blurred(from: &Cube, edge: usize, roughness: f32) -> Cube {
    let lobe = lobe(roughness * roughness);
    let level = Level::best();
    let blurred = cube(edge, |face, texel| {
        level.run(Blur { from, lobe: &lobe, normal: centre(face, texel, edge) })
    });
    // The rim is what the neighbours show there.
    cube(edge, |face, [x, y]| {
        let last = edge - 1;
        if x > 0 && y > 0 && x < last && y < last {
            let at = (face / 3 * edge + y) * 3 * edge + face % 3 * edge + x;
            return blurred.texels[at].truncate();
        }
        blurred.read(centre(face, [x, y], edge))
    })
}

/// Light from around a direction.
struct Blur<'a> {
    from: &'a Cube,
    lobe: &'a [Vec3],
    normal: Vec3,
}

impl Kernel for Blur<'_> {
    type Output = Vec3;

    #[inline(always)]
    fn run(self) -> Vec3 {
        let Self { from, lobe, normal } = self;
        let up = if normal.z.abs() < 0.999 { Vec3::Z } else { Vec3::X };
        let tangent = unit(up.cross(normal));
        let bitangent = normal.cross(tangent);
        let edge = from.edge as f32;
        let mut places = [Place::default(); SAMPLES as usize];
        for (place, l) in places.iter_mut().zip(lobe) {
            *place = Place::new(tangent * l.x + bitangent * l.y + normal * l.z, edge);
        }
        let (mut sum, mut total) = (Vec4::ZERO, 0.0);
        for (place, l) in places.iter().zip(lobe) {
            sum += from.texel(*place) * l.z;
            total += l.z;
        }
        sum.truncate() / total
    }
}

/// Directions light comes from, about +Z; z is their weight.
fn lobe(alpha: f32) -> Vec<Vec3> {
    let sample = |i: u32| {
        let radius = (i as f32 / SAMPLES as f32).sqrt();
        let angle = TAU * (i.reverse_bits() as f32 / 4_294_967_296.0);
        let (x, y) = (radius * libm::cosf(angle), radius * libm::sinf(angle));
        let z = (1.0 - x * x - y * y).max(0.0).sqrt();
        let h = unit(Vec3::new(alpha * x, alpha * y, z));
        unit(h * (2.0 * h.z) - Vec3::Z)
    };
    (0..SAMPLES).map(sample).filter(|l| l.z > 0.0).collect()
}
