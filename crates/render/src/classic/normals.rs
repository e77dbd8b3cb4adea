//! Normals of vertices where a file has none: the mean of the faces around a vertex, weighted by their angles there.
//! Vertices in the same place are not merged. Source: rendering specification §C.1.

use glam::{DVec3, Vec3};

/// The direction of a normal; zero if it has none.
pub(super) fn unit(normal: [f32; 3]) -> [f32; 3] {
    Vec3::from(normal).normalize_or_zero().to_array()
}

/// One per vertex. Triangles without area, or with corners that are not finite, count for nothing.
pub(super) fn of_vertices(positions: &[[f32; 3]], triangles: &[[u32; 3]]) -> Vec<[f32; 3]> {
    let mut sums = vec![DVec3::ZERO; positions.len()];
    for triangle in triangles {
        let [a, b, c] = triangle.map(|v| DVec3::from(positions[v as usize].map(f64::from)));
        let (ab, bc, ca) = (b - a, c - b, a - c);
        let Some(normal) = ab.cross(-ca).try_normalize() else { continue };
        let [Some(ab), Some(bc), Some(ca)] = [ab, bc, ca].map(DVec3::try_normalize) else {
            continue;
        };
        let angle = |p: DVec3, q: DVec3| libm::acos(p.dot(q).clamp(-1.0, 1.0));
        let angles = [angle(ab, -ca), angle(bc, -ab), angle(ca, -bc)];
        for (vertex, angle) in triangle.iter().zip(angles) {
            sums[*vertex as usize] += normal * angle;
        }
    }
    sums.into_iter().map(|sum| sum.normalize_or_zero().as_vec3().to_array()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A corner of a cube, one of its faces cut in two: each face counts by its angle, not by its triangles.
    #[test]
    fn faces_count_by_their_angle() {
        let positions =
            [[0.0; 3], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let triangles = [[0, 1, 2], [0, 2, 3], [0, 3, 4], [0, 4, 1]];
        let third = libm::sqrtf(1.0 / 3.0);
        let [x, y, z] = of_vertices(&positions, &triangles)[0];
        assert!((x - third).abs() < 1e-6 && (y - third).abs() < 1e-6 && (z - third).abs() < 1e-6);
    }

    #[test]
    fn what_has_no_area_has_no_normal() {
        let positions = [[0.0; 3], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [f32::NAN; 3]];
        let normals = of_vertices(&positions, &[[0, 1, 2], [0, 0, 1], [0, 1, 3]]);
        assert_eq!(normals, [[0.0; 3]; 4]);
        assert_eq!(unit([0.0; 3]), [0.0; 3]);
        assert_eq!(unit([f32::NAN; 3]), [0.0; 3]);
    }
}
