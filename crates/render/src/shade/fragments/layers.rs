//! The layers of many fragments, number by number.

use crate::shade::anisotropy::Anisotropy;
use crate::shade::clearcoat::Clearcoat;
use crate::shade::environment::Surroundings;
use crate::shade::iridescence::Iridescence;
use crate::shade::lanes::{Lanes, Lanes2, Lanes3};
use crate::shade::normal::Frame;
use crate::shade::sheen::Sheen;
use crate::shade::transmission::Transmitted;

/// [`Clearcoat`] of many fragments.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named as there")]
pub struct ClearcoatLanes {
    pub strength: Lanes,
    pub roughness: Lanes,
    pub normal: Lanes3,
}

/// [`Sheen`] of many fragments.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named as there")]
pub struct SheenLanes {
    pub colour: Lanes3,
    pub roughness: Lanes,
}

/// [`Iridescence`] of many fragments.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named as there")]
pub struct IridescenceLanes {
    pub strength: Lanes,
    pub ior: Lanes,
    pub thickness_nm: Lanes,
}

/// [`Anisotropy`] of many fragments.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named as there")]
pub struct AnisotropyLanes {
    pub vector: Lanes2,
    pub tangent: Lanes3,
    pub bitangent: Lanes3,
}

/// What [`Transmitted`] does to the light of many fragments; its alpha is the caller's matter.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named as there")]
pub struct TransmissionLanes {
    pub colour: Lanes3,
    pub amount: Lanes,
}

/// [`Surroundings`] of many fragments.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named as there")]
pub struct SurroundingsLanes {
    pub irradiance: Lanes3,
    pub radiance: Lanes3,
    pub clearcoat: Lanes3,
}

impl ClearcoatLanes {
    pub(super) fn splat(coat: Clearcoat) -> Self {
        Self {
            strength: Lanes::splat(coat.strength),
            roughness: Lanes::splat(coat.roughness),
            normal: Lanes3::splat(coat.normal),
        }
    }

    #[inline(always)]
    pub(super) fn get(&self, lane: usize) -> Clearcoat {
        let (strength, roughness) = (self.strength.0[lane], self.roughness.0[lane]);
        Clearcoat { strength, roughness, normal: self.normal.get(lane) }
    }
}

impl SheenLanes {
    pub(super) fn splat(sheen: Sheen) -> Self {
        Self { colour: Lanes3::splat(sheen.colour), roughness: Lanes::splat(sheen.roughness) }
    }

    #[inline(always)]
    pub(super) fn get(&self, lane: usize) -> Sheen {
        Sheen { colour: self.colour.get(lane), roughness: self.roughness.0[lane] }
    }
}

impl IridescenceLanes {
    pub(super) fn splat(film: Iridescence) -> Self {
        Self {
            strength: Lanes::splat(film.strength),
            ior: Lanes::splat(film.ior),
            thickness_nm: Lanes::splat(film.thickness_nm),
        }
    }

    #[inline(always)]
    pub(super) fn get(&self, lane: usize) -> Iridescence {
        Iridescence {
            strength: self.strength.0[lane],
            ior: self.ior.0[lane],
            thickness_nm: self.thickness_nm.0[lane],
        }
    }
}

impl AnisotropyLanes {
    pub(super) fn splat(brushed: Anisotropy) -> Self {
        Self {
            vector: Lanes2::splat(brushed.vector),
            tangent: Lanes3::splat(brushed.frame.tangent),
            bitangent: Lanes3::splat(brushed.frame.bitangent),
        }
    }

    #[inline(always)]
    pub(super) fn get(&self, lane: usize) -> Anisotropy {
        let frame = Frame { tangent: self.tangent.get(lane), bitangent: self.bitangent.get(lane) };
        Anisotropy { vector: self.vector.get(lane), frame }
    }
}

impl SurroundingsLanes {
    pub(super) fn splat(around: Surroundings) -> Self {
        Self {
            irradiance: Lanes3::splat(around.irradiance),
            radiance: Lanes3::splat(around.radiance),
            clearcoat: Lanes3::splat(around.clearcoat),
        }
    }

    #[inline(always)]
    pub(super) fn get(&self, lane: usize) -> Surroundings {
        Surroundings {
            irradiance: self.irradiance.get(lane),
            radiance: self.radiance.get(lane),
            clearcoat: self.clearcoat.get(lane),
        }
    }
}

impl TransmissionLanes {
    pub(super) fn splat(through: Transmitted) -> Self {
        Self { colour: Lanes3::splat(through.colour), amount: Lanes::splat(through.amount) }
    }

    pub(super) fn get(&self, lane: usize) -> Transmitted {
        Transmitted { colour: self.colour.get(lane), alpha: 1.0, amount: self.amount.0[lane] }
    }
}
