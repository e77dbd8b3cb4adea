//! The renderer against the oracle.

use asset::Splats;
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
            squares += (found.clamp(0.0, 1.0) - truth.clamp(0.0, 1.0)).powi(2);
        }
    }
    let mean = squares / (3 * found.colour.len()) as f64;
    let bytes = |picture: RgbaImage| picture.into_raw();
    let (a, b) = (found.over(Background::WHITE), truth.to_frame().over(Background::WHITE));
    let most = bytes(a).iter().zip(bytes(b)).map(|(a, b)| a.abs_diff(b)).max().unwrap();
    (-10.0 * libm::log10(mean), most)
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
