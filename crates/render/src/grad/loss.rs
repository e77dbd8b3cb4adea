//! Losses between a drawn frame and a picture, and their gradient by pixel.

use crate::Frame;

/// dL/d every value of a [`Frame`]: what a backward pass starts from. Losses add to it, so several can be summed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PixelGradients {
    /// dL/d premultiplied colour, `[pixel][r, g, b]`.
    pub colour: Vec<[f32; 3]>,
    /// dL/d transmittance, `[pixel]`.
    pub transmittance: Vec<f32>,
}

impl PixelGradients {
    /// Zero for every pixel of `frame`. Keeps its memory.
    pub fn reset(&mut self, frame: &Frame) {
        self.colour.clear();
        self.colour.resize(frame.colour.len(), [0.0; 3]);
        self.transmittance.clear();
        self.transmittance.resize(frame.transmittance.len(), 0.0);
    }

    /// That this has a value for every pixel of `frame`.
    pub(super) const fn check(&self, frame: &Frame) -> Result<(), PixelCountError> {
        let expected = frame.colour.len();
        if self.colour.len() != expected {
            let (what, found) = ("colour of the gradient", self.colour.len());
            return Err(PixelCountError { what, found, expected });
        }
        if self.transmittance.len() != expected {
            let (what, found) = ("transmittance of the gradient", self.transmittance.len());
            return Err(PixelCountError { what, found, expected });
        }
        Ok(())
    }
}

/// A picture to come near to. Pixels row by row from the top left, as many as the frame has.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Straight (not premultiplied) display-referred RGB, 0 to 1, `[pixel][r, g, b]`. What it holds where alpha is 0 does
    /// not matter.
    pub colour: &'a [[f32; 3]],
    /// Coverage, 0 to 1, `[pixel]`.
    pub alpha: &'a [f32],
    /// How much each pixel counts, `[pixel]`; all the same without.
    pub weight: Option<&'a [f32]>,
}

/// How a difference x is punished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Penalty {
    /// |x|: indifferent to few large errors.
    L1,
    /// x²: what PSNR measures.
    L2,
}

impl Penalty {
    /// Value and derivative.
    fn of(self, x: f32) -> (f32, f32) {
        match self {
            Self::L1 => (x.abs(), if x == 0.0 { 0.0 } else { x.signum() }),
            Self::L2 => (x * x, 2.0 * x),
        }
    }
}

/// Pixel-by-pixel loss: the mean over pixels and channels of the difference in colour once both are laid over a background,
/// plus the mean over pixels of the difference in coverage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelLoss {
    /// What a difference costs.
    pub penalty: Penalty,
    /// RGB both pictures are laid over. One that differs from step to step makes coverage count by itself.
    pub background: [f32; 3],
    /// Factor of the colour term.
    pub colour: f32,
    /// Factor of the coverage term.
    pub alpha: f32,
}

/// A target or gradient does not have the frame's number of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} has {found} pixels, the frame has {expected}")]
pub struct PixelCountError {
    /// Which field.
    pub what: &'static str,
    /// Pixels it has.
    pub found: usize,
    /// Pixels of the frame.
    pub expected: usize,
}

impl PixelLoss {
    /// Returns the loss and adds its gradient to `into`, which must have been [reset](PixelGradients::reset) for `frame`.
    ///
    /// # Errors
    /// When a field of `target` or `into` does not have one value per pixel.
    pub fn evaluate(
        &self,
        frame: &Frame,
        target: &Target<'_>,
        into: &mut PixelGradients,
    ) -> Result<f64, PixelCountError> {
        let n_pixels = frame.colour.len();
        let counts = [
            ("transmittance of the frame", frame.transmittance.len()),
            ("colour of the target", target.colour.len()),
            ("alpha of the target", target.alpha.len()),
            ("weight of the target", target.weight.map_or(n_pixels, <[f32]>::len)),
            ("colour of the gradient", into.colour.len()),
            ("transmittance of the gradient", into.transmittance.len()),
        ];
        for (what, found) in counts {
            if found != n_pixels {
                return Err(PixelCountError { what, found, expected: n_pixels });
            }
        }
        let colour_unit = self.colour / (3 * n_pixels.max(1)) as f32;
        let alpha_unit = self.alpha / n_pixels.max(1) as f32;
        let mut loss = 0.0;
        for pixel in 0..n_pixels {
            let weight = target.weight.map_or(1.0, |weight| weight[pixel]);
            let (t, alpha) = (frame.transmittance[pixel], target.alpha[pixel]);
            let mut d_transmittance = 0.0;
            for channel in 0..3 {
                let behind = self.background[channel];
                let wanted = alpha * target.colour[pixel][channel] + (1.0 - alpha) * behind;
                let (value, slope) =
                    self.penalty.of(frame.colour[pixel][channel] + t * behind - wanted);
                loss += f64::from(weight * colour_unit * value);
                let slope = weight * colour_unit * slope;
                into.colour[pixel][channel] += slope;
                d_transmittance += slope * behind;
            }
            let (value, slope) = self.penalty.of(t - (1.0 - alpha));
            loss += f64::from(weight * alpha_unit * value);
            into.transmittance[pixel] += d_transmittance + weight * alpha_unit * slope;
        }
        Ok(loss)
    }
}
