//! A material resolved for a geometry and a primitive: which terms are on, every constant folded, every map with its
//! sampler. Source: three r183, `WebGLPrograms.getParameters`; rendering specification §D.4.1, §D.5, §D.6, §D.8.

use asset::scene::{
    Blending, DepthFunc, Geometry, Material, MaterialKind, NormalMapType, Physical, PolygonOffset,
    Primitive, Scene, Side, Standard, TextureId,
};
use glam::{Vec2, Vec3};

use super::environs::{Mirror, Surround};
use super::textures::{self, Map};
use crate::shade::anisotropy::Anisotropy;
use crate::shade::clearcoat::Clearcoat;
use crate::shade::iridescence::Iridescence;
use crate::shade::sheen::Sheen;
use crate::shade::standard::Specular;
use crate::shade::{Layers, Surface};

/// The three lists of a view, in the order they are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    Opaque,
    Transmissive,
    Transparent,
}

/// How vertices are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    Triangles,
    /// Each triangle as three lines.
    Wireframe,
    LineStrip,
    Lines,
    Points,
}

/// Where values per vertex are in the varyings of a program, counted in floats.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Layout {
    /// View axes, 3 floats.
    pub(super) normal: Option<usize>,
    /// Where a basic material mirrors to, view axes, 3 floats.
    pub(super) mirrored: Option<usize>,
    /// Position in view axes, 3 floats.
    pub(super) position: Option<usize>,
    /// 2 floats a channel.
    pub(super) uvs: [Option<usize>; 4],
    /// 4 floats.
    pub(super) colour: Option<usize>,
    /// Tangent and bitangent in view axes, 6 floats.
    pub(super) tangent: Option<usize>,
    /// Position in the space of the geometry, 3 floats.
    pub(super) object: Option<usize>,
    /// 1 float.
    pub(super) distance: Option<usize>,
    /// All of them.
    pub(super) len: usize,
}

impl Layout {
    /// The most floats a vertex has.
    pub(super) const MAX: usize = 3 + 3 + 3 + 8 + 4 + 6 + 3 + 1;

    fn add(&mut self, floats: usize) -> Option<usize> {
        let at = self.len;
        self.len += floats;
        Some(at)
    }
}

/// How depth is used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Depth {
    /// `Always` if there is no test.
    pub(super) func: DepthFunc,
    pub(super) write: bool,
    pub(super) offset: Option<PolygonOffset>,
}

/// What makes the colour.
#[derive(Debug)]
pub(super) enum Shader {
    Lit(Box<Lit>),
    Basic(Box<Unlit>),
    /// Coordinates of maps come from the point, unless the geometry has its own.
    Points {
        uv_from_point: bool,
    },
    Dashed {
        scale: f32,
        dash: f32,
        gap: f32,
    },
}

/// A normal map or a height map.
#[derive(Debug)]
pub(super) enum Relief {
    None,
    Tangent { map: Map, scale: Vec2 },
    Object { map: Map },
    Bump { map: Map, scale: f32 },
}

/// Constants and maps of the standard and the physical material.
#[derive(Debug)]
pub(super) struct Lit {
    pub(super) roughness: f32,
    pub(super) metalness: f32,
    pub(super) emissive: Vec3,
    pub(super) roughness_map: Option<Map>,
    pub(super) metalness_map: Option<Map>,
    pub(super) emissive_map: Option<Map>,
    pub(super) light_map: Option<(Map, f32)>,
    pub(super) occlusion_map: Option<(Map, f32)>,
    pub(super) relief: Relief,
    pub(super) surround: Option<Surround>,
    pub(super) physical: Option<Box<Coated>>,
}

/// What a physical material has on top of a standard one.
#[derive(Debug)]
pub(super) struct Coated {
    pub(super) ior: f32,
    /// Without maps.
    pub(super) specular: Specular,
    pub(super) specular_intensity: f32,
    pub(super) specular_colour: Vec3,
    pub(super) specular_intensity_map: Option<Map>,
    pub(super) specular_colour_map: Option<Map>,
    pub(super) clearcoat: Option<Coat>,
    pub(super) sheen: Option<Cloth>,
    pub(super) iridescence: Option<Film>,
    pub(super) anisotropy: Option<Brush>,
    pub(super) transmission: Option<Glass>,
}

#[derive(Debug)]
pub(super) struct Coat {
    pub(super) strength: f32,
    pub(super) roughness: f32,
    pub(super) map: Option<Map>,
    pub(super) roughness_map: Option<Map>,
    pub(super) normal_map: Option<(Map, Vec2)>,
}

#[derive(Debug)]
pub(super) struct Cloth {
    pub(super) colour: Vec3,
    pub(super) roughness: f32,
    pub(super) colour_map: Option<Map>,
    pub(super) roughness_map: Option<Map>,
}

#[derive(Debug)]
pub(super) struct Film {
    pub(super) strength: f32,
    pub(super) ior: f32,
    pub(super) thickness_nm: [f32; 2],
    pub(super) map: Option<Map>,
    pub(super) thickness_map: Option<Map>,
}

#[derive(Debug)]
pub(super) struct Brush {
    /// Without a map.
    pub(super) vector: Vec2,
    pub(super) strength: f32,
    pub(super) rotation: f32,
    pub(super) map: Option<Map>,
}

#[derive(Debug)]
pub(super) struct Glass {
    pub(super) amount: f32,
    pub(super) thickness: f32,
    pub(super) dispersion: f32,
    pub(super) attenuation_colour: Vec3,
    pub(super) attenuation_distance: f32,
    pub(super) map: Option<Map>,
    pub(super) thickness_map: Option<Map>,
}

/// Maps of the basic material.
#[derive(Debug)]
pub(super) struct Unlit {
    pub(super) light_map: Option<(Map, f32)>,
    pub(super) occlusion_map: Option<(Map, f32)>,
    /// An environment, and what weakens it.
    pub(super) mirror: Option<(Mirror, Option<Map>)>,
}

/// A material as one part of one object is drawn with it.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) joined: Joined,
    pub(super) layout: Layout,
    pub(super) shader: Shader,
    pub(super) colour: Vec3,
    pub(super) opacity: f32,
    pub(super) map: Option<Map>,
    pub(super) alpha_map: Option<Map>,
    /// The geometry has tangents and they count.
    pub(super) tangents: bool,
    /// One normal per face.
    pub(super) flat: bool,
    pub(super) displacement: Option<(Map, f32, f32)>,
    pub(super) point_size: Option<(f32, bool)>,
    pub(super) side: Side,
    /// Back faces first, then front faces.
    pub(super) two_passes: bool,
    pub(super) alpha_test: f32,
    pub(super) alpha_hash: bool,
    pub(super) alpha_to_coverage: bool,
    /// Alpha is written as 1.
    pub(super) opaque: bool,
    pub(super) premultiplied: bool,
    pub(super) dithering: bool,
    pub(super) tone_mapped: bool,
    pub(super) colour_write: bool,
    pub(super) depth: Depth,
    /// `None` where blending is switched off.
    pub(super) blending: Option<Blending>,
    pub(super) list: List,
    pub(super) material_id: u32,
    /// What every fragment has in common, if only normals and depth differ from one to the next.
    pub(super) even: Option<(Surface, Layers)>,
}

/// A channel of a colour that has to be a number.
fn sane(colour: [f32; 3]) -> Vec3 {
    Vec3::from(colour)
}

impl Program {
    /// `None` if the program would read an attribute that cannot be drawn.
    pub(super) fn new(
        scene: &Scene,
        material: &Material,
        geometry: &Geometry,
        primitive: &Primitive,
    ) -> Option<Self> {
        let map = |texture: Option<TextureId>| textures::map(scene, texture);
        let joined = match primitive {
            Primitive::Mesh | Primitive::InstancedMesh(_) if material.wireframe => {
                Joined::Wireframe
            }
            Primitive::Mesh | Primitive::InstancedMesh(_) => Joined::Triangles,
            Primitive::Line => Joined::LineStrip,
            Primitive::LineSegments => Joined::Lines,
            Primitive::Points => Joined::Points,
        };
        let is_points = joined == Joined::Points;
        let standard = material.standard();
        let is_lit = standard.is_some();
        let dashed = matches!(material.kind, MaterialKind::LineDashed(_));
        let has_normal_map = standard.is_some_and(|s| s.normal_map.is_some());
        let flat = !material.wireframe
            && (material.flat_shading || is_lit && geometry.normal.is_none() && !has_normal_map);
        let anisotropic = material.physical().is_some_and(|p| p.anisotropy > 0.0);
        let tangents =
            is_lit && !flat && geometry.tangent.is_some() && (has_normal_map || anisotropic);
        let shader = match &material.kind {
            MaterialKind::Standard(s) => Shader::Lit(Box::new(Lit::new(scene, s))),
            MaterialKind::Physical(p) => {
                let mut lit = Lit::new(scene, &p.standard);
                lit.physical = Some(Box::new(Coated::new(scene, p)));
                Shader::Lit(Box::new(lit))
            }
            MaterialKind::Basic(b) => Shader::Basic(Box::new(Unlit {
                light_map: map(b.light_map).map(|m| (m, b.light_map_intensity)),
                occlusion_map: map(b.ao_map).map(|m| (m, b.ao_map_intensity)),
                mirror: Mirror::new(scene, b).map(|mirror| (mirror, map(b.specular_map))),
            })),
            MaterialKind::LineBasic => {
                let (light_map, occlusion_map, mirror) = (None, None, None);
                Shader::Basic(Box::new(Unlit { light_map, occlusion_map, mirror }))
            }
            MaterialKind::Points(_) => {
                let has_maps = material.map.is_some() || material.alpha_map.is_some();
                let has_uv = geometry.uvs[0].is_some();
                Shader::Points { uv_from_point: !(is_points && has_uv && has_maps) }
            }
            MaterialKind::LineDashed(d) => {
                Shader::Dashed { scale: d.scale, dash: d.dash_size, gap: d.gap_size }
            }
        };
        let transmissive = material.physical().is_some_and(|p| p.transmission > 0.0);
        let normal_blending = material.blending == Blending::Normal;
        let mut program = Self {
            joined,
            layout: Layout::default(),
            colour: sane(material.color),
            opacity: material.opacity,
            map: map(material.map),
            alpha_map: map(material.alpha_map).filter(|_| !dashed),
            tangents,
            flat,
            displacement: standard.and_then(|s| {
                Some((map(s.displacement_map)?, s.displacement_scale, s.displacement_bias))
            }),
            point_size: match &material.kind {
                MaterialKind::Points(p) => Some((p.size, p.size_attenuation)),
                _ => None,
            },
            side: material.side,
            two_passes: material.transparent
                && material.side == Side::Double
                && !material.force_single_pass,
            alpha_test: if dashed { 0.0 } else { material.alpha_test },
            alpha_hash: material.alpha_hash && !dashed,
            alpha_to_coverage: material.alpha_to_coverage,
            opaque: !material.transparent && normal_blending && !material.alpha_to_coverage,
            premultiplied: material.premultiplied_alpha,
            dithering: material.dithering && matches!(shader, Shader::Lit(_) | Shader::Basic(_)),
            tone_mapped: material.tone_mapped,
            colour_write: material.color_write,
            depth: Depth {
                func: if material.depth_test { material.depth_func } else { DepthFunc::Always },
                // Without the test the depth buffer is not written either.
                write: material.depth_test && material.depth_write,
                offset: material.polygon_offset,
            },
            blending: match material.blending {
                Blending::None => None,
                Blending::Normal if !material.transparent => None,
                blending => Some(blending),
            },
            list: if transmissive {
                List::Transmissive
            } else if material.transparent {
                List::Transparent
            } else {
                List::Opaque
            },
            material_id: material.material_id,
            even: None,
            shader,
        };
        program.set_layout(material, geometry)?;
        program.even = program.common();
        Some(program)
    }

    /// Every map read per fragment.
    fn maps(&self) -> Vec<&Map> {
        let mut maps: Vec<Option<&Map>> = vec![self.map.as_ref(), self.alpha_map.as_ref()];
        match &self.shader {
            Shader::Lit(lit) => {
                maps.extend(
                    [&lit.roughness_map, &lit.metalness_map, &lit.emissive_map].map(Option::as_ref),
                );
                maps.extend([&lit.light_map, &lit.occlusion_map].map(|m| m.as_ref().map(|m| &m.0)));
                maps.push(match &lit.relief {
                    Relief::None => None,
                    Relief::Tangent { map, .. }
                    | Relief::Object { map }
                    | Relief::Bump { map, .. } => Some(map),
                });
                if let Some(p) = &lit.physical {
                    maps.extend([
                        p.specular_intensity_map.as_ref(),
                        p.specular_colour_map.as_ref(),
                    ]);
                    if let Some(coat) = &p.clearcoat {
                        let normal = coat.normal_map.as_ref().map(|m| &m.0);
                        maps.extend([coat.map.as_ref(), coat.roughness_map.as_ref(), normal]);
                    }
                    if let Some(cloth) = &p.sheen {
                        maps.extend([cloth.colour_map.as_ref(), cloth.roughness_map.as_ref()]);
                    }
                    if let Some(film) = &p.iridescence {
                        maps.extend([film.map.as_ref(), film.thickness_map.as_ref()]);
                    }
                    maps.extend(p.anisotropy.iter().map(|brush| brush.map.as_ref()));
                    if let Some(glass) = &p.transmission {
                        maps.extend([glass.map.as_ref(), glass.thickness_map.as_ref()]);
                    }
                }
            }
            Shader::Basic(unlit) => {
                let pairs = [&unlit.light_map, &unlit.occlusion_map];
                maps.extend(pairs.map(|m| m.as_ref().map(|m| &m.0)));
                maps.extend(unlit.mirror.iter().map(|mirror| mirror.1.as_ref()));
            }
            Shader::Points { .. } | Shader::Dashed { .. } => {}
        }
        maps.into_iter().flatten().collect()
    }

    /// Which values per vertex the fragments read. `None` if one of them cannot be drawn.
    fn set_layout(&mut self, material: &Material, geometry: &Geometry) -> Option<()> {
        let mut layout = Layout::default();
        let mut channels = [false; 4];
        match &self.shader {
            Shader::Points { uv_from_point } => channels[0] = !uv_from_point,
            _ => {
                for map in self.maps() {
                    channels[map.channel] = true;
                }
            }
        }
        let mut frame = false;
        if let Shader::Lit(lit) = &self.shader {
            if !self.flat {
                layout.normal = layout.add(3);
            }
            let p = lit.physical.as_deref();
            let brushed = p.is_some_and(|p| p.anisotropy.is_some());
            let coat_map = p.and_then(|p| p.clearcoat.as_ref()?.normal_map.as_ref());
            let mapped = matches!(lit.relief, Relief::Tangent { .. });
            frame = (mapped || brushed || coat_map.is_some()) && !self.tangents;
            let bumped = matches!(lit.relief, Relief::Bump { .. });
            if self.flat || bumped || frame {
                layout.position = layout.add(3);
            }
            if frame && brushed && !mapped && coat_map.is_none() {
                channels[0] = true;
            }
            if self.tangents {
                layout.tangent = layout.add(6);
            }
        }
        if matches!(&self.shader, Shader::Basic(unlit) if unlit.mirror.is_some()) {
            layout.mirrored = layout.add(3);
        }
        for (channel, _) in channels.iter().enumerate().filter(|(_, is_read)| **is_read) {
            layout.uvs[channel] = layout.add(2);
        }
        if material.vertex_colors {
            layout.colour = layout.add(4);
        }
        if self.alpha_hash {
            layout.object = layout.add(3);
        }
        if matches!(self.shader, Shader::Dashed { .. }) {
            layout.distance = layout.add(1);
        }
        let displaced = self.displacement.as_ref();
        let reads = [
            (true, &geometry.position),
            (layout.normal.is_some() || displaced.is_some(), &geometry.normal),
            (layout.colour.is_some(), &geometry.color),
            (layout.tangent.is_some(), &geometry.tangent),
            (layout.distance.is_some(), &geometry.line_distance),
        ];
        let uvs = (0..4).map(|channel| {
            let displaces = displaced.is_some_and(|(map, ..)| map.channel == channel);
            (layout.uvs[channel].is_some() || displaces, &geometry.uvs[channel])
        });
        let undrawable = reads.into_iter().chain(uvs).any(|(is_read, attribute)| {
            is_read && attribute.as_ref().is_some_and(|attribute| attribute.undrawable)
        });
        let _ = frame;
        self.layout = layout;
        (!undrawable).then_some(())
    }

    /// Whether there may be more to it than a standard material.
    pub(super) fn is_physical(&self) -> bool {
        matches!(&self.shader, Shader::Lit(lit) if lit.physical.is_some() || lit.surround.is_some())
    }

    /// What all fragments have in common, if there is no map, no colour of vertices, no brushing and no glass. Normals
    /// and albedo are put in later.
    fn common(&self) -> Option<(Surface, Layers)> {
        let Shader::Lit(lit) = &self.shader else { return None };
        let physical = lit.physical.as_deref();
        let special = physical.is_some_and(|p| p.anisotropy.is_some() || p.transmission.is_some());
        let varies = special || self.layout.colour.is_some() || lit.surround.is_some();
        if varies || !self.maps().is_empty() {
            return None;
        }
        let normal = Vec3::Z;
        let mut surface = Surface::new(self.colour, lit.roughness, lit.metalness, normal, Vec3::Z);
        surface.emissive = lit.emissive;
        let mut layers = Layers::default();
        if let Some(p) = physical {
            surface.specular = p.specular;
            layers.clearcoat = p.clearcoat.as_ref().map(|coat| Clearcoat {
                strength: coat.strength,
                roughness: coat.roughness,
                normal,
            });
            layers.sheen = p
                .sheen
                .as_ref()
                .map(|cloth| Sheen { colour: cloth.colour, roughness: cloth.roughness });
            layers.iridescence = p.iridescence.as_ref().map(|film| Iridescence {
                strength: film.strength,
                ior: film.ior,
                thickness_nm: film.thickness_nm[1],
            });
        }
        Some((surface, layers))
    }

    /// Whether what is drawn depends on what lies below, or a fragment may be dropped by its shader.
    pub(super) fn kind(&self, blends: bool) -> Kind {
        let drops = self.alpha_test > 0.0
            || self.alpha_hash
            || self.alpha_to_coverage
            || matches!(self.shader, Shader::Dashed { .. });
        match (drops, blends) {
            (true, _) => Kind::Dropping,
            (false, true) => Kind::Blended,
            (false, false) => Kind::Plain,
        }
    }
}

/// What a fragment may do besides overwriting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Overwrites: shading can wait until it is known what stays visible.
    Plain,
    /// May be dropped by its own alpha, blended or not.
    Dropping,
    /// Needs the colour below, and is never dropped.
    Blended,
}

impl Lit {
    fn new(scene: &Scene, s: &Standard) -> Self {
        let map = |texture| textures::map(scene, texture);
        let relief = match (map(s.normal_map), map(s.bump_map)) {
            (Some(map), _) => match s.normal_map_type {
                NormalMapType::TangentSpace => {
                    Relief::Tangent { map, scale: Vec2::from(s.normal_scale) }
                }
                NormalMapType::ObjectSpace => Relief::Object { map },
            },
            (None, Some(map)) => Relief::Bump { map, scale: s.bump_scale },
            (None, None) => Relief::None,
        };
        Self {
            roughness: s.roughness,
            metalness: s.metalness,
            emissive: sane(s.emissive) * s.emissive_intensity,
            roughness_map: map(s.roughness_map),
            metalness_map: map(s.metalness_map),
            emissive_map: map(s.emissive_map),
            light_map: map(s.light_map).map(|m| (m, s.light_map_intensity)),
            occlusion_map: map(s.ao_map).map(|m| (m, s.ao_map_intensity)),
            relief,
            surround: Surround::new(scene, s),
            physical: None,
        }
    }
}

impl Coated {
    fn new(scene: &Scene, p: &Physical) -> Self {
        let map = |texture| textures::map(scene, texture);
        Self {
            ior: p.ior,
            specular: Specular::physical(p.ior, sane(p.specular_color), p.specular_intensity),
            specular_intensity: p.specular_intensity,
            specular_colour: sane(p.specular_color),
            specular_intensity_map: map(p.specular_intensity_map),
            specular_colour_map: map(p.specular_color_map),
            clearcoat: (p.clearcoat > 0.0).then(|| Coat {
                strength: p.clearcoat,
                roughness: p.clearcoat_roughness,
                map: map(p.clearcoat_map),
                roughness_map: map(p.clearcoat_roughness_map),
                normal_map: map(p.clearcoat_normal_map)
                    .map(|m| (m, Vec2::from(p.clearcoat_normal_scale))),
            }),
            sheen: (p.sheen > 0.0).then(|| Cloth {
                colour: sane(p.sheen_color) * p.sheen,
                roughness: p.sheen_roughness.max(0.0001).min(1.0),
                colour_map: map(p.sheen_color_map),
                roughness_map: map(p.sheen_roughness_map),
            }),
            iridescence: (p.iridescence > 0.0).then(|| Film {
                strength: p.iridescence,
                ior: p.iridescence_ior,
                thickness_nm: p.iridescence_thickness_nm,
                map: map(p.iridescence_map),
                thickness_map: map(p.iridescence_thickness_map),
            }),
            anisotropy: (p.anisotropy > 0.0).then(|| Brush {
                vector: Anisotropy::vector(p.anisotropy, p.anisotropy_rotation, None),
                strength: p.anisotropy,
                rotation: p.anisotropy_rotation,
                map: map(p.anisotropy_map),
            }),
            transmission: (p.transmission > 0.0).then(|| Glass {
                amount: p.transmission,
                thickness: p.thickness,
                dispersion: p.dispersion,
                attenuation_colour: sane(p.attenuation_color),
                attenuation_distance: p.attenuation_distance,
                map: map(p.transmission_map),
                thickness_map: map(p.thickness_map),
            }),
        }
    }
}
