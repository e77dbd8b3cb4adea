//! What is drawn into: bytes as a screen shows them, or linear half floats as transmission reads them.
//! Source: rendering specification §D.7 step 1, §D.8, §D.9.

use std::fmt::Debug;

use glam::{Vec2, Vec3, Vec4};

use super::blend::Blend;
use super::fragment::Fragment;
use super::program::Program;
use crate::shade::fragments::Shaded;
use crate::shade::lanes::LANES;
use crate::shade::{alpha, colour};

/// A kind of sample.
pub(super) trait Target: Send + Sync + Debug + 'static {
    /// One sample.
    type Texel: Copy + Send + Sync + Debug + PartialEq;

    /// A fragment where nothing is blended. `at` is the pixel centre, y counted from the bottom row.
    fn write(fragment: &Fragment, program: &Program, at: Vec2) -> Self::Texel;

    /// Fragments where nothing is blended, lane by lane. `place` gives a lane's pixel centre.
    fn write_all(
        shaded: &Shaded,
        program: &Program,
        alphas: &[f32; LANES],
        place: impl Fn(usize) -> Vec2,
    ) -> [Self::Texel; LANES];

    /// A fragment before blending.
    fn source(fragment: &Fragment, program: &Program, at: Vec2) -> Vec4;

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
            return one_by_one::<Self>(shaded, program, alphas, place);
        }
        let bytes = shaded.bytes(program.tone_mapped);
        std::array::from_fn(|lane| {
            let [r, g, b] = bytes[lane];
            [r, g, b, colour::byte(alphas[lane])]
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

fn one_by_one<T: Target>(
    shaded: &Shaded,
    program: &Program,
    alphas: &[f32; LANES],
    place: impl Fn(usize) -> Vec2,
) -> [T::Texel; LANES] {
    std::array::from_fn(|lane| {
        let fragment = Fragment { colour: shaded.linear(lane), alpha: alphas[lane] };
        T::write(&fragment, program, place(lane))
    })
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
        one_by_one::<Self>(shaded, program, alphas, place)
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

/// Every channel to the nearest half float; what is not a number is 0, what is too large the largest.
pub(super) fn halves(value: Vec4) -> [f32; 4] {
    value.to_array().map(|c| {
        let c = if c.is_nan() { 0.0 } else { c.clamp(-65504.0, 65504.0) };
        crate::shade::half::f32_from_half(crate::shade::half::half_from_f32(c))
    })
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
