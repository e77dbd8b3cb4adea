//! The transmission buffer: what is behind transmissive surfaces, in linear light, with mip levels.
//! Source: three r183, `renderTransmissionPass`; rendering specification §D.4.7.

use glam::{Vec2, Vec4};

use super::target::halves;
use crate::shade::texture::around;
use crate::shade::transmission::bicubic;

/// Linear colours with every mip level, clamped at the rim. Row 0 is the lowest of the picture.
#[derive(Debug)]
pub(super) struct Buffer {
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    width: usize,
    height: usize,
    texels: Vec<[f32; 4]>,
}

impl Buffer {
    /// From a picture whose first row is the top.
    pub(super) fn new(picture: &[[f32; 4]], [width, height]: [u32; 2]) -> Self {
        let (width, height) = (width as usize, height as usize);
        let texels = picture.chunks(width.max(1)).rev().flatten().copied().collect();
        let mut levels = vec![Level { width, height, texels }];
        while let Some(above) = levels.last().filter(|level| level.width > 1 || level.height > 1) {
            levels.push(above.halved());
        }
        Self { levels }
    }

    /// The colour at a coordinate, as blurred as a level tells.
    pub(super) fn sample(&self, uv: Vec2, level: f32) -> Vec4 {
        let Some(base) = self.levels.first().filter(|_| uv.is_finite()) else {
            return Vec4::ZERO;
        };
        let size = Vec2::new(base.width as f32, base.height as f32);
        bicubic(uv, level, size, |uv, level| {
            let level = self.levels.get(level as usize).or(self.levels.last());
            level.map_or(Vec4::ZERO, |level| level.bilinear(uv))
        })
    }
}

impl Level {
    fn texel(&self, x: usize, y: usize) -> Vec4 {
        Vec4::from(self.texels[y * self.width + x])
    }

    /// The next level: this one read at the centres of its texels, as mip levels of textures are made.
    fn halved(&self) -> Self {
        let (width, height) = ((self.width / 2).max(1), (self.height / 2).max(1));
        let columns: Vec<_> = (0..width).map(|x| around(x, width, self.width)).collect();
        let mut texels = Vec::with_capacity(width * height);
        for y in 0..height {
            let (y0, y1, fy) = around(y, height, self.height);
            for &(x0, x1, fx) in &columns {
                let row = |y| self.texel(x0, y) * (1.0 - fx) + self.texel(x1, y) * fx;
                texels.push(halves(row(y0) * (1.0 - fy) + row(y1) * fy));
            }
        }
        Self { width, height, texels }
    }

    fn bilinear(&self, uv: Vec2) -> Vec4 {
        let at = uv * Vec2::new(self.width as f32, self.height as f32) - 0.5;
        let corner = at.floor();
        let f = at - corner;
        let index = |v: f32, size: usize| (v.max(0.0) as usize).min(size - 1);
        let [x0, x1] = [corner.x, corner.x + 1.0].map(|x| index(x, self.width));
        let [y0, y1] = [corner.y, corner.y + 1.0].map(|y| index(y, self.height));
        let row = |y| self.texel(x0, y) * (1.0 - f.x) + self.texel(x1, y) * f.x;
        row(y0) * (1.0 - f.y) + row(y1) * f.y
    }
}
