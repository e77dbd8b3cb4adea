//! Blending: which function is active for each draw call, and what it does to one sample.
//! Source: three r183, `WebGLState.setBlending`; rendering specification §D.8.

use asset::scene::{BlendFactors, Blending};
use glam::{Vec3, Vec4};

/// How source and destination meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Equation {
    Add,
    Subtract,
    ReverseSubtract,
    Min,
    Max,
}

/// What source or destination is multiplied by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Factor {
    Zero,
    One,
    SrcColour,
    OneMinusSrcColour,
    SrcAlpha,
    OneMinusSrcAlpha,
    DstAlpha,
    OneMinusDstAlpha,
    DstColour,
    OneMinusDstColour,
    SrcAlphaSaturate,
    Constant,
    OneMinusConstant,
    ConstantAlpha,
    OneMinusConstantAlpha,
}

impl Factor {
    const ALL: [Self; 15] = [
        Self::Zero,
        Self::One,
        Self::SrcColour,
        Self::OneMinusSrcColour,
        Self::SrcAlpha,
        Self::OneMinusSrcAlpha,
        Self::DstAlpha,
        Self::OneMinusDstAlpha,
        Self::DstColour,
        Self::OneMinusDstColour,
        Self::SrcAlphaSaturate,
        Self::Constant,
        Self::OneMinusConstant,
        Self::ConstantAlpha,
        Self::OneMinusConstantAlpha,
    ];

    /// By the constant of three: 200 to 214.
    fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number.checked_sub(200)? as usize).copied()
    }

    /// For colour and alpha at once.
    fn value(self, src: Vec4, dst: Vec4, constant: Vec4) -> Vec4 {
        match self {
            Self::Zero => Vec4::ZERO,
            Self::One => Vec4::ONE,
            Self::SrcColour => src,
            Self::OneMinusSrcColour => 1.0 - src,
            Self::SrcAlpha => Vec4::splat(src.w),
            Self::OneMinusSrcAlpha => Vec4::splat(1.0 - src.w),
            Self::DstAlpha => Vec4::splat(dst.w),
            Self::OneMinusDstAlpha => Vec4::splat(1.0 - dst.w),
            Self::DstColour => dst,
            Self::OneMinusDstColour => 1.0 - dst,
            Self::SrcAlphaSaturate => Vec3::splat(src.w.min(1.0 - dst.w)).extend(1.0),
            Self::Constant => constant,
            Self::OneMinusConstant => 1.0 - constant,
            Self::ConstantAlpha => Vec4::splat(constant.w),
            Self::OneMinusConstantAlpha => Vec4::splat(1.0 - constant.w),
        }
    }
}

impl Equation {
    /// By the constant of three: 100 to 104.
    fn from_number(number: u32) -> Option<Self> {
        [Self::Add, Self::Subtract, Self::ReverseSubtract, Self::Min, Self::Max]
            .get(number.checked_sub(100)? as usize)
            .copied()
    }

    fn combine(self, (src, sf): (Vec4, Vec4), (dst, df): (Vec4, Vec4)) -> Vec4 {
        match self {
            Self::Add => src * sf + dst * df,
            Self::Subtract => src * sf - dst * df,
            Self::ReverseSubtract => dst * df - src * sf,
            Self::Min => src.min(dst),
            Self::Max => src.max(dst),
        }
    }
}

/// A blend function with its equations, for colour and for alpha.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Blend {
    equations: [Equation; 2],
    src: [Factor; 2],
    dst: [Factor; 2],
    constant: Vec4,
}

impl Blend {
    /// As a context starts: overwrites.
    const INITIAL: Self = Self {
        equations: [Equation::Add; 2],
        src: [Factor::One; 2],
        dst: [Factor::Zero; 2],
        constant: Vec4::ZERO,
    };

    /// A sample after a fragment was drawn over it.
    #[inline]
    pub(super) fn apply(&self, src: Vec4, dst: Vec4) -> Vec4 {
        if *self == Self::OVER {
            let colour = src * src.w + dst * (1.0 - src.w);
            return colour.truncate().extend(src.w + dst.w * (1.0 - src.w));
        }
        let [colour, alpha] = [0, 1].map(|i| {
            let sf = self.src[i].value(src, dst, self.constant);
            let df = self.dst[i].value(src, dst, self.constant);
            self.equations[i].combine((src, sf), (dst, df))
        });
        colour.truncate().extend(alpha.w)
    }

    /// Normal blending.
    const OVER: Self = Self {
        src: [Factor::SrcAlpha, Factor::One],
        dst: [Factor::OneMinusSrcAlpha; 2],
        ..Self::INITIAL
    };
}

/// Blending as the draw calls of a view find and leave it.
#[derive(Debug)]
pub(super) struct State {
    blend: Blend,
    /// What `blend` was last set for.
    set_for: Option<(Blending, bool)>,
}

impl State {
    pub(super) const fn new() -> Self {
        Self { blend: Blend::INITIAL, set_for: None }
    }

    /// Sets blending for a material and says what is active then.
    ///
    /// Subtractive and multiplying blending without premultiplied alpha are not supported by three: whatever factors
    /// were set before stay.
    pub(super) fn set(&mut self, blending: Blending, premultiplied: bool) -> Blend {
        if let Blending::Custom(factors) = blending {
            self.set_custom(factors);
            self.set_for = Some((blending, false));
            return self.blend;
        }
        if self.set_for != Some((blending, premultiplied)) {
            self.blend.equations = [Equation::Add; 2];
            let factors = match (blending, premultiplied) {
                (Blending::Normal, false) => Some((Blend::OVER.src, Blend::OVER.dst)),
                (Blending::Normal, true) => Some(([Factor::One; 2], [Factor::OneMinusSrcAlpha; 2])),
                (Blending::Additive, false) => {
                    Some(([Factor::SrcAlpha, Factor::One], [Factor::One; 2]))
                }
                (Blending::Additive, true) => Some(([Factor::One; 2], [Factor::One; 2])),
                (Blending::Subtractive, true) => {
                    Some(([Factor::Zero; 2], [Factor::OneMinusSrcColour, Factor::One]))
                }
                (Blending::Multiply, true) => Some((
                    [Factor::DstColour, Factor::Zero],
                    [Factor::OneMinusSrcAlpha, Factor::One],
                )),
                _ => None,
            };
            if let Some((src, dst)) = factors {
                (self.blend.src, self.blend.dst) = (src, dst);
            }
            self.set_for = Some((blending, premultiplied));
        }
        self.blend
    }

    fn set_custom(&mut self, f: BlendFactors) {
        let equations = [f.equation, f.equation_alpha].map(Equation::from_number);
        if let [Some(colour), Some(alpha)] = equations {
            self.blend.equations = [colour, alpha];
        }
        let factors = [f.src, f.src_alpha, f.dst, f.dst_alpha].map(Factor::from_number);
        if let [Some(src), Some(src_alpha), Some(dst), Some(dst_alpha)] = factors {
            self.blend.src = [src, src_alpha];
            self.blend.dst = [dst, dst_alpha];
        }
        let constant = Vec4::from(f.constant);
        self.blend.constant = constant.clamp(Vec4::ZERO, Vec4::ONE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SRC: Vec4 = Vec4::new(0.8, 0.4, 0.2, 0.5);
    const DST: Vec4 = Vec4::new(0.25, 0.5, 1.0, 1.0);

    fn blended(blending: Blending, premultiplied: bool) -> [f32; 4] {
        State::new().set(blending, premultiplied).apply(SRC, DST).to_array()
    }

    #[test]
    fn the_table_of_blendings() {
        let close = |found: [f32; 4], expected: [f32; 4]| {
            let error = (Vec4::from(found) - Vec4::from(expected)).abs().max_element();
            assert!(error < 1e-6, "{found:?} is not {expected:?}");
        };
        close(blended(Blending::Normal, false), [0.525, 0.45, 0.6, 1.0]);
        close(blended(Blending::Normal, true), [0.925, 0.65, 0.7, 1.0]);
        close(blended(Blending::Additive, false), [0.65, 0.7, 1.1, 1.5]);
        close(blended(Blending::Additive, true), [1.05, 0.9, 1.2, 1.5]);
        close(blended(Blending::Subtractive, true), [0.05, 0.3, 0.8, 1.0]);
        close(blended(Blending::Multiply, true), [0.325, 0.45, 0.7, 1.0]);
        // Not supported: as a context starts, or as it was left.
        close(blended(Blending::Multiply, false), SRC.to_array());
        let mut state = State::new();
        state.set(Blending::Additive, false);
        let left = state.set(Blending::Subtractive, false);
        close(left.apply(SRC, DST).to_array(), [0.65, 0.7, 1.1, 1.5]);
        let custom = BlendFactors {
            equation: 102,
            src: 211,
            dst: 206,
            equation_alpha: 104,
            constant: [0.5, 0.5, 0.5, 0.0],
            ..BlendFactors::default()
        };
        close(blended(Blending::Custom(custom), false), [-0.15, 0.3, 0.9, 1.0]);
    }
}
