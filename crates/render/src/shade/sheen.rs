//! Sheen: the light of cloth fibres, and what they take from the layer below.
//! Source: three r183, Charlie distribution, Neubelt visibility and a fitted directional albedo.

use std::f32::consts::{FRAC_1_PI, TAU};

use glam::Vec3;

use super::lobe::{at_least, at_most, unit_interval};
use crate::exp::{exp, ln};

/// The fibres of one fragment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sheen {
    /// Sheen colour × sheen × map.
    pub colour: Vec3,
    /// Sheen roughness clamped to 0.0001..=1, × map.
    pub roughness: f32,
}

impl Sheen {
    #[inline(always)]
    pub(crate) fn prepare(self, nv: f32) -> Prepared {
        let rho = self.roughness;
        let slope = -1.9362 + 1.0678 * rho + 0.4573 * rho * rho - 0.8469 / (rho + 0.1);
        let offset = -0.6014 + 0.5538 * rho - 0.4670 * rho * rho - 0.1255 / (rho + 0.1);
        let mut prepared = Prepared {
            colour: self.colour,
            // A map may bring 0; this is the square of the smallest roughness.
            sharpness: 1.0 / at_least(rho * rho, 1e-8),
            largest: at_least(at_least(self.colour.x, self.colour.y), self.colour.z),
            slope,
            offset,
            nv,
            taken: 0.0,
        };
        prepared.taken = prepared.albedo(nv);
        prepared
    }
}

#[derive(Debug)]
pub(crate) struct Prepared {
    colour: Vec3,
    sharpness: f32,
    largest: f32,
    slope: f32,
    offset: f32,
    nv: f32,
    taken: f32,
}

impl Prepared {
    #[inline(always)]
    fn albedo(&self, cosine: f32) -> f32 {
        unit_interval(exp(self.slope * cosine + self.offset))
    }

    /// What irradiance 1 adds.
    #[inline(always)]
    pub(crate) fn reflect(&self, nl: f32, nh: f32) -> Vec3 {
        let sin2 = at_least(1.0 - nh * nh, 0.007_812_5);
        let power = exp(self.sharpness * 0.5 * ln(sin2));
        let distribution = (2.0 + self.sharpness) * power * (1.0 / TAU);
        // Both cosines 0 would be 0/0; there is no light then.
        let visibility = 1.0 / at_least(4.0 * (nl + self.nv - nl * self.nv), 1e-6);
        self.colour * (distribution * at_most(visibility, 1.0))
    }

    /// The share of a light's irradiance left for the layer below.
    #[inline(always)]
    pub(crate) fn passed(&self, nl: f32) -> f32 {
        1.0 - self.largest * at_least(self.taken, self.albedo(nl))
    }

    /// What an environment of that irradiance adds.
    #[inline(always)]
    pub(crate) fn reflect_everywhere(&self, irradiance: Vec3) -> Vec3 {
        irradiance * self.colour * (self.taken * FRAC_1_PI)
    }

    /// The share of ambient light left for the layer below.
    #[inline(always)]
    pub(crate) fn passed_from_everywhere(&self) -> f32 {
        1.0 - self.largest * self.taken
    }
}
