//! Materials: colour, alpha and metallic-roughness; layers are in `layers`. Numbers are brought into the ranges that
//! glTF allows.

use serde_json::{Map, Value, json};

use super::build::{Builder, finite};
use super::layers;
use super::losses::Owner;
use super::mesh::Tangents;
use super::texture::{self, Source};
use crate::scene::{
    Blending, DepthFunc, Material, MaterialId, MaterialKind, NormalMapType, Physical, Scene, Side,
    Standard, Texture, TextureId,
};

/// What a material of the file is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Look {
    pub(super) material: MaterialId,
    pub(super) tangents: Tangents,
    /// Bits of a colour that multiplies it.
    pub(super) tint: Option<[u32; 3]>,
    /// The geometry has texture coordinates 0.
    pub(super) has_uv: bool,
}

/// A material of the file.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) index: usize,
    /// Sets of texture coordinates up to the highest one it reads.
    pub(super) sets: usize,
}

/// A material while it is written.
pub(super) struct Draft<'b, 'a> {
    pub(super) builder: &'b mut Builder<'a>,
    pub(super) look: Look,
    pub(super) extensions: Map<String, Value>,
    sets: usize,
}

/// The texture whose coordinates say which way a surface runs, if that counts: for a normal map in tangent space, a
/// normal map of the coat, or stretched highlights, which take the first coordinates (`Some(None)`).
pub(super) fn frame(material: &Material) -> Option<Option<TextureId>> {
    let normals = material.standard().and_then(tangent_normal_map);
    let coat = material.physical().filter(|physical| physical.clearcoat > 0.0);
    let coat = coat.and_then(|physical| physical.clearcoat_normal_map);
    let is_stretched = |physical: &Physical| physical.anisotropy > 0.0;
    let stretched = material.physical().is_some_and(is_stretched).then_some(None);
    normals.or(coat).map(Some).or(stretched)
}

/// Whether tangents of the geometry count. Those are not read for a normal map of the coat alone.
pub(super) fn reads_tangents(material: &Material) -> bool {
    material.standard().and_then(tangent_normal_map).is_some()
        || material.physical().is_some_and(|physical| physical.anisotropy > 0.0)
}

/// Texture channels that drawing the material reads.
pub(super) fn channels(scene: &Scene, material: &Material) -> impl Iterator<Item = usize> {
    let textures = material.textures().into_iter().filter_map(|(_, id)| scene.texture(id));
    textures.map(|texture| usize::from(texture.channel.min(3)))
}

fn tangent_normal_map(standard: &Standard) -> Option<TextureId> {
    standard.normal_map.filter(|_| standard.normal_map_type == NormalMapType::TangentSpace)
}

/// Adds a material, or finds it.
pub(super) fn add(builder: &mut Builder<'_>, look: Look) -> Made {
    if let Some(made) = builder.caches.materials.get(&look) {
        return made.clone();
    }
    let mut draft = Draft { builder, look, extensions: Map::new(), sets: 0 };
    let material = draft.builder.scene.material(look.material);
    let value = material.map_or_else(|| json!({}), |material| draft.value(material));
    let sets = draft.sets;
    builder.materials.push(value);
    let made = Made { index: builder.materials.len() - 1, sets };
    builder.caches.materials.insert(look, made.clone());
    made
}

impl Draft<'_, '_> {
    pub(super) fn lose(&mut self, what: &'static str) {
        self.builder.losses.add(what, Owner::Material(self.look.material));
    }

    /// Loses `what` if `is_lost`.
    pub(super) fn lose_if(&mut self, is_lost: bool, what: &'static str) {
        if is_lost {
            self.lose(what);
        }
    }

    /// 0 to 1; NaN is 0.
    pub(super) fn unit(&mut self, value: f32) -> f32 {
        self.lose_if(value.is_nan() || !(0.0..=1.0).contains(&value), "numbers out of 0 to 1");
        if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
    }

    pub(super) fn put_extension(&mut self, name: &'static str, value: Value) {
        self.extensions.insert(name.to_owned(), value);
        self.builder.use_extension(name);
    }

    pub(super) fn put_texture(&mut self, value: &mut Value, name: &str, source: Option<Source>) {
        if let Some(info) = source.and_then(|source| texture::add(self.builder, source)) {
            let set = info["texCoord"].as_u64().unwrap_or(0) as usize;
            self.sets = self.sets.max(set + 1);
            value[name] = info;
        }
    }

    fn value(&mut self, material: &Material) -> Value {
        let mut value = json!({});
        if !material.name.is_empty() {
            value["name"] = json!(material.name);
        }
        let tint = self.look.tint.map_or([1.0; 3], |bits| bits.map(f32::from_bits));
        let [r, g, b] = material.color;
        let color = [r * tint[0], g * tint[1], b * tint[2], material.opacity];
        let mut pbr = json!({ "baseColorFactor": color.map(|channel| self.unit(channel)) });
        let base = self.base(material);
        self.put_texture(&mut pbr, "baseColorTexture", base);
        self.put_alpha(&mut value, material);
        self.tell_losses(material);
        if let Some(standard) = material.standard() {
            pbr["metallicFactor"] = json!(self.unit(standard.metalness));
            pbr["roughnessFactor"] = json!(self.unit(standard.roughness));
            let (rough, metal) = (standard.roughness_map, standard.metalness_map);
            self.lose_if(
                self.differ(rough, metal),
                "one of two uv transforms of roughness and metalness",
            );
            let source =
                (rough.is_some() || metal.is_some()).then_some(Source::RoughMetal(rough, metal));
            self.put_texture(&mut pbr, "metallicRoughnessTexture", source);
            self.put_standard(&mut value, standard);
        } else {
            // For readers that do not know the extension: mostly metal and rough is about as bright as its colour,
            // also in strong light (1.8 times as bright without metal in that of competition 1).
            pbr["metallicFactor"] = json!(0.7);
            pbr["roughnessFactor"] = json!(1.0);
            self.put_extension("KHR_materials_unlit", json!({}));
        }
        if let MaterialKind::Physical(physical) = &material.kind {
            layers::put(self, physical);
        }
        // A volume has to be closed, and is seen from one side.
        let has_volume = self.extensions.contains_key("KHR_materials_volume");
        self.lose_if(has_volume && material.side == Side::Double, "inner sides of a volume");
        if material.side == Side::Double && !has_volume {
            value["doubleSided"] = json!(true);
        }
        if !material.tone_mapped {
            // glTF has no word for it. Three.js keeps this where its users look for such things.
            value["extras"] = json!({ "toneMapped": false });
        }
        value["pbrMetallicRoughness"] = pbr;
        if !self.extensions.is_empty() {
            value["extensions"] = Value::Object(std::mem::take(&mut self.extensions));
        }
        value
    }

    /// The picture of colour and opacity.
    fn base(&mut self, material: &Material) -> Option<Source> {
        let is_line =
            matches!(material.kind, MaterialKind::LineBasic | MaterialKind::LineDashed(_));
        // A picture lies on each point, except where the point has coordinates of its own.
        if matches!(material.kind, MaterialKind::Points(_)) && !self.look.has_uv {
            let has_picture = material.map.is_some() || material.alpha_map.is_some();
            self.lose_if(has_picture, "pictures on points");
            return None;
        }
        let map = material.map.filter(|_| !is_line || self.look.has_uv);
        match (map, material.alpha_map.filter(|_| !is_line)) {
            (map, Some(alpha)) => {
                self.lose_if(self.differ(map, Some(alpha)), "uv transform of the alpha map");
                Some(Source::ColorAlpha(map, alpha))
            }
            (Some(map), None) => Some(Source::Color(map)),
            (None, None) => None,
        }
    }

    /// Whether two pictures that become one lie differently on the surface.
    fn differ(&self, one: Option<TextureId>, two: Option<TextureId>) -> bool {
        let (Some(one), Some(two)) = (one, two) else { return false };
        let key = |id| {
            self.builder
                .scene
                .texture(id)
                .map(|t: &Texture| (t.channel, t.uv_matrix.map(f64::to_bits), t.wrap_s, t.wrap_t))
        };
        key(one) != key(two)
    }

    fn put_alpha(&mut self, value: &mut Value, material: &Material) {
        let is_over = !matches!(material.blending, Blending::None | Blending::Normal);
        if material.transparent || is_over || material.alpha_hash {
            value["alphaMode"] = json!("BLEND");
            self.lose_if(material.alpha_test > 0.0, "alpha test of a transparent material");
        } else if material.alpha_test > 0.0 {
            value["alphaMode"] = json!("MASK");
            value["alphaCutoff"] = json!(finite(material.alpha_test));
        }
        self.lose_if(is_over, "blending other than over");
        let is_none = material.transparent && matches!(material.blending, Blending::None);
        self.lose_if(is_none, "blending that overwrites");
        self.lose_if(material.alpha_hash, "alpha by chance");
        self.lose_if(material.alpha_to_coverage, "alpha to coverage");
        self.lose_if(
            material.premultiplied_alpha && value.get("alphaMode") == Some(&json!("BLEND")),
            "premultiplied alpha",
        );
    }

    fn tell_losses(&mut self, material: &Material) {
        let is_depth_plain = material.depth_test
            && (material.depth_write || material.transparent)
            && material.depth_func == DepthFunc::LessEqual
            && material.polygon_offset.is_none();
        self.lose_if(!is_depth_plain, "depth settings");
        match &material.kind {
            MaterialKind::Points(points) => {
                self.lose_if(points.size != 1.0 || points.size_attenuation, "size of points");
            }
            MaterialKind::LineDashed(_) => self.lose("dashes"),
            MaterialKind::Basic(basic) => {
                self.lose_if(basic.light_map.is_some(), "light map");
                self.lose_if(basic.ao_map.is_some(), "occlusion map of an unlit material");
                self.lose_if(basic.env_map.is_some(), "environment map");
            }
            MaterialKind::Standard(_) | MaterialKind::Physical(_) | MaterialKind::LineBasic => {}
        }
        if let Some(standard) = material.standard() {
            self.lose_if(standard.light_map.is_some(), "light map");
            self.lose_if(standard.env_map.is_some(), "environment map");
            self.lose_if(standard.bump_map.is_some(), "bump map");
            self.lose_if(standard.displacement_map.is_some(), "displacement map");
            let is_object = standard.normal_map_type == NormalMapType::ObjectSpace;
            self.lose_if(standard.normal_map.is_some() && is_object, "normal map in object space");
        }
    }

    fn put_standard(&mut self, value: &mut Value, standard: &Standard) {
        let normals = tangent_normal_map(standard);
        self.put_normals(value, "normalTexture", normals, standard.normal_scale);
        if let Some(ao) = standard.ao_map {
            self.put_texture(value, "occlusionTexture", Some(Source::Data(ao)));
            value["occlusionTexture"]["strength"] = json!(self.unit(standard.ao_map_intensity));
        }
        let is_split = standard.emissive.iter().all(|channel| (0.0..=1.0).contains(channel))
            && standard.emissive.contains(&1.0)
            && standard.emissive_intensity > 1.0
            && standard.emissive_intensity.is_finite();
        if is_split {
            value["emissiveFactor"] = json!(standard.emissive);
            self.put_emissive(value, standard, standard.emissive_intensity);
            return;
        }
        let emissive =
            standard.emissive.map(|channel| finite(channel * standard.emissive_intensity).max(0.0));
        let strength = emissive.iter().fold(1.0_f32, |most, channel| most.max(*channel));
        if emissive == [0.0; 3] {
            return;
        }
        value["emissiveFactor"] = json!(emissive.map(|channel| self.unit(channel / strength)));
        self.put_emissive(value, standard, strength);
    }

    fn put_emissive(&mut self, value: &mut Value, standard: &Standard, strength: f32) {
        self.put_texture(value, "emissiveTexture", standard.emissive_map.map(Source::Color));
        if strength > 1.0 {
            let extension = json!({ "emissiveStrength": strength });
            self.put_extension("KHR_materials_emissive_strength", extension);
        }
    }

    /// glTF has one scale for x and y, and made tangents turn y round: the rest goes into the picture.
    pub(super) fn put_normals(
        &mut self,
        value: &mut Value,
        name: &str,
        map: Option<TextureId>,
        scale: [f32; 2],
    ) {
        let [x, y] = scale.map(finite);
        let largest = x.abs().max(y.abs());
        let Some(map) = map.filter(|_| largest > 0.0) else { return };
        if self.look.tangents == Tangents::None {
            self.lose("normal map on a surface without texture coordinates");
            return;
        }
        let factors = [x / largest, y / largest * self.look.tangents.y_sign()];
        self.put_texture(value, name, Some(Source::Normal(map, factors.map(f32::to_bits))));
        if largest != 1.0 {
            value[name]["scale"] = json!(largest);
        }
    }
}
