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
    assert_snapshot!(validate(&place, "square.js"), @"
    0
    square.js: PASSED
    stages run: parse → static_analysis → module_load → execution → post_validation

    metrics
      vertices:           4 / 250,000
      draw calls:         1 / 200
      scene depth:        1 / 32
      instances:          0 / 50,000
      texture data:       0 / 4,194,304 bytes
      bbox:         [-0.400, -0.400, 0.000] → [0.400, 0.400, 0.000] ✓

    timing
    ");
    assert_snapshot!(validate(&place, "large.js"), @"
    1
    large.js: FAILED
    stages run: parse → static_analysis → module_load → execution → post_validation

    metrics
      vertices:          24 / 250,000
      draw calls:         1 / 200
      scene depth:        1 / 32
      instances:          0 / 50,000
      texture data:       0 / 4,194,304 bytes
      bbox:         [-1.000, -0.050, -0.050] → [1.000, 0.050, 0.050] ✗

    timing

    failures
      post_validation/BOUNDING_BOX_OUT_OF_RANGE: out of [-0.5, 0.5]: x:[-1.0000,1.0000]
    ");
    assert_snapshot!(validate(&place, "forbidden.js"), @"
    1
    forbidden.js: FAILED
    stages run: parse → static_analysis

    failures
      static_analysis/FORBIDDEN_IDENTIFIER: eval at line 1, column 29
      static_analysis/FORBIDDEN_IDENTIFIER: fetch at line 1, column 40
    ");
    assert_eq!(place.run("validate bytes.js").code, 1, "bytes are a module that breaks a rule");
    assert_eq!(place.run("validate none.js").code, 2);
}

#[test]
fn what_production_alone_refuses_is_a_warning() {
    let place = Workplace::new();
    place.write("chain.js", SQUARE.replace("=> new", "=> ({})?.fetch ?? new"));
    let run = place.run("validate chain.js");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_snapshot!(run.stderr, @"warning: the contract allows this, the production service refuses it: static_analysis/FORBIDDEN_IDENTIFIER: fetch at line 1, column 33");
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
    assert_snapshot!(keys, @"file passed stagesRun failures metrics moduleLoadMs executionMs totalMs");
    assert_snapshot!(json_good["metrics"], @r#"{"bbox":{"max":{"x":0.4000000059604645,"y":0.4000000059604645,"z":0},"min":{"x":-0.4000000059604645,"y":-0.4000000059604645,"z":0}},"drawCalls":1,"instances":0,"maxDepth":1,"textureBytes":0,"vertices":4}"#);
    assert_snapshot!(json_good["stagesRun"], @r#"["parse","static_analysis","module_load","execution","post_validation"]"#);
    for time in ["moduleLoadMs", "executionMs", "totalMs"] {
        assert!(json_good[time].is_u64(), "{time}: {}", json_good[time]);
    }
    let (large, _) = json("large.js");
    assert_snapshot!(large["failures"], @r#"[{"detail":"out of [-0.5, 0.5]: x:[-1.0000,1.0000]","rule":"BOUNDING_BOX_OUT_OF_RANGE","stage":"post_validation"}]"#);
    let (forbidden, _) = json("forbidden.js");
    assert_snapshot!(forbidden["failures"], @r#"[{"detail":"eval at line 1, column 29","rule":"FORBIDDEN_IDENTIFIER","stage":"static_analysis"},{"detail":"fetch at line 1, column 40","rule":"FORBIDDEN_IDENTIFIER","stage":"static_analysis"}]"#);
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
    let text = place.ok("convert square.js square.glb --measure=never");
    assert!(text.contains("2 nodes, 2 triangles, 1 materials, 0 textures"), "{text}");
    assert_eq!(&place.read("square.glb")[..8], b"glTF\x02\0\0\0");
}

#[test]
fn what_is_in_a_module() {
    let place = Workplace::new();
    place.write("square.js", SQUARE);
    assert_snapshot!(place.ok("inspect square.js"), @"
    square.js: Three.js module, 146 bytes
    nodes       2, 1 of them draw
    triangles   2
    geometries  1, 4 vertices; instanced meshes 0
    materials   1, textures 0
    box                 x        y        z
      min         -0.4000  -0.4000        0
      max          0.4000   0.4000        0
      size         0.8000   0.8000        0
      vertices:           4 / 250,000
      draw calls:         1 / 200
      scene depth:        1 / 32
      instances:          0 / 50,000
      texture data:       0 / 4,194,304 bytes
      bbox:         [-0.400, -0.400, 0.000] → [0.400, 0.400, 0.000] ✓
    ");
    let json: Value = serde_json::from_str(&place.ok("inspect square.js --json")).unwrap();
    assert_snapshot!(json["scene"], @r#"{"bounds":{"max":[0.4,0.4,0.0],"min":[-0.4,-0.4,0.0]},"drawn":1,"geometries":1,"instanced_meshes":0,"lines":0,"materials":1,"nodes":2,"points":0,"textures":0,"triangles":2,"vertices":4}"#);
    assert_eq!(json["metrics"]["drawCalls"], 1);
    let many = "export default (THREE) => { const g = new THREE.PlaneGeometry(0.1, 0.1), m = new THREE.MeshBasicMaterial(); \
         return new THREE.Group().add(new THREE.InstancedMesh(g, m, 5), new THREE.Points(g), new THREE.Mesh(g, m)); };";
    place.write("many.js", many);
    let json: Value = serde_json::from_str(&place.run("inspect many.js --json").stdout).unwrap();
    assert_eq!(json["scene"]["triangles"], 12, "lines and points have none, instances count");
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
    assert_snapshot!(format!("{} {}", run.code, run.stderr), @"1 error: forbidden.js: not valid: static_analysis/FORBIDDEN_IDENTIFIER: eval at line 1, column 29; and 1 more, see crucible validate");
    assert_eq!(place.names(".").join(" "), "forbidden.js large.js", "something was written");
}

#[test]
fn options_that_do_not_go_together() {
    let place = Workplace::new();
    place.write("square.js", SQUARE);
    place.ball("ball.ply");
    for (args, reason) in [
        ("render square.js -o x.png --normalise", "for splats"),
        ("render square.js -o x.png --flipped", "for splats"),
        ("render ball.ply -o x.png --lighting follow", "for modules and meshes"),
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
    let lantern = "../../assets/modules/lantern.js";
    std::fs::copy(lantern, place.path("lantern.js")).unwrap();
    let json: Value = serde_json::from_str(&place.ok("validate lantern.js --json")).unwrap();
    assert_eq!(json["passed"], true, "{}", json["failures"]);
    place.ok("render lantern.js -o a.png --size 128");
    place.ok("render lantern.js -o b.png --size 128 --threads 1");
    assert_eq!(place.read("a.png"), place.read("b.png"), "one thread or many");
    place.ok("render lantern.js -o c.png --size 128 --lighting follow");
    assert_ne!(place.read("a.png"), place.read("c.png"), "the light counts");
}
