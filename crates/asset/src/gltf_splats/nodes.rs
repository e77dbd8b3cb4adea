//! Nodes of the scene that have a mesh, and where they put it.

use glam::{DMat3, DMat4, DQuat, DVec3};
use serde_json::Value;

use crate::splats::Similarity;

use super::{Losses, ReadError, field, index};

/// Nodes above one another.
const DEPTH_MAX: usize = 256;
/// Axes whose lengths, or whose products, are off by this much of the longest are taken for equal, or for square.
const SQUARE_TOLERANCE: f64 = 1e-4;

/// A mesh and where it stands.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) node: usize,
    pub(super) mesh: usize,
    /// `None`: the matrix is none that keeps angles.
    pub(super) similarity: Option<Similarity>,
}

/// All nodes with a mesh below the roots of the scene, in the order of the file's tree.
pub(super) fn of_scene(json: &Value, losses: &mut Losses) -> Result<Vec<Placed>, ReadError> {
    let nodes = json["nodes"].as_array().map_or(&[][..], Vec::as_slice);
    let mut is_seen = vec![false; nodes.len()];
    let mut placed = Vec::new();
    // What is still to be visited, the next one last.
    let mut waiting: Vec<(usize, DMat4, usize)> =
        roots(json, nodes)?.into_iter().rev().map(|root| (root, DMat4::IDENTITY, 0)).collect();
    while let Some((idx, parent, depth)) = waiting.pop() {
        let place = || format!("nodes[{idx}]");
        let Some((node, is_seen)) = nodes.get(idx).zip(is_seen.get_mut(idx)) else {
            return Err(field(place(), format!("there are {} nodes", nodes.len())));
        };
        if std::mem::replace(is_seen, true) {
            return Err(field(place(), "has two parents, or is below itself"));
        }
        if depth > DEPTH_MAX {
            return Err(field(place(), format!("is {depth} nodes deep, our limit is {DEPTH_MAX}")));
        }
        let matrix =
            parent * local(node).ok_or_else(|| field(place(), "its transform is not numbers"))?;
        if let Some(mesh) = node.get("mesh") {
            let mesh = index(mesh).ok_or_else(|| field(place(), "mesh is no index"))?;
            placed.push(Placed { node: idx, mesh, similarity: similarity(matrix) });
        }
        if node["extensions"].get("EXT_mesh_gpu_instancing").is_some() {
            losses.add("instances of a node: one is read");
        }
        if let Some(children) = node["children"].as_array() {
            for child in children.iter().rev() {
                let child = index(child).ok_or_else(|| field(place(), "a child is no index"))?;
                waiting.push((child, matrix, depth + 1));
            }
        }
    }
    Ok(placed)
}

/// Roots of the scene that is shown first; all nodes without a parent where there are no scenes.
fn roots(json: &Value, nodes: &[Value]) -> Result<Vec<usize>, ReadError> {
    let Some(scenes) = json["scenes"].as_array().filter(|scenes| !scenes.is_empty()) else {
        let mut is_child = vec![false; nodes.len()];
        for child in nodes.iter().filter_map(|node| node["children"].as_array()).flatten() {
            if let Some(is_child) = index(child).and_then(|child| is_child.get_mut(child)) {
                *is_child = true;
            }
        }
        return Ok((0..nodes.len()).filter(|idx| !is_child[*idx]).collect());
    };
    let shown = json.get("scene").map_or(Some(0), index);
    let scene = shown.and_then(|idx| scenes.get(idx));
    let scene = scene
        .ok_or_else(|| field("scene".to_owned(), format!("there are {} scenes", scenes.len())))?;
    let roots = scene["nodes"].as_array().map_or(&[][..], Vec::as_slice);
    let all: Option<Vec<usize>> = roots.iter().map(index).collect();
    all.ok_or_else(|| field("scenes.nodes".to_owned(), "a root is no index"))
}

/// `None` when something is not a number.
fn local(node: &Value) -> Option<DMat4> {
    fn numbers<const N: usize>(value: &Value) -> Option<[f64; N]> {
        let values: Vec<f64> =
            value.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
        values.try_into().ok()
    }
    if let Some(matrix) = node.get("matrix") {
        return Some(DMat4::from_cols_array(&numbers::<16>(matrix)?));
    }
    let part = |name: &str, otherwise| node.get(name).map_or(Some(otherwise), numbers::<3>);
    let rotation = node.get("rotation").map_or(Some([0.0, 0.0, 0.0, 1.0]), numbers::<4>)?;
    let rotation = DQuat::from_array(rotation);
    let rotation =
        if rotation.length_squared() > 0.0 { rotation.normalize() } else { return None };
    Some(DMat4::from_scale_rotation_translation(
        DVec3::from_array(part("scale", [1.0; 3])?),
        rotation,
        DVec3::from_array(part("translation", [0.0; 3])?),
    ))
}

fn similarity(matrix: DMat4) -> Option<Similarity> {
    let axes = DMat3::from_mat4(matrix);
    let [x, y, z] = [axes.x_axis, axes.y_axis, axes.z_axis];
    let lengths = [x.length(), y.length(), z.length()];
    let size = (lengths[0] + lengths[1] + lengths[2]) / 3.0;
    let tolerance = SQUARE_TOLERANCE * size;
    let is_even = lengths.iter().all(|length| (length - size).abs() <= tolerance);
    let is_square =
        [x.dot(y), y.dot(z), z.dot(x)].iter().all(|product| product.abs() <= tolerance * size);
    if !(is_even && is_square && size > 0.0) {
        return None;
    }
    // What mirrors is a turn and a reversal of all axes.
    let scale = if axes.determinant() < 0.0 { -size } else { size };
    let turn = DQuat::from_mat3(&DMat3::from_cols(x / scale, y / scale, z / scale));
    let translation = matrix.w_axis.truncate().to_array();
    // Identity stays itself: nothing is rounded then.
    let is_straight = (x / scale).x == 1.0 && (y / scale).y == 1.0 && (z / scale).z == 1.0;
    let turn = if is_straight { DQuat::IDENTITY } else { turn };
    Similarity::new([turn.w, turn.x, turn.y, turn.z], scale, translation).ok()
}
