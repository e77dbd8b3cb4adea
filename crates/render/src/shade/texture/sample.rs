//! Reading a texture at a coordinate: wrap, nearest and bilinear texels, mip levels, anisotropy.
//! Source: Vulkan's texel selection as `SwiftShader` does it, and pictures of it.

use glam::{Vec2, Vec4};

use super::{Channels, Filter, Level, Sampler, Texels, Texture, Wrap};
use crate::exp::ROUND;
use crate::shade::colour::linear_from_bytes;
use crate::shade::half::f32_from_half;
use crate::shade::lobe::unit_interval;

impl Texture {
    /// The colour at a coordinate, for a fragment whose coordinate changes by `dx` per pixel right and `dy` up.
    pub fn sample(&self, sampler: &Sampler, uv: Vec2, dx: Vec2, dy: Vec2) -> Vec4 {
        let Some(base) = self.levels.first() else { return Vec4::ZERO };
        let mip = sampler.mip.filter(|_| self.levels.len() > 1);
        // Taps need no levels, only a filter that would use them.
        let most = sampler.anisotropy.min(Sampler::MAX_ANISOTROPY) as f32;
        let is_even = most <= 1.0 || sampler.mip.is_none() || sampler.magnify == Filter::Nearest;
        if is_even && mip.is_none() && sampler.magnify == sampler.minify {
            return self.sample_level(sampler, sampler.magnify, uv, 0);
        }
        let size = Vec2::new(base.width as f32, base.height as f32);
        let (across, up) = (dx * size, dy * size);
        let (across2, up2) = (across.length_squared(), up.length_squared());
        let long2 = across2.max(up2);
        if is_even {
            return self.sample_footprint(sampler, mip, sampler.minify, uv, long2);
        }

        // The footprint's length over its width, by its area.
        let stretch = (long2 / across.perp_dot(up).abs()).min(most);
        let stretch = if stretch > 1.0 { stretch } else { 1.0 };
        let taps = stretch.round_ties_even();
        let axis = if across2 >= up2 { dx } else { dy } / taps;
        let first = uv - axis * (0.5 * (taps - 1.0));
        let width2 = long2 / (stretch * stretch);
        let mut sum = Vec4::ZERO;
        for tap in 0..taps as u32 {
            let at = first + axis * tap as f32;
            sum += self.sample_footprint(sampler, mip, Filter::Linear, at, width2);
        }
        sum / taps
    }

    /// The colour of a footprint whose longer side is the root of `size2` texels of the base.
    #[inline]
    fn sample_footprint(
        &self,
        sampler: &Sampler,
        mip: Option<Filter>,
        minify: Filter,
        uv: Vec2,
        size2: f32,
    ) -> Vec4 {
        // NaN is large.
        if size2 <= 1.0 {
            return self.sample_level(sampler, sampler.magnify, uv, 0);
        }
        let Some(mip) = mip else { return self.sample_level(sampler, minify, uv, 0) };
        let last = (self.levels.len() - 1) as f32;
        let lod = driver_lod(size2);
        let lod = if lod < last { lod } else { last };
        if mip == Filter::Nearest {
            // Half way between two levels is the finer one.
            let level = (lod + 0.5) as usize;
            let level = if level as f32 == lod + 0.5 { level.saturating_sub(1) } else { level };
            return self.sample_level(sampler, minify, uv, level);
        }
        let low = lod as usize;
        let f = lod - low as f32;
        let near = self.sample_level(sampler, minify, uv, low);
        if f == 0.0 {
            return near;
        }
        near * (1.0 - f) + self.sample_level(sampler, minify, uv, low + 1) * f
    }

    /// The colour at a coordinate of one level (clamped to those there are).
    #[inline]
    pub fn sample_level(&self, sampler: &Sampler, filter: Filter, uv: Vec2, level: usize) -> Vec4 {
        let Some(&level) = self.levels.get(level).or(self.levels.last()) else { return Vec4::ZERO };
        match &self.texels {
            Texels::Byte(data) if self.channels == Channels::Rgba => {
                let (texels, _) = data[level.start..].as_chunks::<4>();
                let (light, alpha) = (self.light, linear_from_bytes());
                level.read(sampler.wrap, filter, uv, |texel| {
                    let [r, g, b, a] = texels[texel].map(usize::from);
                    Vec4::new(light[r], light[g], light[b], alpha[a])
                })
            }
            Texels::Byte(data) => {
                let table = linear_from_bytes();
                let get = |byte: u8| table[usize::from(byte)];
                level.read(sampler.wrap, filter, uv, |texel| self.gather(data, level, texel, get))
            }
            Texels::Half(data) => level.read(sampler.wrap, filter, uv, |texel| {
                self.gather(data, level, texel, f32_from_half)
            }),
            Texels::Float(data) => {
                level.read(sampler.wrap, filter, uv, |texel| self.gather(data, level, texel, |c| c))
            }
        }
    }

    /// A texel; missing channels are 0, missing alpha is 1.
    #[inline(always)]
    fn gather<T: Copy>(
        &self,
        data: &[T],
        level: Level,
        texel: usize,
        get: impl Fn(T) -> f32,
    ) -> Vec4 {
        let data = &data[level.start + texel * self.channels.count()..];
        match self.channels {
            Channels::Red => Vec4::new(get(data[0]), 0.0, 0.0, 1.0),
            Channels::RedGreen => Vec4::new(get(data[0]), get(data[1]), 0.0, 1.0),
            Channels::Rgba => Vec4::new(get(data[0]), get(data[1]), get(data[2]), get(data[3])),
        }
    }
}

impl Level {
    /// The colour at a coordinate; `get` gives a texel, counted from the level's first.
    #[inline(always)]
    fn read(
        &self,
        [wrap_u, wrap_v]: [Wrap; 2],
        filter: Filter,
        uv: Vec2,
        get: impl Fn(usize) -> Vec4,
    ) -> Vec4 {
        if filter == Filter::Nearest {
            let (x, y) = (nearest(wrap_u, uv.x, self.width), nearest(wrap_v, uv.y, self.height));
            return get(y * self.width + x);
        }
        let (x0, x1, fx) = linear(wrap_u, uv.x, self.width);
        let (y0, y1, fy) = linear(wrap_v, uv.y, self.height);
        let (y0, y1) = (y0 * self.width, y1 * self.width);
        let top = get(y0 + x0) * (1.0 - fx) + get(y0 + x1) * fx;
        let bottom = get(y1 + x0) * (1.0 - fx) + get(y1 + x1) * fx;
        top * (1.0 - fy) + bottom * fy
    }
}

/// The coordinate brought into 0..=1; NaN is 0.
#[inline(always)]
fn folded(wrap: Wrap, u: f32) -> f32 {
    let u = match wrap {
        Wrap::Clamp => u,
        Wrap::Repeat => u - floor(u),
        Wrap::Mirror => 1.0 - (u - 2.0 * floor(u * 0.5) - 1.0).abs(),
    };
    unit_interval(u)
}

/// `f32::floor` without the call it is on the baseline of x86-64.
#[inline(always)]
fn floor(x: f32) -> f32 {
    let near = (x + ROUND) - ROUND;
    let whole = near - if near > x { 1.0 } else { 0.0 };
    // Beyond, rounding by addition does not work, and coordinates say nothing about a texel any more.
    if x.abs() < 4_194_304.0 { whole } else { x }
}

/// The nearest whole number of a number from 0 to 2^22.
#[inline(always)]
fn whole(x: f32) -> usize {
    (x + ROUND).to_bits() as usize & 0x003F_FFFF
}

/// The texel a coordinate is in.
#[inline(always)]
fn nearest(wrap: Wrap, u: f32, size: usize) -> usize {
    ((folded(wrap, u) * size as f32) as u32 as usize).min(size - 1)
}

/// The two texels whose centres a coordinate is between, and how far it is towards the second.
#[inline(always)]
fn linear(wrap: Wrap, u: f32, size: usize) -> (usize, usize, f32) {
    let at = folded(wrap, u) * size as f32;
    let high = whole(at);
    let f = at - ((at + ROUND) - ROUND) + 0.5;
    // Outside, a repeated texture starts again; a mirrored one has its edge texel twice, like a clamped one.
    let (before, after) = if wrap == Wrap::Repeat { (size - 1, 0) } else { (0, size - 1) };
    let low = if high == 0 { before } else { high - 1 };
    (low, if high == size { after } else { high }, f)
}

/// Half the binary logarithm, as the original's driver takes it: the bits of the square's square read as a whole number,
/// so straight between powers of the fourth root of 2; up to 0.022 less than the true one.
#[inline]
fn driver_lod(size2: f32) -> f32 {
    const ONE: f32 = 0x3F80_0000 as f32;
    let square = (size2 * size2).min(f32::MAX);
    (square.to_bits() as f32 - ONE) * (0.25 / 8_388_608.0)
}
