//! Splats against the picture, by differentiable rendering of the view from which it was taken.

use asset::Splats;
use asset::splats::SH_C0;
use glam::Vec3;
use render::Camera;
use render::adam::{Adam, Rates};
use render::grad::{Gradients, Penalty, PixelGradients, PixelLoss, Target, Workspace};

use crate::error::GenerateError;
use crate::map::Map;
use crate::observe::{Stage, Watch};
use crate::options::Budget;

/// What the camera of the picture should see.
#[derive(Debug)]
pub(crate) struct Goal {
    pub camera: Camera,
    /// Colour of the object, display-referred; filled beyond it.
    pub colour: Map<Vec3>,
    /// Coverage, 0 to 1.
    pub alpha: Map,
}

/// Step of a colour correction. The splats of a pixel share its error, so 1 never overshoots; up to 2 converges.
const CORRECTION: f32 = 1.2;
/// Share of the last correction that is made again.
const MOMENTUM: f32 = 0.55;
/// A splat that fills fewer pixels than this is corrected less.
const PIXELS_FULL: f32 = 0.3;
/// How far a step of descent moves things: far less than a splat's own size. Colours are not its business, since the
/// correction knows their best step.
const RATES: Rates = Rates { position: 6e-5, log_scale: 0.02, ..Rates::FROZEN };
/// Splats that the picture shows less than this keep their places and sizes.
const TRUST_MIN: f32 = 0.5;

/// Corrects splats in place: colours, then places and sizes, then colours again. `trusts`: how much the picture may say
/// about each splat, 0 to 1.
pub(crate) fn refine(
    splats: &mut Splats,
    goal: &Goal,
    trusts: &[f32],
    budget: &Budget,
    watch: &mut Watch<'_>,
) -> Result<(), GenerateError> {
    let n_last = if budget.descent_steps == 0 { 0 } else { budget.colour_rounds / 2 };
    let n_steps = budget.colour_rounds + budget.descent_steps;
    let mut passes = Passes::default();
    let mut adam = Adam::new(splats, RATES);
    let mut momenta = vec![Vec3::ZERO; splats.len()];
    for step in 0..n_steps {
        watch.step(Stage::Refinement, step as f32 / n_steps as f32)?;
        let first = budget.colour_rounds - n_last;
        let done = if (first..first + budget.descent_steps).contains(&step) {
            passes.descend(splats, goal, trusts, &mut adam)
        } else {
            passes.correct(splats, goal, trusts, &mut momenta)
        };
        if done.is_none() {
            break;
        }
    }
    Ok(())
}

/// Memory of forward and backward passes. Its steps return `None` when the pieces do not fit together, which would be a
/// mistake of ours: everything is made for the same frame and splats.
#[derive(Default)]
struct Passes {
    workspace: Workspace,
    gradients: Gradients,
    pixels: PixelGradients,
}

impl Passes {
    /// Gives every splat its share of the error in colour of the pixels it fills.
    fn correct(
        &mut self,
        splats: &mut Splats,
        goal: &Goal,
        trusts: &[f32],
        momenta: &mut [Vec3],
    ) -> Option<()> {
        self.gradients.reset(splats);
        let tape = self.workspace.forward(splats, &goal.camera);
        self.pixels.reset(tape.frame());
        let frame = tape.frame();
        for (pixel_idx, slot) in self.pixels.colour.iter_mut().enumerate() {
            let alpha = goal.alpha.values[pixel_idx];
            let counts = if alpha > 0.5 { 1.0 } else { alpha };
            // Premultiplied by what is really covered, so that a rim that is a little off does not darken.
            let covered = 1.0 - frame.transmittance[pixel_idx];
            let error =
                goal.colour.values[pixel_idx] * covered - Vec3::from(frame.colour[pixel_idx]);
            *slot = (error * counts).to_array();
        }
        tape.backward(&self.pixels, &mut self.gradients).ok()?;
        let mut parts = std::mem::take(splats).into_parts();
        for (splat_idx, dc) in parts.sh_dc.iter_mut().enumerate() {
            let weight = self.gradients.weight[splat_idx];
            if weight <= 1e-3 {
                continue;
            }
            let step = CORRECTION * trusts[splat_idx] / (weight + PIXELS_FULL);
            // The gradient is with respect to the coefficient: colour = ½ + C₀·coefficient.
            let error = Vec3::from(self.gradients.sh_dc[splat_idx]) / SH_C0;
            let moved = error * step + momenta[splat_idx] * MOMENTUM;
            let before = Vec3::splat(0.5) + Vec3::from(*dc) * SH_C0;
            let colour = (before + moved).clamp(Vec3::ZERO, Vec3::ONE);
            momenta[splat_idx] = colour - before;
            *dc = ((colour - Vec3::splat(0.5)) / SH_C0).to_array();
        }
        *splats = Splats::new(parts).ok()?;
        Some(())
    }

    /// One step of gradient descent over the places and sizes of what the picture shows.
    fn descend(
        &mut self,
        splats: &mut Splats,
        goal: &Goal,
        trusts: &[f32],
        adam: &mut Adam,
    ) -> Option<()> {
        let colour: Vec<[f32; 3]> = goal.colour.values.iter().map(Vec3::to_array).collect();
        let target = Target { colour: &colour, alpha: &goal.alpha.values, weight: None };
        let loss =
            PixelLoss { penalty: Penalty::L2, background: [1.0; 3], colour: 1.0, alpha: 0.3 };
        self.gradients.reset(splats);
        let tape = self.workspace.forward(splats, &goal.camera);
        self.pixels.reset(tape.frame());
        loss.evaluate(tape.frame(), &target, &mut self.pixels).ok()?;
        tape.backward(&self.pixels, &mut self.gradients).ok()?;
        for (splat_idx, &trust) in trusts.iter().enumerate() {
            if trust < TRUST_MIN || self.gradients.weight[splat_idx] < 0.05 {
                self.gradients.positions[splat_idx] = [0.0; 3];
                self.gradients.log_scales[splat_idx] = [0.0; 3];
            }
        }
        adam.step(splats, &self.gradients).ok()
    }
}
