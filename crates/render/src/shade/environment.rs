//! Light of an environment map: an equirectangular picture filtered for every roughness, and what surfaces do with it.
//! Source: three r183, `PMREMGenerator` and `envmap_physical_pars_fragment`; the scenes' own environment is black, so
//! this only serves materials that bring a map.

mod filter;

use std::f32::consts::{FRAC_1_PI, PI};

use glam::{Mat3, Vec2, Vec3, Vec4};

use super::anisotropy;
use super::dfg;
use super::iridescence::Film;
use super::lobe::{at_least, at_most, effective_roughness, unit, unit_interval};
use super::physical::Layers;
use super::standard::{Base, Surface};
use super::texture::{Sampler, Texture};
use crate::exp::{ROUND, exp, ln};

/// An environment filtered for every roughness: a cube per level, the first sharp, each next blurred from the last.
#[derive(Debug, Clone)]
pub struct Environment {
    levels: Vec<Cube>,
}

/// An environment mirrored as it is, by materials that know no roughness: a cube as high as the map.
#[derive(Debug, Clone)]
pub struct Mirrored {
    cube: Cube,
}

impl Mirrored {
    /// The largest edge of the cube; higher maps are taken at it.
    pub const EDGE_MAX: usize = 512;

    /// Puts an equirectangular map on a cube; an empty one gives none.
    pub fn new(map: &Texture, sampler: &Sampler) -> Option<Self> {
        let (_, height) = map.size();
        let edge = height.min(Self::EDGE_MAX) + 2;
        (height > 0).then(|| Self { cube: filter::from_map(map, sampler, edge) })
    }

    /// Light from a direction of any length in world axes.
    pub fn light(&self, direction: Vec3) -> Vec3 {
        self.cube.read(direction)
    }
}

/// What an [`Environment`] sends to a fragment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surroundings {
    /// Irradiance on the shading normal.
    pub irradiance: Vec3,
    /// Light from where the surface mirrors, as blurred as it is rough.
    pub radiance: Vec3,
    /// The same for the lacquer; unused without one.
    pub clearcoat: Vec3,
}

impl Environment {
    /// The smallest and the largest edge of the first cube, in texels. A map less than four times as wide as the smallest
    /// gives none, which is black there too; one more than four times as wide as the largest is taken at the largest, which only
    /// mirrors smoother than any material would show.
    pub const EDGE: [usize; 2] = [16, 256];

    /// Filters an equirectangular map. Takes some 0.1 s for 256 × 128 texels on one thread, and more threads if there
    /// are any; the result does not depend on them.
    pub fn new(map: &Texture, sampler: &Sampler) -> Option<Self> {
        let (width, _) = map.size();
        let [smallest, largest] = Self::EDGE;
        let edge = (width / 4).checked_ilog2().map(|log2| 1_usize << log2)?;
        (edge >= smallest).then(|| Self { levels: filter::levels(map, sampler, edge.min(largest)) })
    }

    /// Light from a direction in world axes, blurred for a roughness.
    pub fn light(&self, direction: Vec3, roughness: f32) -> Vec3 {
        let sharpest = self.levels.len() as f32 - 3.0;
        let mip = at_least(mip(roughness), -2.0).min(sharpest);
        let (low, f) = (mip.floor(), mip - mip.floor());
        // Mip −2 is the last level, each next one before it.
        let at = |mip: f32| self.levels[(sharpest - mip) as usize].read(direction);
        let blurred = at(low);
        if f == 0.0 { blurred } else { blurred * (1.0 - f) + at(low + 1.0) * f }
    }

    /// What reaches a fragment. `to_world` turns the surface's axes into those of the map, `intensity` is the material's.
    pub fn around(
        &self,
        surface: &Surface,
        layers: &Layers,
        to_world: Mat3,
        intensity: f32,
    ) -> Surroundings {
        let view = surface.view;
        let mirrored = |normal: Vec3, roughness: f32| {
            let straight = normal * (2.0 * normal.dot(view)) - view;
            let rough4 = roughness * roughness * roughness * roughness;
            let bent = unit(straight * (1.0 - rough4) + normal * rough4);
            self.light(unit(to_world * bent), roughness) * intensity
        };
        let roughness = effective_roughness(surface.roughness, surface.spread);
        let normal = layers.anisotropy.map_or(surface.normal, |brushed| {
            anisotropy::bent_normal(brushed, surface.normal, view, roughness)
        });
        Surroundings {
            irradiance: self.light(unit(to_world * surface.normal), 1.0) * (PI * intensity),
            radiance: mirrored(normal, roughness),
            clearcoat: layers.clearcoat.map_or(Vec3::ZERO, |coat| {
                mirrored(coat.normal, effective_roughness(coat.roughness, surface.spread))
            }),
        }
    }
}

/// The mip of a roughness: the edge of its cube is 2^mip texels, or 16 for the last six.
fn mip(roughness: f32) -> f32 {
    // (roughness, mip) of the ends of the linear parts.
    const ENDS: [(f32, f32); 5] = [(1.0, -2.0), (0.8, -1.0), (0.4, 2.0), (0.305, 3.0), (0.21, 4.0)];
    for pair in ENDS.windows(2) {
        let [(rougher, low), (smoother, high)] = [pair[0], pair[1]];
        if roughness >= smoother {
            return (rougher - roughness) * (high - low) / (rougher - smoother) + low;
        }
    }
    -2.0 * std::f32::consts::LOG2_E * ln(at_least(1.16 * roughness, f32::MIN_POSITIVE))
}

/// What the base layer makes of its surroundings, occluded: diffuse and specular light.
#[inline(always)]
pub(crate) fn reflect(
    surface: &Surface,
    base: &Base,
    film: Option<(&Film, f32)>,
    around: &Surroundings,
) -> (Vec3, Vec3) {
    let [scale, bias] = base.split;
    let missed = 1.0 - (scale + bias);
    let scatter = |f0: Vec3| {
        let f0 = match film {
            Some((film, strength)) => f0 * (1.0 - strength) + film.over(f0) * strength,
            None => f0,
        };
        let single = f0 * scale + base.f90 * bias;
        let average = f0 + (Vec3::ONE - f0) * 0.047_619;
        (single, single * average / (Vec3::ONE - missed * average) * missed)
    };
    let mu = surface.metalness;
    let (dielectric, dielectric_multi) = scatter(surface.specular.f0);
    let (metal, metal_multi) = scatter(surface.albedo);
    let single = dielectric * (1.0 - mu) + metal * mu;
    let multi = dielectric_multi * (1.0 - mu) + metal_multi * mu;
    let everywhere = around.irradiance * FRAC_1_PI;
    let specular = around.radiance * single + everywhere * multi;
    let diffuse = base.diffuse * (Vec3::ONE - dielectric - dielectric_multi) * everywhere;
    let ao = surface.occlusion;
    let exponent = exp(-std::f32::consts::LN_2 * (16.0 * base.roughness + 1.0));
    let reach = at_least(base.nv + ao, f32::MIN_POSITIVE);
    (diffuse * ao, specular * unit_interval(exp(exponent * ln(reach)) - 1.0 + ao))
}

/// What a lobe of reflectance 0.04 makes of light from where it mirrors.
#[inline(always)]
pub(crate) fn lacquer(roughness: f32, nv: f32, light: Vec3) -> Vec3 {
    let [scale, bias] = dfg::lookup(roughness, nv);
    light * (0.04 * scale + bias)
}

/// One level: six faces in two rows of three, each with a rim of one texel that shows its neighbours.
#[derive(Debug, Clone)]
struct Cube {
    /// Texels along a face, its rim included.
    edge: usize,
    /// Fourth numbers are 0.
    texels: Vec<Vec4>,
}

impl Cube {
    /// Light from a direction.
    #[inline]
    fn read(&self, direction: Vec3) -> Vec3 {
        self.texel(Place::new(direction, self.edge as f32)).truncate()
    }

    /// Light at a place.
    #[inline(always)]
    fn texel(&self, place: Place) -> Vec4 {
        let Place { first, fx, fy } = place;
        let (first, width) = (first as usize, 3 * self.edge);
        let row = |first: usize| match self.texels.get(first..first + 2) {
            Some(&[a, b]) => a * (1.0 - fx) + b * fx,
            _ => Vec4::ZERO,
        };
        row(first) * (1.0 - fy) + row(first + width) * fy
    }
}

/// Where a direction meets a cube: a texel, and how far towards the next along both axes.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    first: u32,
    fx: f32,
    fy: f32,
}

impl Place {
    /// On a cube of that edge. Without branches: loops over directions call it.
    #[inline(always)]
    fn new(d: Vec3, edge: f32) -> Self {
        let a = d.abs();
        let on_x = (a.x > a.z) & (a.x > a.y);
        let on_z = (a.x <= a.z) & (a.z > a.y);
        let main = if on_x {
            d.x
        } else if on_z {
            d.z
        } else {
            d.y
        };
        let front = main > 0.0;
        let (z, x) = if front { (d.z, -d.x) } else { (-d.z, d.x) };
        let u = if on_x {
            z
        } else if on_z {
            x
        } else {
            -d.x
        };
        let v = if on_x | on_z { d.y } else { -z };
        // From the centre of the first texel, which is one of the rim.
        let (inside, scale) = (edge - 2.0, 0.5 / main.abs());
        let place = |c: f32| {
            let at = (c * scale + 0.5) * inside + 0.5;
            let at = at_most(at_least(at, 0.0), edge - 1.5);
            let low = ((at - 0.5) + ROUND) - ROUND;
            (low, at - low)
        };
        let ((x, fx), (y, fy)) = (place(u), place(v));
        let column = if on_x {
            0.0
        } else if on_z {
            2.0
        } else {
            1.0
        };
        let row = if front { 0.0 } else { 1.0 };
        let first = (row * edge + y) * (3.0 * edge) + (column * edge + x);
        // Whole and below 2^22: the low bits hold it.
        Self { first: (first + ROUND).to_bits() & 0x003F_FFFF, fx, fy }
    }
}

/// The direction of a place on a face; places beyond 0..=1 lie on its rim.
fn direction(face: usize, at: Vec2) -> Vec3 {
    let Vec2 { x: u, y: v } = 2.0 * at - 1.0;
    match face {
        0 => Vec3::new(1.0, v, u),
        1 => Vec3::new(-u, 1.0, -v),
        2 => Vec3::new(-u, v, 1.0),
        3 => Vec3::new(-1.0, v, -u),
        4 => Vec3::new(-u, -1.0, v),
        _ => Vec3::new(u, v, -1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mips_follow_roughness() {
        let pairs = [
            (1.0, -2.0),
            (0.9, -1.5),
            (0.8, -1.0),
            (0.6, 0.5),
            (0.4, 2.0),
            (0.3525, 2.5),
            (0.305, 3.0),
            (0.2575, 3.5),
            (0.1, 6.215_606),
            (0.0525, 8.074_872),
        ];
        for (roughness, expected) in pairs {
            let found = mip(roughness);
            assert!((found - expected).abs() < 1e-4, "at {roughness}: {found}, not {expected}");
        }
        assert!(mip(0.0) > 200.0);
    }

    #[test]
    fn a_texel_lies_where_its_direction_meets_the_cube() {
        let edge = 16;
        for face in 0..6 {
            for at in [[1_usize, 1], [5, 9], [14, 14]] {
                let centre = (Vec2::new(at[0] as f32, at[1] as f32) - 0.5) / 14.0;
                let Place { first, fx, fy } = Place::new(direction(face, centre), edge as f32);
                // Rounding may choose the texel before, with all weight on the one meant.
                let found = first as f32 + fx.round() + fy.round() * 48.0;
                let expected = (face / 3 * edge + at[1]) * 48 + face % 3 * edge + at[0];
                assert_eq!(found, expected as f32, "face {face} at {at:?}: {first} {fx} {fy}");
            }
        }
    }
}
