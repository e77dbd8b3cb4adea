//! A pinhole camera in double precision.
//! Source: rendering specification §A.1 (orbit, basis), §A.3 (projection; CV view space: x right, y down, z forward).

use glam::{DMat3, DVec3};

use crate::view::View;

/// What the camera looks through: distance from the origin, opening and picture size. Values from outside the program
/// go through [`Lens::new`], which knows the limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lens {
    /// Orbit radius, metres.
    pub radius: f64,
    /// Vertical field of view, degrees; pictures are square.
    pub fov_deg: f64,
    /// Side of the picture, pixels.
    pub size: u32,
}

/// A lens, or a view, that we do not draw with.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum LensError {
    /// Outside the range, or not a number.
    #[error("{field} {found} is outside {low} to {high}")]
    OutOfRange {
        /// Which value, with its unit.
        field: &'static str,
        /// What it is.
        found: f64,
        /// Least allowed.
        low: f64,
        /// Most allowed.
        high: f64,
    },
}

/// Refuses what is not within the range; NaN is not.
pub(crate) fn check_range(
    field: &'static str,
    found: f64,
    [low, high]: [f64; 2],
) -> Result<(), LensError> {
    if (low..=high).contains(&found) {
        Ok(())
    } else {
        Err(LensError::OutOfRange { field, found, low, high })
    }
}

impl Lens {
    /// Sides of a picture, pixels: 8192² is 1 GiB of floats.
    pub const SIZE_RANGE: [u32; 2] = [1, 8192];
    /// Orbit radii, metres: beyond near and far there would be nothing to see of the unit box.
    pub const RADIUS_RANGE: [f64; 2] = [0.01, 100.0];
    /// Fields of view, degrees.
    pub const FOV_DEG_RANGE: [f64; 2] = [0.1, 170.0];

    /// A lens from outside, checked.
    ///
    /// # Errors
    /// [`LensError`] names the first value that is outside its range.
    pub fn new(radius: f64, fov_deg: f64, size: u32) -> Result<Self, LensError> {
        check_range("radius (metres)", radius, Self::RADIUS_RANGE)?;
        check_range("field of view (degrees)", fov_deg, Self::FOV_DEG_RANGE)?;
        check_range("picture size (pixels)", size.into(), Self::SIZE_RANGE.map(f64::from))?;
        Ok(Self { radius, fov_deg, size })
    }

    /// Field of view of every competition camera.
    pub const FOV_DEG: f64 = 49.1;
    /// Orbit radius of the current competition (E3).
    pub const RADIUS: f64 = 2.0;

    /// The current competition's lens at a picture size in pixels.
    #[must_use]
    pub const fn competition(size: u32) -> Self {
        Self { radius: Self::RADIUS, fov_deg: Self::FOV_DEG, size }
    }
}

/// A pinhole camera. World point `p` has the CV view point `world_to_view * (p - eye)`: x right, y down, z = depth;
/// pixel = (`focal_px` · x/z + `centre_px.x`, `focal_px` · y/z + `centre_px.y`), pixel centres at +0.5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Position in the world.
    pub eye: DVec3,
    /// Rotation from world to CV view space.
    pub world_to_view: DMat3,
    /// Focal length, pixels (square pixels).
    pub focal_px: f64,
    /// Principal point, pixels: x, y.
    pub centre_px: [f64; 2],
    /// Picture size, pixels: width, height.
    pub size_px: [u32; 2],
    /// Depths outside `near..=far` are not drawn, metres.
    pub near: f64,
    /// See `near`.
    pub far: f64,
}

impl Camera {
    /// On the orbit of §A.1, looking at the origin. The basis is built in double precision, so the degenerate look
    /// from straight above (phi −90) has the front of the asset at the bottom of the picture, as the original.
    #[must_use]
    pub fn orbit(view: View, lens: Lens) -> Self {
        let (theta, phi) = (view.theta_deg.to_radians(), view.phi_deg.to_radians());
        let (sin_theta, cos_theta) = libm::sincos(theta);
        let (sin_phi, cos_phi) = libm::sincos(phi);
        let eye = lens.radius * DVec3::new(cos_phi * sin_theta, -sin_phi, cos_phi * cos_theta);
        let back = eye.normalize();
        let right = DVec3::Y.cross(back).normalize();
        let up = back.cross(right);
        let half = f64::from(lens.size) / 2.0;
        Self {
            eye,
            world_to_view: DMat3::from_cols(right, -up, -back).transpose(),
            focal_px: half / libm::tan(lens.fov_deg.to_radians() / 2.0),
            centre_px: [half, half],
            size_px: [lens.size, lens.size],
            near: 0.01,
            far: 100.0,
        }
    }

    /// On the orbit of the splat services of competitions 0 and 1 (E1 and E2): the view point is R·p + (0, 0, radius), with
    /// R the rows right, up and back of [`Self::orbit`]. Both the sign of the translation and the turn of the axes are
    /// missing there, so an asset with +Y up comes out **upside down and from the other side**; one with −Y up, as splats
    /// are trained, comes out upright. It is the picture of [`Self::orbit`] at azimuth −θ of the asset turned by 180° about X.
    #[must_use]
    pub fn flipped_orbit(view: View, lens: Lens) -> Self {
        let orbit = Self::orbit(view, lens);
        let axes = orbit.world_to_view.transpose();
        let rows = DMat3::from_cols(axes.x_axis, -axes.y_axis, -axes.z_axis).transpose();
        Self { eye: -orbit.eye, world_to_view: rows, ..orbit }
    }

    /// World point to pixel x, pixel y and depth.
    #[must_use]
    pub fn project(&self, world: DVec3) -> DVec3 {
        let view = self.world_to_view * (world - self.eye);
        let scale = self.focal_px / view.z;
        DVec3::new(view.x * scale + self.centre_px[0], view.y * scale + self.centre_px[1], view.z)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenses_from_outside_are_checked() {
        let outcome = |radius, fov_deg, size| {
            Lens::new(radius, fov_deg, size)
                .map_or_else(|error| error.to_string(), |lens| format!("{} px", lens.size))
        };
        assert_eq!(outcome(2.0, 49.1, 8192), "8192 px");
        assert_eq!(outcome(2.0, 49.1, 8193), "picture size (pixels) 8193 is outside 1 to 8192");
        assert_eq!(outcome(2.0, 49.1, 0), "picture size (pixels) 0 is outside 1 to 8192");
        assert_eq!(outcome(2.0, 180.0, 9), "field of view (degrees) 180 is outside 0.1 to 170");
        assert_eq!(outcome(f64::NAN, 49.1, 9), "radius (metres) NaN is outside 0.01 to 100");
        assert_eq!(outcome(f64::INFINITY, 49.1, 9), "radius (metres) inf is outside 0.01 to 100");
    }

    /// The table of §A.3, columns E3 (radius 2) and E0 (radius 2.5), 518 px.
    #[test]
    fn projects_as_the_specification_says() {
        let cases = [
            (2.0, 0.0, 0.0, DVec3::X, [400.75, 259.0, 2.0]),
            (2.0, 0.0, 0.0, DVec3::Y, [259.0, 117.25, 2.0]),
            (2.0, 24.0, -15.0, DVec3::X, [402.60, 275.55, 1.80]),
            (2.0, 24.0, -15.0, DVec3::Y, [259.0, 112.60, 1.87]),
            (2.0, 24.0, -15.0, DVec3::Z, [185.02, 302.00, 1.56]),
            (2.0, 90.0, 0.0, DVec3::Z, [117.25, 259.0, 2.0]),
            (2.5, 24.0, -15.0, DVec3::X, [371.43, 271.96, 2.30]),
            (2.5, 24.0, -15.0, DVec3::Z, [202.99, 291.56, 2.06]),
        ];
        for (radius, theta_deg, phi_deg, axis, expected) in cases {
            let lens = Lens { radius, fov_deg: Lens::FOV_DEG, size: 518 };
            let found = Camera::orbit(View { theta_deg, phi_deg }, lens).project(0.5 * axis);
            let error = (found - DVec3::from(expected)).abs().max_element();
            assert!(error < 0.006, "{theta_deg},{phi_deg} {axis}: {found} is not {expected:?}");
        }
    }

    /// The table of §A.3, column E1/E2.
    #[test]
    fn flipped_as_the_specification_says() {
        let cases = [
            (0.0, 0.0, DVec3::X, [372.40, 259.0, 2.5]),
            (0.0, 0.0, DVec3::Y, [259.0, 372.40, 2.5]),
            (0.0, 0.0, DVec3::Z, [259.0, 259.0, 3.0]),
            (24.0, -15.0, DVec3::X, [355.05, 247.93, 2.70]),
            (24.0, -15.0, DVec3::Y, [259.0, 363.15, 2.63]),
            (24.0, -15.0, DVec3::Z, [219.79, 236.21, 2.94]),
            (90.0, 0.0, DVec3::Z, [145.60, 259.0, 2.5]),
        ];
        let lens = Lens { radius: 2.5, fov_deg: Lens::FOV_DEG, size: 518 };
        for (theta_deg, phi_deg, axis, expected) in cases {
            let camera = Camera::flipped_orbit(View { theta_deg, phi_deg }, lens);
            let found = camera.project(0.5 * axis);
            let error = (found - DVec3::from(expected)).abs().max_element();
            assert!(error < 0.006, "{theta_deg},{phi_deg} {axis}: {found} is not {expected:?}");
            let turned = DVec3::new(axis.x, -axis.y, -axis.z);
            let upright = Camera::orbit(View { theta_deg: -theta_deg, phi_deg }, lens);
            let error = (found - upright.project(0.5 * turned)).abs().max_element();
            assert!(
                error < 1e-9,
                "the asset turned about X at azimuth -{theta_deg}: off by {error}"
            );
        }
    }

    /// §A.4: in `top_down` the front (+Z) is at the bottom and +X on the right.
    #[test]
    fn top_down_has_the_front_at_the_bottom() {
        let camera = Camera::orbit(View::WHITE[7].view, Lens::competition(100));
        assert!(camera.project(0.5 * DVec3::Z).y > 60.0);
        assert!(camera.project(0.5 * DVec3::X).x > 60.0);
    }
}
