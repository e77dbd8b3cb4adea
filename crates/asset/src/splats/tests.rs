//! Lengths of attributes, degrees, and activation at the edges of `f32`.

use insta::assert_snapshot;

use super::*;

#[test]
fn degrees_and_their_counts_agree() {
    for degree in 0..=4 {
        let degree = ShDegree::new(degree).unwrap();
        assert_eq!(ShDegree::from_rest_values(degree.rest_values()), Some(degree));
        let bands = usize::from(degree.get()) + 1;
        assert_eq!(degree.rest_values(), 3 * (bands * bands - 1));
    }
    assert_eq!(ShDegree::new(5), None);
    assert_eq!(SplatCount::new(u64::from(SplatCount::MAX) + 1), None);
}

#[test]
fn attributes_have_to_belong_together() {
    let error = |parts: SplatsParts| Splats::new(parts).unwrap_err().to_string();
    assert_snapshot!(
        error(SplatsParts { positions: vec![[0.0; 3]; 2], ..SplatsParts::default() }),
        @"log_scales has 0 values, 2 are needed for 2 splats"
    );
    let parts = SplatsParts {
        positions: vec![[0.0; 3]],
        log_scales: vec![[0.0; 3]],
        rotations: vec![[0.0; 4]],
        raw_opacities: vec![0.0],
        sh_dc: vec![[0.0; 3]],
        sh_degree: ShDegree::THREE,
        sh_rest: vec![0.0; 44],
    };
    assert_snapshot!(error(parts), @"sh_rest has 44 values, 45 are needed for 1 splats");
}

fn rotation(rotation: [f32; 4]) -> [f32; 4] {
    let (position, log_scale, sh_dc) = ([0.0; 3], [0.0; 3], [0.0; 3]);
    let raw = RawSplat { position, log_scale, rotation, raw_opacity: 0.0, sh_dc, sh_rest: &[] };
    raw.activate().rotation
}

#[test]
fn rotations_of_any_length_become_unit_quaternions() {
    for length in [1e-11, 1.0, 3.0, 1e19, 1e20, 1e38] {
        let unit = rotation([0.5 * length, -0.5 * length, 0.5 * length, -0.5 * length]);
        for (found, expected) in unit.iter().zip([0.5, -0.5, 0.5, -0.5]) {
            assert!((found - expected).abs() < 1e-6, "length {length}: {unit:?}");
        }
    }
    assert_eq!(rotation([0.0; 4]), [0.0; 4]);
    assert!(rotation([f32::INFINITY, 0.0, 0.0, 0.0])[0].is_nan());
    assert!(rotation([f32::NAN, 0.0, 0.0, 0.0])[0].is_nan());
}

#[test]
fn activation_of_the_worked_example() {
    // Rendering specification §B.8, Gaussian 0 before normalisation: opacity 2 -> 0.880797, colour 0.5 ± 0.2820948.
    let raw = RawSplat {
        position: [0.5, 0.0, 0.0],
        log_scale: [libm::logf(0.1); 3],
        rotation: [1.0, 0.0, 0.0, 0.0],
        raw_opacity: 2.0,
        sh_dc: [1.0, 0.0, -1.0],
        sh_rest: &[],
    };
    let active = raw.activate();
    assert!((active.opacity / 1.5 - 0.587_198_1).abs() < 1e-6, "{}", active.opacity);
    assert!((active.scale[0] - 0.1).abs() < 1e-7, "{}", active.scale[0]);
    for (found, expected) in active.base_colour.iter().zip([0.782_094_8, 0.5, 0.217_905_2]) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
}
