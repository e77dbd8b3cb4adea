//! A node of the hierarchy: where it is, whether and when it is drawn.

use super::{Drawable, NodeId};

/// The identity, column-major.
#[rustfmt::skip]
pub const IDENTITY: [f64; 16] = [
    1.0, 0.0, 0.0, 0.0,
    0.0, 1.0, 0.0, 0.0,
    0.0, 0.0, 1.0, 0.0,
    0.0, 0.0, 0.0, 1.0,
];

/// One `Object3D`.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// `None` for the root only; otherwise a node before this one.
    pub parent: Option<NodeId>,
    /// Creation order of the object among all objects (`id`), the last key of draw order.
    pub object_id: u32,
    /// For people and files; may be empty.
    pub name: String,
    /// Relative to the parent, column-major.
    pub matrix: [f64; 16],
    /// Relative to the scene, column-major: parent's world × `matrix`, except where the module wrote it by hand.
    pub world: [f64; 16],
    /// False hides the whole subtree.
    pub visible: bool,
    /// Bit n: on layer n. The camera sees layer 0 only; children are asked on their own.
    pub layers: u32,
    /// First key of draw order within a group order.
    pub render_order: f64,
    /// A group's `render_order` is the group order of its subtree, down to the next group.
    pub is_group: bool,
    /// False: drawn even if its bounding sphere is out of view.
    pub frustum_culled: bool,
    /// What is drawn here, if anything.
    pub drawable: Option<Drawable>,
}

impl Default for Node {
    /// An empty node at the origin with no parent, with the defaults of Three.js.
    fn default() -> Self {
        Self {
            parent: None,
            object_id: 0,
            name: String::new(),
            matrix: IDENTITY,
            world: IDENTITY,
            visible: true,
            layers: 1,
            render_order: 0.0,
            is_group: false,
            frustum_culled: true,
            drawable: None,
        }
    }
}
