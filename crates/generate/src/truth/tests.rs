//! The truth must be true: closed from all sides, in its box, the same everywhere.

use glam::Vec3;
use rayon::prelude::*;
use render::{Camera, Lens, View};

use super::sample::{Placement, placed_splats};
use super::*;

const SMALL: Sampling = Sampling { target_splats: 10_000, shading: 1.0 };

/// Whether the ray through a pixel meets the placed solid, by sphere tracing.
fn meets(solid: &Solid, placement: Placement, camera: &Camera, pixel: [u32; 2]) -> bool {
    let at = |idx: usize| (f64::from(pixel[idx]) + 0.5 - camera.centre_px[idx]) / camera.focal_px;
    let ray = glam::DVec3::new(at(0), at(1), 1.0);
    let direction = (camera.world_to_view.transpose() * ray).normalize().as_vec3();
    let to_solid = |p: Vec3| p / placement.scale + placement.centre;
    let mut t = 1.0;
    for _ in 0..400 {
        let distance =
            solid.distance(to_solid(camera.eye.as_vec3() + direction * t)) * placement.scale;
        if distance < 5e-4 {
            return true;
        }
        t += distance * 0.9;
        if t > 3.0 {
            return false;
        }
    }
    true
}

#[test]
fn every_kind_is_closed_and_nothing_floats() {
    const SIZE: u32 = 64;
    let mut faults = Vec::new();
    for kind in Kind::ALL {
        let solid = kind.solid(3);
        let (splats, placement) = placed_splats(&solid, SMALL);
        for named in [0, 3, 4, 5, 7].map(|idx| View::WHITE[idx]) {
            let camera = Camera::orbit(named.view, Lens::competition(SIZE));
            let frame = render::splats::draw(&splats, &camera);
            let hit: Vec<bool> = (0..SIZE * SIZE)
                .into_par_iter()
                .map(|idx| meets(&solid, placement, &camera, [idx % SIZE, idx / SIZE]))
                .collect();
            let around = |idx: u32, reach: u32| {
                let (x, y) = (idx % SIZE, idx / SIZE);
                let near = move |at: u32| at.saturating_sub(reach)..(at + reach + 1).min(SIZE);
                near(y).flat_map(move |v| near(x).map(move |u| (v * SIZE + u) as usize))
            };
            let (mut holes, mut floaters) = (0, 0);
            for idx in 0..SIZE * SIZE {
                let alpha = 1.0 - frame.transmittance[idx as usize];
                holes += u32::from(around(idx, 1).all(|at| hit[at]) && alpha < 0.9);
                floaters += u32::from(!around(idx, 2).any(|at| hit[at]) && alpha > 0.3);
            }
            // Ropes thinner than a cell may look a little thicker than they are.
            if holes > 0 || floaters > 3 {
                faults.push(format!(
                    "{} from {}: {holes} holes, {floaters} floaters",
                    kind.name, named.name
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_kind_fills_its_box_with_the_splats_asked_for() {
    for kind in Kind::ALL {
        let splats = kind.splats(5, SMALL);
        let (mut low, mut high) = (Vec3::INFINITY, Vec3::NEG_INFINITY);
        for &position in &splats.parts().positions {
            low = low.min(position.into());
            high = high.max(position.into());
        }
        let extent = (high - low).max_element();
        assert!((extent - 1.0).abs() < 1e-5, "{}: extent {extent}", kind.name);
        assert!((low + high).abs().max_element() < 1e-5, "{}: {low} to {high}", kind.name);
        let share = splats.len() as f32 / SMALL.target_splats as f32;
        assert!((0.8..1.2).contains(&share), "{}: {} splats", kind.name, splats.len());
        let finite = splats.parts().log_scales.iter().flatten().all(|value| value.is_finite());
        assert!(finite && splats.parts().sh_dc.iter().flatten().all(|value| value.is_finite()));
    }
}

/// The bounds that a kind states hold its whole surface: nothing is cut off.
#[test]
fn bounds_hold_the_surface() {
    let mut cut = std::collections::BTreeSet::new();
    for kind in Kind::ALL {
        for seed in 0..4 {
            let solid = kind.solid(seed);
            let [low, high] = solid.bounds;
            let (size, n) = (high - low, 24);
            for idx in 0..n * n {
                let (u, v) = ((idx % n) as f32 / (n - 1) as f32, (idx / n) as f32 / (n - 1) as f32);
                for (axis, end) in [(0, 0.0), (0, 1.0), (1, 0.0), (1, 1.0), (2, 0.0), (2, 1.0)] {
                    let share = match axis {
                        0 => Vec3::new(end, u, v),
                        1 => Vec3::new(u, end, v),
                        _ => Vec3::new(u, v, end),
                    };
                    let distance = solid.distance(low + size * share);
                    if distance < -1e-4 {
                        cut.insert(format!("{} {seed}: side {axis}/{end}", kind.name));
                    }
                }
            }
        }
    }
    assert!(cut.is_empty(), "{cut:#?}");
}

#[test]
fn a_seed_gives_the_same_bytes_on_any_number_of_threads_and_another_seed_another_object() {
    let made = |n_threads, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| Kind::ALL[0].splats(seed, SMALL))
    };
    assert_eq!(made(1, 1), made(3, 1));
    assert_ne!(made(2, 1), made(2, 2));
}

/// A change of any formula shows here: positions and colours of a few splats of each kind, added up.
#[test]
fn the_set_does_not_change_unnoticed() {
    let sampling = Sampling { target_splats: 3000, ..SMALL };
    let mut text = String::new();
    for kind in Kind::ALL {
        let splats = kind.splats(1, sampling);
        let bits = splats.parts().positions.iter().chain(&splats.parts().sh_dc).flatten();
        let sum = bits.fold(0_u64, |sum, value| sum.rotate_left(5) ^ u64::from(value.to_bits()));
        text += &format!("{} {} {sum:016x}\n", kind.name, splats.len());
    }
    insta::assert_snapshot!(text, @r"
    vase 3191 9cc7329ffe7b58d2
    goblet 2884 ac02677193a82cba
    bottle 3057 c1640b1fb47a63c0
    bell 3175 5b9bfada139e771f
    clock 3043 9a3a7f169538bcbf
    sign 3195 70987a4b5c623937
    book 2945 8708a57ed4565da5
    house 2950 faabee0c6910eb2c
    car 3133 97694ea2212944b6
    crate 2907 3594017b9dd82356
    toadstool 3235 dcbd66e81defcba6
    pumpkin 3120 8b1a619eb47c8818
    bear 3235 f801c983cf557f53
    chair 2791 58f63ab4c42b9c83
    lamp 3122 67d03f82a89fc001
    tree 3084 2a41d1bf1335143d
    mug 2493 c16c27b24f45e5aa
    balloon 2868 878c6d7a98bad5c5
    ");
}
