//! One step of differentiable rendering: `cargo bench -p render --bench grad`.

use asset::{ShDegree, Splats, SplatsParts};
use divan::{Bencher, black_box};
use glam::{Quat, Vec3};
use render::{
    Camera, Lens, View,
    adam::{Adam, Rates},
    grad::{Gradients, Penalty, PixelGradients, PixelLoss, Target, Workspace},
};

fn main() {
    divan::main();
}

/// 0 to 1, from a Weyl sequence: spread evenly, the same each time.
fn spread(i: usize, axis: usize) -> f32 {
    let step = [0.754_877_666_f64, 0.569_840_291, 0.618_033_989, 0.414_213_562][axis];
    (i as f64 * step).fract() as f32
}

/// A closed surface of flat, nearly opaque splats that just overlap: what a generator makes.
fn surface(n: usize, degree: u8) -> Splats {
    let radius = 0.45;
    let spacing = radius * (4.0 * std::f32::consts::PI / n as f32).sqrt();
    splats(n, degree, |i| {
        let (y, turn) = (1.0 - 2.0 * spread(i, 0), std::f32::consts::TAU * spread(i, 1));
        let ring = (1.0 - y * y).sqrt();
        let normal = Vec3::new(ring * libm::sinf(turn), y, ring * libm::cosf(turn));
        let turn = Quat::from_rotation_arc(Vec3::Z, normal);
        let scale = [0.7 * spacing, 0.7 * spacing, 0.1 * spacing];
        (radius * normal, scale, turn, 2.0)
    })
}

/// Long splats of any size, turn and opacity anywhere in the box: deeper than any asset.
fn cloud(n: usize, degree: u8) -> Splats {
    splats(n, degree, |i| {
        let at = Vec3::new(spread(i, 0), spread(i, 1), spread(i, 2)) - 0.5;
        let scale = [0, 1, 2].map(|axis| 0.004 + 0.016 * spread(3 * i, axis));
        let turn = Quat::from_xyzw(spread(i, 3), spread(i, 1), 0.5, spread(i, 2)).normalize();
        (at, scale, turn, 8.0 * spread(i, 3) - 4.0)
    })
}

fn splats(n: usize, degree: u8, one: impl Fn(usize) -> (Vec3, [f32; 3], Quat, f32)) -> Splats {
    let sh_degree = ShDegree::new(degree).unwrap_or_default();
    let mut parts = SplatsParts { sh_degree, ..SplatsParts::default() };
    for i in 0..n {
        let (position, scale, turn, raw_opacity) = one(i);
        parts.positions.push(position.to_array());
        parts.log_scales.push(scale.map(libm::logf));
        parts.rotations.push([turn.w, turn.x, turn.y, turn.z]);
        parts.raw_opacities.push(raw_opacity);
        parts.sh_dc.push([0, 1, 2].map(|axis| 2.0 * spread(i, axis) - 1.0));
        let rest = (0..sh_degree.rest_values()).map(|k| 0.2 * spread(i + k, k % 4) - 0.1);
        parts.sh_rest.extend(rest);
    }
    Splats::new(parts).unwrap_or_default()
}

fn camera(size: u32) -> Camera {
    Camera::orbit(View { theta_deg: 24.0, phi_deg: -15.0 }, Lens::competition(size))
}

/// Something is asked of every pixel.
fn pixels(size: u32) -> PixelGradients {
    let n = (size * size) as usize;
    PixelGradients {
        colour: (0..n).map(|i| [0, 1, 2].map(|axis| spread(i, axis) - 0.5)).collect(),
        transmittance: (0..n).map(|i| spread(i, 3) - 0.5).collect(),
    }
}

fn forward_and_backward(bencher: Bencher<'_, '_>, splats: &Splats, size: u32) {
    let (camera, pixels) = (camera(size), pixels(size));
    let (mut workspace, mut gradients) = (Workspace::default(), Gradients::default());
    bencher.bench_local(|| {
        gradients.reset(splats);
        let tape = workspace.forward(black_box(splats), &camera);
        tape.backward(&pixels, &mut gradients).is_ok()
    });
}

/// The figure of the issue: at most 30 ms on two cores.
#[divan::bench(args = [0, 3])]
fn surface_20k_at_256(bencher: Bencher<'_, '_>, degree: u8) {
    forward_and_backward(bencher, &surface(20_000, degree), 256);
}

#[divan::bench]
fn cloud_20k_at_256(bencher: Bencher<'_, '_>) {
    forward_and_backward(bencher, &cloud(20_000, 0), 256);
}

#[divan::bench]
fn surface_100k_at_512(bencher: Bencher<'_, '_>) {
    forward_and_backward(bencher, &surface(100_000, 0), 512);
}

#[divan::bench]
fn forward_alone_20k_at_256(bencher: Bencher<'_, '_>) {
    let (splats, camera, mut workspace) = (surface(20_000, 0), camera(256), Workspace::default());
    bencher.bench_local(|| workspace.forward(black_box(&splats), &camera).frame().size_px);
}

#[divan::bench]
fn adam_100k(bencher: Bencher<'_, '_>) {
    let mut splats = surface(100_000, 0);
    let (mut adam, gradients) = (Adam::new(&splats, Rates::TRAINING), Gradients::zero(&splats));
    bencher.bench_local(|| adam.step(&mut splats, &gradients).is_ok());
}

#[divan::bench]
fn pixel_loss_at_512(bencher: Bencher<'_, '_>) {
    let frame = Workspace::default().forward(&surface(1000, 0), &camera(512)).frame().clone();
    let n = frame.colour.len();
    let (colour, alpha) = (vec![[0.5; 3]; n], vec![1.0; n]);
    let target = Target { colour: &colour, alpha: &alpha, weight: None };
    let loss =
        PixelLoss { penalty: Penalty::L2, background: [1.0, 0.5, 0.0], colour: 1.0, alpha: 1.0 };
    let mut into = PixelGradients::default();
    bencher.bench_local(|| {
        into.reset(&frame);
        loss.evaluate(&frame, &target, &mut into).is_ok()
    });
}
