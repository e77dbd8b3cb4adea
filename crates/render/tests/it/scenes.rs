//! Scenes made from a seed, for the tests that compare renderers.

use asset::{ShDegree, Splats, SplatsParts};

/// Numbers from a seed: `SplitMix64`.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// 0 to 1.
    pub fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32
    }

    pub fn within(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    pub fn triple(&mut self, low: f32, high: f32) -> [f32; 3] {
        [self.within(low, high), self.within(low, high), self.within(low, high)]
    }

    fn quaternion(&mut self) -> [f32; 4] {
        let [x, y, z] = self.triple(-1.0, 1.0);
        [self.within(-1.0, 1.0), x, y, z]
    }
}

/// Splats anywhere in the box, of sizes between the two (metres), any turn, any opacity, any colour.
pub fn cloud(seed: u64, n: usize, size: [f32; 2], degree: u8) -> Splats {
    let mut random = Random(seed);
    let sh_degree = ShDegree::new(degree).unwrap();
    let mut parts = SplatsParts { sh_degree, ..SplatsParts::default() };
    let [low, high] = size.map(libm::logf);
    for _ in 0..n {
        parts.positions.push(random.triple(-0.5, 0.5));
        parts.log_scales.push(random.triple(low, high));
        parts.rotations.push(random.quaternion());
        parts.raw_opacities.push(random.within(-4.0, 6.0));
        parts.sh_dc.push(random.triple(-2.0, 2.0));
        parts.sh_rest.extend((0..sh_degree.rest_values()).map(|_| random.within(-0.4, 0.4)));
    }
    Splats::new(parts).unwrap()
}

/// Splats on the surfaces of a ball, a ring and a block that fill the box, as a trained asset has them: flat, about as
/// wide as the distance between them, mostly opaque, one in eight of any size and opacity.
pub fn object(seed: u64, n: usize, degree: u8) -> Splats {
    let mut random = Random(seed);
    let sh_degree = ShDegree::new(degree).unwrap();
    let mut parts = SplatsParts { sh_degree, ..SplatsParts::default() };
    // The surfaces have about 2.4 m² together.
    let spacing = (2.4 / n as f32).sqrt();
    for splat_idx in 0..n {
        let (position, normal) = match splat_idx % 4 {
            0 => ball(&mut random),
            1 | 2 => ring(&mut random),
            _ => block(&mut random),
        };
        let loose = random.unit() < 0.125;
        let size = spacing * if loose { random.within(0.3, 2.5) } else { random.within(0.6, 1.0) };
        let stripe = libm::sinf(20.0 * position[1]) * libm::cosf(15.0 * position[0]);
        parts.positions.push(position);
        parts.log_scales.push([size, size * random.within(0.6, 1.0), 0.15 * size].map(libm::logf));
        parts.rotations.push(turn_z_to(normal));
        parts.raw_opacities.push(if loose {
            random.within(-3.0, 4.0)
        } else {
            random.within(1.0, 6.0)
        });
        parts.sh_dc.push([stripe, 1.5 * normal[1], -stripe].map(|c| c + random.within(-0.2, 0.2)));
        parts.sh_rest.extend((0..sh_degree.rest_values()).map(|_| random.within(-0.2, 0.2)));
    }
    Splats::new(parts).unwrap()
}

/// A point of a surface and the normal there.
type Surface = ([f32; 3], [f32; 3]);

fn ball(random: &mut Random) -> Surface {
    let (z, (sin, cos)) =
        (random.within(-1.0, 1.0), libm::sincosf(random.within(0.0, std::f32::consts::TAU)));
    let ring = (1.0 - z * z).sqrt();
    let normal = [ring * cos, z, ring * sin];
    (normal.map(|c| 0.3 * c), normal)
}

fn ring(random: &mut Random) -> Surface {
    let (sin_a, cos_a) = libm::sincosf(random.within(0.0, std::f32::consts::TAU));
    let (sin_b, cos_b) = libm::sincosf(random.within(0.0, std::f32::consts::TAU));
    let far = 0.42 + 0.07 * cos_b;
    ([far * cos_a, 0.07 * sin_b, far * sin_a], [cos_b * cos_a, sin_b, cos_b * sin_a])
}

fn block(random: &mut Random) -> Surface {
    let (axis, side) =
        ((random.unit() * 3.0) as usize % 3, if random.unit() < 0.5 { -1.0 } else { 1.0 });
    let mut at = random.triple(-0.18, 0.18);
    let mut normal = [0.0; 3];
    at[axis] = 0.18 * side;
    normal[axis] = side;
    ([at[0], at[1] * 0.8 - 0.35, at[2]], normal)
}

/// The quaternion that takes +Z to a unit vector, not normalised.
fn turn_z_to([x, y, z]: [f32; 3]) -> [f32; 4] {
    if z < -0.999 { [0.0, 1.0, 0.0, 0.0] } else { [1.0 + z, -y, x, 0.0] }
}
