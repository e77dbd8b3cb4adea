//! The renderer once more, as plainly as it can be written: `f64`, one pixel after the other, every splat at every pixel,
//! no tiles, no lanes, no threads. What the fast renderer and its gradients are measured against.
//! Source: rendering specification §A.3, §B.2, §B.5, §B.6, §B.7; SH basis of degree 4 from the definition of the real
//! spherical harmonics (`sh_basis_is_orthonormal` checks all of them).

use asset::Splats;
use glam::{DMat2, DMat3, DVec2, DVec3};
use render::{Camera, Frame};

/// One splat in the raw values of `asset::SplatsParts`, in double precision so that finite differences can be taken.
#[derive(Debug, Clone, PartialEq)]
pub struct OracleSplat {
    pub position: [f64; 3],
    pub log_scale: [f64; 3],
    pub rotation: [f64; 4],
    pub raw_opacity: f64,
    pub sh_dc: [f64; 3],
    /// `[coefficient][channel]`, 0, 3, 8, 15 or 24 coefficients.
    pub sh_rest: Vec<[f64; 3]>,
}

/// What the oracle draws. Pixels row by row from the top left.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Width, height in pixels.
    pub size_px: [u32; 2],
    /// Premultiplied, not clamped, `[pixel][r, g, b]`.
    pub colour: Vec<[f64; 3]>,
    /// `[pixel]`
    pub transmittance: Vec<f64>,
    /// A hash of every choice that was made (what is culled, order, skipped, capped, clamped, where a pixel stops): two
    /// pictures with the same value lie on one smooth piece of the function, so a finite difference between them holds.
    pub choices: u64,
    /// How often alpha was capped at 0.999.
    pub n_capped: usize,
    /// Pixels at which a splat was not blended because too little light was left.
    pub n_stopped: usize,
}

/// The splats of an asset, exactly.
pub fn splats(asset: &Splats) -> Vec<OracleSplat> {
    let one = |raw: asset::RawSplat<'_>| OracleSplat {
        position: raw.position.map(f64::from),
        log_scale: raw.log_scale.map(f64::from),
        rotation: raw.rotation.map(f64::from),
        raw_opacity: f64::from(raw.raw_opacity),
        sh_dc: raw.sh_dc.map(f64::from),
        sh_rest: raw.sh_rest.chunks(3).map(|c| [c[0], c[1], c[2]].map(f64::from)).collect(),
    };
    asset.iter().map(one).collect()
}

/// Draws an asset.
pub fn draw(asset: &Splats, camera: &Camera) -> Picture {
    draw_splats(&splats(asset), camera)
}

/// A splat on the picture plane.
#[derive(Debug, Clone, Copy)]
pub struct Projected {
    pub depth: f64,
    pub centre_px: DVec2,
    /// With the low-pass, pixels².
    pub covariance: DMat2,
    pub opacity: f64,
    pub colour: [f64; 3],
}

/// §B.5. `None` when the splat is culled.
pub fn project(splat: &OracleSplat, camera: &Camera, choices: &mut Choices) -> Option<Projected> {
    let view = camera.world_to_view * (DVec3::from(splat.position) - camera.eye);
    let depth = view.z;
    if !(camera.near..=camera.far).contains(&depth) {
        return None;
    }
    let norm = splat.rotation.iter().map(|c| c * c).sum::<f64>().sqrt().max(1e-12);
    let turn = rotation_matrix(splat.rotation.map(|c| c / norm));
    let stretched = turn * DMat3::from_diagonal(DVec3::from(splat.log_scale.map(libm::exp)));
    let world = stretched * stretched.transpose();
    let covariance3 = camera.world_to_view * world * camera.world_to_view.transpose();

    let focal = camera.focal_px;
    let mut clamped = [0.0; 2];
    for axis in 0..2 {
        let (size, centre) = (f64::from(camera.size_px[axis]), camera.centre_px[axis]);
        let margin = 0.3 * 0.5 * size / focal;
        let (low, high) = (-(centre / focal + margin), (size - centre) / focal + margin);
        let slope = view[axis] / depth;
        clamped[axis] = depth * slope.clamp(low, high);
        choices.add(u64::from(slope < low) + 2 * u64::from(slope > high));
    }
    let row0 = DVec3::new(focal / depth, 0.0, -focal * clamped[0] / (depth * depth));
    let row1 = DVec3::new(0.0, focal / depth, -focal * clamped[1] / (depth * depth));
    let xx = row0.dot(covariance3 * row0) + 0.3;
    let xy = row0.dot(covariance3 * row1);
    let yy = row1.dot(covariance3 * row1) + 0.3;
    let covariance = DMat2::from_cols(DVec2::new(xx, xy), DVec2::new(xy, yy));
    if covariance.determinant() <= 0.0 {
        return None;
    }

    let opacity = 1.0 / (1.0 + libm::exp(-splat.raw_opacity));
    if opacity < 1.0 / 255.0 {
        return None;
    }
    let centre_px = focal * view.truncate() / depth + DVec2::from(camera.centre_px);
    let extend = (2.0 * libm::log(255.0 * opacity)).sqrt().min(3.33);
    let radius = DVec2::new((extend * xx.sqrt()).ceil(), (extend * yy.sqrt()).ceil());
    let size = DVec2::new(f64::from(camera.size_px[0]), f64::from(camera.size_px[1]));
    let outside =
        (centre_px + radius).cmple(DVec2::ZERO).any() || (centre_px - radius).cmpge(size).any();
    if radius.cmple(DVec2::ZERO).all() || outside {
        return None;
    }
    let colour = colour(splat, DVec3::from(splat.position) - camera.eye, choices);
    Some(Projected { depth, centre_px, covariance, opacity, colour })
}

fn rotation_matrix([w, x, y, z]: [f64; 4]) -> DMat3 {
    let row0 =
        DVec3::new(1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y));
    let row1 =
        DVec3::new(2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x));
    let row2 =
        DVec3::new(2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y));
    DMat3::from_cols(row0, row1, row2).transpose()
}

/// §B.2 at SH degree 0; §B.7, clamped below at 0, above.
fn colour(splat: &OracleSplat, towards: DVec3, choices: &mut Choices) -> [f64; 3] {
    let basis = sh_basis(towards.normalize());
    let mut colour = splat.sh_dc.map(|c| 0.5 + basis[0] * c);
    for (value, coefficient) in basis[1..].iter().zip(&splat.sh_rest) {
        for channel in 0..3 {
            colour[channel] += value * coefficient[channel];
        }
    }
    if !splat.sh_rest.is_empty() {
        for value in &mut colour {
            choices.add(u64::from(*value < 0.0));
            *value = value.max(0.0);
        }
    }
    colour
}

/// The 25 values of the SH basis of degrees 0 to 4 in a unit direction.
pub fn sh_basis(direction: DVec3) -> [f64; 25] {
    let [x, y, z] = direction.to_array();
    let (xx, yy, zz) = (x * x, y * y, z * z);
    [
        0.2820947917738781,
        -0.48860251190292 * y,
        0.48860251190292 * z,
        -0.48860251190292 * x,
        1.092548430592079 * x * y,
        -1.092548430592079 * y * z,
        0.9461746957575601 * zz - 0.3153915652525201,
        -1.092548430592079 * x * z,
        0.5462742152960395 * (xx - yy),
        -0.5900435899266435 * y * (3.0 * xx - yy),
        2.890611442640554 * x * y * z,
        y * (0.4570457994644658 - 2.285228997322329 * zz),
        z * (1.865881662950577 * zz - 1.119528997770346),
        x * (0.4570457994644658 - 2.285228997322329 * zz),
        1.445305721320277 * z * (xx - yy),
        -0.5900435899266435 * x * (xx - 3.0 * yy),
        2.5033429417967046 * x * y * (xx - yy),
        -1.7701307697799304 * y * z * (3.0 * xx - yy),
        0.9461746957575601 * x * y * (7.0 * zz - 1.0),
        -0.6690465435572892 * y * z * (7.0 * zz - 3.0),
        0.10578554691520431 * (35.0 * zz * zz - 30.0 * zz + 3.0),
        -0.6690465435572892 * x * z * (7.0 * zz - 3.0),
        0.47308734787878004 * (xx - yy) * (7.0 * zz - 1.0),
        -1.7701307697799304 * x * z * (xx - 3.0 * yy),
        0.6258357354491761 * (xx * (xx - 3.0 * yy) - yy * (3.0 * xx - yy)),
    ]
}

/// §B.6.
pub fn draw_splats(splats: &[OracleSplat], camera: &Camera) -> Picture {
    let mut choices = Choices::default();
    let mut visible = Vec::new();
    for (splat_idx, splat) in splats.iter().enumerate() {
        if let Some(projected) = project(splat, camera, &mut choices) {
            visible.push((splat_idx, projected, projected.covariance.inverse()));
        }
    }
    visible.sort_by(|a, b| a.1.depth.total_cmp(&b.1.depth)); // Stable: ties keep input order.
    for (splat_idx, ..) in &visible {
        choices.add(*splat_idx as u64);
    }

    let [width, height] = camera.size_px;
    let mut picture = Picture {
        size_px: camera.size_px,
        colour: Vec::new(),
        transmittance: Vec::new(),
        choices: 0,
        n_capped: 0,
        n_stopped: 0,
    };
    for row in 0..height {
        for column in 0..width {
            let pixel = DVec2::new(f64::from(column) + 0.5, f64::from(row) + 0.5);
            let (mut sum, mut t) = ([0.0; 3], 1.0);
            for (rank, (_, splat, conic)) in visible.iter().enumerate() {
                let delta = splat.centre_px - pixel;
                let sigma = 0.5 * delta.dot(*conic * delta);
                let uncapped = splat.opacity * libm::exp(-sigma);
                let alpha = uncapped.min(0.999);
                if sigma < 0.0 || alpha < 1.0 / 255.0 {
                    continue;
                }
                let t_next = t * (1.0 - alpha);
                if t_next <= 1e-4 {
                    choices.add(rank as u64);
                    picture.n_stopped += 1;
                    break;
                }
                picture.n_capped += usize::from(uncapped > 0.999);
                choices.add(2 * rank as u64 + u64::from(uncapped > 0.999));
                for (sum, colour) in sum.iter_mut().zip(splat.colour) {
                    *sum += colour * alpha * t;
                }
                t = t_next;
            }
            choices.add(u64::MAX);
            picture.colour.push(sum);
            picture.transmittance.push(t);
        }
    }
    picture.choices = choices.0;
    picture
}

/// FNV-1a over what was chosen, in order.
#[derive(Debug)]
pub struct Choices(u64);

impl Default for Choices {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Choices {
    fn add(&mut self, choice: u64) {
        self.0 = (self.0 ^ choice).wrapping_mul(0x0000_0100_0000_01b3);
    }
}

impl Picture {
    /// The same picture in the type of the renderer.
    pub fn to_frame(&self) -> Frame {
        Frame {
            size_px: self.size_px,
            colour: self.colour.iter().map(|rgb| rgb.map(|c| c as f32)).collect(),
            transmittance: self.transmittance.iter().map(|&t| t as f32).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use render::{Lens, View};

    /// §B.8 after the normalisation of §B.4, whose results the specification gives.
    fn worked_example() -> Vec<OracleSplat> {
        let scale = 1.5;
        let recentre = |p: [f64; 3]| p.map(|c| (c - 0.125 / 3.0) * scale);
        let weaken = |raw: f64| {
            let opacity = 1.0 / (1.0 + libm::exp(-raw)) / scale;
            libm::log(opacity / (1.0 - opacity))
        };
        vec![
            OracleSplat {
                position: recentre([0.5, 0.0, 0.0]),
                log_scale: [libm::log(0.1 * scale); 3],
                rotation: [1.0, 0.0, 0.0, 0.0],
                raw_opacity: weaken(2.0),
                sh_dc: [1.0, 0.0, -1.0],
                sh_rest: vec![],
            },
            OracleSplat {
                position: recentre([-0.5, 0.25, 0.0]),
                log_scale: [0.15, 0.05, 0.08].map(|s| libm::log(s * scale)),
                rotation: [0.9, 0.1, 0.3, 0.2],
                raw_opacity: weaken(0.5),
                sh_dc: [-1.0, 0.5, 1.5],
                sh_rest: vec![],
            },
        ]
    }

    #[test]
    fn worked_example_of_the_specification() {
        let splats = worked_example();
        let lens = Lens { radius: 2.5, fov_deg: 49.1, size: 518 };
        let camera = Camera::orbit(View { theta_deg: 24.0, phi_deg: -15.0 }, lens);
        // Opacity, colour; depth, centre, covariance xx, xy, yy: the two E0 rows.
        let expected = [
            (
                [0.5871981, 0.7820948, 0.5, 0.2179052],
                [2.3012, 420.02, 288.07, 1476.45, 19.88, 1369.88],
            ),
            (
                [0.4149729, 0.2179052, 0.6410474, 0.9231422],
                [2.7935, 113.50, 177.37, 1729.69, -763.47, 650.61],
            ),
        ];
        for (splat, (look, place)) in splats.iter().zip(expected) {
            let found = project(splat, &camera, &mut Choices::default()).unwrap();
            let [r, g, b] = found.colour;
            for (found, expected) in [found.opacity, r, g, b].into_iter().zip(look) {
                assert!((found - expected).abs() < 6e-8, "{found} is not {expected}");
            }
            let (at, cov) = (found.centre_px, found.covariance);
            let all = [found.depth, at.x, at.y, cov.x_axis.x, cov.x_axis.y, cov.y_axis.y];
            for (place_idx, (found, expected)) in all.into_iter().zip(place).enumerate() {
                let digit = if place_idx == 0 { 6e-5 } else { 6e-3 };
                assert!(
                    (found - expected).abs() < digit,
                    "value {place_idx}: {found} is not {expected}"
                );
            }
        }
        let picture = draw_splats(&splats, &camera);
        let bytes = |column: usize, row: usize| {
            let pixel = row * 518 + column;
            let t = picture.transmittance[pixel];
            picture.colour[pixel].map(|c| ((c + t).clamp(0.0, 1.0) * 255.0) as u8)
        };
        assert_eq!(bytes(420, 288), [222, 180, 137]);
        assert_eq!(bytes(113, 177), [172, 217, 246]);
        assert_eq!(bytes(0, 0), [255; 3]);
    }

    /// The integral of the product of two over the sphere is 1 on the diagonal and 0 elsewhere: no constant or sign pair is mistyped.
    #[test]
    fn sh_basis_is_orthonormal() {
        const N: usize = 400;
        let mut sums = [[0.0; 25]; 25];
        for ring in 0..N {
            // Midpoints in z are equal areas of the sphere.
            let z = (ring as f64 + 0.5) / N as f64 * 2.0 - 1.0;
            let radius = (1.0 - z * z).sqrt();
            for step in 0..16 {
                let (sin, cos) =
                    libm::sincos((f64::from(step) + 0.5) * std::f64::consts::TAU / 16.0);
                let basis = sh_basis(DVec3::new(radius * cos, radius * sin, z));
                for (i, row) in sums.iter_mut().enumerate() {
                    for (j, sum) in row.iter_mut().enumerate() {
                        *sum += basis[i] * basis[j] * 4.0 * std::f64::consts::PI / (16 * N) as f64;
                    }
                }
            }
        }
        for (i, row) in sums.iter().enumerate() {
            for (j, &sum) in row.iter().enumerate() {
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!(
                    (sum - expected).abs() < 1e-3,
                    "basis {i} and {j}: {sum} is not {expected}"
                );
            }
        }
    }
}
