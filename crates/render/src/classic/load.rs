//! From a GLB file to the [`Model`] that the mesh competition drew of it. Source: rendering specification §C.1, §C.2, §E.2.

use asset::glb::{Document, MeshPrimitive, Mode, ReadError};
use serde_json::Value;

use super::{Material, Model, ModelError, ModelParts, picture, specular};

/// Why the service drew nothing. The two kinds had statuses of their own: 400 and 500.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The file breaks a rule.
    #[error("{0}")]
    Refused(String),
    /// The file could not be read.
    #[error("{0}")]
    Failed(String),
}

impl LoadError {
    pub(super) fn refused(text: impl Into<String>) -> Self {
        Self::Refused(text.into())
    }

    fn failed(error: &ReadError) -> Self {
        match error {
            ReadError::Container { .. } | ReadError::Json(_) => Self::Refused(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// Reads a file and makes the model, if it passes: version 2, one primitive in all meshes, of triangles, within
/// ±[`COORDINATE_MAX`](asset::rules::COORDINATE_MAX). Files beside it are not read.
///
/// # Errors
/// [`LoadError`], with the texts of the original where the specification names them.
pub fn load(file: &[u8]) -> Result<Model, LoadError> {
    /// Magic, version, length, and the length and kind of the first chunk.
    const HEAD_BYTES: usize = 20;
    if file.len() < HEAD_BYTES {
        let text = format!("glb: {} bytes, a header has {HEAD_BYTES}", file.len());
        return Err(LoadError::Failed(text));
    }
    if !file.starts_with(b"glTF") {
        return Err(LoadError::refused("glb, byte 0: not a GLB file"));
    }
    if file[4..8] != [2, 0, 0, 0] {
        let version = u32::from_le_bytes([file[4], file[5], file[6], file[7]]);
        return Err(LoadError::Failed(format!("glb, byte 4: version {version}, 2 is needed")));
    }
    let outside = |_: &str| Err("files beside a GLB are not read".to_owned());
    let document = Document::parse(file, &mut { outside }).map_err(|e| LoadError::failed(&e))?;
    model(&document)
}

/// The model of a file that is parsed already.
///
/// # Errors
/// As [`load`].
pub fn model(document: &Document) -> Result<Model, LoadError> {
    let primitives = document.primitives().map_err(|error| LoadError::failed(&error))?;
    // What is joined in other ways is not seen at all.
    let mut objects = primitives.into_iter().filter(|primitive| {
        use Mode::{Lines, Points, TriangleStrip, Triangles};
        matches!(primitive.mode, Points | Lines | Triangles | TriangleStrip)
    });
    let (first, more) = (objects.next(), objects.count());
    let Some(primitive) = first.filter(|_| more == 0) else {
        let count = if more == 0 { 0 } else { more + 1 };
        let text = format!("GLB file contains {count} objects (expected 1)");
        return Err(LoadError::Refused(text));
    };
    let kind = match primitive.mode {
        Mode::Points => Some("points"),
        Mode::Lines => Some("lines"),
        _ => None,
    };
    if let Some(kind) = kind {
        return Err(LoadError::Refused(format!("GLB file contains non-mesh object: {kind}")));
    }
    let triangles = triangles(&primitive)?;
    let MeshPrimitive { geometry, material, .. } = primitive;
    let Some(position) = geometry.position else {
        return Err(LoadError::Failed("the primitive has no POSITION".to_owned()));
    };
    let threes = |values: Vec<f32>| -> Vec<[f32; 3]> { values.as_chunks().0.to_vec() };
    let [uv, ..] = geometry.uvs;
    let colours = geometry.color.filter(|_| material.is_none());
    let material = match material {
        Some(idx) => self::material(document, idx)?,
        None if colours.is_some() => Material { base: [1.0; 4], ..Material::default() },
        None => Material::default(),
    };
    let parts = ModelParts {
        positions: threes(position.values),
        normals: geometry.normal.map(|normal| threes(normal.values)),
        uvs: uv.map(|uv| uv.values.as_chunks().0.to_vec()),
        colours: colours.map(|colours| {
            let byte = |c: f32| (c.max(0.0).min(1.0) * 255.0).round_ties_even() as u8;
            (0..colours.vertex_count()).map(|v| colours.get(v).map(byte)).collect()
        }),
        triangles,
        material,
    };
    Model::new(parts).map_err(|error| match error {
        ModelError::TooLarge => LoadError::Refused(error.to_string()),
        _ => LoadError::Failed(error.to_string()),
    })
}

fn triangles(primitive: &MeshPrimitive) -> Result<Vec<[u32; 3]>, LoadError> {
    let geometry = &primitive.geometry;
    let counted;
    let indices = match &geometry.index {
        Some(indices) => indices,
        None => {
            counted = (0..geometry.vertex_count() as u32).collect();
            &counted
        }
    };
    if primitive.mode == Mode::TriangleStrip {
        let turned = |(i, corners): (usize, &[u32])| {
            let [a, b, c] = [corners[0], corners[1], corners[2]];
            if i % 2 == 0 { [a, b, c] } else { [b, a, c] }
        };
        return Ok(indices.windows(3).enumerate().map(turned).collect());
    }
    let (triangles, rest) = indices.as_chunks();
    if !rest.is_empty() {
        let text = format!("{} corners are no whole number of triangles", indices.len());
        return Err(LoadError::Refused(text));
    }
    Ok(triangles.to_vec())
}

fn numbers<const N: usize>(of: &Value, key: &str) -> Option<[f32; N]> {
    let list = of.get(key)?.as_array()?;
    let numbers: Vec<f32> = list.iter().map_while(|n| n.as_f64().map(|n| n as f32)).collect();
    numbers.try_into().ok()
}

fn number(of: &Value, key: &str) -> Option<f32> {
    of.get(key)?.as_f64().map(|number| number as f32)
}

fn material(document: &Document, idx: usize) -> Result<Material, LoadError> {
    let Some(of) = document.json().get("materials").and_then(|list| list.get(idx)) else {
        return Err(LoadError::Failed(format!("there is no material {idx}")));
    };
    let texture = |of: &Value, key: &str| match of.get(key) {
        Some(texture) => picture::texture(document, texture, key),
        None => Ok(None),
    };
    let plain = Value::Null;
    let pbr = of.get("pbrMetallicRoughness").unwrap_or(&plain);
    let mut material = Material {
        base: Material::quantised(numbers(pbr, "baseColorFactor").unwrap_or([1.0; 4])),
        metallic: number(pbr, "metallicFactor").unwrap_or(1.0),
        roughness: number(pbr, "roughnessFactor").unwrap_or(1.0),
        emissive: numbers(of, "emissiveFactor").unwrap_or([0.0; 3]),
        base_texture: texture(pbr, "baseColorTexture")?,
        metallic_roughness_texture: texture(pbr, "metallicRoughnessTexture")?,
        normal_texture: texture(of, "normalTexture")?,
        occlusion_texture: texture(of, "occlusionTexture")?,
        emissive_texture: texture(of, "emissiveTexture")?,
    };
    let extension = of.pointer("/extensions/KHR_materials_pbrSpecularGlossiness");
    if let Some(of) = extension.filter(|of| of.is_object()) {
        let gloss = specular::Gloss {
            diffuse: numbers(of, "diffuseFactor").unwrap_or([1.0; 4]),
            specular: numbers(of, "specularFactor").unwrap_or([1.0; 3]),
            glossiness: number(of, "glossinessFactor").unwrap_or(1.0),
            diffuse_texture: texture(of, "diffuseTexture")?,
            specular_texture: texture(of, "specularGlossinessTexture")?,
        };
        gloss.replace(&mut material);
    }
    Ok(material)
}
