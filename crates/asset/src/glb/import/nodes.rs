//! The hierarchy: a walk from the roots of the scene, parents before children.

use glam::{DMat4, DQuat, DVec3};

use super::meshes::Part;
use super::{At, Import, ReadError};
use crate::glb::document::name;
use crate::scene::limits::FILE;
use crate::scene::{Drawable, IDENTITY, Node, NodeId, Primitive};

impl Import<'_> {
    pub(super) fn add_nodes(&mut self) -> Result<(), ReadError> {
        let roots = self.roots()?;
        // One root is the root of the scene; otherwise one is made for them.
        let above = if roots.len() == 1 { None } else { Some(self.add_node(None, IDENTITY, "")?) };
        let count = self.root.count("nodes");
        let mut is_seen = vec![false; count];
        let mut open: Vec<_> = roots.into_iter().rev().map(|node| (above, node)).collect();
        while let Some((parent, idx)) = open.pop() {
            let root = self.root.clone();
            let at = root.item("nodes", idx);
            let at = at.ok_or_else(|| root.error(format!("node {idx} of {count}")))?;
            if std::mem::replace(&mut is_seen[idx], true) {
                return Err(at.error("is below two nodes, or below itself"));
            }
            let id = self.add_node(parent, matrix(&at)?, &name(&root, "nodes", idx)?)?;
            self.add_mesh(&at, id)?;
            for child in at.items("children")?.iter().rev() {
                open.push((Some(id), child.as_usize()?));
            }
        }
        Ok(())
    }

    fn roots(&mut self) -> Result<Vec<usize>, ReadError> {
        let root = &self.root;
        let scene = match self.follow(root, "scene", "scenes")? {
            Some(idx) => root.item("scenes", idx),
            None => root.item("scenes", 0),
        };
        match scene {
            Some(scene) => scene.items("nodes")?.iter().map(At::as_usize).collect(),
            None => {
                let mut is_child = vec![false; root.count("nodes")];
                for at in root.items("nodes")? {
                    for child in at.items("children")? {
                        if let Some(flag) = is_child.get_mut(child.as_usize()?) {
                            *flag = true;
                        }
                    }
                }
                let found = is_child.iter().enumerate().filter(|(_, is_child)| !**is_child);
                Ok(found.map(|(idx, _)| idx).collect())
            }
        }
    }

    pub(super) fn add_node(
        &mut self,
        parent: Option<NodeId>,
        matrix: [f64; 16],
        name: &str,
    ) -> Result<NodeId, ReadError> {
        let idx = self.scene.nodes.len();
        if idx >= FILE.nodes {
            return Err(ReadError::TooMany {
                place: "nodes".to_owned(),
                what: "nodes",
                found: idx as u64 + 1,
                max: FILE.nodes as u64,
            });
        }
        let above = parent.and_then(|parent| self.scene.node(parent));
        let world = above.map_or(matrix, |above| {
            (DMat4::from_cols_array(&above.world) * DMat4::from_cols_array(&matrix)).to_cols_array()
        });
        self.scene.nodes.push(Node {
            parent,
            object_id: idx as u32,
            name: name.to_owned(),
            matrix,
            world,
            ..Node::default()
        });
        Ok(NodeId(idx as u32))
    }

    /// A mesh of one part is drawn by the node itself, others by a child for each part.
    fn add_mesh(&mut self, at: &At<'_>, node: NodeId) -> Result<(), ReadError> {
        let Some(mesh) = self.follow(at, "mesh", "meshes")? else { return Ok(()) };
        let parts = self.mesh(mesh)?;
        let instances = self.instances(at, parts.len())?;
        let is_single = parts.len() == 1;
        for part in parts {
            let holder = if is_single { node } else { self.add_node(Some(node), IDENTITY, "")? };
            let Part { primitive, geometry, materials } = part;
            let drawable = Drawable { primitive, geometry, materials };
            match &instances {
                None => self.draw(holder, drawable),
                Some(found) if drawable.primitive == Primitive::Mesh => {
                    let primitive = Primitive::InstancedMesh(found.clone());
                    self.draw(holder, Drawable { primitive, ..drawable });
                }
                // Lines and points have no instances: a node for each.
                Some(found) => {
                    for matrix in &found.matrices {
                        let copy = self.add_node(Some(holder), matrix.map(f64::from), "")?;
                        self.draw(copy, drawable.clone());
                    }
                }
            }
        }
        Ok(())
    }

    fn draw(&mut self, node: NodeId, drawable: Drawable) {
        self.scene.nodes[node.idx()].drawable = Some(drawable);
    }
}

/// The place of a node, column-major.
fn matrix(at: &At<'_>) -> Result<[f64; 16], ReadError> {
    if let Some(matrix) = at.numbers("matrix")? {
        return Ok(matrix);
    }
    let translation = at.numbers("translation")?.unwrap_or([0.0; 3]);
    let rotation = at.numbers("rotation")?.unwrap_or([0.0, 0.0, 0.0, 1.0]);
    let scale = at.numbers("scale")?.unwrap_or([1.0; 3]);
    Ok(compose(translation, rotation, scale).to_cols_array())
}

/// Translation × rotation (x, y, z, w, of any length) × scale.
pub(super) fn compose(translation: [f64; 3], rotation: [f64; 4], scale: [f64; 3]) -> DMat4 {
    let rotation = DQuat::from_array(rotation);
    let length = rotation.length();
    let is_usable = length > 0.0 && length.is_finite();
    let rotation = if is_usable { rotation / length } else { DQuat::IDENTITY };
    let [x, y, z] = [DVec3::X, DVec3::Y, DVec3::Z].map(|axis| rotation.mul_vec3(axis));
    let [sx, sy, sz] = scale;
    DMat4::from_cols(
        (x * sx).extend(0.0),
        (y * sy).extend(0.0),
        (z * sz).extend(0.0),
        DVec3::from(translation).extend(1.0),
    )
}
