//! `cargo xtask tour`: remakes the picture at the head of the README: shipped photographs, and the assets made of them
//! from four sides.

use std::error::Error;
use std::path::Path;

use generate::{Options, Quality, Unobserved};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, RgbImage};
use render::{Background, Camera, Lens, View, splats};

/// The photographs, one row each.
const NAMES: [&str; 3] = ["toadstool", "clock", "car"];
/// From the front's left, all around.
const THETAS_DEG: [f64; 4] = [20.0, 110.0, 200.0, 290.0];
/// A little from above.
const PHI_DEG: f64 = -10.0;
/// Side of a cell, pixels.
const CELL: u32 = 256;
/// Near enough for an asset to fill its cell.
const RADIUS: f64 = 1.6;
const JPEG_QUALITY: u8 = 86;

/// Makes the assets of `pictures` and writes the picture to `to`.
pub(super) fn write(pictures: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    let lens = Lens { radius: RADIUS, ..Lens::competition(CELL) };
    let cameras =
        THETAS_DEG.map(|theta_deg| Camera::orbit(View { theta_deg, phi_deg: PHI_DEG }, lens));
    let columns = 1 + THETAS_DEG.len() as u32;
    let mut tour = RgbImage::new(columns * CELL, NAMES.len() as u32 * CELL);
    for (row, name) in NAMES.into_iter().enumerate() {
        let picture =
            image::load_from_memory(&fs_err::read(pictures.join(format!("{name}.jpg")))?)?;
        let options = Options { quality: Quality::Standard, ..Options::default() };
        let asset = generate::generate(&picture.to_rgba8(), &options, &mut Unobserved)?;
        let mut put = |column: usize, cell: RgbImage| {
            let [x, y] = [column, row].map(|place| i64::from(CELL) * place as i64);
            imageops::replace(&mut tour, &cell, x, y);
        };
        put(0, picture.resize_exact(CELL, CELL, FilterType::Lanczos3).to_rgb8());
        for (column, frame) in splats::draw_all(&asset.splats, &cameras).iter().enumerate() {
            let cell = DynamicImage::from(frame.over(Background::WHITE));
            put(1 + column, cell.to_rgb8());
        }
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY).encode_image(&tour)?;
    fs_err::write(to, jpeg)?;
    Ok(())
}
