//! Whether a scene holds together: the one gate between what a module made and whoever draws or writes it.

use super::limits::{FILE, Limits};
use super::{Drawable, Geometry, Level, Materials, Node, Primitive, Scene, Texels, Texture};

/// What is wrong with a scene, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SceneError {
    /// More than a limit of [`super::limits`].
    #[error("scene: {found} {what}, our limit is {max}")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// At least this many.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// The first node has a parent, another one has none or one that does not come before it, or there is no node.
    #[error(
        "scene, node {node}: the first node has to be the root, and every other one comes after its parent"
    )]
    Order {
        /// Index of the node.
        node: usize,
    },
    /// An id of something that does not exist.
    #[error("scene, {owner} {owner_idx}: {what} {found} of {count}")]
    Missing {
        /// Kind of what holds the id.
        owner: &'static str,
        /// Index of what holds the id.
        owner_idx: usize,
        /// Kind of what is missing.
        what: &'static str,
        /// The id.
        found: u32,
        /// How many there are.
        count: usize,
    },
    /// A number of values that does not go with the rest.
    #[error("scene, {owner} {owner_idx}: {what} has {found} values, {expected} are needed")]
    Length {
        /// Kind of what holds the values.
        owner: &'static str,
        /// Index of what holds the values.
        owner_idx: usize,
        /// Name of the values.
        what: &'static str,
        /// Values found.
        found: usize,
        /// Values needed.
        expected: usize,
    },
    /// A number outside of what it may be.
    #[error("scene, {owner} {owner_idx}: {what} is {found}, it has to be {min} to {max}")]
    Range {
        /// Kind of what holds the number.
        owner: &'static str,
        /// Index of what holds the number.
        owner_idx: usize,
        /// Name of the number.
        what: &'static str,
        /// The number.
        found: u32,
        /// Lowest.
        min: u32,
        /// Highest.
        max: u32,
    },
    /// Mip levels of different types.
    #[error("scene, texture {texture}: level {level} has another type than the picture")]
    MixedLevels {
        /// Index of the texture.
        texture: usize,
        /// Index of the level.
        level: usize,
    },
}

/// A sum that stops at its limit.
struct Budget {
    what: &'static str,
    found: usize,
    max: usize,
}

impl Budget {
    const fn new(what: &'static str, max: usize) -> Self {
        Self { what, found: 0, max }
    }

    fn take(&mut self, count: usize) -> Result<(), SceneError> {
        self.found = self.found.saturating_add(count);
        let &mut Self { what, found, max } = self;
        if found > max { Err(SceneError::TooMany { what, found, max }) } else { Ok(()) }
    }

    fn once(what: &'static str, count: usize, max: usize) -> Result<(), SceneError> {
        Self::new(what, max).take(count)
    }
}

impl Scene {
    /// Whether every id and index exists, parents precede children, lengths agree, and the limits of files are kept.
    ///
    /// # Errors
    /// [`SceneError`] names the first place, and the limit where one was passed.
    pub fn check(&self) -> Result<(), SceneError> {
        self.check_within(&FILE)
    }

    /// The same with limits of one's own.
    ///
    /// # Errors
    /// [`SceneError`] names the first place, and the limit where one was passed.
    pub fn check_within(&self, limits: &Limits) -> Result<(), SceneError> {
        Budget::once("nodes", self.nodes.len(), limits.nodes)?;
        Budget::once("geometries", self.geometries.len(), limits.geometries)?;
        Budget::once("materials", self.materials.len(), limits.materials)?;
        Budget::once("textures", self.textures.len(), limits.textures)?;
        let names = self.nodes.iter().map(|node| &node.name);
        let names = names.chain(self.geometries.iter().map(|geometry| &geometry.name));
        let names = names.chain(self.materials.iter().map(|material| &material.name));
        for name in names.chain(self.textures.iter().map(|texture| &texture.name)) {
            Budget::once("bytes of a name", name.len(), limits.name_bytes)?;
        }
        self.check_nodes(limits)?;
        self.check_geometries(limits)?;
        self.check_materials()?;
        self.check_textures(limits)
    }

    fn check_nodes(&self, limits: &Limits) -> Result<(), SceneError> {
        if self.nodes.is_empty() {
            return Err(SceneError::Order { node: 0 });
        }
        let mut instances = Budget::new("instances", limits.instances);
        let mut slots = Budget::new("materials in arrays", limits.material_slots);
        for (idx, Node { parent, drawable, .. }) in self.nodes.iter().enumerate() {
            let is_in_order = parent.map_or(idx == 0, |parent| parent.idx() < idx);
            if !is_in_order {
                return Err(SceneError::Order { node: idx });
            }
            let Some(Drawable { primitive, geometry, materials }) = drawable else { continue };
            exists("node", idx, "geometry", geometry.0, self.geometries.len())?;
            let used = match materials {
                Materials::Single(material) => &[Some(*material)][..],
                Materials::Array(array) => array,
            };
            slots.take(used.len())?;
            for material in used.iter().flatten() {
                exists("node", idx, "material", material.0, self.materials.len())?;
            }
            if let Primitive::InstancedMesh(list) = primitive {
                let expected = list.matrices.len();
                instances.take(expected)?;
                let found = list.colors.as_ref().map_or(expected, Vec::len);
                same_length("node", idx, "instance colours", found, expected)?;
            }
        }
        Ok(())
    }

    fn check_geometries(&self, limits: &Limits) -> Result<(), SceneError> {
        let mut vertices = Budget::new("vertices", limits.vertices);
        let mut indices = Budget::new("indices", limits.indices);
        let mut groups = Budget::new("groups", limits.groups);
        for (idx, geometry) in self.geometries.iter().enumerate() {
            vertices.take(geometry.vertex_count())?;
            indices.take(geometry.index.as_ref().map_or(0, Vec::len))?;
            groups.take(geometry.groups.len())?;
            check_geometry(geometry, idx)?;
        }
        Ok(())
    }

    fn check_materials(&self) -> Result<(), SceneError> {
        for (idx, material) in self.materials.iter().enumerate() {
            for (_, texture) in material.textures() {
                exists("material", idx, "texture", texture.0, self.textures.len())?;
            }
        }
        Ok(())
    }

    fn check_textures(&self, limits: &Limits) -> Result<(), SceneError> {
        let mut bytes = Budget::new("bytes of textures", limits.texel_bytes);
        for (idx, texture) in self.textures.iter().enumerate() {
            for level in &texture.levels {
                bytes.take(level.texels.byte_len())?;
            }
            check_texture(texture, idx, limits)?;
        }
        Ok(())
    }
}

fn check_geometry(geometry: &Geometry, idx: usize) -> Result<(), SceneError> {
    let vertex_count = geometry.vertex_count();
    for (name, attribute) in geometry.attributes() {
        let size = attribute.item_size;
        in_range("geometry", idx, "item size", size.into(), 1, 4)?;
        same_length(
            "geometry",
            idx,
            name,
            attribute.values.len(),
            vertex_count * usize::from(size),
        )?;
    }
    let highest = geometry.index.iter().flatten().max();
    highest.map_or(Ok(()), |vertex| exists("geometry", idx, "vertex", *vertex, vertex_count))
}

fn check_texture(texture: &Texture, idx: usize, limits: &Limits) -> Result<(), SceneError> {
    in_range("texture", idx, "channel", texture.channel.into(), 0, 3)?;
    let kind = |texels: &Texels| std::mem::discriminant(texels);
    for (level_idx, Level { width, height, texels }) in texture.levels.iter().enumerate() {
        in_range("texture", idx, "width", *width, 1, limits.texture_side)?;
        in_range("texture", idx, "height", *height, 1, limits.texture_side)?;
        let expected = *width as usize * *height as usize * texture.format.channels();
        same_length("texture", idx, "a level", texels.len(), expected)?;
        if texture.base().is_some_and(|base| kind(&base.texels) != kind(texels)) {
            return Err(SceneError::MixedLevels { texture: idx, level: level_idx });
        }
    }
    Ok(())
}

fn exists(
    owner: &'static str,
    owner_idx: usize,
    what: &'static str,
    found: u32,
    count: usize,
) -> Result<(), SceneError> {
    if (found as usize) < count {
        Ok(())
    } else {
        Err(SceneError::Missing { owner, owner_idx, what, found, count })
    }
}

fn same_length(
    owner: &'static str,
    owner_idx: usize,
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), SceneError> {
    if found == expected {
        Ok(())
    } else {
        Err(SceneError::Length { owner, owner_idx, what, found, expected })
    }
}

fn in_range(
    owner: &'static str,
    owner_idx: usize,
    what: &'static str,
    found: u32,
    min: u32,
    max: u32,
) -> Result<(), SceneError> {
    let is_in = (min..=max).contains(&found);
    if is_in { Ok(()) } else { Err(SceneError::Range { owner, owner_idx, what, found, min, max }) }
}
