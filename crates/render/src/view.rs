//! Views: where the camera stands on its orbit, and the sets of views the competitions use.
//! Source: rendering specification §A.1, §A.2, §A.4.

/// One camera pose on the orbit around the origin. Angles in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Azimuth about +Y from +Z: 0 sees the front, 90 stands on +X.
    pub theta_deg: f64,
    /// Elevation with the sign of the wire: **positive is below**, negative above the object.
    pub phi_deg: f64,
}

/// A view with the name its picture has in files and on the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NamedView {
    /// For example `front_left`.
    pub name: &'static str,
    /// The pose.
    pub view: View,
}

const fn named(name: &'static str, theta_deg: f64, phi_deg: f64) -> NamedView {
    NamedView { name, view: View { theta_deg, phi_deg } }
}

impl View {
    /// Straight from the front, +Z.
    pub const FRONT: Self = Self { theta_deg: 0.0, phi_deg: 0.0 };

    /// The white set: 8 views, in the order of the wire.
    pub const WHITE: [NamedView; 8] = [
        named("front_left", 30.0, 0.0),
        named("front_right", 330.0, 0.0),
        named("front_below", 0.0, 15.0),
        named("front_above", 0.0, -30.0),
        named("right", 90.0, 0.0),
        named("back", 180.0, 0.0),
        named("left", 270.0, 0.0),
        named("top_down", 0.0, -90.0),
    ];

    /// The gray set: the first four of the white set.
    pub const GRAY: [NamedView; 4] =
        [Self::WHITE[0], Self::WHITE[1], Self::WHITE[2], Self::WHITE[3]];

    /// The four cells of the grid picture, row by row.
    pub const GRID: [Self; 4] = [
        Self { theta_deg: 24.0, phi_deg: -15.0 },
        Self { theta_deg: 120.0, phi_deg: -15.0 },
        Self { theta_deg: 216.0, phi_deg: -15.0 },
        Self { theta_deg: 312.0, phi_deg: -15.0 },
    ];
}
