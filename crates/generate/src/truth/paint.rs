//! What a surface looks like where it is met: colour, gloss, and the patterns and noise that make them.

use glam::Vec3;

/// Surface properties at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paint {
    /// Share of light given back by diffusion (or by reflection, where metal), linear RGB, 0 to 1.
    pub albedo: Vec3,
    /// 0 chalk, 1 mirror-smooth glaze.
    pub gloss: f32,
    /// 0 not a metal, 1 metal.
    pub metal: f32,
}

impl Paint {
    /// Neither glossy nor a metal.
    #[must_use]
    pub const fn matt(albedo: Vec3) -> Self {
        Self { albedo, gloss: 0.15, metal: 0.0 }
    }

    /// Glazed, lacquered or plastic.
    #[must_use]
    pub const fn glossy(albedo: Vec3, gloss: f32) -> Self {
        Self { albedo, gloss, metal: 0.0 }
    }

    /// Bare metal.
    #[must_use]
    pub const fn metal(albedo: Vec3, gloss: f32) -> Self {
        Self { albedo, gloss, metal: 1.0 }
    }
}

/// Linear colour of an sRGB code `0xRRGGBB`.
#[must_use]
pub fn srgb(code: u32) -> Vec3 {
    let channel = |shift: u32| srgb_to_linear(((code >> shift) & 255) as f32 / 255.0);
    Vec3::new(channel(16), channel(8), channel(0))
}

/// IEC 61966-2-1, display value to linear, both 0 to 1.
#[must_use]
pub fn srgb_to_linear(value: f32) -> f32 {
    if value <= 0.04045 { value / 12.92 } else { libm::powf((value + 0.055) / 1.055, 2.4) }
}

/// IEC 61966-2-1, linear to display value, both 0 to 1.
#[must_use]
pub fn linear_to_srgb(value: f32) -> f32 {
    if value <= 0.003_130_8 {
        value.max(0.0) * 12.92
    } else {
        1.055 * libm::powf(value, 1.0 / 2.4) - 0.055
    }
}

/// Colour of the given hue in turns, saturation and value (HSV), linear.
#[must_use]
pub fn hsv(hue: f32, saturation: f32, value: f32) -> Vec3 {
    let channel = |offset: f32| {
        let k = (offset + hue * 6.0).rem_euclid(6.0);
        let display = value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0);
        srgb_to_linear(display)
    };
    Vec3::new(channel(5.0), channel(3.0), channel(1.0))
}

/// 0 below `from`, 1 above `to`, smooth between. `from` may be the larger one.
#[must_use]
pub fn smoothstep(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Angle around the Y axis in turns: 0 at +Z (the front), growing towards +X, −½ to ½.
#[must_use]
pub fn turn_of(p: Vec3) -> f32 {
    libm::atan2f(p.x, p.z) / std::f32::consts::TAU
}

/// The sawtooth −½ … ½ with a period of 1, 0 at whole numbers.
#[must_use]
pub fn wrap(x: f32) -> f32 {
    x - (x + 0.5).floor()
}

/// A well-mixed 32-bit number from three lattice coordinates (constants of the PCG family).
#[must_use]
pub fn hash(x: i32, y: i32, z: i32) -> u32 {
    let mut v = [x as u32, y as u32, z as u32]
        .map(|c| c.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    v[0] = v[0].wrapping_add(v[1].wrapping_mul(v[2]));
    v[1] = v[1].wrapping_add(v[2].wrapping_mul(v[0]));
    v[2] = v[2].wrapping_add(v[0].wrapping_mul(v[1]));
    v = v.map(|c| c ^ (c >> 16));
    v[0] = v[0].wrapping_add(v[1].wrapping_mul(v[2]));
    v[1] = v[1].wrapping_add(v[2].wrapping_mul(v[0]));
    v[2].wrapping_add(v[0].wrapping_mul(v[1]))
}

/// [`hash`] as a number from 0 to 1.
#[must_use]
pub fn hash_unit(x: i32, y: i32, z: i32) -> f32 {
    (hash(x, y, z) >> 8) as f32 / 16_777_216.0
}

/// Smooth value noise with a lattice of 1, 0 to 1.
#[must_use]
pub fn noise(p: Vec3) -> f32 {
    let cell = p.floor();
    let t = p - cell;
    let t = t * t * (Vec3::splat(3.0) - t * 2.0);
    let (x, y, z) = (cell.x as i32, cell.y as i32, cell.z as i32);
    let lerp = |a: f32, b: f32, t: f32| a + (b - a) * t;
    let edge = |dy: i32, dz: i32| {
        let (y, z) = (y.wrapping_add(dy), z.wrapping_add(dz));
        lerp(hash_unit(x, y, z), hash_unit(x.wrapping_add(1), y, z), t.x)
    };
    lerp(lerp(edge(0, 0), edge(1, 0), t.y), lerp(edge(0, 1), edge(1, 1), t.y), t.z)
}

/// Sum of `octaves` noises, each twice as fine and half as strong, 0 to 1.
#[must_use]
pub fn fractal_noise(mut p: Vec3, octaves: u32) -> f32 {
    let (mut sum, mut weight, mut total) = (0.0, 1.0, 0.0);
    for _ in 0..octaves {
        sum += weight * noise(p);
        total += weight;
        weight *= 0.5;
        p = p * 2.03 + Vec3::new(17.1, 5.3, 11.7);
    }
    sum / total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn srgb_goes_there_and_back() {
        for step in 0..=255 {
            let value = step as f32 / 255.0;
            let back = linear_to_srgb(srgb_to_linear(value));
            assert!((back - value).abs() < 1e-5, "{value} came back as {back}");
        }
    }

    #[test]
    fn hues_are_where_they_belong() {
        assert_eq!(hsv(0.0, 1.0, 1.0), Vec3::new(1.0, 0.0, 0.0));
        assert_eq!(hsv(1.0 / 3.0, 1.0, 1.0), Vec3::new(0.0, 1.0, 0.0));
        assert_eq!(hsv(2.0 / 3.0, 1.0, 1.0), Vec3::new(0.0, 0.0, 1.0));
    }
}
