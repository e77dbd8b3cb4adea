//! Losses, and a whole training: pictures in, splats out.

use asset::Splats;
use render::{
    Camera, Lens, View,
    adam::{Adam, Rates},
    grad::{Gradients, Penalty, PixelGradients, PixelLoss, Target, Workspace},
};

use crate::scenes::{self, Random};

#[test]
fn losses_have_the_gradient_they_return() {
    let splats = scenes::cloud(31, 20, [0.03, 0.12], 0);
    let mut frame = Workspace::default()
        .forward(&splats, &Camera::orbit(View::FRONT, Lens::competition(8)))
        .frame()
        .clone();
    let mut random = Random(9);
    let colour: Vec<_> = (0..64).map(|_| random.triple(0.0, 1.0)).collect();
    let alpha: Vec<_> = (0..64).map(|_| random.within(0.0, 1.0)).collect();
    let weight: Vec<_> = (0..64).map(|_| random.within(0.0, 2.0)).collect();
    let target = Target { colour: &colour, alpha: &alpha, weight: Some(&weight) };
    for penalty in [Penalty::L1, Penalty::L2] {
        let loss = PixelLoss { penalty, background: [0.2, 0.5, 0.9], colour: 1.5, alpha: 0.5 };
        let mut at = PixelGradients::default();
        at.reset(&frame);
        loss.evaluate(&frame, &target, &mut at).unwrap();
        let mut scratch = at.clone();
        for pixel in 0..64 {
            let step = 1.0 / 1024.0;
            let before = frame.transmittance[pixel];
            let mut side = |value: f32| {
                frame.transmittance[pixel] = value;
                loss.evaluate(&frame, &target, &mut scratch).unwrap()
            };
            let found = (side(before + step) - side(before - step)) / f64::from(2.0 * step);
            side(before);
            let expected = f64::from(at.transmittance[pixel]);
            let error = (found - expected).abs();
            assert!(error < 1e-5, "{penalty:?}, pixel {pixel}: {expected} for {found}");

            let before = frame.colour[pixel][1];
            let mut side = |value: f32| {
                frame.colour[pixel][1] = value;
                loss.evaluate(&frame, &target, &mut scratch).unwrap()
            };
            let found = (side(before + step) - side(before - step)) / f64::from(2.0 * step);
            side(before);
            let expected = f64::from(at.colour[pixel][1]);
            let error = (found - expected).abs();
            assert!(error < 1e-5, "{penalty:?}, pixel {pixel}: {expected} for {found}");
        }
    }
}

/// A scene whose every raw value was shaken finds its pictures again.
#[test]
fn a_shaken_scene_finds_its_pictures_again() {
    let truth = scenes::cloud(31, 60, [0.03, 0.12], 0);
    let cameras = [0.0, 120.0, 240.0]
        .map(|theta_deg| Camera::orbit(View { theta_deg, phi_deg: -15.0 }, Lens::competition(64)));
    let mut workspace = Workspace::default();
    let pictures = cameras.each_ref().map(|camera| {
        let frame = workspace.forward(&truth, camera).frame().clone();
        let alpha: Vec<_> = frame.transmittance.iter().map(|t| 1.0 - t).collect();
        let straight = |(rgb, &alpha): (&[f32; 3], &f32)| rgb.map(|c| c / alpha.max(1e-6));
        let colour: Vec<_> = frame.colour.iter().zip(&alpha).map(straight).collect();
        (colour, alpha)
    });

    let mut random = Random(77);
    let mut parts = truth.into_parts();
    let mut shake = |values: &mut [f32], by: f32| {
        values.iter_mut().for_each(|value| *value += random.within(-by, by));
    };
    shake(parts.positions.as_flattened_mut(), 0.03);
    shake(parts.log_scales.as_flattened_mut(), 0.3);
    shake(parts.rotations.as_flattened_mut(), 0.2);
    shake(&mut parts.raw_opacities, 0.5);
    shake(parts.sh_dc.as_flattened_mut(), 0.4);
    let mut splats = Splats::new(parts).unwrap();

    let rates = Rates {
        position: 1e-3,
        log_scale: 1e-2,
        rotation: 1e-2,
        raw_opacity: 3e-2,
        sh_dc: 2e-2,
        ..Rates::FROZEN
    };
    let mut adam = Adam::new(&splats, rates);
    let loss =
        PixelLoss { penalty: Penalty::L2, background: [1.0, 0.5, 0.0], colour: 1.0, alpha: 1.0 };
    let (mut gradients, mut pixels) = (Gradients::default(), PixelGradients::default());
    let mut losses = Vec::new();
    for _ in 0..150 {
        gradients.reset(&splats);
        let mut sum = 0.0;
        for (camera, (colour, alpha)) in cameras.iter().zip(&pictures) {
            let tape = workspace.forward(&splats, camera);
            pixels.reset(tape.frame());
            let target = Target { colour, alpha, weight: None };
            sum += loss.evaluate(tape.frame(), &target, &mut pixels).unwrap() / 3.0;
            tape.backward(&pixels, &mut gradients).unwrap();
        }
        losses.push(sum);
        adam.step(&mut splats, &gradients).unwrap();
    }
    let (first, last) = (losses[0], losses[losses.len() - 1]);
    let psnr = |loss: f64| -10.0 * libm::log10(loss);
    let figures =
        format!("loss {first:.2e} to {last:.2e}, PSNR {:.1} to {:.1}", psnr(first), psnr(last));
    println!("{figures}");
    assert!(last < first / 100.0, "{figures}");
}
