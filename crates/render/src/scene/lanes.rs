//! Fragments of one program gathered and shaded together.

use glam::{Vec2, Vec3};

use super::fragment::{Fragment, Look, Scenery, face};
use super::interpolate::Interpolator;
use super::prim::Prim;
use super::program::Program;
use super::stage::Draw;
use super::target::{Finish, Target};
use crate::shade::fragments::Fragments;
use crate::shade::lanes::LANES;
use crate::shade::normal::{self, Face};
use crate::shade::{Layers, Surface};
use crate::simd::{Kernel, Level};

/// Fragments interpolated together.
const GROUP: usize = 8;

/// Fragments waiting for light, all of one program.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// By program, made when first needed.
    rooms: Vec<Option<Box<Fragments>>>,
    program: usize,
    len: usize,
    /// Of each lane, the caller's own number.
    tags: [u32; LANES],
    alphas: Lane,
    pixels: [[i32; 2]; LANES],
}

/// A number per lane.
#[derive(Debug, Clone, Copy)]
struct Lane([f32; LANES]);

impl Default for Lane {
    fn default() -> Self {
        Self([1.0; LANES])
    }
}

/// A pixel to shade and the caller's number for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) tag: u32,
    pub(super) x: i32,
    pub(super) y: i32,
}

impl Waiting {
    /// Takes fragments of one primitive, and gives out the colours of those that had to make room.
    ///
    /// `values` are set for the primitive. Fragments that their shader drops get no colour.
    pub(super) fn take<T: Target, F: Finish<T>>(
        &mut self,
        scenery: &Scenery<'_>,
        draw: &Draw,
        prim: &Prim,
        values: &Interpolator,
        wanted: &[Wanted],
        out: &mut impl FnMut(u32, F::Value),
    ) {
        let program = &scenery.prepared.programs[draw.program];
        if self.program != draw.program {
            self.finish::<T, F>(scenery, out);
            self.program = draw.program;
        }
        match &program.even {
            Some(common) => {
                self.take_even::<T, F>(scenery, (draw, prim, values), common, wanted, out);
            }
            None => {
                for one in wanted {
                    let Some((look, alpha)) = scenery.look(draw, prim, values, one.x, one.y) else {
                        continue;
                    };
                    match look {
                        Look::Unlit(colour) => {
                            let fragment = Fragment { colour, alpha };
                            out(
                                one.tag,
                                F::one(&fragment, program, scenery.eye.place(one.x, one.y)),
                            );
                        }
                        Look::Lit { surface, layers } => {
                            if self.len == LANES {
                                self.finish::<T, F>(scenery, out);
                            }
                            let lane = self.len;
                            let room = self.room(&surface, &layers);
                            let lane_in = room.push(surface.normal, surface.view, surface.spread);
                            set(room, lane_in, &surface, &layers);
                            self.note(lane, one, alpha);
                        }
                    }
                }
            }
        }
    }

    /// Fragments that differ in normal and place only.
    fn take_even<T: Target, F: Finish<T>>(
        &mut self,
        scenery: &Scenery<'_>,
        (draw, prim, values): (&Draw, &Prim, &Interpolator),
        (surface, layers): &(Surface, Layers),
        wanted: &[Wanted],
        out: &mut impl FnMut(u32, F::Value),
    ) {
        let program = &scenery.prepared.programs[draw.program];
        let face = face(draw, prim);
        let alpha = if program.opaque { 1.0 } else { program.opacity };
        let height = scenery.eye.size_px[1] as i32;
        let mut left = wanted;
        while !left.is_empty() {
            if self.len == LANES {
                self.finish::<T, F>(scenery, out);
            }
            let count = left.len().min(GROUP).min(LANES - self.len);
            let (now, later) = left.split_at(count);
            left = later;
            let mut group = Group::new(now);
            match program.layout.normal {
                Some(at) => {
                    Level::best().run(Smooth {
                        group: &mut group,
                        normal: [at, at + 1, at + 2].map(|at| values.plane(at)),
                        inverse_w: values.inverse_w(),
                        anchor: values.anchor(),
                        sign: if face == Face::DoubleBack { -1.0 } else { 1.0 },
                        height,
                    });
                }
                None => {
                    let normal = flat(program, values, now, height);
                    group.normal = normal.to_array().map(|c| [c; GROUP]);
                }
            }
            Level::best().run(Rays { group: &mut group, rays: scenery.eye.rays() });
            let first = self.len;
            let room = self.room(surface, layers);
            for i in 0..now.len() {
                let normal = group.at(&group.normal, i);
                let lane = room.push(normal, group.at(&group.view, i), group.spread[i]);
                room.albedo.set(lane, draw.colour);
                if let Some(coat) = &mut room.clearcoat {
                    coat.normal.set(lane, normal);
                }
            }
            for (i, one) in now.iter().enumerate() {
                self.note(first + i, one, alpha);
            }
        }
    }

    fn note(&mut self, lane: usize, one: &Wanted, alpha: f32) {
        self.tags[lane] = one.tag;
        self.alphas.0[lane] = alpha;
        self.pixels[lane] = [one.x, one.y];
        self.len = lane + 1;
    }

    fn room(&mut self, surface: &Surface, layers: &Layers) -> &mut Fragments {
        if self.rooms.len() <= self.program {
            self.rooms.resize_with(self.program + 1, || None);
        }
        self.rooms[self.program].get_or_insert_with(|| Box::new(Fragments::new(surface, layers)))
    }

    /// Shades what waits and gives the colours out.
    pub(super) fn finish<T: Target, F: Finish<T>>(
        &mut self,
        scenery: &Scenery<'_>,
        out: &mut impl FnMut(u32, F::Value),
    ) {
        let len = std::mem::take(&mut self.len);
        let Some(Some(room)) = self.rooms.get_mut(self.program).filter(|_| len > 0) else { return };
        let program = &scenery.prepared.programs[self.program];
        let shaded = room.shade(&scenery.lighting);
        room.clear();
        let place = |lane: usize| scenery.eye.place(self.pixels[lane][0], self.pixels[lane][1]);
        let texels = F::all(&shaded, program, &self.alphas.0, place);
        for (tag, texel) in self.tags.iter().zip(texels).take(len) {
            out(*tag, texel);
        }
    }
}

/// The normal of the whole primitive, towards the viewer.
fn flat(program: &Program, values: &Interpolator, now: &[Wanted], height: i32) -> Vec3 {
    let (Some(at), Some(one)) = (program.layout.position, now.first()) else { return Vec3::ZERO };
    let quad = values.quad(one.x, one.y, height);
    normal::flat(quad.slope(|place| values.vec3(at, place)))
}

/// Puts everything about a fragment into its lane.
fn set(room: &mut Fragments, lane: usize, surface: &Surface, layers: &Layers) {
    room.albedo.set(lane, surface.albedo);
    room.roughness.0[lane] = surface.roughness;
    room.metalness.0[lane] = surface.metalness;
    room.f0.set(lane, surface.specular.f0);
    room.f90.0[lane] = surface.specular.f90;
    room.occlusion.0[lane] = surface.occlusion;
    room.light_map.set(lane, surface.light_map);
    room.emissive.set(lane, surface.emissive);
    if let (Some(to), Some(coat)) = (&mut room.clearcoat, &layers.clearcoat) {
        to.strength.0[lane] = coat.strength;
        to.roughness.0[lane] = coat.roughness;
        to.normal.set(lane, coat.normal);
    }
    if let (Some(to), Some(sheen)) = (&mut room.sheen, &layers.sheen) {
        to.colour.set(lane, sheen.colour);
        to.roughness.0[lane] = sheen.roughness;
    }
    if let (Some(to), Some(film)) = (&mut room.iridescence, &layers.iridescence) {
        to.strength.0[lane] = film.strength;
        to.ior.0[lane] = film.ior;
        to.thickness_nm.0[lane] = film.thickness_nm;
    }
    if let (Some(to), Some(brushed)) = (&mut room.anisotropy, &layers.anisotropy) {
        to.vector.set(lane, brushed.vector);
        to.tangent.set(lane, brushed.frame.tangent);
        to.bitangent.set(lane, brushed.frame.bitangent);
    }
    if let (Some(to), Some(through)) = (&mut room.transmission, &layers.transmission) {
        to.colour.set(lane, through.colour);
        to.amount.0[lane] = through.amount;
    }
    if let (Some(to), Some(around)) = (&mut room.surroundings, &layers.surroundings) {
        to.irradiance.set(lane, around.irradiance);
        to.radiance.set(lane, around.radiance);
        to.clearcoat.set(lane, around.clearcoat);
    }
}

/// Values of the fragments of a group; lanes beyond its length repeat the last one.
#[derive(Debug)]
#[repr(C, align(32))]
struct Group {
    x: [i32; GROUP],
    y: [i32; GROUP],
    normal: [[f32; GROUP]; 3],
    view: [[f32; GROUP]; 3],
    spread: [f32; GROUP],
}

impl Group {
    fn new(wanted: &[Wanted]) -> Self {
        let one = |i: usize| wanted.get(i).or(wanted.last()).map_or([0; 2], |one| [one.x, one.y]);
        Self {
            x: std::array::from_fn(|i| one(i)[0]),
            y: std::array::from_fn(|i| one(i)[1]),
            normal: [[0.0; GROUP]; 3],
            view: [[0.0; GROUP]; 3],
            spread: [0.0; GROUP],
        }
    }

    #[inline(always)]
    fn at(&self, vectors: &[[f32; GROUP]; 3], i: usize) -> Vec3 {
        Vec3::new(vectors[0][i], vectors[1][i], vectors[2][i])
    }
}

/// Unit length, or zero where there is none or it is not a number.
#[inline(always)]
fn unit(v: [f32; 3]) -> [f32; 3] {
    let [x, y, z] = v;
    let square = x * x + y * y + z * z;
    let scale = 1.0 / square.sqrt();
    v.map(|c| if square > 0.0 { c * scale } else { 0.0 })
}

/// Interpolates normals, here and at three places of the 2 × 2 block, and takes the spread from them.
struct Smooth<'a> {
    group: &'a mut Group,
    normal: [[f32; 3]; 3],
    inverse_w: [f32; 3],
    anchor: Vec2,
    sign: f32,
    height: i32,
}

impl Kernel for Smooth<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { group, normal, inverse_w, anchor, sign, height } = self;
        let bottom = height - 1;
        for i in 0..GROUP {
            let (x, y) = (group.x[i], group.y[i]);
            let (column, row) = (x & !1, bottom - ((bottom - y) & !1));
            // A positive factor does not change a direction: 1/w stands for w.
            let at = |x: i32, y: i32| {
                let (x, y) = (x as f32 + 0.5 - anchor.x, y as f32 + 0.5 - anchor.y);
                let value = |[at, dx, dy]: [f32; 3]| at + dx * x + dy * y;
                let q = value(inverse_w) * sign;
                unit([value(normal[0]) * q, value(normal[1]) * q, value(normal[2]) * q])
            };
            let here = at(x, y);
            let (corner, right, up) = (at(column, row), at(column + 1, row), at(column, row - 1));
            let mut spread = 0.0_f32;
            for axis in 0..3 {
                let change = (right[axis] - corner[axis]).abs();
                spread = if change > spread { change } else { spread };
                let change = (up[axis] - corner[axis]).abs();
                spread = if change > spread { change } else { spread };
                group.normal[axis][i] = here[axis];
            }
            group.spread[i] = spread;
        }
    }
}

/// Finds the directions to the eye.
struct Rays<'a> {
    group: &'a mut Group,
    /// Of the picture's corner, and per pixel.
    rays: [Vec2; 2],
}

impl Kernel for Rays<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { group, rays: [origin, step] } = self;
        for i in 0..GROUP {
            let (x, y) = (group.x[i] as f32 + 0.5, group.y[i] as f32 + 0.5);
            let view = unit([-(origin.x + step.x * x), -(origin.y + step.y * y), 1.0]);
            for (lanes, value) in group.view.iter_mut().zip(view) {
                lanes[i] = value;
            }
        }
    }
}
