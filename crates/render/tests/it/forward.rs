//! The renderer against the oracle.

use asset::{Splats, SplatsParts};
use image::RgbaImage;
use render::{Background, Camera, Lens, View, splats};

use crate::{oracle, scenes};

/// PSNR in dB over all channels of the pictures in floats over white, and the largest difference of a byte.
fn compare(splats: &Splats, camera: &Camera) -> (f64, u8) {
    let (found, truth) = (splats::draw(splats, camera), oracle::draw(splats, camera));
    let mut squares = 0.0;
    for pixel in 0..found.colour.len() {
        for channel in 0..3 {
            let found =
                f64::from(found.colour[pixel][channel]) + f64::from(found.transmittance[pixel]);
            let truth = truth.colour[pixel][channel] + truth.transmittance[pixel];
            let error = found.clamp(0.0, 1.0) - truth.clamp(0.0, 1.0);
            squares += error * error;
        }
    }
    let mean = squares / (3 * found.colour.len()) as f64;
    let bytes = |picture: RgbaImage| picture.into_raw();
    let (a, b) = (found.over(Background::WHITE), truth.to_frame().over(Background::WHITE));
    let most = bytes(a).iter().zip(bytes(b)).map(|(a, b)| a.abs_diff(b)).max().unwrap();
    (-10.0 * libm::log10(mean), most)
}

/// One splat made from a round, half opaque, green one in the middle.
fn one(change: impl Fn(&mut SplatsParts)) -> SplatsParts {
    let mut parts = SplatsParts {
        positions: vec![[0.0; 3]],
        log_scales: vec![[-2.0; 3]],
        rotations: vec![[1.0, 0.0, 0.0, 0.0]],
        raw_opacities: vec![0.0],
        sh_dc: vec![[-1.0, 1.0, 0.0]],
        ..SplatsParts::default()
    };
    change(&mut parts);
    parts
}

/// All splats of `all` in one asset.
fn together(all: Vec<SplatsParts>) -> Splats {
    let mut sum = SplatsParts::default();
    for parts in all {
        sum.positions.extend(parts.positions);
        sum.log_scales.extend(parts.log_scales);
        sum.rotations.extend(parts.rotations);
        sum.raw_opacities.extend(parts.raw_opacities);
        sum.sh_dc.extend(parts.sh_dc);
    }
    Splats::new(sum).unwrap()
}

/// The bounds that the renderer promises.
fn check(name: &str, splats: &Splats, view: View, lens: Lens) {
    let (psnr_db, most) = compare(splats, &Camera::orbit(view, lens));
    println!("{name} {view:?}: {psnr_db:.1} dB, largest difference {most}");
    assert!(
        psnr_db >= 60.0 && most <= 2,
        "{name} {view:?}: {psnr_db:.1} dB, bytes differ by {most}"
    );
}

#[test]
fn agrees_with_the_oracle() {
    let lens = Lens { size: 90, ..Lens::competition(90) };
    let views = [View::FRONT, View::GRID[0], View { theta_deg: 200.0, phi_deg: 40.0 }];
    for view in views {
        check("fine", &scenes::cloud(1, 2000, [0.002, 0.02], 0), view, lens);
        check("coarse", &scenes::cloud(2, 300, [0.01, 0.3], 0), view, lens);
        check("needles", &scenes::cloud(3, 300, [1e-5, 1.0], 0), view, lens);
        check("SH 3", &scenes::cloud(4, 500, [0.01, 0.1], 3), view, lens);
        check("SH 4", &scenes::cloud(5, 500, [0.01, 0.1], 4), view, lens);
        check("close", &scenes::cloud(6, 500, [0.01, 0.1], 1), view, Lens { radius: 0.4, ..lens });
        check(
            "wide",
            &scenes::cloud(7, 500, [0.01, 0.1], 0),
            view,
            Lens { fov_deg: 120.0, radius: 0.6, ..lens },
        );
    }
}

/// Each alone and all together: what sits at a limit of the formulas.
#[test]
fn agrees_with_the_oracle_at_the_limits() {
    let red = [1.5, -1.0, -1.0];
    let edges: Vec<(&str, SplatsParts)> = vec![
        ("plain", one(|_| ())),
        ("opacity 1", one(|p| p.raw_opacities[0] = 40.0)),
        ("hardly visible", one(|p| p.raw_opacities[0] = -5.4)),
        ("too faint", one(|p| p.raw_opacities[0] = -5.6)),
        ("smaller than a pixel", one(|p| p.log_scales[0] = [-20.0; 3])),
        ("larger than the view", one(|p| p.log_scales[0] = [3.0, 2.0, 3.0])),
        ("1e30", one(|p| p.log_scales[0] = [69.0, -3.0, -3.0])),
        ("flat", one(|p| p.log_scales[0] = [-1.0, -1.0, f32::NEG_INFINITY])),
        ("at the rim", one(|p| p.positions[0] = [0.93, 0.93, 0.0])),
        (
            "beside the view, reaching in",
            one(|p| (p.positions[0], p.log_scales[0]) = ([1.6, 0.0, 0.0], [-0.7; 3])),
        ),
        (
            "beyond the clamp of the slope",
            one(|p| (p.positions[0], p.log_scales[0]) = ([1.5, 0.2, 1.4], [-0.5; 3])),
        ),
        ("just in front of near", one(|p| p.positions[0] = [0.0, 0.0, 1.9899])),
        ("nearer than near", one(|p| p.positions[0] = [0.0, 0.0, 1.9905])),
        ("far", one(|p| (p.positions[0], p.log_scales[0]) = ([3.0, 1.0, -97.0], [2.0; 3]))),
        ("beyond far", one(|p| (p.positions[0], p.log_scales[0]) = ([0.0, 0.0, -99.0], [2.0; 3]))),
        ("behind", one(|p| p.positions[0] = [0.0, 0.0, 3.0])),
        (
            "long quaternion",
            one(|p| {
                (p.rotations[0], p.log_scales[0]) = ([30.0, 4.0, 8.0, -9.0], [-1.0, -3.0, -4.0]);
            }),
        ),
        ("bright", one(|p| p.sh_dc[0] = [9.0, 1.0, -7.0])),
        (
            "tie, first",
            one(|p| {
                (p.positions[0], p.raw_opacities[0], p.sh_dc[0]) = ([0.1, 0.0, -0.5], 3.0, red);
            }),
        ),
        ("tie, second", one(|p| (p.positions[0], p.raw_opacities[0]) = ([0.12, 0.01, -0.5], 3.0))),
    ];
    let lens = Lens::competition(70);
    for (name, parts) in &edges {
        check(name, &Splats::new(parts.clone()).unwrap(), View::FRONT, lens);
    }
    let all = together(edges.into_iter().map(|(_, parts)| parts).collect());
    check("all", &all, View::FRONT, lens);
    check("all", &all, View::WHITE[0].view, lens);
}

/// Opaque splats in many layers: pixels finish, and nothing is drawn behind.
#[test]
fn agrees_with_the_oracle_behind_opaque_layers() {
    let mut parts = scenes::object(9, 3000, 0).into_parts();
    for log_scale in parts.log_scales.iter_mut().flatten() {
        *log_scale += 1.0;
    }
    parts.raw_opacities.fill(9.0);
    let splats = Splats::new(parts).unwrap();
    for named in View::WHITE {
        check(named.name, &splats, named.view, Lens::competition(64));
    }
}
