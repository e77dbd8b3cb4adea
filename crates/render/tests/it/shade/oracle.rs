//! Vectors in double precision for the oracles of this folder.

use glam::{DVec2, DVec3, Vec2, Vec3};
use proptest::prelude::*;

/// A number a scene has.
pub(super) fn ordinary() -> impl Strategy<Value = f32> {
    -2.0..2.0_f32
}

/// A vector a scene has.
pub(super) fn any_vector() -> impl Strategy<Value = Vec3> {
    [ordinary(), ordinary(), ordinary()].prop_map(Vec3::from)
}

/// A pair a scene has.
pub(super) fn any_pair() -> impl Strategy<Value = Vec2> {
    [ordinary(), ordinary()].prop_map(Vec2::from)
}

/// Unit length.
pub(super) fn any_direction() -> impl Strategy<Value = Vec3> {
    any_vector()
        .prop_filter("long enough to have a direction", |v| v.length() > 0.1)
        .prop_map(Vec3::normalize)
}

/// A colour of light.
pub(super) fn any_colour() -> impl Strategy<Value = Vec3> {
    [0.0..1.0_f32, 0.0..1.0_f32, 0.0..1.0_f32].prop_map(Vec3::from)
}

pub(super) fn wide(v: Vec3) -> DVec3 {
    v.as_dvec3()
}

pub(super) fn wide2(v: Vec2) -> DVec2 {
    v.as_dvec2()
}

/// The largest difference of a component.
pub(super) fn off(found: Vec3, expected: DVec3) -> f64 {
    (wide(found) - expected).abs().max_element()
}
