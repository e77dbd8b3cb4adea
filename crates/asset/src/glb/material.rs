//! Materials: metallic-roughness with the layers that glTF has extensions for. Numbers are brought into the ranges
//! that glTF allows.

use serde_json::{Map, Value, json};

use super::build::{Builder, finite};
use super::texture::{self, Source};
use crate::scene::{
    Blending, Material, MaterialId, MaterialKind, NormalMapType, Physical, Scene, Side, Standard,
    TextureId,
};

/// Whether directions along the surface count: a normal map in tangent space, or stretched highlights.
pub(super) fn has_frame(material: &Material) -> bool {
    let has_normals = |standard: &Standard| tangent_normal_map(standard).is_some();
    let is_stretched = |physical: &Physical| physical.anisotropy > 0.0;
    material.standard().is_some_and(has_normals) || material.physical().is_some_and(is_stretched)
}

/// Texture channels that the material reads, in order.
pub(super) fn channels(scene: &Scene, material: &Material) -> Vec<usize> {
    let textures = material.textures().into_iter().filter_map(|(_, id)| scene.texture(id));
    let mut channels: Vec<_> =
        textures.map(|texture| usize::from(texture.channel.min(3))).collect();
    channels.sort_unstable();
    channels.dedup();
    channels
}

fn tangent_normal_map(standard: &Standard) -> Option<TextureId> {
    standard.normal_map.filter(|_| standard.normal_map_type == NormalMapType::TangentSpace)
}

/// The index of the material.
pub(super) fn add(builder: &mut Builder<'_>, id: MaterialId, has_tangents: bool) -> usize {
    if let Some(material) = builder.caches.materials.get(&(id, has_tangents)) {
        return *material;
    }
    let value = builder
        .scene
        .material(id)
        .map_or_else(|| json!({}), |found| value(builder, found, has_tangents));
    builder.materials.push(value);
    builder.caches.materials.insert((id, has_tangents), builder.materials.len() - 1);
    builder.materials.len() - 1
}

fn value(builder: &mut Builder<'_>, material: &Material, has_tangents: bool) -> Value {
    let mut value = json!({});
    if !material.name.is_empty() {
        value["name"] = json!(material.name);
    }
    let [r, g, b] = material.color.map(unit);
    let mut pbr = json!({ "baseColorFactor": [r, g, b, unit(material.opacity)] });
    let base = match (material.map, material.alpha_map) {
        (map, Some(alpha)) => Some(Source::ColorAlpha(map, alpha)),
        (Some(map), None) => Some(Source::Color(map)),
        (None, None) => None,
    };
    put_texture(builder, &mut pbr, "baseColorTexture", base);
    let is_over = !matches!(material.blending, Blending::None | Blending::Normal);
    if material.transparent || is_over {
        value["alphaMode"] = json!("BLEND");
    } else if material.alpha_test > 0.0 {
        value["alphaMode"] = json!("MASK");
        value["alphaCutoff"] = json!(finite(material.alpha_test));
    }
    let mut extensions = Map::new();
    if let Some(standard) = material.standard() {
        pbr["metallicFactor"] = json!(unit(standard.metalness));
        pbr["roughnessFactor"] = json!(unit(standard.roughness));
        let maps = (standard.roughness_map, standard.metalness_map);
        let source = (maps != (None, None)).then_some(Source::RoughMetal(maps.0, maps.1));
        put_texture(builder, &mut pbr, "metallicRoughnessTexture", source);
        put_standard(builder, &mut value, &mut extensions, standard, has_tangents);
    } else {
        pbr["metallicFactor"] = json!(0.0);
        pbr["roughnessFactor"] = json!(0.9);
        extensions.insert("KHR_materials_unlit".to_owned(), json!({}));
    }
    let mut has_volume = false;
    if let MaterialKind::Physical(physical) = &material.kind {
        put_physical(builder, &mut extensions, physical, has_tangents);
        has_volume = extensions.contains_key("KHR_materials_volume");
    }
    // A volume has to be closed, and is seen from one side.
    if material.side == Side::Double && !has_volume {
        value["doubleSided"] = json!(true);
    }
    value["pbrMetallicRoughness"] = pbr;
    for name in EXTENSIONS {
        if extensions.contains_key(name) {
            builder.use_extension(name);
        }
    }
    if !extensions.is_empty() {
        value["extensions"] = Value::Object(extensions);
    }
    value
}

const EXTENSIONS: [&str; 11] = [
    "KHR_materials_anisotropy",
    "KHR_materials_clearcoat",
    "KHR_materials_dispersion",
    "KHR_materials_emissive_strength",
    "KHR_materials_ior",
    "KHR_materials_iridescence",
    "KHR_materials_sheen",
    "KHR_materials_specular",
    "KHR_materials_transmission",
    "KHR_materials_unlit",
    "KHR_materials_volume",
];

fn put_standard(
    builder: &mut Builder<'_>,
    value: &mut Value,
    extensions: &mut Map<String, Value>,
    standard: &Standard,
    has_tangents: bool,
) {
    let normals = tangent_normal_map(standard);
    put_normals(builder, value, "normalTexture", normals, standard.normal_scale, has_tangents);
    if let Some(ao) = standard.ao_map {
        put_texture(builder, value, "occlusionTexture", Some(Source::Data(ao)));
        value["occlusionTexture"]["strength"] = json!(unit(standard.ao_map_intensity));
    }
    let emissive =
        standard.emissive.map(|channel| finite(channel * standard.emissive_intensity).max(0.0));
    let strength = emissive.iter().fold(1.0_f32, |most, channel| most.max(*channel));
    if emissive == [0.0; 3] {
        return;
    }
    value["emissiveFactor"] = json!(emissive.map(|channel| unit(channel / strength)));
    put_texture(builder, value, "emissiveTexture", standard.emissive_map.map(Source::Color));
    if strength > 1.0 {
        let extension = json!({ "emissiveStrength": strength });
        extensions.insert("KHR_materials_emissive_strength".to_owned(), extension);
    }
}

fn put_physical(
    builder: &mut Builder<'_>,
    extensions: &mut Map<String, Value>,
    p: &Physical,
    has_tangents: bool,
) {
    let data = |id: Option<TextureId>| id.map(Source::Data);
    let mut put = |name: &str, value: Value| {
        extensions.insert(format!("KHR_materials_{name}"), value);
    };
    // Below 1 is not physical, and not allowed.
    let ior = finite(p.ior).max(1.0);
    if ior != 1.5 {
        put("ior", json!({ "ior": ior }));
    }
    let specular = (p.specular_intensity_map, p.specular_color_map);
    if p.specular_intensity != 1.0 || p.specular_color != [1.0; 3] || specular != (None, None) {
        let color = p.specular_color.map(|channel| finite(channel).max(0.0));
        let mut value =
            json!({ "specularFactor": unit(p.specular_intensity), "specularColorFactor": color });
        put_texture(builder, &mut value, "specularTexture", data(specular.0));
        put_texture(builder, &mut value, "specularColorTexture", specular.1.map(Source::Color));
        put("specular", value);
    }
    if p.clearcoat > 0.0 {
        let roughness = unit(p.clearcoat_roughness);
        let mut value =
            json!({ "clearcoatFactor": unit(p.clearcoat), "clearcoatRoughnessFactor": roughness });
        put_texture(builder, &mut value, "clearcoatTexture", data(p.clearcoat_map));
        put_texture(
            builder,
            &mut value,
            "clearcoatRoughnessTexture",
            data(p.clearcoat_roughness_map),
        );
        let (map, scale) = (p.clearcoat_normal_map, p.clearcoat_normal_scale);
        put_normals(builder, &mut value, "clearcoatNormalTexture", map, scale, has_tangents);
        put("clearcoat", value);
    }
    if p.sheen > 0.0 {
        let color = p.sheen_color.map(|channel| unit(channel * p.sheen));
        let mut value =
            json!({ "sheenColorFactor": color, "sheenRoughnessFactor": unit(p.sheen_roughness) });
        put_texture(builder, &mut value, "sheenColorTexture", p.sheen_color_map.map(Source::Color));
        put_texture(builder, &mut value, "sheenRoughnessTexture", data(p.sheen_roughness_map));
        put("sheen", value);
    }
    if p.iridescence > 0.0 {
        let [low, high] = p.iridescence_thickness_nm.map(|thickness| finite(thickness).max(0.0));
        let mut value = json!({
            "iridescenceFactor": unit(p.iridescence),
            "iridescenceIor": finite(p.iridescence_ior).max(1.0),
            "iridescenceThicknessMinimum": low.min(high),
            "iridescenceThicknessMaximum": high,
        });
        put_texture(builder, &mut value, "iridescenceTexture", data(p.iridescence_map));
        put_texture(
            builder,
            &mut value,
            "iridescenceThicknessTexture",
            data(p.iridescence_thickness_map),
        );
        put("iridescence", value);
    }
    // Needs directions along the surface.
    if p.anisotropy > 0.0 && has_tangents {
        let rotation = finite(p.anisotropy_rotation);
        let mut value =
            json!({ "anisotropyStrength": unit(p.anisotropy), "anisotropyRotation": rotation });
        put_texture(builder, &mut value, "anisotropyTexture", data(p.anisotropy_map));
        put("anisotropy", value);
    }
    if p.transmission > 0.0 {
        let mut value = json!({ "transmissionFactor": unit(p.transmission) });
        put_texture(builder, &mut value, "transmissionTexture", data(p.transmission_map));
        put("transmission", value);
        if p.thickness > 0.0 {
            let color = p.attenuation_color.map(unit);
            let mut value =
                json!({ "thicknessFactor": finite(p.thickness), "attenuationColor": color });
            if p.attenuation_distance > 0.0 && p.attenuation_distance.is_finite() {
                value["attenuationDistance"] = json!(p.attenuation_distance);
            }
            put_texture(builder, &mut value, "thicknessTexture", data(p.thickness_map));
            put("volume", value);
            if p.dispersion > 0.0 {
                put("dispersion", json!({ "dispersion": finite(p.dispersion) }));
            }
        }
    }
}

fn put_texture(builder: &mut Builder<'_>, value: &mut Value, name: &str, source: Option<Source>) {
    if let Some(info) = source.and_then(|source| texture::add(builder, source)) {
        value[name] = info;
    }
}

/// glTF has one scale for x and y, and without tangents its y points against v: the rest goes into the picture.
fn put_normals(
    builder: &mut Builder<'_>,
    value: &mut Value,
    name: &str,
    map: Option<TextureId>,
    scale: [f32; 2],
    has_tangents: bool,
) {
    let [x, y] = scale.map(finite);
    let (Some(map), true) = (map, x != 0.0) else { return };
    let factor = finite(y / x) * if has_tangents { 1.0 } else { -1.0 };
    put_texture(builder, value, name, Some(Source::Normal(map, factor.to_bits())));
    if x != 1.0 {
        value[name]["scale"] = json!(x);
    }
}

/// 0 to 1; NaN is 0.
fn unit(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}
