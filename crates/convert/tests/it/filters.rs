//! What filters do to known assets.

use asset::{ShDegree, Splats};
use convert::Asset;
use convert::filters::{Filter, Placement, Recolour, Region};

use crate::make;

fn apply(filter: &Filter, splats: Splats) -> Splats {
    match filter.apply(Asset::Splats(splats)).unwrap().0 {
        Asset::Splats(splats) => splats,
        Asset::Scene(_) => panic!("{filter} made a scene"),
    }
}

/// Splats of the middle of the number line, edited.
fn row(edit: impl Fn(usize, &mut asset::SplatsParts)) -> Splats {
    let mut parts = make::figure(5, 1).into_parts();
    for idx in 0..5 {
        parts.positions[idx] = [idx as f32 - 2.0, 0.0, 0.0];
        parts.log_scales[idx] = [-3.0, -4.0, -5.0];
        parts.raw_opacities[idx] = 0.0;
        edit(idx, &mut parts);
    }
    Splats::new(parts).unwrap()
}

/// Which of the row are left, by their x.
fn left(filter: &Filter, splats: Splats) -> String {
    let left =
        apply(filter, splats).iter().map(|splat| splat.position[0].to_string()).collect::<Vec<_>>();
    left.join(" ")
}

#[test]
fn regions_keep_or_cut_and_own_their_border() {
    let cube = Region::Box { min: [-1.0, -1.0, -1.0], max: [1.0, 1.0, 1.0] };
    let ball = Region::Sphere { centre: [1.0, 0.0, 0.0], radius: 1.0 };
    assert_eq!(left(&Filter::Crop(cube, true), row(|_, _| {})), "-1 0 1");
    assert_eq!(left(&Filter::Crop(cube, false), row(|_, _| {})), "-2 2");
    assert_eq!(left(&Filter::Crop(ball, true), row(|_, _| {})), "0 1 2");
    assert_eq!(left(&Filter::Crop(ball, false), row(|_, _| {})), "-2 -1");
}

#[test]
fn what_is_kept_keeps_all_its_attributes() {
    let before = make::figure(10_000, 3);
    let filter = Filter::Crop(Region::Sphere { centre: [0.0; 3], radius: 0.2 }, true);
    let after = apply(&filter, before.clone());
    let expected: Vec<_> = before
        .iter()
        .filter(|splat| {
            splat.position.iter().map(|c| f64::from(*c) * f64::from(*c)).sum::<f64>() <= 0.04
        })
        .collect();
    assert!(after.len() > 1000 && after.len() < 9000, "{}", after.len());
    assert!(after.iter().eq(expected));
}

#[test]
fn thresholds_look_at_what_is_drawn() {
    let opacities =
        row(|idx, parts| parts.raw_opacities[idx] = [f32::NAN, -5.0, -1.0, 0.0, 9.0][idx]);
    assert_eq!(left(&Filter::MinOpacity(0.5), opacities), "1 2");
    // Standard deviations of e⁻³ = 0.0498, but for the last with e⁰ on its third axis.
    let scales = || row(|idx, parts| parts.log_scales[idx][2] = if idx == 4 { 0.0 } else { -9.0 });
    assert_eq!(left(&Filter::MaxScale(0.5), scales()), "-2 -1 0 1");
    assert_eq!(left(&Filter::MinScale(0.5), scales()), "2");
}

#[test]
fn invalid_splats_go() {
    let splats = row(|idx, parts| match idx {
        0 => parts.rotations[0] = [0.0; 4],
        1 => parts.sh_rest[9] = f32::NAN,
        2 => parts.log_scales[2][1] = f32::NEG_INFINITY,
        3 => parts.raw_opacities[3] = f32::INFINITY,
        _ => {}
    });
    assert_eq!(left(&Filter::DropInvalid, splats), "2");
}

#[test]
fn floaters_go_and_the_object_stays() {
    let mut parts = make::figure(8000, 0).into_parts();
    let is_floater = |idx: usize| idx.is_multiple_of(400);
    for idx in (0..8000).filter(|idx| is_floater(*idx)) {
        // Scattered over a large shell, a few of them together.
        let angle = (idx / 800) as f32;
        parts.positions[idx] = [2.0 + 0.3 * angle, 1.5 - 0.3 * angle, 1.0];
    }
    let objects: Vec<_> =
        (0..8000).filter(|idx| !is_floater(*idx)).map(|idx| parts.positions[idx]).collect();
    let after = apply(&Filter::RemoveFloaters(0.01), Splats::new(parts).unwrap());
    let lost = objects.len() as i64 - after.len() as i64;
    assert!((0..80).contains(&lost), "{lost} of {} splats of the object went", objects.len());
    assert!(after.parts().positions.iter().all(|position| position[0] < 1.0), "a floater stayed");
}

#[test]
fn bands_are_cut_and_the_rest_stays() {
    let before = make::figure(50, 3);
    let after = apply(&Filter::Sh(ShDegree::new(1).unwrap()), before.clone());
    assert_eq!(after.sh_degree().get(), 1);
    for (one, other) in before.iter().zip(after.iter()) {
        assert_eq!(&one.sh_rest[..9], other.sh_rest);
        assert_eq!(
            (one.position, one.rotation, one.sh_dc),
            (other.position, other.rotation, other.sh_dc)
        );
    }
    assert_eq!(apply(&Filter::Sh(ShDegree::THREE), after.clone()), after, "nothing is added");
}

#[test]
fn decimation_keeps_what_covers_most() {
    let splats = row(|idx, parts| {
        parts.log_scales[idx] = [
            [-9.0, -9.0, 5.0],
            [-1.0, -1.0, -9.0],
            [-9.0; 3],
            [-1.0, -1.0, -1.0],
            [0.0, 0.0, f32::NAN],
        ][idx];
        parts.raw_opacities[idx] = if idx == 3 { 4.0 } else { 0.0 };
    });
    assert_eq!(left(&Filter::Decimate(2), splats.clone()), "-1 1");
    assert_eq!(left(&Filter::Decimate(9), splats), "-2 -1 0 1 2");
}

#[test]
fn placements() {
    let at = |filter: &Filter| {
        let mut parts = row(|_, _| {}).into_parts();
        parts.positions[4] = [1.0, 2.0, 3.0];
        let splats = apply(filter, Splats::new(parts).unwrap());
        let splat = splats.get(4);
        (splat.position.map(|c| (c * 1000.0).round() / 1000.0 + 0.0), splat.log_scale[0])
    };
    assert_eq!(at(&Filter::Place(Placement::Translate([0.5, 0.0, -1.0]))), ([1.5, 2.0, 2.0], -3.0));
    assert_eq!(at(&Filter::Place(Placement::Rotate([90.0, 0.0, 0.0]))), ([1.0, -3.0, 2.0], -3.0));
    assert_eq!(at(&Filter::Place(Placement::Rotate([0.0, 90.0, 0.0]))), ([3.0, 2.0, -1.0], -3.0));
    // About x first: y goes to z; then about z, which leaves it.
    assert_eq!(at(&Filter::Place(Placement::Rotate([90.0, 0.0, 90.0]))), ([3.0, 1.0, 2.0], -3.0));
    let (position, log_scale) = at(&Filter::Place(Placement::Scale(2.0)));
    assert_eq!(position, [2.0, 4.0, 6.0]);
    assert!((log_scale + 3.0 - 2.0_f32.ln()).abs() < 1e-6);
}

#[test]
fn fitting_fills_the_unit_box() {
    let far = apply(&Filter::Place(Placement::Translate([7.0, -3.0, 0.0])), make::figure(500, 1));
    let big = apply(&Filter::Place(Placement::Scale(12.0)), far);
    let bounds = asset::stats::bounds(&apply(&Filter::Fit, big).parts().positions).unwrap();
    let size = bounds.size();
    let longest = size.into_iter().fold(0.0, f32::max);
    assert!((longest - 1.0).abs() < 1e-5, "{size:?}");
    for c in 0..3 {
        assert!((bounds.min[c] + bounds.max[c]).abs() < 1e-5, "{bounds:?}");
    }
    let scene = Filter::Place(Placement::Translate([5.0, 5.0, 5.0]))
        .apply(Asset::Scene(make::toy()))
        .unwrap()
        .0;
    let Asset::Scene(scene) = Filter::Fit.apply(scene).unwrap().0 else { panic!("splats") };
    let bounds = asset::stats::SceneStats::of(&scene).bounds.unwrap();
    let longest = bounds.size().into_iter().fold(0.0, f32::max);
    assert!((longest - 1.0).abs() < 1e-5, "{bounds:?}");
    scene.check().unwrap();
}

#[test]
fn colours() {
    let with = |recolour: Recolour| {
        let splats = apply(
            &Filter::Recolour(recolour),
            row(|idx, parts| {
                parts.sh_dc[idx] = [0.2, 0.5, 0.8].map(|c: f32| (c - 0.5) / asset::splats::SH_C0);
                parts.sh_rest[idx * 9..idx * 9 + 3].copy_from_slice(&[0.1, 0.2, 0.3]);
            }),
        );
        let round = |values: [f32; 3]| values.map(|c| (c * 1000.0).round() / 1000.0 + 0.0);
        let splat = splats.get(2);
        (
            round(splat.activate().base_colour),
            round([splat.sh_rest[0], splat.sh_rest[1], splat.sh_rest[2]]),
        )
    };
    assert_eq!(with(Recolour::Gain(2.0)), ([0.4, 1.0, 1.6], [0.2, 0.4, 0.6]));
    assert_eq!(with(Recolour::Tint([1.0, 0.0, 0.5])), ([0.2, 0.0, 0.4], [0.1, 0.0, 0.15]));
    assert_eq!(with(Recolour::Brightness(0.1)), ([0.3, 0.6, 0.9], [0.1, 0.2, 0.3]));
    // Luma of the colour: 0.2126 · 0.2 + 0.7152 · 0.5 + 0.0722 · 0.8.
    assert_eq!(with(Recolour::Saturation(0.0)).0, [0.458; 3]);
    assert_eq!(with(Recolour::Saturation(1.0)), ([0.2, 0.5, 0.8], [0.1, 0.2, 0.3]));
}

#[test]
fn what_cannot_be_done_is_said() {
    let text = |filter: &Filter, asset: Asset| filter.apply(asset).unwrap_err().to_string();
    insta::assert_snapshot!(text(&Filter::MinOpacity(0.5), Asset::Scene(make::toy())), @"--min-opacity 0.5 is for splats, and this is a scene of meshes; scenes can be moved, turned, scaled and fitted");
    let nowhere = Region::Sphere { centre: [9.0, 0.0, 0.0], radius: 1.0 };
    insta::assert_snapshot!(text(&Filter::Crop(nowhere, true), Asset::Splats(make::figure(7, 0))), @"--crop-sphere 9,0,0,1 leaves no splat of 7");
    let point = row(|idx, parts| parts.positions[idx] = [1.0; 3]);
    insta::assert_snapshot!(text(&Filter::Fit, Asset::Splats(point)), @"--fit: the asset has no extent that could be fitted");
}

#[test]
fn filters_do_not_depend_on_threads() {
    let filters = [
        Filter::DropInvalid,
        Filter::RemoveFloaters(0.02),
        Filter::Decimate(9000),
        Filter::Place(Placement::Rotate([10.0, 20.0, 30.0])),
        Filter::Recolour(Recolour::Saturation(1.5)),
        Filter::Fit,
    ];
    let run = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            filters.iter().fold(make::figure(20_000, 2), |splats, filter| apply(filter, splats))
        })
    };
    let one = run(1);
    assert!(run(2) == one && run(5) == one);
}
