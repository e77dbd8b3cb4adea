//! Whether a mesh is closed and a manifold, and how many pieces and handles it has.

use crate::edges::{Side, Unions, for_each_edge, sides};
use crate::{Mesh, MeshError};

/// Counts of a mesh. Vertices that no triangle uses do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Topology {
    /// Vertices in use.
    pub vertices: usize,
    /// Edges.
    pub edges: usize,
    /// Triangles.
    pub triangles: usize,
    /// Edges of one triangle only.
    pub open_edges: usize,
    /// Edges of more than two triangles, or of two that go the same way.
    pub bad_edges: usize,
    /// Vertices whose triangles are not one fan.
    pub bad_vertices: usize,
    /// Pieces that hang together by edges.
    pub pieces: usize,
}

impl Topology {
    /// Every edge has two triangles that run along it in opposite directions, and every vertex one fan of triangles.
    #[must_use]
    pub const fn is_closed_manifold(&self) -> bool {
        self.open_edges == 0 && self.bad_edges == 0 && self.bad_vertices == 0
    }

    /// Vertices − edges + triangles: 2 for each ball-like piece, 2 less for each handle.
    #[must_use]
    pub const fn euler(&self) -> i64 {
        self.vertices as i64 - self.edges as i64 + self.triangles as i64
    }
}

impl Mesh {
    /// Counts what hangs together. Vertices are the same if their index is: seams of an atlas are open edges.
    ///
    /// # Errors
    /// As [`Mesh::check`].
    pub fn topology(&self) -> Result<Topology, MeshError> {
        self.check()?;
        Ok(topology(&self.triangles, self.positions.len()))
    }
}

fn topology(triangles: &[[u32; 3]], vertex_count: usize) -> Topology {
    let sides = sides(triangles);
    let mut found = Topology { triangles: triangles.len(), ..Topology::default() };
    let mut pieces = Unions::new(triangles.len());
    // Corners around one vertex are joined across the edges they share.
    let mut corners = Unions::new(3 * triangles.len());
    let corner = |side: &Side, vertex: u32| {
        let at = triangles[side.triangle as usize].iter().position(|&v| v == vertex);
        3 * side.triangle + at.unwrap_or(0) as u32
    };
    for_each_edge(&sides, |edge| {
        found.edges += 1;
        match edge {
            [_] => found.open_edges += 1,
            [a, b] if a.forward != b.forward => {}
            _ => found.bad_edges += 1,
        }
        for pair in edge.windows(2) {
            pieces.join(pair[0].triangle, pair[1].triangle);
            for vertex in [pair[0].low, pair[0].high] {
                corners.join(corner(&pair[0], vertex), corner(&pair[1], vertex));
            }
        }
    });
    let mut fans = vec![0_u32; vertex_count];
    for (idx, vertex) in triangles.iter().flatten().enumerate() {
        if corners.find(idx as u32) as usize == idx {
            fans[*vertex as usize] += 1;
        }
    }
    found.vertices = fans.iter().filter(|&&count| count > 0).count();
    found.bad_vertices = fans.iter().filter(|&&count| count > 1).count();
    found.pieces = (0..triangles.len()).filter(|&t| pieces.find(t as u32) as usize == t).count();
    found
}
