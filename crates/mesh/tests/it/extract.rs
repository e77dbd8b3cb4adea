//! Surfaces of fields: closed, where they should be, and the same on any number of threads.

use std::f64::consts::PI;

use glam::Vec3;
use mesh::{MeshError, extract};
use proptest::prelude::*;

use crate::fields::{BOX, Field, ball, cuboid, mesh_of, noise, on_any_threads, torus};

#[test]
fn known_shapes_are_met() {
    // Name, field, Euler characteristic, volume, largest error in cells.
    let torus_volume = 2.0 * PI * PI * 0.3 * 0.12 * 0.12;
    let ball_volume = 4.0 / 3.0 * PI * 0.4 * 0.4 * 0.4;
    let cases: [(&str, Field, i64, f64, f32); 3] = [
        ("ball", ball, 2, ball_volume, 0.03),
        ("torus", torus, 0, torus_volume, 0.06),
        ("cuboid", cuboid, 2, 0.8 * 0.6 * 0.4, 0.75),
    ];
    for (name, field, euler, volume, error_cells) in cases {
        let mesh = mesh_of(field, 40);
        let topology = mesh.topology().unwrap();
        assert!(topology.is_closed_manifold(), "{name}: {topology:?}");
        assert_eq!((topology.euler(), topology.pieces), (euler, 1), "{name}");
        assert!((mesh.volume() / volume - 1.0).abs() < 0.02, "{name}: {} m³", mesh.volume());
        // Vertices are on the field; middles of triangles are near it.
        let worst = mesh.positions.iter().map(|&p| field(p).abs()).fold(0.0, f32::max) * 40.0;
        assert!(worst < 0.02, "{name}: a vertex is {worst} cells off");
        let middles = mesh.triangles.iter().map(|corners| {
            let sum: Vec3 = corners.iter().map(|&v| Vec3::from(mesh.positions[v as usize])).sum();
            field((sum / 3.0).to_array()).abs()
        });
        let worst = middles.fold(0.0, f32::max) * 40.0;
        assert!(worst < error_cells, "{name}: a triangle is {worst} cells off");
    }
}

#[test]
fn normals_look_outwards() {
    let mut mesh = mesh_of(ball, 24);
    let worst = |mesh: &mesh::Mesh| {
        let pairs = mesh.positions.iter().zip(&mesh.normals);
        let cosines = pairs.map(|(&p, &n)| Vec3::from(p).normalize().dot(Vec3::from(n)));
        cosines.fold(1.0, f32::min)
    };
    assert!(worst(&mesh) > 0.97, "{}", worst(&mesh));
    mesh.field_normals(ball, 1e-3);
    assert!(worst(&mesh) > 0.9999, "{}", worst(&mesh));
}

#[test]
fn what_leaves_the_bounds_is_closed() {
    for field in [|_: [f32; 3]| 1.0, |p: [f32; 3]| p[0] + 0.1, |p: [f32; 3]| 1.0 / p[1]] {
        let topology = mesh_of(field, 7).topology().unwrap();
        assert!(topology.is_closed_manifold() && topology.pieces == 1, "{topology:?}");
    }
}

#[test]
fn threads_do_not_show() {
    let mesh = on_any_threads(|| mesh_of(torus, 33));
    assert!(mesh.triangles.len() > 2000);
}

#[test]
fn bad_bounds_are_refused() {
    let error = |bounds, cells| extract::surface(ball, bounds, cells).unwrap_err().to_string();
    assert_eq!(error(BOX, 1), "mesh: number of cells is 1, it has to be 2 to 512");
    assert_eq!(error(BOX, 513), "mesh: number of cells is 513, it has to be 2 to 512");
    let flat = [[0.0; 3], [1.0, 1.0, 0.0]];
    assert_eq!(
        error(flat, 9),
        "mesh: a side of the bounds (metres) is 0, it has to be 0.000001 to 2000000"
    );
    let nowhere = [[f32::NAN; 3], [1.0; 3]];
    let wrong = extract::surface(ball, nowhere, 9).unwrap_err();
    assert!(matches!(wrong, MeshError::Range { .. }), "{wrong}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Noise has every case next to every other, and holes of not-a-number.
    #[test]
    fn any_field_is_closed(seed: u32, cells in 2_u32..12, size in prop::array::uniform3(0.2_f32..1.0)) {
        let plain = noise(seed);
        let field = |p: [f32; 3]| {
            let value = plain(p);
            if value > 0.45 { f32::NAN } else if value > 0.4 { f32::INFINITY } else { value }
        };
        let mesh = extract::surface(field, [[0.0; 3], size], cells).unwrap();
        let topology = mesh.topology().unwrap();
        prop_assert!(topology.is_closed_manifold(), "{topology:?}");
        prop_assert!(mesh.volume() >= 0.0, "{} m³", mesh.volume());
    }
}
