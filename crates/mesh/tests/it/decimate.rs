//! Fewer triangles: still closed, still near, always the same.

use glam::Vec3;
use mesh::decimate::{Goal, decimate};
use mesh::{Mesh, MeshError};
use proptest::prelude::*;

use crate::fields::{Field, ball, cuboid, mesh_of, noise, on_any_threads, torus};

fn run(mesh: &Mesh, goal: Goal) -> Mesh {
    decimate(mesh, goal, &|| false).unwrap()
}

/// Largest distance of triangles (corners, middles of sides and middle) to the field, metres.
fn error(mesh: &Mesh, field: impl Fn([f32; 3]) -> f32) -> f32 {
    let mut worst = 0.0_f32;
    for corners in &mesh.triangles {
        let [a, b, c] = corners.map(|v| Vec3::from(mesh.positions[v as usize]));
        let points = [a, b, c, (a + b) / 2.0, (b + c) / 2.0, (c + a) / 2.0, (a + b + c) / 3.0];
        worst = points.iter().map(|p| field(p.to_array()).abs()).fold(worst, f32::max);
    }
    worst
}

#[test]
fn a_tenth_of_the_triangles_is_near() {
    let cases: [(&str, Field, i64, usize, f32); 3] = [
        ("ball", ball, 2, 1000, 4e-3),
        ("torus", torus, 0, 1000, 6e-3),
        ("cuboid", cuboid, 2, 300, 0.012),
    ];
    for (name, field, euler, triangles, limit) in cases {
        let mesh = run(&mesh_of(field, 48), Goal::triangles(triangles));
        let topology = mesh.topology().unwrap();
        assert!(topology.is_closed_manifold(), "{name}: {topology:?}");
        assert_eq!(topology.euler(), euler, "{name}");
        assert!(topology.triangles <= triangles, "{name}: {topology:?}");
        let error = error(&mesh, field);
        assert!(error < limit, "{name}: {error} m with {} triangles", topology.triangles);
    }
}

#[test]
fn an_error_is_kept() {
    let fine = mesh_of(ball, 48);
    let mut before = fine.triangles.len();
    for limit in [2e-4, 1e-3, 4e-3] {
        let mesh = run(&fine, Goal::error(limit));
        let found = error(&mesh, ball);
        assert!(found < 6.0 * limit, "{found} m at a limit of {limit} m");
        assert!(mesh.triangles.len() < before, "{} at {limit} m", mesh.triangles.len());
        before = mesh.triangles.len();
    }
    assert!(before < 500, "{before} triangles");
}

#[test]
fn a_flat_sheet_keeps_its_rim() {
    let side = 20_u32;
    let positions = (0..side * side).map(|i| [(i % side) as f32, (i / side) as f32, 0.0]).collect();
    let mut sheet = Mesh { positions, ..Mesh::default() };
    for y in 0..side - 1 {
        for x in 0..side - 1 {
            let at = y * side + x;
            sheet.triangles.extend([[at, at + 1, at + side], [at + 1, at + side + 1, at + side]]);
        }
    }
    let mesh = run(&sheet, Goal::error(1e-4));
    assert!(mesh.triangles.len() < 40, "{} triangles", mesh.triangles.len());
    assert!((mesh.area() - 361.0).abs() < 0.1, "{} m²", mesh.area());
}

#[test]
fn the_same_every_time() {
    let mesh = mesh_of(torus, 30);
    on_any_threads(|| run(&mesh, Goal::triangles(500)));
}

#[test]
fn stops_and_refuses() {
    let mesh = mesh_of(ball, 12);
    let stopped = decimate(&mesh, Goal::triangles(10), &|| true);
    assert_eq!(stopped, Err(MeshError::Stopped));
    let wrong = decimate(&mesh, Goal::error(f32::NAN), &|| false).unwrap_err();
    assert!(wrong.to_string().starts_with("mesh: error of the decimation (metres) is NaN"));
    let mut torn = mesh;
    torn.triangles[3][1] = 1_000_000;
    let wrong = decimate(&torn, Goal::triangles(10), &|| false).unwrap_err();
    assert!(wrong.to_string().starts_with("mesh, triangle 3: vertex 1000000 of"), "{wrong}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn closed_stays_closed(seed: u32, cells in 3_u32..9, goal in 0_usize..400) {
        let before = mesh_of(noise(seed), cells);
        let after = run(&before, Goal::triangles(goal));
        let (was, is) = (before.topology().unwrap(), after.topology().unwrap());
        prop_assert!(is.is_closed_manifold(), "{is:?}");
        prop_assert_eq!((was.euler(), was.pieces), (is.euler(), is.pieces));
    }
}
