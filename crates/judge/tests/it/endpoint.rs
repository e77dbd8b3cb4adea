//! The endpoint against a stub with faults: what is tried again, what is an outage, and that the key is told to nobody.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use insta::assert_snapshot;
use judge::recheck::recheck;
use judge::stages::{MultiStage, Settings};
use judge::vlm::{Chat as _, Endpoint, EndpointSettings, Request};
use judge::{JudgeError, Outcome};
use ledger::files::duels::DuelWinner;
use secrecy::SecretString;

use crate::script::{Album, duel, judged};
use crate::stub::{Fault, KEY, Stub};

/// Long enough for a first wait and a second, short enough for a test.
fn settings(stub: &Stub) -> EndpointSettings {
    EndpointSettings {
        base_url: stub.base_url(),
        call_s: 3.5,
        try_s: 0.4,
        ..EndpointSettings::default()
    }
}

fn request() -> Request {
    let body = r#"{"response_format":{"json_schema":{"name":"explain-response"}},"messages":[{},{"content":[{"text":"Give JSON."}]}],"seed":1,"temperature":0.0}"#;
    Request { label: "explain".into(), attempt: 0, body: body.into() }
}

/// What one call comes to, and how many requests it took.
async fn call(faults: &[Fault], forever: Option<Fault>) -> (String, usize) {
    let stub = Stub::start(faults, forever).await;
    let settings = settings(&stub);
    let endpoint = Endpoint::new(&settings, Some(SecretString::from(KEY))).unwrap();
    let asked = request();
    let answer = tokio::time::timeout(Duration::from_secs(20), endpoint.ask(&asked)).await;
    let word = match answer.expect("a call ends") {
        Ok(reply) => match reply.outcome {
            Outcome::Answer(text) => format!("answer {text}"),
            Outcome::Refused(message) => format!("refused {message}"),
        },
        Err(JudgeError::Outage(outage)) => format!("outage {outage}"),
        Err(JudgeError::Broken(message)) => format!("broken {message}"),
    };
    assert!(!word.contains(KEY), "{word}");
    assert!(!word.chars().any(char::is_control), "{word:?}");
    assert!(word.chars().count() <= 220, "{word}");
    (word, stub.requests())
}

const GOOD: &str = r#"answer {"issues":"The first is fine, the second too."}"#;

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let faults = [
        Fault::Status(500),
        Fault::Status(503),
        Fault::Status(429),
        Fault::ComeBackIn(1),
        Fault::Say("<html>we will be back</html>"),
        Fault::Say(r#"{"error":{"message":"upstream"}}"#),
        Fault::Endless,
        Fault::Drip,
        Fault::BreakOff,
        Fault::Hang,
        // An endpoint that could not fetch a picture.
        Fault::Status(400),
    ];
    let check = async |fault: Fault| {
        let (word, requests) = call(std::slice::from_ref(&fault), None).await;
        assert_eq!((word.as_str(), requests), (GOOD, 2), "{fault:?}");
    };
    join_all(faults.map(check)).await;
}

#[tokio::test]
async fn what_never_passes_is_told_at_once() {
    for code in [401, 402, 404, 405] {
        let (word, requests) = call(&[], Some(Fault::Status(code))).await;
        assert!(word.starts_with(&format!("broken HTTP {code}")), "{word}");
        assert_eq!(requests, 1);
    }
    let (word, requests) = call(&[], Some(Fault::Redirect)).await;
    assert_eq!((word.as_str(), requests), ("broken HTTP 302: redirects are not followed", 1));
}

#[tokio::test]
async fn what_it_will_not_answer_is_an_outcome() {
    let check = async |code| {
        let (word, requests) = call(&[], Some(Fault::Status(code))).await;
        assert!(word.starts_with(&format!("refused HTTP {code}")), "{word}");
        assert_eq!(requests, 3);
    };
    join_all([400, 403, 422].map(check)).await;
    let refusal = Fault::Say(r#"{"choices":[{"message":{"content":null,"refusal":"No."}}]}"#);
    assert_eq!(call(&[], Some(refusal)).await, ("refused No.".to_owned(), 3));
    for empty in [
        r#"{"choices":[{"message":{"content":"Yes.","refusal":""}}]}"#,
        r#"{"choices":[{"message":{"content":"Yes.","refusal":null}}]}"#,
    ] {
        assert_eq!(call(&[Fault::Say(empty)], None).await, ("answer Yes.".to_owned(), 1));
    }
}

#[tokio::test]
async fn an_endpoint_that_is_down_is_an_outage_in_time() {
    let check = async |fault: Fault| {
        let (word, requests) = call(&[], Some(fault.clone())).await;
        assert!(word.starts_with("outage "), "{fault:?}: {word}");
        assert!((2..=4).contains(&requests), "{fault:?}: {requests}");
    };
    join_all([Fault::Hang, Fault::Drip, Fault::Status(502), Fault::Say("?")].map(check)).await;
    // It asks for more time than there is.
    let (word, requests) = call(&[], Some(Fault::ComeBackIn(3600))).await;
    assert!(word.starts_with("outage HTTP 429"), "{word}");
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn nobody_at_home_is_an_outage() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    // In no time where nobody is there at all, however long a call may take.
    for (call_s, connect_s) in [(0.3, 240.0), (3600.0, 0.3)] {
        let base_url = base_url.clone();
        let settings = EndpointSettings { base_url, call_s, try_s: 0.2, connect_s };
        let endpoint = Endpoint::new(&settings, None).unwrap();
        let asked = request();
        let answer = tokio::time::timeout(Duration::from_secs(60), endpoint.ask(&asked)).await;
        let error = answer.expect("a call ends").unwrap_err();
        assert!(matches!(error, JudgeError::Outage(_)), "{error}");
    }
}

#[tokio::test]
async fn texts_come_as_they_are_and_not_too_long() {
    let (word, _) = call(&[Fault::Text("no JSON at all")], None).await;
    assert_eq!(word, "answer no JSON at all");
    let parts = Fault::Say(
        r#"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"text":"b"}]}}]}"#,
    );
    assert_eq!(call(&[parts], None).await.0, "answer ab");
    let nothing =
        Fault::Say(r#"{"choices":[{"message":{"content":null},"finish_reason":"length"}]}"#);
    assert_eq!(call(&[nothing], None).await.0, "answer ");
}

#[tokio::test]
async fn the_key_goes_where_it_belongs() {
    let stub = Stub::start(&[], None).await;
    let endpoint = Endpoint::new(&settings(&stub), Some(SecretString::from(KEY))).unwrap();
    let asked = request();
    endpoint.ask(&asked).await.unwrap();
    let seen = stub.seen.lock().unwrap();
    let (path, key, body) = &seen.requests[0];
    assert_eq!(path, "/v1/chat/completions");
    assert_eq!(key.as_deref(), Some("Bearer sk-do-not-tell"));
    assert_eq!(body, &asked.body);
    assert!(!format!("{endpoint:?}").contains(KEY));
}

#[test]
fn settings_that_are_none_are_refused() {
    let refused = |base_url: &str, call_s: f64, key: Option<&str>| {
        let settings =
            EndpointSettings { base_url: base_url.into(), call_s, try_s: 1.0, connect_s: 1.0 };
        Endpoint::new(&settings, key.map(SecretString::from)).unwrap_err().to_string()
    };
    assert_snapshot!(refused("localhost:8000", 1.0, None), @"base_url: begins with http:// or https://");
    assert_snapshot!(refused("nonsense", 1.0, None), @"base_url: relative URL without a base");
    assert_snapshot!(refused("http://me:word@localhost/v1", 1.0, None), @"base_url: has no user, password or query: the key goes elsewhere");
    assert_snapshot!(refused("http://localhost/v1?key=1", 1.0, None), @"base_url: has no user, password or query: the key goes elsewhere");
    assert_snapshot!(refused("http://localhost/v1", 0.0, None), @"call_s: is from 0.001 to 86400 seconds");
    assert_snapshot!(refused("http://localhost/v1", f64::NAN, None), @"call_s: is from 0.001 to 86400 seconds");
    assert_snapshot!(refused("http://localhost/v1", 1.0, Some("a\nb")), @"key: holds characters that no key has");
}

/// A whole duel over HTTP, with faults on the way.
#[tokio::test]
async fn a_duel_over_http() {
    let faults = [
        Fault::Status(503),
        Fault::Text("Let me think."),
        Fault::Text(r#"{"penalty_1": 99, "penalty_2": 0, "issues": ""}"#),
        Fault::Say("{}"),
    ];
    let stub = Stub::start(&faults, None).await;
    let endpoint = Endpoint::new(&settings(&stub), None).unwrap();
    let judge = MultiStage::new(Settings::default(), Arc::new(endpoint));
    let duel = duel("front-2", "front-5");
    let verdict = judged(&judge, &duel, &Album::default(), None).await.unwrap();
    assert_eq!(verdict.winner, DuelWinner::Left);
    // Eleven questions, two of which were asked again, and two tries that failed below them.
    assert_eq!(stub.requests(), 15);
    let evidence = verdict.evidence.unwrap();
    assert_eq!(evidence.calls.len(), 13);
    assert_eq!(recheck(&evidence), Ok((verdict.winner, verdict.detail)));
}
