//! What goes wrong with a prompt stays with that prompt; what goes wrong with a batch ends it.

use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use insta::assert_snapshot;
use serve::pod::Config;

use super::{Fake, Pod, config};

/// Stems with `.js` in one line, the manifest in the next.
fn told(results: &std::collections::BTreeMap<String, String>) -> String {
    let made: Vec<_> = results.keys().filter(|name| name.ends_with(".js")).cloned().collect();
    let manifest = results.get("_failed.json").map_or("none", String::as_str);
    format!("{}\n{}", made.join(" "), manifest.replace("\",\"", "\",\n\""))
}

#[tokio::test]
async fn prompts_that_fail() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("ready").await;
    let results =
        pod.make("a b=panics c=fails d=bad e=mesh f=large g=empty h=binary i=largest").await;
    assert_snapshot!(told(&results), @r#"
    a.js i.js
    {"b":"the generator crashed: it panicked: a secret xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "c":"out of memory",
    "d":"picture: not a picture",
    "e":"the model made breaks the rules: mesh, not a module",
    "f":"the model is longer than 1048576 bytes",
    "g":"the model made breaks the rules: not a text",
    "h":"the model made breaks the rules: not a text"}
    "#);
    assert_snapshot!(told(&pod.make("a=fails b=bad").await), @r#"
    {"a":"out of memory",
    "b":"picture: not a picture"}
    "#);
    assert_snapshot!(told(&pod.make("c").await), @"
    c.js
    none
    ");
}

#[tokio::test]
async fn a_failure_that_passes_is_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("ready").await;
    assert_snapshot!(told(&pod.make("a=passes b=once").await), @"
    a.js b.js
    none
    ");
    assert_eq!(pod.fake.calls.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn pictures_that_are_not_to_be_had() {
    let folder = tempfile::tempdir().expect("a folder");
    let brief = Duration::from_millis(600);
    let pod =
        Pod::start_with(Config { picture_time: brief, ..config(folder.path()) }, Fake::ready())
            .await;
    pod.until_state("ready").await;
    let results = pod.make("a=missing b=forever d=file:///etc/passwd e=ftp://x/ f=silent g=http://no.invalid/ h ok").await;
    let mut told = told(&results);
    // The resolver's words are the machine's.
    if let Some(from) = told.find("\"g\":") {
        let to = told[from..].find('\n').map_or(told.len(), |to| from + to);
        told.replace_range(from..to, "\"g\":…");
    }
    assert_snapshot!(told, @r#"
    h.js ok.js
    {"a":"image download failed: 404",
    "b":"image download failed: more than 5 redirects",
    "d":"image download failed: not an http or https URL",
    "e":"image download failed: not an http or https URL",
    "f":"image download failed: no whole answer within 600 ms",
    "g":…
    "#);
}

#[tokio::test]
async fn pictures_that_never_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("ready").await;
    assert_snapshot!(told(&pod.make("a=endless b").await), @r#"
    b.js
    {"a":"image download failed: longer than 33554432 bytes"}
    "#);
}

#[tokio::test]
async fn private_addresses_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start_with(
        Config { allow_private_urls: false, ..config(folder.path()) },
        Fake::ready(),
    )
    .await;
    pod.until_state("ready").await;
    let results = pod.make("a=http://127.0.0.1:9/x b=http://169.254.169.254/x c=http://[::1]/x d=http://localhost/x").await;
    assert_snapshot!(told(&results), @r#"
    {"a":"image download failed: 127.0.0.1 is not on the public Internet (see --allow-private-urls)",
    "b":"image download failed: 169.254.169.254 is not on the public Internet (see --allow-private-urls)",
    "c":"image download failed: [::1] is not on the public Internet (see --allow-private-urls)",
    "d":"image download failed: localhost is not on the public Internet (see --allow-private-urls)"}
    "#);
}

#[tokio::test]
async fn a_prompt_that_takes_too_long() {
    let folder = tempfile::tempdir().expect("a folder");
    let brief = Duration::from_millis(100);
    let pod =
        Pod::start_with(Config { prompt_time: brief, ..config(folder.path()) }, Fake::ready())
            .await;
    pod.until_state("ready").await;
    assert_snapshot!(told(&pod.make("a=never b").await), @r#"
    b.js
    {"a":"inference timeout: no model within 0.1 s"}
    "#);
}

#[tokio::test]
async fn a_batch_that_takes_too_long() {
    let folder = tempfile::tempdir().expect("a folder");
    let brief = Duration::from_millis(500);
    let pod =
        Pod::start_with(Config { batch_time: brief, ..config(folder.path()) }, Fake::ready()).await;
    pod.until_state("ready").await;
    assert_snapshot!(told(&pod.make("a b=never c=never d=never").await), @r#"
    a.js
    {"b":"batch timeout: not generated within 0.5 s of the order",
    "c":"batch timeout: not generated within 0.5 s of the order",
    "d":"batch timeout: not generated within 0.5 s of the order"}
    "#);
    assert_snapshot!(told(&pod.make("e").await), @"
    e.js
    none
    ");
}

#[tokio::test]
async fn a_batch_that_crashes() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = NonZeroUsize::new(1);
    // The card is read at the start, at every poll, and before every prompt. No polls here until it crashed.
    let fake = Fake::crashing(9);
    let pod = Pod::start_with(Config { workers: one, ..config(folder.path()) }, fake).await;
    while !pod.order("a b c d e f g h i j k l").await.starts_with("200") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let results = loop {
        let reply = pod.client.get("/results").await;
        if reply.status == 200 {
            break pod.results().await;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let told = told(&results);
    assert!(told.contains("generation crashed: it panicked: the card is burnt"), "{told}");
    let manifest: std::collections::BTreeMap<String, String> =
        serde_json::from_str(&results["_failed.json"]).expect("JSON");
    assert!(results.len() > 1, "some were made: {told}");
    assert_eq!(manifest.len() + results.len() - 1, 12, "every stem once: {told}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_disk_that_takes_nothing_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("ready").await;
    assert_snapshot!(pod.order("a b=wait").await, @r#"200 {"accepted":2}"#);
    pod.until(|status| status["progress"] == 1).await;
    // A folder in its way stands for a full disk, also for root.
    let batch = folder.path().join("batch-1");
    fs_err::create_dir(batch.join("results.zip.part")).expect("a folder");
    fs_err::create_dir(batch.join("b.js.part")).expect("a folder");
    pod.fake.gate.add_permits(1);
    pod.until_state("complete").await;
    let told = told(&pod.results().await);
    assert!(told.contains("a.js") && told.contains("the module cannot be stored"), "{told}");
    fs_err::remove_dir_all(folder.path()).expect("removed");
    fs_err::write(folder.path(), b"").expect("a file where the folder was");
    assert_snapshot!(pod.order("c").await, @r#"500 {"detail":"Internal server error"}"#);
    assert_snapshot!(pod.state().await, @r#"{"status":"complete"}"#);
    fs_err::remove_file(folder.path()).expect("removed");
}
