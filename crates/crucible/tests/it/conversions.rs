//! `convert` from end to end: receipts, limits, filters in their order, meshes and splats, files beside files.

use serde_json::Value;

use crate::modules::SQUARE;
use crate::workplace::Workplace;

fn receipt(place: &Workplace, args: &str) -> Value {
    serde_json::from_str(&place.ok(&format!("convert {args} --json"))).unwrap()
}

#[test]
fn a_receipt_says_what_a_conversion_cost() {
    let place = Workplace::new();
    place.ball("ball.ply");
    let text = place.ok("convert ball.ply ball.spz --receipt receipt.json");
    let json: Value = serde_json::from_slice(&place.read("receipt.json")).unwrap();
    assert_eq!((&json["schema"], &json["version"]), (&"crucible-receipt".into(), &1.into()));
    assert_eq!(json["input"]["bytes"], place.read("ball.ply").len());
    assert_eq!(json["output"]["bytes"], place.read("ball.spz").len());
    assert_eq!(json["output"]["splats"], 4000);
    let sha256 = json["output"]["sha256"].as_str().unwrap();
    assert!(text.contains(sha256) && sha256.len() == 64, "{text}");
    let measured = &json["measured"];
    assert_eq!(measured["orientation"]["verdict"], "kept");
    assert_eq!(measured["pictures"]["views"].as_array().unwrap().len(), 8);
    let psnr_db = measured["pictures"]["psnr_db"].as_f64().unwrap();
    assert!(psnr_db > 40.0, "{psnr_db:.1} dB");
    let position = &measured["attributes"][0];
    assert_eq!(position["attribute"], "position");
    let max = position["max"].as_f64().unwrap();
    assert!(max > 0.0 && max < 3f64.sqrt() / 8192.0 + 1e-9, "{max} m");
    assert!(receipt(&place, "ball.ply same.ply")["measured"]["is_identical"].as_bool().unwrap());
    assert!(receipt(&place, "ball.ply x.spz --measure=never")["measured"].is_null());
}

#[test]
fn too_great_a_loss_is_refused_and_nothing_is_written() {
    let place = Workplace::new();
    place.ball("ball.ply");
    let run = place.run("convert ball.ply ball.spz --max-loss 90 --receipt receipt.json");
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.starts_with("error: ball.spz: not written: PSNR "), "{}", run.stderr);
    assert!(run.stderr.contains("--max-loss asks for 90 dB or more"), "{}", run.stderr);
    assert_eq!(place.names(".").join(" "), "ball.ply");
    place.ok("convert ball.ply ball.spz --max-loss 30");
    let run = place.run("convert ball.ply ball.usdz --max-loss 30");
    assert_eq!(run.code, 2, "{}", run.stderr);
}

#[test]
fn filters_work_in_the_order_given() {
    let place = Workplace::new();
    place.ball("ball.ply");
    let right_half = "--crop-box 0,-1,-1,1,1,1";
    let moved = receipt(&place, &format!("ball.ply a.ply --translate 1,0,0 {right_half}"));
    let cropped = receipt(&place, &format!("ball.ply b.ply {right_half} --translate 1,0,0"));
    // The ball has a radius of 0.45: once moved by 1, half of it is still inside.
    assert_eq!(cropped["filters"][0]["filter"], "--crop-box 0,-1,-1,1,1,1");
    assert_eq!(cropped["filters"][1]["filter"], "--translate 1,0,0");
    assert_eq!(moved["filters"][0]["filter"], "--translate 1,0,0");
    for receipt in [&moved, &cropped] {
        let left = receipt["output"]["splats"].as_u64().unwrap();
        assert!((1990..2010).contains(&left), "{left} splats");
        assert!(receipt["measured"]["is_identical"].as_bool().unwrap(), "filters are no cost");
    }
    let [a, b] = ["inspect a.ply --json", "inspect b.ply --json"].map(|args| {
        let json: Value = serde_json::from_str(&place.ok(args)).unwrap();
        json["bounds"]["max"][0].as_f64().unwrap()
    });
    assert!((a - 1.0).abs() < 0.01 && (b - 1.45).abs() < 0.01, "{a} and {b}");
    place.ok("convert ball.ply c.spz --drop-invalid --fit --remove-floaters --sh 0 --decimate 100 --saturation 0.5");
    for wrong in ["--crop-box 1,2,3", "--sh 5", "--min-opacity 2", "--decimate 0", "--scale 0"] {
        let run = place.run(&format!("convert ball.ply d.ply {wrong}"));
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{wrong}: {}", run.stderr);
    }
}

#[test]
fn modules_become_meshes_of_any_format_and_splats() {
    let place = Workplace::new();
    place.write("square.js", SQUARE);
    for name in ["a.glb", "a.obj", "a.stl", "a.usdz"] {
        let receipt = receipt(&place, &format!("square.js {name}"));
        assert_eq!(receipt["output"]["scene"]["triangles"], 2, "{name}");
    }
    assert!(place.names(".").contains(&"a.mtl".to_owned()));
    place.ok("convert a.obj b.glb");
    assert!(place.ok("inspect b.glb").contains("triangles   2"));
    let made = receipt(&place, "square.js a.ply --splats 500");
    assert_eq!(made["filters"][0]["filter"], "splats made of the mesh");
    let psnr_db = made["measured"]["pictures"]["psnr_db"].as_f64().unwrap();
    assert!(psnr_db > 15.0, "{psnr_db:.1} dB");
}

#[test]
fn files_are_read_inside_the_folder_only() {
    let place = Workplace::new();
    std::fs::create_dir(place.path("in")).unwrap();
    place.write("secret.bin", [0; 36]);
    let gltf = |uri: &str| {
        format!(
            r#"{{"asset":{{"version":"2.0"}},"scene":0,"scenes":[{{"nodes":[0]}}],"nodes":[{{"mesh":0}}],
            "buffers":[{{"byteLength":36,"uri":"{uri}"}}],"bufferViews":[{{"buffer":0,"byteLength":36}}],
            "accessors":[{{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[0,0,0]}}],
            "meshes":[{{"primitives":[{{"attributes":{{"POSITION":0}}}}]}}]}}"#
        )
    };
    place.write("in/good.bin", [0; 36]);
    place.write("in/good.gltf", gltf("good.bin"));
    place.write("in/up.gltf", gltf("../secret.bin"));
    place.write("in/link.gltf", gltf("link.bin"));
    std::os::unix::fs::symlink(place.path("secret.bin"), place.path("in/link.bin")).unwrap();
    place.ok("inspect in/good.gltf");
    for name in ["in/up.gltf", "in/link.gltf"] {
        let run = place.run(&format!("inspect {name}"));
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{name}: {}", run.stderr);
    }
}
