//! What is seen from all around: colour, coverage and depth.

use asset::Splats;
use glam::{DVec3, Vec3};
use rayon::prelude::*;
use render::Camera;

use super::Options;
use crate::orbit::Frame;
use crate::{MeshError, Stop};

/// One view.
#[derive(Debug)]
pub(super) struct View {
    /// As it was drawn.
    pub camera: Camera,
    /// Where the camera is, metres.
    pub eye: Vec3,
    rows: [Vec3; 3],
    pub focal: f32,
    side: usize,
    pixels: Vec<Pixel>,
}

/// What one pixel shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pixel {
    /// Depth of the surface, metres; where there is none, the distance to the silhouette in pixels, negated.
    pub depth: f32,
    /// Least depth of the pixels within two of this one, metres; infinite where there is none.
    pub nearest: f32,
    /// Cosine between the surface's normal and the line of sight; 0 where there is none.
    pub facing: f32,
    /// Display-referred, 0 to 255, straight.
    pub colour: [u8; 3],
    /// Coverage, 0 to 255.
    pub cover: u8,
}

/// All views.
#[derive(Debug)]
pub(super) struct Seen {
    pub views: Vec<View>,
}

impl Seen {
    /// Draws the splats from points spread evenly over a sphere.
    pub(super) fn all(
        splats: &Splats,
        frame: &Frame,
        options: &Options,
        stop: Stop<'_>,
    ) -> Result<Self, MeshError> {
        let scene = render::splats::Scene::new(splats);
        let cameras = frame.cameras(options.views, options.view_px);
        let views: Result<Vec<View>, MeshError> = cameras
            .into_par_iter()
            .map(
                |camera| {
                    if stop() { Err(MeshError::Stopped) } else { Ok(View::new(&scene, camera)) }
                },
            )
            .collect();
        Ok(Self { views: views? })
    }
}

impl View {
    fn new(scene: &render::splats::Scene<'_>, camera: Camera) -> Self {
        let picture = scene.draw(&camera);
        let depths = scene.depths(&camera);
        let side = camera.size_px[0] as usize;
        let rows = camera.world_to_view.transpose().to_cols_array_2d();
        let mut view = Self {
            camera,
            eye: camera.eye.as_vec3(),
            rows: rows.map(|row| DVec3::from(row).as_vec3()),
            focal: camera.focal_px as f32,
            side,
            pixels: Vec::with_capacity(side * side),
        };
        let outside = distances(&picture.transmittance, side);
        for (at, &outside) in outside.iter().enumerate() {
            let cover = 1.0 - picture.transmittance[at];
            let byte = |c: f32| (c.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
            let colour = picture.colour[at].map(|c| byte(c / cover.max(1e-6)));
            let (mut depth, mut facing) = (-outside, 0.0);
            if depths.depth[at].is_finite() && cover >= 0.5 {
                depth = depths.depth[at];
                let ray = view.ray((at % side) as f32 + 0.5, (at / side) as f32 + 0.5);
                facing = -ray.normalize().dot(Vec3::from(depths.normal[at]));
            }
            let facing = facing.clamp(0.0, 1.0);
            let nearest = if depth > 0.0 { depth } else { f32::INFINITY };
            view.pixels.push(Pixel { depth, nearest, facing, colour, cover: byte(cover) });
        }
        view.spread_nearest();
        view
    }

    /// Makes `nearest` the least of a square, along rows and then along columns.
    fn spread_nearest(&mut self) {
        const REACH: usize = 2;
        let side = self.side;
        for stride in [1, side] {
            let before: Vec<f32> = self.pixels.iter().map(|pixel| pixel.nearest).collect();
            for (at, pixel) in self.pixels.iter_mut().enumerate() {
                let place = at / stride % side;
                let (first, last) = (place.saturating_sub(REACH), (place + REACH).min(side - 1));
                let start = at - place * stride;
                let around = (first..=last).map(|place| before[start + place * stride]);
                pixel.nearest = around.fold(f32::INFINITY, f32::min);
            }
        }
    }

    /// Direction through a place on the picture, one metre deep.
    fn ray(&self, x: f32, y: f32) -> Vec3 {
        let middle = 0.5 * self.side as f32;
        let [right, down, ahead] = self.rows;
        ahead + right * ((x - middle) / self.focal) + down * ((y - middle) / self.focal)
    }

    /// Place on the picture and depth.
    #[inline]
    pub(super) fn project(&self, p: Vec3) -> Vec3 {
        let from_eye = p - self.eye;
        let depth = self.rows[2].dot(from_eye);
        let scale = self.focal / depth;
        let middle = 0.5 * self.side as f32;
        let (x, y) = (self.rows[0].dot(from_eye), self.rows[1].dot(from_eye));
        Vec3::new(x * scale + middle, y * scale + middle, depth)
    }

    /// The pixel at a place; `None` outside of the picture.
    #[inline]
    pub(super) fn pixel(&self, x: f32, y: f32) -> Option<&Pixel> {
        let inside = |c: f32| c >= 0.0 && c < self.side as f32;
        (inside(x) && inside(y)).then(|| &self.pixels[y as usize * self.side + x as usize])
    }

    /// The four pixels around a place, with their weights; none near the rim of the picture.
    #[inline]
    pub(super) fn around(&self, x: f32, y: f32) -> Option<[(&Pixel, f32); 4]> {
        let (x, y) = (x - 0.5, y - 0.5);
        let most = (self.side - 1) as f32;
        if !(x >= 0.0 && y >= 0.0 && x < most && y < most) {
            return None;
        }
        let at = y as usize * self.side + x as usize;
        let (fx, fy) = (x - x.floor(), y - y.floor());
        Some([
            (&self.pixels[at], (1.0 - fx) * (1.0 - fy)),
            (&self.pixels[at + 1], fx * (1.0 - fy)),
            (&self.pixels[at + self.side], (1.0 - fx) * fy),
            (&self.pixels[at + self.side + 1], fx * fy),
        ])
    }

    /// Number of pixels that are covered by half, and length of the outline around them, pixels.
    pub(super) fn outline(&self) -> [f64; 2] {
        let is_in = |at: usize| self.pixels[at].cover >= 128;
        let (mut area, mut steps) = (0_u32, 0_u32);
        for at in 0..self.pixels.len() {
            area += u32::from(is_in(at));
            let (right, below) =
                (at % self.side + 1 < self.side, at + self.side < self.pixels.len());
            steps += u32::from(right && is_in(at) != is_in(at + 1));
            steps += u32::from(below && is_in(at) != is_in(at + self.side));
        }
        // Steps along the axes are longer than the outline by 4/π on average.
        [area.into(), f64::from(steps) * std::f64::consts::FRAC_PI_4]
    }

    /// Every point of the surface that is seen.
    pub(super) fn points(&self) -> impl Iterator<Item = Vec3> {
        self.pixels.iter().enumerate().filter(|(_, pixel)| pixel.depth > 0.0).map(|(at, pixel)| {
            let ray = self.ray((at % self.side) as f32 + 0.5, (at / self.side) as f32 + 0.5);
            self.eye + ray * pixel.depth
        })
    }
}

/// Distance of each pixel that is not covered by half to the nearest that is, pixels, about: two sweeps that carry
/// straight and diagonal steps. 0 for covered ones.
fn distances(transmittance: &[f32], side: usize) -> Vec<f32> {
    const DIAGONAL: f32 = std::f32::consts::SQRT_2;
    let mut found: Vec<f32> =
        transmittance.iter().map(|&t| if t <= 0.5 { 0.0 } else { 1e6 }).collect();
    let mut relax = |x: usize, y: usize, dx: isize, dy: isize, step: f32| {
        let (nx, ny) = (x.wrapping_add_signed(dx), y.wrapping_add_signed(dy));
        if nx < side && ny < side {
            let at = y * side + x;
            found[at] = found[at].min(found[ny * side + nx] + step);
        }
    };
    for y in 0..side {
        for x in 0..side {
            relax(x, y, -1, 0, 1.0);
            relax(x, y, 0, -1, 1.0);
            relax(x, y, -1, -1, DIAGONAL);
            relax(x, y, 1, -1, DIAGONAL);
        }
    }
    for y in (0..side).rev() {
        for x in (0..side).rev() {
            relax(x, y, 1, 0, 1.0);
            relax(x, y, 0, 1, 1.0);
            relax(x, y, 1, 1, DIAGONAL);
            relax(x, y, -1, 1, DIAGONAL);
        }
    }
    // Half-covered pixels are on the rim: the outline is between pixels, where coverage is one half.
    let soft = |(distance, &t): (f32, &f32)| if t <= 0.5 { 0.0 } else { distance - 1.5 + t };
    found.into_iter().zip(transmittance).map(soft).map(|d| d.max(0.0)).collect()
}
