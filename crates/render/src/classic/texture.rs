//! Textures as the mesh competition read them: bilinear, repeated both ways, no mip-maps. Source: rendering
//! specification §C.2.

use glam::{Vec2, Vec4};

/// A picture, row by row from the top, straight alpha.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texture {
    width: u32,
    height: u32,
    texels: Vec<[u8; 4]>,
}

impl Texture {
    /// `None` if the texels do not fill the size, or there are none.
    #[must_use]
    pub fn new(width: u32, height: u32, texels: Vec<[u8; 4]>) -> Option<Self> {
        let area = (width as usize).checked_mul(height as usize)?;
        (area > 0 && area == texels.len()).then_some(Self { width, height, texels })
    }

    /// Width and height.
    pub(super) const fn size(&self) -> [u32; 2] {
        [self.width, self.height]
    }

    /// The texel where texel `at` of a picture of `size` would be, if it lay over this one.
    pub(super) fn nearest(&self, at: [u32; 2], size: [u32; 2]) -> [u8; 4] {
        let along = |axis: usize, own: u32| {
            let place =
                (2 * u64::from(at[axis]) + 1) * u64::from(own) / (2 * u64::from(size[axis]).max(1));
            (place as u32).min(own - 1) as usize
        };
        self.texels[along(1, self.height) * self.width as usize + along(0, self.width)]
    }

    /// Whether no texel lets anything through.
    pub(super) fn is_opaque(&self) -> bool {
        self.texels.iter().all(|texel| texel[3] == 255)
    }

    /// The texel below `at` and the one beyond, and how far between in 256 steps, as graphics hardware counts; a texture
    /// goes on beyond its edge.
    #[inline]
    fn along(at: f32, size: u32) -> (usize, usize, u32) {
        let place = (at - at.floor()) * size as f32 - 0.5;
        let low = place.floor();
        let between = ((place - low) * 256.0) as u32;
        // At most half a texel before the first one. NaN becomes 0.
        let first = if low < 0.0 { size - 1 } else { (low as u32).min(size - 1) };
        let second = if first + 1 == size { 0 } else { first + 1 };
        (first as usize, second as usize, between)
    }

    /// Values 0 to 1 at a place, (0, 0) being the upper left corner: bytes between bytes, as hardware filters them.
    #[inline]
    pub(super) fn sample(&self, uv: Vec2) -> Vec4 {
        let (x0, x1, fx) = Self::along(uv.x, self.width);
        let (y0, y1, fy) = Self::along(uv.y, self.height);
        let texel = |x: usize, y: usize| self.texels[y * self.width as usize + x].map(u32::from);
        let mix = |a: [u32; 4], b: [u32; 4], f: u32| {
            [0, 1, 2, 3].map(|c| (a[c] * (256 - f) + b[c] * f + 128) >> 8)
        };
        let top = mix(texel(x0, y0), texel(x1, y0), fx);
        let bottom = mix(texel(x0, y1), texel(x1, y1), fx);
        Vec4::from(mix(top, bottom, fy).map(|c| c as f32)) * (1.0 / 255.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bilinear_and_repeated() {
        let texels = vec![[0, 0, 0, 255], [100, 0, 0, 255], [0, 200, 0, 255], [100, 200, 0, 255]];
        let texture = Texture::new(2, 2, texels).unwrap();
        let at = |u: f32, v: f32| {
            let value = texture.sample(Vec2::new(u, v)) * 255.0;
            [value.x.round() as i32, value.y.round() as i32]
        };
        assert_eq!(at(0.25, 0.25), [0, 0]);
        assert_eq!(at(0.75, 0.25), [100, 0]);
        assert_eq!(at(0.25, 0.75), [0, 200]);
        assert_eq!(at(0.5, 0.5), [50, 100]);
        assert_eq!(at(0.0, 0.25), [50, 0], "half way between the last column and the first");
        assert_eq!(at(-3.25, 7.25), [100, 0]);
        assert!(texture.sample(Vec2::NAN).is_finite());
        assert!(texture.is_opaque());
    }

    #[test]
    fn the_texels_have_to_fill_the_size() {
        assert_eq!(Texture::new(2, 2, vec![[0; 4]; 3]), None);
        assert_eq!(Texture::new(0, 2, vec![]), None);
        assert!(!Texture::new(1, 1, vec![[0; 4]]).unwrap().is_opaque());
    }
}
