//! Normals of a fragment: flat, mapped, bumped; the tangent frame they need; the roughness bent geometry adds.
//!
//! Source: three r183, `normal_fragment_begin`, `normal_fragment_maps`, `bumpmap_pars_fragment`. Positions and
//! normals are in view axes; screen x goes right and **y goes up**. Degenerate input gives a zero vector, never NaN.

use glam::{Mat3, Vec2, Vec3};

use super::lobe::{at_least, unit};

/// Which side of a triangle a fragment belongs to and how its material treats sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Front face, or a material that only draws front faces.
    Front,
    /// A material that only draws back faces. Its vertex normals are already negated.
    BackSide,
    /// Back face of a material that draws both.
    DoubleBack,
}

impl Face {
    /// What the interpolated normal is multiplied by; flat normals are not.
    pub fn normal_sign(self) -> f32 {
        if self == Self::DoubleBack { -1.0 } else { 1.0 }
    }

    /// What normal scale, clearcoat normal scale and bump scale are multiplied by.
    pub fn scale_sign(self) -> f32 {
        if self == Self::BackSide { -1.0 } else { 1.0 }
    }
}

/// Screen derivatives of a value, per pixel; y goes up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope<T> {
    /// To the right.
    pub x: T,
    /// Up.
    pub y: T,
}

/// The interpolated normal made unit length and turned for the face.
#[inline]
pub fn smooth(interpolated: Vec3, face: Face) -> Vec3 {
    unit(interpolated) * face.normal_sign()
}

/// The normal of the triangle itself, towards the viewer.
#[inline]
pub fn flat(position: Slope<Vec3>) -> Vec3 {
    position.x.cross(position.y).normalize_or_zero()
}

/// Geometric roughness: the largest change of a component of the shading normal within a pixel.
#[inline(always)]
pub fn spread(normal: Slope<Vec3>) -> f32 {
    let (x, y) = (normal.x.abs(), normal.y.abs());
    // NaN counts as 0.
    let both = |a: f32, b: f32| at_least(a, at_least(b, 0.0));
    at_least(both(x.x, y.x), at_least(both(x.y, y.y), both(x.z, y.z)))
}

/// Directions of growing u and v on the surface; their lengths matter to normal maps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Along u.
    pub tangent: Vec3,
    /// Along v.
    pub bitangent: Vec3,
}

impl Frame {
    /// Zero: the frame of a surface without usable coordinates.
    pub const NONE: Self = Self { tangent: Vec3::ZERO, bitangent: Vec3::ZERO };

    /// From derivatives of position and texture coordinate, about a shading normal already turned for the face.
    pub fn from_slopes(normal: Vec3, position: Slope<Vec3>, uv: Slope<Vec2>) -> Self {
        let along_x = position.y.cross(normal);
        let along_y = normal.cross(position.x);
        let tangent = along_x * uv.x.x + along_y * uv.y.x;
        let bitangent = along_x * uv.x.y + along_y * uv.y.y;
        let longest = tangent.length_squared().max(bitangent.length_squared());
        let scale = if longest > 0.0 { 1.0 / longest.sqrt() } else { 0.0 };
        if !scale.is_finite() {
            return Self::NONE;
        }
        Self { tangent: tangent * scale, bitangent: bitangent * scale }
    }

    /// From a tangent attribute in view axes and its handedness; `vertex_normal` is not turned for the face.
    pub fn from_tangent(vertex_normal: Vec3, tangent: Vec3, handedness: f32) -> Self {
        let tangent = tangent.normalize_or_zero();
        let bitangent = vertex_normal.cross(tangent).normalize_or_zero() * handedness;
        Self { tangent, bitangent }
    }

    /// The same frame for the face; flat shading leaves frames alone.
    #[must_use]
    pub fn turned(self, face: Face) -> Self {
        let sign = face.normal_sign();
        Self { tangent: self.tangent * sign, bitangent: self.bitangent * sign }
    }
}

/// Normal of a tangent-space map: `texel` as sampled (0..=1), `scale` with [`Face::scale_sign`] applied.
pub fn mapped(normal: Vec3, frame: Frame, texel: Vec3, scale: Vec2) -> Vec3 {
    let n = 2.0 * texel - 1.0;
    (frame.tangent * (n.x * scale.x) + frame.bitangent * (n.y * scale.y) + normal * n.z)
        .normalize_or_zero()
}

/// Normal of an object-space map.
pub fn object_mapped(normal_matrix: Mat3, texel: Vec3, face: Face) -> Vec3 {
    let n = (2.0 * texel - 1.0) * (face.scale_sign() * face.normal_sign());
    (normal_matrix * n).normalize_or_zero()
}

/// Normal of a height map. `rise` is the height one pixel to the right and up minus that here, times the bump scale
/// with [`Face::scale_sign`] applied.
pub fn bumped(normal: Vec3, position: Slope<Vec3>, rise: Slope<f32>, face: Face) -> Vec3 {
    let x = position.x.normalize_or_zero();
    let y = position.y.normalize_or_zero();
    let (r1, r2) = (y.cross(normal), normal.cross(x));
    let det = x.dot(r1) * face.normal_sign();
    let sign = if det > 0.0 {
        1.0
    } else if det < 0.0 {
        -1.0
    } else {
        0.0
    };
    (normal * det.abs() - (r1 * rise.x + r2 * rise.y) * sign).normalize_or_zero()
}
