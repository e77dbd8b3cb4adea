//! A server that answers the original's questions as the original asks them, knows its names and nothing of ours.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use insta::assert_snapshot;
use judge::recheck::recheck;
use judge::single::SingleQuestion;
use judge::stages::{MultiStage, Settings};
use judge::vlm::{Endpoint, EndpointSettings};
use judge::{Budget, Call, DuelJudge, Verdict};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::script::{Album, Naps, detail, duel, parts};
use crate::stub::completion;

/// It ends when it is dropped.
struct Literal {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Drop for Literal {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Literal {
    async fn start() -> Self {
        let router = Router::new().route("/v1/chat/completions", post(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, server }
    }

    fn endpoint(&self) -> Arc<Endpoint> {
        let base_url = format!("http://{}/v1", self.address);
        let settings =
            EndpointSettings { base_url, call_s: 5.0, try_s: 5.0, ..EndpointSettings::default() };
        Arc::new(Endpoint::new(&settings, None).unwrap())
    }
}

const FEATURES: [(&str, &str); 4] = [
    ("four straight legs", "count"),
    ("round seat", "shape"),
    ("tall back", "presence"),
    ("red paint", "material_color"),
];

/// What it says, by the name of the format: what is not one of the original's is refused, and so are wrong numbers of pictures.
async fn answer(body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let name = body["response_format"]["json_schema"]["name"].as_str().unwrap_or_default();
    let parts = body["messages"][1]["content"].as_array().unwrap();
    let pictures: Vec<&str> =
        parts.iter().filter_map(|part| part["image_url"]["url"].as_str()).collect();
    let word = |picture: usize, key: &str| -> i64 {
        let words = pictures[picture].split(['/', '+']);
        let found = words.filter_map(|word| word.strip_prefix(key)?.strip_prefix('-')).next();
        found.and_then(|value| value.parse().ok()).unwrap_or(3)
    };
    let count = match name {
        "s2cl_decompose-response" => 1,
        "s2cl_verify-response" | "s4_per_angle-response" => 2,
        _ => 3,
    };
    if pictures.len() != count {
        return (StatusCode::BAD_REQUEST, "pictures").into_response();
    }
    let grades =
        |key| json!({ "penalty_1": word(1, key), "penalty_2": word(2, key), "issues": "faults" });
    let said = match name {
        "explain-response" => json!({ "issues": "The left one is plain." }),
        "s1_prompt_match-response" => grades("front"),
        "s2bv_ab-response" | "s2bv_ba-response" => grades("best"),
        "s2ac_ab-response" | "s2ac_ba-response" => grades("neat"),
        "s3_gray_ab-response" | "s3_gray_ba-response" => grades("gray"),
        "judge-response" => grades("sheet"),
        "s2cl_decompose-response" => {
            let feature = |(words, category): &(&str, &str)| json!({ "description": words, "category": category });
            let features: Vec<_> = FEATURES.iter().map(feature).collect();
            json!({ "main_object": "wooden chair", "features": features })
        }
        "s2cl_verify-response" => {
            let there = word(1, "list") as usize;
            let check = |(at, (words, _)): (usize, &(&str, &str))| {
                let found = if at < there { "yes" } else { "no" };
                json!({ "feature": words, "match": found, "note": "as it is there" })
            };
            let checks: Vec<_> = FEATURES.iter().enumerate().map(check).collect();
            json!({ "checks": checks, "main_object_correct": true })
        }
        "s4_per_angle-response" => {
            let is_trick = pictures[0].contains("facade");
            let verdict = if is_trick { "garbage" } else { "ok" };
            json!({ "verdict": verdict, "reason": "condition (a)" })
        }
        _ => return (StatusCode::BAD_REQUEST, "format").into_response(),
    };
    completion(&said.to_string())
}

/// The winner, who decided, how often it was asked.
async fn story(judge: &dyn DuelJudge, left: &str, right: &str) -> String {
    let (album, naps, budget) = (Album::default(), Naps::default(), Budget::new(32));
    let parts = parts(&album, &naps, &budget);
    let duel = duel(left, right);
    let judged = tokio::time::timeout(Duration::from_secs(60), judge.judge(&duel, parts));
    let verdict: Verdict = judged.await.unwrap().unwrap();
    let detail = detail(&verdict);
    let evidence = verdict.evidence.unwrap();
    assert_eq!(recheck(&evidence), Ok((verdict.winner, verdict.detail)));
    let again = |call: &&Call| call.attempt > 0;
    assert_eq!(evidence.calls.iter().filter(again).count(), 0, "each answer is taken at once");
    assert_eq!(detail["questions"]["unanswered"], 0);
    format!("{:?}, {}, {} calls", verdict.winner, detail["decided_by"], evidence.calls.len())
}

#[tokio::test]
async fn whole_duels_come_out_right() {
    let server = Literal::start().await;
    let judge = MultiStage::new(Settings::default(), server.endpoint());
    assert_snapshot!(story(&judge, "front-1", "front-6").await, @r#"Left, "S1", 11 calls"#);
    assert_snapshot!(story(&judge, "front-6", "front-1").await, @r#"Right, "S1", 11 calls"#);
    assert_snapshot!(story(&judge, "front-1+facade", "front-6").await, @r#"Draw, "S4 step-down (was A)", 15 calls"#);
    assert_snapshot!(story(&judge, "best-1", "best-6").await, @r#"Left, "S2 strong_voter [bv|-5.0|]", 18 calls"#);
    assert_snapshot!(story(&judge, "neat-6+best-5", "neat-1").await, @r#"Right, "S2 strong_voter [bv|+2.0|]", 15 calls"#);
    assert_snapshot!(story(&judge, "list-0", "list-4").await, @r#"Right, "S2 strong_voter [cl|-8|]", 18 calls"#);
    assert_snapshot!(story(&judge, "pale+gray-1", "gray-6").await, @r#"Left, "S3 gray-rescue", 20 calls"#);
    assert_snapshot!(story(&judge, "one", "two").await, @r#"Draw, "S3 (gate did not fire) → draw", 20 calls"#);
    assert_snapshot!(story(&judge, "one+facade", "two").await, @r#"Right, "S4 step-down (was draw)", 22 calls"#);
    let judge = SingleQuestion::new(judge::single::Settings::default(), server.endpoint());
    assert_snapshot!(story(&judge, "sheet-1", "sheet-6").await, @r#"Left, "single question", 2 calls"#);
    assert_snapshot!(story(&judge, "sheet-3", "sheet-4").await, @r#"Draw, "single question", 2 calls"#);
}
