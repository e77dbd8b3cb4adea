//! Three.js modules through every command, in the real cage.

use insta::assert_snapshot;
use serde_json::Value;

use crate::workplace::Workplace;

/// A red unlit square of 0.8 × 0.8 that faces +Z.
pub(crate) const SQUARE: &str = "export default (THREE) => new THREE.Mesh(new THREE.PlaneGeometry(0.8, 0.8), \
     new THREE.MeshBasicMaterial({ color: 0xff0000, toneMapped: false }));\n";
const LARGE: &str = "export default (THREE) => new THREE.Mesh(new THREE.BoxGeometry(2, 0.1, 0.1), \
     new THREE.MeshBasicMaterial());\n";
const FORBIDDEN: &str =
    "export default (THREE) => { eval('1'); fetch('x'); return new THREE.Group(); };\n";

/// Exit code and standard output, without times.
fn validate(place: &Workplace, args: &str) -> String {
    let run = place.run(&format!("validate {args}"));
    let text = run.stdout.lines().filter(|line| !line.contains(" ms")).collect::<Vec<_>>();
    format!("{}\n{}{}", run.code, text.join("\n"), run.stderr)
}

#[test]
fn validate_says_what_the_conformance_tool_says() {
    let place = Workplace::new();
    place.write("square.js", SQUARE);
    place.write("large.js", LARGE);
    place.write("forbidden.js", FORBIDDEN);
    place.write("bytes.js", [0xff, 0xfe, 0x00]);
    assert_snapshot!(validate(&place, "square.js"), @"");
    assert_snapshot!(validate(&place, "large.js"), @"");
    assert_snapshot!(validate(&place, "forbidden.js"), @"");
    assert_eq!(place.run("validate bytes.js").code, 1, "bytes are a module that breaks a rule");
    assert_eq!(place.run("validate none.js").code, 2);
}

#[test]
fn json_has_the_fields_of_the_conformance_tool() {
    let place = Workplace::new();
    place.write("square.js", SQUARE);
    place.write("large.js", LARGE);
    place.write("forbidden.js", FORBIDDEN);
    let json = |name: &str| -> (Value, String) {
        let text = place.run(&format!("validate {name} --json")).stdout;
        let json: Value = serde_json::from_str(&text).unwrap();
        let keys = text.lines().filter_map(|line| line.strip_prefix("  \""));
        let keys = keys.filter_map(|line| line.split('"').next()).collect::<Vec<_>>().join(" ");
        assert_eq!(json["file"], place.path(name).display().to_string());
        (json, keys)
    };
    let (json_good, keys) = json("square.js");
    assert_snapshot!(keys, @"");
    assert_snapshot!(json_good["metrics"], @"");
    assert_snapshot!(json_good["stagesRun"], @"");
    for time in ["moduleLoadMs", "executionMs", "totalMs"] {
        assert!(json_good[time].is_u64(), "{time}: {}", json_good[time]);
    }
    let (large, _) = json("large.js");
    assert_snapshot!(large["failures"], @"");
    let (forbidden, _) = json("forbidden.js");
    assert_snapshot!(forbidden["failures"], @"");
    assert_eq!([&forbidden["metrics"], &forbidden["moduleLoadMs"]], [&Value::Null; 2]);
    assert_eq!(forbidden["totalMs"], 0);
}

#[test]
fn pictures_of_a_module() {
    let place = Workplace::new();
    place.write("square.js", SQUARE);
    place.ok("render square.js -o views --views 0,0;180,0 --size 64 --background 00ff00");
    let [front, back] =
        ["views/theta0_phi0.png", "views/theta180_phi0.png"].map(|name| place.picture(name));
    assert_eq!(front.get_pixel(32, 32).0, [255, 0, 0, 255]);
    assert_eq!(back.get_pixel(32, 32).0, [0, 255, 0, 255], "from behind there is nothing");
}

#[test]
fn a_module_as_gltf() {
    let place = Workplace::new();
    place.write("square.js", SQUARE);
    assert_snapshot!(place.ok("convert square.js square.glb"), @"");
    assert_eq!(&place.read("square.glb")[..8], b"glTF\x02\0\0\0");
    let run = place.run("convert square.js square.ply");
    assert_snapshot!(format!("{} {}", run.code, run.stderr), @"");
}

#[test]
fn what_is_in_a_module() {
    let place = Workplace::new();
    place.write("square.js", SQUARE);
    assert_snapshot!(place.ok("inspect square.js"), @"");
    let json: Value = serde_json::from_str(&place.ok("inspect square.js --json")).unwrap();
    assert_snapshot!(json["scene"], @"");
    assert_eq!(json["metrics"]["drawCalls"], 1);
}

#[test]
fn a_module_that_breaks_a_rule_is_not_drawn() {
    let place = Workplace::new();
    place.write("large.js", LARGE);
    place.write("forbidden.js", FORBIDDEN);
    for args in ["render large.js -o x.png", "convert large.js x.glb", "inspect large.js"] {
        let run = place.run(args);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{args}");
        assert!(run.stderr.contains("post_validation/BOUNDING_BOX_OUT_OF_RANGE"), "{}", run.stderr);
    }
    let run = place.run("render forbidden.js -o x.png");
    assert_snapshot!(format!("{} {}", run.code, run.stderr), @"");
    assert_eq!(place.names(".").join(" "), "forbidden.js large.js", "something was written");
}

#[test]
fn options_that_do_not_go_together() {
    let place = Workplace::new();
    place.write("square.js", SQUARE);
    place.ball("ball.ply");
    for (args, reason) in [
        ("render square.js -o x.png --normalise", "for splats"),
        ("render square.js -o x.png --background transparent", "for splats"),
        ("render ball.ply -o x.png --lighting follow", "for modules"),
    ] {
        let run = place.run(args);
        assert_eq!(run.code, 2, "{args}");
        assert!(run.stderr.contains(reason), "{args}: {}", run.stderr);
    }
}

/// The module that ships with the project shows what a module can be.
#[test]
fn the_lantern_is_valid() {
    let place = Workplace::new();
    let lantern = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/modules/lantern.js");
    std::fs::copy(lantern, place.path("lantern.js")).unwrap();
    let json: Value = serde_json::from_str(&place.ok("validate lantern.js --json")).unwrap();
    assert_eq!(json["passed"], true, "{}", json["failures"]);
    place.ok("render lantern.js -o a.png --size 128");
    place.ok("render lantern.js -o b.png --size 128 --threads 1");
    assert_eq!(place.read("a.png"), place.read("b.png"), "one thread or many");
    place.ok("render lantern.js -o c.png --size 128 --lighting follow");
    assert_ne!(place.read("a.png"), place.read("c.png"), "the light counts");
}
