//! The hierarchy, and the copies of instanced meshes.
//!
//! A file of few instances has a plain node for each of them, which every viewer shows. Above [`PLAIN_INSTANCES_MAX`]
//! that would be slow to load and to draw, so `EXT_mesh_gpu_instancing` holds them; the file then requires it, because
//! a viewer that ignored it would show one copy and no hint that the rest is missing.

use glam::DMat4;
use serde_json::{Value, json};

use super::build::{Builder, Kind, finite};
use super::losses::Owner;
use super::mesh;
use super::place::{Chain, Place};
use crate::scene::{Drawable, IDENTITY, Instances, Node, NodeId, Primitive};

/// Instances of a file, all meshes together, that are written as plain nodes.
pub const PLAIN_INSTANCES_MAX: usize = 1024;

/// Adds all nodes: those of the scene under their own index, others after them.
pub(super) fn add(builder: &mut Builder<'_>) {
    let scene = builder.scene;
    builder.nodes = vec![json!({}); scene.nodes.len()];
    let is_plain = instance_count(&scene.nodes) <= PLAIN_INSTANCES_MAX;
    let mut states: Vec<State> = Vec::with_capacity(scene.nodes.len());
    for (idx, node) in scene.nodes.iter().enumerate() {
        let above = node.parent.map(|parent| (parent.idx(), states[parent.idx()]));
        let state = place(builder, idx, node, above);
        states.push(state);
        let drawn = node
            .drawable
            .as_ref()
            .filter(|_| state.is_visible && state.is_placed && node.layers & 1 == 1);
        if let Some(drawable) = drawn {
            let owner = Owner::Node(NodeId(idx as u32));
            if node.render_order != 0.0 {
                builder.losses.add("render order", owner);
            }
            match &drawable.primitive {
                Primitive::InstancedMesh(instances) => {
                    add_instances(builder, state.holder, owner, drawable, instances, is_plain);
                }
                _ => {
                    if let Some(mesh) = mesh::add(builder, drawable, None) {
                        builder.nodes[state.holder]["mesh"] = json!(mesh);
                    }
                }
            }
        }
    }
}

/// What children need to know of their parent.
#[derive(Debug, Clone, Copy)]
struct State {
    /// The node of the file that takes the mesh and the children.
    holder: usize,
    /// Neither it nor a node above is hidden.
    is_visible: bool,
    /// It is somewhere.
    is_placed: bool,
}

fn instance_count(nodes: &[Node]) -> usize {
    let drawables = nodes.iter().filter_map(|node| node.drawable.as_ref());
    let counts = drawables.map(|drawable| match &drawable.primitive {
        Primitive::InstancedMesh(instances) => instances.matrices.len(),
        _ => 0,
    });
    counts.sum()
}

/// Puts a node where it is drawn: below its parent, or on its own where its world matrix was written by hand.
fn place(
    builder: &mut Builder<'_>,
    idx: usize,
    node: &Node,
    above: Option<(usize, State)>,
) -> State {
    let value = &mut builder.nodes[idx];
    if !node.name.is_empty() {
        value["name"] = json!(node.name);
    }
    let parent_world = above.map_or(&IDENTITY, |(parent, _)| &builder.scene.nodes[parent].world);
    let is_attached = is_product(parent_world, &node.matrix, &node.world);
    let chain = Chain::of(if is_attached { &node.matrix } else { &node.world });
    let mut holder = idx;
    match &chain {
        Some(chain) => {
            chain.outer.put(value);
            if let Some(inner) = chain.inner {
                holder = add_child(builder, idx, &inner);
            }
        }
        None => builder.losses.add(
            "not drawn: a matrix that is projective or not finite",
            Owner::Node(NodeId(idx as u32)),
        ),
    }
    match above {
        Some((_, state)) if is_attached || chain.is_none() => builder.adopt(state.holder, idx),
        _ => builder.roots.push(idx),
    }
    let is_visible = node.visible && above.is_none_or(|(_, state)| state.is_visible);
    let is_below = is_attached && above.is_some_and(|(_, state)| !state.is_placed);
    State { holder, is_visible, is_placed: chain.is_some() && !is_below }
}

/// Whether `world` is `parent` × `matrix`, up to rounding.
fn is_product(parent: &[f64; 16], matrix: &[f64; 16], world: &[f64; 16]) -> bool {
    let product = DMat4::from_cols_array(parent) * DMat4::from_cols_array(matrix);
    let largest = world.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    product.abs_diff_eq(DMat4::from_cols_array(world), 1e-9 * largest)
}

fn add_child(builder: &mut Builder<'_>, parent: usize, place: &Place) -> usize {
    let mut value = json!({});
    place.put(&mut value);
    builder.nodes.push(value);
    let child = builder.nodes.len() - 1;
    builder.adopt(parent, child);
    child
}

fn add_instances(
    builder: &mut Builder<'_>,
    holder: usize,
    owner: Owner,
    drawable: &Drawable,
    instances: &Instances,
    is_plain: bool,
) {
    if !mesh::is_drawn(builder.scene, drawable) {
        return;
    }
    let mut together = Vec::new();
    for (instance, matrix) in instances.matrices.iter().enumerate() {
        let Some(chain) = Chain::of(&matrix.map(f64::from)) else {
            builder
                .losses
                .add("not drawn: an instance whose matrix is projective or not finite", owner);
            continue;
        };
        let color = instances.colors.as_ref().and_then(|colors| colors.get(instance).copied());
        match chain.single() {
            Some(place) if !is_plain => together.push((place, color)),
            _ => {
                let Some(mesh) = mesh::add(builder, drawable, color) else { continue };
                let mut node = add_child(builder, holder, &chain.outer);
                if let Some(inner) = &chain.inner {
                    node = add_child(builder, node, inner);
                }
                builder.nodes[node]["mesh"] = json!(mesh);
            }
        }
    }
    if together.is_empty() {
        return;
    }
    let Some(mesh) = mesh::add(builder, drawable, None) else { return };
    let attributes = attributes(builder, &together);
    if attributes.get("_COLOR_0").is_some() {
        builder.losses.add("instance colours, except in viewers made with Three.js", owner);
    }
    let value = &mut builder.nodes[holder];
    value["mesh"] = json!(mesh);
    value["extensions"] = json!({ "EXT_mesh_gpu_instancing": { "attributes": attributes } });
    builder.require("EXT_mesh_gpu_instancing");
}

/// Accessors of `EXT_mesh_gpu_instancing`. The name of the colours is that of Three.js's own loader.
fn attributes(builder: &mut Builder<'_>, places: &[(Place, Option<[f32; 3]>)]) -> Value {
    let mut floats = |kind, values: Vec<f32>| builder.floats(kind, &values, false);
    let narrow = |value: f64| finite(value as f32);
    let translations = places.iter().flat_map(|(place, _)| place.translation).map(narrow);
    let rotations = places.iter().flat_map(|(place, _)| place.rotation).map(narrow);
    let scales = places.iter().flat_map(|(place, _)| place.scale).map(narrow);
    let mut attributes = json!({
        "TRANSLATION": floats(Kind::Vec3, translations.collect()),
        "ROTATION": floats(Kind::Vec4, rotations.collect()),
        "SCALE": floats(Kind::Vec3, scales.collect()),
    });
    if places.iter().any(|(_, color)| color.is_some()) {
        let colors = places.iter().flat_map(|(_, color)| color.unwrap_or([1.0; 3])).map(finite);
        attributes["_COLOR_0"] = json!(floats(Kind::Vec3, colors.collect()));
    }
    attributes
}
