//! Gaussian splats, stored by attribute and before activation, as 3DGS training and its PLY files keep them.
//!
//! [`Splats`] holds raw values only (logarithm of the scale, logit of the opacity, quaternion of any length). What a
//! renderer needs is an [`ActiveSplat`], and [`RawSplat::activate`] is the only way from one to the other.

mod harmonics;
mod similarity;

pub use similarity::{Similarity, SimilarityError};

/// Degree of the spherical harmonics of a splat's colour: 0 (plain colour) to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize)]
pub struct ShDegree(u8);

impl ShDegree {
    /// Plain colour, the same from every side.
    pub const ZERO: Self = Self(0);
    /// What 3DGS training writes.
    pub const THREE: Self = Self(3);
    /// The highest degree we hold (SPZ version 4 defines it).
    pub const MAX: Self = Self(4);

    /// `None` above [`Self::MAX`].
    #[must_use]
    pub const fn new(degree: u8) -> Option<Self> {
        if degree <= Self::MAX.0 { Some(Self(degree)) } else { None }
    }

    /// The degree whose higher bands have `n_values` values in all channels (`f_rest_*` of a PLY): 0, 9, 24, 45 or 72.
    #[must_use]
    pub const fn from_rest_values(n_values: usize) -> Option<Self> {
        match n_values {
            0 => Some(Self(0)),
            9 => Some(Self(1)),
            24 => Some(Self(2)),
            45 => Some(Self(3)),
            72 => Some(Self(4)),
            _ => None,
        }
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Coefficients per channel above degree 0: 0, 3, 8, 15 or 24.
    #[must_use]
    pub const fn rest_coefficients(self) -> usize {
        let bands = self.0 as usize + 1;
        bands * bands - 1
    }

    /// Values per splat above degree 0, all three channels: 0, 9, 24, 45 or 72.
    #[must_use]
    pub const fn rest_values(self) -> usize {
        3 * self.rest_coefficients()
    }
}

/// A number of splats that we are willing to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SplatCount(u32);

impl SplatCount {
    /// 2^24: 3.7 GiB at SH degree 3.
    pub const MAX: u32 = 1 << 24;

    /// `None` above [`Self::MAX`].
    #[must_use]
    pub const fn new(count: u64) -> Option<Self> {
        if count <= Self::MAX as u64 { Some(Self(count as u32)) } else { None }
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

/// The attributes of [`Splats`], open for whoever builds or edits them; [`Splats::new`] checks the lengths.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SplatsParts {
    /// Centres, `[splat][x, y, z]`, metres.
    pub positions: Vec<[f32; 3]>,
    /// Natural logarithm of the standard deviation along each local axis, `[splat][axis]`.
    pub log_scales: Vec<[f32; 3]>,
    /// Quaternion **w, x, y, z**, of any length but zero, `[splat][component]`.
    pub rotations: Vec<[f32; 4]>,
    /// Logit of the opacity, `[splat]`.
    pub raw_opacities: Vec<f32>,
    /// SH coefficient of degree 0, `[splat][r, g, b]`: colour = 0.5 + 0.2820948 × value.
    pub sh_dc: Vec<[f32; 3]>,
    /// Degree of `sh_rest`.
    pub sh_degree: ShDegree,
    /// SH coefficients above degree 0, `[splat, coefficient, channel]` flat; empty at degree 0.
    pub sh_rest: Vec<f32>,
}

/// A set of Gaussian splats by attribute, all raw (see the module). Every attribute has the same number of splats.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Splats(SplatsParts);

/// The attributes given to [`Splats::new`] do not belong together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplatsError {
    /// An attribute has another number of values than the positions ask for.
    #[error("{attribute} has {found} values, {expected} are needed for {splat_count} splats")]
    Length {
        /// Name of the field of [`SplatsParts`].
        attribute: &'static str,
        /// Values found.
        found: usize,
        /// Values needed.
        expected: usize,
        /// Number of positions.
        splat_count: usize,
    },
    /// More splats than [`SplatCount::MAX`].
    #[error("{found} splats, our limit is {max}", max = SplatCount::MAX)]
    TooMany {
        /// Number of positions.
        found: usize,
    },
}

impl Splats {
    /// Takes the attributes if they all have the length that `positions` and `sh_degree` ask for.
    ///
    /// # Errors
    /// [`SplatsError`] names the first attribute that does not fit.
    pub fn new(parts: SplatsParts) -> Result<Self, SplatsError> {
        let splat_count = parts.positions.len();
        if SplatCount::new(splat_count as u64).is_none() {
            return Err(SplatsError::TooMany { found: splat_count });
        }
        let lengths = [
            ("log_scales", parts.log_scales.len(), splat_count),
            ("rotations", parts.rotations.len(), splat_count),
            ("raw_opacities", parts.raw_opacities.len(), splat_count),
            ("sh_dc", parts.sh_dc.len(), splat_count),
            ("sh_rest", parts.sh_rest.len(), splat_count * parts.sh_degree.rest_values()),
        ];
        for (attribute, found, expected) in lengths {
            if found != expected {
                return Err(SplatsError::Length { attribute, found, expected, splat_count });
            }
        }
        Ok(Self(parts))
    }

    /// The attributes, to edit or to build anew.
    #[must_use]
    pub fn into_parts(self) -> SplatsParts {
        self.0
    }

    /// The attributes, to read.
    #[must_use]
    pub const fn parts(&self) -> &SplatsParts {
        &self.0
    }

    /// Number of splats.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.positions.len()
    }

    /// True when there is no splat at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.positions.is_empty()
    }

    /// SH degree of the colours.
    #[must_use]
    pub const fn sh_degree(&self) -> ShDegree {
        self.0.sh_degree
    }

    /// One splat, raw.
    ///
    /// # Panics
    /// When `splat_idx` is not below [`Self::len`].
    #[must_use]
    pub fn get(&self, splat_idx: usize) -> RawSplat<'_> {
        let n_rest = self.0.sh_degree.rest_values();
        RawSplat {
            position: self.0.positions[splat_idx],
            log_scale: self.0.log_scales[splat_idx],
            rotation: self.0.rotations[splat_idx],
            raw_opacity: self.0.raw_opacities[splat_idx],
            sh_dc: self.0.sh_dc[splat_idx],
            sh_rest: &self.0.sh_rest[splat_idx * n_rest..(splat_idx + 1) * n_rest],
        }
    }

    /// All splats in order, raw.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = RawSplat<'_>> {
        (0..self.len()).map(|splat_idx| self.get(splat_idx))
    }
}

/// One splat as stored: see [`SplatsParts`] for the meaning of each value.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of SplatsParts")]
pub struct RawSplat<'a> {
    pub position: [f32; 3],
    pub log_scale: [f32; 3],
    pub rotation: [f32; 4],
    pub raw_opacity: f32,
    pub sh_dc: [f32; 3],
    /// `[coefficient, channel]` flat.
    pub sh_rest: &'a [f32],
}

/// One splat as drawn: activations applied (rendering specification §B.2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActiveSplat {
    /// Centre, metres.
    pub position: [f32; 3],
    /// Standard deviation along each local axis, metres.
    pub scale: [f32; 3],
    /// Unit quaternion w, x, y, z (all zero when the raw one was).
    pub rotation: [f32; 4],
    /// 0 to 1.
    pub opacity: f32,
    /// Colour of SH degree 0, display-referred, not clamped.
    pub base_colour: [f32; 3],
}

/// Value of the SH basis function of degree 0.
pub const SH_C0: f32 = 0.282_094_79;

impl RawSplat<'_> {
    /// opacity = 1/(1+exp(−raw)), scale = exp(raw), rotation = raw/max(‖raw‖, 1e−12), colour = 0.5 + [`SH_C0`] · dc.
    #[must_use]
    pub fn activate(&self) -> ActiveSplat {
        ActiveSplat {
            position: self.position,
            scale: self.log_scale.map(libm::expf),
            rotation: unit(self.rotation),
            opacity: 1.0 / (1.0 + libm::expf(-self.raw_opacity)),
            base_colour: self.sh_dc.map(|c| 0.5 + SH_C0 * c),
        }
    }
}

fn unit(rotation: [f32; 4]) -> [f32; 4] {
    let norm = rotation.iter().map(|c| c * c).sum::<f32>().sqrt().max(1e-12);
    if norm.is_infinite() {
        // The squares left the range of f32, the components did not; 2^-66 brings all of them back.
        return unit(rotation.map(|c| if c.is_finite() { c / 7.378_698e19 } else { f32::NAN }));
    }
    rotation.map(|c| c / norm)
}

#[cfg(test)]
mod tests;
