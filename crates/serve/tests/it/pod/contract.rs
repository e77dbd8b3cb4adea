//! The contract of the pods of competition 2, as its client sees it.

use insta::assert_snapshot;
use serde_json::json;

use super::{Fake, Pod, config};

#[tokio::test]
async fn a_whole_life() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::cold()).await;
    assert_snapshot!(pod.client.get("/health").await.line(), @r#"200 {"status":"ok"}"#);
    assert_snapshot!(pod.state().await, @r#"{"status":"warming_up"}"#);
    assert_snapshot!(pod.order("a").await, @r#"409 {"detail":"Cannot accept batch","current_status":"warming_up"}"#);
    assert_snapshot!(pod.client.get("/results").await.line(), @r#"409 {"detail":"Results not available in state 'warming_up'. Must be 'complete'."}"#);
    pod.fake.warm.add_permits(1);
    pod.until_state("ready").await;
    assert_snapshot!(pod.state().await, @r#"{"status":"ready"}"#);
    assert_snapshot!(pod.client.get("/results").await.line(), @r#"409 {"detail":"Results not available in state 'ready'. Must be 'complete'."}"#);

    assert_snapshot!(pod.order("a=wait b=wait c=wait").await, @r#"200 {"accepted":3}"#);
    assert_snapshot!(pod.state().await, @r#"{"progress":0,"status":"generating","total":3}"#);
    assert_snapshot!(pod.order("c b a").await, @r#"200 {"accepted":3}"#);
    assert_snapshot!(pod.order("a b").await, @r#"409 {"detail":"Cannot accept batch","current_status":"generating"}"#);
    assert_snapshot!(pod.client.get("/results").await.line(), @r#"409 {"detail":"Results not available in state 'generating'. Must be 'complete'."}"#);
    pod.fake.gate.add_permits(1);
    pod.until(|status| status["progress"] == 1).await;
    pod.fake.gate.add_permits(2);
    pod.until_state("complete").await;
    assert_snapshot!(pod.state().await, @r#"{"status":"complete"}"#);

    let first = pod.archive().await;
    assert_eq!(super::unzipped(&first).into_keys().collect::<Vec<_>>(), ["a.js", "b.js", "c.js"]);
    assert_eq!(pod.archive().await, first, "the same bytes");
    assert_snapshot!(pod.order("b a c").await, @r#"200 {"accepted":3}"#);
    assert_eq!(pod.archive().await, first, "still the same bytes");
    assert_eq!(pod.fake.calls.load(std::sync::atomic::Ordering::SeqCst), 3, "not again");

    assert_eq!(pod.make("d").await.into_keys().collect::<Vec<_>>(), ["d.js"]);
    pod.end().await.expect("an orderly end");
}

#[tokio::test]
async fn an_identity_makes_it_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("ready").await;
    assert_snapshot!(pod.order_as("a b", "round 1, repeat 1").await, @r#"200 {"accepted":2,"batch_id":"round 1, repeat 1"}"#);
    pod.until_state("complete").await;
    let first = pod.results().await;
    assert_snapshot!(pod.order_as("a b", "round 1, repeat 1").await, @r#"200 {"accepted":2,"batch_id":"round 1, repeat 1"}"#);
    assert_eq!(pod.results().await, first);
    assert_snapshot!(pod.order_as("a c", "round 1, repeat 1").await, @r#"422 {"detail":"batch_id: was given to a batch of other stems"}"#);
    assert_snapshot!(pod.order_as("a=wait b", "round 1, repeat 2").await, @r#"200 {"accepted":2,"batch_id":"round 1, repeat 2"}"#);
    assert_snapshot!(pod.order_as("a b", "round 1, repeat 3").await, @r#"409 {"detail":"Cannot accept batch","current_status":"generating"}"#);
    pod.fake.gate.add_permits(1);
    pod.until_state("complete").await;
    let second = pod.results().await;
    assert!(second.keys().eq(first.keys()) && second != first, "{second:?}");
}

#[tokio::test]
async fn seeds_go_through() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("ready").await;
    for (idx, seed) in
        [0, 4_294_967_295, -1, i128::from(u64::MAX), i128::from(i64::MIN)].into_iter().enumerate()
    {
        let stem = format!("s{idx}");
        let body = pod.body(&stem, seed, None);
        assert_eq!(pod.client.post("/generate", &body).await.line(), r#"200 {"accepted":1}"#);
        pod.until_state("complete").await;
        let results = pod.results().await;
        assert_eq!(results[&format!("{stem}.js")], format!("// seed {seed}, call {idx}"));
    }
}

#[tokio::test]
async fn every_poll_is_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("ready").await;
    for query in ["", "?", "?x=1", "?replacements_remaining=3", "?replacements_remaining=-3&y"] {
        assert_eq!(pod.status_with(query).await["status"], "ready", "{query}");
    }
    assert_snapshot!(pod.client.get("/status?replacements_remaining=x").await.line(), @r#"422 {"detail":"replacements_remaining: \"x\" is not an integer"}"#);
    let reply = pod.client.send("GET /status HTTP/1.1\r\nhost: x\r\nauthorization: Bearer any\r\nconnection: close\r\n\r\n").await;
    assert_eq!(reply.json()["status"], "ready");
    assert_snapshot!(pod.client.get("/generate").await.line(), @r#"405 {"detail":"Method Not Allowed"}"#);
    assert_snapshot!(pod.client.get("/").await.line(), @r#"404 {"detail":"Not Found"}"#);
    assert!(
        pod.client
            .get("/metrics")
            .await
            .text()
            .contains("crucible_requests_total{route=\"/status\",status=\"422\"} 1\n")
    );
    assert_eq!(pod.client.get("/openapi.json").await.status, 200);
}

#[tokio::test]
async fn the_payload_tells_what_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("ready").await;
    pod.order("a=wait b=fails c=wait").await;
    let status = pod.until(|status| {
        status["progress"] == 1
            && status["payload"]["running"]
                .as_array()
                .is_some_and(|running| running.iter().all(|one| one["share"] == 0.5))
    });
    let mut payload = status.await["payload"].clone();
    payload["stage_seconds"] = json!(0);
    assert_snapshot!(payload, @r#"{"failed":1,"generator":"fake","last_failure":"b: out of memory","running":[{"share":0.5,"stem":"a","what":"waiting"},{"share":0.5,"stem":"c","what":"waiting"}],"stage":"generating","stage_seconds":0,"succeeded":0}"#);
    pod.fake.gate.add_permits(2);
    pod.until_state("complete").await;
    let payload = &pod.status().await["payload"];
    assert_eq!([&payload["stage"], &payload["succeeded"]], [&json!("waiting"), &json!(2)]);
}

#[tokio::test]
async fn a_generator_that_is_never_ready_is_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start_with(config(folder.path()), Fake::cold()).await;
    pod.until_state("warming_up").await;
    pod.fake.warm.close();
    let error = pod.ended().await.expect_err("no weights");
    assert_snapshot!(error, @"fake: the weights are missing");
}
