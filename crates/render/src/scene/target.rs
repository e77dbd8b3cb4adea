//! What is drawn into: bytes as a screen shows them, or linear half floats as transmission reads them.
//! Source: rendering specification §D.7 step 1, §D.8, §D.9.

use std::fmt::Debug;

use glam::{Vec2, Vec3, Vec4};

use super::blend::Blend;
use super::fragment::Fragment;
use super::program::Program;
use crate::exp::{exp, ln};
use crate::shade::fragments::Shaded;
use crate::shade::lanes::{LANES, Lanes3};
use crate::shade::{alpha, colour};
use crate::simd::{Kernel, Level};

/// A kind of sample.
pub(super) trait Target: Send + Sync + Debug + 'static {
    /// One sample.
    type Texel: Copy + Send + Sync + Debug + PartialEq;

    /// A fragment where nothing is blended. `at` is the pixel centre, y counted from the bottom row.
    fn write(fragment: &Fragment, program: &Program, at: Vec2) -> Self::Texel;

    /// A fragment before blending.
    fn source(fragment: &Fragment, program: &Program, at: Vec2) -> Vec4;

    /// [`Self::write`] of many fragments. `place` gives a lane's pixel centre.
    fn write_all(
        shaded: &Shaded,
        program: &Program,
        alphas: &[f32; LANES],
        place: impl Fn(usize) -> Vec2,
    ) -> [Self::Texel; LANES];

    /// [`Self::source`] of many fragments.
    fn source_all(
        shaded: &Shaded,
        program: &Program,
        alphas: &[f32; LANES],
        place: impl Fn(usize) -> Vec2,
    ) -> [Vec4; LANES];

    /// A sample with a fragment blended over it.
    fn blend(blend: &Blend, source: Vec4, below: Self::Texel) -> Self::Texel;

    /// The mean of a pixel's samples.
    fn mean(samples: [Self::Texel; 4]) -> Self::Texel;
}

/// Tone mapped and encoded bytes.
#[derive(Debug)]
pub(super) struct Bytes;

impl Target for Bytes {
    type Texel = [u8; 4];

    #[inline]
    fn write(fragment: &Fragment, program: &Program, at: Vec2) -> [u8; 4] {
        if program.premultiplied || program.dithering {
            return bytes(Self::source(fragment, program, at));
        }
        let [r, g, b] = colour::display_bytes(fragment.colour, program.tone_mapped);
        [r, g, b, colour::byte(fragment.alpha)]
    }

    fn write_all(
        shaded: &Shaded,
        program: &Program,
        alphas: &[f32; LANES],
        place: impl Fn(usize) -> Vec2,
    ) -> [[u8; 4]; LANES] {
        if program.premultiplied || program.dithering {
            return one_by_one(shaded, alphas, place, |one, at| Self::write(one, program, at));
        }
        let bytes = shaded.bytes(program.tone_mapped);
        std::array::from_fn(|lane| {
            let [r, g, b] = bytes[lane];
            [r, g, b, colour::byte(alphas[lane])]
        })
    }

    fn source_all(
        shaded: &Shaded,
        program: &Program,
        alphas: &[f32; LANES],
        place: impl Fn(usize) -> Vec2,
    ) -> [Vec4; LANES] {
        if program.dithering || !program.tone_mapped {
            return one_by_one(shaded, alphas, place, |one, at| Self::source(one, program, at));
        }
        let encoded = Level::best().run(Display(shaded));
        std::array::from_fn(|lane| {
            let alpha = alphas[lane];
            let factor = if program.premultiplied { alpha } else { 1.0 };
            let source = (encoded.get(lane) * factor).extend(alpha);
            Vec4::from(source.to_array().map(|c| c.max(0.0).min(1.0)))
        })
    }

    fn source(fragment: &Fragment, program: &Program, at: Vec2) -> Vec4 {
        let mut encoded = colour::display(fragment.colour, program.tone_mapped);
        if program.premultiplied {
            encoded = alpha::premultiply(encoded, fragment.alpha);
        }
        if program.dithering {
            encoded = alpha::dither(encoded, at);
        }
        let source = encoded.extend(fragment.alpha);
        Vec4::from(source.to_array().map(|c| c.max(0.0).min(1.0)))
    }

    #[inline]
    fn blend(blend: &Blend, source: Vec4, below: [u8; 4]) -> [u8; 4] {
        bytes(blend.apply(source, Vec4::from(below.map(f32::from)) / 255.0))
    }

    #[inline]
    fn mean(samples: [[u8; 4]; 4]) -> [u8; 4] {
        std::array::from_fn(|channel| {
            let sum: u16 = samples.iter().map(|sample| u16::from(sample[channel])).sum();
            ((sum + 2) / 4) as u8
        })
    }
}

fn one_by_one<V>(
    shaded: &Shaded,
    alphas: &[f32; LANES],
    place: impl Fn(usize) -> Vec2,
    finish: impl Fn(&Fragment, Vec2) -> V,
) -> [V; LANES] {
    std::array::from_fn(|lane| {
        let fragment = Fragment { colour: shaded.linear(lane), alpha: alphas[lane] };
        finish(&fragment, place(lane))
    })
}

/// [`colour::display`] of every lane, tone mapped, to a millionth: blending rounds it to a byte.
struct Display<'a>(&'a Shaded);

impl Kernel for Display<'_> {
    type Output = Lanes3;

    #[inline(always)]
    fn run(self) -> Lanes3 {
        let encode = |c: f32| {
            let bright = 1.055 * exp(0.41666 * ln(c.max(0.001))) - 0.055;
            if c <= 0.003_130_8 { 12.92 * c } else { bright }
        };
        let mut out = Lanes3::splat(Vec3::ZERO);
        for lane in 0..LANES {
            let c = colour::aces(self.0.linear(lane));
            out.set(lane, Vec3::new(encode(c.x), encode(c.y), encode(c.z)));
        }
        out
    }
}

fn bytes(value: Vec4) -> [u8; 4] {
    value.to_array().map(colour::byte)
}

/// Linear light, each channel a value that a half float holds.
#[derive(Debug)]
pub(super) struct Halves;

impl Target for Halves {
    type Texel = [f32; 4];

    fn write(fragment: &Fragment, program: &Program, at: Vec2) -> [f32; 4] {
        halves(Self::source(fragment, program, at))
    }

    fn write_all(
        shaded: &Shaded,
        program: &Program,
        alphas: &[f32; LANES],
        place: impl Fn(usize) -> Vec2,
    ) -> [[f32; 4]; LANES] {
        one_by_one(shaded, alphas, place, |one, at| Self::write(one, program, at))
    }

    fn source_all(
        shaded: &Shaded,
        program: &Program,
        alphas: &[f32; LANES],
        place: impl Fn(usize) -> Vec2,
    ) -> [Vec4; LANES] {
        one_by_one(shaded, alphas, place, |one, at| Self::source(one, program, at))
    }

    fn source(fragment: &Fragment, program: &Program, at: Vec2) -> Vec4 {
        let mut linear: Vec3 = fragment.colour;
        if program.premultiplied {
            linear = alpha::premultiply(linear, fragment.alpha);
        }
        if program.dithering {
            linear = alpha::dither(linear, at);
        }
        linear.extend(fragment.alpha)
    }

    fn blend(blend: &Blend, source: Vec4, below: [f32; 4]) -> [f32; 4] {
        halves(blend.apply(source, Vec4::from(below)))
    }

    fn mean(samples: [[f32; 4]; 4]) -> [f32; 4] {
        if samples.iter().all(|sample| *sample == samples[0]) {
            return samples[0];
        }
        let sum = samples.into_iter().map(Vec4::from).fold(Vec4::ZERO, |a, b| a + b);
        halves(sum / 4.0)
    }
}

/// Every channel to the nearest half float of the original's driver: its largest exponent is one like the others, so
/// numbers go up to 131,008. What is not a number has its sign set and becomes the largest below zero.
pub(super) fn halves(value: Vec4) -> [f32; 4] {
    const LARGEST: f32 = 131_008.0;
    value.to_array().map(|c| {
        let c = if c.is_nan() { -LARGEST } else { c.clamp(-LARGEST, LARGEST) };
        if c.abs() < 65_504.0 {
            crate::shade::half::f32_from_half(crate::shade::half::half_from_f32(c))
        } else {
            (c / 64.0).round_ties_even() * 64.0
        }
    })
}

/// What becomes of a shaded fragment.
pub(super) trait Finish<T: Target> {
    type Value: Copy;

    fn one(fragment: &Fragment, program: &Program, at: Vec2) -> Self::Value;

    fn all(
        shaded: &Shaded,
        program: &Program,
        alphas: &[f32; LANES],
        place: impl Fn(usize) -> Vec2,
    ) -> [Self::Value; LANES];
}

/// It overwrites.
#[derive(Debug)]
pub(super) struct Written;

impl<T: Target> Finish<T> for Written {
    type Value = T::Texel;

    fn one(fragment: &Fragment, program: &Program, at: Vec2) -> T::Texel {
        T::write(fragment, program, at)
    }

    fn all(
        shaded: &Shaded,
        program: &Program,
        alphas: &[f32; LANES],
        place: impl Fn(usize) -> Vec2,
    ) -> [T::Texel; LANES] {
        T::write_all(shaded, program, alphas, place)
    }
}

/// It is blended.
#[derive(Debug)]
pub(super) struct Blended;

impl<T: Target> Finish<T> for Blended {
    type Value = Vec4;

    fn one(fragment: &Fragment, program: &Program, at: Vec2) -> Vec4 {
        T::source(fragment, program, at)
    }

    fn all(
        shaded: &Shaded,
        program: &Program,
        alphas: &[f32; LANES],
        place: impl Fn(usize) -> Vec2,
    ) -> [Vec4; LANES] {
        T::source_all(shaded, program, alphas, place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_rounded_to_the_nearest() {
        let mean = |a, b, c, d| Bytes::mean([[a; 4], [b; 4], [c; 4], [d; 4]])[0];
        assert_eq!([mean(0, 0, 0, 1), mean(0, 0, 1, 1), mean(0, 1, 1, 1)], [0, 1, 1]);
        assert_eq!([mean(255, 255, 255, 255), mean(255, 254, 254, 254)], [255, 254]);
    }
}
