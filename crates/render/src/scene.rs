//! Pictures of a [`Scene`](asset::scene::Scene), as Three.js r183 draws it on a software WebGL with four samples per pixel.
//! Facts: rendering specification part D.
//!
//! [`Prepared`] holds what does not depend on the view. A view is drawn in passes (one, or up to three with
//! transmission): the vertex `stage` makes batches of primitives, which are sorted into tiles; a `tile` finds out
//! what its samples show, shades it, and writes the mean of each pixel's samples. Every picture is a pure function of
//! scene and shot: the number of threads changes nothing.
//!
//! Scenes may hold any number, NaN included. What has no place on the screen is not drawn.

#![allow(clippy::manual_clamp, reason = "`max` first takes NaN to a number, `clamp` would keep it")]

mod blend;
mod cover;
mod environs;
mod eye;
mod fragment;
mod interpolate;
mod lanes;
mod mesh;
mod order;
mod pass;
mod prepare;
mod prim;
mod program;
mod stage;
mod target;
mod textures;
mod tile;
mod transmission;

use asset::scene::Side;
use image::RgbaImage;
use rayon::prelude::*;

use self::blend::State;
use self::eye::Eye;
use self::fragment::Scenery;
use self::order::Item;
use self::pass::Canvas;
pub use self::prepare::Prepared;
use self::program::List;
use self::stage::Call;
use self::target::{Bytes, Halves};
use self::transmission::Buffer;
use crate::camera::Camera;
use crate::shade::{self, colour::linear_from_srgb_bytes};

/// The two light set-ups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lighting {
    /// Key, fill and rim light, fixed in the world.
    Studio,
    /// One light that goes with the camera.
    #[default]
    Follow,
}

/// What becomes of alpha below 255, which only materials without blending leave behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alpha {
    /// Straight, as in a picture of its own.
    #[default]
    Straight,
    /// Over black, as in a cell of a grid.
    OverBlack,
}

/// One picture to draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shot {
    /// From where.
    pub camera: Camera,
    /// In which light.
    pub lighting: Lighting,
    /// sRGB bytes; they come out as they are.
    pub background: [u8; 3],
    /// What becomes of alpha.
    pub alpha: Alpha,
}

/// Asked now and then while drawing: true stops it.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// Drawing was stopped from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("drawing was stopped")]
pub struct Stopped;

/// Shots of one camera and light, drawn together.
struct View {
    /// Places in the list of shots.
    places: Vec<usize>,
}

impl Prepared {
    /// One picture.
    #[must_use]
    pub fn draw(&self, camera: &Camera, lighting: Lighting, background: [u8; 3]) -> RgbaImage {
        let shot = Shot { camera: *camera, lighting, background, alpha: Alpha::Straight };
        let pictures = self.draw_all(&[shot], &|| false).unwrap_or_default();
        pictures.into_iter().next().unwrap_or_default()
    }

    /// All pictures, in the order of the shots. Shots that differ in the background only share their work.
    ///
    /// # Errors
    /// [`Stopped`] as soon as `stop` says so.
    pub fn draw_all(&self, shots: &[Shot], stop: Stop<'_>) -> Result<Vec<RgbaImage>, Stopped> {
        let has_glass = self.programs.iter().any(|program| program.list == List::Transmissive);
        let mut views: Vec<View> = Vec::new();
        for (place, shot) in shots.iter().enumerate() {
            let same = views.iter_mut().find(|view| {
                let first = &shots[view.places[0]];
                // What is seen through glass depends on the background.
                let is_shared = !has_glass || first.background == shot.background;
                is_shared && first.camera == shot.camera && first.lighting == shot.lighting
            });
            match same {
                Some(view) => view.places.push(place),
                None => views.push(View { places: vec![place] }),
            }
        }
        let drawn: Result<Vec<_>, Stopped> =
            views.par_iter().map(|view| self.draw_view(shots, view, stop)).collect();
        let mut pictures: Vec<RgbaImage> = vec![RgbaImage::default(); shots.len()];
        for (view, drawn) in views.iter().zip(drawn?) {
            for (place, picture) in view.places.iter().zip(drawn) {
                pictures[*place] = picture;
            }
        }
        Ok(pictures)
    }

    fn draw_view(
        &self,
        shots: &[Shot],
        view: &View,
        stop: Stop<'_>,
    ) -> Result<Vec<RgbaImage>, Stopped> {
        let shot = &shots[view.places[0]];
        let eye = Eye::new(&shot.camera);
        let lighting = match shot.lighting {
            Lighting::Studio => shade::Lighting::studio(),
            Lighting::Follow => shade::Lighting::follow(shot.camera.eye.as_vec3()),
        };
        let lighting = lighting.in_view(glam::Mat3::from_mat4(eye.view.as_mat4()));
        let mut scenery = Scenery { prepared: self, eye: &eye, lighting, buffer: None };
        let items = order::items(self, &eye);
        let mut blending = State::new();
        let buffer;
        if items.iter().any(|item| item.list == List::Transmissive) {
            buffer = self.transmission(&scenery, shot.background, &items, &mut blending, stop)?;
            scenery.buffer = Some(&buffer);
        }
        let calls = self.calls(items.iter(), &mut blending);
        let backgrounds: Vec<[u8; 4]> = view
            .places
            .iter()
            .map(|place| {
                let [r, g, b] = shots[*place].background;
                [r, g, b, 255]
            })
            .collect();
        let pictures =
            Canvas::<Bytes>::new(eye.size_px, backgrounds).finish(&scenery, &calls, stop)?;
        let [width, height] = eye.size_px;
        let finished = pictures.into_iter().zip(&view.places).map(|(mut texels, place)| {
            finish_alpha(&mut texels, shots[*place].alpha);
            RgbaImage::from_raw(width, height, texels.into_flattened()).unwrap_or_default()
        });
        Ok(finished.collect())
    }

    /// What is behind transmissive surfaces: opaque objects, then the back faces of double-sided transmissive ones.
    fn transmission(
        &self,
        scenery: &Scenery<'_>,
        background: [u8; 3],
        items: &[Item],
        blending: &mut State,
        stop: Stop<'_>,
    ) -> Result<Buffer, Stopped> {
        let size_px = scenery.eye.size_px;
        let [r, g, b] = background.map(|byte| linear_from_srgb_bytes()[usize::from(byte)]);
        let clear = target::halves(glam::Vec4::new(r, g, b, 1.0));
        let mut canvas = Canvas::<Halves>::new(size_px, vec![clear]);
        let opaque = self.calls(items.iter().filter(|item| item.list == List::Opaque), blending);
        canvas.draw(scenery, &opaque, stop)?;
        let picture = canvas.pictures(scenery, stop)?;
        let buffer = Buffer::new(&picture[0], size_px);
        let double = items.iter().filter(|item| {
            item.list == List::Transmissive && self.programs[item.program].side == Side::Double
        });
        let mut backs = self.calls(double, blending);
        if backs.is_empty() {
            return Ok(buffer);
        }
        backs.iter_mut().for_each(|call| call.side = Side::Back);
        // A transparent one would be drawn as two passes, but it has become one-sided.
        backs.dedup_by(|a, b| a.object == b.object && a.part == b.part);
        let through = Scenery { buffer: Some(&buffer), ..*scenery };
        canvas.draw(&through, &backs, stop)?;
        let picture = canvas.pictures(&through, stop)?;
        Ok(Buffer::new(&picture[0], size_px))
    }

    /// The draw calls of items, with the blending each finds.
    fn calls<'a>(&self, items: impl Iterator<Item = &'a Item>, blending: &mut State) -> Vec<Call> {
        let mut calls = Vec::new();
        for item in items {
            let program = &self.programs[item.program];
            let blend = program.blending.map(|b| blending.set(b, program.premultiplied));
            let sides =
                if program.two_passes { &[Side::Back, Side::Front][..] } else { &[program.side] };
            for &side in sides {
                calls.push(Call { object: item.object, part: item.part, side, blend });
            }
        }
        calls
    }
}

/// From colour times alpha to what the picture holds.
fn finish_alpha(texels: &mut [[u8; 4]], alpha: Alpha) {
    for texel in texels.iter_mut().filter(|texel| texel[3] != 255) {
        match alpha {
            Alpha::OverBlack => texel[3] = 255,
            Alpha::Straight => {
                let a = u32::from(texel[3]);
                for c in &mut texel[..3] {
                    // 0 of nothing is 0.
                    let straight = (u32::from(*c) * 255 + a / 2).checked_div(a).unwrap_or(0);
                    *c = straight.min(255) as u8;
                }
            }
        }
    }
}
