//! Tests of bundles. Modules run in this process: they are ours.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use asset::scene::{
    Attribute, Drawable, Geometry, GeometryId, Material, MaterialId, MaterialKind, Materials, Node,
    NodeId, Primitive, Scene,
};
use generate::truth::{Kind as Solid, Sampling};
use image::{Rgba, RgbaImage};
use insta::assert_snapshot;
use vision::descriptor::{distance, npz};

use super::*;
use crate::work::Work;

const LANTERN: &[u8] = include_bytes!("../../../assets/modules/lantern.js");
const PROMPT: &[u8] = include_bytes!("../../../assets/pictures/vase.jpg");

fn in_process() -> Modules {
    Modules::new(Arc::new(|source| {
        let engine = threejs::engine::Engine::new().expect("Three.js compiles");
        let source = threejs::decode(source);
        let analysis = threejs::analyse(&source).expect("room to work in");
        let run = || engine.run(&source, &threejs::engine::Limits::default()).expect("it runs");
        let outcome = analysis.failures.is_empty().then(run);
        let failures = outcome.as_ref().map_or(&analysis.failures, |outcome| &outcome.failures);
        if let Some(first) = failures.first() {
            let text = format!("{}/{}: {}", first.stage, first.rule, first.detail);
            return Err(ViewsError::Invalid(words(&text)));
        }
        Ok(outcome.and_then(|outcome| outcome.scene).expect("a scene"))
    }))
}

fn maker() -> Maker {
    Maker::new(in_process())
}

/// A toadstool of a few splats, somewhere, of some size.
fn splats() -> Vec<u8> {
    let sampling = Sampling { target_splats: 3_000, shading: 1.0 };
    let splats = Solid::named("toadstool").expect("ours").splats(1, sampling);
    let moved = asset::Similarity::new([1.0, 0.0, 0.0, 0.0], 7.0, [30.0, -2.0, 5.0]);
    let mut file = Vec::new();
    asset::ply::write(&splats.transform(&moved.expect("finite")), &mut file).expect("memory");
    file
}

/// A tent without a floor: four triangles, from −0.4 to 0.4.
fn mesh(scale: f32) -> Vec<u8> {
    let corners = [[-0.4, -0.4, -0.4], [0.4, -0.4, -0.4], [0.4, -0.4, 0.4], [-0.4, -0.4, 0.4]];
    let triangle = |side: usize| [corners[(side + 1) % 4], corners[side], [0.0_f32, 0.4, 0.0]];
    let positions = (0..4).flat_map(triangle).flatten().map(|c| c * scale).collect();
    let geometry = Geometry { position: Some(Attribute::new(3, positions)), ..Geometry::default() };
    let drawable = Drawable {
        primitive: Primitive::Mesh,
        geometry: GeometryId(0),
        materials: Materials::Single(MaterialId(0)),
    };
    let child =
        Node { parent: Some(NodeId(0)), drawable: Some(drawable), object_id: 1, ..Node::default() };
    let scene = Scene {
        nodes: vec![Node::default(), child],
        geometries: vec![geometry],
        materials: vec![Material::new(MaterialKind::Standard(Box::default()))],
        ..Scene::default()
    };
    let mut file = Vec::new();
    asset::glb::write(&scene, &mut file).expect("memory");
    file
}

/// A bundle of each kind, made once: pictures of 1024² take their time.
fn bundles() -> &'static [Bundle; 3] {
    static BUNDLES: OnceLock<[Bundle; 3]> = OnceLock::new();
    BUNDLES.get_or_init(|| {
        let of = |kind, asset: &[u8]| maker().bundle(kind, asset, PROMPT).expect("valid");
        let (splats, mesh) = (of(Kind::Splats, &splats()), of(Kind::Mesh, &mesh(1.0)));
        [splats, mesh, of(Kind::Module, LANTERN)]
    })
}

fn picture(png: &[u8]) -> RgbaImage {
    vision::decode(png).expect("a PNG of ours")
}

/// Part of the pixels that are not of the corner's colour, in percent, of each view.
fn filled(pictures: &[Bytes]) -> Vec<usize> {
    let part = |png: &Bytes| {
        let picture = picture(png);
        let backdrop = *picture.get_pixel(0, 0);
        let filled = picture.pixels().filter(|&&pixel| pixel != backdrop).count();
        100 * filled / (picture.width() * picture.height()) as usize
    };
    pictures.iter().map(part).collect()
}

fn summary(bundle: &Bundle) -> String {
    let corner = |png: &Bytes| {
        let picture = picture(png);
        let (width, height) = picture.dimensions();
        let Rgba([r, g, b, a]) = *picture.get_pixel(0, 0);
        format!("{width}×{height} {r:02x}{g:02x}{b:02x}{a:02x}")
    };
    let arrays = npz::read(&bundle.embeddings).expect("ours");
    let arrays = arrays.iter().map(|(name, vector)| format!("{name} {}", vector.len()));
    [
        format!("white {}: {:?}", corner(&bundle.white[0]), filled(&bundle.white)),
        format!("gray {}: {:?}", corner(&bundle.gray[0]), filled(&bundle.gray)),
        format!("grid {}", corner(&bundle.grid)),
        arrays.collect::<Vec<_>>().join(", "),
    ]
    .join("\n")
}

#[test]
fn every_kind_of_asset() {
    let [splats, mesh, module] = bundles();
    assert_snapshot!(summary(splats), @r"
    white 1024×1024 ffffffff: [22, 22, 21, 24, 22, 22, 21, 19]
    gray 1024×1024 808080ff: [22, 21, 21, 24]
    grid 1041×1041 ffffffff
    prompt 384, view_front_left 384, view_front_right 384, view_front_below 384, view_front_above 384, view_right 384, view_back 384, view_left 384, view_top_down 384
    ");
    assert_snapshot!(summary(mesh), @r"
    white 1024×1024 ffffffff: [0, 5, 0, 1, 0, 0, 0, 3]
    gray 1024×1024 808080ff: [16, 16, 12, 15]
    grid 1041×1041 ffffffff
    prompt 384, view_front_left 384, view_front_right 384, view_front_below 384, view_front_above 384, view_right 384, view_back 384, view_left 384, view_top_down 384
    ");
    assert_snapshot!(summary(module), @r"
    white 1024×1024 ffffffff: [13, 13, 11, 12, 11, 11, 11, 11]
    gray 1024×1024 808080ff: [13, 13, 11, 12]
    grid 1041×1041 808080ff
    prompt 384, view_front_left 384, view_front_right 384, view_front_below 384, view_front_above 384, view_right 384, view_back 384, view_left 384, view_top_down 384
    ");
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads");
    let [splats_there, mesh_there, _] = bundles();
    let splats = pool(1).install(|| maker().bundle(Kind::Splats, &splats(), PROMPT));
    assert_eq!(splats.expect("valid").digest(), splats_there.digest());
    let mesh = pool(3).install(|| maker().bundle(Kind::Mesh, &mesh(1.0), PROMPT));
    assert_eq!(mesh.expect("valid").digest(), mesh_there.digest());
}

#[test]
fn keys_and_digest() {
    let byte = |n: u8| Bytes::from(vec![n]);
    let bundle = Bundle {
        white: (0..8).map(byte).collect(),
        gray: (8..12).map(byte).collect(),
        grid: byte(12),
        embeddings: byte(13),
    };
    let keys: Vec<_> = bundle.files().map(|(key, kind, _)| format!("{key} {kind}")).collect();
    assert_snapshot!(keys.join("\n"), @r"
    white/front_left.png image/png
    white/front_right.png image/png
    white/front_below.png image/png
    white/front_above.png image/png
    white/right.png image/png
    white/back.png image/png
    white/left.png image/png
    white/top_down.png image/png
    gray/front_left.png image/png
    gray/front_right.png image/png
    gray/front_below.png image/png
    gray/front_above.png image/png
    grid.png image/png
    embeddings.npz application/octet-stream
    ");
    let hex: String = bundle.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_snapshot!(hex, @"e8197c194e95965e911bbbfaa9df0f8f19f30815802a6bde037c26942e693ad9");
    let other = Bundle { grid: byte(99), ..bundle.clone() };
    assert_ne!(other.digest(), bundle.digest());
}

/// What does not depend on the view is what the views differ in least: pictures of one asset are closer to each other than to those
/// of another.
#[test]
fn vectors_are_of_the_views() {
    let [splats, _, module] = bundles();
    let of = |bundle: &Bundle| npz::read(&bundle.embeddings).expect("ours");
    let (one, other) = (of(splats), of(module));
    assert_eq!(one[0], other[0], "the prompt");
    assert!(distance(&one[1].1, &one[2].1) < distance(&one[1].1, &other[1].1));
}

#[test]
fn what_breaks_a_rule_is_invalid_before_the_prompt_is_looked_at() {
    let of = |kind, asset: &[u8]| match maker().bundle(kind, asset, b"no picture") {
        Err(error) => format!("{error:?}"),
        Ok(_) => "a bundle".to_owned(),
    };
    let said = [
        of(Kind::Splats, b""),
        of(Kind::Splats, &mesh(1.0)),
        of(Kind::Splats, &splats()[..2000]),
        of(Kind::Mesh, b"glTF"),
        of(Kind::Mesh, &mesh(2.0)),
        of(Kind::Module, b""),
        of(Kind::Module, b"\xff\xfe"),
        of(Kind::Module, b"export default function generate(THREE) { while (true) {} }"),
        of(Kind::Module, b"export default function generate(THREE) { throw new Error('a\\nb' + 'x'.repeat(1000)) }"),
        of(Kind::Mesh, &mesh(1.0)),
    ];
    assert_snapshot!(said.join("\n"), @r#"
    Invalid("FILE_FORMAT: a 3DGS PLY is needed, this is a file that starts with \"\"")
    Invalid("FILE_FORMAT: a 3DGS PLY is needed, this is glTF")
    Invalid("PLY_READABLE: ply: the file ends at byte 2000, in record 23 of 3235 of element vertex")
    Invalid("GLB_READABLE: glb, byte 4: the file ends; it has 4 bytes")
    Invalid("BOX_SIZE: Model exceeds unit cube size constraint: a coordinate is 0.800000011920929 from the origin, at most 0.6")
    Invalid("static_analysis/MISSING_DEFAULT_EXPORT: no `export default` found")
    Invalid("parse/PARSE_ERROR: File appears to be binary. (1:1)")
    Invalid("execution/TIMEOUT_EXCEEDED: exceeded the execution budget of 250000000 steps")
    Invalid("execution/EXECUTION_THREW: a bxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…")
    Prompt("picture: neither PNG, JPEG nor WebP")
    "#);
}

#[test]
fn drawing_is_bounded() {
    let settings = Settings { steps_max: 1000, ..Settings::default() };
    let error = maker().within(settings).bundle(Kind::Module, LANTERN, PROMPT);
    assert_snapshot!(error.expect_err("too few steps").to_string(), @"drawing it takes more than 1000 steps");
    let settings = Settings { time_max: Duration::ZERO, ..Settings::default() };
    let error = maker().within(settings).bundle(Kind::Mesh, &mesh(1.0), PROMPT);
    assert_snapshot!(error.expect_err("no time").to_string(), @"drawing was not done within 0 s");
}

/// How far the bound is from what modules take.
#[test]
fn steps_and_pictures_do_not_depend_on_threads() {
    let subject = draw::read_module(LANTERN, &in_process()).expect("valid");
    let drawn = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let work = Work::start(u64::MAX, Duration::MAX);
        let drawn = pool.install(|| draw::draw(&subject, &|| work.step())).expect("not stopped");
        (work.steps(), drawn)
    };
    let ((steps, one), (again, three)) = (drawn(1), drawn(3));
    assert_snapshot!(steps, @"17584");
    assert_eq!(steps, again);
    assert!(one.white == three.white && one.gray == three.gray && one.grid == three.grid);
}

#[test]
fn a_prompt_is_laid_over_white_and_made_square() {
    let mut tall = RgbaImage::from_pixel(20, 40, Rgba([0, 0, 0, 0]));
    tall.put_pixel(10, 20, Rgba([255, 0, 0, 255]));
    let square = describe::prompt(&render::png::encode(&tall)).expect("a picture");
    assert_eq!(square.dimensions(), (40, 40));
    assert_eq!((square.get_pixel(20, 20).0, square.get_pixel(0, 0).0), ([255, 0, 0], [255; 3]));
    let error = maker().bundle(Kind::Splats, &splats(), b"GIF89a").expect_err("no picture");
    assert_eq!(error, ViewsError::Prompt("picture: neither PNG, JPEG nor WebP".to_owned()));
}

#[test]
fn words_are_short_and_plain() {
    let long = words(&format!("a\u{1b}[31m\n{}", "ü".repeat(500)));
    assert!(long.starts_with("a [31m ü") && long.ends_with('…'));
    assert_eq!(long.chars().count(), 200);
    assert_eq!(words("as it was"), "as it was");
}
