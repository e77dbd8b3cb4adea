//! What is sent to each company, to the field, and what only one of them does.

use axum::http::Method;
use fleet::provider::{Phase, ProviderError, Spec};
use serde_json::json;

use crate::companies::{Pair, pair, spec};
use crate::fake::{Company, Fault, KEY};

/// The last request of a kind: its path, and its body.
fn sent(pair: &Pair, method: &Method, path: &str) -> (String, serde_json::Value) {
    pair.fake.with(|inside| {
        let fits = |r: &&crate::fake::Request| r.method == *method && r.path.starts_with(path);
        let request = inside.requests.iter().rfind(fits).expect("it was sent");
        (request.path.clone(), request.body.clone())
    })
}

#[tokio::test]
async fn targon() {
    let pair = pair(Company::Targon).await;
    let made = pair.provider.deploy(&spec()).await.unwrap();
    assert_eq!(made.price_per_hour.unwrap().to_string(), "$2.500000");
    let (_, body) = sent(&pair, &Method::POST, "/workloads");
    assert_eq!(body, serde_json::Value::Null);
    let first = pair.fake.with(|inside| inside.requests[0].clone());
    assert_eq!(first.key, Some(format!("Bearer {KEY}")));
    assert_eq!(
        first.body,
        json!({
            "type": "SERVERLESS",
            "name": "miner-01-5abc123def-0-unit",
            "image": "registry.example/here:tag",
            "resource_name": "h200-large",
            "envs": [{ "name": "A", "value": "b" }],
            "ports": [{ "port": 10006, "protocol": "TCP" }],
            "serverless_config": {
                "min_replicas": 1, "max_replicas": 1, "container_concurrency": 2,
                "target_concurrency": 2, "visibility": "external",
            },
        })
    );
    let (path, _) = sent(&pair, &Method::POST, "/workloads/id1/deploy");
    assert_eq!(path, "/workloads/id1/deploy");
    pair.provider.list().await.unwrap();
    let (path, _) = sent(&pair, &Method::GET, "/workloads");
    assert_eq!(path, "/workloads?type=SERVERLESS&limit=100");
    assert_eq!(pair.provider.logs("id1", 2).await.unwrap(), ["two", "three"]);
}

#[tokio::test]
async fn verda() {
    let pair = pair(Company::Verda).await;
    pair.provider.deploy(&spec()).await.unwrap();
    let (_, body) = sent(&pair, &Method::POST, "/oauth2/token");
    assert_eq!(
        body,
        json!({ "grant_type": "client_credentials", "client_id": "me", "client_secret": KEY })
    );
    let (_, body) = sent(&pair, &Method::POST, "/container-deployments");
    assert_eq!(
        body,
        json!({
            "name": "miner-01-5abc123def-0-unit",
            "container_registry_settings": { "is_private": false },
            "containers": [{
                "image": "registry.example/here:tag",
                "exposed_port": 10006,
                "healthcheck": { "enabled": true, "port": 10006, "path": "/health" },
                "env": [{ "name": "A", "value_or_reference_to_secret": "b", "type": "plain" }],
            }],
            "compute": { "name": "H200", "size": 4 },
            "scaling": {
                "min_replica_count": 1,
                "max_replica_count": 1,
                "scale_down_policy": { "delay_seconds": 3600 },
                "scale_up_policy": { "delay_seconds": 600 },
                "queue_message_ttl_seconds": 600,
                "concurrent_requests_per_replica": 2,
                "scaling_triggers": {
                    "queue_load": { "threshold": 2 },
                    "cpu_utilization": { "enabled": false, "threshold": 80 },
                    "gpu_utilization": { "enabled": false, "threshold": 80 },
                },
            },
            "is_spot": false,
        })
    );
}

#[tokio::test]
async fn runpod() {
    let pair = pair(Company::RunPod).await;
    let made = pair.provider.deploy(&Spec { port: 8080, ..spec() }).await.unwrap();
    assert_eq!(made.price_per_hour.unwrap().to_string(), "$3.250000");
    // The port of the pod, not the usual one.
    assert_eq!(made.url.unwrap(), "https://id1-8080.proxy.runpod.net");
    let (_, body) = sent(&pair, &Method::POST, "/pods");
    assert_eq!(
        body,
        json!({
            "name": "miner-01-5abc123def-0-unit",
            "imageName": "registry.example/here:tag",
            "gpuTypeIds": ["NVIDIA H200"],
            "gpuCount": 4,
            "containerDiskInGb": 500,
            "volumeInGb": 0,
            "ports": ["8080/http"],
            "cloudType": "SECURE",
            "supportPublicIp": true,
            "env": { "A": "b" },
        })
    );
    // Two of a name: each by its identifier.
    let second = pair.provider.deploy(&spec()).await.unwrap();
    pair.provider.delete(&made.id).await.unwrap();
    assert_eq!(pair.fake.ids(), [second.id]);
}

#[tokio::test]
async fn docker() {
    let pair = pair(Company::Docker).await;
    let made = pair.provider.deploy(&Spec { gpu_count: 2, ..spec() }).await.unwrap();
    let (path, mut body) = sent(&pair, &Method::POST, "/v1.41/containers/create");
    assert_eq!(path, "/v1.41/containers/create?name=miner-01-5abc123def-0-unit");
    let made_at = body["Labels"].as_object_mut().unwrap().remove("crucible-pod").unwrap();
    assert!(made_at.as_str().unwrap().parse::<u64>().unwrap() > 1_700_000_000);
    assert_eq!(
        body,
        json!({
            "Image": "registry.example/here:tag",
            "Env": ["A=b", "PORT=10006"],
            "ExposedPorts": { "10006/tcp": {} },
            "Labels": { "crucible-instance": "unit", "crucible-port": "10006", "crucible-gpus": "0,1" },
            "HostConfig": {
                "PortBindings": { "10006/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "" }] },
                "NetworkMode": "bridge",
                "RestartPolicy": { "Name": "no" },
                "PidsLimit": 512,
                "CapDrop": ["ALL"],
                "SecurityOpt": ["no-new-privileges"],
                "LogConfig": { "Type": "json-file", "Config": { "max-size": "5000000", "max-file": "2" } },
                "DeviceRequests": [{ "Driver": "nvidia", "DeviceIDs": ["0", "1"], "Capabilities": [["gpu"]] }],
            },
        })
    );
    // GPUs are given out once, containers of others are none of our business.
    let other = Spec { name: "pod-b-0-unit".into(), gpu_count: 2, ..spec() };
    pair.provider.deploy(&other).await.unwrap();
    let (_, body) = sent(&pair, &Method::POST, "/v1.41/containers/create");
    assert_eq!(body["Labels"]["crucible-gpus"], "2,3");
    let third = Spec { name: "pod-c-0-unit".into(), gpu_count: 1, ..spec() };
    assert!(matches!(pair.provider.deploy(&third).await, Err(ProviderError::Capacity { .. })));
    pair.fake.put("database", "production-database");
    assert_eq!(pair.provider.list().await.unwrap().len(), 2);
    pair.provider.delete("database").await.unwrap();
    assert!(pair.fake.ids().contains(&"database".to_owned()));
    // One that ended holds none, and says why it ended.
    pair.fake.with(|inside| inside.pods[0].status = "exited".into());
    let seen = pair.provider.get(&made.id).await.unwrap().unwrap();
    assert_eq!(seen.phase, Phase::Exited { code: Some(3) });
    insta::assert_snapshot!(seen.detail.unwrap(), @"ended with code 3 | one | two");
    assert_eq!(seen.url, None);
    pair.provider.deploy(&third).await.unwrap();
}

#[tokio::test]
async fn docker_pulls_what_is_not_here() {
    let pair = pair(Company::Docker).await;
    let image = |image: &str| Spec { image: image.into(), gpu_count: 0, ..spec() };
    pair.provider.deploy(&image("registry.example:5000/far/away:v2")).await.unwrap();
    let (path, _) = sent(&pair, &Method::POST, "/v1.41/images/create");
    assert_eq!(path, "/v1.41/images/create?fromImage=registry.example%3A5000%2Ffar%2Faway&tag=v2");
    let error = pair.provider.deploy(&image("missing")).await.unwrap_err();
    insta::assert_snapshot!(error, @"docker: missing: manifest unknown");
    for strange in ["", "../../containers", "a b", "a?b"] {
        assert!(pair.provider.deploy(&image(strange)).await.is_err(), "{strange}");
    }
}

#[tokio::test]
async fn what_cannot_be_started_is_taken_away() {
    for (company, start) in [
        (Company::Targon, "/workloads/id1/deploy"),
        (Company::Docker, "/v1.41/containers/id1/start"),
    ] {
        for fault in [Fault::Status(500), Fault::Hang] {
            let pair = pair(company).await;
            pair.fake.next(Method::POST, start, fault.clone());
            let error = pair.for_fault(&fault).deploy(&spec()).await.unwrap_err();
            assert!(error.is_transient(), "{error}");
            assert_eq!(pair.fake.ids(), [""; 0], "{company:?}");
        }
        // It cannot be taken away either: whoever asked is told what is left.
        let pair = pair(company).await;
        pair.fake.next(Method::POST, start, Fault::Status(500));
        pair.fake.next(Method::DELETE, "/", Fault::Status(500));
        let error = pair.provider.deploy(&spec()).await.unwrap_err();
        assert!(matches!(&error, ProviderError::Orphan { id, .. } if id == "id1"), "{error}");
        assert_eq!(pair.fake.ids(), ["id1"]);
    }
}

#[tokio::test]
async fn targon_has_pages() {
    let pair = pair(Company::Targon).await;
    for n in 0..25 {
        pair.fake.put(&format!("w{n}"), "x");
    }
    pair.fake.with(|inside| inside.page = 10);
    let ids = pair.provider.list().await.unwrap().into_iter().map(|seen| seen.id);
    assert_eq!(ids.collect::<Vec<_>>(), pair.fake.ids());
    assert!(pair.provider.get("w24").await.unwrap().is_some());
    // A page in the middle that fails: no list is better than half of one.
    pair.fake.next(
        Method::GET,
        "/workloads?type=SERVERLESS&limit=100&cursor=10",
        Fault::Status(500),
    );
    assert!(pair.provider.list().await.unwrap_err().is_transient());
    // A list that never ends.
    for _ in 0..2 {
        let page = json!({ "items": [], "next_cursor": "again" });
        pair.fake.next(Method::GET, "/workloads", Fault::Say(page));
    }
    let error = pair.provider.list().await.unwrap_err();
    insta::assert_snapshot!(error, @"targon: a list whose next page is the same page");
}

#[tokio::test]
async fn targon_tells_of_pods_that_fall_over() {
    let pair = pair(Company::Targon).await;
    let status = |status: &str| pair.fake.with(|inside| inside.pods[0].status = status.into());
    pair.fake.put("w", "x");
    for (word, phase) in [
        ("registered", Phase::Starting),
        ("error", Phase::Failed),
        ("suspended", Phase::Exited { code: None }),
        ("on fire", Phase::Unknown("on fire".into())),
    ] {
        status(word);
        let seen = pair.provider.get("w").await.unwrap().unwrap();
        assert_eq!((seen.phase, seen.detail.unwrap()), (phase, "as it is".into()));
    }
    status("registered");
    let event = json!({ "event_type": "exit", "message": "killed\u{1b}", "exit_code": 137 });
    pair.fake.with(|inside| inside.pods[0].events = vec![event.clone()]);
    let seen = pair.provider.get("w").await.unwrap().unwrap();
    assert_eq!((seen.phase, seen.detail.unwrap()), (Phase::Starting, "killed".into()));
    pair.fake.with(|inside| inside.pods[0].events = vec![event; 3]);
    let seen = pair.provider.get("w").await.unwrap().unwrap();
    assert_eq!(seen.phase, Phase::Exited { code: Some(137) });
    // The state is the state even when events are not to be had.
    pair.fake.next(Method::GET, "/workloads/w/events", Fault::NotJson);
    let seen = pair.provider.get("w").await.unwrap().unwrap();
    assert_eq!(seen.phase, Phase::Starting);
    status("deleted");
    assert_eq!(pair.provider.get("w").await.unwrap(), None);
    assert_eq!(pair.provider.list().await.unwrap(), []);
}

#[tokio::test]
async fn verda_renews_its_token() {
    let pair = pair(Company::Verda).await;
    let tokens = || pair.fake.with(|inside| inside.tokens);
    let (a, b) = tokio::join!(pair.provider.list(), pair.provider.list());
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(tokens(), 1, "the second caller waits for the first one's token");
    // Refused once: another token, the same request, even one that makes something.
    pair.fake.next(Method::POST, "/container-deployments", Fault::Status(401));
    pair.provider.deploy(&spec()).await.unwrap();
    pair.fake.next(Method::GET, "/container-deployments", Fault::Status(401));
    pair.provider.list().await.unwrap();
    assert_eq!(tokens(), 3);
    // Refused twice: not let in.
    for _ in 0..2 {
        pair.fake.next(Method::DELETE, "/container-deployments", Fault::Status(401));
    }
    let error = pair.provider.delete("x").await.unwrap_err();
    assert!(matches!(error, ProviderError::Auth { .. }), "{error}");
    assert_eq!(pair.fake.ids().len(), 1);
    // About to end: not used any more.
    pair.fake.with(|inside| inside.expires_in = Some(30.0));
    pair.fake.next(Method::GET, "/container-deployments", Fault::Status(401));
    pair.provider.list().await.unwrap();
    let before = tokens();
    pair.provider.list().await.unwrap();
    assert_eq!(tokens(), before + 1);
}

#[tokio::test]
async fn verda_without_a_token() {
    for (fault, is_transient) in [
        (Fault::Status(400), false),
        (Fault::Status(401), false),
        (Fault::Status(503), true),
        (Fault::Hang, true),
        (Fault::NotJson, false),
        (Fault::Say(json!({ "access_token": 7 })), false),
        (Fault::Say(json!({ "access_token": "two\nlines" })), false),
    ] {
        let pair = pair(Company::Verda).await;
        pair.fake.next(Method::POST, "/oauth2/token", fault.clone());
        let error = pair.for_fault(&fault).deploy(&spec()).await.unwrap_err();
        assert_eq!(error.is_transient(), is_transient, "{fault:?}: {error}");
        assert_eq!(pair.fake.ids(), [""; 0]);
        // One bad answer is not kept, and a token that cannot be sent is renewed.
        assert!(pair.provider.list().await.is_ok(), "{fault:?}");
    }
}
