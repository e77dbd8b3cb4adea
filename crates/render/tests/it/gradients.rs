//! Gradients against central finite differences of the `f64` oracle, and everything else a training loop counts on.

use asset::{ShDegree, Splats, SplatsParts};
use glam::{DMat3, DVec3};
use rayon::ThreadPoolBuilder;
use render::{
    Camera, Lens, View,
    adam::{Adam, Rates},
    grad::{Gradients, PixelGradients, Workspace},
};

use crate::{
    oracle::{self, OracleSplat},
    scenes::{self, Random},
};

/// What a random scene is made of; ranges are low, high.
#[derive(Clone)]
struct Recipe {
    seed: u64,
    n_splats: usize,
    /// Half the side of the cube of centres, metres.
    spread: f32,
    scale: [f32; 2],
    /// Factor on the scale of the first axis.
    stretch: f32,
    raw_opacity: [f32; 2],
    degree: u8,
}

const PLAIN: Recipe = Recipe {
    seed: 1,
    n_splats: 14,
    spread: 0.5,
    scale: [0.03, 0.12],
    stretch: 1.0,
    raw_opacity: [-2.0, 3.0],
    degree: 0,
};

impl Recipe {
    fn splats(&self) -> Splats {
        let mut random = Random(self.seed);
        let degree = ShDegree::new(self.degree).unwrap();
        let mut parts = SplatsParts { sh_degree: degree, ..SplatsParts::default() };
        for _ in 0..self.n_splats {
            parts.positions.push(random.triple(-self.spread, self.spread));
            let mut log_scale = random.triple(self.scale[0], self.scale[1]).map(libm::logf);
            log_scale[0] += libm::logf(self.stretch);
            parts.log_scales.push(log_scale);
            parts.rotations.push([(); 4].map(|()| random.within(-1.5, 1.5)));
            parts.raw_opacities.push(random.within(self.raw_opacity[0], self.raw_opacity[1]));
            parts.sh_dc.push(random.triple(-1.5, 1.5));
            parts.sh_rest.extend((0..degree.rest_values()).map(|_| random.within(-0.4, 0.4)));
        }
        Splats::new(parts).unwrap()
    }
}

fn front(size: u32) -> Camera {
    Camera::orbit(View { theta_deg: 24.0, phi_deg: -15.0 }, Lens::competition(size))
}

/// A random linear function of the picture: its gradient by pixel is itself.
fn functional(seed: u64, n_pixels: usize) -> PixelGradients {
    let mut random = Random(seed);
    PixelGradients {
        colour: (0..n_pixels).map(|_| random.triple(-1.0, 1.0)).collect(),
        transmittance: (0..n_pixels).map(|_| random.within(-1.0, 1.0)).collect(),
    }
}

/// The functional of one picture less that of another, without the rounding of two large sums.
fn difference(functional: &PixelGradients, sides: &[oracle::Picture; 2]) -> f64 {
    let [a, b] = sides;
    let mut sum = 0.0;
    for (weight, (a, b)) in functional.colour.iter().zip(a.colour.iter().zip(&b.colour)) {
        sum += (0..3).map(|c| f64::from(weight[c]) * (a[c] - b[c])).sum::<f64>();
    }
    let light = a.transmittance.iter().zip(&b.transmittance);
    sum + functional
        .transmittance
        .iter()
        .zip(light)
        .map(|(w, (a, b))| f64::from(*w) * (a - b))
        .sum::<f64>()
}

fn gradients(splats: &Splats, camera: &Camera, pixels: &PixelGradients) -> Gradients {
    let mut gradients = Gradients::zero(splats);
    let mut workspace = Workspace::default();
    workspace.forward(splats, camera).backward(pixels, &mut gradients).unwrap();
    gradients
}

const GROUPS: [&str; 6] =
    ["positions", "log_scales", "rotations", "raw_opacities", "sh_dc", "sh_rest"];

/// Every raw value of a splat as one list, with the group each belongs to.
fn values_mut(splat: &mut OracleSplat) -> Vec<(usize, &mut f64)> {
    let OracleSplat { position, log_scale, rotation, raw_opacity, sh_dc, sh_rest } = splat;
    let mut all = Vec::new();
    all.extend(position.iter_mut().map(|v| (0, v)));
    all.extend(log_scale.iter_mut().map(|v| (1, v)));
    all.extend(rotation.iter_mut().map(|v| (2, v)));
    all.push((3, raw_opacity));
    all.extend(sh_dc.iter_mut().map(|v| (4, v)));
    all.extend(sh_rest.as_flattened_mut().iter_mut().map(|v| (5, v)));
    all
}

/// The gradient of one splat in the order of [`values_mut`].
fn listed(gradients: &Gradients, splat_idx: usize) -> Vec<f32> {
    let n_rest = gradients.sh_rest.len() / gradients.len();
    let mut all = Vec::new();
    all.extend(gradients.positions[splat_idx]);
    all.extend(gradients.log_scales[splat_idx]);
    all.extend(gradients.rotations[splat_idx]);
    all.push(gradients.raw_opacities[splat_idx]);
    all.extend(gradients.sh_dc[splat_idx]);
    all.extend(&gradients.sh_rest[splat_idx * n_rest..(splat_idx + 1) * n_rest]);
    all
}

/// Rounding of a finite difference: some thousand pixels of 1e−16, over a step of 1e−5.
const NOISE: f64 = 2e-9;

/// Compares every derivative with (L(x + h) − L(x − h)) / 2h of the oracle. A value whose step changes a choice of the
/// drawing (a pixel skips a splat, two swap places) is left out; at most one in ten may be.
fn check(name: &str, splats: &Splats, camera: &Camera) {
    let n_pixels = (camera.size_px[0] * camera.size_px[1]) as usize;
    let pixels = functional(7, n_pixels);
    let found = gradients(splats, camera, &pixels);
    let mut scene = oracle::splats(splats);
    let still = oracle::draw_splats(&scene, camera);

    let (mut kept, mut left_out) = (Vec::new(), 0);
    for splat_idx in 0..scene.len() {
        for (value_idx, found) in listed(&found, splat_idx).into_iter().enumerate() {
            let step = 5e-6;
            let mut group = 0;
            let sides = [step, -step].map(|step| {
                let mut values = values_mut(&mut scene[splat_idx]);
                group = values[value_idx].0;
                let before = *values[value_idx].1;
                *values[value_idx].1 = before + step;
                let picture = oracle::draw_splats(&scene, camera);
                *values_mut(&mut scene[splat_idx])[value_idx].1 = before;
                picture
            });
            if sides.iter().any(|side| side.choices != still.choices) {
                left_out += 1;
                continue;
            }
            let truth = difference(&pixels, &sides) / (2.0 * step);
            kept.push((group, splat_idx, value_idx, f64::from(found), truth));
        }
    }
    assert!(left_out * 10 <= kept.len(), "{name}: {left_out} left out, {} kept", kept.len());
    for (group, group_name) in GROUPS.iter().enumerate() {
        let of_group = || kept.iter().filter(|value| value.0 == group);
        let size = of_group().map(|v| v.4 * v.4).sum::<f64>().sqrt();
        let error_of = |v: &(usize, usize, usize, f64, f64)| ((v.3 - v.4).abs() - NOISE).max(0.0);
        let error = of_group().map(|v| error_of(v) * error_of(v)).sum::<f64>().sqrt();
        let n = of_group().count();
        if n == 0 {
            continue;
        }
        let relative = error / size;
        let typical = size / (n as f64).sqrt();
        let worst = of_group()
            .map(|v| (error_of(v) / (v.4.abs() + 0.1 * typical), v))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap();
        let (_, splat_idx, value_idx, found, truth) = worst.1;
        let figures = format!(
            "{name}, {group_name}: {n} values, relative error {relative:.1e}, worst {:.1e} \
             (splat {splat_idx}, value {value_idx}: {found} for {truth})",
            worst.0
        );
        println!("{figures}");
        assert!(size > 0.0 && relative < 1e-5 && worst.0 < 1e-4, "{figures}");
    }
}

#[test]
fn plain_scene() {
    check("plain", &PLAIN.splats(), &front(40));
}

#[test]
fn overlapping_and_see_through() {
    let recipe = Recipe { seed: 2, n_splats: 24, spread: 0.15, raw_opacity: [-3.0, -0.5], ..PLAIN };
    check("overlapping", &recipe.splats(), &front(32));
}

#[test]
fn long_thin_and_turned() {
    let recipe = Recipe { seed: 3, scale: [0.005, 0.02], stretch: 25.0, ..PLAIN };
    check("long", &recipe.splats(), &front(40));
}

/// Wide pictures, an eye close by, and a principal point far from the middle.
#[test]
fn off_centre_and_not_square() {
    let turn = DMat3::from_rotation_y(0.3) * DMat3::from_rotation_x(3.3);
    let camera = Camera {
        eye: -1.1 * (turn.transpose() * DVec3::Z),
        world_to_view: turn,
        focal_px: 31.0,
        centre_px: [12.3, 30.9],
        size_px: [48, 35],
        near: 0.01,
        far: 100.0,
    };
    check("off centre", &Recipe { seed: 4, ..PLAIN }.splats(), &camera);
}

/// Large splats whose centres are beyond 1.3 of the half picture, so that the Jacobian is clamped.
#[test]
fn beyond_the_frustum() {
    let recipe = Recipe { seed: 5, n_splats: 16, scale: [0.2, 0.6], ..PLAIN };
    let mut parts = recipe.splats().into_parts();
    for (splat_idx, position) in parts.positions.iter_mut().enumerate() {
        position[splat_idx % 2] += if splat_idx % 4 < 2 { 1.5 } else { -1.5 };
    }
    let splats = Splats::new(parts).unwrap();
    let camera = Camera::orbit(View::FRONT, Lens::competition(32));
    let clamped = |splat: &OracleSplat| {
        let view = camera.world_to_view * (DVec3::from(splat.position) - camera.eye);
        view.truncate().abs().max_element() / view.z > 1.3 * 16.0 / camera.focal_px
    };
    let n_clamped = oracle::splats(&splats).iter().filter(|splat| clamped(splat)).count();
    assert!(n_clamped >= 6, "only {n_clamped} splats are beyond the frustum");
    check("beyond", &splats, &camera);
}

/// Opaque layers: the cap of alpha holds in their middle, and pixels stop before the last.
#[test]
fn capped_and_stopped() {
    let recipe = Recipe {
        seed: 6,
        n_splats: 5,
        spread: 0.25,
        scale: [0.7, 2.0],
        raw_opacity: [7.0, 9.0],
        ..PLAIN
    };
    let picture = oracle::draw(&recipe.splats(), &front(40));
    let counts = [picture.n_capped, picture.n_stopped];
    assert!(counts.iter().all(|&n| n >= 8), "capped and stopped: {counts:?}");
    check("capped", &recipe.splats(), &front(40));
}

#[test]
fn sh_degree_1() {
    check("degree 1", &Recipe { seed: 11, degree: 1, ..PLAIN }.splats(), &front(24));
}

#[test]
fn sh_degree_2() {
    check("degree 2", &Recipe { seed: 12, degree: 2, n_splats: 8, ..PLAIN }.splats(), &front(24));
}

#[test]
fn sh_degree_3() {
    check("degree 3", &Recipe { seed: 13, degree: 3, n_splats: 8, ..PLAIN }.splats(), &front(24));
}

#[test]
fn sh_degree_4() {
    check("degree 4", &Recipe { seed: 14, degree: 4, n_splats: 8, ..PLAIN }.splats(), &front(24));
}

/// Many tiles, many splats: as a generator has them.
const CROWD: Recipe = Recipe { seed: 21, n_splats: 3000, scale: [0.005, 0.03], degree: 1, ..PLAIN };

#[test]
fn forward_is_the_picture_of_the_renderer() {
    let mut workspace = Workspace::default(); // What it held before must not matter.
    let scenes = [
        ("object", scenes::object(1, 4000, 1)),
        ("small", scenes::cloud(2, 2000, [0.001, 0.02], 0)),
        ("large", scenes::cloud(3, 300, [0.05, 0.8], 2)),
        ("needles", scenes::cloud(4, 1000, [0.0005, 0.7], 0)),
        ("nothing", Splats::default()),
    ];
    let wide = Camera { size_px: [203, 77], centre_px: [20.0, 91.5], ..front(120) };
    for (name, splats) in &scenes {
        for (view, camera) in [("front", front(150)), ("small", front(9)), ("wide", wide)] {
            let frame = workspace.forward(splats, &camera).frame().clone();
            let drawn = render::splats::draw(splats, &camera);
            let pixels = frame.transmittance.iter().zip(&drawn.transmittance);
            let n_other = pixels.clone().filter(|(a, b)| a != b).count();
            let largest = pixels.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            let figures =
                format!("{name}, {view}: {n_other} pixels differ, by {largest:e} at most");
            assert!(frame == drawn, "{figures}");
        }
    }
}

#[test]
fn same_bits_on_any_number_of_threads() {
    let (splats, camera) = (CROWD.splats(), front(150));
    let pixels = functional(3, 150 * 150);
    let run = |n_threads: usize| {
        let pool = ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            let gradients = gradients(&splats, &camera, &pixels);
            let mut moved = splats.clone();
            let mut adam = Adam::new(&moved, Rates::TRAINING);
            for _ in 0..3 {
                adam.step(&mut moved, &gradients).unwrap();
            }
            (gradients, moved)
        })
    };
    let one = run(1);
    assert!(one.0.positions.iter().flatten().all(|g| g.is_finite()));
    for n_threads in [2, 5] {
        assert!(run(n_threads) == one, "{n_threads} threads differ from one");
    }
}

/// Backward adds: two views are the sum of each, and one workspace serves both.
#[test]
fn views_add_up() {
    let splats = Recipe { n_splats: 200, ..CROWD }.splats();
    let cameras = [front(64), Camera::orbit(View::WHITE[5].view, Lens::competition(48))];
    let pixels = cameras.map(|camera| functional(5, (camera.size_px[0].pow(2)) as usize));
    let mut both = Gradients::zero(&splats);
    let mut workspace = Workspace::default();
    for (camera, pixels) in cameras.iter().zip(&pixels) {
        workspace.forward(&splats, camera).backward(pixels, &mut both).unwrap();
    }
    let one = gradients(&splats, &cameras[0], &pixels[0]);
    let other = gradients(&splats, &cameras[1], &pixels[1]);
    for splat_idx in 0..splats.len() {
        let values = listed(&both, splat_idx).into_iter();
        let sums = listed(&one, splat_idx).into_iter().zip(listed(&other, splat_idx));
        for (both, (a, b)) in values.zip(sums) {
            assert!((both - (a + b)).abs() <= 1e-6 * (a.abs() + b.abs()), "{both} for {a} + {b}");
        }
        assert_eq!(both.weight[splat_idx], one.weight[splat_idx] + other.weight[splat_idx]);
    }
}

/// α·T of all splats and what is left of the light make a whole, so the weights sum to the coverage.
#[test]
fn weights_sum_to_the_coverage() {
    let (splats, camera) = (CROWD.splats(), front(100));
    let mut workspace = Workspace::default();
    let mut gradients = Gradients::zero(&splats);
    let tape = workspace.forward(&splats, &camera);
    let coverage: f64 = tape.frame().transmittance.iter().map(|&t| 1.0 - f64::from(t)).sum();
    tape.backward(&functional(1, 100 * 100), &mut gradients).unwrap();
    let weights: f64 = gradients.weight.iter().map(|&w| f64::from(w)).sum();
    assert!((weights / coverage - 1.0).abs() < 1e-4, "{weights} for a coverage of {coverage}");
}
