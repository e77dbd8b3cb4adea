//! Local pods: real processes on this machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use fleet::local::{Config, KEEPER_COMMAND, Limits, Local};
use fleet::provider::{Phase, Provider as _, ProviderError, Seen, Spec};

/// Keeper and pod alike.
const PROGRAM: &str = env!("CARGO_BIN_EXE_fleet-keeper");
const LONG: Duration = Duration::from_secs(20);

fn config(dir: &Path) -> Config {
    let env = |name: &str| (name == "PATH").then(|| std::env::var("PATH").unwrap());
    Config {
        keep: false,
        grace: Duration::from_secs(5),
        ..Config::new(dir.into(), PROGRAM.into(), env)
    }
}

fn spec(behaviour: &str) -> Spec {
    Spec {
        name: "pod-test-0-unit".into(),
        image: format!("process:{PROGRAM} {behaviour}"),
        gpu_type: None,
        gpu_count: 0,
        port: pod::wire::PORT,
        concurrency: 2,
        env: BTreeMap::new(),
        labels: BTreeMap::from([("crucible-instance".into(), "unit".into())]),
    }
}

/// Looks until the pod is as wanted.
async fn until(local: &Local, id: &str, wanted: impl Fn(&Seen) -> bool) -> Seen {
    let look = async {
        loop {
            let seen = local.get(id).await.unwrap().expect("the pod is listed");
            if wanted(&seen) {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, look).await.expect("in time")
}

async fn log_until(local: &Local, id: &str, wanted: &str) -> Vec<String> {
    let look = async {
        loop {
            let lines = local.logs(id, 10_000).await.unwrap();
            if lines.iter().any(|line| line.contains(wanted)) {
                return lines;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, look).await.expect("in time")
}

async fn answers(url: &str) -> bool {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = url.strip_prefix("http://").unwrap();
    let Ok(mut stream) = tokio::net::TcpStream::connect(address).await else { return false };
    stream.write_all(b"GET /health HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer.starts_with(b"HTTP/1.1 200")
}

fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    stat.is_ok_and(|stat| !stat.contains(") Z"))
}

#[tokio::test]
async fn a_life() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(config(dir.path())).unwrap();
    let made = local.deploy(&spec("serve")).await.unwrap();
    assert_eq!(made.name, "pod-test-0-unit");
    assert_eq!(made.labels["crucible-instance"], "unit");
    let seen = until(&local, &made.id, |seen| seen.url.is_some()).await;
    assert_eq!(seen.phase, Phase::Running);
    let url = seen.url.unwrap();
    assert!(answers(&url).await);
    assert_eq!(local.list().await.unwrap().len(), 1);

    local.delete(&made.id).await.unwrap();
    assert!(!answers(&url).await);
    assert_eq!(local.get(&made.id).await.unwrap(), None);
    assert_eq!(local.list().await.unwrap(), []);
    local.delete(&made.id).await.unwrap();
    let left = std::fs::read_dir(dir.path().join("pods")).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn two_of_a_name_are_two() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(config(dir.path())).unwrap();
    let (spec_a, spec_b) = (spec("serve"), spec("serve"));
    let (a, b) = tokio::join!(local.deploy(&spec_a), local.deploy(&spec_b));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_ne!(a.id, b.id);
    let a = until(&local, &a.id, |seen| seen.url.is_some()).await;
    let b = until(&local, &b.id, |seen| seen.url.is_some()).await;
    assert_ne!(a.url, b.url);
    local.delete(&a.id).await.unwrap();
    assert!(answers(&b.url.unwrap()).await);
}

#[tokio::test]
async fn how_it_ended_and_what_it_said_last() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(config(dir.path())).unwrap();
    let made = local.deploy(&spec("crash 3")).await.unwrap();
    let seen = until(&local, &made.id, |seen| matches!(seen.phase, Phase::Exited { .. })).await;
    assert_eq!(seen.phase, Phase::Exited { code: Some(3) });
    assert_eq!(seen.url, None);
    insta::assert_snapshot!(seen.detail.unwrap(), @"ended with code 3 | about to fall over | no weights found");
    local.delete(&made.id).await.unwrap();
    assert_eq!(local.list().await.unwrap(), []);
}

#[tokio::test]
async fn a_program_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(config(dir.path())).unwrap();
    let mut wrong = spec("");
    let error = |error: ProviderError| error.to_string();
    wrong.image = "process:/no/such/program --port {port}".into();
    insta::assert_snapshot!(error(local.deploy(&wrong).await.unwrap_err()), @"local: /no/such/program: No such file or directory (os error 2)");
    wrong.image = "process:'half".into();
    insta::assert_snapshot!(error(local.deploy(&wrong).await.unwrap_err()), @"local: `'half`: not a command line");
    wrong.image = "registry/image:tag".into();
    insta::assert_snapshot!(error(local.deploy(&wrong).await.unwrap_err()), @"local: registry/image:tag: neither `process:` and a command line nor one of []");
    assert_eq!(local.list().await.unwrap(), []);
}

#[tokio::test]
async fn an_image_by_the_table_and_a_port_in_the_command() {
    let dir = tempfile::tempdir().unwrap();
    let programs = BTreeMap::from([(
        "a/b:1".to_owned(),
        format!("sh -c 'echo port {{port}}; exec {PROGRAM} serve'"),
    )]);
    let local = Local::open(Config { programs, ..config(dir.path()) }).unwrap();
    let made = local.deploy(&Spec { image: "a/b:1".into(), ..spec("") }).await.unwrap();
    let seen = until(&local, &made.id, |seen| seen.url.is_some()).await;
    let port = seen.url.unwrap().rsplit_once(':').unwrap().1.to_owned();
    assert_eq!(local.logs(&made.id, 10).await.unwrap(), [format!("port {port}")]);
}

#[tokio::test]
async fn a_stubborn_pod_is_killed_after_the_grace() {
    let dir = tempfile::tempdir().unwrap();
    let grace = Duration::from_millis(50);
    let local = Local::open(Config { grace, ..config(dir.path()) }).unwrap();
    let made = local.deploy(&spec("serve --stubborn")).await.unwrap();
    let url = until(&local, &made.id, |seen| seen.url.is_some()).await.url.unwrap();
    local.delete(&made.id).await.unwrap();
    assert!(!answers(&url).await);
    assert_eq!(local.list().await.unwrap(), []);
}

#[tokio::test]
async fn descendants_that_left_the_group_go_too() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(config(dir.path())).unwrap();
    let file = dir.path().join("pid");
    let made = local.deploy(&spec(&format!("serve --child {}", file.display()))).await.unwrap();
    until(&local, &made.id, |seen| seen.url.is_some()).await;
    let pid = loop {
        match std::fs::read_to_string(&file) {
            Ok(pid) if pid.ends_with('\n') => break pid,
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    assert!(is_running(&pid));
    local.delete(&made.id).await.unwrap();
    assert!(!is_running(&pid));
}

#[tokio::test]
async fn pods_end_with_their_owner() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(config(dir.path())).unwrap();
    let made = local.deploy(&spec("serve")).await.unwrap();
    let url = until(&local, &made.id, |seen| seen.url.is_some()).await.url.unwrap();
    drop(local);
    let other = Local::open(config(dir.path())).unwrap();
    until(&other, &made.id, |seen| matches!(seen.phase, Phase::Exited { .. })).await;
    assert!(!answers(&url).await);
}

#[tokio::test]
async fn kept_pods_are_adopted_by_whoever_comes_next() {
    let dir = tempfile::tempdir().unwrap();
    let kept = Config { keep: true, ..config(dir.path()) };
    let local = Local::open(kept.clone()).unwrap();
    let made = local.deploy(&spec("serve")).await.unwrap();
    drop(local);
    let other = Local::open(kept).unwrap();
    let seen = until(&other, &made.id, |seen| seen.url.is_some()).await;
    assert_eq!((&seen.labels, seen.created_at), (&made.labels, made.created_at));
    assert!(answers(&seen.url.unwrap()).await);
    other.delete(&made.id).await.unwrap();
    assert_eq!(other.list().await.unwrap(), []);
}

#[tokio::test]
async fn a_pod_whose_keeper_was_killed_can_be_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(config(dir.path())).unwrap();
    let made = local.deploy(&spec("serve")).await.unwrap();
    until(&local, &made.id, |seen| seen.url.is_some()).await;
    let run = std::fs::read(dir.path().join("pods").join(&made.id).join("run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_slice(&run).unwrap();
    let pid = i32::try_from(run["keeper"]["pid"].as_i64().unwrap()).unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
    let seen = until(&local, &made.id, |seen| seen.url.is_some()).await;
    assert!(answers(&seen.url.clone().unwrap()).await);
    local.delete(&made.id).await.unwrap();
    assert!(!answers(&seen.url.unwrap()).await);
    assert_eq!(local.list().await.unwrap(), []);
}

#[tokio::test]
async fn a_process_id_that_was_given_out_again_is_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(config(dir.path())).unwrap();
    let made = local.deploy(&spec("crash 0")).await.unwrap();
    until(&local, &made.id, |seen| matches!(seen.phase, Phase::Exited { .. })).await;
    // As if this very process had got the ids of the pod and its keeper.
    let home = dir.path().join("pods").join(&made.id);
    let again = serde_json::json!({ "pid": std::process::id(), "start_ticks": 1 });
    let run = serde_json::json!({ "keeper": again, "child": again });
    std::fs::write(home.join("run.json"), run.to_string()).unwrap();
    local.delete(&made.id).await.unwrap();
    assert_eq!(local.list().await.unwrap(), []);
}

#[tokio::test]
async fn nothing_of_our_environment_but_what_is_meant() {
    let dir = tempfile::tempdir().unwrap();
    let local =
        Local::open(Config { gpus: vec!["0".into(), "3".into()], ..config(dir.path()) }).unwrap();
    let env = BTreeMap::from([("GIVEN".to_owned(), "yes".to_owned())]);
    let made = local.deploy(&Spec { env, gpu_count: 2, ..spec("env") }).await.unwrap();
    until(&local, &made.id, |seen| seen.url.is_some()).await;
    let lines = local.logs(&made.id, 100).await.unwrap();
    let names: Vec<&str> = lines.iter().map(|line| line.split_once('=').unwrap().0).collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    assert_eq!(names, ["CUDA_VISIBLE_DEVICES", "GIVEN", "PATH", "PORT", "TMPDIR"]);
    assert!(lines.contains(&"CUDA_VISIBLE_DEVICES=0,3".to_owned()));
}

#[tokio::test]
async fn gpus_are_given_out_once() {
    let dir = tempfile::tempdir().unwrap();
    let gpus = ["a", "b", "c"].map(String::from).to_vec();
    let gpu_type = Some("H200".to_owned());
    let local = Local::open(Config { gpus, gpu_type, ..config(dir.path()) }).unwrap();
    let ask = |gpu_type: &str, gpu_count| Spec {
        gpu_type: Some(gpu_type.into()),
        gpu_count,
        ..spec("serve")
    };
    let error = local.deploy(&ask("B200", 1)).await.unwrap_err();
    insta::assert_snapshot!(error, @"local: no capacity: B200 asked for, this machine has H200");
    let first = local.deploy(&ask("H200", 2)).await.unwrap();
    let error = local.deploy(&ask("H200", 2)).await.unwrap_err();
    assert!(matches!(error, ProviderError::Capacity { .. }));
    insta::assert_snapshot!(error, @"local: no capacity: 2 GPUs asked for, 1 of 3 are free");
    local.deploy(&ask("H200", 1)).await.unwrap();
    local.delete(&first.id).await.unwrap();
    local.deploy(&ask("H200", 2)).await.unwrap();
}

#[tokio::test]
async fn no_more_pods_than_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(Config { pods_max: 1, ..config(dir.path()) }).unwrap();
    local.deploy(&spec("serve")).await.unwrap();
    let error = local.deploy(&spec("serve")).await.unwrap_err();
    assert!(matches!(error, ProviderError::Capacity { .. }));
}

#[tokio::test]
async fn limits_hold_for_the_pod() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        memory_bytes: Some(1 << 30),
        cpu_s: Some(1000),
        open_files: Some(64),
        processes: None,
        file_bytes: Some(1 << 20),
    };
    let local = Local::open(Config { limits, ..config(dir.path()) }).unwrap();
    let made = local.deploy(&spec("limits")).await.unwrap();
    until(&local, &made.id, |seen| seen.url.is_some()).await;
    let lines = local.logs(&made.id, 100).await.unwrap();
    let row = |name: &str| {
        let line = lines.iter().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("Max address space"), "Max address space 1073741824 1073741824 bytes");
    assert_eq!(row("Max cpu time"), "Max cpu time 1000 1000 seconds");
    assert_eq!(row("Max open files"), "Max open files 64 64 files");
    assert_eq!(row("Max file size"), "Max file size 1048576 1048576 bytes");
    assert_eq!(row("Max core file size"), "Max core file size 0 0 bytes");

    let tight = Limits { open_files: Some(3), ..Limits::default() };
    let error = Local::open(Config { limits: tight, ..config(dir.path()) }).unwrap_err();
    insta::assert_snapshot!(error, @"local: open_files: 3, at least 32 are needed");
}

#[tokio::test]
async fn a_chatty_pod_fills_no_disk() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(Config { log_bytes_max: 64 << 10, ..config(dir.path()) }).unwrap();
    let made = local.deploy(&spec("chat 20000")).await.unwrap();
    let lines = log_until(&local, &made.id, "the end").await;
    assert_eq!(lines.last().unwrap(), "the end");
    let home = dir.path().join("pods").join(&made.id);
    let size = |name| std::fs::metadata(home.join(name)).unwrap().len();
    assert!(size("log") + size("log.1") <= 64 << 10);
}

#[tokio::test]
async fn identifiers_lead_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let victim = dir.path().join("victim");
    std::fs::create_dir(&victim).unwrap();
    let local = Local::open(config(&dir.path().join("state"))).unwrap();
    for id in ["../../victim", "..", "", ".", "/", "a/b"] {
        local.delete(id).await.unwrap();
        assert_eq!(local.get(id).await.unwrap(), None);
        assert!(local.logs(id, 1).await.is_err());
    }
    assert!(victim.exists());
}

#[tokio::test]
async fn broken_state_is_shown_and_can_be_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::open(config(dir.path())).unwrap();
    let home = dir.path().join("pods/broken");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(home.join("pod.json"), b"{").unwrap();
    let seen = local.get("broken").await.unwrap().unwrap();
    assert_eq!(seen.phase, Phase::Unknown("unreadable".into()));
    local.delete("broken").await.unwrap();
    assert_eq!(local.list().await.unwrap(), []);
}

#[test]
fn the_command_of_keepers_is_not_one_for_people() {
    assert!(KEEPER_COMMAND.starts_with("__"));
}
