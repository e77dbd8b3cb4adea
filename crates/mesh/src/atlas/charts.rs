//! Which triangle belongs to which chart: flooding from seeds, a few rounds of better seeds, and joining of small charts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use glam::Vec3;

use super::unit_normal;
use crate::edges::{for_each_edge, sides};
use crate::{Mesh, MeshError, Stop};

/// No neighbour, or no chart.
pub(super) const NONE: u32 = u32::MAX;

/// The triangles of each chart.
#[derive(Debug)]
pub(super) struct Charts {
    /// Triangles, `[chart]`.
    pub members: Vec<Vec<u32>>,
    /// Unit directions, `[chart]`.
    pub axes: Vec<Vec3>,
    /// Across each side of each triangle, `[triangle][side]`; [`NONE`] at open edges and where more than two meet.
    pub neighbours: Vec<[u32; 3]>,
}

/// Rounds of flooding.
const ROUNDS: usize = 4;

/// Cuts a mesh into charts. Every triangle is in one.
pub(super) fn cut(mesh: &Mesh, angle_deg: f32, stop: Stop<'_>) -> Result<Charts, MeshError> {
    let n = mesh.triangles.len();
    let normals: Vec<Vec3> = (0..n).map(|idx| unit_normal(mesh, idx)).collect();
    let areas = (0..n).map(|idx| {
        let [a, b, c] = mesh.corners(idx);
        0.5 * (b - a).cross(c - a).length()
    });
    let mut work = Work {
        areas: areas.collect(),
        centres: (0..n).map(|idx| mesh.corners(idx).iter().sum::<Vec3>() / 3.0).collect(),
        normals,
        neighbours: neighbours(mesh),
        cos_min: libm::cosf(angle_deg.to_radians()),
        chart_of: vec![NONE; n],
        axes: Vec::new(),
    };
    let mut seeds: Vec<u32> = Vec::new();
    for _ in 0..ROUNDS {
        if stop() {
            return Err(MeshError::Stopped);
        }
        work.flood(&seeds);
        work.fill();
        work.turn_axes();
        seeds = work.seeds();
    }
    work.flood(&seeds);
    work.fill();
    work.turn_axes();
    work.join_small(stop)?;
    Ok(work.finish())
}

struct Work {
    normals: Vec<Vec3>,
    areas: Vec<f32>,
    centres: Vec<Vec3>,
    neighbours: Vec<[u32; 3]>,
    cos_min: f32,
    chart_of: Vec<u32>,
    axes: Vec<Vec3>,
}

/// Across each side of each triangle. Vertices at the same place are the same.
fn neighbours(mesh: &Mesh) -> Vec<[u32; 3]> {
    let key = |vertex: usize| mesh.positions[vertex].map(|c| (c + 0.0).to_bits());
    let mut order: Vec<u32> = (0..mesh.positions.len() as u32).collect();
    order.sort_by_key(|&vertex| (key(vertex as usize), vertex));
    let mut first = vec![0; order.len()];
    for same in order.chunk_by(|&a, &b| key(a as usize) == key(b as usize)) {
        same.iter().for_each(|&vertex| first[vertex as usize] = same[0]);
    }
    let welded: Vec<[u32; 3]> =
        mesh.triangles.iter().map(|corners| corners.map(|v| first[v as usize])).collect();
    let mut found = vec![[NONE; 3]; welded.len()];
    let slot = |triangle: u32, low: u32, high: u32| {
        let corners = welded[triangle as usize];
        (0..3).find(|&k| {
            let (a, b) = (corners[k], corners[(k + 1) % 3]);
            (a.min(b), a.max(b)) == (low, high)
        })
    };
    for_each_edge(&sides(&welded), |edge| {
        // Two that run the same way do not belong to one side of a surface.
        if let [a, b] = edge
            && a.forward != b.forward
        {
            for (one, other) in [(a, b), (b, a)] {
                if let Some(k) = slot(one.triangle, one.low, one.high) {
                    found[one.triangle as usize][k] = other.triangle;
                }
            }
        }
    });
    found
}

/// A triangle next to a chart. Ordered by cost, then by triangle and chart.
type Next = Reverse<(u32, u32, u32)>;

impl Work {
    /// How badly a triangle fits a chart; `None` when it leans too far. Triangles without area fit everywhere.
    fn misfit(&self, triangle: u32, axis: Vec3) -> Option<f32> {
        let normal = self.normals[triangle as usize];
        if normal == Vec3::ZERO {
            return Some(0.0);
        }
        let cos = normal.dot(axis);
        (cos >= self.cos_min).then_some((1.0 - cos).max(0.0))
    }

    /// Gives triangles to the charts of all seeds at once, best fit first.
    fn flood(&mut self, seeds: &[u32]) {
        self.chart_of.fill(NONE);
        let mut queue: BinaryHeap<Next> = BinaryHeap::new();
        self.axes.truncate(seeds.len());
        for (chart, &seed) in seeds.iter().enumerate() {
            queue.push(Reverse((0, seed, chart as u32)));
        }
        self.spread(&mut queue);
    }

    fn spread(&mut self, queue: &mut BinaryHeap<Next>) {
        while let Some(Reverse((_, triangle, chart))) = queue.pop() {
            if self.chart_of[triangle as usize] != NONE {
                continue;
            }
            self.chart_of[triangle as usize] = chart;
            let axis = self.axes[chart as usize];
            for next in self.neighbours[triangle as usize] {
                if next != NONE
                    && self.chart_of[next as usize] == NONE
                    && let Some(misfit) = self.misfit(next, axis)
                {
                    queue.push(Reverse((misfit.to_bits(), next, chart)));
                }
            }
        }
    }

    /// New charts for what is left, from the largest triangles on.
    fn fill(&mut self) {
        let mut left: Vec<u32> = (0..self.chart_of.len() as u32)
            .filter(|&triangle| self.chart_of[triangle as usize] == NONE)
            .collect();
        left.sort_by_key(|&t| (Reverse(self.areas[t as usize].max(0.0).to_bits()), t));
        for triangle in left {
            if self.chart_of[triangle as usize] == NONE {
                let chart = self.axes.len() as u32;
                let normal = self.normals[triangle as usize];
                self.axes.push(if normal == Vec3::ZERO { Vec3::Y } else { normal });
                self.spread(&mut BinaryHeap::from([Reverse((0, triangle, chart))]));
            }
        }
    }

    /// Axes become the mean normals, where all triangles still fit; charts that lost everything go.
    fn turn_axes(&mut self) {
        let mut sums = vec![glam::DVec3::ZERO; self.axes.len()];
        let mut is_used = vec![false; self.axes.len()];
        for (triangle, &chart) in self.chart_of.iter().enumerate() {
            sums[chart as usize] +=
                self.normals[triangle].as_dvec3() * f64::from(self.areas[triangle]);
            is_used[chart as usize] = true;
        }
        let mean: Vec<Vec3> = sums
            .iter()
            .zip(&self.axes)
            .map(|(sum, &axis)| sum.try_normalize().map_or(axis, |mean| mean.as_vec3()))
            .collect();
        let mut fits = vec![true; mean.len()];
        for (triangle, &chart) in self.chart_of.iter().enumerate() {
            fits[chart as usize] &= self.misfit(triangle as u32, mean[chart as usize]).is_some();
        }
        let mut places = vec![NONE; mean.len()];
        let mut axes = Vec::new();
        for chart in 0..mean.len() {
            if is_used[chart] {
                places[chart] = axes.len() as u32;
                axes.push(if fits[chart] { mean[chart] } else { self.axes[chart] });
            }
        }
        self.axes = axes;
        self.chart_of.iter_mut().for_each(|chart| *chart = places[*chart as usize]);
    }

    /// The best triangle of each chart: near its axis and its middle.
    fn seeds(&self) -> Vec<u32> {
        let n = self.axes.len();
        let (mut middles, mut weights) = (vec![Vec3::ZERO; n], vec![0.0_f32; n]);
        for (triangle, &chart) in self.chart_of.iter().enumerate() {
            let area = self.areas[triangle];
            middles[chart as usize] += self.centres[triangle] * area;
            weights[chart as usize] += area;
        }
        let mut best = vec![(f32::INFINITY, 0); n];
        for (triangle, &chart) in self.chart_of.iter().enumerate() {
            let chart = chart as usize;
            let misfit = self.misfit(triangle as u32, self.axes[chart]).unwrap_or(1.0);
            let weight = weights[chart].max(1e-30);
            let away = (self.centres[triangle] - middles[chart] / weight).length_squared() / weight;
            let cost = misfit + 0.2 * away;
            if cost < best[chart].0 || !best[chart].0.is_finite() {
                best[chart] = (cost, triangle as u32);
            }
        }
        best.into_iter().map(|(_, triangle)| triangle).collect()
    }

    /// Joins charts with a neighbour, the smallest first, as long as all triangles of both fit one axis.
    fn join_small(&mut self, stop: Stop<'_>) -> Result<(), MeshError> {
        let n = self.axes.len();
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); n];
        for (triangle, &chart) in self.chart_of.iter().enumerate() {
            members[chart as usize].push(triangle as u32);
        }
        let area = |list: &[u32]| list.iter().map(|&t| self.areas[t as usize]).sum::<f32>();
        let mut areas: Vec<f32> = members.iter().map(|list| area(list)).collect();
        let mut queue: BinaryHeap<Reverse<(u32, u32)>> =
            (0..n).map(|chart| Reverse((areas[chart].to_bits(), chart as u32))).collect();
        while let Some(Reverse((bits, chart))) = queue.pop() {
            let small = chart as usize;
            if members[small].is_empty() || areas[small].to_bits() != bits {
                continue;
            }
            if stop() {
                return Err(MeshError::Stopped);
            }
            // The neighbours, by the length of the border.
            let mut borders: BTreeMap<u32, u32> = BTreeMap::new();
            for &triangle in &members[small] {
                for next in self.neighbours[triangle as usize] {
                    if next != NONE && self.chart_of[next as usize] != chart {
                        *borders.entry(self.chart_of[next as usize]).or_default() += 1;
                    }
                }
            }
            let mut ranked: Vec<(u32, u32)> = borders.into_iter().collect();
            ranked.sort_by_key(|&(other, count)| (Reverse(count), other));
            for (other, _) in ranked {
                let large = other as usize;
                let both = [&members[small], &members[large]];
                let Some(axis) = self.common_axis(both) else { continue };
                let moved = std::mem::take(&mut members[small]);
                moved.iter().for_each(|&t| self.chart_of[t as usize] = other);
                members[large].extend(moved);
                areas[large] += areas[small];
                self.axes[large] = axis;
                queue.push(Reverse((areas[large].to_bits(), other)));
                break;
            }
        }
        self.turn_axes();
        Ok(())
    }

    fn common_axis(&self, lists: [&Vec<u32>; 2]) -> Option<Vec3> {
        let all = || lists.into_iter().flatten().copied();
        let sum: Vec3 = all().map(|t| self.normals[t as usize] * self.areas[t as usize]).sum();
        let axis = sum.try_normalize().unwrap_or(Vec3::Y);
        all().all(|triangle| self.misfit(triangle, axis).is_some()).then_some(axis)
    }

    fn finish(self) -> Charts {
        let mut members = vec![Vec::new(); self.axes.len()];
        for (triangle, &chart) in self.chart_of.iter().enumerate() {
            members[chart as usize].push(triangle as u32);
        }
        Charts { members, axes: self.axes, neighbours: self.neighbours }
    }
}
