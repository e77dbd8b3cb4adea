//! A triangle mesh as plain lists.

use asset::scene::limits::{INDICES_MAX, VERTICES_MAX};
use glam::{DVec3, Vec3};

use crate::MeshError;
use crate::error::in_range;

/// Triangles over shared vertices. `normals` and `uvs` are empty or have one value for each position.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mesh {
    /// Metres, `[vertex][x, y, z]`.
    pub positions: Vec<[f32; 3]>,
    /// Unit, outward, `[vertex][x, y, z]`.
    pub normals: Vec<[f32; 3]>,
    /// Place in the texture, 0 to 1, the first row of the texture at v = 0: `[vertex][u, v]`.
    pub uvs: Vec<[f32; 2]>,
    /// Vertices, counter-clockwise seen from outside.
    pub triangles: Vec<[u32; 3]>,
}

impl Mesh {
    /// Most vertices: what a scene holds.
    pub const VERTICES_MAX: usize = VERTICES_MAX;
    /// Most triangles: what a scene holds.
    pub const TRIANGLES_MAX: usize = INDICES_MAX / 3;

    /// Farthest a coordinate may be from the origin, metres: its powers must stay numbers.
    pub const COORDINATE_MAX: f32 = 1e6;

    /// Whether lengths agree, every vertex exists, every number is finite, and positions are not too far out.
    ///
    /// # Errors
    /// [`MeshError`] names the first thing that is wrong.
    pub fn check(&self) -> Result<(), MeshError> {
        let count = self.positions.len();
        let counts = [
            ("vertices", count, Self::VERTICES_MAX),
            ("triangles", self.triangles.len(), Self::TRIANGLES_MAX),
        ];
        for (what, found, max) in counts {
            if found > max {
                return Err(MeshError::TooMany { what, found, max });
            }
        }
        for (attribute, found) in [("normals", self.normals.len()), ("uvs", self.uvs.len())] {
            if found != 0 && found != count {
                return Err(MeshError::Length { attribute, found, expected: count });
            }
        }
        for (triangle, corners) in self.triangles.iter().enumerate() {
            if let Some(&found) = corners.iter().find(|&&vertex| vertex as usize >= count) {
                return Err(MeshError::Vertex { triangle, found, count });
            }
        }
        fn finite<const N: usize>(
            attribute: &'static str,
            values: &[[f32; N]],
        ) -> Result<(), MeshError> {
            let wrong = values.iter().position(|value| value.iter().any(|c| !c.is_finite()));
            wrong.map_or(Ok(()), |vertex| Err(MeshError::NotFinite { attribute, vertex }))
        }
        finite("positions", &self.positions)?;
        let max = Self::COORDINATE_MAX;
        for &coordinate in self.positions.as_flattened() {
            in_range("a coordinate (metres)", coordinate.into(), [-max, max].map(f64::from))?;
        }
        finite("normals", &self.normals)?;
        finite("uvs", &self.uvs)
    }

    /// Whether there is nothing to see.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.triangles.is_empty()
    }

    /// Corners of a triangle.
    pub(crate) fn corners(&self, triangle: usize) -> [Vec3; 3] {
        self.triangles[triangle].map(|vertex| Vec3::from(self.positions[vertex as usize]))
    }

    /// Lowest and highest corner of the box around all positions; `None` when there is none.
    #[must_use]
    pub fn bounds(&self) -> Option<[[f32; 3]; 2]> {
        let (&first, rest) = self.positions.split_first()?;
        let bounds = rest.iter().fold([Vec3::from(first); 2], |[low, high], &p| {
            [low.min(Vec3::from(p)), high.max(Vec3::from(p))]
        });
        Some(bounds.map(Vec3::into))
    }

    /// Sum of the areas of all triangles, square metres.
    #[must_use]
    pub fn area(&self) -> f64 {
        let area = |idx| {
            let [a, b, c] = self.corners(idx).map(|p| p.as_dvec3());
            0.5 * (b - a).cross(c - a).length()
        };
        (0..self.triangles.len()).map(area).sum()
    }

    /// Volume inside, cubic metres; of a closed mesh only, negative when it is inside out.
    #[must_use]
    pub fn volume(&self) -> f64 {
        let volume = |idx| {
            let [a, b, c] = self.corners(idx).map(|p| p.as_dvec3());
            a.dot(b.cross(c)) / 6.0
        };
        (0..self.triangles.len()).map(volume).sum()
    }

    /// Sets `normals` to the mean of the triangles around each vertex, weighted by their angle there. Vertices without
    /// a direction (no triangle, or only flat ones) get +Y.
    pub fn smooth_normals(&mut self) {
        let mut sums = vec![DVec3::ZERO; self.positions.len()];
        for idx in 0..self.triangles.len() {
            let p = self.corners(idx).map(|p| p.as_dvec3());
            let normal = (p[1] - p[0]).cross(p[2] - p[0]).normalize_or_zero();
            for k in 0..3 {
                let (ahead, back) = (p[(k + 1) % 3] - p[k], p[(k + 2) % 3] - p[k]);
                let cos = ahead.normalize_or_zero().dot(back.normalize_or_zero());
                let angle = libm::acos(cos.clamp(-1.0, 1.0));
                sums[self.triangles[idx][k] as usize] += normal * angle;
            }
        }
        let unit = |sum: DVec3| sum.try_normalize().unwrap_or(DVec3::Y).as_vec3().to_array();
        self.normals = sums.into_iter().map(unit).collect();
    }

    /// Sets `normals` from the slope of a field that is positive inside, by differences over `step` metres. Where the
    /// field is flat, the smooth normal stays.
    pub fn field_normals(&mut self, field: impl Fn([f32; 3]) -> f32 + Sync, step: f32) {
        use rayon::prelude::*;
        self.smooth_normals();
        self.normals.par_iter_mut().zip(&self.positions).for_each(|(normal, &p)| {
            let slope = [0, 1, 2].map(|axis: usize| {
                let at = |side: f32| {
                    let mut q = p;
                    q[axis] += side * step;
                    field(q)
                };
                at(-1.0) - at(1.0)
            });
            if let Some(unit) = Vec3::from(slope).try_normalize() {
                *normal = unit.to_array();
            }
        });
    }

    /// Removes vertices that no triangle uses, and triangles with two equal corners. The order stays.
    pub(crate) fn compact(&mut self) {
        self.triangles.retain(|&[a, b, c]| a != b && b != c && c != a);
        let mut places = vec![u32::MAX; self.positions.len()];
        self.triangles.iter().flatten().for_each(|&vertex| places[vertex as usize] = 0);
        for (count, place) in places.iter_mut().filter(|place| **place == 0).enumerate() {
            *place = count as u32;
        }
        fn keep<T: Copy>(values: &mut Vec<T>, places: &[u32]) {
            let kept = values.iter().zip(places).filter(|(_, place)| **place != u32::MAX);
            *values = kept.map(|(value, _)| *value).collect();
        }
        keep(&mut self.positions, &places);
        keep(&mut self.normals, &places);
        keep(&mut self.uvs, &places);
        self.triangles.iter_mut().flatten().for_each(|vertex| *vertex = places[*vertex as usize]);
    }
}
