//! From a snapshot to the scene that is handed out: arrays are copied, ids stay. Facts: threejs-modules.md section 13.

use asset::scene::{
    self, Drawable, Format, Geometry as Plain, GeometryId, Materials, Node, NodeId, Primitive,
    Scene, SceneError, Texels,
    limits::{INDICES_MAX, TEXEL_BYTES_MAX, TEXTURE_SIDE_MAX, VERTICES_MAX},
};

use super::{
    measure::Place,
    snapshot::{
        Attribute, Geometry, Instances, Level, Numbers, Reader, Snapshot, TexelType, Texture,
    },
};

/// The scene, checked. Nothing is copied that would not fit into one.
pub(super) fn build(snapshot: Snapshot<'_>, places: &[Place]) -> Result<Scene, SceneError> {
    let (drawn, new_ids) = drawn(&snapshot);
    bounded(&drawn, &snapshot.textures)?;
    let mut scene = Scene {
        geometries: drawn.into_iter().map(geometry).collect(),
        nodes: nodes(&snapshot, places, &new_ids),
        materials: snapshot.materials,
        textures: snapshot.textures.into_iter().map(texture).collect(),
    };
    for geometry in &mut scene.geometries {
        geometry.fit();
    }
    scene.check_within(&asset::scene::limits::HAND_OVER)?;
    Ok(scene)
}

/// The geometries that are drawn, and the new id of each old one.
fn drawn<'a, 'js>(
    snapshot: &'a Snapshot<'js>,
) -> (Vec<&'a Geometry<'js>>, Vec<Option<GeometryId>>) {
    let (mut drawn, mut new_ids) = (Vec::new(), vec![None; snapshot.geometries.len()]);
    for node in snapshot.nodes.iter().filter(|node| node.flags.is_drawn()) {
        let Some(id) = node.geometry else { continue };
        new_ids[id.idx()].get_or_insert_with(|| {
            drawn.push(&snapshot.geometries[id.idx()]);
            GeometryId(drawn.len() as u32 - 1)
        });
    }
    (drawn, new_ids)
}

/// The sums that the module's own limits do not bound, before anything is copied.
fn bounded(geometries: &[&Geometry<'_>], textures: &[Texture<'_>]) -> Result<(), SceneError> {
    let (mut vertices, mut indices, mut texels) = (0, 0, 0);
    for geometry in geometries {
        vertices += geometry.position.as_ref().map_or(0, Attribute::vertex_count);
        indices += geometry.index.as_ref().map_or(0, Attribute::index_count);
    }
    for level in textures.iter().flat_map(|texture| texture.levels.iter().flatten()) {
        texels += level.data.as_ref().map_or(0, |data| data.with_bytes(<[u8]>::len));
    }
    for (what, found, max) in [
        ("vertices", vertices, VERTICES_MAX),
        ("indices", indices, INDICES_MAX),
        ("bytes of textures", texels, TEXEL_BYTES_MAX),
    ] {
        if found > max {
            return Err(SceneError::TooMany { what, found, max });
        }
    }
    Ok(())
}

fn nodes(snapshot: &Snapshot<'_>, places: &[Place], new_ids: &[Option<GeometryId>]) -> Vec<Node> {
    let shift = usize::from(snapshot.is_wrapped);
    let mut nodes = Vec::with_capacity(snapshot.nodes.len() + shift);
    if snapshot.is_wrapped {
        nodes.push(Node { is_group: true, ..Node::default() });
    }
    for (node, place) in snapshot.nodes.iter().zip(places) {
        let parent = match node.parent {
            Some(parent) => Some(parent + shift),
            None => snapshot.is_wrapped.then_some(0),
        };
        nodes.push(Node {
            parent: parent.map(|parent| NodeId(parent as u32)),
            object_id: node.object_id,
            name: node.name.clone(),
            matrix: place.local.0,
            world: place.world.0,
            visible: node.visible,
            layers: node.layers,
            render_order: node.render_order,
            is_group: node.flags.is_group,
            frustum_culled: node.frustum_culled,
            drawable: drawable(node, new_ids),
        });
    }
    nodes
}

fn drawable(node: &super::snapshot::Node<'_>, new_ids: &[Option<GeometryId>]) -> Option<Drawable> {
    if !node.flags.is_drawn() {
        return None;
    }
    let geometry = new_ids[node.geometry?.idx()]?;
    let primitive = match (&node.instances, node.flags) {
        (Some(instances), flags) if flags.is_mesh => {
            Primitive::InstancedMesh(instances_of(instances))
        }
        (_, flags) if flags.is_mesh => Primitive::Mesh,
        (_, flags) if flags.is_line && flags.is_line_segments => Primitive::LineSegments,
        (_, flags) if flags.is_line => Primitive::Line,
        _ => Primitive::Points,
    };
    let materials: Materials = node.materials.clone()?;
    Some(Drawable { primitive, geometry, materials })
}

fn instances_of(instances: &Instances<'_>) -> scene::Instances {
    struct Matrices(usize);
    impl Reader for Matrices {
        type Out = Vec<[f32; 16]>;

        fn read(self, _: usize, at: impl Fn(usize) -> f64) -> Self::Out {
            let matrix =
                |instance: usize| std::array::from_fn(|element| at(instance * 16 + element) as f32);
            (0..self.0).map(matrix).collect()
        }
    }
    let matrices = instances
        .matrices
        .as_ref()
        .map_or_else(Vec::new, |numbers| numbers.read(Matrices(instances.matrix_count(numbers))));
    let colors = instances.colors.as_ref().map(|attribute| {
        let values = values(attribute, matrices.len(), 3);
        values.chunks_exact(3).map(|rgb| [rgb[0], rgb[1], rgb[2]]).collect()
    });
    scene::Instances { matrices, colors, bounding_sphere: instances.bounding_sphere }
}

fn geometry(geometry: &Geometry<'_>) -> Plain {
    let count = geometry.position.as_ref().map_or(0, Attribute::vertex_count);
    let plain = |held: &Option<Attribute<'_>>| held.as_ref().map(|held| attribute(held, count));
    Plain {
        name: geometry.name.clone(),
        position: plain(&geometry.position),
        normal: plain(&geometry.normal),
        uvs: std::array::from_fn(|channel| plain(&geometry.uvs[channel])),
        color: plain(&geometry.color),
        tangent: plain(&geometry.tangent),
        line_distance: plain(&geometry.line_distance),
        index: geometry.index.as_ref().map(index),
        groups: geometry.groups.clone(),
        draw_range: geometry.draw_range,
        bounding_sphere: geometry.bounding_sphere,
    }
}

fn attribute(held: &Attribute<'_>, count: usize) -> scene::Attribute {
    let is_wide = matches!(held.numbers, Some(Numbers::I32(_) | Numbers::U32(_)));
    let is_sound = (1..=4).contains(&held.item_size);
    let size = held.item_size.clamp(1, 4);
    scene::Attribute {
        item_size: size as u8,
        values: values(held, count, size),
        // A driver refuses such a pointer, and with it the draw call.
        undrawable: is_wide || held.is_integer || !is_sound,
    }
}

/// The first `count` vertices, `size` numbers each; zeros where there are none.
fn values(held: &Attribute<'_>, count: usize, size: usize) -> Vec<f32> {
    struct Values<'a, 'js> {
        held: &'a Attribute<'js>,
        largest: Option<f64>,
        count: usize,
        size: usize,
    }
    impl Reader for Values<'_, '_> {
        type Out = Vec<f32>;

        fn read(self, len: usize, at: impl Fn(usize) -> f64) -> Vec<f32> {
            let Self { held, largest, count, size } = self;
            let mut values = vec![0.0; count * size];
            let present = held.vertices_held(len).min(count);
            let read = size.min(held.item_size);
            for (vertex, place) in values.chunks_exact_mut(size).take(present).enumerate() {
                let start = vertex * held.stride + held.offset;
                for (component, value) in place.iter_mut().take(read).enumerate() {
                    let number = at(start + component);
                    *value = largest.map_or(number, |it| (number / it).max(-1.0)) as f32;
                }
            }
            values
        }
    }
    let Some(numbers) = &held.numbers else { return vec![0.0; count * size] };
    let largest = numbers.largest().filter(|_| held.normalized);
    numbers.read(Values { held, largest, count, size })
}

/// Indices as far as there are any. Kinds that a driver refuses draw nothing.
fn index(held: &Attribute<'_>) -> Vec<u32> {
    struct Indices(usize);
    impl Reader for Indices {
        type Out = Vec<u32>;

        fn read(self, _: usize, at: impl Fn(usize) -> f64) -> Vec<u32> {
            (0..self.0).map(|idx| at(idx) as u32).collect()
        }
    }
    match &held.numbers {
        Some(
            numbers @ (Numbers::U8(_) | Numbers::U8Clamped(_) | Numbers::U16(_) | Numbers::U32(_)),
        ) => numbers.read(Indices(held.index_count())),
        _ => Vec::new(),
    }
}

fn texture(texture: Texture<'_>) -> scene::Texture {
    let mut plain = texture.plain;
    let Some(format) = texture.format else { return plain };
    plain.format = format;
    let levels = texture.levels.unwrap_or_default();
    let whole: Option<Vec<_>> =
        levels.iter().map(|held| level(held, format, texture.texel_type)).collect();
    // One level that cannot be uploaded leaves the whole texture incomplete.
    plain.levels = whole.unwrap_or_default();
    plain
}

/// `None` where size, type and data do not go together.
fn level(held: &Level<'_>, format: Format, texel_type: TexelType) -> Option<scene::Level> {
    let &Level { width, height, ref data } = held;
    let sides = 1..=TEXTURE_SIDE_MAX;
    if !sides.contains(&width) || !sides.contains(&height) {
        return None;
    }
    let count = width as usize * height as usize * format.channels();
    let numbers = data.as_ref()?;
    let texels = numbers.with_bytes(|bytes| match (texel_type, numbers) {
        (TexelType::U8, Numbers::U8(_) | Numbers::U8Clamped(_)) => {
            Some(Texels::U8(bytes.get(..count)?.to_vec()))
        }
        (TexelType::F16, Numbers::U16(_)) => {
            let (items, _) = bytes.get(..count * 2)?.as_chunks();
            Some(Texels::F16(items.iter().map(|item| u16::from_le_bytes(*item)).collect()))
        }
        (TexelType::F32, Numbers::F32(_)) => {
            let (items, _) = bytes.get(..count * 4)?.as_chunks();
            Some(Texels::F32(items.iter().map(|item| f32::from_le_bytes(*item)).collect()))
        }
        _ => None,
    })?;
    Some(scene::Level { width, height, texels })
}
