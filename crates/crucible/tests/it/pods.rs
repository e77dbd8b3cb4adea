//! `crucible pod deploy`, `list`, `logs`, `delete`, `sweep`, with processes on this machine.

use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;

use crate::workplace::{Run, Workplace};

const CRUCIBLE: &str = env!("CARGO_BIN_EXE_crucible");

/// Takes away what a failed test leaves: pods outlive commands.
struct Swept<'a>(&'a Workplace);

impl Drop for Swept<'_> {
    fn drop(&mut self) {
        command(self.0, "pod sweep", &[]).output().ok();
    }
}

/// State of its own, and nothing of whoever runs the tests.
fn command(place: &Workplace, args: &str, more: &[&str]) -> Command {
    let mut command = place.command(args);
    command.args(more).env("XDG_STATE_HOME", place.path("state")).env("CRUCIBLE_INSTANCE", "unit");
    for name in ["CRUCIBLE_FLEET", "GPU_PROVIDERS", "GPU_TYPE", "GPU_COUNT", "GENERATION_PORT"] {
        command.env_remove(name);
    }
    command
}

fn run(place: &Workplace, args: &str, more: &[&str]) -> Run {
    let output = command(place, args, more).output().unwrap();
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn pods(place: &Workplace) -> Vec<Value> {
    let listed = run(place, "pod list --json", &[]);
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    serde_json::from_str(&listed.stdout).unwrap()
}

#[test]
fn a_pod_outlives_the_command_that_made_it() {
    let place = Workplace::new();
    let _swept = Swept(&place);
    let image = format!("process:{CRUCIBLE} serve distance --port {{port}}");
    let made = run(&place, "pod deploy --wait 60 --json", &[&image]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let made: Value = serde_json::from_str(&made.stdout).unwrap();
    assert_eq!(made["name"], "pod-hand-0-unit");
    let listed = pods(&place);
    assert_eq!((listed.len(), &listed[0]["phase"]), (1, &"running".into()));
    assert_eq!((&listed[0]["id"], &listed[0]["url"]), (&made["id"], &made["url"]));
    let logs = run(&place, "pod logs pod-hand-0-unit", &[]).stdout;
    assert!(logs.contains("listening on"), "{logs}");

    let found = run(&place, "pod sweep --dry-run", &[]);
    assert!(found.code == 0 && found.stdout.contains("found"), "{}", found.stdout);
    let mut other = command(&place, "pod sweep", &[]);
    assert!(other.env("CRUCIBLE_INSTANCE", "other").status().unwrap().success());
    assert_eq!(pods(&place).len(), 1);
    let gone = run(&place, "pod delete pod-hand-0-unit", &[]);
    assert!(gone.code == 0 && gone.stdout.ends_with("gone\n"), "{}", gone.stderr);
    assert_eq!(pods(&place).len(), 0);
}

#[test]
fn one_that_falls_over_is_told_at_once_and_taken_away() {
    let place = Workplace::new();
    let _swept = Swept(&place);
    let image = "process:sh -c 'echo no weights found; exit 3'";
    let made = run(&place, "pod deploy --wait 600", &[image]);
    assert_eq!(made.code, 1);
    assert!(made.stderr.contains("exited 3"), "{}", made.stderr);
    assert!(made.stderr.contains("ended with code 3 | no weights found"), "{}", made.stderr);
    assert_eq!(pods(&place).len(), 0);
}

#[test]
fn two_of_a_name_are_told_apart_and_swept() {
    let place = Workplace::new();
    let _swept = Swept(&place);
    for _ in 0..2 {
        assert_eq!(run(&place, "pod deploy", &["process:sleep 1000"]).code, 0);
    }
    let delete = run(&place, "pod delete pod-hand-0-unit", &[]);
    assert_snapshot!(delete.stderr, @"error: pod-hand-0-unit: several pods are called so, give an identifier");
    let swept = run(&place, "pod sweep", &[]);
    assert_eq!((swept.code, swept.stdout.matches("  gone").count()), (0, 2), "{}", swept.stderr);
    assert_eq!(pods(&place).len(), 0);
}

#[test]
fn wrong_words() {
    let place = Workplace::new();
    place.write("fleet.toml", "providers = [\"targon\", \"moon\"]\n");
    let error = |args: &str, more: &[&str]| {
        let run = run(&place, args, more);
        assert_eq!(run.code, 2, "{args}");
        run.stderr
    };
    assert_snapshot!(error("pod list --fleet fleet.toml", &[]), @"error: fleet.toml: targon: the environment has no TARGON_API_KEY; providers: `moon` is none of local, docker, targon, verda, runpod");
    assert_snapshot!(error("pod list --provider moon", &[]), @"error: --provider moon: the configuration has local");
    assert_snapshot!(error("pod delete nothing", &[]), @"error: nothing: no such pod");
    assert_snapshot!(error("pod deploy", &["process:/no/such/thing"]), @"error: local: /no/such/thing: No such file or directory (os error 2)");
    assert_snapshot!(error("pod deploy --gpu-count 1", &["process:true"]), @r"
    warning: local: no capacity: 1 GPUs asked for, 0 of 0 are free
    error: local: no capacity: 1 GPUs asked for, 0 of 0 are free
    ");
}
