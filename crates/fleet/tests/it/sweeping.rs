//! Deletes that are looked after, and sweeps.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use fleet::cost::Caps;
use fleet::provider::Provider;
use fleet::providers::Fleet;
use fleet::sweep::{Insistence, Outcome, Reaper, Scope, delete_verified, sweep};

use crate::companies::{Pair, pair, spec};
use crate::fake::{Company, Fault};

const MS: Duration = Duration::from_millis(1);
const INSISTENCE: Insistence = Insistence { attempts: 4, wait: MS, wait_max: MS };
const ALL: [Company; 4] = [Company::Docker, Company::RunPod, Company::Targon, Company::Verda];

const fn deletes(company: Company) -> &'static str {
    match company {
        Company::Docker => "/v1.41/containers/",
        Company::RunPod => "/pods/",
        Company::Targon => "/workloads/",
        Company::Verda => "/container-deployments/",
    }
}

#[tokio::test]
async fn deletes_that_lie_are_repeated() {
    for company in ALL {
        let Pair { fake, provider, .. } = &pair(company).await;
        let made = provider.deploy(&spec()).await.unwrap();
        for fault in [Fault::Lie, Fault::Status(500), Fault::Lie] {
            fake.next(Method::DELETE, deletes(company), fault);
        }
        delete_verified(&**provider, &made.id, &INSISTENCE).await.unwrap();
        assert_eq!(fake.ids(), [""; 0]);
        assert_eq!(fake.count(&Method::DELETE, "/"), 4, "{company:?}");
    }
}

#[tokio::test]
async fn a_delete_that_only_seemed_to_fail_is_one() {
    for company in ALL {
        let Pair { fake, provider, .. } = &pair(company).await;
        let made = provider.deploy(&spec()).await.unwrap();
        fake.next(Method::DELETE, deletes(company), Fault::After(Box::new(Fault::Status(500))));
        delete_verified(&**provider, &made.id, &INSISTENCE).await.unwrap();
        assert_eq!(fake.count(&Method::DELETE, "/"), 1, "{company:?}");
    }
}

#[tokio::test]
async fn what_will_not_go_is_told() {
    let Pair { fake, provider, .. } = &pair(Company::Targon).await;
    let made = provider.deploy(&spec()).await.unwrap();
    for _ in 0..4 {
        fake.next(Method::DELETE, deletes(Company::Targon), Fault::Lie);
    }
    let left = delete_verified(&**provider, &made.id, &INSISTENCE).await.unwrap_err();
    insta::assert_snapshot!(left, @"targon pod id1 is perhaps still there after 4 requests to delete it: it was deleted, they say, and it is still listed");
    // A list that cannot be had proves nothing.
    for _ in 0..4 {
        fake.next(Method::GET, "/workloads", Fault::Status(500));
    }
    let left = delete_verified(&**provider, &made.id, &INSISTENCE).await.unwrap_err();
    assert_eq!(left.attempts, 4);
    // Nor does a key that is refused; it does not get better by asking again.
    fake.next(Method::DELETE, "/workloads", Fault::Status(403));
    fake.put("id1", "again");
    let left = delete_verified(&**provider, "id1", &INSISTENCE).await.unwrap_err();
    assert_eq!(left.attempts, 1);
}

#[tokio::test]
async fn a_sweep_takes_ours_and_no_other() {
    for company in ALL {
        let Pair { fake, provider, dir: _dir, .. } = pair(company).await;
        for (id, name) in [
            ("theirs", "production-database"),
            ("miner-01-5abc123def-0-stage", "miner-01-5abc123def-0-stage"),
            ("miner-1-5abc123def-0", "miner-1-5abc123def-0"),
        ] {
            let id = if company == Company::Verda { name } else { id };
            fake.put(id, name);
        }
        let others = fake.ids();
        let name = |round: u32, index: u32| format!("miner-{round:02}-5abc123def-{index}-unit");
        let mut made = Vec::new();
        for (round, index) in [(1, 0), (1, 1), (10, 0)] {
            let spec = fleet::provider::Spec { name: name(round, index), gpu_count: 1, ..spec() };
            made.push(provider.deploy(&spec).await.unwrap().id);
        }
        let providers = [Arc::clone(&provider)];
        let mut scope = Scope::all("unit".parse().unwrap());

        let found = sweep(&providers, &scope, true, &INSISTENCE).await;
        assert!(found.orphans.iter().all(|orphan| orphan.outcome == Outcome::Found));
        assert_eq!((found.orphans.len(), fake.count(&Method::DELETE, "/")), (3, 0), "{company:?}");

        scope.live = BTreeSet::from([(provider.name().to_owned(), made[0].clone())]);
        scope.round = Some(1);
        let swept = sweep(&providers, &scope, false, &INSISTENCE).await;
        assert!(swept.is_clean());
        let gone: Vec<&String> = swept.orphans.iter().map(|orphan| &orphan.pod.id).collect();
        assert_eq!(gone, [&made[1]], "{company:?}");

        scope.round = None;
        scope.made_before = Some(1e9);
        assert_eq!(sweep(&providers, &scope, false, &INSISTENCE).await.orphans, []);
        scope.made_before = None;
        sweep(&providers, &scope, false, &INSISTENCE).await;
        let left = [others, vec![made[0].clone()]].concat();
        assert_eq!(fake.ids(), left, "{company:?}");
    }
}

#[tokio::test]
async fn one_providers_trouble_is_not_anothers() {
    let (a, b) = (pair(Company::Targon).await, pair(Company::RunPod).await);
    b.provider.deploy(&spec()).await.unwrap();
    for _ in 0..4 {
        a.fake.next(Method::GET, "/workloads", Fault::NotJson);
    }
    let providers: [Arc<dyn Provider>; 2] = [a.provider, b.provider];
    let scope = Scope::all("unit".parse().unwrap());
    let swept = sweep(&providers, &scope, false, &INSISTENCE).await;
    assert!(!swept.is_clean());
    assert_eq!(swept.unseen[0].0, "targon");
    assert_eq!((swept.orphans[0].outcome.clone(), b.fake.ids().len()), (Outcome::Gone, 0));
}

#[tokio::test]
async fn a_sweep_waits_for_a_provider_that_is_down_for_a_moment() {
    let Pair { fake, provider, dir: _dir, .. } = pair(Company::RunPod).await;
    provider.deploy(&spec()).await.unwrap();
    fake.next(Method::GET, "/pods", Fault::Status(503));
    fake.next(Method::GET, "/pods", Fault::Status(503));
    let scope = Scope::all("unit".parse().unwrap());
    let swept = sweep(&[provider], &scope, false, &INSISTENCE).await;
    assert!(swept.is_clean() && swept.orphans.len() == 1);
}

#[tokio::test]
async fn a_reaper_comes_back() {
    let Pair { fake, provider, .. } = pair(Company::RunPod).await;
    provider.deploy(&spec()).await.unwrap();
    let instance: fleet::names::Instance = "unit".parse().unwrap();
    let fleet = Fleet::new(vec![provider], instance.clone(), Caps::default());
    let mut reaper = Reaper::new(fleet, Scope::all(instance), None);
    fake.next(Method::DELETE, "/pods", Fault::Lie);
    let turn = reaper.turn().await;
    assert!(matches!(turn.swept.orphans[0].outcome, Outcome::Left { .. }));
    // Not due yet: it is seen, and left alone for now.
    let turn = reaper.turn().await;
    assert_eq!(turn.swept.orphans[0].outcome, Outcome::Found);
    assert_eq!(fake.count(&Method::DELETE, "/"), 1);
    // Another took it away; one of the same identifier is tried at once.
    fake.with(|inside| inside.pods.clear());
    assert_eq!(reaper.turn().await.swept.orphans, []);
    fake.put("id1", "pod-x-0-unit");
    assert!(reaper.turn().await.swept.is_clean());
    assert_eq!(fake.ids(), [""; 0]);
}
