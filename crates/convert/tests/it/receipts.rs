//! Receipts find what was done to an asset.

use asset::{ShDegree, Splats};
use convert::Asset;
use convert::filters::{Filter, Placement};
use convert::receipt::{AttributeError, Measured, Verdict, measure};

use crate::make;

fn splats() -> Splats {
    make::figure(3000, 2)
}

fn cost(before: &Asset, after: &Asset, order: Option<&[u32]>) -> Measured {
    measure(before, after, order, &|| false).unwrap()
}

fn edited(edit: impl FnOnce(&mut asset::SplatsParts)) -> Measured {
    let mut parts = splats().into_parts();
    edit(&mut parts);
    cost(&Asset::Splats(splats()), &Asset::Splats(Splats::new(parts).unwrap()), None)
}

fn error<'a>(measured: &'a Measured, attribute: &str) -> &'a AttributeError {
    measured.attributes.iter().find(|error| error.attribute == attribute).unwrap()
}

#[test]
fn an_asset_costs_nothing_beside_itself() {
    let asset = Asset::Splats(splats());
    let same = cost(&asset, &asset, None);
    assert!(same.is_identical && same.pictures.are_identical && same.pictures.views.is_empty());
    assert_eq!(same.pictures.decibels(), f64::INFINITY);
    let scene = Asset::Scene(make::toy());
    assert!(cost(&scene, &scene, None).is_identical);
}

#[test]
fn each_error_is_found_where_it_is_and_in_its_unit() {
    let found = edited(|parts| parts.positions[7][1] += 0.25);
    assert!((error(&found, "position").max - 0.25).abs() < 1e-6);
    assert!((error(&found, "position").mean - 0.25 / 3000.0).abs() < 1e-8);
    assert_eq!(error(&found, "scale").max, 0.0);

    let found = edited(|parts| parts.log_scales[7][1] += libm::logf(1.5));
    assert!((error(&found, "scale").max - 0.5).abs() < 1e-6, "{:?}", found.attributes);

    // A quarter about the splat's own x, in a quaternion of another length and sign.
    let found = edited(|parts| {
        let [w, x, y, z] = parts.rotations[7];
        parts.rotations[7] = [w - x, w + x, y + z, z - y].map(|c| -3.0 * c);
    });
    assert!((error(&found, "rotation").max - 90.0).abs() < 1e-3, "{:?}", found.attributes);

    let found = edited(|parts| {
        let opacity = 1.0 / (1.0 + libm::expf(-parts.raw_opacities[7]));
        parts.raw_opacities[7] = libm::logf((opacity - 0.1) / (1.1 - opacity));
    });
    assert!((error(&found, "opacity").max - 0.1).abs() < 1e-6, "{:?}", found.attributes);

    let found = edited(|parts| parts.sh_dc[7][2] += 0.1 / asset::splats::SH_C0);
    assert!((error(&found, "colour").max - 0.1).abs() < 1e-6, "{:?}", found.attributes);

    // Coefficient 3 of 0 to 7 is the first one of the second band.
    let found = edited(|parts| parts.sh_rest[7 * 24 + 3 * 3] += 0.5);
    assert_eq!(error(&found, "sh1").max, 0.0);
    assert!((error(&found, "sh2").max - 0.5).abs() < 1e-6, "{:?}", found.attributes);

    let found = edited(|parts| parts.positions[7][1] = f32::NAN);
    assert_eq!((error(&found, "position").not_numbers, error(&found, "position").max), (1, 0.0));
}

#[test]
fn an_order_is_undone_before_values_are_compared() {
    let before = splats();
    let order: Vec<u32> = (0..3000).rev().collect();
    let mut parts = before.clone().into_parts();
    parts.positions.reverse();
    parts.log_scales.reverse();
    parts.rotations.reverse();
    parts.raw_opacities.reverse();
    parts.sh_dc.reverse();
    parts.sh_rest = before.parts().sh_rest.chunks(24).rev().flatten().copied().collect();
    let [before, after] = [before, Splats::new(parts).unwrap()].map(Asset::Splats);
    assert!(cost(&before, &after, Some(&order)).is_identical);
    let astray = cost(&before, &after, None);
    assert!(!astray.is_identical && error(&astray, "position").max > 0.1);
    let short = cost(&before, &after, Some(&order[1..]));
    insta::assert_snapshot!(short.not_compared.unwrap(), @"3000 splats before, 3000 after, and which is which is not known");
}

#[test]
fn lost_bands_count_as_zeros() {
    let before = Asset::Splats(splats());
    let after = Filter::Sh(ShDegree::ZERO).apply(before.clone()).unwrap().0;
    let found = cost(&before, &after, None);
    let mean = error(&found, "sh2").mean;
    assert!((0.03..0.05).contains(&mean), "{mean}");
    assert!(found.pictures.decibels() < 50.0, "{:?}", found.pictures);
    assert_eq!(found.orientation.verdict, Verdict::Kept);
}

/// Orientation of an asset that was turned or mirrored before it was compared.
fn stands(before: &Asset, after: &Asset) -> (Verdict, String) {
    let orientation = cost(before, after, None).orientation;
    (orientation.verdict, orientation.best)
}

#[test]
fn turned_assets_are_found_and_the_turn_is_named() {
    for before in [Asset::Splats(splats()), Asset::Scene(make::toy())] {
        let turned = |degrees| {
            let filter = Filter::Place(Placement::Rotate(degrees));
            filter.apply(before.clone()).unwrap().0
        };
        let nudged = Filter::Place(Placement::Translate([0.002, 0.0, 0.0])).apply(before.clone());
        assert_eq!(stands(&before, &nudged.unwrap().0), (Verdict::Kept, "x y z".into()));
        // (x, y, z) is now at (z, y, −x): to fit, new x has to become −z, and new z x.
        assert_eq!(stands(&before, &turned([0.0, 90.0, 0.0])), (Verdict::Turned, "-z y x".into()));
        // The usual mistake between files with y down and y up.
        assert_eq!(
            stands(&before, &turned([180.0, 0.0, 0.0])),
            (Verdict::Turned, "x -y -z".into())
        );
        assert_eq!(stands(&before, &turned([90.0, 0.0, 0.0])), (Verdict::Turned, "x z -y".into()));
    }
    let mut parts = splats().into_parts();
    parts.positions.iter_mut().for_each(|position| position[0] = -position[0]);
    let mirrored = Asset::Splats(Splats::new(parts).unwrap());
    let (verdict, best) = stands(&Asset::Splats(splats()), &mirrored);
    assert_eq!((verdict, best.as_str()), (Verdict::Mirrored, "-x y z"));
}

#[test]
fn assets_of_any_place_and_size_are_seen() {
    let far = |asset: Asset| {
        let asset = Filter::Place(Placement::Scale(40.0)).apply(asset).unwrap().0;
        Filter::Place(Placement::Translate([900.0, -20.0, 5.0])).apply(asset).unwrap().0
    };
    for asset in [Asset::Splats(splats()), Asset::Scene(make::toy())] {
        let changed =
            Filter::Place(Placement::Rotate([0.0, 5.0, 0.0])).apply(asset.clone()).unwrap().0;
        let near = cost(&asset, &changed, None).pictures.decibels();
        let far = cost(&far(asset), &far(changed), None).pictures.decibels();
        assert!((near - far).abs() < 1.0, "{near:.2} dB near, {far:.2} dB far");
        assert!((5.0..35.0).contains(&near), "{near:.2} dB after a turn of 5 degrees");
    }
}

#[test]
fn scenes_are_compared_triangle_by_triangle() {
    let before = make::toy();
    let mut after = before.clone();
    after.nodes[1].world[12] += 0.01;
    let values = &mut after.geometries[1].uvs[0].as_mut().unwrap().values;
    values[3] += 0.5;
    let found = cost(&Asset::Scene(before.clone()), &Asset::Scene(after.clone()), None);
    assert!((error(&found, "position").max - 0.01).abs() < 1e-9, "{:?}", found.attributes);
    assert_eq!(error(&found, "normal").max, 0.0);
    assert!((error(&found, "uv").max - 0.5).abs() < 1e-6, "{:?}", found.attributes);
    after.geometries[2].index.as_mut().unwrap().truncate(33);
    let found = cost(&Asset::Scene(before), &Asset::Scene(after), None);
    insta::assert_snapshot!(found.not_compared.unwrap(), @"36 triangles are drawn before, 35 after");
}

#[test]
fn measuring_stops_when_asked() {
    let [before, after] = [splats(), make::figure(3000, 0)].map(Asset::Splats);
    assert!(measure(&before, &after, None, &|| true).is_err());
}

#[test]
fn figures_do_not_depend_on_threads() {
    let [before, after] = [make::figure(9000, 1), make::figure(9000, 0)].map(Asset::Splats);
    let run = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| cost(&before, &after, None))
    };
    let one = run(1);
    assert!(run(2) == one && run(5) == one);
}
