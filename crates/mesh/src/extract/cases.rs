//! The polygons of a cell, for each of the 256 choices of corners that are inside.
//!
//! Corner numbers have bit 0 for x, bit 1 for y, bit 2 for z. Edge 4·axis + n starts at the n-th corner whose bit of
//! that axis is 0.

use std::sync::LazyLock;

/// Stands for the centre of the polygon in [`Polygon::triangles`].
pub(super) const CENTRE: u8 = u8::MAX;

/// One piece of surface in a cell.
#[derive(Debug, Clone, Default)]
pub(super) struct Polygon {
    /// Crossed edges in order, counter-clockwise seen from outside.
    pub edges: Vec<u8>,
    /// Edges, or [`CENTRE`].
    pub triangles: Vec<[u8; 3]>,
    /// Whether triangles use a vertex at the centre.
    pub has_centre: bool,
}

/// By the bits of the corners that are inside.
pub(super) static CASES: LazyLock<Vec<Vec<Polygon>>> =
    LazyLock::new(|| (0..256).map(polygons).collect());

/// First corner and axis of an edge.
pub(super) const fn edge(edge: u8) -> (usize, usize) {
    let (axis, n) = (edge as usize / 4, edge as usize % 4);
    let (low, high) = (n & 1, n >> 1);
    let corner = match axis {
        0 => low << 1 | high << 2,
        1 => low | high << 2,
        _ => low | high << 1,
    };
    (corner, axis)
}

/// The edge between two corners that differ in one bit.
fn edge_between(a: usize, b: usize) -> u8 {
    let (corner, axis) = (a & b, (a ^ b).trailing_zeros() as usize);
    let found = (4 * axis as u8..4 * axis as u8 + 4).find(|&e| edge(e) == (corner, axis));
    found.unwrap_or(0)
}

/// Corners of each face, counter-clockwise seen from outside of the cell.
const FACES: [[usize; 4]; 6] =
    [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]];

/// Whether two edges lie on a common face.
fn share_face(a: u8, b: u8) -> bool {
    FACES.iter().any(|face| {
        let on = |e: u8| (0..4).any(|k| edge_between(face[k], face[(k + 1) % 4]) == e);
        on(a) && on(b)
    })
}

fn polygons(case: usize) -> Vec<Polygon> {
    let inside = |corner: usize| case >> corner & 1 == 1;
    // On each face the surface goes from where a walk around the face leaves the inside to where it next comes back,
    // around the corners outside. Walks of neighbouring faces pass an edge in opposite directions, so each crossed
    // edge is left on one face only.
    let mut next = [u8::MAX; 12];
    for face in FACES {
        let exits = (0..4).filter(|&k| inside(face[k]) && !inside(face[(k + 1) % 4]));
        for exit in exits {
            let entry = (exit + 1..exit + 4)
                .find(|&k| !inside(face[k % 4]) && inside(face[(k + 1) % 4]))
                .unwrap_or(exit);
            let from = edge_between(face[exit], face[(exit + 1) % 4]);
            next[usize::from(from)] = edge_between(face[entry % 4], face[(entry + 1) % 4]);
        }
    }
    let mut found = Vec::new();
    for start in 0..12 {
        let mut edges = Vec::new();
        let mut at = start;
        while next[usize::from(at)] != u8::MAX {
            edges.push(at);
            at = std::mem::replace(&mut next[usize::from(at)], u8::MAX);
        }
        if !edges.is_empty() {
            // The walks had the inside on their left.
            edges.reverse();
            found.push(polygon(edges));
        }
    }
    found
}

fn polygon(edges: Vec<u8>) -> Polygon {
    let mut triangles = Vec::new();
    if cut(&edges, &mut triangles) {
        return Polygon { edges, triangles, has_centre: false };
    }
    let count = edges.len();
    let triangles = (0..count).map(|k| [edges[k], edges[(k + 1) % count], CENTRE]).collect();
    Polygon { edges, triangles, has_centre: true }
}

/// Cuts ears off a polygon until it is a triangle, without a cut within a face of the cell.
fn cut(edges: &[u8], triangles: &mut Vec<[u8; 3]>) -> bool {
    let count = edges.len();
    if count == 3 {
        triangles.push([edges[0], edges[1], edges[2]]);
        return true;
    }
    for ear in 0..count {
        let (before, after) = (edges[(ear + count - 1) % count], edges[(ear + 1) % count]);
        if share_face(before, after) {
            continue;
        }
        let mut rest = edges.to_vec();
        rest.remove(ear);
        let length = triangles.len();
        triangles.push([before, edges[ear], after]);
        if cut(&rest, triangles) {
            return true;
        }
        triangles.truncate(length);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crossed_edge_is_in_one_polygon() {
        for case in 0..256_usize {
            let mut used: Vec<u8> =
                CASES[case].iter().flat_map(|polygon| polygon.edges.clone()).collect();
            used.sort_unstable();
            let crossed: Vec<u8> = (0..12)
                .filter(|&e| {
                    let (corner, axis) = edge(e);
                    (case >> corner ^ case >> (corner | 1 << axis)) & 1 == 1
                })
                .collect();
            assert_eq!(used, crossed, "case {case:08b}");
            for polygon in &CASES[case] {
                assert!(polygon.edges.len() >= 3, "case {case:08b}");
            }
        }
    }

    /// One corner inside: the triangle looks away from it.
    #[test]
    fn polygons_look_outwards() {
        let middle = |e: u8| {
            let (corner, axis) = edge(e);
            let mut p = [0, 1, 2].map(|k| (corner >> k & 1) as f32);
            p[axis] = 0.5;
            glam::Vec3::from(p)
        };
        for corner in 0..8_usize {
            let [a, b, c] = CASES[1 << corner][0].triangles[0].map(middle);
            let p = glam::Vec3::from([0, 1, 2].map(|k| (corner >> k & 1) as f32));
            assert!((b - a).cross(c - a).dot(a - p) > 0.0, "corner {corner}");
        }
    }
}
