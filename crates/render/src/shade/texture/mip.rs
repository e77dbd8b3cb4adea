//! Mip levels: each is the one above read bilinearly at the centres of its texels, sizes halved and floored. For an even
//! size that is the mean of two texels, for an odd one a weighted mean around the middle.
//! Source: the levels `SwiftShader` makes, read back texel by texel. It averages sRGB in linear light and rounds to even.

use super::{Level, Texels, Texture};
use crate::exp::ROUND;
use crate::shade::colour::srgb_byte_from_linear;
use crate::shade::half::{f32_from_half, half_from_f32};

impl Texture {
    /// Adds a level given by the author. False, and nothing is added, unless it is of the same kind and has half the size
    /// of the one above.
    pub fn push_level(&mut self, width: usize, height: usize, texels: &Texels) -> bool {
        let Some(&Level { width: w, height: h, .. }) = self.levels.last() else { return false };
        let is_next = (w > 1 || h > 1) && (width, height) == ((w / 2).max(1), (h / 2).max(1));
        let len = width * height * self.channels.count();
        if !is_next || texels.len() < len {
            return false;
        }
        let start = self.texels.len();
        match (&mut self.texels, texels) {
            (Texels::Byte(all), Texels::Byte(new)) => all.extend_from_slice(&new[..len]),
            (Texels::Half(all), Texels::Half(new)) => all.extend_from_slice(&new[..len]),
            (Texels::Float(all), Texels::Float(new)) => all.extend_from_slice(&new[..len]),
            _ => return false,
        }
        self.levels.push(Level { width, height, start });
        true
    }

    /// Adds every level down to one texel.
    #[must_use]
    pub fn with_mip_levels(mut self) -> Self {
        let Some(&base) = self.levels.first() else { return self };
        let count = self.channels.count();
        self.levels.truncate(1);
        let base_len = base.width * base.height * count;
        match &mut self.texels {
            Texels::Byte(data) => data.truncate(base_len),
            Texels::Half(data) => data.truncate(base_len),
            Texels::Float(data) => data.truncate(base_len),
        }
        let mut above = base;
        while above.width > 1 || above.height > 1 {
            let (width, height) = ((above.width / 2).max(1), (above.height / 2).max(1));
            let next = Level { width, height, start: self.texels.len() };
            // Bytes are averaged as bytes: their ties stay exact.
            match &mut self.texels {
                Texels::Byte(data) if self.srgb => {
                    let linear = self.light;
                    let light = |byte: u8| linear[usize::from(byte)];
                    halve(
                        data,
                        above,
                        next,
                        count,
                        |byte, channel| {
                            if channel < 3 { light(byte) } else { f32::from(byte) }
                        },
                        |value, channel| {
                            if channel < 3 { srgb_byte_from_linear(value) } else { rounded(value) }
                        },
                    );
                }
                Texels::Byte(data) => {
                    halve(
                        data,
                        above,
                        next,
                        count,
                        |byte, _| f32::from(byte),
                        |value, _| rounded(value),
                    );
                }
                Texels::Half(data) => {
                    halve(
                        data,
                        above,
                        next,
                        count,
                        |bits, _| f32_from_half(bits),
                        |value, _| half_from_f32(value),
                    );
                }
                Texels::Float(data) => {
                    halve(data, above, next, count, |value, _| value, |value, _| value);
                }
            }
            self.levels.push(next);
            above = next;
        }
        self
    }
}

/// To the nearest byte, ties to even.
fn rounded(value: f32) -> u8 {
    ((value + ROUND) - ROUND) as u8
}

/// Appends the texels of the level `next`; `get` and `put` say what a number of a channel means.
fn halve<T: Copy>(
    data: &mut Vec<T>,
    above: Level,
    next: Level,
    count: usize,
    get: impl Fn(T, usize) -> f32,
    put: impl Fn(f32, usize) -> T,
) {
    let columns: Vec<_> = (0..next.width).map(|x| around(x, next.width, above.width)).collect();
    data.reserve(next.width * next.height * count);
    for y in 0..next.height {
        let (y0, y1, fy) = around(y, next.height, above.height);
        for &(x0, x1, fx) in &columns {
            for channel in 0..count {
                let at = |x: usize, y: usize| {
                    get(data[above.start + (y * above.width + x) * count + channel], channel)
                };
                let top = at(x0, y0) * (1.0 - fx) + at(x1, y0) * fx;
                let bottom = at(x0, y1) * (1.0 - fx) + at(x1, y1) * fx;
                let value = put(top * (1.0 - fy) + bottom * fy, channel);
                data.push(value);
            }
        }
    }
}

/// The texels of a level around the centre of texel `i` of `n` of the next, and how far it is towards the second.
pub(crate) fn around(i: usize, n: usize, above: usize) -> (usize, usize, f32) {
    let at = ((i as f64 + 0.5) * above as f64 / n as f64 - 0.5).max(0.0);
    let low = at as usize;
    (low, (low + 1).min(above - 1), (at - low as f64) as f32)
}
