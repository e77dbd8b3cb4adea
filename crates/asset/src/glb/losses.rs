//! What a file cannot say of its scene, collected while it is written.

use std::collections::{BTreeMap, BTreeSet};

use crate::scene::{MaterialId, NodeId, Scene, TextureId};

/// Owners that a text names; of the rest it tells the number.
const NAMED_MAX: usize = 3;

/// Whose property was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Node(NodeId),
    Material(MaterialId),
    Texture(TextureId),
}

impl Owner {
    fn text(self, scene: &Scene) -> String {
        let (kind, id, name) = match self {
            Self::Node(id) => ("node", id.0, scene.node(id).map(|found| &found.name)),
            Self::Material(id) => ("material", id.0, scene.material(id).map(|found| &found.name)),
            Self::Texture(id) => ("texture", id.0, scene.texture(id).map(|found| &found.name)),
        };
        match name.filter(|name| !name.is_empty()) {
            Some(name) => format!("{kind} {id} {name:?}"),
            None => format!("{kind} {id}"),
        }
    }
}

/// Each loss once for each owner.
#[derive(Debug, Default)]
pub(super) struct Losses(BTreeMap<&'static str, BTreeSet<Owner>>);

impl Losses {
    pub(super) fn add(&mut self, what: &'static str, owner: Owner) {
        self.0.entry(what).or_default().insert(owner);
    }

    /// One line for each kind of loss.
    pub(super) fn texts(&self, scene: &Scene) -> Vec<String> {
        let text = |(what, owners): (&&str, &BTreeSet<Owner>)| {
            let named: Vec<_> =
                owners.iter().take(NAMED_MAX).map(|owner| owner.text(scene)).collect();
            let rest = match owners.len().saturating_sub(NAMED_MAX) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{what} ({}{rest})", named.join(", "))
        };
        self.0.iter().map(text).collect()
    }
}
