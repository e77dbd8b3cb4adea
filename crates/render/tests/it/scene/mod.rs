//! Pictures of scenes, checked against what the original renderer was measured to draw.

pub mod build;

mod exact;
mod hostile;
mod order;
mod pictures;

use asset::scene::Scene;
use image::RgbaImage;
use render::scene::{Lighting, Prepared};
use render::{Camera, Lens, View};

/// A view of a scene in front of middle grey.
fn draw(scene: &Scene, view: View, size: u32) -> RgbaImage {
    scene.check().unwrap();
    let camera = Camera::orbit(view, Lens::competition(size));
    Prepared::new(scene).draw(&camera, Lighting::Follow, [128; 3])
}

fn front(scene: &Scene, size: u32) -> RgbaImage {
    draw(scene, View::FRONT, size)
}

/// The pixel in the middle of a view from the front.
fn middle(scene: &Scene) -> [u8; 4] {
    front(scene, 8).get_pixel(4, 4).0
}
