//! What a map does to centres, axes and scales.

use insta::assert_snapshot;

use super::*;
use crate::splats::ShDegree;

fn splats() -> Splats {
    Splats::new(SplatsParts {
        positions: vec![[1.0, 2.0, 3.0], [f32::INFINITY, 0.0, -1.0]],
        log_scales: vec![[-1.0, -2.0, -3.0], [0.0; 3]],
        rotations: vec![[2.0, 0.0, 0.0, 0.0], [0.5, 0.5, -0.5, 0.5]],
        raw_opacities: vec![0.5, 1.0],
        sh_dc: vec![[0.1, 0.2, 0.3]; 2],
        sh_degree: ShDegree::new(1).unwrap(),
        sh_rest: (0..18).map(|idx| idx as f32).collect(),
    })
    .unwrap()
}

#[test]
fn nothing_changes_a_bit() {
    assert_eq!(splats().transform(&Similarity::IDENTITY), splats());
}

#[test]
fn a_quarter_turn_doubled_and_moved() {
    let half = std::f64::consts::FRAC_1_SQRT_2;
    // About +Z: x becomes y.
    let map = Similarity::new([half, 0.0, 0.0, half], 2.0, [0.0, 0.0, 10.0]).unwrap();
    let turned = splats().transform(&map);
    let [a, b, c] = turned.parts().positions[0];
    assert!((a + 4.0).abs() < 1e-6 && (b - 2.0).abs() < 1e-6 && c == 16.0, "{a} {b} {c}");
    let expected = [-1.0, -2.0, -3.0].map(|value| value + std::f32::consts::LN_2);
    assert_eq!(turned.parts().log_scales[0], expected);
    let [w, x, y, z] = turned.parts().rotations[0];
    assert!((w - 1.414_213_6).abs() < 1e-6 && (x, y) == (0.0, 0.0) && z == w, "{w} {x} {y} {z}");
    // Coefficients of −y, z, −x: a colour that grew towards +X now grows towards +Y.
    let [minus_y, z, minus_x] = [0, 3, 6].map(|idx| turned.parts().sh_rest[idx]);
    assert!(
        (minus_y - 6.0).abs() < 1e-5 && (z - 3.0).abs() < 1e-5 && minus_x.abs() < 1e-5,
        "{minus_y} {z} {minus_x}"
    );
}

#[test]
fn there_and_back() {
    let map = Similarity::new([0.3, -0.5, 0.7, 0.1], 3.0, [0.0; 3]).unwrap();
    let back = Similarity::new([0.3, 0.5, -0.7, -0.1], 1.0 / 3.0, [0.0; 3]).unwrap();
    let (before, after) = (splats(), splats().transform(&map).transform(&back));
    let (before, after) = (before.get(0), after.get(0));
    let pairs = before.position.iter().zip(after.position.iter());
    let pairs = pairs.chain(before.log_scale.iter().zip(after.log_scale.iter()));
    let pairs = pairs.chain(before.rotation.iter().zip(after.rotation.iter()));
    for (before, after) in pairs.chain(before.sh_rest.iter().zip(after.sh_rest)) {
        assert!((before - after).abs() < 1e-5, "{before} {after}");
    }
}

#[test]
fn mirrored() {
    let map = Similarity::new([1.0, 0.0, 0.0, 0.0], -1.0, [0.0; 3]).unwrap();
    let mirrored = splats().transform(&map);
    assert_eq!(mirrored.parts().positions, [[-1.0, -2.0, -3.0], [f32::NEG_INFINITY, 0.0, 1.0]]);
    assert_eq!(mirrored.parts().rotations, splats().parts().rotations);
    assert_eq!(mirrored.parts().sh_rest[1], -1.0);
}

#[test]
fn numbers_that_make_none() {
    let error = |rotation, scale, x| Similarity::new(rotation, scale, [x, 0.0, 0.0]).unwrap_err();
    let w = [1.0, 0.0, 0.0, 0.0];
    assert_snapshot!(error(w, 0.0, 0.0), @"the scale of the transform is zero");
    assert_snapshot!(error([0.0; 4], 1.0, 0.0), @"the rotation of the transform has length zero");
    assert_snapshot!(error(w, 1.0, f64::NAN), @"translation of the transform is not finite");
    assert_snapshot!(error([f64::INFINITY, 0.0, 0.0, 0.0], 1.0, 0.0), @"rotation of the transform is not finite");
    assert!(Similarity::new([1e-200, 0.0, 0.0, 1e300], 1.0, [0.0; 3]).is_ok());
}
