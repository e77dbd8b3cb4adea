//! A service that was ended, or killed, goes on where it was.

use std::sync::atomic::Ordering;
use std::time::Duration;

use insta::assert_snapshot;
use serve::pod::Config;

use super::{Fake, Pod, config};

#[tokio::test]
async fn a_batch_in_work_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("ready").await;
    pod.order_as("a b=missing c=wait d=wait e", "r1").await;
    // Two workers: one of c and d may be in work, or both; e is not begun then.
    pod.until(|status| status["progress"] == 2).await;
    pod.end().await.expect("an orderly end");

    let fake = Fake::cold();
    let pod = Pod::start(folder.path(), fake).await;
    assert_snapshot!(pod.state().await, @r#"{"progress":2,"status":"generating","total":5}"#);
    assert_snapshot!(pod.order_as("a b c d e", "r1").await, @r#"200 {"accepted":5,"batch_id":"r1"}"#);
    assert_snapshot!(pod.order("x").await, @r#"409 {"detail":"Cannot accept batch","current_status":"generating"}"#);
    pod.fake.warm.add_permits(1);
    pod.fake.gate.add_permits(2);
    pod.until_state("complete").await;
    assert_eq!(pod.fake.calls.load(Ordering::SeqCst), 3, "a is not made again");
    let results = pod.results().await;
    assert_eq!(
        results.keys().collect::<Vec<_>>(),
        ["_failed.json", "a.js", "c.js", "d.js", "e.js"]
    );
    assert_snapshot!(results["_failed.json"], @r#"{"b":"image download failed: 404"}"#);
    let archive = pod.archive().await;
    pod.end().await.expect("an orderly end");

    // Results are there at once, and are the same bytes.
    let pod = Pod::start(folder.path(), Fake::cold()).await;
    assert_snapshot!(pod.state().await, @r#"{"status":"complete"}"#);
    assert_eq!(pod.archive().await, archive);
    assert_snapshot!(pod.order_as("a b c d e", "r1").await, @r#"200 {"accepted":5,"batch_id":"r1"}"#);
    assert_snapshot!(pod.order_as("a b c d e", "r2").await, @r#"200 {"accepted":5,"batch_id":"r2"}"#);
    pod.until_state("generating").await;
    pod.fake.warm.add_permits(1);
    pod.until_state("complete").await;
    assert_ne!(pod.archive().await, archive);
    let left: Vec<_> = fs_err::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left.len(), 2, "the lock and the last batch: {left:?}");
}

#[tokio::test]
async fn the_time_for_a_batch_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("ready").await;
    pod.order("a b=never").await;
    pod.until(|status| status["progress"] == 1).await;
    pod.end().await.expect("an orderly end");
    // As if an hour had passed.
    let path = folder.path().join("batch-1/order.json");
    let order = fs_err::read_to_string(&path).expect("an order");
    let mut order: serde_json::Value = serde_json::from_str(&order).expect("JSON");
    let then = order["accepted_at_unix_ms"].as_u64().expect("a time") - 3_600_000;
    order["accepted_at_unix_ms"] = then.into();
    fs_err::write(&path, order.to_string()).expect("written");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("complete").await;
    assert_snapshot!(pod.results().await["_failed.json"], @r#"{"b":"batch timeout: not generated within 3420 s of the order"}"#);
}

#[tokio::test]
async fn what_was_half_written_is_not_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let batch = folder.path().join("batch-7");
    fs_err::create_dir(&batch).expect("a folder");
    fs_err::create_dir(folder.path().join("batch-8")).expect("a folder");
    let order = r#"{"order":{"prompts":[{"stem":"a","image_url":"http://127.0.0.1:1/"},{"stem":"b","image_url":"http://127.0.0.1:1/"}],"accepted":2,"seed":-5,"batch_id":null},"accepted_at_unix_ms":99999999999999}"#;
    fs_err::write(batch.join("order.json"), order).expect("written");
    fs_err::write(batch.join("a.js.part"), "half").expect("written");
    fs_err::write(batch.join("b.js"), "whole").expect("written");
    fs_err::write(batch.join("results.zip.part"), "half").expect("written");
    let brief = Duration::from_millis(200);
    let pod =
        Pod::start_with(Config { picture_time: brief, ..config(folder.path()) }, Fake::ready())
            .await;
    pod.until_state("complete").await;
    let results = pod.results().await;
    assert_eq!(results.keys().collect::<Vec<_>>(), ["_failed.json", "b.js"]);
    assert_eq!(results["b.js"], "whole");
    assert_eq!(pod.make("c").await.len(), 1);
    assert!(folder.path().join("batch-8").is_dir(), "numbers go on");
}

#[tokio::test]
async fn a_state_that_is_none_of_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    let batch = folder.path().join("batch-1");
    fs_err::create_dir(&batch).expect("a folder");
    fs_err::write(batch.join("order.json"), "{}").expect("written");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    let error = pod.ended().await.expect_err("not an order").to_string();
    assert!(
        error.ends_with("batch-1/order.json: missing field `order` at line 1 column 2"),
        "{error}"
    );
}
