//! Fragments of one material, shaded together: the fast way, with the same bits as one by one.
//!
//! [`Fragments`] holds up to [`LANES`] of them, number by number in arrays, so that the compiler turns each loop over
//! lanes into vector instructions. The formulas are those of [`standard::shade`](super::standard::shade) and
//! [`physical::shade`](super::physical::shade), called per lane.

mod kernel;
mod layers;

use glam::Vec3;

use super::colour;
use super::lanes::{GROUP, LANES, Lanes, Lanes3};
use super::light::Lighting;
use super::physical::Layers;
use super::standard::{Specular, Surface};
pub use layers::{
    AnisotropyLanes, ClearcoatLanes, IridescenceLanes, SheenLanes, SurroundingsLanes,
    TransmissionLanes,
};

use crate::simd::{Kernel, Level};

/// Fragments of one material, side by side.
///
/// Made once per material and used again and again: [`clear`](Self::clear), [`push`](Self::push) until
/// [`is_full`](Self::is_full), shade. `push` sets what every fragment has of its own; all else is the material's, unless
/// the caller changes it lane by lane. What is changed in one lane must be changed in every lane pushed.
#[derive(Debug, Clone)]
pub struct Fragments {
    len: usize,
    level: Level,
    /// [`Surface::albedo`].
    pub albedo: Lanes3,
    /// [`Surface::roughness`].
    pub roughness: Lanes,
    /// [`Surface::metalness`].
    pub metalness: Lanes,
    /// [`Specular::f0`].
    pub f0: Lanes3,
    /// [`Specular::f90`].
    pub f90: Lanes,
    /// [`Surface::normal`].
    pub normal: Lanes3,
    /// [`Surface::view`].
    pub view: Lanes3,
    /// [`Surface::spread`].
    pub spread: Lanes,
    /// [`Surface::occlusion`].
    pub occlusion: Lanes,
    /// [`Surface::light_map`].
    pub light_map: Lanes3,
    /// [`Surface::emissive`].
    pub emissive: Lanes3,
    /// Lacquer, if the material has one.
    pub clearcoat: Option<ClearcoatLanes>,
    /// Fibres, if it has them.
    pub sheen: Option<SheenLanes>,
    /// Film, if it has one.
    pub iridescence: Option<IridescenceLanes>,
    /// Brushing, if it has one.
    pub anisotropy: Option<AnisotropyLanes>,
    /// Light from behind, if it lets it through.
    pub transmission: Option<TransmissionLanes>,
    /// Light of an environment, if it has one.
    pub surroundings: Option<SurroundingsLanes>,
}

impl Fragments {
    /// No fragments yet. Every lane holds the values given, and the layers given are on.
    pub fn new(surface: &Surface, layers: &Layers) -> Self {
        let Specular { f0, f90 } = surface.specular;
        Self {
            len: 0,
            level: Level::best(),
            albedo: Lanes3::splat(surface.albedo),
            roughness: Lanes::splat(surface.roughness),
            metalness: Lanes::splat(surface.metalness),
            f0: Lanes3::splat(f0),
            f90: Lanes::splat(f90),
            normal: Lanes3::splat(surface.normal),
            view: Lanes3::splat(surface.view),
            spread: Lanes::splat(surface.spread),
            occlusion: Lanes::splat(surface.occlusion),
            light_map: Lanes3::splat(surface.light_map),
            emissive: Lanes3::splat(surface.emissive),
            clearcoat: layers.clearcoat.map(ClearcoatLanes::splat),
            sheen: layers.sheen.map(SheenLanes::splat),
            iridescence: layers.iridescence.map(IridescenceLanes::splat),
            anisotropy: layers.anisotropy.map(AnisotropyLanes::splat),
            transmission: layers.transmission.map(TransmissionLanes::splat),
            surroundings: layers.surroundings.map(SurroundingsLanes::splat),
        }
    }

    /// Fragments there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether there is no room for another.
    pub fn is_full(&self) -> bool {
        self.len == LANES
    }

    /// Forgets the fragments; lanes keep what they hold.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a fragment by its [`Surface::normal`], [`Surface::view`] and [`Surface::spread`], and gives its lane.
    /// A full batch keeps its last lane for it.
    #[inline(always)]
    pub fn push(&mut self, normal: Vec3, view: Vec3, spread: f32) -> usize {
        let lane = self.len.min(LANES - 1);
        self.normal.set(lane, normal);
        self.view.set(lane, view);
        self.spread.0[lane] = spread;
        self.len = lane + 1;
        lane
    }

    /// The values of a lane as a single surface.
    #[inline(always)]
    pub fn surface(&self, lane: usize) -> Surface {
        Surface {
            albedo: self.albedo.get(lane),
            roughness: self.roughness.0[lane],
            metalness: self.metalness.0[lane],
            specular: Specular { f0: self.f0.get(lane), f90: self.f90.0[lane] },
            normal: self.normal.get(lane),
            view: self.view.get(lane),
            spread: self.spread.0[lane],
            occlusion: self.occlusion.0[lane],
            light_map: self.light_map.get(lane),
            emissive: self.emissive.get(lane),
        }
    }

    /// The layers of a lane as single ones.
    pub fn layers(&self, lane: usize) -> Layers {
        Layers {
            clearcoat: self.clearcoat.as_ref().map(|coat| coat.get(lane)),
            sheen: self.sheen.as_ref().map(|sheen| sheen.get(lane)),
            iridescence: self.iridescence.as_ref().map(|film| film.get(lane)),
            anisotropy: self.anisotropy.as_ref().map(|brushed| brushed.get(lane)),
            transmission: self.transmission.as_ref().map(|through| through.get(lane)),
            surroundings: self.surroundings.as_ref().map(|around| around.get(lane)),
        }
    }

    /// Linear light from every fragment to the eye.
    pub fn shade(&self, lighting: &Lighting) -> Shaded {
        let mut shaded =
            Shaded { len: self.len, level: self.level, linear: Lanes3::splat(Vec3::ZERO) };
        self.level.run(kernel::Shade { fragments: self, lighting, out: &mut shaded.linear });
        shaded
    }

    /// Lanes to work on: all there are, in whole groups.
    #[inline(always)]
    fn lanes(&self) -> usize {
        self.len.next_multiple_of(GROUP).min(LANES)
    }
}

/// Linear light of many fragments.
#[derive(Debug, Clone)]
pub struct Shaded {
    len: usize,
    level: Level,
    linear: Lanes3,
}

impl Shaded {
    /// The light of a lane.
    #[inline]
    pub fn linear(&self, lane: usize) -> Vec3 {
        self.linear.get(lane)
    }

    /// [`colour::display_bytes`] of every lane.
    pub fn bytes(&self, tone_mapped: bool) -> [[u8; 3]; LANES] {
        self.level.run(Bytes { shaded: self, tone_mapped })
    }
}

struct Bytes<'a> {
    shaded: &'a Shaded,
    tone_mapped: bool,
}

impl Kernel for Bytes<'_> {
    type Output = [[u8; 3]; LANES];

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Shaded { linear, len, .. } = self.shaded;
        colour::display_lanes(linear, self.tone_mapped, len.next_multiple_of(GROUP))
    }
}

#[cfg(test)]
mod tests {
    use glam::Vec2;

    use super::*;
    use crate::shade::anisotropy::Anisotropy;
    use crate::shade::clearcoat::Clearcoat;
    use crate::shade::environment::Surroundings;
    use crate::shade::iridescence::Iridescence;
    use crate::shade::normal::Frame;
    use crate::shade::sheen::Sheen;
    use crate::shade::transmission::Transmitted;

    /// Every layer on, every lane different.
    fn bowl() -> Fragments {
        let layers = Layers {
            clearcoat: Some(Clearcoat { strength: 0.8, roughness: 0.1, normal: Vec3::Z }),
            sheen: Some(Sheen { colour: Vec3::new(0.3, 0.1, 0.5), roughness: 0.4 }),
            iridescence: Some(Iridescence { strength: 0.7, ior: 1.3, thickness_nm: 400.0 }),
            anisotropy: Some(Anisotropy {
                vector: Vec2::new(0.7, 0.4),
                frame: Frame { tangent: Vec3::X, bitangent: Vec3::Y },
            }),
            transmission: Some(Transmitted { colour: Vec3::ONE, alpha: 1.0, amount: 0.3 }),
            surroundings: Some(Surroundings {
                irradiance: Vec3::ONE,
                radiance: Vec3::X,
                clearcoat: Vec3::Y,
            }),
        };
        let surface = Surface::new(Vec3::new(0.8, 0.4, 0.2), 0.3, 0.4, Vec3::Z, Vec3::Z);
        let mut fragments = Fragments::new(&surface, &layers);
        while !fragments.is_full() {
            let (x, y) = ((fragments.len() % 6) as f32, (fragments.len() / 6) as f32);
            let normal = Vec3::new(x / 3.0 - 1.0, y / 3.0 - 1.0, 0.7).normalize();
            fragments.push(normal, Vec3::new(0.1, 0.1 * x, 2.0).normalize(), 0.01 * y);
        }
        fragments
    }

    #[test]
    fn instruction_sets_agree_to_the_bit() {
        let at = |level| {
            let mut fragments = bowl();
            fragments.level = level;
            let shaded = fragments.shade(&Lighting::studio());
            (shaded.linear, shaded.bytes(true))
        };
        assert_eq!(at(Level::best()), at(Level::BASELINE));
    }

    #[test]
    fn a_full_batch_stays_full() {
        let mut fragments = bowl();
        assert_eq!(fragments.push(Vec3::X, Vec3::Y, 0.0), LANES - 1);
        assert_eq!((fragments.len(), fragments.is_empty()), (LANES, false));
        fragments.clear();
        assert_eq!((fragments.push(Vec3::X, Vec3::Y, 0.0), fragments.len()), (0, 1));
    }
}
