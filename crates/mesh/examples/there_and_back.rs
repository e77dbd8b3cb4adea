//! What splats lose on their way to a mesh, and the mesh on its way back to splats: PSNR and overlap over eight views,
//! for the objects whose truth is known.
//! `cargo run --release -p mesh --example there_and_back -- [DIRECTORY [NAME ...]]`; with a directory (or `-` for none),
//! pictures and GLB files go there.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "an example prints, measures time and stops at the first error"
)]

use std::io::Write;
use std::time::Instant;

use asset::Splats;
use asset::scene::Scene;
use generate::truth::{Kind, Sampling};
use image::imageops::replace;
use image::{Rgba, RgbaImage};
use mesh::{from_splats, to_splats};
use render::scene::{Lighting, Prepared};
use render::{Background, Camera, Lens, View};
use vision::Matte;
use vision::metrics::{iou, psnr};

const SIDE: u32 = 512;

fn main() {
    let mut args = std::env::args().skip(1);
    let directory = args.next().filter(|name| name != "-");
    let names: Vec<String> = args.collect();
    println!(
        "| Object | PSNR in the mask, mean | least | IoU, mean | least | triangles | seconds |"
    );
    println!("|---|---|---|---|---|---|---|");
    for kind in Kind::ALL {
        if names.is_empty() || names.iter().any(|name| name == kind.name) {
            let splats = kind.splats(0, Sampling::default());
            report(kind.name, &splats, directory.as_deref());
        }
    }
    for name in names.iter().filter(|name| name.contains('.')) {
        let bytes = std::fs::read(name).unwrap();
        let (splats, _) = asset::read_splats(&bytes[..], Some(bytes.len() as u64)).unwrap();
        let stem = std::path::Path::new(name).file_stem().unwrap().to_string_lossy().into_owned();
        report(&stem, &splats, directory.as_deref());
    }
}

/// A picture over white, and what it covers.
struct Shown {
    picture: RgbaImage,
    mask: Matte,
}

const fn matte(alpha: Vec<f32>) -> Matte {
    Matte { width: SIDE as usize, height: SIDE as usize, alpha }
}

fn of_splats(splats: &Splats) -> Vec<Shown> {
    let cameras = View::WHITE.map(|named| Camera::orbit(named.view, Lens::competition(SIDE)));
    let show = |frame: render::Frame| Shown {
        picture: frame.over(Background::WHITE),
        mask: matte(frame.transmittance.iter().map(|t| 1.0 - t).collect()),
    };
    render::splats::draw_all(splats, &cameras).into_iter().map(show).collect()
}

fn of_scene(scene: &Scene) -> Vec<Shown> {
    let prepared = Prepared::new(scene);
    let show = |named: &render::NamedView| {
        let camera = Camera::orbit(named.view, Lens::competition(SIDE));
        let picture = prepared.draw(&camera, Lighting::Follow, [255; 3]);
        let black = prepared.draw(&camera, Lighting::Follow, [0; 3]);
        // Where the background shows, nothing is.
        let cover = |(white, black): (&Rgba<u8>, &Rgba<u8>)| {
            1.0 - f32::from(white.0[0].abs_diff(black.0[0])) / 255.0
        };
        let mask = matte(picture.pixels().zip(black.pixels()).map(cover).collect());
        Shown { picture, mask }
    };
    View::WHITE.iter().map(show).collect()
}

/// Mean and least PSNR inside the mask of `a`, mean and least overlap.
fn compare(a: &[Shown], b: &[Shown]) -> [f64; 4] {
    let (mut psnrs, mut ious) = (Vec::new(), Vec::new());
    for (a, b) in a.iter().zip(b) {
        psnrs.push(psnr(&a.picture, &b.picture, Some(&a.mask)).unwrap());
        ious.push(iou(&a.mask, &b.mask, 0.5).unwrap());
    }
    let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len() as f64;
    let least = |list: &[f64]| list.iter().copied().fold(f64::INFINITY, f64::min);
    [mean(&psnrs), least(&psnrs), mean(&ious), least(&ious)]
}

fn report(name: &str, splats: &Splats, directory: Option<&str>) {
    let start = Instant::now();
    let scene = from_splats(splats, &from_splats::Options::default(), &|| false).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let triangles = scene.geometries.first().map_or(0, |g| g.element_count() / 3);
    let (before, between) = (of_splats(splats), of_scene(&scene));
    let [mean, least, iou, least_iou] = compare(&before, &between);
    print!(
        "| {name} | {mean:.1} dB | {least:.1} dB | {iou:.3} | {least_iou:.3} | {triangles} | {seconds:.1} "
    );
    std::io::stdout().flush().unwrap();
    let plain = to_splats::Options { refine_steps: 0, ..to_splats::Options::default() };
    let sampled = of_splats(&to_splats(&scene, &plain, &|| false).unwrap());
    let start = Instant::now();
    let refined = to_splats(&scene, &to_splats::Options::default(), &|| false).unwrap();
    let (seconds, count) = (start.elapsed().as_secs_f64(), refined.len());
    let refined = of_splats(&refined);
    let [first, ..] = compare(&between, &sampled);
    let [second, _, iou, _] = compare(&between, &refined);
    println!("| {first:.1} dB | {second:.1} dB | {iou:.3} | {count} | {seconds:.1} |");
    if let Some(directory) = directory {
        // A row of views each of splats, mesh, and splats again.
        let mut sheet = RgbaImage::new(8 * SIDE, 3 * SIDE);
        for (y, row) in [&before, &between, &refined].into_iter().enumerate() {
            for (x, shown) in row.iter().enumerate() {
                let (x, y) = (x as u32 * SIDE, y as u32 * SIDE);
                replace(&mut sheet, &shown.picture, x.into(), y.into());
            }
        }
        sheet.save(format!("{directory}/{name}.png")).unwrap();
        let mut file = std::fs::File::create(format!("{directory}/{name}.glb")).unwrap();
        asset::glb::write(&scene, &mut file).unwrap();
    }
}
