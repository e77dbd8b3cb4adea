//! The split-sum table of the specular lobe: how much of F0 and of F90 a surface reflects, by roughness and cosine.
//!
//! Embedded as half floats, computed by the recipe in this file's test: 256 × 256 midpoint samples (GGX by its
//! inverse, uniform angle) of the height-correlated Smith model with Fresnel weight (1 − V·H)^5 at texel centres.
//! Another sampling would move grazing rows away from the table three r183 ships, so the recipe is part of the truth.

use super::half::f32_from_half;
use super::lanes::{LANES, Lanes};
use super::lobe::{at_least, at_most};
use crate::exp::ROUND;

/// Texels along each axis.
pub const SIZE: usize = 16;

/// Half floats `[cosine][roughness]`: factor of F0.
#[rustfmt::skip]
const SCALE: [[u16; SIZE]; SIZE] = [
    [0x30b5, 0x314d, 0x33d8, 0x35f4, 0x37f9, 0x38d4, 0x397d, 0x39fb, 0x3a57, 0x3a97, 0x3ac2, 0x3add, 0x3aeb, 0x3af0, 0x3aed, 0x3ae4],
    [0x3638, 0x364b, 0x369b, 0x3751, 0x383a, 0x38de, 0x3970, 0x39e0, 0x3a2e, 0x3a5c, 0x3a72, 0x3a73, 0x3a65, 0x3a4c, 0x3a2b, 0x3a06],
    [0x3894, 0x3897, 0x38a4, 0x38bd, 0x38ef, 0x393e, 0x3998, 0x39e4, 0x3a17, 0x3a2f, 0x3a2f, 0x3a1e, 0x3a03, 0x39dd, 0x39ae, 0x3977],
    [0x39ac, 0x39ac, 0x39ae, 0x39af, 0x39b1, 0x39c2, 0x39e1, 0x3a00, 0x3a12, 0x3a12, 0x3a05, 0x39ea, 0x39be, 0x3988, 0x394a, 0x3907],
    [0x3a77, 0x3a76, 0x3a74, 0x3a6b, 0x3a59, 0x3a44, 0x3a37, 0x3a2b, 0x3a1c, 0x3a0b, 0x39ed, 0x39bf, 0x3987, 0x3944, 0x38fa, 0x38ac],
    [0x3b07, 0x3b06, 0x3b01, 0x3af5, 0x3adb, 0x3ab5, 0x3a89, 0x3a5c, 0x3a36, 0x3a0e, 0x39db, 0x39a0, 0x395a, 0x390b, 0x38b7, 0x385f],
    [0x3b69, 0x3b68, 0x3b63, 0x3b56, 0x3b3b, 0x3b0e, 0x3ad1, 0x3a90, 0x3a55, 0x3a16, 0x39d3, 0x3988, 0x3935, 0x38db, 0x387d, 0x381d],
    [0x3ba9, 0x3ba9, 0x3ba4, 0x3b98, 0x3b7f, 0x3b51, 0x3b0c, 0x3ac2, 0x3a73, 0x3a23, 0x39cf, 0x3976, 0x3917, 0x38b2, 0x384b, 0x37c7],
    [0x3bd2, 0x3bd1, 0x3bcd, 0x3bc3, 0x3bac, 0x3b80, 0x3b3c, 0x3aed, 0x3a92, 0x3a33, 0x39d0, 0x3969, 0x38fd, 0x388f, 0x381f, 0x3762],
    [0x3be9, 0x3be9, 0x3be6, 0x3bdd, 0x3bc9, 0x3ba0, 0x3b62, 0x3b0f, 0x3aae, 0x3a43, 0x39d4, 0x3960, 0x38e9, 0x3870, 0x37f0, 0x3708],
    [0x3bf6, 0x3bf6, 0x3bf3, 0x3bed, 0x3bdb, 0x3bb5, 0x3b7d, 0x3b2c, 0x3ac7, 0x3a55, 0x39da, 0x395a, 0x38d7, 0x3855, 0x37ab, 0x36b7],
    [0x3bfc, 0x3bfc, 0x3bfa, 0x3bf5, 0x3be6, 0x3bc4, 0x3b90, 0x3b42, 0x3add, 0x3a65, 0x39e1, 0x3957, 0x38ca, 0x383e, 0x376d, 0x366e],
    [0x3bff, 0x3bff, 0x3bfd, 0x3bf9, 0x3beb, 0x3bcf, 0x3b9e, 0x3b55, 0x3af0, 0x3a75, 0x39ea, 0x3956, 0x38be, 0x3829, 0x3735, 0x362c],
    [0x3c00, 0x3c00, 0x3bff, 0x3bfa, 0x3bec, 0x3bd5, 0x3ba9, 0x3b63, 0x3b01, 0x3a84, 0x39f4, 0x3957, 0x38b5, 0x3817, 0x3703, 0x35f0],
    [0x3c00, 0x3c00, 0x3c00, 0x3bfc, 0x3bef, 0x3bd9, 0x3bb1, 0x3b6f, 0x3b0f, 0x3a93, 0x39fe, 0x3959, 0x38af, 0x3807, 0x36d5, 0x35b9],
    [0x3c00, 0x3c00, 0x3c00, 0x3bfb, 0x3bf1, 0x3bdc, 0x3bb7, 0x3b78, 0x3b1c, 0x3aa0, 0x3a08, 0x395d, 0x38aa, 0x37f3, 0x36ab, 0x3586],
];

/// Half floats `[cosine][roughness]`: factor of F90.
#[rustfmt::skip]
const BIAS: [[u16; SIZE]; SIZE] = [
    [0x3ad1, 0x3a4e, 0x391d, 0x3829, 0x36a8, 0x3539, 0x3411, 0x3252, 0x30f0, 0x2fc8, 0x2e34, 0x2d04, 0x2c1e, 0x2ade, 0x29d0, 0x28fe],
    [0x38e4, 0x38ce, 0x385e, 0x372d, 0x35a4, 0x3462, 0x32c3, 0x3133, 0x3003, 0x2e39, 0x2ce0, 0x2bba, 0x2a33, 0x290a, 0x2825, 0x26e8],
    [0x36d7, 0x36c8, 0x3675, 0x35ad, 0x349c, 0x3331, 0x3185, 0x3038, 0x2e74, 0x2cf5, 0x2bac, 0x29ff, 0x28bc, 0x278f, 0x2619, 0x24f9],
    [0x34a8, 0x34a2, 0x3480, 0x3423, 0x330e, 0x31a8, 0x3063, 0x2eb5, 0x2d1c, 0x2bce, 0x29fe, 0x28a3, 0x273c, 0x25b2, 0x2487, 0x2343],
    [0x3223, 0x321f, 0x3205, 0x31b3, 0x3113, 0x303a, 0x2eb6, 0x2d30, 0x2bef, 0x2a0d, 0x28a0, 0x271b, 0x257f, 0x2449, 0x22bb, 0x2154],
    [0x2fca, 0x2fc9, 0x2fb9, 0x2f7c, 0x2eea, 0x2e00, 0x2cec, 0x2bc4, 0x2a00, 0x2899, 0x2706, 0x2561, 0x2423, 0x2267, 0x20fc, 0x1fd0],
    [0x2cb9, 0x2cbb, 0x2cbb, 0x2cad, 0x2c78, 0x2c0a, 0x2ae2, 0x2997, 0x2867, 0x26d0, 0x253b, 0x2402, 0x2226, 0x20bc, 0x1f53, 0x1db2],
    [0x296b, 0x2970, 0x297c, 0x2988, 0x2976, 0x2926, 0x2894, 0x27b5, 0x263a, 0x24e7, 0x2399, 0x21d9, 0x207e, 0x1ee7, 0x1d51, 0x1c1d],
    [0x25cb, 0x25d4, 0x25f0, 0x2620, 0x2644, 0x262e, 0x25c3, 0x250f, 0x2439, 0x22ce, 0x215c, 0x2029, 0x1e6b, 0x1cf0, 0x1b99, 0x19dc],
    [0x21ab, 0x21b6, 0x21e8, 0x2241, 0x22ac, 0x22ec, 0x22ce, 0x2246, 0x2174, 0x2088, 0x1f49, 0x1dbd, 0x1c77, 0x1ae6, 0x1951, 0x1819],
    [0x1cea, 0x1cf9, 0x1d3a, 0x1dc2, 0x1e7a, 0x1f25, 0x1f78, 0x1f49, 0x1ea5, 0x1dbb, 0x1cbd, 0x1b9c, 0x1a00, 0x18ac, 0x173d, 0x1597],
    [0x1736, 0x1753, 0x17e8, 0x189e, 0x1996, 0x1aab, 0x1b81, 0x1bd2, 0x1b8a, 0x1acd, 0x19d2, 0x18cc, 0x17b4, 0x1614, 0x14bf, 0x135e],
    [0x101b, 0x1033, 0x10c7, 0x1220, 0x1425, 0x157d, 0x16c3, 0x179a, 0x17d1, 0x1770, 0x16a4, 0x15a7, 0x14a6, 0x1379, 0x11e9, 0x10a1],
    [0x061b, 0x0656, 0x0854, 0x0a3e, 0x0d18, 0x0fba, 0x114b, 0x127e, 0x132e, 0x1342, 0x12d2, 0x120c, 0x1123, 0x103b, 0x0ed2, 0x0d6c],
    [0x007a, 0x0083, 0x014c, 0x028e, 0x04f7, 0x0870, 0x0ad2, 0x0c95, 0x0d7c, 0x0df2, 0x0dee, 0x0d8a, 0x0ce9, 0x0c30, 0x0af2, 0x09a5],
    [0x0001, 0x0001, 0x001a, 0x004f, 0x00e6, 0x01d6, 0x0315, 0x047c, 0x05d1, 0x06d4, 0x075b, 0x075f, 0x06f7, 0x0648, 0x0576, 0x049f],
];

/// The four texels around a place: `[F0, F90]` of the lower cosine, then of the higher; first all at the lower roughness,
/// then at the higher. A look-up reads 32 bytes in a row, at 16 · cosine + roughness.
static CELLS: [[[f32; 4]; 2]; SIZE * SIZE] = {
    let mut cells = [[[0.0; 4]; 2]; SIZE * SIZE];
    let mut at = 0;
    while at < SIZE * SIZE {
        let (row, column) = (at / SIZE, at % SIZE);
        let next_row = if row + 1 < SIZE { row + 1 } else { row };
        let next_column = if column + 1 < SIZE { column + 1 } else { column };
        cells[at] = [corner(row, next_row, column), corner(row, next_row, next_column)];
        at += 1;
    }
    cells
};

const fn corner(low: usize, high: usize, column: usize) -> [f32; 4] {
    [
        f32_from_half(SCALE[low][column]),
        f32_from_half(BIAS[low][column]),
        f32_from_half(SCALE[high][column]),
        f32_from_half(BIAS[high][column]),
    ]
}

/// Factors of F0 and F90 at a roughness and a cosine: bilinear between texel centres, clamped at the edges.
#[inline]
pub fn lookup(roughness: f32, cosine: f32) -> [f32; 2] {
    Place::new(roughness, cosine).read()
}

/// [`lookup`] of the first `n` lanes.
#[inline(always)]
pub(crate) fn lookup_lanes(roughness: &Lanes, cosine: &Lanes, n: usize) -> [[f32; 2]; LANES] {
    let (mut cell, mut fx, mut fy) = ([0; LANES], [0.0; LANES], [0.0; LANES]);
    let n = n.min(LANES);
    for i in 0..n {
        let place = Place::new(roughness.0[i], cosine.0[i]);
        (cell[i], fx[i], fy[i]) = (place.cell, place.fx, place.fy);
    }
    let mut out = [[0.0; 2]; LANES];
    for i in 0..n {
        out[i] = Place { cell: cell[i], fx: fx[i], fy: fy[i] }.read();
    }
    out
}

/// A cell and where in it.
struct Place {
    cell: u32,
    fx: f32,
    fy: f32,
}

impl Place {
    #[inline(always)]
    fn new(roughness: f32, cosine: f32) -> Self {
        let ((x, fx), (y, fy)) = (between(roughness), between(cosine));
        Self { cell: y * SIZE as u32 + x, fx, fy }
    }

    #[inline(always)]
    fn read(&self) -> [f32; 2] {
        let (fx, fy) = (self.fx, self.fy);
        // The mask says to the compiler that there is a cell.
        let [low, high] = &CELLS[self.cell as usize & (SIZE * SIZE - 1)];
        let at = |i: usize| low[i] * (1.0 - fx) + high[i] * fx;
        [at(0) * (1.0 - fy) + at(2) * fy, at(1) * (1.0 - fy) + at(3) * fy]
    }
}

/// A texel at or before a coordinate in 0..=1, and how far it is towards the next. NaN is 0.
#[inline(always)]
fn between(coordinate: f32) -> (u32, f32) {
    let at = at_most(at_least(coordinate * SIZE as f32 - 0.5, 0.0), (SIZE - 1) as f32);
    // Rounding ½ less is the floor, or at a whole number one less, which is as good with a distance of 1.
    let rounded = (at - 0.5) + ROUND;
    (rounded.to_bits() & (SIZE as u32 - 1), at - (rounded - ROUND))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shade::half::half_from_f32;

    const SAMPLES: usize = 256;

    /// One texel by the recipe; `angles` are the cosines of the sampled angles.
    fn texel(roughness: f64, nv: f64, angles: &[f64]) -> [f64; 2] {
        let alpha2 = roughness * roughness * roughness * roughness;
        let vx = (1.0 - nv * nv).sqrt();
        let (mut scale, mut bias) = (0.0, 0.0);
        for i in 0..SAMPLES {
            let u = (i as f64 + 0.5) / SAMPLES as f64;
            let cos2 = (1.0 - u) / (1.0 + (alpha2 - 1.0) * u);
            let (nh, sin) = (cos2.sqrt(), (1.0 - cos2).max(0.0).sqrt());
            for cos_phi in angles {
                let vh = vx * sin * cos_phi + nv * nh;
                let nl = 2.0 * vh * nh - nv;
                if nl <= 0.0 {
                    continue;
                }
                let vh = vh.max(0.0);
                let vis = 0.5
                    / (nl * (alpha2 + (1.0 - alpha2) * nv * nv).sqrt()
                        + nv * (alpha2 + (1.0 - alpha2) * nl * nl).sqrt());
                let g = 4.0 * vis * nl * vh / nh;
                let fresnel = (1.0 - vh) * (1.0 - vh) * (1.0 - vh) * (1.0 - vh) * (1.0 - vh);
                scale += (1.0 - fresnel) * g;
                bias += fresnel * g;
            }
        }
        [scale, bias].map(|sum| sum / (SAMPLES * SAMPLES) as f64)
    }

    fn computed() -> [[[u16; SIZE]; SIZE]; 2] {
        let angles: Vec<f64> = (0..SAMPLES)
            .map(|i| libm::cos(std::f64::consts::TAU * (i as f64 + 0.5) / SAMPLES as f64))
            .collect();
        let mut tables = [[[0; SIZE]; SIZE]; 2];
        for row in 0..SIZE {
            for column in 0..SIZE {
                let centre = |i: usize| (i as f64 + 0.5) / SIZE as f64;
                let values = texel(centre(column), centre(row), &angles);
                for (table, value) in tables.iter_mut().zip(values) {
                    table[row][column] = half_from_f32(value as f32);
                }
            }
        }
        tables
    }

    #[test]
    fn the_data_is_what_the_recipe_gives() {
        let tables = computed();
        for (name, data, table) in [("SCALE", SCALE, tables[0]), ("BIAS", BIAS, tables[1])] {
            assert!(data == table, "{name} should be {table:#06x?}");
        }
    }

    #[test]
    fn lookup_is_bilinear_and_clamped() {
        let [a, b] = lookup(0.5, 0.5);
        let mean = |t: [[u16; SIZE]; SIZE]| {
            [t[7][7], t[7][8], t[8][7], t[8][8]].map(f32_from_half).iter().sum::<f32>() / 4.0
        };
        assert!((a - mean(SCALE)).abs() < 1e-6 && (b - mean(BIAS)).abs() < 1e-6, "{a} {b}");
        assert_eq!(lookup(-1.0, f32::NAN), [SCALE[0][0], BIAS[0][0]].map(f32_from_half));
        assert_eq!(lookup(2.0, f32::MAX), [SCALE[15][15], BIAS[15][15]].map(f32_from_half));
    }
}
