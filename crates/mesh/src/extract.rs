//! From a signed field to a closed surface.
//! Sources: Lorensen and Cline, "Marching cubes", 1987; the cases are not a table but follow from one rule for the
//! faces of a cell (corners inside are joined), which both cells of a face apply alike.
//!
//! The result is always a closed 2-manifold: each crossed edge of the lattice makes one vertex, each face of a cell
//! segments that both its cells share, and no triangle has a side within a face but along these segments.

mod cases;

use rayon::prelude::*;

use self::cases::{CASES, CENTRE};
use crate::error::in_range;
use crate::{Mesh, MeshError};

/// Cells along the longest side of the bounds, at most: the values take 4 bytes for each cell.
pub const CELLS_MAX: u32 = 512;

/// Vertices keep this share of a lattice edge away from its ends, so that no triangle is a point.
const MARGIN: f32 = 0.02;

/// Looks at the field this often for each vertex.
const STEPS: usize = 5;

/// A regular lattice of sample points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lattice {
    /// First point.
    pub origin: [f32; 3],
    /// Metres between points.
    pub step: f32,
    /// Points along each axis, two at least.
    pub counts: [usize; 3],
}

impl Lattice {
    /// The points of a box: `cells` along its longest side.
    pub(crate) fn new(bounds: [[f32; 3]; 2], cells: u32) -> Result<Self, MeshError> {
        in_range("number of cells", cells.into(), [2.0, CELLS_MAX.into()])?;
        let [low, high] = bounds;
        let sizes = [0, 1, 2].map(|axis: usize| high[axis] - low[axis]);
        for (&end, &size) in low.iter().chain(&high).zip(sizes.iter().cycle()) {
            in_range("a corner of the bounds (metres)", end.into(), [-1e6, 1e6])?;
            in_range("a side of the bounds (metres)", size.into(), [1e-6, 2e6])?;
        }
        let step = sizes.into_iter().fold(0.0, f32::max) / cells as f32;
        let counts = sizes.map(|size| ((size / step - 1e-3).ceil() as usize).max(1) + 1);
        Ok(Self { origin: low, step, counts })
    }

    /// Number of points.
    pub(crate) const fn len(&self) -> usize {
        self.counts[0] * self.counts[1] * self.counts[2]
    }

    /// Metres.
    #[inline]
    pub(crate) fn point(&self, at: [usize; 3]) -> [f32; 3] {
        [0, 1, 2].map(|axis| self.origin[axis] + self.step * at[axis] as f32)
    }

    /// Points of one layer, x and y.
    pub(crate) const fn layer(&self) -> usize {
        self.counts[0] * self.counts[1]
    }

    /// Values of a field at all points, x fastest.
    pub(crate) fn sample(&self, field: &(impl Fn([f32; 3]) -> f32 + Sync)) -> Vec<f32> {
        let mut values = vec![0.0; self.len()];
        values.par_chunks_mut(self.counts[0]).enumerate().for_each(|(row, values)| {
            let (y, z) = (row % self.counts[1], row / self.counts[1]);
            for (x, value) in values.iter_mut().enumerate() {
                *value = field(self.point([x, y, z]));
            }
        });
        values
    }
}

/// The surface where `field` (positive inside, any unit, continuous for a good result) is zero, inside of `bounds`
/// (lowest and highest corner, metres), with `cells` cubes along the longest side. Closed, manifold and oriented
/// whatever the field: it ends at the bounds, and what is not a number counts as outside. Parts thinner than a cell may be
/// lost. Vertices lie on the field to about a thousandth of a cell, except near its creases. Normals are smooth ones;
/// see [`Mesh::field_normals`].
///
/// Time: one look at the field for each cell and five for each vertex.
///
/// # Errors
/// [`MeshError::Range`] for `cells` outside 2 to [`CELLS_MAX`] or bounds that are no box; [`MeshError::TooMany`] when
/// the surface has more vertices than a mesh holds.
pub fn surface(
    field: impl Fn([f32; 3]) -> f32 + Sync,
    bounds: [[f32; 3]; 2],
    cells: u32,
) -> Result<Mesh, MeshError> {
    let lattice = Lattice::new(bounds, cells)?;
    let values = lattice.sample(&field);
    from_values(&lattice, values, Some(&field))
}

/// A field to look at again, for vertices.
type Field<'a> = Option<&'a (dyn Fn([f32; 3]) -> f32 + Sync)>;

/// As [`surface`], from the values at the points of a lattice.
pub(crate) fn from_values(
    lattice: &Lattice,
    mut values: Vec<f32>,
    field: Field<'_>,
) -> Result<Mesh, MeshError> {
    close(lattice, &mut values);
    let work = Work { lattice, values: &values, field };
    let layers: Vec<Vec<u32>> =
        (0..lattice.counts[2]).into_par_iter().map(|z| work.crossings(z)).collect();
    let mut firsts = Vec::with_capacity(layers.len());
    let mut count = 0;
    for layer in &layers {
        firsts.push(count);
        count += layer.len();
    }
    if count > Mesh::VERTICES_MAX {
        return Err(MeshError::TooMany { what: "vertices", found: count, max: Mesh::VERTICES_MAX });
    }
    let positions: Vec<Vec<[f32; 3]>> = layers
        .par_iter()
        .enumerate()
        .map(|(z, layer)| layer.iter().map(|&edge| work.vertex(edge, z)).collect())
        .collect();
    let mut mesh = Mesh { positions: positions.concat(), ..Mesh::default() };
    let slabs: Vec<Slab> = (1..lattice.counts[2])
        .into_par_iter()
        .map(|z| work.slab(z - 1, [&layers[z - 1], &layers[z]], [firsts[z - 1], firsts[z]]))
        .collect();
    for slab in slabs {
        let first_centre = mesh.positions.len() as u32;
        for centre in slab.centres {
            let sum = centre.iter().fold(glam::Vec3::ZERO, |sum, &vertex| {
                sum + glam::Vec3::from(mesh.positions[vertex as usize])
            });
            mesh.positions.push((sum / centre.len() as f32).to_array());
        }
        let place = |vertex: u32| {
            if vertex >= FIRST_CENTRE { vertex - FIRST_CENTRE + first_centre } else { vertex }
        };
        mesh.triangles.extend(slab.triangles.into_iter().map(|corners| corners.map(place)));
    }
    mesh.smooth_normals();
    Ok(mesh)
}

/// Nothing is inside at the rim of the lattice, or where the value is not a number.
fn close(lattice: &Lattice, values: &mut [f32]) {
    let [nx, ny, nz] = lattice.counts;
    let outside = -1e-3 * lattice.step;
    values.par_chunks_mut(nx).enumerate().for_each(|(row, values)| {
        let (y, z) = (row % ny, row / ny);
        let is_rim = y == 0 || z == 0 || y + 1 == ny || z + 1 == nz;
        for (x, value) in values.iter_mut().enumerate() {
            if value.is_nan() || ((is_rim || x == 0 || x + 1 == nx) && *value > 0.0) {
                *value = outside;
            }
        }
    });
}

struct Work<'a> {
    lattice: &'a Lattice,
    values: &'a [f32],
    field: Field<'a>,
}

/// Vertices from here on are centres of polygons, numbered within their slab.
const FIRST_CENTRE: u32 = 1 << 31;

/// Triangles between two layers.
#[derive(Default)]
struct Slab {
    triangles: Vec<[u32; 3]>,
    /// The polygon around each centre.
    centres: Vec<Vec<u32>>,
}

impl Work<'_> {
    fn value(&self, at: usize) -> f32 {
        self.values[at]
    }

    /// Distance in `values` to the next point along each axis.
    const fn strides(&self) -> [usize; 3] {
        [1, self.lattice.counts[0], self.lattice.layer()]
    }

    /// The lattice edges of a layer that the surface crosses, 3 · point in the layer + axis, in order.
    fn crossings(&self, z: usize) -> Vec<u32> {
        let [nx, ny, nz] = self.lattice.counts;
        let first = z * self.lattice.layer();
        let strides = self.strides();
        let mut found = Vec::new();
        for y in 0..ny {
            for x in 0..nx {
                let at = y * nx + x;
                let inside = self.value(first + at) > 0.0;
                let has_next = [x + 1 < nx, y + 1 < ny, z + 1 < nz];
                for axis in 0..3 {
                    if has_next[axis] && (self.value(first + at + strides[axis]) > 0.0) != inside {
                        found.push((3 * at + axis) as u32);
                    }
                }
            }
        }
        found
    }

    /// Where the surface crosses an edge.
    fn vertex(&self, edge: u32, z: usize) -> [f32; 3] {
        let (at, axis) = (edge as usize / 3, edge as usize % 3);
        let nx = self.lattice.counts[0];
        let start = self.lattice.point([at % nx, at / nx, z]);
        let first = z * self.lattice.layer() + at;
        let ends = [self.value(first), self.value(first + self.strides()[axis])];
        let place = |t: f32| {
            let mut p = start;
            p[axis] += t * self.lattice.step;
            p
        };
        place(
            self.root(ends, |t| self.field.map(|field| field(place(t))))
                .clamp(MARGIN, 1.0 - MARGIN),
        )
    }

    /// The zero between two ends of different signs, 0 to 1: false position that halves the value of an end that stays
    /// (the Illinois rule).
    fn root(&self, ends: [f32; 2], look: impl Fn(f32) -> Option<f32>) -> f32 {
        let [mut low, mut high] = [0.0_f32, 1.0];
        let [mut at_low, mut at_high] = ends;
        let starts_inside = at_low > 0.0;
        let mut last = None;
        for _ in 0..STEPS {
            let t = secant([low, high], [at_low, at_high]);
            let Some(value) = look(t) else { return t };
            let value = if value.is_nan() { -at_high.abs().max(at_low.abs()) } else { value };
            if value == 0.0 {
                return t;
            }
            let is_low = (value > 0.0) == starts_inside;
            if is_low {
                (low, at_low) = (t, value);
                if last == Some(true) {
                    at_high *= 0.5;
                }
            } else {
                (high, at_high) = (t, value);
                if last == Some(false) {
                    at_low *= 0.5;
                }
            }
            last = Some(is_low);
        }
        secant([low, high], [at_low, at_high])
    }

    /// Triangles of the cells between two layers, which have these crossed edges and first vertices.
    fn slab(&self, z: usize, layers: [&[u32]; 2], firsts: [usize; 2]) -> Slab {
        let [nx, ny, _] = self.lattice.counts;
        let layer_len = self.lattice.layer();
        let vertices = [0, 1].map(|k: usize| {
            let mut vertices = vec![u32::MAX; 3 * layer_len];
            for (idx, &edge) in layers[k].iter().enumerate() {
                vertices[edge as usize] = (firsts[k] + idx) as u32;
            }
            vertices
        });
        let strides = self.strides();
        let mut slab = Slab::default();
        for y in 0..ny - 1 {
            for x in 0..nx - 1 {
                let corner = y * nx + x;
                let offset = |bits: usize| {
                    (bits & 1) * strides[0]
                        + (bits >> 1 & 1) * strides[1]
                        + (bits >> 2) * strides[2]
                };
                let case = (0..8).fold(0, |case, bits| {
                    let inside = self.value(z * layer_len + corner + offset(bits)) > 0.0;
                    case | usize::from(inside) << bits
                });
                let vertex = |edge: u8| {
                    let (bits, axis) = cases::edge(edge);
                    let at = corner + offset(bits & 3);
                    vertices[bits >> 2][3 * at + axis]
                };
                for polygon in &CASES[case] {
                    let mut centre = u32::MAX;
                    if polygon.has_centre {
                        centre = FIRST_CENTRE + slab.centres.len() as u32;
                        slab.centres.push(polygon.edges.iter().map(|&edge| vertex(edge)).collect());
                    }
                    slab.triangles.extend(polygon.triangles.iter().map(|corners| {
                        corners.map(|edge| if edge == CENTRE { centre } else { vertex(edge) })
                    }));
                }
            }
        }
        slab
    }
}

/// Zero of the line through two values of different signs.
fn secant([low, high]: [f32; 2], [at_low, at_high]: [f32; 2]) -> f32 {
    let share = at_low / (at_low - at_high);
    // Infinite values say nothing of where.
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 };
    low + (high - low) * share
}
