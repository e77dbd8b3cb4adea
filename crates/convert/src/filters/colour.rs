//! Colours of splats: fewer bands, and maps of what is seen.

use std::fmt;

use asset::splats::SH_C0;
use asset::{ShDegree, Splats};
use rayon::prelude::*;

/// Luma weights of R, G and B (ITU-R BT.709), on display-referred values.
const LUMA: [f64; 3] = [0.2126, 0.7152, 0.0722];

/// Splats changed by one task.
const BLOCK_SPLATS: usize = 4096;

/// A change of display-referred colours, where 0 is black and 1 is full. Results are not clamped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Recolour {
    /// Every channel times this.
    Gain(f64),
    /// Red, green and blue times their own factor.
    Tint([f64; 3]),
    /// This is added to every channel.
    Brightness(f64),
    /// 0 is grey of the same luma, 1 changes nothing, more is more colourful.
    Saturation(f64),
}

impl Recolour {
    /// colour ↦ matrix · colour + offset; rows of the matrix.
    fn map(&self) -> ([[f64; 3]; 3], f64) {
        let diagonal = |factors: [f64; 3]| {
            let [r, g, b] = factors;
            [[r, 0.0, 0.0], [0.0, g, 0.0], [0.0, 0.0, b]]
        };
        match *self {
            Self::Gain(by) => (diagonal([by; 3]), 0.0),
            Self::Tint(factors) => (diagonal(factors), 0.0),
            Self::Brightness(by) => (diagonal([1.0; 3]), by),
            Self::Saturation(by) => {
                let row = |row: usize| {
                    [0, 1, 2].map(|c| LUMA[c] * (1.0 - by) + if c == row { by } else { 0.0 })
                };
                ([row(0), row(1), row(2)], 0.0)
            }
        }
    }

    /// Harmonics above degree 0 are differences of colour, so the offset is not for them.
    pub(super) fn splats(&self, splats: Splats) -> Splats {
        let (matrix, offset) = self.map();
        let times = |colour: [f64; 3]| {
            matrix.map(|row| row[0] * colour[0] + row[1] * colour[1] + row[2] * colour[2])
        };
        let mut parts = splats.into_parts();
        parts.sh_dc.par_iter_mut().with_min_len(BLOCK_SPLATS).for_each(|dc| {
            let colour = times(dc.map(|c| 0.5 + f64::from(SH_C0) * f64::from(c)));
            *dc = colour.map(|c| ((c + offset - 0.5) / f64::from(SH_C0)) as f32);
        });
        if !matches!(self, Self::Brightness(_)) {
            let coefficients = parts.sh_rest.as_chunks_mut::<3>().0;
            coefficients.par_iter_mut().with_min_len(BLOCK_SPLATS).for_each(|rgb| {
                *rgb = times(rgb.map(f64::from)).map(|c| c as f32);
            });
        }
        // Only values have changed.
        Splats::new(parts).unwrap_or_default()
    }
}

impl fmt::Display for Recolour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gain(by) => write!(f, "--gain {by}"),
            Self::Tint([r, g, b]) => write!(f, "--tint {r},{g},{b}"),
            Self::Brightness(by) => write!(f, "--brightness {by}"),
            Self::Saturation(by) => write!(f, "--saturation {by}"),
        }
    }
}

/// Takes the bands above `degree` away; a lower degree stays as it is.
pub(super) fn reduce(splats: Splats, degree: ShDegree) -> Splats {
    let (had, wanted) = (splats.sh_degree().rest_values(), degree.rest_values());
    if wanted >= had {
        return splats;
    }
    let mut parts = splats.into_parts();
    for splat_idx in 0..parts.positions.len() {
        let start = splat_idx * had;
        parts.sh_rest.copy_within(start..start + wanted, splat_idx * wanted);
    }
    parts.sh_rest.truncate(parts.positions.len() * wanted);
    parts.sh_rest.shrink_to_fit();
    parts.sh_degree = degree;
    // As many values as the new degree asks for.
    Splats::new(parts).unwrap_or_default()
}
