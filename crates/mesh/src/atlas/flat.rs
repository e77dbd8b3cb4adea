//! Charts laid flat, without triangles on top of each other.

use std::collections::{BTreeMap, VecDeque};

use glam::{DVec2, Vec2, Vec3};

use super::charts::{Charts, NONE};
use crate::{Mesh, MeshError, Stop};

/// A chart on the plane. Its box starts at the origin and lies on its longer side.
#[derive(Debug, Clone, Default)]
pub(super) struct Flat {
    /// Triangles of the mesh.
    pub triangles: Vec<u32>,
    /// Their corners among `vertices`.
    pub corners: Vec<[u32; 3]>,
    /// Vertices of the mesh.
    pub vertices: Vec<u32>,
    /// Metres, `[vertex]`.
    pub points: Vec<Vec2>,
    /// Width and height of the box.
    pub size: Vec2,
}

/// Most charts.
const CHARTS_MAX: usize = 1 << 16;
/// Turns that are tried for the smallest box.
const TURNS: usize = 24;

/// Lays every chart flat; one that covers itself becomes several.
pub(super) fn flatten(
    mesh: &Mesh,
    charts: &Charts,
    stop: Stop<'_>,
) -> Result<Vec<Flat>, MeshError> {
    let mut flats = Vec::new();
    let mut is_waiting = vec![false; mesh.triangles.len()];
    for (members, &axis) in charts.members.iter().zip(&charts.axes) {
        let project = projection(axis);
        let points = |triangle: u32| mesh.corners(triangle as usize).map(&project);
        members.iter().for_each(|&triangle| is_waiting[triangle as usize] = true);
        let mut left: Vec<u32> = members.clone();
        while !left.is_empty() {
            if stop() {
                return Err(MeshError::Stopped);
            }
            if flats.len() >= CHARTS_MAX {
                let found = flats.len() + 1;
                return Err(MeshError::TooMany { what: "charts", found, max: CHARTS_MAX });
            }
            let mut sheet = Sheet::new(left.iter().map(|&triangle| points(triangle)), left.len());
            let mut placed = Vec::new();
            // Outwards from one triangle: what hangs together stays together.
            let mut queue = VecDeque::from([left[0]]);
            while let Some(triangle) = queue.pop_front() {
                if !is_waiting[triangle as usize] || !sheet.place(points(triangle)) {
                    continue;
                }
                is_waiting[triangle as usize] = false;
                placed.push(triangle);
                let next = charts.neighbours[triangle as usize];
                queue.extend(next.into_iter().filter(|&next| next != NONE));
            }
            left.retain(|&triangle| is_waiting[triangle as usize]);
            flats.push(flat(mesh, placed, &project));
        }
    }
    Ok(flats)
}

/// From space to the plane across an axis, counter-clockwise staying counter-clockwise.
fn projection(axis: Vec3) -> impl Fn(Vec3) -> DVec2 {
    let (right, up) = axis.any_orthonormal_pair();
    let sign = if right.cross(up).dot(axis) < 0.0 { -1.0 } else { 1.0 };
    let (right, up) = (right.as_dvec3(), (up * sign).as_dvec3());
    move |p: Vec3| DVec2::new(p.as_dvec3().dot(right), p.as_dvec3().dot(up))
}

fn flat(mesh: &Mesh, triangles: Vec<u32>, project: &impl Fn(Vec3) -> DVec2) -> Flat {
    let mut places: BTreeMap<u32, u32> = BTreeMap::new();
    let mut flat = Flat::default();
    for &triangle in &triangles {
        let corners = mesh.triangles[triangle as usize].map(|vertex| {
            *places.entry(vertex).or_insert_with(|| {
                flat.vertices.push(vertex);
                flat.vertices.len() as u32 - 1
            })
        });
        flat.corners.push(corners);
    }
    flat.triangles = triangles;
    let at = |&vertex: &u32| project(Vec3::from(mesh.positions[vertex as usize]));
    let points: Vec<DVec2> = flat.vertices.iter().map(at).collect();
    let mut best = (f64::INFINITY, 0, [DVec2::ZERO; 2]);
    let turned = |turn: usize| {
        let (sin, cos) = libm::sincos(turn as f64 * std::f64::consts::PI / TURNS as f64);
        move |p: &DVec2| DVec2::new(cos * p.x - sin * p.y, sin * p.x + cos * p.y)
    };
    for turn in 0..TURNS {
        let around = points
            .iter()
            .map(turned(turn))
            .fold([DVec2::INFINITY, DVec2::NEG_INFINITY], |[low, high], p| {
                [low.min(p), high.max(p)]
            });
        let size = around[1] - around[0];
        if size.x >= size.y && size.x * size.y < best.0 {
            best = (size.x * size.y, turn, around);
        }
    }
    let (_, turn, [low, high]) = best;
    flat.points = points.iter().map(turned(turn)).map(|p| (p - low).as_vec2()).collect();
    flat.size = (high - low).as_vec2();
    flat
}

/// Triangles on a plane, found by place.
struct Sheet {
    low: DVec2,
    per_cell: f64,
    side: usize,
    cells: Vec<Vec<u32>>,
    triangles: Vec<[DVec2; 3]>,
}

impl Sheet {
    fn new(all: impl Iterator<Item = [DVec2; 3]>, count: usize) -> Self {
        let start = [DVec2::INFINITY, DVec2::NEG_INFINITY];
        let [low, high] = all.flatten().fold(start, |[low, high], p| [low.min(p), high.max(p)]);
        let side = (count as f64).sqrt().clamp(1.0, 64.0) as usize;
        let extent = (high - low).max_element().max(1e-30);
        let cells = vec![Vec::new(); side * side];
        Self { low, per_cell: side as f64 / extent, side, cells, triangles: Vec::new() }
    }

    /// Puts a triangle down, unless it is upside down or covers another one.
    fn place(&mut self, triangle: [DVec2; 3]) -> bool {
        let [a, b, c] = triangle;
        let area = (b - a).perp_dot(c - a);
        let scale = (b - a).length_squared().max((c - a).length_squared());
        if area <= 1e-12 * scale {
            // Covers nothing.
            return true;
        }
        let cell = |p: DVec2| {
            let at = (p - self.low) * self.per_cell;
            [at.x, at.y].map(|c| (c.max(0.0) as usize).min(self.side - 1))
        };
        let [x0, y0] = cell(a.min(b).min(c));
        let [x1, y1] = cell(a.max(b).max(c));
        for y in y0..=y1 {
            for x in x0..=x1 {
                let others = &self.cells[y * self.side + x];
                if others.iter().any(|&other| overlap(&triangle, &self.triangles[other as usize])) {
                    return false;
                }
            }
        }
        let idx = self.triangles.len() as u32;
        self.triangles.push(triangle);
        for y in y0..=y1 {
            for x in x0..=x1 {
                self.cells[y * self.side + x].push(idx);
            }
        }
        true
    }
}

/// Whether two counter-clockwise triangles cover common ground, beyond rounding.
fn overlap(a: &[DVec2; 3], b: &[DVec2; 3]) -> bool {
    let is_apart = |one: &[DVec2; 3], other: &[DVec2; 3]| {
        (0..3).any(|k| {
            let (from, to) = (one[k], one[(k + 1) % 3]);
            let along = (to - from).normalize_or_zero();
            let spare = 1e-7 * (to - from).length();
            other.iter().all(|&p| along.perp_dot(p - from) <= spare)
        })
    };
    !is_apart(a, b) && !is_apart(b, a)
}
