//! Atlases: nothing on top of each other, little stretch, any mesh.

use glam::{Vec2, Vec3};
use mesh::atlas::{Atlas, Options, unwrap};
use mesh::{Mesh, MeshError};
use proptest::prelude::*;

use crate::fields::{Field, ball, cuboid, mesh_of, noise, on_any_threads, torus};

fn run(mesh: &Mesh, options: &Options) -> Atlas {
    unwrap(mesh, options, &|| false).unwrap()
}

/// Draws all triangles texel by texel: how many texels are covered, by two charts or twice by one, and whether charts
/// come nearer to each other than the gutter.
#[derive(Debug, Default)]
struct Cover {
    texels: usize,
    doubles: usize,
    too_near: usize,
}

fn cover(atlas: &Atlas, options: &Options) -> Cover {
    // Four looks per texel and axis.
    let side = 4 * options.side_px as i32;
    let gap = 4 * options.gutter_px as i32 - 1;
    let mut owner = vec![u32::MAX; (side * side) as usize];
    let mut found = Cover::default();
    for (corners, &chart) in atlas.mesh.triangles.iter().zip(&atlas.charts) {
        let p = corners.map(|v| Vec2::from(atlas.mesh.uvs[v as usize]) * side as f32);
        let (low, high) = (p[0].min(p[1]).min(p[2]), p[0].max(p[1]).max(p[2]));
        let inside = |at: Vec2| {
            // Well inside, since neighbours share their sides.
            (0..3).all(|k| {
                let along = (p[(k + 1) % 3] - p[k]).normalize_or_zero();
                along.perp_dot(at - p[k]) > 0.02
            })
        };
        for y in low.y as i32..=high.y as i32 {
            for x in low.x as i32..=high.x as i32 {
                if !inside(Vec2::new(x as f32 + 0.5, y as f32 + 0.5)) {
                    continue;
                }
                let slot = &mut owner[(y * side + x) as usize];
                found.texels += 1;
                found.doubles += usize::from(*slot != u32::MAX);
                *slot = chart;
            }
        }
    }
    for y in 0..side {
        for x in 0..side {
            let at = owner[(y * side + x) as usize];
            let is_other = |dx: i32, dy: i32| {
                let (x, y) = (x + dx, y + dy);
                x < side && y < side && {
                    let other = owner[(y * side + x) as usize];
                    other != u32::MAX && other != at
                }
            };
            if at != u32::MAX && (1..=gap).any(|d| is_other(d, 0) || is_other(0, d)) {
                found.too_near += 1;
            }
        }
    }
    found.texels /= 16;
    found
}

/// Least and largest factor by which lengths on triangles change, over what an even scale would make of them.
fn stretch(atlas: &Atlas, side_px: u32) -> [f32; 2] {
    let mut range = [f32::INFINITY, 0.0_f32];
    for corners in &atlas.mesh.triangles {
        let p = corners.map(|v| Vec3::from(atlas.mesh.positions[v as usize]));
        let t = corners.map(|v| Vec2::from(atlas.mesh.uvs[v as usize]) * side_px as f32);
        let (e1, e2) = (p[1] - p[0], p[2] - p[0]);
        let right = e1.normalize_or_zero();
        let up = e1.cross(e2).cross(e1).normalize_or_zero();
        if up == Vec3::ZERO {
            continue;
        }
        // The 2 × 2 matrix from the triangle's plane to the texture.
        let (b1, b2) = (e1.dot(right), Vec2::new(e2.dot(right), e2.dot(up)));
        let (d1, d2) = (t[1] - t[0], t[2] - t[0]);
        let x = d1 / b1;
        let y = (d2 - x * b2.x) / b2.y;
        let (sum, det) = (x.length_squared() + y.length_squared(), x.perp_dot(y));
        let root = (sum * sum / 4.0 - det * det).max(0.0).sqrt();
        let scale = atlas.texels_per_metre;
        range[0] = range[0].min((sum / 2.0 - root).max(0.0).sqrt() / scale);
        range[1] = range[1].max((sum / 2.0 + root).sqrt() / scale);
    }
    range
}

#[test]
fn charts_lie_apart_and_are_hardly_stretched() {
    let options = Options { side_px: 256, gutter_px: 3, angle_deg: 50.0 };
    let cases: [(&str, Field, usize); 3] =
        [("ball", ball, 16), ("torus", torus, 28), ("cuboid", cuboid, 12)];
    for (name, field, charts_max) in cases {
        let mesh = mesh_of(field, 24);
        let atlas = run(&mesh, &options);
        let cover = cover(&atlas, &options);
        assert_eq!((cover.doubles, cover.too_near), (0, 0), "{name}: {cover:?}");
        let filled = cover.texels as f32 / 65536.0;
        assert!(filled > 0.28, "{name}: only {filled} of the texture is used");
        assert!(atlas.chart_count <= charts_max, "{name}: {} charts", atlas.chart_count);
        let [least, most] = stretch(&atlas, options.side_px);
        let cos = libm::cosf(50.0_f32.to_radians());
        assert!(least > cos - 0.02 && most < 1.02, "{name}: lengths by {least} to {most}");
        for (corners, before) in atlas.mesh.triangles.iter().zip(&mesh.triangles) {
            assert_eq!(corners.map(|v| atlas.sources[v as usize]), *before, "{name}");
        }
        assert!(atlas.mesh.check().is_ok(), "{name}");
    }
}

/// A ribbon that winds up like a car park: one chart by its normals, but floor over floor.
#[test]
fn what_would_lie_on_itself_is_cut() {
    let mut ramp = Mesh::default();
    for step in 0..=200 {
        let angle = step as f32 * 0.1;
        for radius in [0.2, 0.4] {
            let (sin, cos) = libm::sincosf(angle);
            ramp.positions.push([radius * cos, 0.01 * angle, -radius * sin]);
        }
    }
    for step in 0..200 {
        let at = 2 * step;
        ramp.triangles.extend([[at, at + 1, at + 3], [at, at + 3, at + 2]]);
    }
    let options = Options { side_px: 256, ..Options::default() };
    let atlas = run(&ramp, &options);
    let cover = cover(&atlas, &options);
    assert_eq!((cover.doubles, cover.too_near), (0, 0), "{cover:?}");
    assert!((3..8).contains(&atlas.chart_count), "{} charts", atlas.chart_count);
}

#[test]
fn triangles_of_their_own_and_without_area_have_a_place() {
    let mut soup = Mesh::default();
    for i in 0..40_u32 {
        let x = i as f32 * 0.1;
        let height = if i % 4 == 0 { 0.0 } else { 0.3 };
        soup.positions.extend([[x, 0.0, 0.0], [x + 0.05, 0.0, 0.0], [x, height, 0.1 * height]]);
        soup.triangles.push([3 * i, 3 * i + 1, 3 * i + 2]);
    }
    soup.triangles.push([0, 0, 0]);
    let options = Options { side_px: 128, gutter_px: 1, angle_deg: 50.0 };
    let atlas = run(&soup, &options);
    let cover = cover(&atlas, &options);
    assert_eq!((cover.doubles, cover.too_near), (0, 0), "{cover:?}");
}

#[test]
fn no_room_is_told() {
    let mesh = mesh_of(noise(7), 8);
    let options = Options { side_px: 16, ..Options::default() };
    let wrong = unwrap(&mesh, &options, &|| false).unwrap_err();
    assert!(matches!(wrong, MeshError::NoRoom { .. }), "{wrong}");
    assert_eq!(unwrap(&mesh, &Options::default(), &|| true), Err(MeshError::Stopped));
    let empty = run(&Mesh::default(), &Options::default());
    assert!(empty.mesh.is_empty() && empty.chart_count == 0);
}

#[test]
fn threads_do_not_show() {
    let mesh = mesh_of(torus, 20);
    on_any_threads(|| run(&mesh, &Options { side_px: 200, ..Options::default() }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn rough_surfaces_have_charts_apart(seed: u32, cells in 2_u32..6) {
        let options = Options { side_px: 256, gutter_px: 1, angle_deg: 60.0 };
        let atlas = run(&mesh_of(noise(seed), cells), &options);
        let cover = cover(&atlas, &options);
        prop_assert_eq!((cover.doubles, cover.too_near), (0, 0), "{:?}", cover);
    }
}
