//! Geometries as the vertex stage reads them, and bounding spheres as three r183 computes them.

use asset::scene::{Attribute, Geometry, Instances, Sphere};
use glam::{DMat4, DVec3, Mat4, Vec2, Vec3, Vec4};

/// Attributes widened to what shaders read; missing components are (0, 0, 0, 1).
#[derive(Debug)]
pub(super) struct Mesh {
    pub(super) positions: Vec<Vec3>,
    pub(super) normals: Option<Vec<Vec3>>,
    pub(super) uvs: [Option<Vec<Vec2>>; 4],
    pub(super) colours: Option<Vec<Vec4>>,
    pub(super) tangents: Option<Vec<Vec4>>,
    pub(super) line_distances: Option<Vec<f32>>,
    pub(super) index: Option<Vec<u32>>,
    pub(super) sphere: Sphere,
}

impl Mesh {
    pub(super) fn new(geometry: &Geometry) -> Self {
        let count = geometry.vertex_count();
        fn read<T>(
            attribute: Option<&Attribute>,
            count: usize,
            as_value: impl Fn([f32; 4]) -> T,
        ) -> Option<Vec<T>> {
            let attribute = attribute?;
            Some((0..count).map(|vertex| as_value(attribute.get(vertex))).collect())
        }
        let vec3 = |v: [f32; 4]| Vec3::new(v[0], v[1], v[2]);
        let positions = read(geometry.position.as_ref(), count, vec3).unwrap_or_default();
        let sphere = geometry.bounding_sphere.unwrap_or_else(|| sphere_of(&positions));
        Self {
            normals: read(geometry.normal.as_ref(), count, vec3),
            uvs: std::array::from_fn(|channel| {
                read(geometry.uvs[channel].as_ref(), count, |v| Vec2::new(v[0], v[1]))
            }),
            colours: read(geometry.color.as_ref(), count, Vec4::from),
            tangents: read(geometry.tangent.as_ref(), count, Vec4::from),
            line_distances: read(geometry.line_distance.as_ref(), count, |v| v[0]),
            index: geometry.index.clone(),
            sphere,
            positions,
        }
    }

    /// The vertex of an element, if it exists.
    #[inline]
    pub(super) fn vertex(&self, element: usize) -> Option<usize> {
        let vertex = match &self.index {
            Some(index) => *index.get(element)? as usize,
            None => element,
        };
        (vertex < self.positions.len()).then_some(vertex)
    }
}

/// Centre of the box and the largest distance from it.
fn sphere_of(positions: &[Vec3]) -> Sphere {
    let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
    for p in positions {
        low = low.min(p.as_dvec3());
        high = high.max(p.as_dvec3());
    }
    let center = if positions.is_empty() { DVec3::ZERO } else { (low + high) * 0.5 };
    let far = positions.iter().map(|p| (p.as_dvec3() - center).length_squared());
    let radius = far.fold(0.0_f64, |most, d| if d > most || d.is_nan() { d } else { most }).sqrt();
    Sphere { center: center.to_array(), radius }
}

/// A point through a matrix, divided by w as three does.
pub(super) fn transformed(matrix: &DMat4, point: DVec3) -> DVec3 {
    let p = *matrix * point.extend(1.0);
    p.truncate() / p.w
}

/// A sphere through a matrix: the radius grows by the longest axis.
pub(super) fn moved(matrix: &DMat4, sphere: &Sphere) -> Sphere {
    let longest = [matrix.x_axis, matrix.y_axis, matrix.z_axis]
        .map(|axis| axis.truncate().length_squared())
        .into_iter()
        .fold(0.0_f64, f64::max)
        .sqrt();
    let center = transformed(matrix, DVec3::from(sphere.center)).to_array();
    Sphere { center, radius: sphere.radius * longest }
}

/// The sphere around all instances, grown one by one in their order.
pub(super) fn sphere_of_instances(instances: &Instances, geometry: &Sphere) -> Sphere {
    if let Some(own) = instances.bounding_sphere {
        return own;
    }
    let mut all: Option<(DVec3, f64)> = None;
    for matrix in &instances.matrices {
        let one = moved(&Mat4::from_cols_array(matrix).as_dmat4(), geometry);
        if one.radius < 0.0 {
            continue;
        }
        let (center, radius) = (DVec3::from(one.center), one.radius);
        let Some((own_center, own_radius)) = &mut all else {
            all = Some((center, radius));
            continue;
        };
        if *own_center == center {
            *own_radius = own_radius.max(radius);
            continue;
        }
        let reach = (center - *own_center).normalize() * radius;
        for point in [center + reach, center - reach] {
            let away = point - *own_center;
            let distance = away.length();
            if distance > *own_radius {
                let delta = (distance - *own_radius) * 0.5;
                *own_center += away * (delta / distance);
                *own_radius += delta;
            }
        }
    }
    let (center, radius) = all.unwrap_or((DVec3::ZERO, -1.0));
    Sphere { center: center.to_array(), radius }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spheres_of_instances_grow_in_order() {
        let at = |x: f32| Mat4::from_translation(Vec3::new(x, 0.0, 0.0)).to_cols_array();
        let unit = Sphere { center: [0.0; 3], radius: 1.0 };
        let list = Instances { matrices: vec![at(0.0), at(4.0)], ..Instances::default() };
        let sphere = sphere_of_instances(&list, &unit);
        assert_eq!((sphere.center, sphere.radius), ([2.0, 0.0, 0.0], 3.0));
        assert_eq!(sphere_of_instances(&Instances::default(), &unit).radius, -1.0);
    }
}
