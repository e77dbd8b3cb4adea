//! Meshes as competition 1 drew and judged them: pictures against those that pyrender drew (how: `xtask/oracle/glb`), and
//! the commands.

use std::fmt::Write as _;
use std::path::PathBuf;

use insta::assert_snapshot;
use render::{Lens, View, classic};

use crate::workplace::Workplace;

/// Every picture has to reach these. Textures are lowest: the original filtered them in bytes, row by row.
const PSNR_MIN: f64 = 60.0;
const SSIM_MIN: f64 = 0.9995;

fn folder() -> PathBuf {
    std::path::absolute("tests/references/classic").unwrap()
}

fn model(place: &Workplace, name: &str) {
    place
        .write(&format!("{name}.glb"), fs_err::read(folder().join(format!("{name}.glb"))).unwrap());
}

#[test]
fn every_model_is_drawn_as_the_original_drew_it() {
    let mut files: Vec<_> = fs_err::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "glb"))
        .collect();
    files.sort();
    assert_eq!(files.len(), 7);
    let (mut table, mut wrong) = (String::new(), 0);
    for file in files {
        let model = classic::load(&fs_err::read(&file).unwrap()).unwrap();
        let lens = Lens::competition(classic::SIZE_PX);
        let ours = classic::draw(&model, View::GRID[0], lens, [255; 3], &|| false).unwrap();
        let reference = image::open(file.with_extension("png")).unwrap().into_rgba8();
        let psnr = vision::metrics::psnr(&ours, &reference, None).unwrap();
        let ssim = vision::metrics::ssim(&ours, &reference, None).unwrap();
        let is_near = psnr >= PSNR_MIN && ssim >= SSIM_MIN;
        let verdict = if is_near { "" } else { "  <-- too far" };
        wrong += usize::from(!is_near);
        let name = file.file_stem().unwrap().to_string_lossy();
        writeln!(table, "{name:12} {psnr:6.2} dB  SSIM {ssim:.6}{verdict}").unwrap();
    }
    println!("{table}");
    assert_eq!(wrong, 0, "pictures that are not what the original drew:\n{table}");
}

#[test]
fn the_grid_is_that_of_the_competition() {
    let place = Workplace::new();
    model(&place, "factors");
    place.ok("render factors.glb -o grid.png --lighting classic");
    let grid = place.picture("grid.png");
    assert_eq!(grid.dimensions(), (1041, 1041));
    let reference = image::open(folder().join("factors.png")).unwrap().into_rgba8();
    let cell = image::imageops::crop_imm(&grid, 0, 0, 518, 518).to_image();
    let psnr = vision::metrics::psnr(&cell, &reference, None).unwrap();
    assert!(psnr >= PSNR_MIN, "first cell: {psnr} dB");
    assert_eq!(grid.get_pixel(520, 520).0, [0, 0, 0, 255]);
}

#[test]
fn a_view_without_background() {
    let place = Workplace::new();
    model(&place, "alpha");
    place.ok("render alpha.glb -o out --lighting classic --views 24,-15 --size 128 --background transparent");
    let clear = place.picture("out/theta24_phi-15.png");
    place.ok("render alpha.glb -o white --lighting classic --views 24,-15 --size 128");
    let white = place.picture("white/theta24_phi-15.png");
    assert_eq!(clear.get_pixel(0, 0).0, [0; 4]);
    assert!(clear.pixels().any(|pixel| (20..235).contains(&pixel.0[3])), "the model is clear");
    // The filter overshoots at edges, and what is beyond black and white is cut off.
    let mut sum = 0;
    for (clear, white) in clear.pixels().zip(white.pixels()) {
        let [r, _, _, a] = clear.0.map(u32::from);
        let over = (r * a + 255 * (255 - a) + 127) / 255;
        let error = over.abs_diff(u32::from(white.0[0]));
        assert!(error <= 16, "{clear:?} over white is not {white:?}");
        sum += error;
    }
    assert!(sum < 128 * 128 / 4, "mean difference {}", f64::from(sum) / (128.0 * 128.0));
}

#[test]
fn verdicts() {
    let place = Workplace::new();
    model(&place, "factors");
    model(&place, "alpha");
    let run = place.run("validate factors.glb");
    assert_snapshot!(format!("{}\n{}", run.code, run.stdout), @r"
    0
    warning NODE_TRANSFORMS: nodes[0] moves, turns or scales: the service draws the bare geometry, so bake it in
    factors.glb: valid for competition 1
    ");
    let run = place.run("validate alpha.glb --json");
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.code, &report["competition"], &report["valid"]), (0, &1.into(), &true.into()));
    let rules: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["rule"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["DOUBLE_SIDED", "ALPHA_MODE"]);
    let mut cut = place.read("factors.glb");
    cut.truncate(1000);
    place.write("cut.glb", &cut);
    let run = place.run("validate cut.glb");
    assert_snapshot!(format!("{} {}", run.code, run.stderr), @"2 error: cut.glb: glb, byte 8: 26684 bytes announced, 1000 are there");
    place.ball("ball.glb");
    let run = place.run("validate ball.glb");
    let last = run.stdout.lines().last().unwrap_or_default().to_owned();
    assert_eq!(last, "ball.glb: valid for competition 0", "a PLY, whatever its name");
}

#[test]
fn what_the_competition_refused_is_not_drawn_as_it_drew() {
    let place = Workplace::new();
    let mut large = fs_err::read(folder().join("strip.glb")).unwrap();
    let at = large.windows(4).position(|four| four == 0.5_f32.to_le_bytes()).unwrap();
    large[at..at + 4].copy_from_slice(&0.75_f32.to_le_bytes());
    place.write("large.glb", large);
    let run = place.run("render large.glb -o x.png --lighting classic");
    assert_snapshot!(format!("{} {}", run.code, run.stderr), @"1 error: large.glb: Model exceeds unit cube size constraint");
    place.ball("ball.ply");
    let run = place.run("render ball.ply -o x.png --lighting classic");
    assert_snapshot!(format!("{} {}", run.code, run.stderr), @"1 error: ball.ply: glb, byte 0: not a GLB file");
    assert_eq!(place.names(".").join(" "), "ball.ply large.glb", "nothing was written");
}

/// Seen from the other side and upside down: turning the asset by 180° about X undoes it, at the opposite azimuth.
#[test]
fn splats_of_the_later_services_are_flipped() {
    let place = Workplace::new();
    place.ball("ball.ply");
    place.ok("convert ball.ply turned.ply --rotate 180,0,0 --measure=never");
    place.ok("render ball.ply -o a --flipped --views 24,-15 --size 96");
    place.ok("render turned.ply -o b --views -24,-15 --size 96");
    let (a, b) = (place.picture("a/theta24_phi-15.png"), place.picture("b/theta-24_phi-15.png"));
    let psnr = vision::metrics::psnr(&a, &b, None).unwrap();
    assert!(psnr > 50.0, "{psnr} dB");
    place.ok("render ball.ply -o c --views 24,-15 --size 96");
    assert!(place.picture("c/theta24_phi-15.png") != a);
}
