//! Layers of physical materials: one `KHR_materials_*` extension each.

use serde_json::{Value, json};

use super::build::finite;
use super::material::Draft;
use super::mesh::Tangents;
use super::texture::Source;
use crate::scene::{Physical, TextureId};

/// Adds an extension for every layer that is on.
pub(super) fn put(draft: &mut Draft<'_, '_>, p: &Physical) {
    put_reflection(draft, p);
    if p.clearcoat > 0.0 {
        put_clearcoat(draft, p);
    }
    if p.sheen > 0.0 {
        let color = p.sheen_color.map(|channel| draft.unit(channel * p.sheen));
        let mut value = json!({
            "sheenColorFactor": color,
            "sheenRoughnessFactor": draft.unit(p.sheen_roughness),
        });
        draft.put_texture(&mut value, "sheenColorTexture", p.sheen_color_map.map(Source::Color));
        draft.put_texture(&mut value, "sheenRoughnessTexture", data(p.sheen_roughness_map));
        draft.put_extension("KHR_materials_sheen", value);
    }
    if p.iridescence > 0.0 {
        put_iridescence(draft, p);
    }
    if p.anisotropy > 0.0 {
        put_anisotropy(draft, p);
    }
    if p.transmission > 0.0 {
        put_transmission(draft, p);
    }
}

fn data(id: Option<TextureId>) -> Option<Source> {
    id.map(Source::Data)
}

fn put_reflection(draft: &mut Draft<'_, '_>, p: &Physical) {
    // Below 1 is not physical, and not allowed; but 0 stands for a perfect mirror.
    let ior = if p.ior == 0.0 { 0.0 } else { finite(p.ior).max(1.0) };
    if ior != 1.5 {
        draft.put_extension("KHR_materials_ior", json!({ "ior": ior }));
    }
    let maps = (p.specular_intensity_map, p.specular_color_map);
    if p.specular_intensity != 1.0 || p.specular_color != [1.0; 3] || maps != (None, None) {
        let color = p.specular_color.map(|channel| finite(channel).max(0.0));
        let factor = draft.unit(p.specular_intensity);
        let mut value = json!({ "specularFactor": factor, "specularColorFactor": color });
        draft.put_texture(&mut value, "specularTexture", data(maps.0));
        draft.put_texture(&mut value, "specularColorTexture", maps.1.map(Source::Color));
        draft.put_extension("KHR_materials_specular", value);
    }
}

fn put_clearcoat(draft: &mut Draft<'_, '_>, p: &Physical) {
    let mut value = json!({
        "clearcoatFactor": draft.unit(p.clearcoat),
        "clearcoatRoughnessFactor": draft.unit(p.clearcoat_roughness),
    });
    draft.put_texture(&mut value, "clearcoatTexture", data(p.clearcoat_map));
    draft.put_texture(&mut value, "clearcoatRoughnessTexture", data(p.clearcoat_roughness_map));
    let map = p.clearcoat_normal_map.filter(|map| {
        let is_same = draft.is_along_frame(p, *map);
        draft.lose_if(!is_same, "normal map of a coat with texture coordinates of its own");
        is_same
    });
    draft.put_normals(&mut value, "clearcoatNormalTexture", map, p.clearcoat_normal_scale);
    draft.put_extension("KHR_materials_clearcoat", value);
}

fn put_iridescence(draft: &mut Draft<'_, '_>, p: &Physical) {
    let [low, high] = p.iridescence_thickness_nm.map(|thickness| finite(thickness).max(0.0));
    let mut value = json!({
        "iridescenceFactor": draft.unit(p.iridescence),
        "iridescenceIor": finite(p.iridescence_ior).max(1.0),
        "iridescenceThicknessMaximum": high,
    });
    draft.put_texture(&mut value, "iridescenceTexture", data(p.iridescence_map));
    if p.iridescence_thickness_map.is_some() {
        draft.lose_if(low > high, "a film thickness that falls");
        value["iridescenceThicknessMinimum"] = json!(low.min(high));
        let map = data(p.iridescence_thickness_map);
        draft.put_texture(&mut value, "iridescenceThicknessTexture", map);
    }
    draft.put_extension("KHR_materials_iridescence", value);
}

/// Made tangents turn angles round.
fn put_anisotropy(draft: &mut Draft<'_, '_>, p: &Physical) {
    if draft.look.tangents == Tangents::None {
        draft.lose("stretched highlights on a surface without texture coordinates");
        return;
    }
    let sign = draft.look.tangents.y_sign();
    let mut value = json!({
        "anisotropyStrength": draft.unit(p.anisotropy),
        "anisotropyRotation": sign * finite(p.anisotropy_rotation),
    });
    let channel = |id| draft.builder.scene.texture(id).map(|texture| texture.channel);
    let normals = p.standard.normal_map.or(p.clearcoat_normal_map);
    let is_same = normals
        .is_none_or(|normals| p.anisotropy_map.is_none_or(|map| channel(normals) == channel(map)));
    draft.lose_if(!is_same, "anisotropy map with texture coordinates of its own");
    let map = p.anisotropy_map.filter(|_| is_same);
    let factors = [1.0, sign].map(f32::to_bits);
    draft.put_texture(&mut value, "anisotropyTexture", map.map(|map| Source::Normal(map, factors)));
    draft.put_extension("KHR_materials_anisotropy", value);
}

fn put_transmission(draft: &mut Draft<'_, '_>, p: &Physical) {
    let mut value = json!({ "transmissionFactor": draft.unit(p.transmission) });
    draft.put_texture(&mut value, "transmissionTexture", data(p.transmission_map));
    draft.put_extension("KHR_materials_transmission", value);
    if p.thickness > 0.0 {
        put_volume(draft, p);
    }
}

fn put_volume(draft: &mut Draft<'_, '_>, p: &Physical) {
    let color = p.attenuation_color.map(|channel| draft.unit(channel));
    let mut value: Value =
        json!({ "thicknessFactor": finite(p.thickness), "attenuationColor": color });
    if p.attenuation_distance > 0.0 && p.attenuation_distance.is_finite() {
        value["attenuationDistance"] = json!(p.attenuation_distance);
    }
    draft.put_texture(&mut value, "thicknessTexture", data(p.thickness_map));
    draft.put_extension("KHR_materials_volume", value);
    if p.dispersion > 0.0 {
        let value = json!({ "dispersion": finite(p.dispersion) });
        draft.put_extension("KHR_materials_dispersion", value);
    }
}

impl Draft<'_, '_> {
    /// Whether a normal map of the coat runs the way of the surface's own normal map, if there is one.
    fn is_along_frame(&self, p: &Physical, map: TextureId) -> bool {
        let texture = |id| self.builder.scene.texture(id);
        let (Some(own), Some(frame)) = (texture(map), p.standard.normal_map.and_then(texture))
        else {
            return true;
        };
        let is_turned = self.look.tangents != Tangents::Given
            && own.uv_matrix.map(f64::to_bits)[..6] != frame.uv_matrix.map(f64::to_bits)[..6];
        own.channel == frame.channel && !is_turned
    }
}
