//! `crucible generate` and `crucible eval`: the main job, from a picture file to asset files.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::workplace::Workplace;

#[test]
fn a_picture_becomes_an_asset_in_two_formats() {
    let place = Workplace::new();
    place.egg("egg.png");
    let said =
        place.ok("generate egg.png -o egg.ply -o egg.spz --quality draft --save-stages stages");
    assert!(said.contains("wrote egg.ply, egg.spz"), "{said}");
    assert_eq!(place.run("validate egg.ply").code, 0);
    let json: Value = serde_json::from_str(&place.ok("inspect egg.spz --json")).unwrap();
    assert!(json["splat_count"].as_u64().unwrap() > 5000, "{json}");
    let report: Value = serde_json::from_slice(&place.read("stages/report.json")).unwrap();
    let (psnr_db, iou) = (report["front_psnr_db"].as_f64(), report["front_iou"].as_f64());
    assert!(psnr_db > Some(28.0) && iou > Some(0.96), "PSNR {psnr_db:?} dB, IoU {iou:?}");
    let stages = place.names("stages");
    for part in ["mask", "normal", "depth", "choice", "views"] {
        assert!(stages.iter().any(|name| name.contains(part)), "no {part} in {stages:?}");
    }

    // The front of the asset is red where the egg was, and the picture is clean around it.
    place.ok("render egg.ply -o views --views 0,0;180,0 --size 128 --background transparent");
    for name in ["theta0_phi0.png", "theta180_phi0.png"] {
        let picture = place.picture(&format!("views/{name}"));
        let [r, g, b, a] = picture.get_pixel(64, 64).0;
        assert!(a > 240 && r > 90 && r > 2 * g.max(b), "{name}: {:?}", [r, g, b, a]);
        assert_eq!(picture.get_pixel(8, 8)[3], 0, "{name} has something in the corner");
    }
}

#[test]
fn a_picture_becomes_a_mesh_and_a_module() {
    let place = Workplace::new();
    place.egg("egg.png");
    let json = place
        .ok("generate egg.png -o egg.glb -o egg.js --quality draft --save-stages stages --json");
    let report: Value = serde_json::from_str(&json).unwrap();
    let figures = |kind: &str| {
        let figure = |name: &str| report[kind][name].as_f64().unwrap();
        (figure("front_psnr_db"), figure("front_iou"), figure("triangle_count"))
    };
    let (psnr_db, iou, triangles) = figures("mesh");
    assert!(psnr_db > 24.0 && iou > 0.96, "mesh: PSNR {psnr_db} dB, IoU {iou}");
    assert!(report["mesh"]["closed"] == true && triangles > 1000.0, "{report}");
    let (psnr_db, iou, triangles) = figures("module");
    assert!(psnr_db > 18.0 && iou > 0.93, "module: PSNR {psnr_db} dB, IoU {iou}");
    assert!(triangles > 1000.0, "{report}");
    // Splats were not asked for.
    assert!(report["splat_count"].is_null(), "{report}");
    assert_eq!(place.run("validate egg.js").code, 0);
    let source = String::from_utf8(place.read("egg.js")).unwrap();
    assert!(source.starts_with("// Made by Crucible") && source.ends_with("}\n"), "{source}");
    assert!(place.read("egg.glb").starts_with(b"glTF"));
}

#[test]
fn the_bytes_depend_on_picture_and_seed_and_nothing_else() {
    let place = Workplace::new();
    place.egg("egg.png");
    place.ok("generate egg.png -o a.ply --quality draft --seed 7 --threads 1");
    place.ok("generate egg.png -o b.ply --quality draft --seed 7 --threads 3");
    place.ok("generate egg.png -o c.ply --quality draft --seed 8");
    assert_eq!(place.read("a.ply"), place.read("b.ply"), "thread count");
    assert_ne!(place.read("a.ply"), place.read("c.ply"), "seed");
}

#[test]
fn a_shape_can_be_forced() {
    let place = Workplace::new();
    place.egg("egg.png");
    let depth = |shape: &str| {
        let json =
            place.ok(&format!("generate egg.png -o x.ply --quality draft --shape {shape} --json"));
        let report: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(report["shape"], shape);
        report["extent_m"][2].as_f64().unwrap()
    };
    let (slab, revolved) = (depth("slab"), depth("revolved"));
    assert!(slab < 0.5 * revolved, "depth: slab {slab:.3}, revolved {revolved:.3}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing_half_written() {
    let place = Workplace::new();
    place.egg("egg.png");
    place.write("egg.ply", "what was there");
    let mut command = place
        .command("generate egg.png -o egg.ply --quality high --threads 1 --save-stages stages");
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    // The first stage picture says that work is under way.
    let mut waited = 0;
    while !std::fs::read_dir(place.path("stages")).is_ok_and(|mut files| files.next().is_some()) {
        assert!(waited < 6000, "no stage picture within a minute");
        std::thread::sleep(Duration::from_millis(10));
        waited += 1;
    }
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let code = child.wait().unwrap().code();
    assert_eq!(code, Some(130));
    assert_eq!(place.names(".").join(" "), "egg.ply egg.png stages");
    assert!(place.names("stages").iter().all(|name| !name.starts_with('.')));
    assert_eq!(place.read("egg.ply"), b"what was there");
}

#[test]
fn eval_reports_the_generator_beside_two_baselines() {
    let place = Workplace::new();
    place.ball("ball.ply");
    let args = "eval generator --truth ball.ply --quality draft --prompt-size 256 --view-size 64";
    let report: Value = serde_json::from_str(&place.ok(&format!("{args} --json"))).unwrap();
    let iou =
        |candidate_idx: usize| report["means"][candidate_idx]["mean"]["iou"].as_f64().unwrap();
    assert_eq!(report["means"].as_array().map(Vec::len), Some(3));
    assert!(
        iou(0) > 0.85 && iou(0) > iou(1) + 0.2,
        "IoU: generator {:.3}, billboard {:.3}",
        iou(0),
        iou(1)
    );
    let table = place.ok(&format!("{args} --save-pictures pictures"));
    assert!(table.contains("billboard"), "{table}");
    assert_eq!(place.names("pictures").len(), 5, "{:?}", place.names("pictures"));
}
