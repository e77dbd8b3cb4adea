//! Turning, scaling and moving whole assets.

use std::fmt;

use asset::splats::Similarity;
use asset::stats::{Bounds, SceneStats};
use asset::{Scene, Splats};
use glam::{DMat4, DQuat, DVec3};

/// One of the three ways to place an asset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Placement {
    /// By x, y, z, metres.
    Translate([f64; 3]),
    /// About the x axis, then the y axis, then the z axis of the world, through the origin; degrees, counter-clockwise as
    /// seen from the positive end of the axis.
    Rotate([f64; 3]),
    /// From the origin; above zero.
    Scale(f64),
    /// Scaled, then moved: what `--fit` does.
    Fit {
        /// Factor.
        scale: f64,
        /// Metres, after scaling.
        translation: [f64; 3],
    },
}

impl Placement {
    /// Rotation, scale and translation.
    fn parts(&self) -> (DQuat, f64, DVec3) {
        let (mut rotation, mut scale, mut translation) = (DQuat::IDENTITY, 1.0, DVec3::ZERO);
        match *self {
            Self::Translate(by) => translation = by.into(),
            Self::Rotate(degrees) => {
                let [x, y, z] = degrees.map(f64::to_radians);
                rotation = turn(DVec3::Z, z) * turn(DVec3::Y, y) * turn(DVec3::X, x);
            }
            Self::Scale(by) => scale = by,
            Self::Fit { scale: by, translation: then } => (scale, translation) = (by, then.into()),
        }
        (rotation, scale, translation)
    }

    pub(super) fn splats(&self, splats: Splats) -> Splats {
        let (rotation, scale, translation) = self.parts();
        let [x, y, z, w] = rotation.to_array();
        // The numbers of a placement are finite and its scale is above zero.
        let similarity = Similarity::new([w, x, y, z], scale, translation.to_array());
        splats.transform(&similarity.unwrap_or(Similarity::IDENTITY))
    }

    pub(super) fn scene(&self, mut scene: Scene) -> Scene {
        let (rotation, scale, translation) = self.parts();
        let all =
            DMat4::from_scale_rotation_translation(DVec3::splat(scale), rotation, translation);
        let moved = |matrix: &[f64; 16]| (all * DMat4::from_cols_array(matrix)).to_cols_array();
        for node in &mut scene.nodes {
            node.world = moved(&node.world);
            if node.parent.is_none() {
                node.matrix = moved(&node.matrix);
            }
        }
        scene
    }
}

/// By our own sine, which is the same on every machine.
fn turn(axis: DVec3, radians: f64) -> DQuat {
    let (sine, cosine) = libm::sincos(radians / 2.0);
    let [x, y, z] = (axis * sine).to_array();
    DQuat::from_xyzw(x, y, z, cosine)
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Translate([x, y, z]) => write!(f, "--translate {x},{y},{z}"),
            Self::Rotate([x, y, z]) => write!(f, "--rotate {x},{y},{z}"),
            Self::Scale(by) => write!(f, "--scale {by}"),
            Self::Fit { .. } => f.write_str("--fit"),
        }
    }
}

/// Of the finite centres.
pub(super) fn fit_splats(splats: &Splats) -> Option<Placement> {
    fit(asset::stats::bounds(&splats.parts().positions)?)
}

/// Of what is drawn.
pub(super) fn fit_scene(scene: &Scene) -> Option<Placement> {
    fit(SceneStats::of(scene).bounds?)
}

fn fit(bounds: Bounds) -> Option<Placement> {
    let [min, max] =
        [bounds.min, bounds.max].map(|corner| DVec3::from_array(corner.map(f64::from)));
    let side = (max - min).max_element();
    let scale = 1.0 / side;
    let translation = -(min + max) / 2.0 * scale;
    let is_sound = side > 0.0 && scale.is_finite() && translation.is_finite();
    is_sound.then(|| Placement::Fit { scale, translation: translation.to_array() })
}
