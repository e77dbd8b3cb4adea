//! What all SPZ versions have in common: six attributes one after the other, each for all splats.

use crate::splats::ShDegree;

use super::header::Legacy;

/// One attribute in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plane {
    Positions,
    Opacities,
    Colours,
    Scales,
    Rotations,
    Sh,
}

/// What the reference keeps of SH values of degree 1, and of those above.
pub(super) const SH_BITS: [u8; 2] = [5, 4];

/// In the order of the file.
pub(super) const ALL: [Plane; 6] = [
    Plane::Positions,
    Plane::Opacities,
    Plane::Colours,
    Plane::Scales,
    Plane::Rotations,
    Plane::Sh,
];

impl Plane {
    /// For error texts.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Positions => "positions",
            Self::Opacities => "opacities",
            Self::Colours => "colours",
            Self::Scales => "scales",
            Self::Rotations => "rotations",
            Self::Sh => "spherical harmonics",
        }
    }
}

/// How the attributes of one file are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planes {
    pub(crate) splat_count: usize,
    pub(crate) sh_degree: ShDegree,
    pub(crate) fractional_bits: u8,
    /// In writing: bits kept of SH values of degree 1, and of those above.
    pub(crate) sh_bits: [u8; 2],
    /// Version 1: positions are half floats.
    pub(crate) has_half_positions: bool,
    /// From version 3 on: rotations by the smallest three of four components; before: by x, y, z.
    pub(crate) has_smallest_three: bool,
}

impl Planes {
    pub(crate) fn of(header: &Legacy) -> Self {
        Self {
            splat_count: header.splat_count.get(),
            sh_degree: header.sh_degree,
            fractional_bits: header.fractional_bits,
            sh_bits: SH_BITS,
            has_half_positions: header.version == 1,
            has_smallest_three: header.version >= 3,
        }
    }

    /// Bytes that one splat has in `plane`.
    pub(crate) const fn splat_bytes(&self, plane: Plane) -> usize {
        match plane {
            Plane::Positions if self.has_half_positions => 6,
            Plane::Positions => 9,
            Plane::Opacities => 1,
            Plane::Colours | Plane::Scales => 3,
            Plane::Rotations if self.has_smallest_three => 4,
            Plane::Rotations => 3,
            Plane::Sh => self.sh_degree.rest_values(),
        }
    }

    /// Bytes of `plane` for all splats.
    pub(crate) const fn plane_bytes(&self, plane: Plane) -> u64 {
        self.splat_count as u64 * self.splat_bytes(plane) as u64
    }

    /// Bytes of all attributes.
    pub(crate) fn total_bytes(&self) -> u64 {
        ALL.iter().map(|plane| self.plane_bytes(*plane)).sum()
    }
}
