//! Directions along a surface, for normal maps and stretched highlights.
//!
//! Three.js derives them per pixel from texture coordinates; glTF viewers need them per vertex. As in the method that
//! glTF refers to (`MikkTSpace`), the bitangent points against v: it is the negative of the one of Three.js.

use glam::{DMat2, DVec2, DVec3};

use super::mesh::unit;
use crate::scene::{Attribute, Geometry, Texture};

/// A tangent for each vertex, with the sign of the bitangent. `texture`: whose coordinates count; without one `uv`.
pub(super) fn made(geometry: &Geometry, texture: Option<&Texture>) -> Attribute {
    let vertex_count = geometry.vertex_count();
    let mut sums = vec![(DVec3::ZERO, DVec3::ZERO); vertex_count];
    let channel = texture.map_or(0, |texture| usize::from(texture.channel.min(3)));
    let turn = texture.map_or(DMat2::IDENTITY, |texture| {
        let [a, b, _, c, d, ..] = texture.uv_matrix;
        DMat2::from_cols_array(&[a, b, c, d])
    });
    let at = |attribute: Option<&Attribute>, vertex| {
        attribute.map_or([0.0; 4], |attribute| attribute.get(vertex)).map(f64::from)
    };
    let position = |vertex| DVec3::from_slice(&at(geometry.position.as_ref(), vertex)[..3]);
    let uv = |vertex| turn * DVec2::from_slice(&at(geometry.uvs[channel].as_ref(), vertex)[..2]);
    for triangle in 0..geometry.element_count() / 3 {
        let corners = [0, 1, 2].map(|corner| geometry.vertex(3 * triangle + corner));
        let [p0, p1, p2] = corners.map(position);
        let [t0, t1, t2] = corners.map(uv);
        let (side_1, side_2) = (p1 - p0, p2 - p0);
        let (step_1, step_2) = (t1 - t0, t2 - t0);
        let sign = step_1.perp_dot(step_2).signum();
        let along_u = (side_1 * step_2.y - side_2 * step_1.y) * sign;
        let along_v = (side_2 * step_1.x - side_1 * step_2.x) * sign;
        if along_u.is_finite() && along_v.is_finite() {
            for corner in corners {
                sums[corner].0 += along_u;
                sums[corner].1 += along_v;
            }
        }
    }
    let mut values = Vec::with_capacity(4 * vertex_count);
    for (vertex, (along_u, along_v)) in sums.into_iter().enumerate() {
        let [x, y, z, _] = at(geometry.normal.as_ref(), vertex);
        let [x, y, z] = unit([x, y, z], [0.0, 0.0, 1.0]);
        let normal = DVec3::new(x, y, z);
        let tangent = (along_u - normal * normal.dot(along_u)).try_normalize();
        let tangent = tangent.unwrap_or_else(|| normal.any_orthonormal_vector());
        let sign = if normal.cross(tangent).dot(along_v) > 0.0 { -1.0 } else { 1.0 };
        values.extend(tangent.to_array().map(|part| part as f32));
        values.push(sign);
    }
    Attribute::new(4, values)
}

/// The triangles of a range of elements with corners of their own and one normal each.
pub(super) fn faceted(geometry: &Geometry, start: usize, end: usize) -> Geometry {
    let vertices: Vec<_> = (start..end).map(|element| geometry.vertex(element)).collect();
    let pick = |attribute: &Option<Attribute>| {
        attribute.as_ref().map(|attribute| {
            let size = usize::from(attribute.item_size.min(4));
            let mut values = Vec::with_capacity(size * vertices.len());
            vertices
                .iter()
                .for_each(|vertex| values.extend_from_slice(&attribute.get(*vertex)[..size]));
            Attribute { item_size: attribute.item_size, values, undrawable: attribute.undrawable }
        })
    };
    let position = pick(&geometry.position);
    let corner = |vertex| {
        let [x, y, z, _] = position.as_ref().map_or([0.0; 4], |found| found.get(vertex));
        DVec3::new(x.into(), y.into(), z.into())
    };
    let mut normals = Vec::with_capacity(3 * vertices.len());
    for triangle in 0..vertices.len() / 3 {
        let [a, b, c] = [0, 1, 2].map(|at| corner(3 * triangle + at));
        let normal = unit((b - a).cross(c - a).to_array(), [0.0, 0.0, 1.0]).map(|part| part as f32);
        normals.extend([normal; 3].as_flattened());
    }
    Geometry {
        name: geometry.name.clone(),
        position: position.clone(),
        normal: Some(Attribute::new(3, normals)),
        uvs: std::array::from_fn(|channel| pick(&geometry.uvs[channel])),
        color: pick(&geometry.color),
        ..Geometry::default()
    }
}
