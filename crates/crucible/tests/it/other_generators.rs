//! `crucible generate --generator`: programs of a configuration instead of the built-in generator.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::workplace::Workplace;

/// A configuration with one program of the shell, whose arguments are image, seed and output.
fn configure(place: &Workplace, kind: &str, script: &str, more: &str) {
    let text = format!(
        "[generators.mine]\ntype = \"command\"\nmakes = [\"{kind}\"]\nlicence = \"MIT\"\ncommand = [\"sh\", \"-c\", '''{script}''', \"sh\", \"{{image}}\", \"{{seed}}\", \"{{output}}\"]\n{more}"
    );
    place.write("generators.toml", text);
}

const MINE: &str = "generate egg.png --generator mine --generators generators.toml";

#[test]
fn a_program_makes_the_asset() {
    let place = Workplace::new();
    place.egg("egg.png");
    let ball = place.ball("ball.ply");
    configure(&place, "splats", &format!("cp {} \"$3\"", ball.display()), "cost_usd = 0.5\n");
    let json = place.ok(&format!("{MINE} -o a.ply -o a.spz --seed 5 --json"));
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report.as_array().map(Vec::len), Some(1), "one call for both files: {report}");
    assert_eq!(report[0]["kind"], "splats");
    assert_eq!(report[0]["cost_usd"], 0.5);
    assert_eq!(place.read("a.ply"), place.read("ball.ply"));
    assert!(place.ok("inspect a.spz").contains("4000"));
    let text = place.ok(&format!("{MINE} -o a.ply"));
    assert!(text.contains("mine: splats of ") && text.contains("licence: MIT"), "{text}");
    // The same upside down.
    configure(&place, "splats", &format!("cp {} \"$3\"", ball.display()), "axes = \"-y up\"\n");
    place.ok(&format!("{MINE} -o b.ply"));
    let [a, b] =
        ["a.ply", "b.ply"].map(|name| asset::ply::read(&place.read(name)[..], None).unwrap());
    for (a, b) in a.parts().positions.iter().zip(&b.parts().positions) {
        assert!((a[0] + b[0]).abs() + (a[1] + b[1]).abs() + (a[2] - b[2]).abs() < 1e-5);
    }
}

#[test]
fn a_program_that_fails_writes_nothing() {
    let place = Workplace::new();
    place.egg("egg.png");
    let fail = |args: &str| {
        let run = place.run(args);
        assert!(!place.path("a.ply").exists() && !place.path("a.js").exists(), "{args}");
        (run.code, run.stderr)
    };
    configure(&place, "splats", "echo out of memory >&2; exit 1", "");
    let (code, text) = fail(&format!("{MINE} -o a.ply"));
    assert!(code == 2 && text.contains("mine: exit status 1: out of memory"), "{code}: {text}");
    let (code, text) = fail(&format!("{MINE} -o a.js"));
    assert!(code == 2 && text.contains("mine does not make module"), "{code}: {text}");
    let (code, text) =
        fail("generate egg.png -o a.ply --generator other --generators generators.toml");
    assert!(code == 2 && text.contains("there are: builtin, mine"), "{code}: {text}");
    let (code, text) = fail("generate egg.png -o a.ply --generators generators.toml");
    assert!(code == 2 && text.contains("--generator"), "{code}: {text}");
    // Modules are run: what hides from the analysis is found.
    let module = "import * as THREE from \"three\"; export default function generate(THREE_) { let x = null; return x.y; }";
    place.write("module.js", module);
    let script = format!("cat {} > \"$3\"", place.path("module.js").display());
    configure(&place, "module", &script, "");
    let (code, text) = fail(&format!("{MINE} -o a.js"));
    assert!(code == 2 && text.contains("the model made breaks the rules"), "{code}: {text}");
    place.write("generators.toml", "[generators.mine]\ntype = \"comand\"\n");
    let (code, text) = fail(&format!("{MINE} -o a.ply"));
    assert!(
        code == 2 && text.contains("generators.toml: generators.mine: unknown variant"),
        "{text}"
    );
}

#[test]
fn the_builtin_generator_by_name_makes_the_same_bytes() {
    let place = Workplace::new();
    place.egg("egg.png");
    place.write("generators.toml", "[generators.quick]\ntype = \"builtin\"\nquality = \"draft\"\n");
    place.ok("generate egg.png -o a.ply -o a.js --quality draft --seed 3");
    place.ok(
        "generate egg.png -o b.ply -o b.js --seed 3 --generator quick --generators generators.toml",
    );
    assert_eq!(place.read("a.ply"), place.read("b.ply"));
    assert_eq!(place.read("a.js"), place.read("b.js"));
}

#[test]
fn ctrl_c_ends_the_program() {
    let place = Workplace::new();
    place.egg("egg.png");
    let pid = place.path("pid");
    configure(&place, "splats", &format!("echo $$ > {}; exec sleep 60", pid.display()), "");
    let mut command = place.command(&format!("{MINE} -o a.ply"));
    let mut child = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let mut waited = 0;
    let program = loop {
        match std::fs::read_to_string(&pid) {
            Ok(text) if text.ends_with('\n') => break text.trim().to_owned(),
            _ => {
                assert!(waited < 6000, "not started within a minute");
                std::thread::sleep(Duration::from_millis(10));
                waited += 1;
            }
        }
    };
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!std::path::Path::new(&format!("/proc/{program}")).exists(), "the program stayed");
}
