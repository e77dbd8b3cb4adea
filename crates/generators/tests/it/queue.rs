//! Calls take turns.

use std::time::Duration;

use generators::{Bounds, Failure, Generator};
use pod::wire::Kind;

use crate::things::{guarded, request, script};

#[tokio::test]
async fn one_at_a_time_and_no_more_than_may_wait() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, go) = (folder.path().join("log"), folder.path().join("go"));
    let text = format!(
        "echo start >> {0}; while [ ! -e {1} ]; do sleep 0.01; done; echo end >> {0}; echo ply > \"$3\"",
        log.display(),
        go.display()
    );
    let bounds = Bounds { waiting_max: 1, ..Bounds::default() };
    let generator = guarded(script(&text), bounds);
    let call = || generator.generate(request(Kind::Splats));
    let lines = || fs_err::read_to_string(&log).unwrap_or_default();
    let third = async {
        // Both others are in by then: they were asked first.
        while lines().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let refused = call().await.expect_err("no place is left");
        assert_eq!(refused, Failure::Transient("test: 1 calls wait already".to_owned()));
        fs_err::write(&go, "").expect("a file");
    };
    let (first, second, ()) = tokio::join!(call(), call(), third);
    first.expect("a model");
    second.expect("a model");
    assert_eq!(lines(), "start\nend\nstart\nend\n");
    call().await.expect("places are free again");
}

#[tokio::test]
async fn a_call_that_is_dropped_gives_its_turn_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let begun = folder.path().join("begun");
    let text =
        format!("[ -e {0} ] || {{ echo > {0}; sleep 60; }}; echo ply > \"$3\"", begun.display());
    let generator = guarded(script(&text), Bounds::default());
    let started = async {
        while !begun.exists() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        made = generator.generate(request(Kind::Splats)) => panic!("it sleeps: {made:?}"),
        () = started => {}
    }
    generator.generate(request(Kind::Splats)).await.expect("it is its turn");
}
