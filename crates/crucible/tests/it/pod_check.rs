//! `crucible pod check`: no false alarm on our own two services, with a program as their generator; and its exit codes.

use serde_json::Value;

use crate::modules::SQUARE;
use crate::workplace::{Run, Workplace};

const GENERATORS: &str = r#"
[generators.copy]
type = "command"
makes = ["splats", "module"]
command = ["cp", "FOLDER/asset.{kind}", "{output}"]
deterministic = true
licence = "MIT"
"#;

/// A place with a program that answers every picture with the same model.
fn place() -> Workplace {
    let place = Workplace::new();
    place.ball("asset.splats");
    place.write("asset.module", SQUARE);
    let folder = place.path("").display().to_string();
    place.write("generators.toml", GENERATORS.replace("FOLDER", folder.trim_end_matches('/')));
    place
}

/// Checks one of our services, started by the check.
fn check(place: &Workplace, service: &str, more: &str) -> (Run, Value) {
    let binary = env!("CARGO_BIN_EXE_crucible");
    let service = format!(
        "exec '{binary}' serve {service} --port {{port}} --generators generators.toml --generator copy"
    );
    let mut command = place.command(&format!("pod check --json {more}"));
    let output = command.arg("--image-cmd").arg(service).output().unwrap();
    let run = Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    let report = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    (run, report)
}

/// Codes of the findings with this outcome, with what came.
fn codes(report: &Value, outcome: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let with = findings.filter(|finding| finding["outcome"] == outcome);
    with.map(|finding| format!("{}: {}", finding["code"], finding["came"])).collect()
}

#[test]
fn no_false_alarm_on_the_generator_service() {
    let (run, report) = check(&place(), "generator", "");
    assert_eq!(codes(&report, "fail"), [""; 0], "{}", run.stderr);
    assert_eq!((run.code, &report["contract"]), (0, &"single-shot".into()), "{report:#}");
}

#[test]
fn no_false_alarm_on_the_pod_service() {
    let (run, report) = check(&place(), "pod --allow-private-urls --download-timeout 5", "");
    assert_eq!(codes(&report, "fail"), [""; 0], "{}", run.stderr);
    assert_eq!((run.code, &report["contract"]), (0, &"batch".into()), "{report:#}");
}

#[test]
fn what_cannot_be_checked_is_not_decided() {
    let place = Workplace::new();
    let run = place.run("pod check http://127.0.0.1:1 --warm-up 1");
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stdout.contains("nothing answers"), "{}", run.stdout);
    let run = place.run("pod check ftp://pod");
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("not an http or https URL"), "{}", run.stderr);
    let output = place.command("pod check --image-cmd").arg("echo no weights >&2; exit 3").output();
    let output = output.unwrap();
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(2));
    assert!(stdout.contains("the service has ended (exit code 3)"), "{stdout}");
    assert!(stderr.contains("no weights"), "{stderr}");
}
