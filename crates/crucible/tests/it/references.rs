//! Feature modules against pictures of them that Three.js r183 drew in Chromium (how: xtask/oracle): the whole way from
//! source text to picture, but for the cage.

use std::fmt::Write as _;
use std::path::Path;

use render::scene::{Lighting, Prepared};
use render::{Camera, Lens, View};
use threejs::engine::{Engine, Limits};

const SIDE_PX: u32 = 256;

/// Every picture has to reach these.
const PSNR_MIN: f64 = 50.0;
const SSIM_MIN: f64 = 0.999;

/// On a thread with room for unoptimised frames of the interpreter.
fn scene(engine: &Engine, source: &str) -> asset::scene::Scene {
    assert_eq!(threejs::analyse(source).unwrap().failures, [], "static rules");
    std::thread::scope(|scope| {
        let run = || engine.run(source, &Limits::default()).expect("an interpreter");
        let thread = std::thread::Builder::new().stack_size(8 << 20);
        let outcome = thread.spawn_scoped(scope, run).unwrap().join().unwrap();
        assert_eq!(outcome.failures, []);
        outcome.scene.expect("a module that passed has a scene")
    })
}

#[test]
fn every_feature_is_drawn_as_three_draws_it() {
    let folder = Path::new("tests/references");
    let engine = Engine::new().unwrap();
    let mut modules: Vec<_> = fs_err::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "js"))
        .collect();
    modules.sort();
    assert!(modules.len() >= 20, "{} modules found", modules.len());

    let (mut table, mut wrong) = (String::new(), 0);
    for path in modules {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let prepared = Prepared::new(&scene(&engine, &fs_err::read_to_string(&path).unwrap()));
        let requests = [
            ("follow", Lighting::Follow, [255; 3], View { theta_deg: 30.0, phi_deg: 0.0 }),
            ("studio", Lighting::Studio, [128; 3], View { theta_deg: 216.0, phi_deg: -15.0 }),
        ];
        for (request, lighting, background, view) in requests {
            let camera = Camera::orbit(view, Lens::competition(SIDE_PX));
            let ours = prepared.draw(&camera, lighting, background);
            let picture = format!("{name}.{request}");
            let reference =
                image::open(folder.join(format!("{picture}.png"))).unwrap().into_rgba8();
            let psnr = vision::metrics::psnr(&ours, &reference, None).unwrap();
            let ssim = vision::metrics::ssim(&ours, &reference, None).unwrap();
            let is_near = psnr >= PSNR_MIN && ssim >= SSIM_MIN;
            let verdict = if is_near { "" } else { "  <-- too far" };
            wrong += usize::from(!is_near);
            writeln!(table, "{picture:24} {psnr:6.2} dB  SSIM {ssim:.5}{verdict}").unwrap();
        }
    }
    println!("{table}");
    assert_eq!(wrong, 0, "pictures that are not what Three.js draws:\n{table}");
}
