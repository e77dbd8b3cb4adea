//! What holds for every company, and for the engine: one suite, driven against fakes that misbehave.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use fleet::Timeouts;
use fleet::provider::{Phase, Provider, ProviderError, Spec};
use fleet::{docker, runpod, targon, verda};
use serde_json::json;

use crate::fake::{Company, Fake, Fault, KEY};

/// Long enough for any machine to answer.
const PATIENT: Duration = Duration::from_secs(30);
/// Short enough to wait for, where an answer does not come.
const IMPATIENT: Duration = Duration::from_millis(1500);
const ALL: [Company; 4] = [Company::Docker, Company::RunPod, Company::Targon, Company::Verda];
const SOCKET: &str = "engine.sock";
const NAME: &str = "miner-01-5abc123def-0-unit";

/// A provider, its fake, and the folder of its socket.
pub(crate) struct Pair {
    pub(crate) fake: Fake,
    pub(crate) provider: Arc<dyn Provider>,
    company: Company,
    pub(crate) dir: tempfile::TempDir,
}

impl Pair {
    /// Whoever is to meet this fault.
    pub(crate) fn for_fault(&self, fault: &Fault) -> Arc<dyn Provider> {
        let inner = if let Fault::After(fault) = fault { fault } else { fault };
        if matches!(inner, Fault::Hang | Fault::Drip) {
            let socket = self.dir.path().join(SOCKET);
            return provider(self.company, &self.fake.base, &socket, IMPATIENT);
        }
        Arc::clone(&self.provider)
    }
}

/// All companies at the same time.
async fn each<F: Future<Output = ()> + Send + 'static>(test: fn(Company) -> F) {
    let mut running = tokio::task::JoinSet::new();
    for company in ALL {
        running.spawn(test(company));
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}

pub(crate) async fn pair(company: Company) -> Pair {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join(SOCKET);
    let fake = match company {
        Company::Docker => Fake::start_at(&socket),
        company => Fake::start(company).await,
    };
    Pair { provider: provider(company, &fake.base, &socket, PATIENT), company, fake, dir }
}

fn provider(company: Company, base: &str, socket: &Path, total: Duration) -> Arc<dyn Provider> {
    let base = base.to_owned();
    let timeouts = Timeouts { connect: total, total };
    let key = || KEY.to_owned().into();
    match company {
        Company::Docker => {
            let gpus = ["0", "1", "2", "3"].map(String::from).to_vec();
            let config = docker::Config::new(socket.into());
            let config = docker::Config { timeouts, gpus, grace: Duration::ZERO, ..config };
            Arc::new(docker::Docker::new(config).unwrap())
        }
        Company::RunPod => {
            let config = runpod::Config { base, timeouts, ..runpod::Config::new(key()) };
            Arc::new(runpod::RunPod::new(config).unwrap())
        }
        Company::Targon => {
            let config = targon::Config { base, timeouts, ..targon::Config::new(key()) };
            Arc::new(targon::Targon::new(config).unwrap())
        }
        Company::Verda => {
            let config =
                verda::Config::new("me".to_owned().into(), key(), "pods".to_owned().into());
            Arc::new(verda::Verda::new(verda::Config { base, timeouts, ..config }).unwrap())
        }
    }
}

pub(crate) fn spec() -> Spec {
    Spec {
        name: NAME.into(),
        image: "registry.example/here:tag".into(),
        gpu_type: Some("H200".into()),
        gpu_count: 4,
        port: pod::wire::PORT,
        concurrency: 2,
        env: BTreeMap::from([("A".into(), "b".into())]),
        labels: BTreeMap::from([("crucible-instance".into(), "unit".into())]),
    }
}

/// Where pods are made and listed.
pub(crate) const fn paths(company: Company) -> (&'static str, &'static str) {
    match company {
        Company::Docker => ("/v1.41/containers/create", "/v1.41/containers/json"),
        Company::RunPod => ("/pods", "/pods"),
        Company::Targon => ("/workloads", "/workloads"),
        Company::Verda => ("/container-deployments", "/container-deployments"),
    }
}

fn kind(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::Auth { .. } => "auth",
        ProviderError::Capacity { .. } => "capacity",
        ProviderError::RateLimited { .. } => "rate",
        ProviderError::Transient { .. } => "transient",
        ProviderError::Permanent { .. } => "permanent",
        ProviderError::Orphan { .. } => "orphan",
    }
}

#[tokio::test]
async fn a_life() {
    for company in ALL {
        let Pair { fake, provider, .. } = &pair(company).await;
        fake.with(|inside| inside.slow = 2);
        let made = provider.deploy(&spec()).await.unwrap();
        assert_eq!(made.name, NAME);
        let mut looks = 0;
        let seen = loop {
            let seen = provider.get(&made.id).await.unwrap().unwrap();
            looks += 1;
            if seen.url.is_some() {
                break seen;
            }
            assert!(looks < 10, "{company:?} never got an address");
        };
        assert!(looks > 1 || company == Company::RunPod, "{company:?}");
        assert_eq!(seen.phase, Phase::Running);
        let url = seen.url.unwrap();
        let expected = match company {
            Company::Docker => "http://127.0.0.1:32768".to_owned(),
            Company::RunPod => format!("https://{}-10006.proxy.runpod.net", made.id),
            Company::Targon => format!("https://{}.serverless.example", made.id),
            Company::Verda => format!("https://{NAME}.containers.example"),
        };
        assert_eq!(url, expected);
        assert_eq!(provider.list().await.unwrap().len(), 1);
        provider.delete(&made.id).await.unwrap();
        assert_eq!(fake.ids(), [""; 0]);
        assert_eq!(provider.get(&made.id).await.unwrap(), None);
        // Gone is gone.
        provider.delete(&made.id).await.unwrap();
        let has_bearer = provider.bearer().is_some();
        assert_eq!(has_bearer, company == Company::Verda);
    }
}

#[tokio::test]
async fn errors_are_told_apart_by_status() {
    for company in ALL {
        let Pair { fake, provider, .. } = &pair(company).await;
        let (_, list) = paths(company);
        for (status, expected) in [
            (302, "permanent"),
            (400, "permanent"),
            (402, "capacity"),
            (403, "auth"),
            (404, "permanent"),
            (429, "rate"),
            (500, "transient"),
            (503, "transient"),
        ] {
            fake.next(Method::GET, list, Fault::Status(status));
            // Verda's tokens are renewed once when they are refused.
            if company == Company::Verda && status == 403 {
                fake.next(Method::GET, list, Fault::Status(status));
            }
            let error = provider.list().await.unwrap_err();
            assert_eq!(kind(&error), expected, "{company:?} {status}");
            assert!(error.to_string().len() < 250, "{error}");
        }
        fake.next(Method::GET, list, Fault::ComeBackIn(7));
        let error = provider.list().await.unwrap_err();
        let after = Some(Duration::from_secs(7));
        assert!(matches!(error, ProviderError::RateLimited { after: a, .. } if a == after));
    }
}

#[tokio::test]
async fn answers_that_are_none() {
    each(|company| async move {
        let pair = &pair(company).await;
        let Pair { fake, provider, .. } = pair;
        let (_, list) = paths(company);
        for (fault, expected) in [
            (Fault::Hang, "transient"),
            (Fault::Drip, "transient"),
            (Fault::BreakOff, "transient"),
            (Fault::Endless, "permanent"),
            (Fault::NotJson, "permanent"),
            (Fault::Redirect, "permanent"),
            (Fault::Say(json!({})), "permanent"),
            (Fault::Say(json!(7)), "permanent"),
            (Fault::Say(json!([7])), "permanent"),
            (Fault::Say(json!([{}])), "permanent"),
        ] {
            fake.next(Method::GET, list, fault.clone());
            let listed = pair.for_fault(&fault).list().await;
            let error = listed.expect_err(&format!("{company:?} {fault:?}"));
            assert_eq!(kind(&error), expected, "{company:?} {fault:?}: {error}");
        }
        assert_eq!(fake.count(&Method::GET, "/elsewhere"), 0);
        assert_eq!(provider.list().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn nobody_there() {
    for company in ALL {
        let dir = tempfile::tempdir().unwrap();
        let provider = provider(company, "http://127.0.0.1:1", &dir.path().join("none"), PATIENT);
        let error = provider.list().await.unwrap_err();
        assert_eq!(kind(&error), "transient", "{company:?} {error}");
        assert!(provider.deploy(&spec()).await.unwrap_err().is_transient());
    }
}

#[tokio::test]
async fn what_was_made_without_a_good_answer_is_found() {
    each(|company| async move {
        for fault in [
            Fault::Hang,
            Fault::Status(502),
            Fault::NotJson,
            Fault::BreakOff,
            Fault::Say(json!({})),
        ] {
            let pair = &pair(company).await;
            pair.fake.next(Method::POST, paths(company).0, Fault::After(Box::new(fault.clone())));
            let seen = pair.for_fault(&fault).deploy(&spec()).await;
            let seen = seen.unwrap_or_else(|error| panic!("{company:?} {fault:?}: {error}"));
            assert_eq!((seen.name.as_str(), pair.fake.ids()), (NAME, vec![seen.id]));
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_not_made_is_an_error() {
    for company in ALL {
        for (fault, expected) in [
            (Fault::Status(500), "transient"),
            (Fault::Status(400), "permanent"),
            (Fault::Status(402), "capacity"),
            (Fault::Status(403), "auth"),
            (Fault::ComeBackIn(1), "rate"),
            (Fault::NotJson, "permanent"),
        ] {
            let Pair { fake, provider, .. } = &pair(company).await;
            fake.next(Method::POST, paths(company).0, fault.clone());
            let error = provider.deploy(&spec()).await.unwrap_err();
            assert_eq!(kind(&error), expected, "{company:?} {fault:?}: {error}");
            assert_eq!(fake.ids(), [""; 0]);
        }
    }
}

#[tokio::test]
async fn a_refusal_is_not_taken_for_the_pod_of_that_name() {
    for company in [Company::Docker, Company::Verda] {
        let Pair { fake, provider, .. } = &pair(company).await;
        let first = provider.deploy(&spec()).await.unwrap();
        let error = provider.deploy(&Spec { gpu_count: 0, ..spec() }).await;
        let error = match company {
            Company::Verda => provider.deploy(&spec()).await.unwrap_err(),
            _ => error.unwrap_err(),
        };
        assert_eq!(kind(&error), "permanent", "{error}");
        assert_eq!(fake.ids(), [first.id]);
    }
}

#[tokio::test]
async fn errors_of_deletes() {
    each(|company| async move {
        for (fault, expected) in [
            (Fault::Status(500), "transient"),
            (Fault::Status(403), "auth"),
            (Fault::Status(422), "permanent"),
            (Fault::Hang, "transient"),
        ] {
            let pair = &pair(company).await;
            let fake = &pair.fake;
            let made = pair.provider.deploy(&spec()).await.unwrap();
            let path = match company {
                Company::Docker => "/v1.41/containers/",
                company => paths(company).0,
            };
            fake.next(Method::DELETE, path, fault.clone());
            let error = pair.for_fault(&fault).delete(&made.id).await.unwrap_err();
            assert_eq!(kind(&error), expected, "{company:?} {fault:?}: {error}");
            // With 404 in what it says, though not in its status.
            assert_eq!(fake.ids(), [made.id]);
        }
    })
    .await;
}

#[tokio::test]
async fn no_key_in_any_error() {
    for company in ALL {
        let Pair { fake, provider, .. } = &pair(company).await;
        let (make, list) = paths(company);
        for status in [400, 403, 404, 500] {
            // These tell what was sent to them.
            fake.next(Method::GET, list, Fault::Status(status));
            fake.next(Method::GET, list, Fault::Status(status));
            fake.next(Method::POST, make, Fault::Status(status));
            let mut said = format!("{:?} {provider:?}", provider.list().await.unwrap_err());
            if company == Company::Verda {
                fake.next(Method::POST, "/oauth2", Fault::Status(status));
            }
            said += &format!("{:?}", provider.deploy(&spec()).await.unwrap_err());
            fake.with(|inside| inside.tokens += usize::from(company == Company::Verda));
            assert!(!said.contains(KEY) && !said.contains("token-"), "{company:?}: {said}");
        }
    }
}

#[tokio::test]
async fn identifiers_that_lead_elsewhere() {
    for company in ALL {
        let Pair { fake, provider, .. } = &pair(company).await;
        let before = fake.count(&Method::DELETE, "/");
        for id in ["", "..", "../pods", "a/../../b", "a?force=1", "%2e%2e", "a b"] {
            // An engine looks first, and finds no such container.
            let outcome = provider.delete(id).await;
            assert!(outcome.is_err() || company == Company::Docker, "{company:?} {id}");
            assert_eq!(provider.get(id).await.unwrap(), None);
        }
        assert_eq!(fake.count(&Method::DELETE, "/"), before);
    }
}

#[tokio::test]
async fn gpus_that_nobody_has() {
    for company in ALL {
        let Pair { fake, provider, .. } = &pair(company).await;
        let wanted = Spec { gpu_type: Some("GeForce 256".into()), gpu_count: 9, ..spec() };
        if company == Company::Verda {
            let none = Spec { gpu_type: None, ..spec() };
            assert!(!provider.deploy(&none).await.unwrap_err().is_transient());
            continue;
        }
        let error = provider.deploy(&wanted).await.unwrap_err();
        let said = error.to_string();
        match company {
            Company::Docker => {
                insta::assert_snapshot!(said, @"docker: no capacity: 9 GPUs asked for, 4 of 4 are free");
            }
            Company::RunPod => {
                insta::assert_snapshot!(said, @"runpod: no GPU called GeForce 256, known are B200, H100, H200, RTX6000Pro");
            }
            _ => {
                insta::assert_snapshot!(said, @"targon: no SKU for 9xGeForce 256, known are 1xH200, 4xH200, 4xRTX6000Pro");
            }
        }
        assert_eq!(fake.ids(), [""; 0]);
    }
}
