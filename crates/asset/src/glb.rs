//! glTF 2.0 binary files of scenes. Facts: the glTF 2.0 specification of Khronos and its ratified extensions.
//!
//! Kept: hierarchy, geometry, groups as primitives, instances (`EXT_mesh_gpu_instancing`), lines, points, metallic
//! roughness materials with the `KHR_materials_*` layers, textures as PNG with their samplers and transforms.
//! Wireframes become lines; back-side surfaces are turned inside out; what is hidden is left out.
//!
//! Lost, because glTF has nothing like it: bump, displacement, light and environment maps, object-space normal maps,
//! dashes, sizes of points, blend modes other than over, depth and draw order settings, values of textures above 1.

mod build;
mod material;
mod mesh;
mod place;
mod texture;

use std::io::Write;

use serde_json::{Value, json};

use crate::scene::{Drawable, Node, Primitive, Scene, SceneError};
use build::{Builder, Kind};
use place::Place;

/// Bytes of a file: what its 32-bit lengths can say.
pub const BYTES_MAX: usize = u32::MAX as usize;

/// Why a scene was not written. Nothing was written then, except where the writer failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GlbError {
    /// The scene does not hold together.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// A matrix that is no translation, rotation and scale, the only ones that glTF has.
    #[error("glb, node {node}: its matrix is sheared or not finite, glTF cannot say that")]
    Matrix {
        /// Index of the node.
        node: usize,
    },
    /// As above.
    #[error(
        "glb, node {node}, instance {instance}: its matrix is sheared or not finite, glTF cannot say that"
    )]
    Instance {
        /// Index of the node.
        node: usize,
        /// Index of the instance.
        instance: usize,
    },
    /// Longer than [`BYTES_MAX`].
    #[error("glb: {found} bytes, our limit is {max}", max = BYTES_MAX)]
    TooLong {
        /// Length of the file.
        found: usize,
    },
    /// The writer failed.
    #[error("glb: {0}")]
    Io(#[from] std::io::Error),
}

/// Writes a scene, once it passed [`Scene::check`].
///
/// # Errors
/// [`GlbError`] if the check fails, a matrix cannot be told in glTF, the file is too long, or the writer fails.
pub fn write(scene: &Scene, mut writer: impl Write) -> Result<(), GlbError> {
    scene.check()?;
    let mut builder = Builder::new(scene);
    let mut is_seen: Vec<bool> = Vec::with_capacity(scene.nodes.len());
    for (idx, node) in scene.nodes.iter().enumerate() {
        let parent_is_seen = node.parent.is_none_or(|parent| is_seen[parent.idx()]);
        is_seen.push(parent_is_seen && node.visible);
        let value = node_value(&mut builder, node, idx, is_seen[idx])?;
        if let Some(parent) = node.parent {
            builder.add_child(parent.idx(), idx);
        }
        builder.nodes.push(value);
    }
    let (json, binary) = builder.finish();
    let mut json = json.to_string().into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');
    let chunks = [(b"JSON", json), (b"BIN\0", binary)];
    let chunks: Vec<_> = chunks.into_iter().filter(|(_, chunk)| !chunk.is_empty()).collect();
    let found = chunks.iter().fold(12_usize, |sum, (_, chunk)| sum.saturating_add(8 + chunk.len()));
    if found > BYTES_MAX {
        return Err(GlbError::TooLong { found });
    }
    writer.write_all(b"glTF\x02\0\0\0")?;
    writer.write_all(&(found as u32).to_le_bytes())?;
    for (kind, chunk) in chunks {
        writer.write_all(&(chunk.len() as u32).to_le_bytes())?;
        writer.write_all(kind)?;
        writer.write_all(&chunk)?;
    }
    Ok(writer.flush()?)
}

fn node_value(
    builder: &mut Builder<'_>,
    node: &Node,
    idx: usize,
    is_seen: bool,
) -> Result<Value, GlbError> {
    let mut value = json!({});
    if !node.name.is_empty() {
        value["name"] = json!(node.name);
    }
    let place = Place::of(&node.matrix).ok_or(GlbError::Matrix { node: idx })?;
    place.put(&mut value);
    let drawn = node.drawable.as_ref().filter(|_| is_seen && node.layers & 1 == 1);
    let Some(drawable) = drawn else { return Ok(value) };
    let Some(instancing) = instancing(builder, drawable, idx)? else { return Ok(value) };
    if let Some(mesh) = mesh::add(builder, drawable) {
        value["mesh"] = json!(mesh);
        if !instancing.is_null() {
            value["extensions"] =
                json!({ "EXT_mesh_gpu_instancing": { "attributes": instancing } });
            builder.require("EXT_mesh_gpu_instancing");
        }
    }
    Ok(value)
}

/// Null without instances, `None` where there are none to draw.
fn instancing(
    builder: &mut Builder<'_>,
    drawable: &Drawable,
    node: usize,
) -> Result<Option<Value>, GlbError> {
    let Primitive::InstancedMesh(instances) = &drawable.primitive else {
        return Ok(Some(Value::Null));
    };
    if instances.matrices.is_empty() || !mesh::is_drawn(builder.scene, drawable) {
        return Ok(None);
    }
    let mut places = Vec::with_capacity(instances.matrices.len());
    for (instance, matrix) in instances.matrices.iter().enumerate() {
        places
            .push(Place::of(&matrix.map(f64::from)).ok_or(GlbError::Instance { node, instance })?);
    }
    let mut floats = |kind, values: Vec<f32>| builder.floats(kind, &values, false);
    let mut attributes = json!({
        "TRANSLATION": floats(Kind::Vec3, places.iter().flat_map(|place| place.translation).map(|v| v as f32).collect()),
        "ROTATION": floats(Kind::Vec4, places.iter().flat_map(|place| place.rotation).map(|v| v as f32).collect()),
        "SCALE": floats(Kind::Vec3, places.iter().flat_map(|place| place.scale).map(|v| v as f32).collect()),
    });
    if let Some(colors) = &instances.colors {
        let values = colors.iter().flatten().map(|value| build::finite(*value));
        attributes["_COLOR_0"] = json!(floats(Kind::Vec3, values.collect()));
    }
    Ok(Some(attributes))
}
