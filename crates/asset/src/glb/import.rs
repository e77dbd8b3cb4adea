//! A glTF file as a scene, with the conventions of Three.js's own loader, so that it is drawn as Three.js draws it.
//! Facts: glTF 2.0 specification and its extensions; `GLTFLoader` of Three.js r183 for what becomes which material.

mod instances;
mod layers;
mod materials;
mod meshes;
mod nodes;
mod textures;

use std::collections::BTreeMap;

use super::document::{At, Document, ReadError, Reader};
use super::extensions::is_lost_silently;
use crate::scene::{GeometryId, MaterialId, Scene, TextureId};

impl Document {
    /// The scene that the file opens with (`scene`, else the first one; without any, all nodes that have no parent), and one line for
    /// each kind of thing that a scene does not hold.
    ///
    /// # Errors
    /// [`ReadError`] if something that is used does not hold together, or passes a limit ([`crate::scene::limits::FILE`]).
    pub fn scene(&self) -> Result<(Scene, Vec<String>), ReadError> {
        let mut import = Import {
            document: self,
            root: self.root(),
            scene: Scene::default(),
            losses: Losses::default(),
            reader: Reader::new(self),
            meshes: BTreeMap::new(),
            geometries: BTreeMap::new(),
            materials: BTreeMap::new(),
            textures: BTreeMap::new(),
            pictures: BTreeMap::new(),
            texel_bytes: 0,
            instances: 0,
        };
        import.tell_losses()?;
        import.add_nodes()?;
        import.scene.check()?;
        Ok((import.scene, import.losses.texts()))
    }
}

/// A scene while it is made, and what was made already.
struct Import<'a> {
    document: &'a Document,
    root: At<'a>,
    scene: Scene,
    losses: Losses,
    reader: Reader<'a>,
    meshes: BTreeMap<usize, Vec<meshes::Part>>,
    geometries: BTreeMap<String, GeometryId>,
    materials: BTreeMap<materials::Look, MaterialId>,
    textures: BTreeMap<textures::Key, TextureId>,
    /// For each image, a texture that has its picture.
    pictures: BTreeMap<usize, TextureId>,
    texel_bytes: usize,
    instances: usize,
}

/// Kinds of things that were left out, and how many of each.
#[derive(Debug, Default)]
struct Losses(BTreeMap<String, usize>);

impl Losses {
    fn add(&mut self, what: &str, count: usize) {
        if count > 0 {
            *self.0.entry(what.to_owned()).or_default() += count;
        }
    }

    fn texts(&self) -> Vec<String> {
        self.0.iter().map(|(what, count)| format!("{what}: {count}")).collect()
    }
}

impl Import<'_> {
    /// Lists of the file that a scene has no place for.
    fn tell_losses(&mut self) -> Result<(), ReadError> {
        let lists = [
            ("animations", self.root.count("animations")),
            ("cameras", self.root.count("cameras")),
            ("skins (meshes stay as they are stored)", self.root.count("skins")),
            (
                "scenes that are not the first to be shown",
                self.root.count("scenes").saturating_sub(1),
            ),
        ];
        for (what, count) in lists {
            self.losses.add(what, count);
        }
        for (extension, list, what) in [
            ("KHR_lights_punctual", "lights", "lights"),
            ("KHR_materials_variants", "variants", "variants of materials"),
        ] {
            let count = self.root.extension(extension)?.map_or(0, |found| found.count(list));
            self.losses.add(what, count);
        }
        for at in self.root.items("extensionsUsed")? {
            let name = at.value.as_str().ok_or_else(|| at.error("is not a text"))?;
            if is_lost_silently(name) {
                let name: String = name.chars().take(64).collect();
                self.losses.add(&format!("extension {name}"), 1);
            }
        }
        Ok(())
    }

    /// An index that a value holds into a list of the root.
    fn follow(&self, at: &At<'_>, key: &str, list: &str) -> Result<Option<usize>, ReadError> {
        let Some(idx) = at.usize(key)? else { return Ok(None) };
        let count = self.root.count(list);
        if idx < count { Ok(Some(idx)) } else { Err(at.error(format!("{key} {idx} of {count}"))) }
    }
}
