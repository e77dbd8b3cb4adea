//! The gradient of a loss with respect to every raw value of a set of splats.

use asset::Splats;

use super::BackwardError;

/// dL/d raw values, shaped like [`asset::SplatsParts`], and what densification and pruning want to know. Backward passes
/// add to it: call [`Gradients::reset`] first, then go through as many views as wanted.
///
/// The fields are open: a caller adds the gradient of its own terms (keep scales small, stay near a surface) to them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gradients {
    /// `[splat][x, y, z]`, per metre.
    pub positions: Vec<[f32; 3]>,
    /// `[splat][axis]`
    pub log_scales: Vec<[f32; 3]>,
    /// `[splat][w, x, y, z]`, through the normalisation: perpendicular to the raw quaternion, 0 for a zero one.
    pub rotations: Vec<[f32; 4]>,
    /// `[splat]`
    pub raw_opacities: Vec<f32>,
    /// `[splat][r, g, b]`
    pub sh_dc: Vec<[f32; 3]>,
    /// `[splat, coefficient, channel]` flat.
    pub sh_rest: Vec<f32>,
    /// Sum over views of |dL/d centre in the picture|, per pixel. Large where splats are too few. `[splat]`
    pub screen: Vec<f32>,
    /// Sum over views and pixels of α·T: how many pixels the splat filled. 0 when no view saw it. `[splat]`
    pub weight: Vec<f32>,
}

impl Gradients {
    /// Zero for every value of `splats`. Keeps its memory.
    pub fn reset(&mut self, splats: &Splats) {
        fn zero<T: Copy>(values: &mut Vec<T>, n: usize, nothing: T) {
            values.clear();
            values.resize(n, nothing);
        }
        let n = splats.len();
        zero(&mut self.positions, n, [0.0; 3]);
        zero(&mut self.log_scales, n, [0.0; 3]);
        zero(&mut self.rotations, n, [0.0; 4]);
        zero(&mut self.raw_opacities, n, 0.0);
        zero(&mut self.sh_dc, n, [0.0; 3]);
        zero(&mut self.sh_rest, n * splats.sh_degree().rest_values(), 0.0);
        zero(&mut self.screen, n, 0.0);
        zero(&mut self.weight, n, 0.0);
    }

    /// Zero for every value of `splats`, in new memory.
    #[must_use]
    pub fn zero(splats: &Splats) -> Self {
        let mut gradients = Self::default();
        gradients.reset(splats);
        gradients
    }

    /// That this was made for `splats`.
    pub(super) fn check(&self, splats: &Splats) -> Result<(), BackwardError> {
        let n_rest = splats.len() * splats.sh_degree().rest_values();
        let counts = [
            (self.positions.len(), splats.len()),
            (self.log_scales.len(), splats.len()),
            (self.rotations.len(), splats.len()),
            (self.raw_opacities.len(), splats.len()),
            (self.sh_dc.len(), splats.len()),
            (self.sh_rest.len(), n_rest),
            (self.screen.len(), splats.len()),
            (self.weight.len(), splats.len()),
        ];
        for (found, expected) in counts {
            if found != expected {
                return Err(BackwardError::Splats { found, expected });
            }
        }
        Ok(())
    }

    /// Number of splats.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.positions.len()
    }

    /// True when there is no splat at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }
}
