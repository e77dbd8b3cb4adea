//! The batch client against services that misbehave.

use std::time::Duration;

use bytes::Bytes;
use insta::assert_snapshot;
use pod::client::{
    Batch, BatchLimits, ClientError, Retry, Single, SingleLimits, python_json_length,
};
use pod::wire::Seed;
use pod::wire::batch::{self, Caps, Prompt, State};
use secrecy::SecretString;
use serde_json::json;

use crate::archives::archive;
use crate::fake::{Fake, Reply, Then};

/// Short limits: a client that waits longer than these has a fault, and the test still ends.
fn limits() -> BatchLimits {
    let retry = Retry { pauses: vec![Duration::from_millis(1); 4] };
    let caps = Caps { zip_bytes: 100_000, ..Caps::default() };
    BatchLimits { retry, caps, ..BatchLimits::default() }
}

fn client(fake: &Fake) -> Batch {
    Batch::new(&fake.url, None, limits()).expect("an address")
}

fn prompts() -> batch::Batch {
    let prompt = |stem: &str| Prompt {
        stem: stem.to_owned(),
        image_url: format!("https://example.org/{stem}.png"),
    };
    batch::Batch {
        prompts: vec![prompt("a1"), prompt("b2")],
        seed: Seed::from(4_294_967_295_u32),
        batch_id: Some("round-1/0".to_owned()),
    }
}

fn shown<T: std::fmt::Debug>(outcome: Result<T, ClientError>) -> String {
    match outcome {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("error: {error}"),
    }
}

#[tokio::test]
async fn what_is_sent() {
    let fake = Fake::always(Reply::new(200, r#"{"accepted": 2, "batch_id": "round-1/0"}"#)).await;
    let bearer = SecretString::from("hush");
    let client = Batch::new(&format!("{}/", fake.url), Some(bearer), limits()).expect("an address");
    assert_snapshot!(shown(client.submit(&prompts()).await), @"Submitted { accepted: Some(2), keeps_identity: true }");
    client.status(3).await.ok();
    client.health().await.ok();
    let asked = fake.asked();
    let lines: Vec<&str> = asked.iter().map(|asked| &asked.line[..]).collect();
    assert_snapshot!(lines.join(", "), @"POST /generate, GET /status?replacements_remaining=3, GET /health");
    assert_snapshot!(String::from_utf8_lossy(&asked[0].body), @r#"{"prompts":[{"stem":"a1","image_url":"https://example.org/a1.png"},{"stem":"b2","image_url":"https://example.org/b2.png"}],"seed":4294967295,"batch_id":"round-1/0"}"#);
    assert!(asked.iter().all(|asked| asked.head.contains("authorization: bearer hush")));
    assert!(!format!("{client:?}").contains("hush"));
}

#[tokio::test]
async fn answers_to_a_batch() {
    let said = async |reply: Reply| {
        let fake = Fake::always(reply).await;
        let outcome = shown(client(&fake).submit(&prompts()).await);
        format!("{} x {outcome}", fake.asked().len())
    };
    assert_snapshot!(said(Reply::new(200, r#"{"accepted": 2}"#)).await, @"1 x Submitted { accepted: Some(2), keeps_identity: false }");
    assert_snapshot!(said(Reply::new(200, "thanks")).await, @"1 x Submitted { accepted: None, keeps_identity: false }");
    assert_snapshot!(said(Reply::new(202, r#"{"accepted": 2}"#)).await, @r#"1 x error: status 202: {"accepted": 2}"#);
    assert_snapshot!(said(Reply::new(409, r#"{"detail": "Cannot accept batch", "current_status": "warming_up"}"#)).await, @"1 x error: batch refused: the pod is warming_up");
    assert_snapshot!(said(Reply::new(409, "no")).await, @"1 x error: batch refused");
    assert_snapshot!(said(Reply::new(422, "stem\n\u{1b}[2J is bad")).await, @"1 x error: status 422: stem [2J is bad");
    assert_snapshot!(said(Reply::new(500, "x".repeat(300))).await, @"5 x error: status 500: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    assert_snapshot!(said(Reply::new(400, "starting")).await, @"5 x error: status 400: starting");
    assert_snapshot!(said(Reply::new(430, "")).await, @"5 x error: status 430");
    let elsewhere = "HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    assert_snapshot!(said(Reply::raw(elsewhere, Then::Goes)).await, @"1 x error: status 307");
    assert_snapshot!(said(Reply::raw("", Then::Closes)).await, @"5 x error: connection closed before message completed");
    assert_snapshot!(said(Reply::raw("nonsense\r\n\r\n", Then::Closes)).await, @"5 x error: invalid HTTP version parsed");
}

#[tokio::test]
async fn the_third_attempt_works() {
    let fake = Fake::start(|number, _| match number {
        0 => Reply::raw("", Then::Closes),
        1 => Reply::new(503, "not yet"),
        _ => Reply::new(200, r#"{"accepted": 2}"#),
    })
    .await;
    let submitted = client(&fake).submit(&prompts()).await.expect("taken");
    assert_eq!((submitted.accepted, submitted.keeps_identity), (Some(2), false));
    assert_eq!(fake.asked().len(), 3);
}

#[tokio::test]
async fn statuses() {
    let said = async |body: &str| {
        let fake = Fake::always(Reply::new(200, body)).await;
        shown(client(&fake).status(0).await)
    };
    assert_snapshot!(said(r#"{"status": "generating", "progress": 1, "total": 2, "payload": {"a": 1}}"#).await, @"Status { status: Generating, progress: Some(1), total: Some(2), payload: None }");
    assert_snapshot!(said(r#"{"status": "generating", "progress": -1, "total": "many"}"#).await, @"Status { status: Generating, progress: None, total: None, payload: None }");
    assert_snapshot!(said(r#"{"status": "replace", "payload": {"gpu": "bad"}}"#).await, @r#"Status { status: Replace, progress: None, total: None, payload: Some({"gpu": String("bad")}) }"#);
    assert_snapshot!(said(r#"{"status": "replace", "payload": [1]}"#).await, @"Status { status: Replace, progress: None, total: None, payload: None }");
    let long = json!({"status": "replace", "payload": {"a": "x".repeat(5000)}});
    assert_snapshot!(said(&long.to_string()).await, @"Status { status: Replace, progress: None, total: None, payload: None }");
    assert_snapshot!(said(r#"{"status": "fine"}"#).await, @r#"error: status: "fine" is not a state"#);
    assert_snapshot!(said("[]").await, @r#"error: status: no field "status" with a word"#);
    assert_snapshot!(said("").await, @"error: status: EOF while parsing a value at line 1 column 0");
    assert_snapshot!(said(&"[".repeat(100_000)).await, @"error: status: recursion limit exceeded at line 1 column 128");
    assert_snapshot!(said(&" ".repeat(2 << 20)).await, @"error: status: longer than 1048576 bytes");
}

#[tokio::test]
async fn looks_are_not_repeated() {
    let fake = Fake::always(Reply::new(503, "busy")).await;
    assert_snapshot!(shown(client(&fake).status(0).await), @"error: status 503: busy");
    assert_snapshot!(shown(client(&fake).health().await), @"error: status 503: busy");
    assert_eq!(fake.asked().len(), 2);
    let Fake { url, .. } = &fake;
    let url = url.clone();
    drop(fake);
    let gone = Batch::new(&url, None, limits()).expect("an address");
    assert!(matches!(gone.status(0).await, Err(ClientError::Transport(_))));
}

#[tokio::test]
async fn results() {
    let zip = archive(&[("a1.js", b"1"), ("b2.js", b"2"), ("_failed.json", br#"{"b2": "late"}"#)]);
    let fake = Fake::always(Reply::new(200, &zip)).await;
    let results = client(&fake).results().await.expect("results");
    assert_eq!(results.outcome("a1").map(|module| &module[..]), Ok(&b"1"[..]));
    assert_eq!(results.outcome("b2"), Err("late"));
    assert_eq!(results.outcome("c3"), Err("missing from batch results"));
    assert_eq!((results.archive_bytes, results.archive_sha256.len()), (zip.len(), 64));
    assert_eq!(
        results.archive_sha256,
        client(&fake).results().await.expect("again").archive_sha256
    );

    let said = async |reply: Reply| {
        let fake = Fake::always(reply).await;
        let outcome = shown(client(&fake).results().await.map(|results| results.modules.len()));
        format!("{} x {outcome}", fake.asked().len())
    };
    assert_snapshot!(said(Reply::new(409, r#"{"detail": "Results not available"}"#)).await, @r#"1 x error: status 409: {"detail": "Results not available"}"#);
    assert_snapshot!(said(Reply::new(200, "not a zip at all")).await, @"1 x error: results: not a ZIP archive: invalid Zip archive: Could not find EOCD");
    let promise = "HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n";
    assert_snapshot!(said(Reply::raw(promise, Then::Hangs)).await, @"1 x error: results: longer than 100000 bytes");
    let endless = [b"400\r\n".as_slice(), &[b'x'; 1024], b"\r\n"].concat();
    assert_snapshot!(said(Reply::chunked(Then::Repeats(endless))).await, @"1 x error: results: longer than 100000 bytes");
    let broken = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nPK";
    assert_snapshot!(said(Reply::raw(broken, Then::Closes)).await, @"5 x error: end of file before message length reached");
}

/// A body that drips stays within the idle limit for ever, but not within the total one.
#[tokio::test]
async fn a_drip_ends() {
    let drip = Then::Drips(b"1\r\nx\r\n".to_vec(), Duration::from_millis(20));
    let fake = Fake::always(Reply::chunked(drip)).await;
    let limits = BatchLimits {
        retry: Retry::NONE,
        results_idle: Duration::from_secs(60),
        results_total: Duration::from_millis(200),
        ..limits()
    };
    let client = Batch::new(&fake.url, None, limits.clone()).expect("an address");
    assert_snapshot!(shown(client.results().await), @"error: no results within 0.2 s");
    let fake = Fake::always(Reply::chunked(Then::Hangs)).await;
    let limits = BatchLimits {
        results_idle: Duration::from_millis(100),
        results_total: Duration::from_secs(60),
        status: Duration::from_millis(150),
        submit: Duration::from_millis(150),
        ..limits
    };
    let client = Batch::new(&fake.url, None, limits).expect("an address");
    assert_snapshot!(shown(client.results().await), @"error: no results within 0.1 s");
    assert_snapshot!(shown(client.status(0).await), @"error: no status within 0.15 s");
    let fake = Fake::always(Reply::raw("", Then::Hangs)).await;
    let client = Batch::new(
        &fake.url,
        None,
        BatchLimits {
            submit: Duration::from_millis(150),
            retry: Retry::NONE,
            ..BatchLimits::default()
        },
    )
    .expect("an address");
    assert_snapshot!(shown(client.submit(&prompts()).await), @"error: no answer to the batch within 0.15 s");
}

#[test]
fn addresses() {
    let said = |address: &str| match Batch::new(address, None, BatchLimits::default()) {
        Ok(client) => client.address().to_owned(),
        Err(error) => error.to_string(),
    };
    assert_snapshot!(said("http://127.0.0.1:1/"), @"http://127.0.0.1:1");
    assert_snapshot!(said("https://example.org/pods/7/"), @"https://example.org/pods/7");
    assert_snapshot!(said("ftp://example.org"), @r#""ftp://example.org/" is not an http or https address"#);
    assert_snapshot!(said("127.0.0.1:10006"), @r#""127.0.0.1:10006" is not an http or https address"#);
    assert_snapshot!(said("http://me:hush@example.org"), @r#""http://***@example.org" is not an http or https address"#);
    assert_snapshot!(said("http://example.org/?a=b"), @r#""http://example.org/?a=b" is not an http or https address"#);
}

#[test]
fn length_of_payloads_as_python_writes_them() {
    for (value, text) in [
        (json!({"a": 1, "b": [1, 2, null]}), r#"{"a": 1, "b": [1, 2, null]}"#),
        (json!({"é": "😀\n\u{1}\"\u{7f}"}), r#"{"\u00e9": "\ud83d\ude00\n\u0001\"?"}"#),
        (json!([]), "[]"),
        (json!({}), "{}"),
    ] {
        assert_eq!(python_json_length(&value), text.len(), "{text}");
    }
    assert_eq!(State::ALL.len(), 5);
}

/// Services call the clients from tasks that any thread may run.
#[test]
fn futures_may_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    let client = Batch::new("http://127.0.0.1:1", None, limits()).expect("an address");
    let batch = prompts();
    is_send(&client.submit(&batch));
    is_send(&client.results());
    is_send(&client.status(0));
    let client = Single::new("http://127.0.0.1:1", None, SingleLimits::default());
    is_send(&client.expect("an address").generate(Bytes::new(), Seed::default()));
}
