//! The look at a result before it is handed out: better an empty answer than one that scores nothing.

use std::io;

use asset::Splats;
use asset::rules::{self, Rule, Severity};
use image::{DynamicImage, RgbImage, RgbaImage};
use render::{Background, Camera, Lens, View};
use vision::descriptor::{Descriptor, distance};

/// Side of the views that are compared with the prompt, in pixels.
const VIEW_PX: u32 = 224;
/// Larger prompts are made smaller first.
const PROMPT_PX_MAX: u32 = 1024;
/// Angles about the upright axis at which a result is looked at, in degrees.
const THETAS_DEG: [f64; 8] = [0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0];

/// Compares results with prompts.
#[derive(Debug)]
pub struct Gate {
    /// What tells how alike two pictures are.
    pub descriptor: Box<dyn Descriptor>,
    /// The least score of a result that is handed out, 0 to 1.
    pub threshold: f64,
}

/// What was found out about a result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict {
    /// Of the view most like the prompt, 0 to 1; nothing without a [`Gate`].
    pub(super) score: Option<f64>,
    pub(super) is_good: bool,
}

impl Gate {
    /// How much the view of the splats that is most like the picture is like it: 1 minus their distance, 0 to 1.
    fn score(&self, picture: &RgbaImage, splats: &Splats) -> Result<f64, String> {
        let cameras = THETAS_DEG.map(|theta_deg| {
            Camera::orbit(View { theta_deg, ..View::FRONT }, Lens::competition(VIEW_PX))
        });
        let frames = render::splats::draw_all(splats, &cameras);
        let mut pictures = vec![over_white(picture)];
        pictures.extend(frames.iter().map(|frame| over_white(&frame.over(Background::WHITE))));
        let vectors = self.descriptor.describe(&pictures).map_err(|error| error.to_string())?;
        let Some((prompt, views)) = vectors.split_first() else { return Ok(0.0) };
        let distances = views.iter().map(|view| distance(prompt, view));
        Ok((1.0 - distances.fold(1.0, f64::min)).clamp(0.0, 1.0))
    }
}

/// Looks at a PLY: whether it breaks a rule that would make it score nothing, and, with a gate, how like the prompt it
/// is. Gives the splats, too.
pub(super) fn judge(
    gate: Option<&Gate>,
    prompt: &[u8],
    ply: &[u8],
) -> Result<(Verdict, Splats), String> {
    let splats =
        asset::ply::read(ply, Some(ply.len() as u64)).map_err(|error| error.to_string())?;
    if is_hopeless(ply, &splats).map_err(|error| error.to_string())? {
        return Ok((Verdict { score: gate.map(|_| 0.0), is_good: false }, splats));
    }
    let Some(gate) = gate else { return Ok((Verdict { score: None, is_good: true }, splats)) };
    let mut picture = vision::decode(prompt).map_err(|error| error.to_string())?;
    if picture.width().max(picture.height()) > PROMPT_PX_MAX {
        picture = DynamicImage::from(picture).thumbnail(PROMPT_PX_MAX, PROMPT_PX_MAX).into_rgba8();
    }
    let score = gate.score(&picture, &splats)?;
    Ok((Verdict { score: Some(score), is_good: score >= gate.threshold }, splats))
}

/// Whether validators of the per-task subnet give it score 0 before they look at a picture: fewer than
/// [`rules::SPLATS_USUAL_MIN`] splats, nearly all of them invisible, or none of them turned. And what breaks a rule of
/// competition 0.
fn is_hopeless(ply: &[u8], splats: &Splats) -> io::Result<bool> {
    let findings = rules::competition0(ply, ply.len() as u64)?;
    let counts = |rule| matches!(rule, Rule::SplatCountUsual | Rule::MostlyVisible);
    let is_broken = findings.iter().any(|it| it.severity == Severity::Error || counts(it.rule));
    let is_straight = |[w, x, y, z]: [f32; 4]| w > 0.0 && [x, y, z] == [0.0; 3];
    Ok(is_broken || splats.iter().all(|splat| is_straight(splat.rotation)))
}

fn over_white(picture: &RgbaImage) -> RgbImage {
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [r, g, b, alpha] = picture.get_pixel(x, y).0;
        let over = |c: u8| {
            let (c, alpha) = (u32::from(c), u32::from(alpha));
            ((c * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        image::Rgb([over(r), over(g), over(b)])
    })
}
