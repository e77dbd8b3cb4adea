//! Scenes made from a seed, for the tests that compare renderers.

use asset::{ShDegree, Splats, SplatsParts};

/// Numbers from a seed: SplitMix64.
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
