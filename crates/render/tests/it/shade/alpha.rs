//! Alpha test, hash, coverage, premultiplication, dithering and unlit colours against the formulas in double precision.

use glam::{DVec3, Vec2, Vec3};
use proptest::prelude::*;
use render::shade::normal::Slope;
use render::shade::{alpha, unlit};

use super::oracle::{any_colour, off, wide};

fn fract(x: f64) -> f64 {
    x - x.floor()
}

/// The measured renderer's sine: the odd polynomial of degree 5 that is exact at 0, 30, 60 and 90 degrees.
fn sine(x: f64) -> f64 {
    let turns = 0.25 - x / std::f64::consts::TAU;
    let y = 0.25 - (turns - turns.round()).abs();
    let root = 3.0_f64.sqrt();
    let [a, b, c] =
        [(36_288.0 - 20_736.0 * root) / 5.0, 288.0 * root - 540.0, (47.0 - 9.0 * root) / 5.0];
    ((a * y * y + b) * y * y + c) * y
}

/// The hash of two whole numbers, so small that `f32` sines keep three digits of it.
fn hash2(x: f64, y: f64) -> f64 {
    fract(1e4 * sine(17.0 * x + 0.1 * y) * (0.1 + sine(13.0 * y + x).abs()))
}

/// How uniform x is made when it is a mix with weight f of two uniform numbers.
fn remapped(x: f64, f: f64) -> f64 {
    let c = f.min(1.0 - f);
    if x < c {
        x * x / (2.0 * c * (1.0 - c))
    } else if x < 1.0 - c {
        (x - c / 2.0) / (1.0 - c)
    } else {
        1.0 - (1.0 - x) * (1.0 - x) / (2.0 * c * (1.0 - c))
    }
}

#[test]
fn hash_thresholds_follow_the_formula() {
    // Positions whose grid cells are 0, so that both hashes are that of the origin: 0, by the formula.
    let origin = fract(1e4 * hash2(hash2(0.0, 0.0), 0.0));
    assert_eq!(origin, 0.0);
    let slope = |size: f32| Slope { x: Vec3::X * size, y: Vec3::Y * (size * 0.5) };
    for size in [0.001, 0.01, 0.3] {
        let found = alpha::hash_threshold(Vec3::splat(1e-6), slope(size));
        assert_eq!(found, 1e-6, "the smallest threshold, at {size}");
    }
    // Cells (0, 0, 1) and (0, 0, 2) of two scales whose mix is even. Only z differs from 0: a hash of a hash keeps no
    // digit of an `f32`.
    let m = 1.0 / (0.05 * 64.0 * std::f32::consts::SQRT_2);
    let found = alpha::hash_threshold(Vec3::new(0.0, 0.0, 1.2 / 64.0), slope(m));
    let x = hash2(0.0, 1.0) * 0.5 + hash2(0.0, 2.0) * 0.5;
    let expected = remapped(x, 0.5);
    assert!((f64::from(found) - expected).abs() < 0.02, "{found}, not {expected}");
}

#[test]
fn hash_thresholds_are_uniform() {
    // Whatever the mix of scales, a share t of a surface has a threshold below t.
    for m in [0.01, 0.0123, 0.0142, 0.017] {
        let slope = Slope { x: Vec3::X * m, y: Vec3::Y * m };
        let mut counts = [0_u32; 4];
        for i in 0..40_000_u32 {
            let at = Vec3::new((i % 200) as f32, (i / 200) as f32, 0.3) * 0.03;
            let t = alpha::hash_threshold(at, slope);
            assert!((1e-6..=1.0).contains(&t), "{t}");
            counts[((t * 4.0) as usize).min(3)] += 1;
        }
        for count in counts {
            assert!((9_000..11_000).contains(&count), "at {m}: {counts:?}");
        }
    }
    assert_eq!(alpha::hash_threshold(Vec3::ONE, Slope { x: Vec3::ZERO, y: Vec3::ZERO }), 1.0);
}

proptest! {
    #[test]
    fn tests_drop_below_their_threshold(a in 0.0..1.0_f32, t in 0.0..1.0_f32) {
        prop_assert_eq!(alpha::test_drops(a, t), t > 0.0 && a < t);
        prop_assert!(!alpha::test_drops(a, 0.0), "a threshold of 0 is no test");
        let slope = Slope { x: Vec3::X * 0.01, y: Vec3::Y * 0.01 };
        let at = Vec3::new(a, t, 0.5);
        let threshold = alpha::hash_threshold(at, slope);
        prop_assert_eq!(alpha::hash_drops(a, at, slope), a < threshold);
    }

    #[test]
    fn coverage_is_a_smooth_step(a in 0.0..1.0_f32, t in 0.01..0.99_f32, w in 0.001..0.5_f32) {
        let x = ((f64::from(a) - f64::from(t)) / f64::from(w)).clamp(0.0, 1.0);
        let found = alpha::coverage_smooth(a, t, w);
        prop_assert!((f64::from(found) - x * x * (3.0 - 2.0 * x)).abs() < 1e-3, "{found}");
        prop_assert_eq!(alpha::coverage_smooth(t + 0.001, t, 0.0), 1.0, "a step without a width");
    }

    #[test]
    fn dithering_is_half_a_step_of_noise(colour in any_colour(), x in 0..1024_u32, y in 0..1024_u32) {
        let at = Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
        let shift = wide(alpha::dither(colour, at)) - wide(colour);
        let step = 255.0 * shift;
        prop_assert!(step.abs().max_element() <= 0.5 + 1e-4, "{step}");
        // One noise: green goes against red and blue.
        let one = DVec3::new(1.0, -1.0, 1.0) * step.x;
        prop_assert!((step - one).abs().max_element() < 1e-3, "{step}");
        prop_assert!(off(alpha::premultiply(colour, 0.25), wide(colour) * 0.25) < 1e-7);
    }

    #[test]
    fn unlit_colours_are_lit_by_their_maps_alone(
        colour in any_colour(), map in any_colour(), ao in 0.0..1.0_f32,
    ) {
        let plain = unlit::basic(colour, None, 1.0);
        prop_assert_eq!(plain, colour);
        let expected = wide(colour) * wide(map) / std::f64::consts::PI * f64::from(ao);
        prop_assert!(off(unlit::basic(colour, Some(map), ao), expected) < 1e-6);
    }

    #[test]
    fn dashes_repeat(d in 0.0..100.0_f32, scale in 0.1..3.0_f32, dash in 0.1..3.0_f32, gap in 0.1..3.0_f32) {
        let (along, period) = (f64::from(scale * d), f64::from(dash + gap));
        let place = along - period * (along / period).floor();
        // Rounding decides at the ends of a dash.
        prop_assume!((place - f64::from(dash)).abs() > 1e-3 && place > 1e-3 && place < period - 1e-3);
        prop_assert_eq!(unlit::in_gap(d, scale, dash, gap), place > f64::from(dash));
    }
}

#[test]
fn dither_noise_follows_the_formula() {
    // Near the corner: 43758 times the sine of a large `f32` has no digit left.
    let at = 0.5_f64;
    let wave = 12.9898 * at + 78.233 * at;
    let r = fract(sine(wave % std::f64::consts::PI) * 43_758.545_3);
    let expected = 0.25 * (2.0 * (1.0 - r) - 2.0 * r);
    let found = f64::from(alpha::dither(Vec3::ZERO, Vec2::splat(0.5)).x) * 255.0;
    assert!((found - expected).abs() < 0.06, "{found}, not {expected}");
}

#[test]
fn a_line_without_distances_is_solid() {
    assert!(!unlit::in_gap(0.0, 1.0, 3.0, 1.0));
    assert!(unlit::in_gap(3.5, 1.0, 3.0, 1.0));
    assert!(!unlit::in_gap(4.5, 1.0, 3.0, 1.0));
    let broken = unlit::basic(Vec3::splat(f32::NAN), None, 1.0);
    assert_eq!(broken, Vec3::ZERO);
    let huge = unlit::basic(Vec3::MAX, Some(Vec3::MAX), 2.0);
    assert!(huge.is_finite(), "{huge}");
}
