//! Fleets as operators configure them.

use std::path::Path;

use fleet::providers::{Fleet, Place};

fn place(dir: &Path) -> Place {
    Place { state_dir: dir.into(), keeper: "/bin/true".into() }
}

fn read(text: &str, env: &[(&str, &str)]) -> Result<Fleet, String> {
    let dir = tempfile::tempdir().unwrap();
    let look = |name: &str| {
        let found = env.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Fleet::read(text, &place(dir.path()), &look).map_err(|error| error.to_string())
}

#[test]
fn without_a_word_it_is_this_machine() {
    let fleet = read("", &[]).unwrap();
    assert_eq!((fleet.names(), fleet.instance.as_str()), (vec!["local"], "dev"));
}

#[test]
fn all_of_them_in_order() {
    let keys = [
        ("TARGON_API_KEY", "secret-a"),
        ("VERDA_CLIENT_ID", "secret-b"),
        ("VERDA_CLIENT_SECRET", "secret-c"),
        ("VERDA_GENERATION_TOKEN", "secret-d"),
        ("RUNPOD_PROVIDER_API_KEY", "secret-e"),
    ];
    let text = r#"
        instance = "prod1"
        providers = ["verda", "targon", "local", "runpod", "docker"]
        [local]
        programs = { "a/b:1" = "python3 serve.py --port {port}" }
        gpus = ["0", "1"]
        grace_s = 2.5
        limits = { open_files = 256 }
        [docker]
        memory_bytes = 8589934592
        cpus = 2.5
        [targon]
        base = "http://127.0.0.1:1/tha/v2"
        skus = [{ gpu = "H200", count = 8, name = "h200-xlarge" }]
        [runpod]
        gpus = { L40S = "NVIDIA L40S" }
        [caps]
        miner = 200.0
        assumed_price_per_hour = 15.0
    "#;
    let fleet = read(text, &keys).unwrap();
    assert_eq!(fleet.names(), ["verda", "targon", "local", "runpod", "docker"]);
    assert_eq!(fleet.caps.account.unwrap().to_string(), "$200.000000");
    assert!(!format!("{fleet:?}").contains("secret-"));
    let turn = |index, attempt| fleet.pick(index, attempt).unwrap().name().to_owned();
    assert_eq!(
        [turn(0, 0), turn(0, 1), turn(1, 0), turn(1, 4)],
        ["verda", "targon", "targon", "verda"]
    );
    assert!(fleet.pick(u32::MAX, u32::MAX).is_some());

    let env = [("GPU_PROVIDERS", " RunPod, local"), ("CRUCIBLE_INSTANCE", "stage")];
    let fleet = read(text, &[&keys[..], &env].concat()).unwrap();
    assert_eq!((fleet.names(), fleet.instance.as_str()), (vec!["runpod", "local"], "stage"));
}

#[test]
fn everything_that_is_wrong_at_once_and_no_secret() {
    let text = r#"
        instance = "Prod One"
        providers = ["targon", "targon", "verda", "aws", "runpod", "docker", "local"]
        [local]
        price_per_hour = -1.0
        limits = { open_files = 1 }
        [docker]
        cpus = 0.0
        [targon]
        timeout_s = 0.0
        [runpod]
        base = "http://runpod.example"
    "#;
    let env = [("VERDA_CLIENT_ID", "tell-nobody"), ("GENERATION_PORT", "tell-nobody")];
    let error = read(text, &env).unwrap_err();
    assert!(!error.contains("tell-nobody"));
    insta::assert_snapshot!(error.replace("; ", "\n"), @r"
    instance: an instance is 3 to 12 of a-z and 0-9
    providers: `targon` is there twice
    targon: the environment has no TARGON_API_KEY
    targon.timeout_s: 0 is not within 0.001 and 86400
    verda: the environment has no VERDA_CLIENT_SECRET
    verda: the environment has no VERDA_GENERATION_TOKEN
    providers: `aws` is none of local, docker, targon, verda, runpod
    runpod: the environment has no RUNPOD_PROVIDER_API_KEY
    GENERATION_PORT is no port
    runpod: http://runpod.example: https is needed, but on this machine
    docker.cpus: 0 is not within 0.01 and 4096
    local.price_per_hour: -1 is no amount of dollars
    local: open_files: 1, at least 32 are needed
    ");
}

#[test]
fn words_that_nobody_knows() {
    insta::assert_snapshot!(read("\n\nproviders = 7", &[]).unwrap_err(), @"line 3: invalid type: integer `7`, expected a sequence");
    insta::assert_snapshot!(read("[targon]\nkey = \"x\"", &[]).unwrap_err(), @"line 2: unknown field `key`, expected one of `base`, `timeout_s`, `workload_type`, `skus`");
    insta::assert_snapshot!(read("[", &[]).unwrap_err(), @"line 1: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`");
}
