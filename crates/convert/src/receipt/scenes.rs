//! Errors of scenes: triangle by triangle as they are drawn, in the world.

use asset::Scene;
use asset::scene::{Attribute, Geometry, Primitive};
use asset::stats::drawn;
use glam::{DMat3, DMat4, DVec3, Mat4, Vec4Swizzles};

use super::attributes::{AttributeError, Sum};

/// Scenes with more triangles are not compared triangle by triangle.
const TRIANGLES_MAX: usize = 1 << 22;

/// One corner of a triangle.
#[derive(Debug, Clone, Copy)]
struct Corner {
    position: DVec3,
    normal: Option<DVec3>,
    uv: Option<[f32; 4]>,
    colour: Option<[f32; 4]>,
}

type Triangle = [Corner; 3];

/// The corners may come in any of these orders: files turn triangles over, or start them elsewhere.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0], [1, 0, 2], [0, 2, 1]];

pub(super) fn errors(before: &Scene, after: &Scene) -> Result<Vec<AttributeError>, String> {
    let (before, after) = (triangles(before)?, triangles(after)?);
    if before.len() != after.len() {
        let (before, after) = (before.len(), after.len());
        return Err(format!("{before} triangles are drawn before, {after} after"));
    }
    let [mut position, mut normal, mut uv, mut colour] = [Sum::default(); 4];
    for (one, other) in before.iter().zip(&after) {
        let farthest = |order: &[usize; 3]| {
            (0..3).map(|c| one[c].position.distance(other[order[c]].position)).fold(0.0, f64::max)
        };
        let order = ORDERS.iter().min_by(|a, b| farthest(a).total_cmp(&farthest(b)));
        let order = order.unwrap_or(&ORDERS[0]);
        for (one, place) in one.iter().zip(order) {
            let other = &other[*place];
            position.add(one.position.distance(other.position), one.position == other.position);
            if let (Some(one), Some(other)) = (one.normal, other.normal) {
                // A surface turned inside out has its normals turned too.
                let angle = libm::atan2(one.cross(other).length(), one.dot(other).abs());
                normal.add(angle.to_degrees(), one == other);
            }
            let add = |sum: &mut Sum, one: Option<[f32; 4]>, other: Option<[f32; 4]>| {
                let (Some(one), Some(other)) = (one, other) else { return };
                for c in 0..4 {
                    let difference = f64::from(one[c]) - f64::from(other[c]);
                    sum.add(difference.abs(), one[c].to_bits() == other[c].to_bits());
                }
            };
            add(&mut uv, one.uv, other.uv);
            add(&mut colour, one.colour, other.colour);
        }
    }
    let all = [
        position.of("position", "m"),
        normal.of("normal", "degrees"),
        uv.of("uv", "1"),
        colour.of("colour", "1"),
    ];
    Ok(all.into_iter().collect())
}

fn triangles(scene: &Scene) -> Result<Vec<Triangle>, String> {
    let mut triangles = Vec::new();
    for (world, drawable) in drawn(scene) {
        let Some(geometry) = scene.geometry(drawable.geometry) else { continue };
        let single = [DMat4::IDENTITY];
        let copies: Vec<DMat4>;
        let places: &[DMat4] = match &drawable.primitive {
            Primitive::Mesh => &single,
            Primitive::InstancedMesh(instances) => {
                let matrices = instances.matrices.iter();
                copies = matrices.map(|m| Mat4::from_cols_array(m).as_dmat4()).collect();
                &copies
            }
            Primitive::Line | Primitive::LineSegments | Primitive::Points => continue,
        };
        let parts = drawable.parts(geometry);
        let count: usize = parts.iter().map(|part| part.range.len() / 3).sum();
        if count.saturating_mul(places.len()).saturating_add(triangles.len()) > TRIANGLES_MAX {
            return Err(format!("more than {TRIANGLES_MAX} triangles"));
        }
        for place in places {
            let world = world * *place;
            let turn = DMat3::from_mat4(world).inverse().transpose();
            for part in &parts {
                for first in part.range.clone().step_by(3).take(part.range.len() / 3) {
                    let corner = |c| corner(geometry, geometry.vertex(first + c), world, turn);
                    triangles.push([corner(0), corner(1), corner(2)]);
                }
            }
        }
    }
    Ok(triangles)
}

fn corner(geometry: &Geometry, vertex: usize, world: DMat4, turn: DMat3) -> Corner {
    let get = |attribute: &Option<Attribute>| attribute.as_ref().map(|found| found.get(vertex));
    let vector = |[x, y, z, _]: [f32; 4]| DVec3::new(x.into(), y.into(), z.into());
    let position = get(&geometry.position).map_or(DVec3::ZERO, vector);
    Corner {
        position: (world * position.extend(1.0)).xyz(),
        normal: get(&geometry.normal).map(|normal| (turn * vector(normal)).normalize_or_zero()),
        uv: get(&geometry.uvs[0]),
        colour: get(&geometry.color),
    }
}
