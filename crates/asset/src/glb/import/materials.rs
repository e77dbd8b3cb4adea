//! Materials: colour, alpha and metallic-roughness; layers are in `layers`.

use super::layers;
use super::{At, Import, ReadError};
use crate::glb::document::name;
use crate::scene::limits::FILE;
use crate::scene::{Material, MaterialId, MaterialKind, PointSize, Side, Standard};

/// What a material is used on: one of the file becomes another for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Look {
    /// Without one, the default material of the specification.
    pub(super) material: Option<usize>,
    pub(super) kind: Kind,
    pub(super) has_colors: bool,
    pub(super) has_normals: bool,
    pub(super) has_tangents: bool,
}

/// How it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Surface,
    Line,
    Points,
}

impl Import<'_> {
    pub(super) fn material(&mut self, look: Look) -> Result<MaterialId, ReadError> {
        if let Some(id) = self.materials.get(&look) {
            return Ok(*id);
        }
        let idx = self.scene.materials.len();
        if idx >= FILE.materials {
            return Err(self.root.too_many("materials", idx + 1, FILE.materials));
        }
        let root = self.root.clone();
        let at = look.material.and_then(|idx| root.item("materials", idx));
        let mut material = match at {
            Some(at) => self.read_material(&at, look)?,
            None => {
                let standard = Standard { metalness: 1.0, ..Standard::default() };
                Material::new(MaterialKind::Standard(Box::new(standard)))
            }
        };
        match look.kind {
            Kind::Surface => material.flat_shading = !look.has_normals,
            Kind::Line => material.kind = MaterialKind::LineBasic,
            Kind::Points => {
                let size = PointSize { size: 1.0, size_attenuation: false };
                material.kind = MaterialKind::Points(size);
            }
        }
        material.material_id = idx as u32;
        material.vertex_colors = look.has_colors;
        if let Some(idx) = look.material {
            material.name = name(&root, "materials", idx)?;
        }
        self.scene.materials.push(material);
        self.materials.insert(look, MaterialId(idx as u32));
        Ok(MaterialId(idx as u32))
    }

    fn read_material(&mut self, at: &At<'_>, look: Look) -> Result<Material, ReadError> {
        let is_surface = look.kind == Kind::Surface;
        let is_unlit = at.extension("KHR_materials_unlit")?.is_some();
        let kind = if is_unlit || !is_surface {
            MaterialKind::Basic(Box::default())
        } else {
            self.lit(at, look)?
        };
        let mut material = Material::new(kind);
        if let Some(pbr) = at.object("pbrMetallicRoughness")? {
            let [r, g, b, a] = pbr.f32s("baseColorFactor")?.unwrap_or([1.0; 4]);
            (material.color, material.opacity) = ([r, g, b], a);
            material.map = self.texture(&pbr, "baseColorTexture", true)?;
        }
        let extras = at.get("extras").and_then(|extras| extras.value.get("toneMapped"));
        material.tone_mapped = extras.is_none_or(|flag| flag.as_bool() != Some(false));
        if at.flag("doubleSided")? {
            material.side = Side::Double;
        }
        match at.text("alphaMode")?.unwrap_or("OPAQUE") {
            "BLEND" => (material.transparent, material.depth_write) = (true, false),
            "MASK" => material.alpha_test = at.f32("alphaCutoff")?.unwrap_or(0.5),
            "OPAQUE" => {}
            _ => return Err(at.error("alphaMode is not defined")),
        }
        Ok(material)
    }

    fn lit(&mut self, at: &At<'_>, look: Look) -> Result<MaterialKind, ReadError> {
        let mut standard = Standard { metalness: 1.0, ..Standard::default() };
        if let Some(pbr) = at.object("pbrMetallicRoughness")? {
            standard.metalness = pbr.f32("metallicFactor")?.unwrap_or(1.0);
            standard.roughness = pbr.f32("roughnessFactor")?.unwrap_or(1.0);
            let map = self.texture(&pbr, "metallicRoughnessTexture", false)?;
            (standard.roughness_map, standard.metalness_map) = (map, map);
        }
        if let Some(map) = self.texture(at, "normalTexture", false)? {
            let scale = at.need_object("normalTexture")?.f32("scale")?.unwrap_or(1.0);
            standard.normal_map = Some(map);
            standard.normal_scale = [scale, scale];
        }
        if let Some(map) = self.texture(at, "occlusionTexture", false)? {
            let strength = at.need_object("occlusionTexture")?.f32("strength")?;
            (standard.ao_map, standard.ao_map_intensity) = (Some(map), strength.unwrap_or(1.0));
        }
        standard.emissive = at.f32s("emissiveFactor")?.unwrap_or([0.0; 3]);
        standard.emissive_map = self.texture(at, "emissiveTexture", true)?;
        if let Some(extension) = at.extension("KHR_materials_emissive_strength")? {
            standard.emissive_intensity = extension.f32("emissiveStrength")?.unwrap_or(1.0);
        }
        let mut kind = layers::read(self, at, standard)?;
        turn_normals(&mut kind, look.has_tangents);
        Ok(kind)
    }
}

/// Where tangents are not those of the file, they are derived from texture coordinates, and the bitangent points along v,
/// not against it as in files: y of normal maps is turned round.
fn turn_normals(kind: &mut MaterialKind, has_tangents: bool) {
    let (standard, coat) = match kind {
        MaterialKind::Standard(standard) => (standard.as_mut(), None),
        MaterialKind::Physical(physical) => {
            let is_stretched = physical.anisotropy > 0.0;
            let coat = (&mut physical.clearcoat_normal_scale, is_stretched);
            (&mut physical.standard, Some(coat))
        }
        _ => return,
    };
    let is_stretched = coat.as_ref().is_some_and(|(_, is_stretched)| *is_stretched);
    if has_tangents && (standard.normal_map.is_some() || is_stretched) {
        return;
    }
    standard.normal_scale[1] *= -1.0;
    if let Some((scale, _)) = coat {
        scale[1] *= -1.0;
    }
}
