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

/// How far a step of descent moves things: far less than a splat's own size.
const RATES: Rates =
    Rates { position: 6e-5, log_scale: 0.02, raw_opacity: 0.0, sh_dc: 0.012, ..Rates::FROZEN };

/// Corrects splats in place. `trusts`: how much of each splat's colour the picture may say, 0 to 1.
pub(crate) fn refine(
    splats: &mut Splats,
    goal: &Goal,
    trusts: &[f32],
    budget: &Budget,
    watch: &mut Watch<'_>,
) -> Result<(), GenerateError> {
    let mut workspace = Workspace::default();
    let mut gradients = Gradients::default();
    let mut pixels = PixelGradients::default();
    let mut momenta = vec![Vec3::ZERO; splats.len()];
    for round in 0..budget.colour_rounds {
        watch.step(Stage::Refinement, round as f32 / budget.colour_rounds as f32)?;
        gradients.reset(splats);
        let tape = workspace.forward(splats, &goal.camera);
        pixels.reset(tape.frame());
        let frame = tape.frame();
        for (pixel_idx, slot) in pixels.colour.iter_mut().enumerate() {
            let alpha = goal.alpha.values[pixel_idx];
            // Premultiplied by what is really covered, so that a rim that is a little off does not darken.
            let covered =
                (1.0 - frame.transmittance[pixel_idx]) * if alpha > 0.5 { 1.0 } else { alpha };
            let wanted = goal.colour.values[pixel_idx] * covered;
            let here = Vec3::from(frame.colour[pixel_idx]) * if alpha > 0.5 { 1.0 } else { alpha };
            *slot = (wanted - here).to_array();
        }
        // Both errors would be ours: pixels and gradients were made for this very frame and these splats.
        if tape.backward(&pixels, &mut gradients).is_err() {
            break;
        }
        let mut parts = std::mem::take(splats).into_parts();
        for (splat_idx, dc) in parts.sh_dc.iter_mut().enumerate() {
            let weight = gradients.weight[splat_idx];
            if weight <= 1e-3 {
                continue;
            }
            let step = CORRECTION * trusts[splat_idx] / (weight + PIXELS_FULL);
            // The gradient is with respect to the coefficient: colour = ½ + C₀·coefficient.
            let error = Vec3::from(gradients.sh_dc[splat_idx]) / SH_C0;
            let moved = error * step + momenta[splat_idx] * MOMENTUM;
            let before = Vec3::splat(0.5) + Vec3::from(*dc) * SH_C0;
            let colour = (before + moved).clamp(Vec3::ZERO, Vec3::ONE);
            momenta[splat_idx] = colour - before;
            *dc = ((colour - Vec3::splat(0.5)) / SH_C0).to_array();
        }
        *splats = Splats::new(parts).unwrap_or_default();
    }
    descend(splats, goal, trusts, budget, watch, &mut workspace)
}

/// Steps of gradient descent over places, sizes and opacities, then colours too, of what the picture shows.
fn descend(
    splats: &mut Splats,
    goal: &Goal,
    trusts: &[f32],
    budget: &Budget,
    watch: &mut Watch<'_>,
    workspace: &mut Workspace,
) -> Result<(), GenerateError> {
    let colour: Vec<[f32; 3]> = goal.colour.values.iter().map(|c| c.to_array()).collect();
    let target = Target { colour: &colour, alpha: &goal.alpha.values, weight: None };
    let loss = PixelLoss { penalty: Penalty::L2, background: [1.0; 3], colour: 1.0, alpha: 0.3 };
    let mut adam = Adam::new(splats, RATES);
    let (mut gradients, mut pixels) = (Gradients::default(), PixelGradients::default());
    for step in 0..budget.descent_steps {
        watch.step(Stage::Refinement, 0.6 + 0.4 * step as f32 / budget.descent_steps as f32)?;
        gradients.reset(splats);
        let tape = workspace.forward(splats, &goal.camera);
        pixels.reset(tape.frame());
        // None of the three can fail: everything was made for this very frame and these splats.
        let done = loss.evaluate(tape.frame(), &target, &mut pixels).is_ok()
            && tape.backward(&pixels, &mut gradients).is_ok();
        // What the picture hardly shows stays as it is.
        for (splat_idx, &trust) in trusts.iter().enumerate() {
            if trust < 0.5 || gradients.weight[splat_idx] < 0.05 {
                gradients.positions[splat_idx] = [0.0; 3];
                gradients.log_scales[splat_idx] = [0.0; 3];
                gradients.raw_opacities[splat_idx] = 0.0;
                gradients.sh_dc[splat_idx] = [0.0; 3];
            }
        }
        if !done || adam.step(splats, &gradients).is_err() {
            break;
        }
    }
    Ok(())
}
