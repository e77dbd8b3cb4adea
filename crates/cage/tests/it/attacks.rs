//! A module that runs machine code in its process gets nothing from the kernel.

use std::{path::Path, process::Command};

use crate::workplace::GUEST;

fn run(args: &[&str]) -> (bool, Vec<(String, String)>) {
    // The host has a secret, which its guests must not have.
    let output =
        Command::new(GUEST).args(args).env("CAGE_TEST_SECRET", "x").output().expect("guest");
    let text = String::from_utf8(output.stdout).expect("text");
    let line = |line: &str| {
        line.split_once(' ').map(|(name, fate)| (name.to_owned(), fate.trim().to_owned()))
    };
    (output.status.success(), text.lines().filter_map(line).collect())
}

#[test]
fn every_system_call_that_reaches_out_ends_the_process() {
    let (success, fates) = run(&[]);
    let told = ["environment", "landlock-alone"];
    let odd: Vec<_> = fates
        .iter()
        .filter(|(name, fate)| fate != "killed" && !told.contains(&name.as_str()))
        .collect();
    assert!(odd.is_empty(), "not killed: {odd:?}");
    assert!(fates.len() >= 90, "{} attacks ran", fates.len());
    assert!(success, "{fates:?}");
}

#[test]
fn a_caged_process_has_no_environment() {
    let (success, fates) = run(&["environment"]);
    assert!(success && fates[0].1.starts_with("refused"), "{fates:?}");
}

#[test]
fn landlock_alone_opens_no_file() {
    let (success, fates) = run(&["landlock-alone"]);
    assert!(success && fates[0].1.contains("Permission denied"), "{fates:?}");
    let (success, fates) = run(&["--uncaged", "landlock-alone"]);
    assert!(!success && fates[0].1 == "SUCCEEDED", "{fates:?}");
}

#[test]
fn without_the_cage_the_same_attacks_go_through() {
    let (success, fates) = run(&["--uncaged", "who-is-parent", "map-executable", "sleep-call"]);
    assert!(!success && fates.len() == 3, "{fates:?}");
    assert!(fates.iter().all(|(_, fate)| fate == "SUCCEEDED"), "{fates:?}");
}

#[test]
fn without_the_cage_a_process_still_opens_nothing() {
    let (success, fates) =
        run(&["--uncaged", "open-absolute", "socket-inet", "pipe", "memory-file"]);
    assert!(success && fates.len() == 4, "{fates:?}");
}

#[test]
fn attacks_leave_nothing_behind() {
    assert!(!Path::new("/nowhere").exists());
}

#[test]
fn descriptors_do_not_pile_up() {
    let (success, told) = run(&["--leak"]);
    assert!(success, "{told:?}");
}
