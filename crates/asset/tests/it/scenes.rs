//! Scenes for tests: one with a little of everything, and any number of random ones.

use asset::scene::{
    Attribute, Basic, BlendFactors, Blending, ColorSpace, Combine, Dashes, DepthFunc, Drawable,
    Format, Geometry, GeometryId, Group, Instances, Level, MagFilter, Mapping, Material,
    MaterialId, MaterialKind, Materials, MinFilter, Node, NodeId, NormalMapType, Physical,
    PointSize, PolygonOffset, Primitive, Scene, Side, Span, Sphere, Standard, Texels, Texture,
    TextureId, Wrap,
};
use glam::DMat4;

/// Splitmix64.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.bits() % end.max(1) as u64) as usize
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    /// Any bits in one of eight, NaN included.
    fn number(&mut self) -> f32 {
        let bits = self.bits();
        if bits.is_multiple_of(8) {
            f32::from_bits((bits >> 32) as u32)
        } else {
            (bits >> 40) as f32 / 16_777_216.0
        }
    }

    fn numbers<const N: usize>(&mut self) -> [f32; N] {
        std::array::from_fn(|_| self.number())
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| make(self))
    }

    fn texture(&mut self, count: usize) -> Option<TextureId> {
        let id = TextureId(self.below(count) as u32);
        (count > 0 && self.flag()).then_some(id)
    }
}

/// A scene that passes its check, of up to `size` items of each kind.
pub(crate) fn random(seed: u64, size: usize) -> Scene {
    let dice = &mut Dice::new(seed);
    let counts: [usize; 4] = std::array::from_fn(|_| dice.below(size + 1));
    let textures: Vec<_> = (0..counts[0]).map(|_| texture(dice)).collect();
    let materials: Vec<_> = (0..counts[1]).map(|_| material(dice, textures.len())).collect();
    let geometries: Vec<_> = (0..counts[2]).map(|_| geometry(dice)).collect();
    let can_draw = !materials.is_empty() && !geometries.is_empty();
    let nodes = (0..=counts[3]).map(|idx| Node {
        parent: idx.checked_sub(1).map(|last| NodeId(dice.below(last + 1) as u32)),
        object_id: dice.bits() as u32,
        name: ["", "wheel", "Käfer \"2\""][dice.below(3)].to_owned(),
        matrix: dice.numbers().map(f64::from),
        world: dice.numbers().map(f64::from),
        visible: dice.flag(),
        layers: dice.bits() as u32,
        render_order: dice.number().into(),
        is_group: dice.flag(),
        frustum_culled: dice.flag(),
        drawable: (can_draw && dice.flag())
            .then(|| drawable(dice, geometries.len(), materials.len())),
    });
    Scene { nodes: nodes.collect(), geometries, materials, textures }
}

/// The same, most of which is seen: large geometries, affine matrices, world matrices that agree.
pub(crate) fn plausible(seed: u64, size: usize) -> Scene {
    let mut scene = random(seed, size.max(4));
    let dice = &mut Dice::new(!seed);
    scene.geometries.iter_mut().for_each(|geometry| *geometry = large_geometry(dice));
    for material in &mut scene.materials {
        material.visible = dice.below(8) > 0;
        material.wireframe = dice.below(8) == 0;
    }
    let flatten = |matrix: &mut [f64; 16]| {
        (matrix[3], matrix[7], matrix[11], matrix[15]) = (0.0, 0.0, 0.0, 1.0);
    };
    let mut worlds: Vec<DMat4> = Vec::new();
    for node in &mut scene.nodes {
        (node.visible, node.layers) = (dice.below(8) > 0, 1);
        if dice.below(8) > 0 {
            flatten(&mut node.matrix);
            for value in node.matrix.iter_mut().filter(|value| value.is_nan() || value.abs() > 9.0)
            {
                *value = 0.5;
            }
        }
        let parent = node.parent.map_or(DMat4::IDENTITY, |parent| worlds[parent.idx()]);
        worlds.push(parent * DMat4::from_cols_array(&node.matrix));
        if dice.below(8) > 0 {
            node.world = worlds[worlds.len() - 1].to_cols_array();
        }
        let Some(drawable) = &mut node.drawable else { continue };
        if dice.below(3) > 0 {
            drawable.materials =
                Materials::Single(MaterialId(dice.below(scene.materials.len()) as u32));
        }
        if dice.flag() {
            drawable.primitive = Primitive::Mesh;
        }
        if let Primitive::InstancedMesh(instances) = &mut drawable.primitive {
            for matrix in &mut instances.matrices {
                let mut wide = matrix.map(f64::from);
                flatten(&mut wide);
                *matrix = wide.map(|value| value as f32);
            }
            if dice.below(4) == 0 {
                let count = 1100 * instances.matrices.len();
                instances.matrices =
                    instances.matrices.iter().copied().cycle().take(count).collect();
                instances.colors = None;
            }
        }
    }
    scene
}

fn large_geometry(dice: &mut Dice) -> Geometry {
    let vertex_count = 3 + dice.below(40);
    let attribute = |dice: &mut Dice, size: u8, none_in: usize| {
        let values = (0..vertex_count * usize::from(size)).map(|_| dice.number() - 0.5).collect();
        (dice.below(none_in) > 0).then(|| Attribute::new(size, values))
    };
    let mut geometry = Geometry {
        position: attribute(dice, 3, 16),
        normal: attribute(dice, 3, 4),
        uvs: std::array::from_fn(|_| attribute(dice, 2, 4)),
        color: attribute(dice, 3, 4),
        tangent: attribute(dice, 4, 2),
        index: dice.maybe(|dice| (0..60).map(|_| dice.below(vertex_count) as u32).collect()),
        groups: (0..dice.below(5))
            .map(|_| Group { span: span(dice), material_idx: dice.below(4) as u32 })
            .collect(),
        draw_range: if dice.flag() { Span::ALL } else { span(dice) },
        ..Geometry::default()
    };
    geometry.fit();
    geometry
}

fn drawable(dice: &mut Dice, geometry_count: usize, material_count: usize) -> Drawable {
    let id = |dice: &mut Dice| MaterialId(dice.below(material_count) as u32);
    let materials = if dice.flag() {
        Materials::Single(id(dice))
    } else {
        Materials::Array((0..dice.below(4)).map(|_| dice.maybe(id)).collect())
    };
    let primitive = match dice.below(5) {
        0 => Primitive::Mesh,
        1 => Primitive::Line,
        2 => Primitive::LineSegments,
        3 => Primitive::Points,
        _ => {
            let matrices: Vec<_> = (0..dice.below(4)).map(|_| dice.numbers()).collect();
            let colors = dice.maybe(|dice| matrices.iter().map(|_| dice.numbers()).collect());
            Primitive::InstancedMesh(Instances {
                matrices,
                colors,
                bounding_sphere: dice.maybe(sphere),
            })
        }
    };
    Drawable { primitive, geometry: GeometryId(dice.below(geometry_count) as u32), materials }
}

fn sphere(dice: &mut Dice) -> Sphere {
    Sphere { center: dice.numbers().map(f64::from), radius: dice.number().into() }
}

fn span(dice: &mut Dice) -> Span {
    Span { start: dice.below(6) as u32, count: dice.maybe(|dice| dice.below(9) as u32) }
}

fn geometry(dice: &mut Dice) -> Geometry {
    let vertex_count = dice.below(6);
    let attribute = |dice: &mut Dice, size: u8| {
        let values = (0..vertex_count * usize::from(size)).map(|_| dice.number()).collect();
        dice.maybe(|dice| Attribute { item_size: size, values, undrawable: dice.below(8) == 0 })
    };
    let mut geometry = Geometry {
        name: String::new(),
        position: attribute(dice, 3),
        normal: attribute(dice, 3),
        uvs: std::array::from_fn(|_| attribute(dice, 2)),
        color: attribute(dice, 4),
        tangent: attribute(dice, 4),
        line_distance: attribute(dice, 1),
        index: dice.maybe(|dice| (0..dice.below(9)).map(|_| dice.below(8) as u32).collect()),
        groups: (0..dice.below(3))
            .map(|_| Group { span: span(dice), material_idx: dice.below(4) as u32 })
            .collect(),
        draw_range: span(dice),
        bounding_sphere: dice.maybe(sphere),
    };
    geometry.fit();
    geometry
}

fn material(dice: &mut Dice, textures: usize) -> Material {
    let kind = match dice.below(6) {
        0 => MaterialKind::Standard(Box::new(standard(dice, textures))),
        1 => MaterialKind::Physical(Box::new(physical(dice, textures))),
        2 => MaterialKind::Basic(Box::new(Basic {
            light_map: dice.texture(textures),
            specular_map: dice.texture(textures),
            env_map: dice.texture(textures),
            combine: dice.pick(Combine::ALL),
            reflectivity: dice.number(),
            ..Basic::default()
        })),
        3 => MaterialKind::Points(PointSize { size: dice.number(), size_attenuation: dice.flag() }),
        4 => MaterialKind::LineBasic,
        _ => MaterialKind::LineDashed(Dashes { scale: dice.number(), ..Dashes::default() }),
    };
    let custom = BlendFactors {
        equation: dice.bits() as u32,
        constant: dice.numbers(),
        ..BlendFactors::default()
    };
    Material {
        material_id: dice.bits() as u32,
        name: ["", "paint"][dice.below(2)].to_owned(),
        color: dice.numbers(),
        map: dice.texture(textures),
        alpha_map: dice.texture(textures),
        opacity: dice.number(),
        transparent: dice.flag(),
        side: dice.pick(Side::ALL),
        vertex_colors: dice.flag(),
        blending: dice.pick(&[
            Blending::None,
            Blending::Normal,
            Blending::Additive,
            Blending::Subtractive,
            Blending::Multiply,
            Blending::Custom(custom),
        ]),
        alpha_test: dice.number(),
        depth_func: dice.pick(DepthFunc::ALL),
        polygon_offset: dice
            .maybe(|dice| PolygonOffset { factor: dice.number(), units: dice.number() }),
        wireframe: dice.flag(),
        flat_shading: dice.flag(),
        ..Material::new(kind)
    }
}

fn standard(dice: &mut Dice, textures: usize) -> Standard {
    Standard {
        roughness: dice.number(),
        roughness_map: dice.texture(textures),
        metalness: dice.number(),
        metalness_map: dice.texture(textures),
        ao_map: dice.texture(textures),
        ao_map_intensity: dice.number(),
        emissive: dice.numbers(),
        emissive_intensity: dice.number(),
        emissive_map: dice.texture(textures),
        normal_map: dice.texture(textures),
        normal_map_type: dice.pick(NormalMapType::ALL),
        normal_scale: dice.numbers(),
        env_map: dice.texture(textures),
        ..Standard::default()
    }
}

fn physical(dice: &mut Dice, textures: usize) -> Physical {
    Physical {
        standard: standard(dice, textures),
        ior: dice.number(),
        specular_intensity: dice.number(),
        specular_intensity_map: dice.texture(textures),
        specular_color: dice.numbers(),
        specular_color_map: dice.texture(textures),
        clearcoat: dice.number(),
        clearcoat_map: dice.texture(textures),
        clearcoat_roughness: dice.number(),
        clearcoat_roughness_map: dice.texture(textures),
        clearcoat_normal_map: dice.texture(textures),
        clearcoat_normal_scale: dice.numbers(),
        sheen: dice.number(),
        sheen_color: dice.numbers(),
        sheen_color_map: dice.texture(textures),
        sheen_roughness: dice.number(),
        sheen_roughness_map: dice.texture(textures),
        iridescence: dice.number(),
        iridescence_map: dice.texture(textures),
        iridescence_ior: dice.number(),
        iridescence_thickness_nm: dice.numbers(),
        iridescence_thickness_map: dice.texture(textures),
        anisotropy: dice.number(),
        anisotropy_rotation: dice.number(),
        anisotropy_map: dice.texture(textures),
        transmission: dice.number(),
        transmission_map: dice.texture(textures),
        thickness: dice.number(),
        thickness_map: dice.texture(textures),
        attenuation_distance: dice.number(),
        attenuation_color: dice.numbers(),
        dispersion: dice.number(),
    }
}

fn texture(dice: &mut Dice) -> Texture {
    let format = dice.pick(&[Format::Red, Format::Rg, Format::Rgba]);
    let kind = dice.below(3);
    let level = |dice: &mut Dice| {
        let (width, height) = (1 + dice.below(4) as u32, 1 + dice.below(4) as u32);
        let count = width as usize * height as usize * format.channels();
        let texels = match kind {
            0 => Texels::U8((0..count).map(|_| dice.bits() as u8).collect()),
            1 => Texels::F16((0..count).map(|_| dice.bits() as u16).collect()),
            _ => Texels::F32((0..count).map(|_| dice.number()).collect()),
        };
        Level { width, height, texels }
    };
    Texture {
        name: String::new(),
        levels: (0..dice.below(3)).map(|_| level(dice)).collect(),
        format,
        color_space: dice.pick(&[ColorSpace::Linear, ColorSpace::Srgb]),
        wrap_s: dice.pick(Wrap::ALL),
        wrap_t: dice.pick(Wrap::ALL),
        mag_filter: dice.pick(MagFilter::ALL),
        min_filter: dice.pick(MinFilter::ALL),
        anisotropy: dice.number(),
        flip_y: dice.flag(),
        generate_mipmaps: dice.flag(),
        uv_matrix: std::array::from_fn(|_| dice.number().into()),
        channel: dice.below(4) as u8,
        mapping: dice.pick(&[
            Mapping::Uv,
            Mapping::EquirectangularReflection,
            Mapping::EquirectangularRefraction,
        ]),
    }
}
