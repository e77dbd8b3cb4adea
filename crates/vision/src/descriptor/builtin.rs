//! A descriptor without weights: classic features, laid out so that their dot product is a useful likeness.
//!
//! The object is told from the backdrop softly, by how far a pixel is from the colour of the border, and looked at in a
//! frame that moves and grows with it. Four blocks of numbers then say
//! - `palette`: which colours there are;
//! - `bands`: which colours at which height, which hardly changes when the object turns;
//! - `layout`: where they are;
//! - `edges`: which way the brightness changes, where (a histogram of oriented gradients);
//! - `outline`: where the object is, beyond what any round thing would fill.
//!
//! Every block is centred, so that blocks of unrelated pictures are near orthogonal, and has length 1 times a weight, so
//! that the distance is a weighted mean of the blocks' distances. Colours are compared in Oklab (Björn Ottosson, 2020).

mod blocks;
mod colour;
mod object;

use image::RgbImage;

use super::{DescribeError, Descriptor, each, normalise, resize};
use blocks::Block;
use object::Object;

/// Longest side of the picture that is looked at, in pixels; noise and compression are averaged away on the way to it.
const SIDE_PX: usize = 96;

/// Describes pictures by their colours, edges and outline. See the text of its file for how.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuiltIn;

impl BuiltIn {
    /// Numbers in a vector.
    pub const DIMENSION: usize = 384;
}

impl Descriptor for BuiltIn {
    fn id(&self) -> &'static str {
        "builtin-1"
    }

    fn dimension(&self) -> usize {
        Self::DIMENSION
    }

    fn describe(&self, pictures: &[RgbImage]) -> Result<Vec<Vec<f32>>, DescribeError> {
        each(pictures, |_, picture| Ok(vector(picture)))
    }
}

fn vector(picture: &RgbImage) -> Vec<f32> {
    let [width, height] = [picture.width() as usize, picture.height() as usize];
    let longest = width.max(height);
    let size = [width, height].map(|side| (side * SIDE_PX / longest).max(1));
    let small = resize::resize(picture, size, &colour::linear_table());
    let object = Object::of(&small);
    let mut vector = Vec::with_capacity(BuiltIn::DIMENSION);
    for block in Block::ALL {
        let mut values = block.values(&object);
        normalise(&mut values);
        vector.extend(values.iter().map(|value| value * block.weight()));
    }
    normalise(&mut vector);
    vector
}
