//! Normals, tangent frames and relief against the same formulas in double precision.

use glam::{DVec3, Mat3, Vec2, Vec3};
use proptest::prelude::*;
use render::shade::normal::{self, Face, Frame, Slope};

use super::oracle::{any_direction, any_pair, any_vector, off, ordinary, wide, wide2};

const FACES: [Face; 3] = [Face::Front, Face::BackSide, Face::DoubleBack];

/// (turned normal, turned scales) of each face.
fn signs(face: Face) -> (f64, f64) {
    match face {
        Face::Front => (1.0, 1.0),
        Face::BackSide => (1.0, -1.0),
        Face::DoubleBack => (-1.0, 1.0),
    }
}

/// Screen derivatives of a position: of a triangle that has an area on screen.
fn slopes() -> impl Strategy<Value = Slope<Vec3>> {
    (any_vector(), any_vector())
        .prop_filter("an area", |(x, y)| x.cross(*y).length() > 0.05)
        .prop_map(|(x, y)| Slope { x: x * 0.01, y: y * 0.01 })
}

fn uv_slopes() -> impl Strategy<Value = Slope<Vec2>> {
    (any_pair(), any_pair())
        .prop_filter("an area", |(x, y)| x.perp_dot(*y).abs() > 0.05)
        .prop_map(|(x, y)| Slope { x: x * 0.01, y: y * 0.01 })
}

/// T and B of the cotangent frame.
fn frame(n: DVec3, p: Slope<Vec3>, uv: Slope<Vec2>) -> (DVec3, DVec3) {
    let (q0, q1) = (wide(p.x), wide(p.y));
    let (s, t) = (wide2(uv.x), wide2(uv.y));
    let tangent = q1.cross(n) * s.x + n.cross(q0) * t.x;
    let bitangent = q1.cross(n) * s.y + n.cross(q0) * t.y;
    let scale = 1.0 / tangent.length_squared().max(bitangent.length_squared()).sqrt();
    (tangent * scale, bitangent * scale)
}

proptest! {
    #[test]
    fn flat_normals_face_the_viewer(corners in [any_vector(), any_vector(), any_vector()]) {
        // Derivatives of a plane seen through a pinhole at the origin, looking down −Z, y up.
        let at = |x: f64, y: f64| {
            let [a, b, c] = corners.map(|c| wide(c) - DVec3::Z * 5.0);
            let n = (b - a).cross(c - a);
            let ray = DVec3::new(x, y, -1.0);
            ray * (n.dot(a) / n.dot(ray))
        };
        let here = at(0.1, 0.2);
        prop_assume!(here.is_finite() && here.length() < 50.0 && here.z < -1.0);
        let step = 1e-3;
        let slope = Slope {
            x: (at(0.1 + step, 0.2) - here).as_vec3(),
            y: (at(0.1, 0.2 + step) - here).as_vec3(),
        };
        prop_assume!(slope.x.length() < 0.1 && slope.y.length() < 0.1);
        let found = normal::flat(slope);
        prop_assert!((found.length() - 1.0).abs() < 1e-5, "{found}");
        prop_assert!(wide(found).dot(-here) > 0.0, "{found} looks away from the eye at {here}");
    }

    #[test]
    fn smooth_normals_turn_with_the_face(raw in any_vector()) {
        prop_assume!(raw.length() > 0.01);
        for face in FACES {
            let expected = wide(raw).normalize() * signs(face).0;
            let found = normal::smooth(raw, face);
            prop_assert!(off(found, expected) < 1e-6, "{face:?}: {found}, not {expected}");
        }
    }

    #[test]
    fn spread_is_the_largest_change(x in any_vector(), y in any_vector()) {
        let largest = [x.x, x.y, x.z, y.x, y.y, y.z].map(f32::abs).into_iter().fold(0.0, f32::max);
        prop_assert_eq!(normal::spread(Slope { x, y }), largest);
        let broken = Slope { x: Vec3::new(f32::NAN, 0.0, 0.25), y: Vec3::ZERO };
        prop_assert_eq!(normal::spread(broken), 0.25);
    }

    #[test]
    fn mapped_normals_follow_the_coordinates(
        n in any_direction(), p in slopes(), uv in uv_slopes(),
        texel in [0.0..1.0_f32, 0.0..1.0, 0.5..1.0], scale in any_pair(),
    ) {
        for face in FACES {
            let (turn, scaled) = signs(face);
            let shading = n * face.normal_sign();
            let found_frame = Frame::from_slopes(shading, p, uv).turned(face);
            let (tangent, bitangent) = frame(wide(n) * turn, p, uv);
            let (tangent, bitangent) = (tangent * turn, bitangent * turn);
            prop_assert!(off(found_frame.tangent, tangent) < 1e-4, "{found_frame:?} {tangent}");
            prop_assert!(off(found_frame.bitangent, bitangent) < 1e-4, "{found_frame:?} {bitangent}");

            let m = wide(Vec3::from(texel)) * 2.0 - 1.0;
            let sum = tangent * (m.x * f64::from(scale.x) * scaled)
                + bitangent * (m.y * f64::from(scale.y) * scaled)
                + wide(n) * turn * m.z;
            prop_assume!(sum.length() > 0.1);
            let found = normal::mapped(
                shading, found_frame, Vec3::from(texel), scale * face.scale_sign(),
            );
            prop_assert!(off(found, sum.normalize()) < 1e-3, "{found}, not {}", sum.normalize());
        }
    }

    #[test]
    fn tangents_of_the_geometry_are_taken_as_they_are(
        n in any_direction(), tangent in any_vector(), left_handed: bool,
    ) {
        prop_assume!(tangent.cross(n).length() > 0.1);
        let handedness = if left_handed { -1.0 } else { 1.0 };
        let found = Frame::from_tangent(n, tangent, handedness);
        let t = wide(tangent).normalize();
        let b = wide(n).cross(t).normalize() * f64::from(handedness);
        prop_assert!(off(found.tangent, t) < 1e-5 && off(found.bitangent, b) < 1e-4, "{found:?}");
    }

    #[test]
    fn object_space_maps_leave_the_surface_aside(
        texel in any_direction(), columns in [any_vector(), any_vector(), any_vector()],
    ) {
        let matrix = Mat3::from_cols_array_2d(&columns.map(|c| c.to_array()));
        let texel = (texel + 1.0) * 0.5;
        let m = wide(texel) * 2.0 - 1.0;
        let sum = wide(columns[0]) * m.x + wide(columns[1]) * m.y + wide(columns[2]) * m.z;
        prop_assume!(sum.length() > 0.1);
        for face in FACES {
            let (turn, scaled) = signs(face);
            let found = normal::object_mapped(matrix, texel, face);
            prop_assert!(off(found, sum.normalize() * turn * scaled) < 1e-4, "{face:?}: {found}");
        }
    }

    #[test]
    fn bumps_tilt_by_the_rise(
        n in any_direction(), p in slopes(), dx in ordinary(), dy in ordinary(),
    ) {
        for face in FACES {
            let (turn, _) = signs(face);
            let shading = wide(n) * turn;
            let (x, y) = (wide(p.x).normalize(), wide(p.y).normalize());
            let (r1, r2) = (y.cross(shading), shading.cross(x));
            let d = x.dot(r1) * turn;
            let (dx64, dy64) = (f64::from(dx), f64::from(dy));
            let sum = shading * d.abs() - (r1 * dx64 + r2 * dy64) * d.signum();
            prop_assume!(sum.length() > 0.1 && d.abs() > 1e-3);
            let found = normal::bumped(n * face.normal_sign(), p, Slope { x: dx, y: dy }, face);
            prop_assert!(off(found, sum.normalize()) < 1e-3, "{face:?}: {found}");
        }
    }
}

#[test]
fn a_hill_leans_away_from_its_top() {
    // A wall facing the viewer whose height grows to the right: its normal turns to the left.
    let wall = Slope { x: Vec3::X * 0.01, y: Vec3::Y * 0.01 };
    let found = normal::bumped(Vec3::Z, wall, Slope { x: 0.5, y: 0.0 }, Face::Front);
    assert!((found - Vec3::new(-0.5, 0.0, 1.0).normalize()).length() < 1e-6, "{found}");
}

#[test]
fn degenerate_input_gives_zero() {
    let nothing = Slope { x: Vec3::ZERO, y: Vec3::ZERO };
    let uv = Slope { x: Vec2::ZERO, y: Vec2::ZERO };
    assert_eq!(normal::flat(nothing), Vec3::ZERO);
    assert_eq!(normal::smooth(Vec3::splat(f32::INFINITY), Face::Front), Vec3::ZERO);
    assert_eq!(Frame::from_slopes(Vec3::Z, nothing, uv), Frame::NONE);
    assert_eq!(Frame::from_tangent(Vec3::Z, Vec3::ZERO, 1.0), Frame::NONE);
    let flat = normal::mapped(Vec3::Z, Frame::NONE, Vec3::new(0.9, 0.1, 1.0), Vec2::ONE);
    assert_eq!(flat, Vec3::Z, "without a frame a map changes nothing");
    let rise = Slope { x: 1.0, y: 1.0 };
    assert_eq!(normal::bumped(Vec3::Z, nothing, rise, Face::Front), Vec3::ZERO);
}
