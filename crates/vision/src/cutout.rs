//! The object of a photograph: a mask with soft edges, and the object's own colour under those edges.
//!
//! A picture that already has a meaningful alpha channel keeps it. Any other goes to a [`CutOutModel`], which says
//! roughly where the object is; [`cut_out`] uses the built-in one, [`cut_out_with`] any other (a neural network, say).
//! What every model's answer goes through after that is the same: soft edges at full resolution, then colours without
//! the backdrop's tint.

mod alpha;
mod backdrop;
mod cut;
mod edges;
mod gmm;
mod grid;
mod guided;
mod lab;
mod local;
mod maxflow;
mod parts;
mod regions;
mod scene;
mod segment;
mod shadow;

use image::{Rgba, RgbaImage};

use crate::Matte;
pub use segment::Segmenter;

/// Smallest side we take, in pixels: below it there is no border to learn the backdrop from.
pub const SIDE_PX_MIN: u32 = 8;

/// An object without what was around it. Everything is row by row from the top left, in the picture's own size.
#[derive(Debug, Clone, PartialEq)]
pub struct CutOut {
    /// Coverage by the object.
    pub matte: Matte,
    /// The object's display-referred RGB, 0 to 1, `[pixel][r, g, b]`: at soft edges what the object alone would show;
    /// outside of it the colour of the nearest edge, so that filters may reach over the rim.
    pub colour: Vec<[f32; 3]>,
    /// How the mask was got.
    pub source: Source,
    /// What a person should know about this cut-out.
    pub notes: Vec<Note>,
}

impl CutOut {
    /// The cut-out as a picture with straight alpha.
    #[must_use]
    pub fn picture(&self) -> RgbaImage {
        let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        RgbaImage::from_fn(self.matte.width as u32, self.matte.height as u32, |x, y| {
            let at = y as usize * self.matte.width + x as usize;
            let [r, g, b] = self.colour[at];
            Rgba([byte(r), byte(g), byte(b), byte(self.matte.alpha[at])])
        })
    }
}

/// How a mask was got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The picture's own alpha channel.
    Alpha,
    /// The built-in segmentation.
    Segmented,
    /// Another model, by its name.
    Model(String),
}

/// Something that is no error, but that a person may want to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// The object goes on outside the picture.
    #[error("the object touches the {0} border: what lies outside is not known")]
    TouchesBorder(Border),
    /// The backdrop has no simple colour, so the edge rests on colour statistics.
    #[error("the backdrop is busy: look at the mask, or give a picture with an alpha channel")]
    BusyBackdrop,
    /// There were other objects, which were left out.
    #[error("objects left out beside the largest: {0}")]
    OthersLeftOut(usize),
}

/// A side of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Border {
    /// Row 0.
    Top,
    /// Last column.
    Right,
    /// Last row.
    Bottom,
    /// Column 0.
    Left,
}

impl std::fmt::Display for Border {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Top => "top",
            Self::Right => "right",
            Self::Bottom => "bottom",
            Self::Left => "left",
        })
    }
}

/// Why a picture gives no object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CutOutError {
    /// Too small to tell an object from a backdrop.
    #[error("picture, {field}: {found} pixels, the least is {SIDE_PX_MIN}")]
    Small {
        /// `width` or `height`.
        field: &'static str,
        /// The side's length.
        found: u32,
    },
    /// The alpha channel hides everything.
    #[error("picture, alpha channel: every pixel is transparent")]
    Transparent,
    /// Nothing stands out from the backdrop.
    #[error("picture: no object stands out from the backdrop")]
    NoObject,
    /// The object covers all four borders, or the picture is all texture.
    #[error(
        "picture: there is no backdrop along the borders; give one with an alpha channel, or with room around the object"
    )]
    NoBackdrop,
    /// A model's own failure.
    #[error("cut-out model {name}: {message}")]
    Model {
        /// How the model signs its work: [`CutOutModel::source`].
        name: String,
        /// In the model's words.
        message: String,
    },
}

/// How much time to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effort {
    /// Work on a quarter of the pixels: edges of thin parts are rougher.
    Draft,
    /// The default.
    #[default]
    Standard,
}

/// Says where the object is. The hook for neural cut-out models; [`Segmenter`] is the one that is built in.
pub trait CutOutModel {
    /// How this model signs its work.
    fn source(&self) -> Source;

    /// Coverage of the picture by the object, at any resolution of the same aspect: it is scaled to the picture, and
    /// made sharp and soft where it has to be, by the caller. The picture's alpha is to be ignored.
    ///
    /// # Errors
    /// [`CutOutError::NoObject`], [`CutOutError::NoBackdrop`], or [`CutOutError::Model`] for failures of its own.
    fn segment(&self, picture: &RgbaImage) -> Result<Segmentation, CutOutError>;
}

/// A model's answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Segmentation {
    /// Coverage; about one pixel of softness at edges is enough.
    pub matte: Matte,
    /// What the model wants the user to know.
    pub notes: Vec<Note>,
}

/// Cuts the object out with what is built in.
///
/// # Errors
/// The picture is too small, fully transparent, shows no object, or has no backdrop.
pub fn cut_out(picture: &RgbaImage, effort: Effort) -> Result<CutOut, CutOutError> {
    cut_out_with(picture, &Segmenter { effort })
}

/// Cuts the object out by the alpha channel if that says anything, else by a model.
///
/// # Errors
/// As [`cut_out`], and what the model answers.
pub fn cut_out_with(picture: &RgbaImage, model: &dyn CutOutModel) -> Result<CutOut, CutOutError> {
    for (field, found) in [("width", picture.width()), ("height", picture.height())] {
        if found < SIDE_PX_MIN {
            return Err(CutOutError::Small { field, found });
        }
    }
    if let Some(matte) = alpha::meaningful(picture)? {
        let colour = edges::extended_colour(picture, &matte);
        let notes = touched_borders(&matte);
        return Ok(CutOut { matte, colour, source: Source::Alpha, notes });
    }
    let Segmentation { matte, mut notes } = model.segment(picture)?;
    let (matte, colour) = edges::refine(picture, &matte);
    if !matte.alpha.iter().any(|&alpha| alpha >= 0.5) {
        return Err(CutOutError::NoObject);
    }
    notes.extend(touched_borders(&matte));
    Ok(CutOut { matte, colour, source: model.source(), notes })
}

/// A note for each border with more than a few pixels of the object.
fn touched_borders(matte: &Matte) -> Vec<Note> {
    let Matte { width, height, ref alpha } = *matte;
    let inside = |x: usize, y: usize| alpha[y * width + x] >= 0.5;
    let counts = [
        (Border::Top, (0..width).filter(|&x| inside(x, 0)).count(), width),
        (Border::Right, (0..height).filter(|&y| inside(width - 1, y)).count(), height),
        (Border::Bottom, (0..width).filter(|&x| inside(x, height - 1)).count(), width),
        (Border::Left, (0..height).filter(|&y| inside(0, y)).count(), height),
    ];
    let touched = counts.iter().filter(|(_, count, side)| 100 * count > *side);
    touched.map(|&(border, ..)| Note::TouchesBorder(border)).collect()
}
