//! What a view draws and in which order: frustum culling, then the three lists by their sort keys.
//! Source: three r183, `WebGLRenderLists`, `Frustum`; rendering specification §D.8.

use std::cmp::Ordering;

use glam::{DMat4, DVec3, DVec4};

use super::eye::Eye;
use super::prepare::{Object, Prepared};
use super::program::List;

/// One item of the lists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Item {
    pub(super) object: usize,
    pub(super) part: usize,
    pub(super) program: usize,
    pub(super) list: List,
    group_order: f64,
    render_order: f64,
    material_id: u32,
    variant: u8,
    /// In clip space, of the centre of the bounding sphere.
    z: f64,
    object_id: u32,
}

/// The items of a view: opaque, transmissive, transparent, each in its order.
pub(super) fn items(prepared: &Prepared, eye: &Eye) -> Vec<Item> {
    let screen = eye.projection * eye.view;
    let planes = planes(&screen);
    let mut items = Vec::new();
    for (object_idx, object) in prepared.objects.iter().enumerate() {
        if object.culled && is_outside(&planes, object) {
            continue;
        }
        let center = DVec3::from(object.sphere.center).extend(1.0);
        let z = (screen * center).z;
        for (part_idx, part) in object.parts.iter().enumerate() {
            let program = &prepared.programs[part.program];
            items.push(Item {
                object: object_idx,
                part: part_idx,
                program: part.program,
                list: program.list,
                group_order: object.group_order,
                render_order: object.render_order,
                material_id: program.material_id,
                variant: if object.copies.is_some() { 2 } else { 0 },
                z,
                object_id: object.object_id,
            });
        }
    }
    // Stable, as the original's.
    items.sort_by(|a, b| a.list.cmp(&b.list).then_with(|| compare(a, b)));
    items
}

fn compare(a: &Item, b: &Item) -> Ordering {
    let orders = number(a.group_order)
        .total_cmp(&number(b.group_order))
        .then_with(|| number(a.render_order).total_cmp(&number(b.render_order)));
    let (az, bz) = (number(a.z), number(b.z));
    let keys = match a.list {
        List::Opaque => a
            .material_id
            .cmp(&b.material_id)
            .then(a.variant.cmp(&b.variant))
            .then_with(|| az.total_cmp(&bz)),
        List::Transmissive | List::Transparent => bz.total_cmp(&az),
    };
    orders.then(keys).then(a.object_id.cmp(&b.object_id))
}

/// Zero has one sign here, and what is not a number is last.
fn number(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { value + 0.0 }
}

/// The six planes of the frustum, normals inwards and of unit length.
fn planes(screen: &DMat4) -> [DVec4; 6] {
    let m = screen.transpose();
    let [x, y, z, w] = [m.x_axis, m.y_axis, m.z_axis, m.w_axis];
    [w - x, w + x, w + y, w - y, w - z, w + z].map(|plane| plane / plane.truncate().length())
}

fn is_outside(planes: &[DVec4; 6], object: &Object) -> bool {
    let center = DVec3::from(object.sphere.center).extend(1.0);
    planes.iter().any(|plane| plane.dot(center) < -object.sphere.radius)
}
