//! The pictures of each kind of asset, and the rules it has to keep first.
//!
//! - Modules as the render service draws them (rendering specification §E.3): views in the light that goes with the camera, the sheet
//!   in the studio's light on gray.
//! - Meshes as the mesh competition drew them (§C), from the cameras of today's views; the sheet is that competition's own.
//! - Splats upright, with the box of their centres centred and its longest side 1. The service of the splat competition drew them
//!   upside down, off centre and paler (§A.1, §B.4): nobody should be judged by that.

use asset::rules::{self, Finding, Severity};
use asset::scene::{Material, Scene};
use asset::{Similarity, Splats};
use image::{Rgba, RgbaImage};
use rayon::prelude::*;
use render::classic::{self, LoadError, Model};
use render::scene::{Alpha, Lighting, Prepared, Shot, Stop, Stopped};
use render::{Background, Camera, Lens, View, grid, splats};

use crate::{GRAY, Modules, ViewsError, WHITE, words};

/// Side of a view, pixels.
pub(crate) const VIEW_PX: u32 = 1024;
/// Side of a cell of the sheet, pixels.
const CELL_PX: u32 = 518;

const WHITE_RGB: [u8; 3] = [0xff; 3];
const GRAY_RGB: [u8; 3] = [0x80; 3];

/// What an asset is, once it passed.
#[derive(Debug)]
pub(crate) enum Subject {
    Splats(Splats),
    Mesh(Box<Model>),
    Module(Box<Scene>),
}

/// The pictures of a bundle, in its order.
#[derive(Debug)]
pub(crate) struct Pictures {
    pub(crate) white: Vec<RgbaImage>,
    pub(crate) gray: Vec<RgbaImage>,
    pub(crate) grid: RgbaImage,
}

/// Splats that keep the rules of competition 0.
pub(crate) fn read_splats(file: &[u8]) -> Result<Subject, ViewsError> {
    check(rules::competition0(file, file.len() as u64))?;
    let invalid = |error: &dyn std::fmt::Display| ViewsError::Invalid(words(&error.to_string()));
    let read = rules::service::read_splats(file).map_err(|error| invalid(&error))?;
    Ok(Subject::Splats(fitted(read)?))
}

/// A mesh that keeps the rules of competition 1.
pub(crate) fn read_mesh(file: &[u8]) -> Result<Subject, ViewsError> {
    check(rules::competition1(file, file.len() as u64))?;
    match classic::load(file) {
        Ok(model) => Ok(Subject::Mesh(Box::new(model))),
        Err(LoadError::Refused(text) | LoadError::Failed(text)) => {
            Err(ViewsError::Invalid(words(&text)))
        }
    }
}

/// A module that keeps the rules of competition 2.
pub(crate) fn read_module(file: &[u8], modules: &Modules) -> Result<Subject, ViewsError> {
    modules.scene(file).map(|scene| Subject::Module(Box::new(scene)))
}

fn check(found: std::io::Result<Vec<Finding>>) -> Result<(), ViewsError> {
    let found = found.map_err(|error| ViewsError::Outage(words(&error.to_string())))?;
    match found.iter().find(|finding| finding.severity == Severity::Error) {
        Some(first) => {
            let text = format!("{}: {}", first.rule.id(), first.message);
            Err(ViewsError::Invalid(words(&text)))
        }
        None => Ok(()),
    }
}

/// Splats with the box of their centres centred and its longest side 1.
fn fitted(splats: Splats) -> Result<Splats, ViewsError> {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for position in &splats.parts().positions {
        for axis in 0..3 {
            low[axis] = low[axis].min(f64::from(position[axis]));
            high[axis] = high[axis].max(f64::from(position[axis]));
        }
    }
    let extent = (0..3).map(|axis| high[axis] - low[axis]).fold(0.0, f64::max);
    let scale = 1.0 / extent;
    let shift = std::array::from_fn(|axis| -(low[axis] + high[axis]) / 2.0 * scale);
    // The rules refuse what has no extent, and what is not finite.
    let fit = Similarity::new([1.0, 0.0, 0.0, 0.0], scale, shift);
    let fit = fit.map_err(|error| ViewsError::Invalid(words(&error.to_string())))?;
    Ok(splats.transform(&fit))
}

fn views() -> impl Iterator<Item = (usize, View)> {
    WHITE.iter().map(|&(_, theta_deg, phi_deg)| View { theta_deg, phi_deg }).enumerate()
}

/// All pictures of an asset.
///
/// # Errors
/// [`Stopped`] soon after `stop` says so.
pub(crate) fn draw(subject: &Subject, stop: Stop<'_>) -> Result<Pictures, Stopped> {
    match subject {
        Subject::Splats(splats) => of_splats(splats, stop),
        Subject::Mesh(model) => of_mesh(model, stop),
        Subject::Module(scene) => of_module(scene, stop),
    }
}

fn of_splats(splats: &Splats, stop: Stop<'_>) -> Result<Pictures, Stopped> {
    let scene = splats::Scene::new(splats);
    let draw = |view: View, size_px| {
        if stop() {
            return Err(Stopped);
        }
        Ok(scene.draw(&Camera::orbit(view, Lens::competition(size_px))))
    };
    let (mut white, mut gray) = (Vec::new(), Vec::new());
    for (place, view) in views() {
        let frame = draw(view, VIEW_PX)?;
        white.push(frame.over(Background::WHITE));
        if place < GRAY {
            gray.push(frame.over(Background::GRAY));
        }
    }
    let cell = |view| Ok(draw(view, CELL_PX)?.over(Background::WHITE));
    let cells: Result<Vec<_>, Stopped> = View::GRID.into_iter().map(cell).collect();
    Ok(Pictures { white, gray, grid: grid::compose(&cells?, grid::GAP_PX) })
}

fn of_mesh(model: &Model, stop: Stop<'_>) -> Result<Pictures, Stopped> {
    let lens = Lens::competition(VIEW_PX);
    let draw = |view, background| classic::draw(model, view, lens, background, stop);
    // A picture takes all threads, and four times its pixels while it is drawn: one after the other.
    let white: Result<_, Stopped> = views().map(|(_, view)| draw(view, WHITE_RGB)).collect();
    let gray: Result<_, Stopped> =
        views().take(GRAY).map(|(_, view)| draw(view, GRAY_RGB)).collect();
    Ok(Pictures { white: white?, gray: gray?, grid: classic::grid(model, stop)? })
}

fn of_module(scene: &Scene, stop: Stop<'_>) -> Result<Pictures, Stopped> {
    let prepared = Prepared::new_until(scene, stop)?;
    let mut physical = scene.materials.iter().filter_map(Material::physical);
    let has_glass = physical.any(|physical| physical.transmission > 0.0);
    // Each view takes some 50 MB while it is drawn, with glass twice as much.
    let at_once = if has_glass { 1 } else { 2 };
    let (mut white, mut gray) = (Vec::new(), Vec::new());
    let listed: Vec<_> = views().collect();
    for some in listed.chunks(at_once) {
        let shot = |view, background| Shot {
            camera: Camera::orbit(view, Lens::competition(VIEW_PX)),
            lighting: Lighting::Follow,
            background,
            alpha: Alpha::Straight,
        };
        // On both backgrounds at once: they share their work.
        let shots = some.iter().flat_map(|&(place, view)| {
            let gray = (place < GRAY).then(|| shot(view, GRAY_RGB));
            std::iter::once(shot(view, WHITE_RGB)).chain(gray)
        });
        let shots: Vec<_> = shots.collect();
        for (shot, picture) in shots.iter().zip(prepared.draw_all(&shots, stop)?) {
            let list = if shot.background == WHITE_RGB { &mut white } else { &mut gray };
            list.push(picture);
        }
    }
    let mut cells = Vec::new();
    for some in View::GRID.chunks(at_once) {
        let shots = some.iter().map(|&view| Shot {
            camera: Camera::orbit(view, Lens::competition(CELL_PX)),
            lighting: Lighting::Studio,
            background: GRAY_RGB,
            alpha: Alpha::OverBlack,
        });
        cells.extend(prepared.draw_all(&shots.collect::<Vec<_>>(), stop)?);
    }
    Ok(Pictures { white, gray, grid: grid::compose(&cells, grid::GAP_PX) })
}

/// PNGs of pictures.
pub(crate) fn encoded(pictures: &[RgbaImage]) -> Vec<bytes::Bytes> {
    pictures.par_iter().map(|picture| render::png::encode(picture).into()).collect()
}

/// A picture without what shows through it: over white.
pub(crate) fn over_white(picture: &RgbaImage) -> image::RgbImage {
    image::RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let Rgba([r, g, b, a]) = *picture.get_pixel(x, y);
        let over = |c: u8| {
            let (c, a) = (u32::from(c), u32::from(a));
            ((c * a + 255 * (255 - a) + 127) / 255) as u8
        };
        image::Rgb([over(r), over(g), over(b)])
    })
}
