//! Answers of models: whatever is said, a verdict that a recheck comes to, or an outage. Lines are answers, by turns; and the whole
//! is evidence.
#![no_main]

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use judge::recheck::recheck;
use judge::single::SingleQuestion;
use judge::stages::MultiStage;
use judge::vlm::{Chat, Reply, Request};
use judge::{
    Budget, Duel, DuelJudge, Evidence, JudgeError, Outage, Outcome, Parts, Pending, Pictures,
    Shown, Sleep,
};
use libfuzzer_sys::fuzz_target;

#[derive(Debug)]
struct Says(Vec<String>);

impl Chat for Says {
    fn ask<'a>(&'a self, request: &'a Request) -> Pending<'a, Result<Reply, JudgeError>> {
        let at = request.label.len() + request.attempt as usize;
        let text = self.0[at % self.0.len()].clone();
        let reply = Reply { outcome: Outcome::Answer(text), latency: Duration::ZERO };
        Box::pin(async { Ok(reply) })
    }
}

struct Nothing;

impl Pictures for Nothing {
    fn get<'a>(&'a self, _: &'a str) -> Pending<'a, Result<Option<bytes::Bytes>, Outage>> {
        Box::pin(async { Ok(None) })
    }
}

impl Sleep for Nothing {
    fn sleep(&self, _: Duration) -> Pending<'_, ()> {
        Box::pin(async {})
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(evidence) = serde_json::from_slice::<Evidence>(bytes) {
        recheck(&evidence).ok();
    }
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return;
    }
    let chat = Arc::new(Says(lines));
    let shown = |prefix: &str| Some(Shown { prefix: prefix.to_owned() });
    let duel =
        Duel { stem: "s".into(), prompt: "p".into(), left: shown("l"), right: shown("r"), seed: 1 };
    let budget = Budget::new(4);
    let parts = Parts {
        pictures: &Nothing,
        sleep: &Nothing,
        budget: &budget,
        earlier: None,
        insist: false,
        notebook: None,
    };
    let judges: [&dyn DuelJudge; 2] = [
        &MultiStage::new(judge::stages::Settings::default(), chat.clone()),
        &SingleQuestion::new(judge::single::Settings::default(), chat),
    ];
    for judge in judges {
        match judge.judge(&duel, parts).now_or_never().expect("nothing to wait for") {
            Ok(verdict) => {
                let evidence = verdict.evidence.expect("both sides have pictures");
                assert_eq!(recheck(&evidence), Ok((verdict.winner, verdict.detail)));
            }
            Err(error) => assert!(matches!(error, JudgeError::Outage(_)), "{error}"),
        }
    }
});
