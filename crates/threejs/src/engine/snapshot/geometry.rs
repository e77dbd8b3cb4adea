//! A `BufferGeometry` as the module left it. Arrays stay where they are until they are measured or copied.

use asset::scene::{
    Group, Span, Sphere,
    limits::{GROUPS_MAX, VERTICES_MAX},
};
use rquickjs::{Function, Object};

use super::{
    Stop,
    numbers::Numbers,
    props::{self, Res},
};

/// Morph targets of all geometries together; they only widen boxes.
const MORPHS_MAX: usize = 1 << 10;
/// `IntType` of Three.js: the attribute is passed on as integers.
const INT_TYPE: u32 = 1013;

/// A geometry, read once however often it is used.
#[derive(Debug)]
pub(in crate::engine) struct Geometry<'js> {
    pub(in crate::engine) name: String,
    pub(in crate::engine) position: Option<Attribute<'js>>,
    pub(in crate::engine) normal: Option<Attribute<'js>>,
    pub(in crate::engine) uvs: [Option<Attribute<'js>>; 4],
    pub(in crate::engine) color: Option<Attribute<'js>>,
    pub(in crate::engine) tangent: Option<Attribute<'js>>,
    pub(in crate::engine) line_distance: Option<Attribute<'js>>,
    pub(in crate::engine) index: Option<Attribute<'js>>,
    pub(in crate::engine) groups: Vec<Group>,
    pub(in crate::engine) draw_range: Span,
    pub(in crate::engine) bounding_sphere: Option<Sphere>,
    /// Targets of `position`, and whether they are added to it.
    pub(in crate::engine) morphs: (Vec<Attribute<'js>>, bool),
    /// Why it cannot be drawn; it can still be measured.
    pub(in crate::engine) trouble: Option<String>,
}

/// A `BufferAttribute` or `InterleavedBufferAttribute`.
#[derive(Debug)]
pub(in crate::engine) struct Attribute<'js> {
    /// `None` if it holds no array that we know.
    pub(in crate::engine) numbers: Option<Numbers<'js>>,
    /// What the module says how many there are; any number.
    pub(in crate::engine) count: f64,
    /// Numbers of one vertex that count.
    pub(in crate::engine) item_size: usize,
    /// Numbers from one vertex to the next.
    pub(in crate::engine) stride: usize,
    /// Numbers before the first vertex.
    pub(in crate::engine) offset: usize,
    /// Integers stand for 0 to 1 or -1 to 1.
    pub(in crate::engine) normalized: bool,
    /// Marked as integers for the shader.
    pub(in crate::engine) is_integer: bool,
}

/// What all geometries together hold so far of what no rule limits.
#[derive(Debug, Default)]
pub(super) struct Held {
    groups: usize,
    morphs: usize,
}

impl<'js> Geometry<'js> {
    pub(super) fn read(of: &Object<'js>, short: &Function<'js>, held: &mut Held) -> Res<Self> {
        let attributes = props::object(of, "attributes")?;
        let mut trouble = None;
        let mut attribute = |name: &'static str| -> Res<Option<Attribute<'js>>> {
            let Some(held) = props::maybe_object(&attributes, name)? else { return Ok(None) };
            let read = Attribute::read(&held)?;
            if !read.can_be_uploaded() && trouble.is_none() {
                trouble = Some(format!(
                    "attribute {name} of a geometry holds no array that can be uploaded"
                ));
            }
            Ok(Some(read))
        };
        let position = attribute("position")?;
        let normal = attribute("normal")?;
        let uvs = [attribute("uv")?, attribute("uv1")?, attribute("uv2")?, attribute("uv3")?];
        let color = attribute("color")?;
        let tangent = attribute("tangent")?;
        let line_distance = attribute("lineDistance")?;
        let index = match props::maybe_object(of, "index")? {
            Some(held) => Some(Attribute::read(&held)?),
            None => None,
        };
        if index.as_ref().is_some_and(|index| !index.can_be_uploaded()) {
            trouble =
                Some("the index of a geometry holds no array that can be uploaded".to_owned());
        }
        Ok(Self {
            name: props::text(of, "name", short)?,
            position,
            normal,
            uvs,
            color,
            tangent,
            line_distance,
            index,
            groups: groups(of, &mut held.groups)?,
            draw_range: match props::maybe_object(of, "drawRange")? {
                Some(range) => span(&range)?,
                None => return Err(Stop::fault("drawRange is not an object")),
            },
            bounding_sphere: sphere(of)?,
            morphs: morphs(of, &mut held.morphs)?,
            trouble,
        })
    }
}

impl<'js> Attribute<'js> {
    pub(super) fn read(of: &Object<'js>) -> Res<Self> {
        let count = props::number(of, "count")?;
        let item_size = size(props::number(of, "itemSize")?);
        let (holder, stride, offset);
        if props::is(of, "isInterleavedBufferAttribute")? {
            holder = props::object(of, "data")?;
            stride = size(props::number(&holder, "stride")?);
            offset = size(props::number(of, "offset")?);
        } else {
            holder = of.clone();
            (stride, offset) = (0, 0);
        }
        let array = props::maybe_object(&holder, "array")?;
        Ok(Self {
            numbers: array.as_ref().and_then(Numbers::new),
            count,
            item_size,
            // No stride means that vertices follow each other.
            stride: if stride == 0 { item_size } else { stride },
            offset,
            normalized: props::is(of, "normalized")?,
            is_integer: props::number(of, "gpuType")? as u32 == INT_TYPE,
        })
    }

    /// Vertices as the module counts them, whole and within what a scene can hold.
    pub(in crate::engine) fn vertex_count(&self) -> usize {
        (self.count as usize).min(VERTICES_MAX + 1)
    }

    /// Numbers of an index: as many as the module counts and the array has.
    pub(in crate::engine) fn index_count(&self) -> usize {
        self.numbers.as_ref().map_or(0, |numbers| numbers.len().min(self.count as usize))
    }

    /// The kinds that a graphics driver takes.
    fn can_be_uploaded(&self) -> bool {
        !matches!(self.numbers, None | Some(Numbers::F64(_)))
    }
}

/// A size or an offset in numbers: below any array's length where it is not a sound one.
fn size(number: f64) -> usize {
    (number as usize).min(1 << 30)
}

/// A length, once it fits beside what is held already.
fn taken(what: &str, length: f64, held: &mut usize, max: usize) -> Res<u32> {
    *held = held.saturating_add(length as usize);
    if *held > max {
        return Err(Stop::fault(format!("scene: {held} {what}, our limit is {max}")));
    }
    Ok(length as u32)
}

fn groups(of: &Object<'_>, held: &mut usize) -> Res<Vec<Group>> {
    let Some(list) = props::maybe_object(of, "groups")? else { return Ok(Vec::new()) };
    let length = props::length(&list)?;
    let length = taken("groups", length, held, GROUPS_MAX)?;
    let mut groups = Vec::new();
    for at in 0..length {
        // What is no object has no range and draws nothing.
        let Some(group) = props::value(&list, at)?.into_object() else { continue };
        let material_idx = props::number(&group, "materialIndex")?;
        let is_index = material_idx >= 0.0 && material_idx.fract() == 0.0;
        groups.push(Group {
            span: span(&group)?,
            material_idx: if is_index { material_idx as u32 } else { u32::MAX },
        });
    }
    Ok(groups)
}

/// `start` and `count`, of which both may be any number: cut to what is left of it from zero on.
fn span(of: &Object<'_>) -> Res<Span> {
    let (start, count) = (props::number(of, "start")?, props::number(of, "count")?);
    let end = start + count;
    if end.is_nan() {
        return Ok(Span { start: 0, count: Some(0) });
    }
    let start = start.max(0.0) as u32;
    let count = (end != f64::INFINITY).then(|| (end.max(0.0) as u32).saturating_sub(start));
    Ok(Span { start, count })
}

/// `boundingSphere`, if the module has one.
pub(super) fn sphere(of: &Object<'_>) -> Res<Option<Sphere>> {
    let Some(held) = props::maybe_object(of, "boundingSphere")? else { return Ok(None) };
    Ok(Some(Sphere {
        center: props::numbers(&held, "center", ["x", "y", "z"], [f64::NAN; 3])?,
        radius: props::number(&held, "radius")?,
    }))
}

fn morphs<'js>(of: &Object<'js>, held: &mut usize) -> Res<(Vec<Attribute<'js>>, bool)> {
    let list = match props::maybe_object(of, "morphAttributes")? {
        Some(morphs) => props::maybe_object(&morphs, "position")?,
        None => None,
    };
    let Some(list) = list else { return Ok((Vec::new(), false)) };
    let length = props::length(&list)?;
    let length = taken("morph targets", length, held, MORPHS_MAX)?;
    let mut morphs = Vec::new();
    for at in 0..length {
        let held = props::value(&list, at)?.into_object();
        let held = held.ok_or_else(|| Stop::fault("a morph target is not an object"))?;
        morphs.push(Attribute::read(&held)?);
    }
    Ok((morphs, props::is(of, "morphTargetsRelative")?))
}
