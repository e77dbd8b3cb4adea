//! Colours of a texture at a place, between its texels.

use asset::scene::{Format, MagFilter, Texels, Texture, Wrap};
use glam::Vec2;

/// A texture that can be looked up.
#[derive(Debug)]
pub(super) struct Picture<'a> {
    texture: &'a Texture,
    texels: &'a Texels,
    size: [usize; 2],
    /// Linear value of each byte, where the texture holds sRGB bytes.
    decode: Option<Vec<f32>>,
}

impl<'a> Picture<'a> {
    /// `None` when nothing was uploaded.
    pub(super) fn of(texture: &'a Texture) -> Option<Self> {
        let base = texture.base()?;
        let decode = |byte: u16| {
            let c = f32::from(byte) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { libm::powf((c + 0.055) / 1.055, 2.4) }
        };
        Some(Self {
            texture,
            texels: &base.texels,
            size: [base.width as usize, base.height as usize],
            decode: texture.is_srgb().then(|| (0..256).map(decode).collect()),
        })
    }

    /// Linear colour and alpha.
    pub(super) fn at(&self, uv: [f32; 2]) -> [f32; 4] {
        let m = &self.texture.uv_matrix;
        let [u, v] = uv.map(f64::from);
        let u = m[0] * u + m[3] * v + m[6];
        let mut v = m[1] * uv[0] as f64 + m[4] * v + m[7];
        if self.texture.flip_y {
            v = 1.0 - v;
        }
        let place = Vec2::new(
            (wrapped(u, self.texture.wrap_s) * self.size[0] as f64) as f32,
            (wrapped(v, self.texture.wrap_t) * self.size[1] as f64) as f32,
        );
        if !place.is_finite() {
            return [0.0; 4];
        }
        if self.texture.mag_filter == MagFilter::Nearest {
            return self.texel(place.x.floor() as i64, place.y.floor() as i64);
        }
        let corner = (place - 0.5).floor();
        let share = place - 0.5 - corner;
        let (x, y) = (corner.x as i64, corner.y as i64);
        let mut sum = [0.0; 4];
        for (dx, dy, weight) in [
            (0, 0, (1.0 - share.x) * (1.0 - share.y)),
            (1, 0, share.x * (1.0 - share.y)),
            (0, 1, (1.0 - share.x) * share.y),
            (1, 1, share.x * share.y),
        ] {
            let texel = self.texel(x + dx, y + dy);
            sum.iter_mut().zip(texel).for_each(|(to, from)| *to += weight * from);
        }
        sum
    }

    fn texel(&self, x: i64, y: i64) -> [f32; 4] {
        let side = |at: i64, count: usize, wrap: Wrap| {
            let count = count as i64;
            let inside = match wrap {
                Wrap::ClampToEdge => at.clamp(0, count - 1),
                Wrap::Repeat => at.rem_euclid(count),
                Wrap::MirroredRepeat => {
                    let at = at.rem_euclid(2 * count);
                    at.min(2 * count - 1 - at)
                }
            };
            inside as usize
        };
        let column = side(x, self.size[0], self.texture.wrap_s);
        let row = side(y, self.size[1], self.texture.wrap_t);
        let channels = self.texture.format.channels();
        let first = (row * self.size[0] + column) * channels;
        let value = |channel: usize| match (self.texels, &self.decode) {
            (Texels::U8(list), Some(decode)) if channel < 3 => {
                decode[usize::from(list[first + channel])]
            }
            (Texels::U8(list), _) => f32::from(list[first + channel]) / 255.0,
            (Texels::F16(list), _) => half(list[first + channel]),
            (Texels::F32(list), _) => list[first + channel],
        };
        match self.texture.format {
            Format::Red => [value(0), 0.0, 0.0, 1.0],
            Format::Rg => [value(0), value(1), 0.0, 1.0],
            Format::Rgba => [value(0), value(1), value(2), value(3)],
        }
    }
}

/// Into one period, so that large coordinates keep their fraction.
fn wrapped(coordinate: f64, wrap: Wrap) -> f64 {
    match wrap {
        Wrap::ClampToEdge => coordinate.clamp(0.0, 1.0),
        Wrap::Repeat => coordinate.rem_euclid(1.0),
        Wrap::MirroredRepeat => coordinate.rem_euclid(2.0),
    }
}

/// The value of the bits of an IEEE half float.
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let (exponent, fraction) = (u32::from(bits >> 10 & 31), u32::from(bits & 1023));
    match exponent {
        0 => f32::from_bits(sign | 0x3f80_0000) * (fraction as f32 / 16_777_216.0),
        31 => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_read() {
        let cases = [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x0001, 5.960_464_5e-8),
            (0x7bff, 65504.0),
            (0x7c00, f32::INFINITY),
        ];
        for (bits, value) in cases {
            assert_eq!(half(bits), value, "{bits:04x}");
        }
    }
}
