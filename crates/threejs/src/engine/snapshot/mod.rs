//! What a module built, read once: plain values, and handles of its arrays. After that nothing of the module runs, so
//! measuring and copying see the same scene. Facts: threejs-modules.md sections 7 and 13.

mod geometry;
mod material;
mod numbers;
mod props;
mod texture;

use std::collections::{HashMap, HashSet};

use asset::scene::{
    GeometryId, Material, MaterialId, Materials, Sphere, TextureId,
    limits::{GEOMETRIES_MAX, MATERIAL_SLOTS_MAX, MATERIALS_MAX, NODES_MAX, TEXTURES_MAX},
};
use rquickjs::{Function, Object, Value};

pub(super) use self::{
    geometry::{Attribute, Geometry},
    numbers::{Numbers, Reader},
    texture::{Level, TexelType, Texture},
};
use super::{Limits, outcome::failure};
use crate::{Failure, Rule, Stage};
use props::Res;

/// Everything that is measured and drawn.
#[derive(Debug)]
pub(super) struct Snapshot<'js> {
    /// In the order of a depth-first walk.
    pub(super) nodes: Vec<Node<'js>>,
    pub(super) geometries: Vec<Geometry<'js>>,
    pub(super) materials: Vec<Material>,
    pub(super) textures: Vec<Texture<'js>>,
    /// The root was no group and is put into one.
    pub(super) is_wrapped: bool,
    /// Why the scene cannot be drawn although it can be measured; the first reason.
    pub(super) trouble: Option<String>,
    geometry_ids: HashMap<Value<'js>, GeometryId>,
    material_ids: HashMap<Value<'js>, MaterialId>,
    /// `None` for an object that is no data texture.
    texture_ids: HashMap<Value<'js>, Option<TextureId>>,
    slots: usize,
    held: geometry::Held,
    short: Function<'js>,
}

/// An object of the hierarchy.
#[derive(Debug)]
pub(super) struct Node<'js> {
    /// Index of the parent among the nodes.
    pub(super) parent: Option<usize>,
    /// The root has 0, or 1 where it is wrapped.
    pub(super) level: u32,
    pub(super) object_id: u32,
    pub(super) name: String,
    pub(super) local: Local,
    /// A world matrix written by hand.
    pub(super) world: Option<[f64; 16]>,
    pub(super) visible: bool,
    pub(super) layers: u32,
    pub(super) render_order: f64,
    pub(super) frustum_culled: bool,
    pub(super) flags: Flags,
    pub(super) geometry: Option<GeometryId>,
    pub(super) materials: Option<Materials>,
    pub(super) instances: Option<Instances<'js>>,
}

/// What an object says it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags {
    pub(super) is_group: bool,
    pub(super) is_mesh: bool,
    pub(super) is_line: bool,
    pub(super) is_line_segments: bool,
    pub(super) is_points: bool,
    pub(super) is_instanced: bool,
}

/// Where a local matrix comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Local {
    Matrix([f64; 16]),
    Parts { position: [f64; 3], quaternion: [f64; 4], scale: [f64; 3], pivot: Option<[f64; 3]> },
}

/// What an instanced mesh has more.
#[derive(Debug)]
pub(super) struct Instances<'js> {
    /// Any number, or none.
    pub(super) count: f64,
    pub(super) matrices: Option<Numbers<'js>>,
    pub(super) colors: Option<Attribute<'js>>,
    pub(super) bounding_sphere: Option<Sphere>,
}

/// Why reading ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// The module's own code threw, or the interpreter ran out of something.
    Thrown(rquickjs::Error),
    /// Found by us.
    Refused(Failure),
}

impl From<rquickjs::Error> for Stop {
    fn from(error: rquickjs::Error) -> Self {
        Self::Thrown(error)
    }
}

impl Stop {
    /// The original's measuring or drawing would throw here.
    fn fault(detail: impl Into<String>) -> Self {
        Self::refused(Rule::ExecutionThrew, detail)
    }

    fn refused(rule: Rule, detail: impl Into<String>) -> Self {
        Self::Refused(failure(Stage::PostValidation, rule, detail))
    }
}

impl Flags {
    fn read(of: &Object<'_>) -> Res<Self> {
        Ok(Self {
            is_group: props::is(of, "isGroup")?,
            is_mesh: props::is(of, "isMesh")?,
            is_line: props::is(of, "isLine")?,
            is_line_segments: props::is(of, "isLineSegments")?,
            is_points: props::is(of, "isPoints")?,
            is_instanced: props::is(of, "isInstancedMesh")?,
        })
    }

    /// A draw call.
    pub(super) fn is_drawn(self) -> bool {
        self.is_mesh || self.is_line || self.is_points
    }
}

/// Reads what the exported function returned. `short` is the prelude's.
pub(super) fn take<'js>(
    root: &Value<'js>,
    short: Function<'js>,
    limits: &Limits,
) -> Res<Snapshot<'js>> {
    let refused = |detail: &str| Stop::refused(Rule::InvalidReturnType, detail);
    if root.is_null() || root.is_undefined() {
        return Err(refused("returned null/undefined"));
    }
    let object = root.as_object().ok_or_else(|| refused("not an Object3D"))?;
    if props::value(object, "then")?.is_function() {
        let detail = "generate() returned a Promise or thenable";
        return Err(Stop::Refused(failure(Stage::Execution, Rule::AsyncNotAllowed, detail)));
    }
    if !props::is(object, "isObject3D")? {
        return Err(refused("not an Object3D"));
    }
    let class = props::text(object, "type", &short)?;
    let flags = Flags::read(object)?;
    let is_kind = matches!(class.as_str(), "Group" | "Mesh" | "LineSegments" | "Points")
        && (flags.is_group || flags.is_mesh || flags.is_line_segments || flags.is_points);
    if !is_kind {
        return Err(refused("expected Group, Mesh, LineSegments, or Points"));
    }
    let is_wrapped = !flags.is_group || class != "Group";
    let mut walk = Walk {
        snapshot: Snapshot {
            nodes: Vec::new(),
            geometries: Vec::new(),
            materials: Vec::new(),
            textures: Vec::new(),
            is_wrapped,
            trouble: None,
            geometry_ids: HashMap::new(),
            material_ids: HashMap::new(),
            texture_ids: HashMap::new(),
            slots: 0,
            held: geometry::Held::default(),
            short,
        },
        seen: HashSet::new(),
        depth_max: limits.depth,
    };
    walk.visit(object, Some(flags), None, u32::from(is_wrapped))?;
    Ok(walk.snapshot)
}

struct Walk<'js> {
    snapshot: Snapshot<'js>,
    seen: HashSet<Value<'js>>,
    depth_max: u32,
}

impl<'js> Walk<'js> {
    /// Goes no deeper than the limit allows, so it may call itself.
    fn visit(
        &mut self,
        object: &Object<'js>,
        flags: Option<Flags>,
        parent: Option<usize>,
        level: u32,
    ) -> Res<()> {
        if !self.seen.insert(object.as_value().clone()) {
            return Err(Stop::refused(Rule::CycleDetected, "scene graph contains a cycle"));
        }
        if level > self.depth_max {
            let detail = format!("{level} > {}", self.depth_max);
            return Err(Stop::refused(Rule::DepthLimitExceeded, detail));
        }
        let at = self.snapshot.nodes.len();
        bounded("objects", at + 1, NODES_MAX)?;
        let flags = flags.map_or_else(|| Flags::read(object), Ok)?;
        let node = self.snapshot.node(object, flags, parent, level)?;
        self.snapshot.nodes.push(node);

        let children = props::object(object, "children")?;
        let count = props::length(&children)?;
        let mut idx = 0_u32;
        while f64::from(idx) < count {
            let child = props::value(&children, idx)?.into_object();
            let child = child.ok_or_else(|| Stop::fault("a child is not an object"))?;
            self.visit(&child, None, Some(at), level + 1)?;
            idx += 1;
        }
        Ok(())
    }
}

impl<'js> Snapshot<'js> {
    fn node(
        &mut self,
        of: &Object<'js>,
        flags: Flags,
        parent: Option<usize>,
        level: u32,
    ) -> Res<Node<'js>> {
        let geometry = self.geometry(of, flags)?;
        let materials = if flags.is_drawn() { self.materials_of(of)? } else { None };
        if let (true, Some(id)) = (flags.is_drawn(), geometry)
            && let Some(trouble) = self.geometries[id.idx()].trouble.clone()
        {
            self.troubled(&trouble);
        }
        let instances = if flags.is_instanced { Some(self.instances(of)?) } else { None };
        let is_world_computed = props::is_true(of, "matrixWorldAutoUpdate")?;
        let layers = props::object(of, "layers")?;
        Ok(Node {
            parent,
            level,
            object_id: props::number(of, "id")? as u32,
            name: props::text(of, "name", &self.short)?,
            local: local(of)?,
            world: if is_world_computed { None } else { Some(props::elements(of, "matrixWorld")?) },
            // Only `false` hides an object.
            visible: props::value(of, "visible")?.as_bool() != Some(false),
            layers: bits(props::number(&layers, "mask")?),
            render_order: props::number(of, "renderOrder")?,
            frustum_culled: props::is(of, "frustumCulled")?,
            flags,
            geometry,
            materials,
            instances,
        })
    }

    fn geometry(&mut self, of: &Object<'js>, flags: Flags) -> Res<Option<GeometryId>> {
        let held = props::value(of, "geometry")?;
        if held.is_undefined() && !flags.is_drawn() {
            return Ok(None);
        }
        let object = held.as_object().ok_or_else(|| Stop::fault("geometry is not an object"))?;
        if let Some(id) = self.geometry_ids.get(&held) {
            return Ok(Some(*id));
        }
        bounded("geometries", self.geometries.len() + 1, GEOMETRIES_MAX)?;
        let geometry = Geometry::read(object, &self.short, &mut self.held)?;
        let id = GeometryId(self.geometries.len() as u32);
        self.geometries.push(geometry);
        self.geometry_ids.insert(held, id);
        Ok(Some(id))
    }

    fn materials_of(&mut self, of: &Object<'js>) -> Res<Option<Materials>> {
        let held = props::value(of, "material")?;
        if !held.is_array() {
            let single = self.material(&held)?;
            if single.is_none() {
                // Measured without complaint by the original, which then fails to draw it.
                self.troubled("material of an object is not an object");
            }
            return Ok(single.map(Materials::Single));
        }
        let list = held.into_object().ok_or_else(|| Stop::fault("material is not an array"))?;
        let length = props::length(&list)?;
        let free = MATERIAL_SLOTS_MAX - self.slots;
        if length > free as f64 {
            let detail = format!("{length} materials in one array, {free} are left of our limit");
            return Err(Stop::fault(detail));
        }
        self.slots += length as usize;
        let mut array = Vec::new();
        for idx in 0..length as u32 {
            let held = props::value(&list, idx)?;
            array.push(self.material(&held)?);
        }
        Ok(Some(Materials::Array(array)))
    }

    fn material(&mut self, held: &Value<'js>) -> Res<Option<MaterialId>> {
        let Some(object) = held.as_object() else { return Ok(None) };
        if let Some(id) = self.material_ids.get(held) {
            return Ok(Some(*id));
        }
        bounded("materials", self.materials.len() + 1, MATERIALS_MAX)?;
        let (material, trouble) = material::read(object, self)?;
        if let Some(trouble) = trouble {
            self.troubled(&trouble);
        }
        let id = MaterialId(self.materials.len() as u32);
        self.materials.push(material);
        self.material_ids.insert(held.clone(), id);
        Ok(Some(id))
    }

    /// `None` for anything but a `DataTexture`.
    fn texture(&mut self, object: &Object<'js>, is_counted: bool) -> Res<Option<TextureId>> {
        if let Some(id) = self.texture_ids.get(object.as_value()).copied() {
            if let Some(id) = id {
                self.textures[id.idx()].is_counted |= is_counted;
            }
            return Ok(id);
        }
        let mut id = None;
        if props::is(object, "isDataTexture")? {
            bounded("textures", self.textures.len() + 1, TEXTURES_MAX)?;
            let mut texture = Texture::read(object, &self.short)?;
            texture.is_counted = is_counted;
            id = Some(TextureId(self.textures.len() as u32));
            self.textures.push(texture);
        }
        self.texture_ids.insert(object.as_value().clone(), id);
        Ok(id)
    }

    fn instances(&self, of: &Object<'js>) -> Res<Instances<'js>> {
        let count = props::value(of, "count")?;
        // Nothing counts as nothing.
        let is_missing = count.is_undefined() || count.is_null();
        let count = if is_missing { 0.0 } else { props::to_number(of.ctx(), count)? };
        let matrix = props::object(of, "instanceMatrix")?;
        let array = props::maybe_object(&matrix, "array")?;
        let colors = match props::maybe_object(of, "instanceColor")? {
            Some(colors) => Some(Attribute::read(&colors)?),
            None => None,
        };
        Ok(Instances {
            count,
            matrices: array.as_ref().and_then(Numbers::new),
            colors,
            bounding_sphere: geometry::sphere(of)?,
        })
    }

    fn troubled(&mut self, trouble: &str) {
        self.trouble.get_or_insert_with(|| format!("the scene cannot be drawn: {trouble}"));
    }
}

/// Refuses what would be more than a scene holds.
fn bounded(what: &str, found: usize, max: usize) -> Res<()> {
    if found > max {
        return Err(Stop::fault(format!("scene: {found} {what}, our limit is {max}")));
    }
    Ok(())
}

fn local(of: &Object<'_>) -> Res<Local> {
    if !props::is(of, "matrixAutoUpdate")? {
        return Ok(Local::Matrix(props::elements(of, "matrix")?));
    }
    let pivot = props::value(of, "pivot")?;
    let pivot = match pivot.as_object() {
        Some(held) => {
            Some([props::number(held, "x")?, props::number(held, "y")?, props::number(held, "z")?])
        }
        None => None,
    };
    let part = |key| {
        let held = props::object(of, key)?;
        Ok::<_, Stop>([
            props::number(&held, "x")?,
            props::number(&held, "y")?,
            props::number(&held, "z")?,
        ])
    };
    let turn = props::object(of, "quaternion")?;
    Ok(Local::Parts {
        position: part("position")?,
        quaternion: [
            props::number(&turn, "x")?,
            props::number(&turn, "y")?,
            props::number(&turn, "z")?,
            props::number(&turn, "w")?,
        ],
        scale: part("scale")?,
        pivot,
    })
}

/// The 32 bits that JavaScript's bit operators see.
fn bits(number: f64) -> u32 {
    if number.is_finite() { number.trunc().rem_euclid(4_294_967_296.0) as u32 } else { 0 }
}
