//! Values of a primitive at a place of the picture: perspective-correct, also outside of the primitive.

use glam::{Vec2, Vec3, Vec4};

use super::prim::{Prim, Weights};
use super::program::Layout;

/// The varyings of one primitive as planes over the picture, times 1/w.
#[derive(Debug, Clone)]
pub(super) struct Interpolator {
    anchor: Vec2,
    /// Slopes of the coordinates within a point.
    point: Vec2,
    inverse_w: [f32; 3],
    values: [[f32; 3]; Layout::MAX],
}

/// A place, ready for [`Interpolator`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// From the anchor, pixels.
    offset: Vec2,
    w: f32,
}

/// A value at the shaded pixel, and how it changes per pixel within its 2 × 2 block: x right, y up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quad {
    /// Where the pixel's own values are.
    pub(super) here: Place,
    corner: Place,
    right: Place,
    up: Place,
}

impl Interpolator {
    pub(super) const EMPTY: Self = Self {
        anchor: Vec2::ZERO,
        point: Vec2::ZERO,
        inverse_w: [0.0; 3],
        values: [[0.0; 3]; Layout::MAX],
    };

    /// Makes this the interpolator of a primitive with `len` values per vertex.
    pub(super) fn set(&mut self, prim: &Prim, len: usize, varyings: &[f32]) {
        let Weights { anchor, first, dx, dy, varyings: at, .. } = prim.weights;
        (self.anchor, self.point) = (anchor, Vec2::new(dx[1], dy[2]));
        let plane = |v: [f32; 3]| {
            let sum = |w: [f32; 3]| v[0] * w[0] + v[1] * w[1] + v[2] * w[2];
            [v[0] * first, sum(dx), sum(dy)]
        };
        self.inverse_w = plane([1.0; 3]);
        let value = |at: u32, i: usize| varyings.get(at as usize + i).copied().unwrap_or(0.0);
        for (i, out) in self.values.iter_mut().enumerate().take(len) {
            *out = plane(at.map(|at| value(at, i)));
        }
    }

    /// A value times 1/w: at the anchor, and its change per pixel right and down.
    pub(super) fn plane(&self, at: usize) -> [f32; 3] {
        self.values[at]
    }

    /// 1/w in the same way.
    pub(super) fn inverse_w(&self) -> [f32; 3] {
        self.inverse_w
    }

    /// Where planes start, in pixels.
    pub(super) fn anchor(&self) -> Vec2 {
        self.anchor
    }

    #[inline]
    pub(super) fn place(&self, x: f32, y: f32) -> Place {
        let offset = Vec2::new(x, y) - self.anchor;
        let [at, dx, dy] = self.inverse_w;
        Place { offset, w: 1.0 / (at + dx * offset.x + dy * offset.y) }
    }

    /// The places a pixel needs: its centre and three of its block, whose corner is the lower left pixel as blocks are
    /// counted from the bottom row.
    #[inline]
    pub(super) fn quad(&self, x: i32, y: i32, height: i32) -> Quad {
        let column = x & !1;
        let row = height - 1 - ((height - 1 - y) & !1);
        let centre = |x: i32, y: i32| self.place(x as f32 + 0.5, y as f32 + 0.5);
        Quad {
            here: centre(x, y),
            corner: centre(column, row),
            right: centre(column + 1, row),
            up: centre(column, row - 1),
        }
    }

    #[inline]
    pub(super) fn value(&self, at: usize, place: Place) -> f32 {
        let [value, dx, dy] = self.values[at];
        (value + dx * place.offset.x + dy * place.offset.y) * place.w
    }

    #[inline]
    pub(super) fn vec2(&self, at: usize, place: Place) -> Vec2 {
        Vec2::new(self.value(at, place), self.value(at + 1, place))
    }

    #[inline]
    pub(super) fn vec3(&self, at: usize, place: Place) -> Vec3 {
        self.vec2(at, place).extend(self.value(at + 2, place))
    }

    #[inline]
    pub(super) fn vec4(&self, at: usize, place: Place) -> Vec4 {
        self.vec3(at, place).extend(self.value(at + 3, place))
    }

    /// Coordinates within a point, 0 to 1, y down.
    pub(super) fn point_coordinate(&self, place: Place) -> Vec2 {
        self.point * place.offset
    }
}

impl Quad {
    /// How something changes per pixel to the right and up.
    #[inline]
    pub(super) fn slope<T: std::ops::Sub<Output = T> + Copy>(
        &self,
        value: impl Fn(Place) -> T,
    ) -> crate::shade::normal::Slope<T> {
        let corner = value(self.corner);
        crate::shade::normal::Slope { x: value(self.right) - corner, y: value(self.up) - corner }
    }
}

impl Place {
    /// Distance along the view direction.
    pub(super) fn depth(self) -> f32 {
        self.w
    }
}
