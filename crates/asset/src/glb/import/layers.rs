//! Layers of physical materials: one `KHR_materials_*` extension each. Any of them makes a material physical.

use super::{At, Import, ReadError};
use crate::scene::{MaterialKind, Physical, Standard};

const NAMES: &[&str] = &[
    "KHR_materials_anisotropy",
    "KHR_materials_clearcoat",
    "KHR_materials_dispersion",
    "KHR_materials_ior",
    "KHR_materials_iridescence",
    "KHR_materials_sheen",
    "KHR_materials_specular",
    "KHR_materials_transmission",
    "KHR_materials_volume",
];

/// Standard without any of the extensions, otherwise physical.
pub(super) fn read(
    import: &mut Import<'_>,
    at: &At<'_>,
    standard: Standard,
) -> Result<MaterialKind, ReadError> {
    let mut is_physical = false;
    for name in NAMES {
        is_physical |= at.extension(name)?.is_some();
    }
    if !is_physical {
        return Ok(MaterialKind::Standard(Box::new(standard)));
    }
    let mut p = Box::new(Physical { standard, ..Physical::default() });
    read_reflection(import, at, &mut p)?;
    if let Some(layer) = at.extension("KHR_materials_clearcoat")? {
        p.clearcoat = layer.f32("clearcoatFactor")?.unwrap_or(0.0);
        p.clearcoat_roughness = layer.f32("clearcoatRoughnessFactor")?.unwrap_or(0.0);
        p.clearcoat_map = import.texture(&layer, "clearcoatTexture", false)?;
        p.clearcoat_roughness_map = import.texture(&layer, "clearcoatRoughnessTexture", false)?;
        if let Some(map) = import.texture(&layer, "clearcoatNormalTexture", false)? {
            let scale = layer.need_object("clearcoatNormalTexture")?.f32("scale")?.unwrap_or(1.0);
            (p.clearcoat_normal_map, p.clearcoat_normal_scale) = (Some(map), [scale, scale]);
        }
    }
    if let Some(layer) = at.extension("KHR_materials_sheen")? {
        p.sheen = 1.0;
        p.sheen_color = layer.f32s("sheenColorFactor")?.unwrap_or([0.0; 3]);
        p.sheen_roughness = layer.f32("sheenRoughnessFactor")?.unwrap_or(0.0);
        p.sheen_color_map = import.texture(&layer, "sheenColorTexture", true)?;
        p.sheen_roughness_map = import.texture(&layer, "sheenRoughnessTexture", false)?;
    }
    read_film(import, at, &mut p)?;
    read_glass(import, at, &mut p)?;
    Ok(MaterialKind::Physical(p))
}

fn read_reflection(
    import: &mut Import<'_>,
    at: &At<'_>,
    p: &mut Physical,
) -> Result<(), ReadError> {
    if let Some(layer) = at.extension("KHR_materials_ior")? {
        p.ior = layer.f32("ior")?.unwrap_or(1.5);
    }
    if let Some(layer) = at.extension("KHR_materials_specular")? {
        p.specular_intensity = layer.f32("specularFactor")?.unwrap_or(1.0);
        p.specular_color = layer.f32s("specularColorFactor")?.unwrap_or([1.0; 3]);
        p.specular_intensity_map = import.texture(&layer, "specularTexture", false)?;
        p.specular_color_map = import.texture(&layer, "specularColorTexture", true)?;
    }
    if let Some(layer) = at.extension("KHR_materials_anisotropy")? {
        p.anisotropy = layer.f32("anisotropyStrength")?.unwrap_or(0.0);
        p.anisotropy_rotation = layer.f32("anisotropyRotation")?.unwrap_or(0.0);
        p.anisotropy_map = import.texture(&layer, "anisotropyTexture", false)?;
    }
    Ok(())
}

fn read_film(import: &mut Import<'_>, at: &At<'_>, p: &mut Physical) -> Result<(), ReadError> {
    let Some(layer) = at.extension("KHR_materials_iridescence")? else { return Ok(()) };
    p.iridescence = layer.f32("iridescenceFactor")?.unwrap_or(0.0);
    p.iridescence_ior = layer.f32("iridescenceIor")?.unwrap_or(1.3);
    p.iridescence_thickness_nm = [
        layer.f32("iridescenceThicknessMinimum")?.unwrap_or(100.0),
        layer.f32("iridescenceThicknessMaximum")?.unwrap_or(400.0),
    ];
    p.iridescence_map = import.texture(&layer, "iridescenceTexture", false)?;
    p.iridescence_thickness_map = import.texture(&layer, "iridescenceThicknessTexture", false)?;
    Ok(())
}

fn read_glass(import: &mut Import<'_>, at: &At<'_>, p: &mut Physical) -> Result<(), ReadError> {
    if let Some(layer) = at.extension("KHR_materials_transmission")? {
        p.transmission = layer.f32("transmissionFactor")?.unwrap_or(0.0);
        p.transmission_map = import.texture(&layer, "transmissionTexture", false)?;
    }
    if let Some(layer) = at.extension("KHR_materials_volume")? {
        p.thickness = layer.f32("thicknessFactor")?.unwrap_or(0.0);
        p.thickness_map = import.texture(&layer, "thicknessTexture", false)?;
        let distance = layer.f32("attenuationDistance")?.filter(|distance| *distance != 0.0);
        p.attenuation_distance = distance.unwrap_or(f32::INFINITY);
        p.attenuation_color = layer.f32s("attenuationColor")?.unwrap_or([1.0; 3]);
    }
    if let Some(layer) = at.extension("KHR_materials_dispersion")? {
        p.dispersion = layer.f32("dispersion")?.unwrap_or(0.0);
    }
    Ok(())
}
