//! The fragment stage: what a primitive looks like at a pixel, in linear light and before blending.
//! Source: three r183, `meshphysical`, `meshbasic`, `points` and `linedashed` shaders.

use asset::scene::Side;
use glam::{Mat3, Vec2, Vec3, Vec4};

use super::eye::Eye;
use super::interpolate::{Interpolator, Place, Quad};
use super::prepare::Prepared;
use super::prim::Prim;
use super::program::{Coated, Glass, Lit, Program, Relief, Shader, Unlit};
use super::stage::Draw;
use super::textures::Map;
use super::transmission::Buffer;
use crate::shade::anisotropy::Anisotropy;
use crate::shade::clearcoat::Clearcoat;
use crate::shade::iridescence::Iridescence;
use crate::shade::normal::{self, Face, Frame, Slope};
use crate::shade::sheen::Sheen;
use crate::shade::standard::Specular;
use crate::shade::transmission::{self, Body};
use crate::shade::{Layers, Lighting, Surface, alpha, physical, standard, unlit};

/// Linear light and alpha of a fragment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fragment {
    pub(super) colour: Vec3,
    pub(super) alpha: f32,
}

/// What a fragment looks like before light falls on it.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack")]
pub(super) enum Look {
    /// Waits for light.
    Lit { surface: Surface, layers: Layers },
    /// Linear light.
    Unlit(Vec3),
}

impl Look {
    /// Linear light to the eye.
    fn shade(&self, is_physical: bool, lighting: &Lighting) -> Vec3 {
        match self {
            Self::Lit { surface, layers } if is_physical => {
                physical::shade(surface, layers, lighting)
            }
            Self::Lit { surface, .. } => standard::shade(surface, lighting),
            Self::Unlit(colour) => *colour,
        }
    }
}

/// What all fragments of a pass share.
pub(super) struct Scenery<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) eye: &'a Eye,
    /// In view axes.
    pub(super) lighting: Lighting,
    /// What is behind transmissive surfaces.
    pub(super) buffer: Option<&'a Buffer>,
}

/// A fragment being shaded.
struct At<'a> {
    scenery: &'a Scenery<'a>,
    program: &'a Program,
    draw: &'a Draw,
    values: &'a Interpolator,
    quad: Quad,
    face: Face,
    x: i32,
    y: i32,
}

impl Scenery<'_> {
    /// The fragment of a primitive at a pixel; `None` if its shader drops it. `values` are set for the primitive.
    pub(super) fn fragment(
        &self,
        draw: &Draw,
        prim: &Prim,
        values: &Interpolator,
        x: i32,
        y: i32,
    ) -> Option<Fragment> {
        let (look, alpha) = self.look(draw, prim, values, x, y)?;
        let is_physical = self.prepared.programs[draw.program].is_physical();
        Some(Fragment { colour: look.shade(is_physical, &self.lighting), alpha })
    }

    /// The same before light falls on it, and its alpha.
    pub(super) fn look(
        &self,
        draw: &Draw,
        prim: &Prim,
        values: &Interpolator,
        x: i32,
        y: i32,
    ) -> Option<(Look, f32)> {
        let program = &self.prepared.programs[draw.program];
        let face = face(draw, prim);
        let quad = values.quad(x, y, self.eye.size_px[1] as i32);
        At { scenery: self, program, draw, values, quad, face, x, y }.look()
    }
}

/// The side of a primitive that is seen, as its material treats it.
pub(super) fn face(draw: &Draw, prim: &Prim) -> Face {
    match draw.side {
        Side::Back => Face::BackSide,
        Side::Double if !prim.is_front => Face::DoubleBack,
        _ => Face::Front,
    }
}

impl At<'_> {
    fn look(&self) -> Option<(Look, f32)> {
        let program = self.program;
        let mut base = self.draw.colour.extend(program.opacity);
        if let Shader::Dashed { dash, gap, .. } = program.shader {
            let at = program.layout.distance?;
            let along = self.values.value(at, self.quad.here);
            if unlit::in_gap(along, 1.0, dash, gap) {
                return None;
            }
        }
        base *= self.alpha_factors(self.quad.here);
        if program.alpha_test > 0.0 {
            if program.alpha_to_coverage {
                let alpha_at = |place| program.opacity * self.alpha_factors(place).w;
                let slope = self.quad.slope(alpha_at);
                let width = slope.x.abs() + slope.y.abs();
                base.w = alpha::coverage_smooth(base.w, program.alpha_test, width);
                if base.w == 0.0 {
                    return None;
                }
            } else if alpha::test_drops(base.w, program.alpha_test) {
                return None;
            }
        }
        if program.alpha_hash {
            let at = program.layout.object?;
            let position = self.values.vec3(at, self.quad.here);
            let slope = self.quad.slope(|place| self.values.vec3(at, place));
            if alpha::hash_drops(base.w, position, slope) {
                return None;
            }
        }
        let albedo = base.truncate();
        let (look, factor) = match &program.shader {
            Shader::Lit(lit) => {
                let (surface, layers) = self.lit(lit, albedo);
                if layers.anisotropy.is_some() && self.is_undefined(&surface) {
                    return Some((
                        Look::Unlit(Vec3::NAN),
                        if program.opaque { 1.0 } else { base.w },
                    ));
                }
                let factor = layers.transmission.map_or(1.0, |through| through.alpha_factor());
                (Look::Lit { surface, layers }, factor)
            }
            Shader::Basic(maps) => {
                let light = maps
                    .light_map
                    .as_ref()
                    .map(|(map, intensity)| self.sample(map).truncate() * *intensity);
                let occlusion = self.occlusion(maps.occlusion_map.as_ref());
                let colour = self.mirrored(maps, unlit::basic(albedo, light, occlusion));
                (Look::Unlit(colour), 1.0)
            }
            Shader::Points { .. } | Shader::Dashed { .. } => {
                (Look::Unlit(unlit::basic(albedo, None, 1.0)), 1.0)
            }
        };
        let alpha = if program.opaque { 1.0 } else { base.w };
        Some((look, alpha * factor))
    }

    /// What multiplies colour and opacity: map, vertex colour, alpha map. Level of detail is that of the pixel.
    fn alpha_factors(&self, place: Place) -> Vec4 {
        let program = self.program;
        let mut factor = Vec4::ONE;
        if let Some(map) = &program.map {
            factor *= self.sample_at(map, place);
        }
        if let Some(at) = program.layout.colour {
            factor *= self.values.vec4(at, place);
        }
        if let Some(map) = &program.alpha_map {
            factor.w *= self.sample_at(map, place).y;
        }
        factor
    }

    fn uv(&self, map: &Map, place: Place) -> Vec2 {
        if let Shader::Points { uv_from_point: true } = self.program.shader {
            let at = self.values.point_coordinate(place);
            return map.point(Vec2::new(at.x, 1.0 - at.y));
        }
        let at = self.program.layout.uvs[map.channel];
        map.point(at.map_or(Vec2::ZERO, |at| self.values.vec2(at, place)))
    }

    fn uv_slope(&self, map: &Map) -> Slope<Vec2> {
        self.quad.slope(|place| self.uv(map, place))
    }

    fn sample_at(&self, map: &Map, place: Place) -> Vec4 {
        let texture = &self.scenery.prepared.textures[map.texture];
        let sampler = &map.sampler;
        let uv = self.uv(map, place);
        // Only these filters look at derivatives.
        let has_taps = sampler.mip.is_some() && sampler.anisotropy > 1;
        let has_levels = sampler.mip.is_some() && texture.level_count() > 1;
        if !has_levels && !has_taps && sampler.magnify == sampler.minify {
            return texture.sample_level(sampler, sampler.magnify, uv, 0);
        }
        let slope = self.uv_slope(map);
        texture.sample(sampler, uv, slope.x, slope.y)
    }

    fn sample(&self, map: &Map) -> Vec4 {
        self.sample_at(map, self.quad.here)
    }

    fn occlusion(&self, map: Option<&(Map, f32)>) -> f32 {
        map.map_or(1.0, |(map, intensity)| (self.sample(map).x - 1.0) * intensity + 1.0)
    }

    /// The shading normal before maps, at a place.
    fn smooth_normal(&self, at: usize, place: Place) -> Vec3 {
        normal::smooth(self.values.vec3(at, place), self.face)
    }

    fn position_slope(&self) -> Slope<Vec3> {
        match self.program.layout.position {
            Some(at) => self.quad.slope(|place| self.values.vec3(at, place)),
            None => Slope { x: Vec3::ZERO, y: Vec3::ZERO },
        }
    }

    /// The tangent frame about a normal, by the coordinates of a map (the raw first ones without).
    fn frame(&self, normal: Vec3, map: Option<&Map>) -> Frame {
        let layout = &self.program.layout;
        let frame = if let Some(at) = layout.tangent {
            let [t, b] = [at, at + 3].map(|at| self.values.vec3(at, self.quad.here));
            Frame { tangent: t.normalize_or_zero(), bitangent: b.normalize_or_zero() }
        } else {
            let uv = match map {
                Some(map) => self.uv_slope(map),
                None => self.quad.slope(|place| {
                    layout.uvs[0].map_or(Vec2::ZERO, |at| self.values.vec2(at, place))
                }),
            };
            Frame::from_slopes(normal, self.position_slope(), uv)
        };
        if self.program.flat { frame } else { frame.turned(self.face) }
    }

    /// Whether the stretched lobe is infinite for a light of no effect: nothing times infinity is not a number, which is
    /// black on the screen and far below it in what glass shows.
    fn is_undefined(&self, surface: &Surface) -> bool {
        let faces = |direction: Vec3| surface.normal.dot(direction) > 0.0;
        let lights = self.scenery.lighting.lights();
        !faces(surface.view) && lights.iter().any(|light| !faces(light.direction))
    }

    /// The surface of a lit material.
    fn lit(&self, lit: &Lit, albedo: Vec3) -> (Surface, Layers) {
        let (geometry_normal, spread) = match self.program.layout.normal {
            Some(at) => {
                let slope = self.quad.slope(|place| self.smooth_normal(at, place));
                (self.smooth_normal(at, self.quad.here), normal::spread(slope))
            }
            None => (normal::flat(self.position_slope()), 0.0),
        };
        let sign = self.face.scale_sign();
        let shading_normal = match &lit.relief {
            Relief::None => geometry_normal,
            Relief::Tangent { map, scale } => {
                let frame = self.frame(geometry_normal, Some(map));
                normal::mapped(geometry_normal, frame, self.sample(map).truncate(), *scale * sign)
            }
            Relief::Object { map } => normal::object_mapped(
                self.draw.normal_matrix,
                self.sample(map).truncate(),
                self.face,
            ),
            Relief::Bump { map, scale } => {
                let texture = &self.scenery.prepared.textures[map.texture];
                let slope = self.uv_slope(map);
                let uv = self.uv(map, self.quad.here);
                let height =
                    |uv| texture.sample(&map.sampler, uv, slope.x, slope.y).x * scale * sign;
                let here = height(uv);
                let rise = Slope { x: height(uv + slope.x) - here, y: height(uv + slope.y) - here };
                normal::bumped(geometry_normal, self.position_slope(), rise, self.face)
            }
        };
        let metalness =
            lit.metalness * lit.metalness_map.as_ref().map_or(1.0, |m| self.sample(m).z);
        let roughness =
            lit.roughness * lit.roughness_map.as_ref().map_or(1.0, |m| self.sample(m).y);
        let emissive = lit
            .emissive_map
            .as_ref()
            .map_or(lit.emissive, |map| lit.emissive * self.sample(map).truncate());
        let view = self.scenery.eye.to_eye(self.x as f32 + 0.5, self.y as f32 + 0.5);
        let mut surface = Surface {
            albedo,
            roughness,
            metalness,
            specular: Specular::STANDARD,
            normal: shading_normal,
            view,
            spread,
            occlusion: self.occlusion(lit.occlusion_map.as_ref()),
            light_map: lit
                .light_map
                .as_ref()
                .map_or(Vec3::ZERO, |(map, intensity)| self.sample(map).truncate() * *intensity),
            emissive,
        };
        let Some(coated) = &lit.physical else {
            let layers = self.surrounded(lit, &surface, Layers::default());
            return (surface, layers);
        };
        surface.specular = self.specular(coated);
        let layers = self.layers(lit, coated, &surface, geometry_normal);
        let layers = self.surrounded(lit, &surface, layers);
        (surface, layers)
    }

    /// View axes to world axes.
    fn to_world(&self) -> Mat3 {
        Mat3::from_mat4(self.scenery.eye.view.as_mat4()).transpose()
    }

    /// With the light of the material's environment.
    fn surrounded(&self, lit: &Lit, surface: &Surface, mut layers: Layers) -> Layers {
        if let Some(surround) = &lit.surround
            && let Some(environment) = &self.scenery.prepared.environments[surround.texture]
        {
            let to_map = surround.turn * self.to_world();
            let around = environment.around(surface, &layers, to_map, surround.intensity);
            layers.surroundings = Some(around);
        }
        layers
    }

    /// A basic material's colour with its environment over it.
    fn mirrored(&self, maps: &Unlit, colour: Vec3) -> Vec3 {
        let (Some((mirror, map)), Some(at)) = (&maps.mirror, self.program.layout.mirrored) else {
            return colour;
        };
        let direction = self.to_world() * self.values.vec3(at, self.quad.here);
        let amount = map.as_ref().map_or(1.0, |map| self.sample(map).x);
        mirror.over(&self.scenery.prepared.mirrored, colour, direction, amount)
    }

    fn specular(&self, coated: &Coated) -> Specular {
        let (intensity_map, colour_map) =
            (&coated.specular_intensity_map, &coated.specular_colour_map);
        if intensity_map.is_none() && colour_map.is_none() {
            return coated.specular;
        }
        let intensity = intensity_map.as_ref().map_or(1.0, |map| self.sample(map).w);
        let colour = colour_map.as_ref().map_or(Vec3::ONE, |map| self.sample(map).truncate());
        Specular::physical(
            coated.ior,
            coated.specular_colour * colour,
            coated.specular_intensity * intensity,
        )
    }

    fn layers(
        &self,
        lit: &Lit,
        coated: &Coated,
        surface: &Surface,
        geometry_normal: Vec3,
    ) -> Layers {
        let factor = |map: &Option<Map>, channel: usize| {
            map.as_ref().map_or(1.0, |map| self.sample(map)[channel])
        };
        let clearcoat = coated.clearcoat.as_ref().map(|coat| Clearcoat {
            strength: coat.strength * factor(&coat.map, 0),
            roughness: coat.roughness * factor(&coat.roughness_map, 1),
            normal: match &coat.normal_map {
                None => geometry_normal,
                Some((map, scale)) => {
                    let frame = self.frame(geometry_normal, Some(map));
                    let texel = self.sample(map).truncate();
                    normal::mapped(geometry_normal, frame, texel, *scale * self.face.scale_sign())
                }
            },
        });
        let sheen = coated.sheen.as_ref().map(|cloth| Sheen {
            colour: match &cloth.colour_map {
                Some(map) => cloth.colour * self.sample(map).truncate(),
                None => cloth.colour,
            },
            roughness: cloth.roughness * factor(&cloth.roughness_map, 3),
        });
        let iridescence = coated.iridescence.as_ref().map(|film| {
            let [low, high] = film.thickness_nm;
            Iridescence {
                strength: film.strength * factor(&film.map, 0),
                ior: film.ior,
                thickness_nm: match &film.thickness_map {
                    Some(map) => (high - low) * self.sample(map).y + low,
                    None => high,
                },
            }
        });
        let anisotropy = coated.anisotropy.as_ref().map(|brush| {
            let by = match &lit.relief {
                Relief::Tangent { map, .. } | Relief::Object { map } => Some(map),
                _ => coated.clearcoat.as_ref().and_then(|c| Some(&c.normal_map.as_ref()?.0)),
            };
            let vector = match &brush.map {
                Some(map) => Anisotropy::vector(
                    brush.strength,
                    brush.rotation,
                    Some(self.sample(map).truncate()),
                ),
                None => brush.vector,
            };
            Anisotropy { vector, frame: self.frame(geometry_normal, by) }
        });
        let transmission = match (&coated.transmission, self.scenery.buffer) {
            (Some(glass), Some(buffer)) => {
                Some(self.transmitted(glass, coated.ior, surface, buffer))
            }
            _ => None,
        };
        Layers { clearcoat, sheen, iridescence, anisotropy, transmission, surroundings: None }
    }

    fn transmitted(
        &self,
        glass: &Glass,
        ior: f32,
        surface: &Surface,
        buffer: &Buffer,
    ) -> transmission::Transmitted {
        let factor = |map: &Option<Map>, channel: usize| {
            map.as_ref().map_or(1.0, |map| self.sample(map)[channel])
        };
        let body = Body {
            amount: glass.amount * factor(&glass.map, 0),
            thickness: glass.thickness * factor(&glass.thickness_map, 1),
            ior,
            dispersion: glass.dispersion,
            attenuation_colour: glass.attenuation_colour,
            attenuation_distance: glass.attenuation_distance,
        };
        let eye = self.scenery.eye;
        let to_world = Mat3::from_mat4(eye.view.as_mat4()).transpose();
        let depth = self.quad.here.depth();
        let position = -surface.view / surface.view.z.max(1e-6) * depth;
        let (normal, view) = (to_world * surface.normal, to_world * surface.view);
        let scale = self.draw.scale;
        let width = eye.size_px[0];
        transmission::transmit(surface, &body, (normal, view), scale, width, |ray, level| {
            let seen = position + to_world.transpose() * ray;
            let clip = eye.projection_f32 * seen.extend(1.0);
            let uv = Vec2::new(clip.x, clip.y) / clip.w * 0.5 + 0.5;
            buffer.sample(uv, level)
        })
    }
}
