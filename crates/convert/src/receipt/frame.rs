//! Drawing an asset of any size and place as the competitions draw one of the unit box.

use asset::scene::Scene;
use asset::stats::{Bounds, SceneStats};
use asset::{RawSplat, Splats};
use glam::{DMat4, DVec3};
use image::RgbaImage;
use render::scene::{Alpha, Lighting, Prepared, Shot, Stop, Stopped};
use render::{Background, Camera};

use crate::Asset;

/// Where an asset is and how large: what the camera of the unit box is moved and scaled by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Framing {
    centre: DVec3,
    /// Longest side, metres.
    side: f64,
}

impl Framing {
    /// Of splats the box of the middle 98 % of centres along each axis, so that no stray splat decides.
    pub(super) fn of(asset: &Asset) -> Self {
        let bounds = match asset {
            Asset::Splats(splats) => middle(splats),
            Asset::Scene(scene) => SceneStats::of(scene).bounds,
        };
        let Some(Bounds { min, max }) = bounds else {
            return Self { centre: DVec3::ZERO, side: 1.0 };
        };
        let [min, max] = [min, max].map(|corner| DVec3::from_array(corner.map(f64::from)));
        let side = (max - min).max_element();
        // A point has no side: look at it as at a unit box.
        Self { centre: (min + max) / 2.0, side: if side > 0.0 { side } else { 1.0 } }
    }

    fn moved(&self, camera: &Camera) -> Camera {
        Camera {
            eye: self.centre + self.side * camera.eye,
            near: self.side * camera.near,
            far: self.side * camera.far,
            ..*camera
        }
    }

    /// The scene in the unit box.
    fn shrunk(&self, scene: &Scene) -> Scene {
        let frame = DMat4::from_scale(DVec3::splat(1.0 / self.side))
            * DMat4::from_translation(-self.centre);
        let mut scene = scene.clone();
        for node in &mut scene.nodes {
            node.world = (frame * DMat4::from_cols_array(&node.world)).to_cols_array();
        }
        scene
    }
}

/// Box of the middle 98 % of finite centres, along each axis on its own.
pub(crate) fn middle(splats: &Splats) -> Option<Bounds> {
    let (mut min, mut max) = ([0.0; 3], [0.0; 3]);
    let finite = |splat: &RawSplat<'_>| splat.position.iter().all(|c| c.is_finite());
    for axis in 0..3 {
        let mut values: Vec<f32> =
            splats.iter().filter(finite).map(|splat| splat.position[axis]).collect();
        let last = values.len().checked_sub(1)?;
        let skipped = values.len() / 100;
        min[axis] = *values.select_nth_unstable_by(skipped, f32::total_cmp).1;
        max[axis] = *values.select_nth_unstable_by(last - skipped, f32::total_cmp).1;
    }
    Some(Bounds { min, max })
}

/// An asset ready to be drawn in a frame.
pub(super) struct Canvas<'a> {
    subject: Subject<'a>,
    framing: Framing,
}

enum Subject<'a> {
    Splats(render::splats::Scene<'a>),
    Scene(Box<Prepared>),
}

impl<'a> Canvas<'a> {
    pub(super) fn new(asset: &'a Asset, framing: Framing, stop: Stop<'_>) -> Result<Self, Stopped> {
        let subject = match asset {
            Asset::Splats(splats) => Subject::Splats(render::splats::Scene::new(splats)),
            Asset::Scene(scene) => {
                let prepared = Prepared::new_until(&framing.shrunk(scene), stop)?;
                Subject::Scene(Box::new(prepared))
            }
        };
        Ok(Self { subject, framing })
    }

    /// Pictures over white, one after the other: each is drawn by all threads.
    pub(super) fn draw(
        &self,
        cameras: &[Camera],
        stop: Stop<'_>,
    ) -> Result<Vec<RgbaImage>, Stopped> {
        match &self.subject {
            Subject::Splats(scene) => {
                let draw = |camera: &Camera| {
                    if stop() {
                        return Err(Stopped);
                    }
                    Ok(scene.draw(&self.framing.moved(camera)).over(Background::WHITE))
                };
                cameras.iter().map(draw).collect()
            }
            Subject::Scene(prepared) => {
                let shot = |camera: &Camera| Shot {
                    camera: *camera,
                    lighting: Lighting::Follow,
                    background: [255; 3],
                    alpha: Alpha::Straight,
                };
                prepared.draw_all(&cameras.iter().map(shot).collect::<Vec<_>>(), stop)
            }
        }
    }
}
