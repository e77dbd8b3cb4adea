//! A camera as the matrices of WebGL: view space looks down −z with y up, depth goes from −1 to 1.
//! Source: rendering specification §A.3; three r183, `PerspectiveCamera`.

use glam::{DMat3, DMat4, DVec3, DVec4, Mat4, Vec2, Vec3};

use crate::camera::Camera;

/// A camera, ready for drawing.
#[derive(Debug, Clone)]
pub(super) struct Eye {
    /// World to view.
    pub(super) view: DMat4,
    /// View to clip.
    pub(super) projection: DMat4,
    /// View to clip as the vertex stage has it.
    pub(super) projection_f32: Mat4,
    /// Width, height.
    pub(super) size_px: [u32; 2],
    /// View direction (not normalised, z = −1) of a pixel: origin and step per pixel, y down.
    ray_origin: Vec2,
    ray_step: Vec2,
}

impl Eye {
    pub(super) fn new(camera: &Camera) -> Self {
        // From x right, y down, z forward to x right, y up, z back.
        let turn = DMat3::from_diagonal(DVec3::new(1.0, -1.0, -1.0));
        let rotation = turn * camera.world_to_view;
        let view = DMat4::from_mat3(rotation) * DMat4::from_translation(-camera.eye);
        let [width, height] = camera.size_px.map(f64::from);
        let (f, [cx, cy]) = (camera.focal_px, camera.centre_px);
        let (near, far) = (camera.near, camera.far);
        let depth = 1.0 / (near - far);
        let projection = DMat4::from_cols(
            DVec4::new(2.0 * f / width, 0.0, 0.0, 0.0),
            DVec4::new(0.0, 2.0 * f / height, 0.0, 0.0),
            DVec4::new(1.0 - 2.0 * cx / width, 2.0 * cy / height - 1.0, (far + near) * depth, -1.0),
            DVec4::new(0.0, 0.0, 2.0 * far * near * depth, 0.0),
        );
        Self {
            view,
            projection,
            projection_f32: projection.as_mat4(),
            size_px: camera.size_px,
            ray_origin: Vec2::new((-cx / f) as f32, (cy / f) as f32),
            ray_step: Vec2::new((1.0 / f) as f32, (-1.0 / f) as f32),
        }
    }

    /// View directions as lines over the picture: that of its upper left corner, and the change per pixel; z is −1.
    pub(super) fn rays(&self) -> [Vec2; 2] {
        [self.ray_origin, self.ray_step]
    }

    /// The centre of a pixel as shaders see it: y counted from the bottom row.
    pub(super) fn place(&self, x: i32, y: i32) -> Vec2 {
        Vec2::new(x as f32 + 0.5, self.size_px[1] as f32 - y as f32 - 0.5)
    }

    /// Unit vector from what a place of the picture shows to the eye, in view axes.
    #[inline]
    pub(super) fn to_eye(&self, x: f32, y: f32) -> Vec3 {
        let toward = self.ray_origin + self.ray_step * Vec2::new(x, y);
        -Vec3::new(toward.x, toward.y, -1.0).normalize_or_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Lens, View};

    #[test]
    fn projects_as_the_camera_does() {
        let view = View { theta_deg: 24.0, phi_deg: -15.0 };
        let camera = Camera::orbit(view, Lens::competition(518));
        let eye = Eye::new(&camera);
        for point in [DVec3::X, DVec3::Y, DVec3::Z, DVec3::new(0.1, -0.4, 0.3)] {
            let clip = eye.projection * eye.view * (0.5 * point).extend(1.0);
            let found = DVec3::new(
                (clip.x / clip.w * 0.5 + 0.5) * 518.0,
                (0.5 - clip.y / clip.w * 0.5) * 518.0,
                clip.w,
            );
            let expected = camera.project(0.5 * point);
            assert!((found - expected).abs().max_element() < 1e-9, "{found} is not {expected}");
            let seen = (eye.view * (0.5 * point).extend(1.0)).truncate().as_vec3();
            let toward = eye.to_eye(expected.x as f32, expected.y as f32);
            assert!((toward + seen.normalize()).length() < 1e-6, "{toward} {seen}");
        }
        let depth = |z: f64| {
            let clip = eye.projection * DVec4::new(0.0, 0.0, -z, 1.0);
            clip.z / clip.w
        };
        assert!((depth(0.01) + 1.0).abs() < 1e-9 && (depth(100.0) - 1.0).abs() < 1e-9);
    }
}
