//! What hangs together, and what is too small to stay.

use crate::Mesh;
use crate::edges::{Unions, for_each_edge, sides};

/// Removes pieces with less than `share` of the whole surface, and hollows inside others, which nobody can see.
pub(super) fn drop_small(mesh: &mut Mesh, share: f32) {
    let mut pieces = Unions::new(mesh.triangles.len());
    for_each_edge(&sides(&mesh.triangles), |edge| {
        edge.windows(2).for_each(|pair| pieces.join(pair[0].triangle, pair[1].triangle));
    });
    let piece_of: Vec<u32> =
        (0..mesh.triangles.len() as u32).map(|triangle| pieces.find(triangle)).collect();
    let mut areas = vec![0.0_f64; piece_of.len()];
    let mut volumes = vec![0.0_f64; piece_of.len()];
    for (triangle, &piece) in piece_of.iter().enumerate() {
        let [a, b, c] = mesh.corners(triangle).map(|p| p.as_dvec3());
        areas[piece as usize] += 0.5 * (b - a).cross(c - a).length();
        volumes[piece as usize] += a.dot(b.cross(c)) / 6.0;
    }
    let least = areas.iter().sum::<f64>() * f64::from(share);
    let mut piece = piece_of.iter();
    mesh.triangles.retain(|_| {
        piece
            .next()
            .is_some_and(|&piece| areas[piece as usize] >= least && volumes[piece as usize] > 0.0)
    });
    mesh.compact();
}
