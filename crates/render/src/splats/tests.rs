//! What must not show in a picture: instruction set, portions, tiles, boxes, splats that are not numbers.

use asset::{ShDegree, SplatsParts};
use proptest::prelude::*;

use super::*;
use crate::{Lens, View, scenes};

/// Seen a little from above and very close, in a picture whose sides are no multiples of the tile.
fn camera() -> Camera {
    let lens = Lens { radius: 0.9, fov_deg: 70.0, size: 150 };
    let mut camera = Camera::orbit(View { theta_deg: 30.0, phi_deg: -20.0 }, lens);
    camera.size_px = [150, 83];
    camera
}

fn scenes() -> [(&'static str, Splats); 6] {
    [
        ("object", scenes::object(1, 20_000, 1)),
        ("coarse", scenes::cloud(2, 300, [0.01, 0.3], 0)),
        ("needles", scenes::cloud(3, 300, [1e-5, 1.0], 2)),
        ("long needles", scenes::cloud(5, 300, [1e-3, 30.0], 0)),
        ("all sizes", scenes::cloud(6, 300, [1e-9, 1e9], 0)),
        ("dust", scenes::cloud(4, 3000, [1e-6, 0.01], 0)),
    ]
}

/// The bits of all floats, so that −0 and NaN compare too.
fn bits(frame: &Frame) -> Vec<u32> {
    let colours = frame.colour.iter().flatten();
    colours.chain(&frame.transmittance).map(|value| value.to_bits()).collect()
}

#[track_caller]
fn assert_same(name: &str, found: &Frame, expected: &Frame) {
    let differ = bits(found).iter().zip(bits(expected)).filter(|(a, b)| **a != *b).count();
    assert_eq!(differ, 0, "{name}: {differ} of {} floats differ", bits(expected).len());
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    for (name, splats) in scenes() {
        let plain = Scene::at_level(&splats, Level::BASELINE).draw(&camera());
        assert_same(name, &Scene::at_level(&splats, Level::best()).draw(&camera()), &plain);
    }
}

#[test]
fn portions_do_not_show() {
    for (name, splats) in scenes() {
        let scene = Scene::new(&splats);
        let whole = scene.draw(&camera());
        for (entries, pixels) in [(1, 1 << 22), (100, 1), (777, 5000)] {
            let found = scene.draw_in_portions(&camera(), Portions { entries, pixels });
            assert_same(&format!("{name}, {entries} entries, {pixels} pixels"), &found, &whole);
        }
    }
}

/// Every splat at every pixel of every tile, against boxes and lists.
#[test]
fn boxes_and_tiles_do_not_show() {
    for (name, splats) in scenes() {
        let scene = Scene::new(&splats);
        let camera = camera();
        let mut projected = project::project(&splats, &scene.blocks, &camera, scene.level);
        let order = bin::depth_order(&projected);
        let grid = TileGrid::of(camera.size_px);
        let everywhere = bin::TileRect { x: [0, grid.columns as u16], y: [0, grid.end_row as u16] };
        for (splat, tiles) in projected.splats.iter_mut().zip(&mut projected.tiles) {
            splat.reach = [1e9; 2];
            *tiles = everywhere;
        }
        let mut frame = scene.draw(&camera);
        let found = frame.clone();
        scene.draw_band(&projected, &order, grid, usize::MAX, &mut frame);
        assert_same(name, &found, &frame);
    }
}

#[test]
fn order_is_by_depth_and_ties_keep_input_order() {
    let mut random = scenes::Random(5);
    for spread in [0.0_f32, 1e-6, 0.5, 90.0] {
        let depths: Vec<_> = (0..5000).map(|_| 0.02 + random.within(0.0, spread)).collect();
        let mut tiles = vec![bin::TileRect { x: [0, 1], y: [0, 1] }; depths.len()];
        tiles[7] = bin::TileRect::EMPTY;
        let mut expected: Vec<_> = (0..5000).filter(|&splat_idx| splat_idx != 7).collect();
        expected.sort_by(|&a, &b| depths[a as usize].total_cmp(&depths[b as usize]));
        let projected = Projected { splats: Vec::new(), depths, tiles };
        assert_eq!(bin::depth_order(&projected), expected, "spread {spread}");
    }
}

/// One ordinary splat; the tests break one value of a copy of it.
fn ordinary() -> SplatsParts {
    SplatsParts {
        positions: vec![[0.0; 3]],
        log_scales: vec![[-2.0; 3]],
        rotations: vec![[1.0, 0.2, 0.0, 0.3]],
        raw_opacities: vec![1.0],
        sh_dc: vec![[1.0; 3]],
        sh_degree: ShDegree::new(1).unwrap(),
        sh_rest: vec![0.1; 9],
    }
}

#[test]
fn splats_that_are_not_numbers_are_not_drawn() {
    let drawn = |change: fn(&mut SplatsParts)| {
        let mut parts = ordinary();
        change(&mut parts);
        let frame = draw(&Splats::new(parts).unwrap(), &camera());
        frame.transmittance.iter().any(|&t| t < 1.0)
    };
    assert!(drawn(|_| ()));
    assert!(!drawn(|p| p.positions[0][1] = f32::NAN));
    assert!(!drawn(|p| p.positions[0][2] = f32::INFINITY));
    assert!(!drawn(|p| p.positions[0][2] = f32::MAX), "beyond far");
    assert!(!drawn(|p| p.log_scales[0][0] = f32::NAN));
    assert!(!drawn(|p| p.log_scales[0][0] = 89.0), "an infinite scale");
    assert!(drawn(|p| p.log_scales[0][0] = 69.0), "a scale of 1e30");
    assert!(drawn(|p| p.log_scales[0] = [f32::NEG_INFINITY; 3]), "a point");
    assert!(!drawn(|p| p.rotations[0] = [0.0; 4]));
    assert!(!drawn(|p| p.rotations[0][3] = f32::NAN));
    assert!(!drawn(|p| p.rotations[0][3] = f32::INFINITY));
    assert!(drawn(|p| p.rotations[0] = [1e-30, 0.0, 1e-30, 0.0]));
    assert!(drawn(|p| p.rotations[0] = [1e30, 0.0, 1e30, 0.0]));
    assert!(!drawn(|p| p.raw_opacities[0] = f32::NAN));
    assert!(!drawn(|p| p.raw_opacities[0] = f32::NEG_INFINITY));
    assert!(!drawn(|p| p.raw_opacities[0] = -6.0), "below 1/255");
    assert!(drawn(|p| p.raw_opacities[0] = f32::INFINITY), "opacity 1");
    assert!(!drawn(|p| p.sh_dc[0][0] = f32::NAN));
    assert!(!drawn(|p| p.sh_rest[4] = f32::NEG_INFINITY));
    assert!(!drawn(|p| p.positions[0] = camera().eye.to_array().map(|c| c as f32)), "at the eye");
    assert!(!drawn(|p| p.positions[0] = camera().eye.to_array().map(|c| 2.0 * c as f32)), "behind");
}

/// Many splats over the whole picture: the lists come in portions, and stop when all is covered.
#[test]
fn a_wall_of_huge_splats_is_drawn() {
    let n = 3000;
    let parts = SplatsParts {
        positions: (0..n).map(|k| [0.0, 0.0, -(k as f32) / n as f32]).collect(),
        log_scales: vec![[3.0, 3.0, -9.0]; n],
        rotations: vec![[1.0, 0.0, 0.0, 0.0]; n],
        raw_opacities: vec![-5.0; n],
        sh_dc: vec![[0.5; 3]; n],
        sh_degree: ShDegree::ZERO,
        sh_rest: Vec::new(),
    };
    let camera = Camera::orbit(View::FRONT, Lens { radius: 2.0, fov_deg: 49.1, size: 100 });
    let splats = Splats::new(parts).unwrap();
    let frame =
        Scene::new(&splats).draw_in_portions(&camera, Portions { entries: 5000, pixels: 1 << 22 });
    let covered = frame.transmittance.iter().filter(|&&t| t < 2e-4).count();
    assert_eq!(covered, 100 * 100);
}

/// Floats of every kind, the awkward ones often.
fn any_value() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -2.0_f32..2.0,
        2 => -100.0_f32..100.0,
        1 => any::<f32>(),
        1 => prop::sample::select(vec![
            0.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, f32::MIN_POSITIVE, 1e-45, 88.7,
        ]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any floats in, and a picture of finite transmittance between 0 and 1 comes out, the same at each level.
    #[test]
    fn any_splats_give_a_picture(
        values in prop::collection::vec(prop::array::uniform26(any_value()), 0..70),
        radius in 0.01_f64..3.0,
        fov_deg in 1.0_f64..170.0,
    ) {
        let mut parts = SplatsParts { sh_degree: ShDegree::new(1).unwrap(), ..SplatsParts::default() };
        for v in values {
            parts.positions.push([v[0], v[1], v[2]]);
            parts.log_scales.push([v[3], v[4], v[5]]);
            parts.rotations.push([v[6], v[7], v[8], v[9]]);
            parts.raw_opacities.push(v[10]);
            parts.sh_dc.push([v[11], v[12], v[13]]);
            parts.sh_rest.extend(&v[14..23]);
        }
        let splats = Splats::new(parts).unwrap();
        let camera = Camera::orbit(View { theta_deg: 12.0, phi_deg: 3.0 }, Lens { radius, fov_deg, size: 40 });
        let frame = Scene::at_level(&splats, Level::best()).draw(&camera);
        prop_assert!(frame.transmittance.iter().all(|t| (0.0..=1.0).contains(t)));
        let plain = Scene::at_level(&splats, Level::BASELINE).draw(&camera);
        prop_assert_eq!(bits(&frame), bits(&plain));
        let picture = frame.over(crate::Background::WHITE);
        prop_assert_eq!(picture.dimensions(), (40, 40));
    }
}
