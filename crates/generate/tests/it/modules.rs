//! Modules and meshes made of drawn pictures of known objects.

use std::sync::OnceLock;

use asset::scene::Scene;
use generate::{Generated, Module, Options, Outputs, Quality, ShapeKind, Unobserved, generate};
use render::scene::Lighting;
use threejs::engine::{Engine, Limits, Realm};

use crate::assets::picture_of;

const BOTH: Outputs = Outputs { splats: false, mesh: true, module: true };

fn made(kind: &str, quality: Quality, outputs: Outputs) -> Generated {
    let options = Options { quality, outputs, ..Options::default() };
    generate(&picture_of(kind, 0, 320), &options, &mut Unobserved).expect("an asset")
}

/// The scene of a module that passes every rule.
fn scene_of(module: &Module) -> Scene {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| Engine::new().unwrap());
    let analysis = threejs::analyse(&module.source).unwrap();
    assert!(analysis.failures.is_empty(), "{:?}", analysis.failures);
    assert!(analysis.production.is_empty(), "{:?}", analysis.production);
    assert!(analysis.literal_bytes < 12_000, "{} bytes of literals", analysis.literal_bytes);
    let outcome = Realm::new(engine, &Limits::default()).unwrap().run(&module.source);
    assert!(outcome.passed(), "{:?}", outcome.failures);
    assert!(outcome.generate_fuel < 60_000_000, "{} steps", outcome.generate_fuel);
    outcome.scene.unwrap()
}

/// One object of each shape: the module is valid, small and near the picture; the mesh is closed and nearer.
#[test]
fn modules_and_meshes_are_sound_and_faithful() {
    for (kind, shape) in [
        ("vase", ShapeKind::Revolved),
        ("clock", ShapeKind::Slab),
        ("crate", ShapeKind::Block),
        ("bear", ShapeKind::Inflated),
    ] {
        let made = made(kind, Quality::Draft, BOTH);
        assert_eq!(made.report.shape, shape, "{kind}");
        check_module(kind, &made);
        check_mesh(kind, &made);
    }
}

fn check_module(kind: &str, made: &Generated) {
    let module = made.module.as_ref().unwrap();
    assert!(module.source.len() <= Module::SOURCE_BYTES_MAX, "{kind}: {}", made.report);
    assert!(module.number_count() <= Module::NUMBERS_MAX, "{kind}: {}", made.report);
    assert!(!module.source.contains("base64"));
    let longest = module.source.lines().map(str::len).max();
    assert!(longest < Some(140), "{kind}: a line of {longest:?} bytes");
    let (front, _) = made.gauge.measure(&scene_of(module), Lighting::Follow);
    assert!(front.front_psnr_db > 18.0 && front.front_iou > 0.93, "{kind}: module {front}");
}

fn check_mesh(kind: &str, made: &Generated) {
    let figures = made.report.mesh.as_ref().unwrap();
    assert!(figures.closed, "{kind}: an edge has not two triangles");
    let front = figures.front;
    // A draft; the aim for `standard` is 24 dB.
    assert!(front.front_psnr_db > 22.0 && front.front_iou > 0.95, "{kind}: mesh {front}");
    let scene = made.mesh.as_ref().unwrap();
    scene.check().unwrap();
    assert_eq!(scene.geometries.len(), 1);
    let positions = &scene.geometries[0].position.as_ref().unwrap().values;
    let reach = positions.iter().fold(0.0_f32, |far, c| far.max(c.abs()));
    assert!((0.45..=0.5).contains(&reach), "{kind} reaches {reach} m");
    let losses = asset::glb::write(scene, std::io::sink()).unwrap();
    assert!(losses.is_empty(), "{losses:?}");
}

#[test]
fn modules_and_meshes_are_the_same_on_any_number_of_threads() {
    let on = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| made("toadstool", Quality::Draft, BOTH))
    };
    let (one, three) = (on(1), on(3));
    assert_eq!(one.module, three.module);
    assert!(one.mesh == three.mesh, "meshes differ between 1 and 3 threads");
}

#[test]
fn what_is_not_asked_for_is_not_made() {
    let made = made("bear", Quality::Draft, Outputs::NONE);
    assert!(made.splats.is_empty() && made.mesh.is_none() && made.module.is_none());
    assert!(made.report.splats.is_none());
}
