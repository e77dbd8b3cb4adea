//! Post-validation: figures of a snapshot. Facts: threejs-modules.md section 7.
//! Where the original trusts what a module wrote (boxes it cached, matrices of a parent that is not drawn), this measures.

use super::snapshot::Reader;
use super::{
    fuel::Fuel,
    snapshot::{Attribute, Geometry, Instances, Local, Node, Numbers, Snapshot},
    space::{Box3, Matrix},
};

/// Numbers read or corners transformed per step of fuel.
const WORK_PER_STEP: usize = 16;

/// Figures of a scene.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    /// Sum of position counts over meshes, lines and points. A module sets them, so they can be any number.
    pub vertices: f64,
    /// Meshes, lines and points.
    pub draw_calls: u64,
    /// Deepest level; the root group is level 0, and a bare mesh root is at level 1.
    pub depth: u32,
    /// Sum of the counts of instanced meshes. A module sets them, so they can be any number.
    pub instances: f64,
    /// Bytes of the data textures in materials, each texture once.
    pub texture_bytes: f64,
    /// Smallest and largest corner of the world box, `[min, max]`; `None` when empty.
    pub bbox: Option<[[f64; 3]; 2]>,
}

/// Where a node is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) local: Matrix,
    pub(super) world: Matrix,
}

/// Places of all nodes, and the figures. Ends early, with figures that mean nothing, when the fuel is used up.
pub(super) fn measure(snapshot: &Snapshot<'_>, fuel: &Fuel) -> (Vec<Place>, Metrics) {
    let places = places(&snapshot.nodes);
    let mut boxes = vec![None; snapshot.geometries.len()];
    let mut metrics = Metrics {
        vertices: 0.0,
        draw_calls: 0,
        depth: 0,
        instances: 0.0,
        texture_bytes: 0.0,
        bbox: None,
    };
    let mut whole = Box3::EMPTY;
    for (node, place) in snapshot.nodes.iter().zip(&places) {
        if fuel.is_empty() {
            break;
        }
        metrics.depth = metrics.depth.max(node.level);
        if let Some(instances) = &node.instances {
            metrics.instances += counted(instances.count);
        }
        let Some(id) = node.geometry else { continue };
        let geometry = &snapshot.geometries[id.idx()];
        if node.flags.is_drawn() {
            metrics.draw_calls += 1;
            metrics.vertices += geometry.position.as_ref().map_or(0.0, |it| counted(it.count));
        }
        let own = *boxes[id.idx()].get_or_insert_with(|| box_of(geometry, fuel));
        let own = match &node.instances {
            Some(instances) => box_of_instances(own, instances, fuel),
            None => own,
        };
        whole = whole.union(own.transformed(&place.world));
    }
    for texture in snapshot.textures.iter().filter(|texture| texture.is_counted) {
        metrics.texture_bytes += texture.byte_count;
    }
    metrics.bbox = (!whole.is_empty()).then_some([whole.min, whole.max]);
    (places, metrics)
}

/// Less than nothing is nothing, so that it cannot make up for something else. What is no number stays none.
fn counted(count: f64) -> f64 {
    if count < 0.0 { 0.0 } else { count }
}

fn places(nodes: &[Node<'_>]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let local = match node.local {
            Local::Matrix(matrix) => Matrix(matrix),
            Local::Parts { position, quaternion, scale, pivot } => {
                Matrix::compose(position, quaternion, scale, pivot)
            }
        };
        let world = match (node.world, node.parent) {
            (Some(world), _) => Matrix(world),
            (None, None) => local,
            (None, Some(parent)) => places[parent].world.times(&local),
        };
        places.push(Place { local, world });
    }
    places
}

/// Of all vertices, drawn or not, and of morph targets.
fn box_of(geometry: &Geometry<'_>, fuel: &Fuel) -> Box3 {
    let Some(position) = &geometry.position else { return Box3::EMPTY };
    let base = box_of_vertices(position, fuel);
    let (morphs, are_relative) = &geometry.morphs;
    let mut whole = base;
    for morph in morphs {
        if fuel.is_empty() {
            break;
        }
        let mut morph = box_of_vertices(morph, fuel);
        if morph.is_empty() {
            continue;
        }
        if *are_relative {
            for axis in 0..3 {
                morph.min[axis] += base.min[axis];
                morph.max[axis] += base.max[axis];
            }
        }
        whole = whole.union(morph);
    }
    whole
}

fn box_of_vertices(attribute: &Attribute<'_>, fuel: &Fuel) -> Box3 {
    let Some(numbers) = &attribute.numbers else { return Box3::EMPTY };
    let found = numbers
        .read(Bounds { attribute, largest: numbers.largest().filter(|_| attribute.normalized) });
    fuel.charge((attribute.vertex_count() / WORK_PER_STEP) as u64);
    found
}

/// The box of the vertices that there are. Those beyond the array are zeros, as a driver reads them.
struct Bounds<'a, 'js> {
    attribute: &'a Attribute<'js>,
    largest: Option<f64>,
}

impl Reader for Bounds<'_, '_> {
    type Out = Box3;

    fn read(self, len: usize, at: impl Fn(usize) -> f64) -> Box3 {
        let held = self.attribute.vertices_held(len);
        let &Attribute { item_size, stride, offset, .. } = self.attribute;
        let value = |idx: usize| {
            self.largest.map_or_else(|| at(idx), |largest| (at(idx) / largest).max(-1.0))
        };
        let component = |vertex: usize, component: usize| {
            if component < item_size { value(vertex * stride + offset + component) } else { 0.0 }
        };
        let mut whole = Box3::EMPTY;
        for vertex in 0..held {
            whole.add([component(vertex, 0), component(vertex, 1), component(vertex, 2)]);
        }
        if held < self.attribute.vertex_count() {
            whole.add([0.0; 3]);
        }
        whole
    }
}

fn box_of_instances(own: Box3, instances: &Instances<'_>, fuel: &Fuel) -> Box3 {
    let Some(matrices) = &instances.matrices else { return Box3::EMPTY };
    let count = instances.matrix_count(matrices);
    fuel.charge((count * 8 / WORK_PER_STEP) as u64);
    matrices.read(InstanceBounds { own, count })
}

struct InstanceBounds {
    own: Box3,
    count: usize,
}

impl Reader for InstanceBounds {
    type Out = Box3;

    fn read(self, _: usize, at: impl Fn(usize) -> f64) -> Box3 {
        let mut whole = Box3::EMPTY;
        for instance in 0..self.count {
            let matrix = Matrix(std::array::from_fn(|element| at(instance * 16 + element)));
            whole = whole.union(self.own.transformed(&matrix));
        }
        whole
    }
}

impl Attribute<'_> {
    /// Whole vertices that the array of `len` numbers really has.
    pub(super) fn vertices_held(&self, len: usize) -> usize {
        let room = len.saturating_sub(self.offset + self.item_size);
        let is_empty = self.item_size == 0 || len < self.offset + self.item_size;
        let held = if is_empty { 0 } else { room / self.stride + 1 };
        held.min(self.vertex_count())
    }
}

impl Instances<'_> {
    /// Matrices that are drawn: no more than there are, for a driver reads zeros beyond them.
    pub(super) fn matrix_count(&self, matrices: &Numbers<'_>) -> usize {
        (self.count as usize).min(matrices.len() / 16)
    }
}
