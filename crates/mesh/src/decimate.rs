//! Fewer triangles for nearly the same surface, by collapsing edges.
//! Source: Garland and Heckbert, "Surface simplification using quadric error metrics", 1997.
//!
//! Each vertex carries the sum of squared distances to the planes of its triangles, weighted by area. The edge whose
//! collapse raises that sum least goes first. A collapse is refused if it would join what was apart (Dey et al.,
//! "Topology preserving edge contraction", 1999), turn a triangle over, or make a sliver.

mod quadric;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use glam::DVec3;

use self::quadric::Quadric;
use crate::edges::{for_each_edge, sides};
use crate::error::in_range;
use crate::{Mesh, MeshError, Stop};

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// No more collapses once there are at most so many triangles.
    pub triangles: usize,
    /// No collapse that moves the surface farther than this from where it was, metres: root mean square of distances to
    /// the planes of all triangles that a vertex stands for.
    pub error: f32,
}

impl Goal {
    /// So many triangles, whatever the error.
    #[must_use]
    pub const fn triangles(triangles: usize) -> Self {
        Self { triangles, error: f32::INFINITY }
    }

    /// As few triangles as the error (metres) allows.
    #[must_use]
    pub const fn error(error: f32) -> Self {
        Self { triangles: 0, error }
    }
}

/// Cosine between a triangle's normals before and after a collapse, at least.
const TURN_MIN: f64 = 0.2;
/// Height of a triangle over its longest side as a share of that side, at least, unless it was flatter before.
const FLAT_MIN: f64 = 0.02;
/// Weight of the quadric that holds open edges in place.
const RIM: f64 = 10.0;
/// Collapses between two looks at `stop`.
const STRIDE: usize = 1 << 12;

/// Collapses edges until the goal is reached or nothing can go. Closed manifolds stay closed manifolds of the same
/// kind; open edges stay where they are, about. Normals become smooth ones; texture coordinates are lost, so unwrap
/// afterwards. The same mesh gives the same result.
///
/// # Errors
/// As [`Mesh::check`]; [`MeshError::Range`] for an error that is negative or not a number; [`MeshError::Stopped`].
pub fn decimate(mesh: &Mesh, goal: Goal, stop: Stop<'_>) -> Result<Mesh, MeshError> {
    mesh.check()?;
    in_range("error of the decimation (metres)", goal.error.into(), [0.0, f64::INFINITY])?;
    let mut work = Work::new(mesh, goal.error);
    let mut done = 0_usize;
    while work.alive > goal.triangles {
        if done.is_multiple_of(STRIDE) && stop() {
            return Err(MeshError::Stopped);
        }
        done += 1;
        let Some(Reverse(next)) = work.queue.pop() else { break };
        work.collapse(&next);
    }
    Ok(work.finish())
}

/// An edge that may go. Ordered by cost, then by vertices, so that ties have an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// Bits of a cost that is not negative: ordered as it is.
    cost: u64,
    ends: [u32; 2],
    /// Versions of the ends that the cost is for.
    versions: [u32; 2],
}

struct Work {
    positions: Vec<DVec3>,
    quadrics: Vec<Quadric>,
    /// Counts changes around each vertex.
    versions: Vec<u32>,
    /// Whether an open edge ends here.
    is_rim: Vec<bool>,
    /// Triangles of each vertex; may hold dead ones.
    around: Vec<Vec<u32>>,
    triangles: Vec<[u32; 3]>,
    is_alive: Vec<bool>,
    alive: usize,
    queue: BinaryHeap<Reverse<Candidate>>,
    error: f64,
}

impl Work {
    fn new(mesh: &Mesh, error: f32) -> Self {
        let n = mesh.positions.len();
        let mut work = Self {
            positions: mesh.positions.iter().map(|&p| glam::Vec3::from(p).as_dvec3()).collect(),
            quadrics: vec![Quadric::default(); n],
            versions: vec![0; n],
            is_rim: vec![false; n],
            around: vec![Vec::new(); n],
            triangles: mesh.triangles.clone(),
            is_alive: vec![false; mesh.triangles.len()],
            alive: 0,
            queue: BinaryHeap::new(),
            error: error.into(),
        };
        for (idx, &corners) in mesh.triangles.iter().enumerate() {
            let [a, b, c] = corners;
            if a == b || b == c || c == a {
                continue;
            }
            work.is_alive[idx] = true;
            work.alive += 1;
            let normal = work.normal(corners);
            let area = 0.5 * normal.length();
            let plane =
                Quadric::plane(normal.normalize_or_zero(), work.positions[a as usize], area / 3.0);
            for vertex in corners {
                work.quadrics[vertex as usize].add(&plane);
                work.around[vertex as usize].push(idx as u32);
            }
        }
        let sides = sides(&mesh.triangles);
        let mut edges = Vec::with_capacity(sides.len() / 2);
        for_each_edge(&sides, |edge| {
            let (low, high) = (edge[0].low, edge[0].high);
            if let [side] = edge {
                // A wall through an open edge, upright on its triangle.
                let along = work.positions[high as usize] - work.positions[low as usize];
                let normal = work.normal(mesh.triangles[side.triangle as usize]).cross(along);
                let wall = Quadric::plane(
                    normal.normalize_or_zero(),
                    work.positions[low as usize],
                    RIM * along.length_squared(),
                );
                for vertex in [low, high] {
                    work.quadrics[vertex as usize].add(&wall);
                    work.is_rim[vertex as usize] = true;
                }
            }
            edges.push([low, high]);
        });
        for ends in edges {
            work.push(ends);
        }
        work
    }

    /// Twice the area long.
    fn normal(&self, corners: [u32; 3]) -> DVec3 {
        let [a, b, c] = corners.map(|vertex| self.positions[vertex as usize]);
        (b - a).cross(c - a)
    }

    /// Where the two ends go, and what it costs: weighted squared metres.
    fn place(&self, [a, b]: [u32; 2]) -> (DVec3, f64, f64) {
        let (from, to) = (self.positions[a as usize], self.positions[b as usize]);
        let mut sum = self.quadrics[a as usize];
        sum.add(&self.quadrics[b as usize]);
        let middle = 0.5 * (from + to);
        let mut best = (middle, sum.at(middle));
        let reach = (to - from).length();
        let lowest = sum.lowest(middle).filter(|p| (*p - middle).length() <= 2.0 * reach);
        for point in lowest.into_iter().chain([from, to]) {
            let cost = sum.at(point);
            if cost < best.1 {
                best = (point, cost);
            }
        }
        (best.0, best.1.max(0.0), sum.weight)
    }

    /// Queues an edge, if its error is small enough.
    fn push(&mut self, ends: [u32; 2]) {
        let (point, cost, weight) = self.place(ends);
        if !(point.is_finite() && cost.is_finite()) || cost > self.error * self.error * weight {
            return;
        }
        // Among edges that cost nothing, as on a plane, short ones first.
        let [a, b] = ends.map(|vertex| self.positions[vertex as usize]);
        let cost = cost + 1e-9 * weight * (b - a).length_squared();
        let versions = ends.map(|vertex| self.versions[vertex as usize]);
        self.queue.push(Reverse(Candidate { cost: cost.to_bits(), ends, versions }));
    }

    /// Vertices next to one, sorted.
    fn neighbours(&self, vertex: u32) -> Vec<u32> {
        let triangles = self.around[vertex as usize].iter();
        let corners = triangles.flat_map(|&triangle| self.triangles[triangle as usize]);
        let mut found: Vec<u32> = corners.filter(|&other| other != vertex).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn collapse(&mut self, candidate: &Candidate) {
        let ends @ [keep, gone] = candidate.ends;
        if ends.map(|vertex| self.versions[vertex as usize]) != candidate.versions {
            return;
        }
        let has = |idx: u32, vertex: u32| self.triangles[idx as usize].contains(&vertex);
        let shared: Vec<u32> =
            self.around[keep as usize].iter().copied().filter(|&t| has(t, gone)).collect();
        let (near, far) = (self.neighbours(keep), self.neighbours(gone));
        if !self.may_join(ends, &shared, &near, &far) {
            return;
        }
        let (point, _, _) = self.place(ends);
        let stays = |idx: &&u32| !shared.contains(idx);
        let moved = |corner: u32, list: &[u32]| {
            list.iter().filter(stays).all(|&idx| self.may_move(idx, corner, point))
        };
        if !moved(keep, &self.around[keep as usize]) || !moved(gone, &self.around[gone as usize]) {
            return;
        }
        for &idx in &shared {
            self.is_alive[idx as usize] = false;
            for vertex in self.triangles[idx as usize] {
                self.around[vertex as usize].retain(|&other| other != idx);
            }
        }
        self.alive -= shared.len();
        for idx in std::mem::take(&mut self.around[gone as usize]) {
            for vertex in &mut self.triangles[idx as usize] {
                if *vertex == gone {
                    *vertex = keep;
                }
            }
            self.around[keep as usize].push(idx);
        }
        self.positions[keep as usize] = point;
        let quadric = self.quadrics[gone as usize];
        self.quadrics[keep as usize].add(&quadric);
        self.is_rim[keep as usize] |= self.is_rim[gone as usize];
        self.versions[keep as usize] += 1;
        self.versions[gone as usize] += 1;
        for other in self.neighbours(keep) {
            self.push([keep.min(other), keep.max(other)]);
        }
    }

    /// Whether joining the ends keeps the surface a surface: exactly the corners opposite of the edge are next to both.
    fn may_join(&self, [a, b]: [u32; 2], shared: &[u32], near: &[u32], far: &[u32]) -> bool {
        let both: Vec<u32> =
            near.iter().copied().filter(|vertex| far.binary_search(vertex).is_ok()).collect();
        let is_rim_edge = shared.len() == 1;
        if both.len() != shared.len() || !(1..=2).contains(&shared.len()) {
            return false;
        }
        if self.is_rim[a as usize] && self.is_rim[b as usize] && !is_rim_edge {
            return false;
        }
        // The corner opposite must keep three triangles, or two at a rim.
        both.iter().all(|&vertex| {
            let least = if self.is_rim[vertex as usize] { 2 } else { 4 };
            self.around[vertex as usize].len() >= least
        })
    }

    /// Whether a triangle is still good when one of its corners goes to `point`.
    fn may_move(&self, idx: u32, corner: u32, point: DVec3) -> bool {
        let corners = self.triangles[idx as usize];
        let before = corners.map(|vertex| self.positions[vertex as usize]);
        let at = corners.iter().position(|&vertex| vertex == corner).unwrap_or(0);
        let mut after = before;
        after[at] = point;
        let normal = |[a, b, c]: [DVec3; 3]| (b - a).cross(c - a);
        let longest = |[a, b, c]: [DVec3; 3]| {
            (b - a).length_squared().max((c - b).length_squared()).max((a - c).length_squared())
        };
        let (old, new) = (normal(before), normal(after));
        let flatness = |normal: DVec3, p| normal.length() / longest(p).max(1e-300);
        let (was, is) = (flatness(old, before), flatness(new, after));
        if was < 1e-6 {
            // No direction to keep.
            return is > 1e-6 || is >= was;
        }
        is >= FLAT_MIN.min(0.5 * was) && old.dot(new) >= TURN_MIN * old.length() * new.length()
    }

    fn finish(self) -> Mesh {
        let alive = self.triangles.iter().zip(&self.is_alive).filter(|(_, alive)| **alive);
        let mut mesh = Mesh {
            positions: self.positions.iter().map(|p| p.as_vec3().to_array()).collect(),
            triangles: alive.map(|(corners, _)| *corners).collect(),
            ..Mesh::default()
        };
        mesh.compact();
        mesh.smooth_normals();
        mesh
    }
}
