//! Splats against pictures of the mesh, from all around.

use asset::Splats;
use asset::scene::Scene;
use glam::Vec3;
use render::Camera;
use render::adam::{Adam, Rates};
use render::grad::{Gradients, Penalty, PixelGradients, PixelLoss, Target, Workspace};
use render::scene::{Alpha, Lighting, Prepared, Shot};

use super::{Light, Options, light};
use crate::orbit::Frame;
use crate::{MeshError, Stop};

/// A picture of the mesh.
struct Goal {
    camera: Camera,
    /// Straight, display-referred. `[pixel]`
    colour: Vec<[f32; 3]>,
    /// `[pixel]`
    alpha: Vec<f32>,
}

/// Views of one step.
const BATCH: usize = 2;
/// Rounds over all views in which each splat takes its share of the error in colour.
const COLOUR_ROUNDS: usize = 3;
/// How far a step moves a splat, in standard deviations of a middling one.
const MOVE: f32 = 0.03;
/// Share of the rates that is left at the end.
const LAST: f32 = 0.1;

/// Fits the splats in place.
pub(super) fn refine(
    splats: &mut Splats,
    scene: &Scene,
    options: &Options,
    stop: Stop<'_>,
) -> Result<(), MeshError> {
    let Some(frame) = Frame::of(splats)? else { return Ok(()) };
    let goals = goals(scene, &frame, options, stop)?;
    let mut passes = Passes::default();
    if options.light == Light::Studio {
        for _ in 0..COLOUR_ROUNDS {
            passes.correct(splats, &goals, stop)?;
        }
    }
    let mut sizes: Vec<f32> = splats.parts().log_scales.iter().map(|scale| scale[0]).collect();
    sizes.sort_unstable_by(f32::total_cmp);
    let middling = libm::expf(sizes[sizes.len() / 2]);
    let rates = Rates {
        position: MOVE * middling,
        log_scale: 0.01,
        rotation: 0.004,
        raw_opacity: 0.03,
        sh_dc: 0.02,
        sh_rest: 0.0,
    };
    let mut adam = Adam::new(splats, rates);
    for step in 0..options.refine_steps {
        if stop() {
            return Err(MeshError::Stopped);
        }
        let left = 1.0 - step as f32 / options.refine_steps as f32;
        let share = LAST + (1.0 - LAST) * left;
        adam.rates = Rates {
            position: rates.position * share,
            log_scale: rates.log_scale * share,
            rotation: rates.rotation * share,
            raw_opacity: rates.raw_opacity * share,
            sh_dc: rates.sh_dc * share,
            sh_rest: 0.0,
        };
        passes.descend(splats, &goals, step as usize, &mut adam);
    }
    Ok(())
}

/// Pictures over white and over black say what is covered, and its colour.
fn goals(
    scene: &Scene,
    frame: &Frame,
    options: &Options,
    stop: Stop<'_>,
) -> Result<Vec<Goal>, MeshError> {
    let prepared = Prepared::new_until(&light::lit(scene, options.light), stop)?;
    let cameras = frame.cameras(options.views, options.view_px);
    let shots: Vec<Shot> = cameras
        .iter()
        .flat_map(|&camera| {
            [[255; 3], [0; 3]].map(|background| Shot {
                camera,
                lighting: Lighting::Studio,
                background,
                alpha: Alpha::Straight,
            })
        })
        .collect();
    let pictures = prepared.draw_all(&shots, stop)?;
    let goal = |(camera, pair): (Camera, &[image::RgbaImage])| {
        let mut goal = Goal { camera, colour: Vec::new(), alpha: Vec::new() };
        for (white, black) in pair[0].pixels().zip(pair[1].pixels()) {
            let channel = |k: usize| [f32::from(white.0[k]), f32::from(black.0[k])];
            let through: f32 = (0..3).map(|k| channel(k)[0] - channel(k)[1]).sum::<f32>() / 765.0;
            let alpha = (1.0 - through).clamp(0.0, 1.0);
            let straight = |k: usize| (channel(k)[1] / (255.0 * alpha.max(1e-3))).min(1.0);
            goal.colour.push([0, 1, 2].map(straight));
            goal.alpha.push(alpha);
        }
        goal
    };
    Ok(cameras.into_iter().zip(pictures.chunks_exact(2)).map(goal).collect())
}

/// Memory of forward and backward passes. They fit together, since all is made for the same frames and splats; should they
/// not, the splats stay as they are.
#[derive(Default)]
struct Passes {
    workspace: Workspace,
    gradients: Gradients,
    pixels: PixelGradients,
}

impl Passes {
    /// Gives every splat its share of the error in colour, over all views.
    fn correct(
        &mut self,
        splats: &mut Splats,
        goals: &[Goal],
        stop: Stop<'_>,
    ) -> Result<(), MeshError> {
        self.gradients.reset(splats);
        for goal in goals {
            if stop() {
                return Err(MeshError::Stopped);
            }
            let tape = self.workspace.forward(splats, &goal.camera);
            self.pixels.reset(tape.frame());
            let frame = tape.frame();
            for (at, slot) in self.pixels.colour.iter_mut().enumerate() {
                let cover = (1.0 - frame.transmittance[at]).min(goal.alpha[at]);
                let share = cover / (1.0 - frame.transmittance[at]).max(1e-3);
                let error =
                    Vec3::from(goal.colour[at]) * cover - Vec3::from(frame.colour[at]) * share;
                *slot = error.to_array();
            }
            if tape.backward(&self.pixels, &mut self.gradients).is_err() {
                return Ok(());
            }
        }
        let mut parts = std::mem::take(splats).into_parts();
        for (idx, dc) in parts.sh_dc.iter_mut().enumerate() {
            let weight = self.gradients.weight[idx];
            if weight > 1e-3 {
                let error = Vec3::from(self.gradients.sh_dc[idx]) / asset::splats::SH_C0;
                let before = Vec3::splat(0.5) + Vec3::from(*dc) * asset::splats::SH_C0;
                let after = (before + error / (weight + 0.3)).clamp(Vec3::ZERO, Vec3::ONE);
                *dc = super::coefficient(after).to_array();
            }
        }
        *splats = Splats::new(parts).unwrap_or_default();
        Ok(())
    }

    /// One step over some views.
    fn descend(&mut self, splats: &mut Splats, goals: &[Goal], step: usize, adam: &mut Adam) {
        self.gradients.reset(splats);
        for k in 0..BATCH {
            // Views far from each other; every other time over black, so that coverage counts by itself.
            let goal = &goals[(step + k * goals.len() / BATCH) % goals.len()];
            let behind = if (step / goals.len() + k).is_multiple_of(2) { 1.0 } else { 0.0 };
            let loss = PixelLoss {
                penalty: Penalty::L2,
                background: [behind; 3],
                colour: 1.0,
                alpha: 0.3,
            };
            let tape = self.workspace.forward(splats, &goal.camera);
            self.pixels.reset(tape.frame());
            let target = Target { colour: &goal.colour, alpha: &goal.alpha, weight: None };
            let is_done = loss.evaluate(tape.frame(), &target, &mut self.pixels).is_ok()
                && tape.backward(&self.pixels, &mut self.gradients).is_ok();
            if !is_done {
                return;
            }
        }
        // Always fits: the state was made for these splats.
        adam.step(splats, &self.gradients).ok();
    }
}
