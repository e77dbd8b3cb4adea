//! The sum over lights, lane by lane. Each step is a loop of its own over plain arrays, and the look-ups of the
//! split-sum table, which do not vectorise, are kept out of the others.

use std::f32::consts::FRAC_1_PI;

use glam::Vec3;

use super::Fragments;
use crate::shade::dfg;
use crate::shade::environment;
use crate::shade::iridescence::Film;
use crate::shade::lanes::{LANES, Lanes, Lanes3};
use crate::shade::light::{Light, Lighting};
use crate::shade::lobe::{cosine, unit};
use crate::shade::standard::{Base, finish};
use crate::simd::Kernel;

/// Fills `out` for [`Fragments::shade`].
pub(super) struct Shade<'a> {
    pub(super) fragments: &'a Fragments,
    pub(super) lighting: &'a Lighting,
    pub(super) out: &'a mut Lanes3,
}

impl Kernel for Shade<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { fragments, lighting, out } = self;
        let mut work = Work::new(fragments);
        work.look();
        work.film();
        for light in lighting.lights() {
            work.aim(light);
            work.coat(light);
            work.fibres();
            work.seen();
            work.add(light);
        }
        work.finish(lighting.ambient, out);
    }
}

/// What the steps hand on. A step copies `from` and `lanes` before its loop: to the compiler, a store to an array of this
/// struct could change them.
struct Work<'a> {
    from: &'a Fragments,
    lanes: usize,
    roughness: Lanes,
    nv: Lanes,
    /// The split sum towards the eye.
    split: [[f32; 2]; LANES],
    /// Reflectance of the film.
    film: Lanes3,
    // Of the light at hand.
    nl: Lanes,
    nh: Lanes,
    h: Lanes3,
    irradiance: Lanes,
    light_split: [[f32; 2]; LANES],
    // Sums over lights.
    diffuse: Lanes3,
    specular: Lanes3,
    fibres: Lanes3,
    lacquer: Lanes3,
}

impl<'a> Work<'a> {
    #[inline(always)]
    fn new(from: &'a Fragments) -> Self {
        let (one, three) = (Lanes::splat(0.0), Lanes3::splat(Vec3::ZERO));
        Self {
            from,
            lanes: from.lanes(),
            roughness: one,
            nv: one,
            split: [[0.0; 2]; LANES],
            film: three,
            nl: one,
            nh: one,
            h: three,
            irradiance: one,
            light_split: [[0.0; 2]; LANES],
            diffuse: three,
            specular: three,
            fibres: three,
            lacquer: three,
        }
    }

    #[inline(always)]
    fn base(&self, from: &Fragments, lane: usize) -> Base {
        let (roughness, nv) = (self.roughness.0[lane], self.nv.0[lane]);
        Base::with(&from.surface(lane), roughness, nv, self.split[lane])
    }

    #[inline(always)]
    fn look(&mut self) {
        let (from, lanes) = (self.from, self.lanes);
        for i in 0..lanes {
            (self.roughness.0[i], self.nv.0[i]) = Base::place(&from.surface(i));
        }
        self.split = dfg::lookup_lanes(&self.roughness, &self.nv, lanes);
    }

    #[inline(always)]
    fn film(&mut self) {
        let (from, lanes) = (self.from, self.lanes);
        let Some(film) = &from.iridescence else { return };
        for i in 0..lanes {
            let film = film.get(i);
            let reflected = Film::new(film, self.nv.0[i]).reflectance(&from.surface(i));
            self.film.set(i, where_positive(film.strength(), reflected));
        }
    }

    /// Cosines, the half vector and the irradiance of a light.
    #[inline(always)]
    fn aim(&mut self, light: &Light) {
        let (from, lanes) = (self.from, self.lanes);
        for i in 0..lanes {
            let (normal, view) = (from.normal.get(i), from.view.get(i));
            let h = unit(light.direction + view);
            let nl = cosine(normal, light.direction);
            self.nl.0[i] = nl;
            self.nh.0[i] = cosine(normal, h);
            self.h.set(i, h);
            self.irradiance.0[i] = nl * light.intensity;
        }
    }

    #[inline(always)]
    fn coat(&mut self, light: &Light) {
        let (from, lanes) = (self.from, self.lanes);
        let Some(coat) = &from.clearcoat else { return };
        for i in 0..lanes {
            let view = from.view.get(i);
            let coat = coat.get(i).prepare(view, from.spread.0[i]);
            let reflected = coat.reflect(light.direction, view, self.h.get(i)) * light.intensity;
            self.lacquer.set(i, self.lacquer.get(i) + reflected);
        }
    }

    #[inline(always)]
    fn fibres(&mut self) {
        let (from, lanes) = (self.from, self.lanes);
        let Some(sheen) = &from.sheen else { return };
        for i in 0..lanes {
            let sheen = sheen.get(i).prepare(self.nv.0[i]);
            let (nl, irradiance) = (self.nl.0[i], self.irradiance.0[i]);
            let fibres = sheen.reflect(nl, self.nh.0[i]) * irradiance;
            self.fibres.set(i, self.fibres.get(i) + where_positive(nl, fibres));
            self.irradiance.0[i] = irradiance * sheen.passed(nl);
        }
    }

    #[inline(always)]
    fn seen(&mut self) {
        self.light_split = dfg::lookup_lanes(&self.roughness, &self.nl, self.lanes);
    }

    #[inline(always)]
    fn add(&mut self, light: &Light) {
        match (&self.from.iridescence, &self.from.anisotropy) {
            (None, None) => self.add_with::<false, false>(light),
            (None, Some(_)) => self.add_with::<false, true>(light),
            (Some(_), None) => self.add_with::<true, false>(light),
            (Some(_), Some(_)) => self.add_with::<true, true>(light),
        }
    }

    /// Adds the light to the base layer.
    #[inline(always)]
    fn add_with<const FILM: bool, const BRUSHED: bool>(&mut self, light: &Light) {
        let (from, lanes) = (self.from, self.lanes);
        for i in 0..lanes {
            let base = self.base(from, i);
            let (view, h) = (from.view.get(i), self.h.get(i));
            let (nl, nh, irradiance) = (self.nl.0[i], self.nh.0[i], self.irradiance.0[i]);
            let mut fresnel = base.fresnel(view, h);
            if FILM && let Some(film) = &from.iridescence {
                let strength = film.get(i).strength();
                fresnel = fresnel * (1.0 - strength) + self.film.get(i) * strength;
            }
            let lobe = match &from.anisotropy {
                Some(brushed) if BRUSHED => {
                    let brushed = brushed.get(i).prepare(base.alpha, view, base.nv);
                    brushed.lobe(light.direction, h, nl, nh)
                }
                _ => base.lobe(nl, nh),
            };
            let specular = (fresnel * lobe + base.multiple(self.light_split[i])) * irradiance;
            let diffuse = base.diffuse * (FRAC_1_PI * irradiance);
            self.specular.set(i, self.specular.get(i) + where_positive(nl, specular));
            self.diffuse.set(i, self.diffuse.get(i) + where_positive(nl, diffuse));
        }
    }

    /// Adds the light of an environment.
    #[inline(always)]
    fn surround(&mut self) {
        let (from, lanes) = (self.from, self.lanes);
        let Some(around) = &from.surroundings else { return };
        for i in 0..lanes {
            let (surface, base, around) = (from.surface(i), self.base(from, i), around.get(i));
            let film = from.iridescence.as_ref().and_then(|film| film.get(i).film(base.nv));
            let film = film.as_ref().map(|(film, strength)| (film, *strength));
            let (mut all, mut mirrored) = environment::reflect(&surface, &base, film, &around);
            let ao = surface.occlusion;
            if let Some(sheen) = &from.sheen {
                let sheen = sheen.get(i).prepare(base.nv);
                let through = sheen.passed_from_everywhere();
                (all, mirrored) = (all * through, mirrored * through);
                let fibres = sheen.reflect_everywhere(around.irradiance) * ao;
                self.fibres.set(i, self.fibres.get(i) + fibres);
            }
            if let Some(coat) = &from.clearcoat {
                let coat = coat.get(i).prepare(surface.view, surface.spread);
                let lacquer = coat.reflect_everywhere(around.clearcoat) * ao;
                self.lacquer.set(i, self.lacquer.get(i) + lacquer);
            }
            self.diffuse.set(i, self.diffuse.get(i) + all);
            self.specular.set(i, self.specular.get(i) + mirrored);
        }
    }

    #[inline(always)]
    fn finish(&mut self, ambient: f32, out: &mut Lanes3) {
        let (from, lanes) = (self.from, self.lanes);
        for i in 0..lanes {
            let surface = from.surface(i);
            let mut all = self.base(from, i).ambient(&surface, ambient);
            if let Some(sheen) = &from.sheen {
                all *= sheen.get(i).prepare(self.nv.0[i]).passed_from_everywhere();
            }
            self.diffuse.set(i, self.diffuse.get(i) + all);
        }
        self.surround();
        if let Some(through) = &from.transmission {
            for i in 0..lanes {
                let amount = through.amount.0[i];
                let diffuse = self.diffuse.get(i) * (1.0 - amount) + through.colour.get(i) * amount;
                self.diffuse.set(i, diffuse);
            }
        }
        for i in 0..lanes {
            let emissive = from.emissive.get(i);
            let mut light = self.diffuse.get(i) + self.specular.get(i) + emissive;
            if from.sheen.is_some() {
                light += self.fibres.get(i);
            }
            if let Some(coat) = &from.clearcoat {
                let coat = coat.get(i).prepare(from.view.get(i), from.spread.0[i]);
                light = light * coat.passed() + self.lacquer.get(i) * coat.strength();
            }
            out.set(i, finish(light));
        }
    }
}

/// Light where a number is above 0, nothing elsewhere.
#[inline(always)]
fn where_positive(x: f32, light: Vec3) -> Vec3 {
    let channel = |c: f32| if x > 0.0 { c } else { 0.0 };
    Vec3::new(channel(light.x), channel(light.y), channel(light.z))
}
