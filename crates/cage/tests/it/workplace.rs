//! Pools for tests, and what is known of their processes.

use std::{ffi::OsString, num::NonZeroUsize, path::PathBuf, time::Duration};

use cage::{Config, GUEST_COMMAND, Pool, Report};

pub(crate) const GUEST: &str = env!("CARGO_BIN_EXE_cage-takeover");
/// A module that passes.
pub(crate) const GOOD: &str = "export default (THREE) => new THREE.Mesh(
    new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshStandardMaterial())";

/// `mark` is among the arguments of every process of the pool, so that they can be found.
pub(crate) fn config(mark: &str) -> Config {
    Config {
        program: PathBuf::from(GUEST),
        args: [GUEST_COMMAND, mark].map(OsString::from).into(),
        workers: NonZeroUsize::MIN,
        ..Config::default()
    }
}

pub(crate) fn pool(mark: &str, change: impl FnOnce(&mut Config)) -> Pool {
    let mut config = config(mark);
    change(&mut config);
    Pool::new(config).expect("a kernel with landlock and seccomp")
}

/// A module that takes its process over and does this.
pub(crate) fn attack(name: &str) -> String {
    format!("// attack {name}\nexport default function () {{}}")
}

/// Stage, rule and detail of each failure, or `passed`.
pub(crate) fn told(report: &Report) -> String {
    if report.passed() {
        return "passed".to_owned();
    }
    let line = |failure: &threejs::Failure| {
        format!("{}/{}: {}", failure.stage, failure.rule, failure.detail)
    };
    report.failures.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub(crate) fn check(pool: &Pool, source: &str) -> String {
    pool.check(source.as_bytes())
        .map_or_else(|error| format!("error: {error}"), |report| told(&report))
}

/// Process ids whose arguments hold the mark: a pool's zygote first, then its children.
pub(crate) fn processes(mark: &str) -> Vec<i32> {
    let read =
        |pid: i32, file: &str| fs_err::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let entries = fs_err::read_dir("/proc").expect("/proc");
    let mut pids: Vec<i32> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    pids.retain(|&pid| {
        read(pid, "cmdline").split(|&byte| byte == 0).any(|part| part == mark.as_bytes())
    });
    let own = std::process::id().to_string();
    pids.sort_by_key(|&pid| {
        let status = String::from_utf8_lossy(&read(pid, "status")).into_owned();
        status
            .lines()
            .filter_map(|line| line.strip_prefix("PPid:"))
            .all(|parent| parent.trim() != own)
    });
    pids
}

/// Waits until something is so; the limit only keeps a broken test from hanging.
pub(crate) fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..2000 {
        if so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("not within 20 s: {what}");
}
