//! The projection of one splat, backwards: from what its pixels ask of it to its raw values.
//! Source: rendering specification §B.2 and §B.5, differentiated by hand. In `f64`: it is a small part of the time.

use asset::RawSplat;
use glam::{DMat3, DVec3, Vec3};

use super::sh;
use crate::Camera;

/// What the pixels of a picture ask of one splat, summed over them. With h = dL/dσ and δ = centre − pixel (pixels).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(C)]
pub(super) struct PixelSums {
    /// Σ h
    pub(super) h: f32,
    /// Σ h·δx
    pub(super) hx: f32,
    /// Σ h·δy
    pub(super) hy: f32,
    /// Σ h·δx²
    pub(super) hxx: f32,
    /// Σ h·δx·δy
    pub(super) hxy: f32,
    /// Σ h·δy²
    pub(super) hyy: f32,
    /// Σ α·T · dL/d pixel colour
    pub(super) colour: [f32; 3],
    /// Σ α·T
    pub(super) weight: f32,
}

impl PixelSums {
    pub(super) fn add(&mut self, other: &Self) {
        self.h += other.h;
        self.hx += other.hx;
        self.hy += other.hy;
        self.hxx += other.hxx;
        self.hxy += other.hxy;
        self.hyy += other.hyy;
        for (sum, value) in self.colour.iter_mut().zip(other.colour) {
            *sum += value;
        }
        self.weight += other.weight;
    }
}

/// Where the gradient of one splat is added to.
#[derive(Debug)]
pub(super) struct Into<'a> {
    pub(super) position: &'a mut [f32; 3],
    pub(super) log_scale: &'a mut [f32; 3],
    pub(super) rotation: &'a mut [f32; 4],
    pub(super) raw_opacity: &'a mut f32,
    pub(super) sh_dc: &'a mut [f32; 3],
    pub(super) sh_rest: &'a mut [f32],
    pub(super) screen: &'a mut f32,
    pub(super) weight: &'a mut f32,
}

/// Adds the gradient of one visible splat.
pub(super) fn backward(splat: &RawSplat<'_>, camera: &Camera, sums: &PixelSums, into: Into<'_>) {
    let away = DVec3::from(splat.position.map(f64::from)) - camera.eye;
    let view = camera.world_to_view * away;
    let (depth, focal) = (view.z, camera.focal_px);
    let per_depth = 1.0 / depth;

    // Forward again: Σ2 = Y·Yᵀ + 0.3, Y = P·M_q·diag(scale), P = J·world_to_view (2×3, rows kept as vectors).
    let raw = splat.rotation.map(f64::from);
    let norm = raw.iter().map(|c| c * c).sum::<f64>().sqrt();
    let unit = raw.map(|c| c / norm.max(1e-12));
    let turn = rotation_matrix(unit); // columns: local axes in the world
    let scale = splat.log_scale.map(|s| libm::exp(f64::from(s)));
    let clamp = |axis: usize| {
        let (size, centre) = (f64::from(camera.size_px[axis]), camera.centre_px[axis]);
        let margin = 0.15 * size / focal;
        let slope = view[axis] * per_depth;
        let within = slope.clamp(-(centre / focal + margin), (size - centre) / focal + margin);
        (within, within.to_bits() == slope.to_bits())
    };
    let ((slope_x, free_x), (slope_y, free_y)) = (clamp(0), clamp(1));
    let zoom = focal * per_depth;
    let to_view = camera.world_to_view.transpose(); // columns: camera axes in the world
    let p = [
        zoom * (to_view.x_axis - slope_x * to_view.z_axis),
        zoom * (to_view.y_axis - slope_y * to_view.z_axis),
    ];
    let y = p.map(|row| [0, 1, 2].map(|axis| row.dot(turn.col(axis)) * scale[axis]));
    let dot = |a: &[f64; 3], b: &[f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    let (xx, xy, yy) = (dot(&y[0], &y[0]) + 0.3, dot(&y[0], &y[1]), dot(&y[1], &y[1]) + 0.3);
    let det = xx * yy - xy * xy;
    let (a, b, c) = (yy / det, -xy / det, xx / det);

    // σ = ½(A·δx² + C·δy²) + B·δx·δy: to the centre, and to Σ2 through its inverse (dΣ2 = −M·G·M).
    let d_u = a * f64::from(sums.hx) + b * f64::from(sums.hy);
    let d_v = b * f64::from(sums.hx) + c * f64::from(sums.hy);
    let (gxx, gxy, gyy) =
        (0.5 * f64::from(sums.hxx), 0.5 * f64::from(sums.hxy), 0.5 * f64::from(sums.hyy));
    let (mx, my) = ([a * gxx + b * gxy, a * gxy + b * gyy], [b * gxx + c * gxy, b * gxy + c * gyy]);
    let h_xx = -(mx[0] * a + mx[1] * b);
    let h_xy = -(mx[0] * b + mx[1] * c);
    let h_yy = -(my[0] * b + my[1] * c);

    // Σ2 to Y, and Y to the scale, the rotation and P.
    let d_y = [
        [0, 1, 2].map(|k| 2.0 * (h_xx * y[0][k] + h_xy * y[1][k])),
        [0, 1, 2].map(|k| 2.0 * (h_xy * y[0][k] + h_yy * y[1][k])),
    ];
    for axis in 0..3 {
        into.log_scale[axis] += (d_y[0][axis] * y[0][axis] + d_y[1][axis] * y[1][axis]) as f32;
    }
    let d_turn = DMat3::from_cols(
        scale[0] * (d_y[0][0] * p[0] + d_y[1][0] * p[1]),
        scale[1] * (d_y[0][1] * p[0] + d_y[1][1] * p[1]),
        scale[2] * (d_y[0][2] * p[0] + d_y[1][2] * p[1]),
    );
    if norm > 1e-12 {
        let d_unit = rotation_backward(unit, &d_turn);
        let along: f64 = unit.iter().zip(d_unit).map(|(q, d)| q * d).sum();
        for component in 0..4 {
            into.rotation[component] +=
                ((d_unit[component] - unit[component] * along) / norm) as f32;
        }
    }

    // P to the view point: P's rows are zoom·(axis − slope·forward), zoom = focal/depth, slope = x/depth unless clamped.
    let d_p =
        d_y.map(|row| turn * DVec3::new(row[0] * scale[0], row[1] * scale[1], row[2] * scale[2]));
    let d_zoom = (d_p[0].dot(p[0]) + d_p[1].dot(p[1])) / zoom;
    let d_slope_x = -zoom * d_p[0].dot(to_view.z_axis) * f64::from(u8::from(free_x));
    let d_slope_y = -zoom * d_p[1].dot(to_view.z_axis) * f64::from(u8::from(free_y));
    let to_x = d_slope_x + focal * d_u;
    let to_y = d_slope_y + focal * d_v;
    let d_view = per_depth
        * DVec3::new(to_x, to_y, -(zoom * d_zoom + (to_x * view.x + to_y * view.y) * per_depth));

    let opacity = 1.0 / (1.0 + libm::exp(-f64::from(splat.raw_opacity)));
    *into.raw_opacity -= ((1.0 - opacity) * f64::from(sums.h)) as f32;
    *into.screen += (d_u * d_u + d_v * d_v).sqrt() as f32;
    *into.weight += sums.weight;
    let turned: Vec3 = sh::backward(splat, away.as_vec3(), sums.colour, into.sh_dc, into.sh_rest);
    let d_position = to_view * d_view + turned.as_dvec3();
    for axis in 0..3 {
        into.position[axis] += d_position[axis] as f32;
    }
}

fn rotation_matrix([w, x, y, z]: [f64; 4]) -> DMat3 {
    DMat3::from_cols(
        DVec3::new(1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y)),
        DVec3::new(2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)),
        DVec3::new(2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)),
    )
}

/// dL/d(w, x, y, z) of [`rotation_matrix`], before the normalisation.
fn rotation_backward([w, x, y, z]: [f64; 4], d: &DMat3) -> [f64; 4] {
    let at = |row: usize, column: usize| d.col(column)[row];
    let (minus_z, minus_y, minus_x) =
        (at(1, 0) - at(0, 1), at(0, 2) - at(2, 0), at(2, 1) - at(1, 2));
    let (plus_z, plus_y, plus_x) = (at(1, 0) + at(0, 1), at(0, 2) + at(2, 0), at(2, 1) + at(1, 2));
    [
        2.0 * (x * minus_x + y * minus_y + z * minus_z),
        2.0 * (w * minus_x + y * plus_z + z * plus_y) - 4.0 * x * (at(1, 1) + at(2, 2)),
        2.0 * (w * minus_y + x * plus_z + z * plus_x) - 4.0 * y * (at(0, 0) + at(2, 2)),
        2.0 * (w * minus_z + x * plus_y + y * plus_x) - 4.0 * z * (at(0, 0) + at(1, 1)),
    ]
}
