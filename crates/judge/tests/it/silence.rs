//! Questions without an answer: asked again, then silence; and when silence is an outage.

use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use judge::recheck::recheck;
use judge::stages::{MultiStage, Settings};
use judge::{Budget, DuelJudge, JudgeError, Outage, Outcome, Verdict};
use ledger::files::duels::DuelWinner;

use crate::script::{Album, Asked, Naps, Script, detail, duel, honest, judged, now, parts};

fn judge(chat: Arc<Script>) -> MultiStage {
    MultiStage::new(Settings::default(), chat)
}

/// A model that says `said` to some questions.
fn but(said: Outcome, to: impl Fn(&Asked) -> bool + Send + Sync + 'static) -> Arc<Script> {
    Script::new(move |asked| Ok(if to(asked) { said.clone() } else { honest(asked) }))
}

fn malformed() -> Outcome {
    Outcome::Answer(r#"{"penalty_1": 42, "penalty_2": -3, "issues": ""}"#.into())
}

fn refused() -> Outcome {
    Outcome::Refused("HTTP 400: I would rather not".into())
}

fn outcome(chat: Arc<Script>, left: &str, right: &str) -> Result<Verdict, JudgeError> {
    now(judged(&judge(chat), &duel(left, right), &Album::default(), None))
}

fn decided(verdict: &Verdict) -> String {
    let detail = detail(verdict);
    format!("{:?}, {}, {}", verdict.winner, detail["decided_by"], detail["questions"])
}

#[test]
fn malformed_answers_are_asked_for_again_a_little_warmer() {
    let chat = but(malformed(), |asked| {
        asked.label == "s1_prompt_match/front_left/ba" && asked.attempt < 3
    });
    let verdict = outcome(chat.clone(), "front-2", "front-5").unwrap();
    assert_eq!(verdict.winner, DuelWinner::Left);
    let tries = chat.asked();
    let tries = tries.iter().filter(|asked| asked.label == "s1_prompt_match/front_left/ba");
    let tries: Vec<_> = tries.map(|asked| (asked.attempt, asked.seed, asked.temperature)).collect();
    assert_eq!(tries, [(0, 4342, 0.0), (1, 4343, 0.15), (2, 4344, 0.2), (3, 4345, 0.25)]);
    let evidence = verdict.evidence.unwrap();
    let kept = evidence.calls.iter().filter(|call| call.label == "s1_prompt_match/front_left/ba");
    assert_eq!(kept.count(), 4, "every answer is evidence");
}

#[test]
fn pauses_grow_and_differ() {
    let chat = but(malformed(), |asked| asked.attempt < 2 && asked.kind == "s1_prompt_match");
    let (naps, budget) = (Naps::default(), Budget::new(2));
    let album = Album::default();
    let duel = duel("front-2", "front-5");
    let parts = parts(&album, &naps, &budget);
    now(judge(chat).judge(&duel, parts)).unwrap();
    let naps = naps.0.into_inner().unwrap();
    assert_eq!(naps.len(), 16);
    let first = Duration::from_millis(375)..=Duration::from_millis(625);
    let second = Duration::from_millis(750)..=Duration::from_millis(1250);
    assert_eq!(naps.iter().filter(|nap| first.contains(nap)).count(), 8);
    assert_eq!(naps.iter().filter(|nap| second.contains(nap)).count(), 8);
    let different: std::collections::BTreeSet<_> = naps.iter().collect();
    assert!(different.len() > 8, "they do not come back at the same moment: {naps:?}");
}

#[test]
fn an_order_without_an_answer_makes_its_view_silent() {
    let chat = but(malformed(), |asked| asked.label == "s1_prompt_match/front_left/ba");
    let verdict = outcome(chat, "front-2", "front-5").unwrap();
    assert_snapshot!(decided(&verdict), @r#"Left, "S1", {"asked":11,"control":null,"unanswered":1}"#);
    let detail = detail(&verdict);
    assert_eq!(detail["s1"]["angles"][0]["status"], "failed");
    // 2 of A first, and 5 for what is not there.
    assert_eq!(detail["s1"]["angles"][0]["pen_a"], 3.5);
    assert_eq!(detail["s1"]["n_consistent"], 3);
}

#[test]
fn one_view_of_four_does_not_decide() {
    let chat = but(refused(), |asked| {
        asked.kind == "s1_prompt_match"
            && !asked.label.contains("front_above")
            && !asked.is_control()
    });
    let verdict = outcome(chat, "front-0", "front-9").unwrap();
    assert_snapshot!(decided(&verdict), @r#"Draw, "S3 (gate did not fire) → draw", {"asked":18,"control":"prompt","unanswered":6}"#);
}

/// All of the front is silent, but the model answers the same about nobody's asset: these pictures are the reason. Whose they
/// are shows where each model is looked at by itself.
#[test]
fn pictures_that_nobody_answers_are_no_outage() {
    let strange = |asked: &Asked| asked.pictures.iter().any(|url| url.contains("strange"));
    let chat = but(refused(), strange);
    let verdict = outcome(chat.clone(), "strange", "front-5").unwrap();
    assert_snapshot!(decided(&verdict), @r#"Right, "S4 unanswerable (was draw)", {"asked":20,"control":"prompt","unanswered":16}"#);
    assert!(chat.asked().iter().any(|asked| asked.label == "control_s1_prompt_match/ab"));
    recheck(&verdict.evidence.unwrap()).unwrap();
    let verdict = outcome(but(refused(), strange), "front-5", "strange").unwrap();
    assert_snapshot!(decided(&verdict), @r#"Left, "S4 unanswerable (was draw)", {"asked":20,"control":"prompt","unanswered":16}"#);
    let verdict = outcome(but(refused(), strange), "strange-1", "strange-2").unwrap();
    assert_snapshot!(decided(&verdict), @r#"Draw, "S3 (gate did not fire) → draw", {"asked":22,"control":"prompt","unanswered":21}"#);
    // Who can be looked at from some side keeps the draw.
    let partly = move |asked: &Asked| strange(asked) && !asked.label.ends_with("top_down");
    let verdict = outcome(but(refused(), partly), "strange", "front-5").unwrap();
    assert_snapshot!(decided(&verdict), @r#"Draw, "S3 (gate did not fire) → draw", {"asked":20,"control":"prompt","unanswered":15}"#);
}

#[test]
fn a_model_that_answers_nothing_is_an_outage() {
    for said in [refused(), malformed(), Outcome::Answer(String::new())] {
        let chat = but(said, |_| true);
        let error = outcome(chat, "one", "two").unwrap_err();
        let message = "the model answers no question of the front, nor the controls";
        assert_eq!(error, JudgeError::Outage(Outage(message.into())));
    }
}

#[test]
fn a_guard_without_an_answer_is_no_pass() {
    let silent = |asked: &Asked| asked.kind == "s4_per_angle" && asked.pictures[0].contains("mute");
    let verdict = outcome(but(refused(), silent), "front-2+mute", "front-5").unwrap();
    assert_snapshot!(decided(&verdict), @r#"Draw, "S4 unanswered (was A)", {"asked":15,"control":"prompt","unanswered":4}"#);
    let detail = detail(&verdict);
    assert_eq!(detail["s4"]["side_verdicts"], serde_json::json!({ "a": "ok", "b": "ok" }));
    assert_eq!(detail["s4"]["side_status"], serde_json::json!({ "a": "unknown", "b": "ok" }));
    assert_eq!(detail["s4"]["per_angle"]["a"]["back"], "ok");
    assert_eq!(detail["s4"]["angle_status"]["a"]["back"], "unavailable");
    // Two sides that are sound are enough.
    let silent = |asked: &Asked| asked.label.ends_with("back") || asked.label.ends_with("right");
    let verdict = outcome(but(refused(), silent), "front-2", "front-5").unwrap();
    assert_snapshot!(decided(&verdict), @r#"Left, "S1", {"asked":13,"control":null,"unanswered":2}"#);
}

#[test]
fn a_model_that_can_do_all_but_the_guard_is_an_outage() {
    let silent = |asked: &Asked| asked.kind == "s4_per_angle";
    let error = outcome(but(refused(), silent), "front-2", "front-5").unwrap_err();
    assert_snapshot!(error, @"the judge is not to be had: the model answers no question of the guard, nor the controls");
    let error = outcome(but(refused(), silent), "one", "two").unwrap_err();
    assert_snapshot!(error, @"the judge is not to be had: the model answers no question of the guard, nor the controls");
}

#[test]
fn a_model_that_grades_nothing_but_the_front_is_an_outage() {
    let silent = |asked: &Asked| asked.kind.starts_with("s2");
    let error = outcome(but(malformed(), silent), "one", "two").unwrap_err();
    assert_snapshot!(error, @"the judge is not to be had: the model answers no question of the second stage, nor the controls");
    // Pictures that it does not look at are no outage.
    let silent = |asked: &Asked| {
        asked.kind.starts_with("s2") && asked.pictures.iter().any(|url| url.contains("strange"))
    };
    let verdict = outcome(but(malformed(), silent), "strange", "two").unwrap();
    assert_snapshot!(decided(&verdict), @r#"Draw, "S3 (gate did not fire) → draw", {"asked":20,"control":"prompt","unanswered":5}"#);
}

/// A prompt that is gone, too large or offensive is a draw, and no outage.
#[test]
fn a_prompt_that_no_model_looks_at_is_a_draw() {
    let about = |asked: &Asked| asked.pictures.iter().any(|url| url.contains("chair"));
    for said in [refused(), Outcome::Answer("Hm.".into()), Outcome::Answer(String::new())] {
        let chat = but(said, about);
        let verdict = outcome(chat.clone(), "front-2", "front-5").unwrap();
        let story = r#"Draw, "prompt unanswerable", {"asked":7,"control":"plain","unanswered":7}"#;
        assert_eq!(decided(&verdict), story);
        let asked = chat.asked();
        let plain = asked.iter().find(|asked| asked.label == "plain_s1_prompt_match/ab").unwrap();
        assert_eq!(plain.pictures.len(), 3);
        assert!(plain.pictures.iter().all(|url| url.starts_with("data:image/png;base64,")));
        assert_eq!(plain.format, "s1_prompt_match-response");
        let s1 = &detail(&verdict)["s1"]["angles"];
        assert_eq!(s1.as_array().unwrap().len(), 4);
        assert!(s1.as_array().unwrap().iter().all(|angle| angle["pen_a"] == 5.0));
        let evidence = verdict.evidence.unwrap();
        assert_eq!(recheck(&evidence), Ok((verdict.winner, verdict.detail)));
        let again = now(judged(
            &judge(but(refused(), |_| true)),
            &evidence.duel,
            &Album::default(),
            Some(&evidence),
        ));
        assert_eq!(again.unwrap().evidence, Some(evidence), "and it is not asked again");
    }
    // Sent inside, too.
    let mut settings = Settings::default();
    settings.model.pictures = judge::vlm::PicturesBy::Data;
    let chat = but(refused(), |asked| !asked.label.starts_with("plain_"));
    let judge = MultiStage::new(settings, chat);
    let verdict = now(judged(&judge, &duel("one", "two"), &Album::default(), None)).unwrap();
    assert_snapshot!(decided(&verdict), @r#"Draw, "prompt unanswerable", {"asked":7,"control":"plain","unanswered":7}"#);
    recheck(&verdict.evidence.unwrap()).unwrap();
}

/// Where much is unanswered a control tells why.
#[test]
fn much_silence_asks_for_a_control() {
    let strange = |asked: &Asked| {
        asked.kind == "s1_prompt_match" && asked.label.contains("front_left/")
            || asked.label.contains("front_below/")
    };
    let chat = but(refused(), strange);
    let verdict = outcome(chat.clone(), "front-0", "front-9").unwrap();
    assert_snapshot!(decided(&verdict), @r#"Left, "S1", {"asked":11,"control":"prompt","unanswered":4}"#);
    assert!(chat.asked().iter().any(Asked::is_control));
    recheck(&verdict.evidence.unwrap()).unwrap();
}

/// A trick does not make an unknown side a winner.
#[test]
fn nobody_wins_a_draw_who_is_not_known_to_be_sound() {
    let silent = |asked: &Asked| asked.kind == "s4_per_angle" && asked.pictures[0].contains("mute");
    let chat = but(refused(), silent);
    let verdict = outcome(chat.clone(), "trick-4", "mute").unwrap();
    assert_snapshot!(decided(&verdict), @r#"Draw, "S4 unanswered (was draw)", {"asked":24,"control":"prompt","unanswered":4}"#);
    assert!(chat.asked().iter().any(|asked| asked.label == "control_s4_per_angle"));
}

#[test]
fn a_checklist_that_fails_says_so_and_does_not_vote() {
    let chat = but(malformed(), |asked| asked.kind == "s2cl_decompose");
    let verdict = outcome(chat, "list-1", "list-4").unwrap();
    assert_snapshot!(decided(&verdict), @r#"Draw, "S3 (gate did not fire) → draw", {"asked":18,"control":null,"unanswered":1}"#);
    assert_eq!(detail(&verdict)["s2"]["checklist"]["decompose_failed"], true);
    let chat = but(malformed(), |asked| asked.label == "s2cl_verify/a");
    let verdict = outcome(chat, "list-1", "list-4").unwrap();
    assert_snapshot!(decided(&verdict), @r#"Draw, "S3 (gate did not fire) → draw", {"asked":20,"control":null,"unanswered":1}"#);
    let checklist = &detail(&verdict)["s2"]["checklist"];
    assert_eq!(checklist["verify_failed"], true);
    assert_eq!(checklist["score_b"], 9, "the other side's findings are kept");
    assert_eq!(checklist["score_a"], 0);
    assert_eq!(checklist["status"], "verify failed");
    assert_eq!(checklist["main_object_correct_a"], serde_json::Value::Null);
    recheck(&verdict.evidence.unwrap()).unwrap();
}

/// An order that contradicts, or is missing, is no vote: the original made a strong one of it.
#[test]
fn contradictions_count_nowhere() {
    let answer = |first: u8, second: u8| {
        Outcome::Answer(format!(r#"{{"penalty_1":{first},"penalty_2":{second},"issues":""}}"#))
    };
    let chat = Script::new(move |asked| {
        Ok(match asked.label.as_str() {
            "s2bv/ab" => answer(0, 10),
            "s2bv/ba" => answer(4, 6),
            _ => honest(asked),
        })
    });
    let verdict = outcome(chat, "one", "two").unwrap();
    assert_eq!(verdict.winner, DuelWinner::Draw);
    assert_eq!(detail(&verdict)["s2"]["best_view"]["status"], "contradictory");
    let chat = but(malformed(), |asked| asked.label == "s2bv/ab");
    let verdict = outcome(chat, "best-1", "best-7").unwrap();
    assert_eq!(verdict.winner, DuelWinner::Draw);
    let chat = but(malformed(), |asked| asked.label == "s3_gray/ba");
    let verdict = outcome(chat, "pale+gray-1", "gray-9").unwrap();
    assert_snapshot!(decided(&verdict), @r#"Draw, "S3 (no clear difference) → draw", {"asked":22,"control":null,"unanswered":1}"#);
}

#[test]
fn without_words_for_people_there_is_a_verdict() {
    let chat = but(malformed(), |asked| asked.kind == "explain");
    let verdict = outcome(chat, "front-2", "front-5").unwrap();
    assert_eq!(detail(&verdict)["issues"], "");
    assert_eq!(verdict.winner, DuelWinner::Left);
}

#[test]
fn an_endpoint_that_is_down_stops_the_duel() {
    for error in [
        JudgeError::Outage(Outage("connection refused".into())),
        JudgeError::Broken("HTTP 401: no such key".into()),
    ] {
        let thrown = error.clone();
        let chat = Script::new(move |asked| {
            if asked.kind == "s4_per_angle" { Err(thrown.clone()) } else { Ok(honest(asked)) }
        });
        assert_eq!(outcome(chat, "front-2", "front-5").unwrap_err(), error);
    }
}

#[test]
fn blobs_that_are_down_stop_the_duel() {
    let album = Album { is_down: true, ..Album::default() };
    let judge = judge(Script::honest());
    let error = now(judged(&judge, &duel("one", "two"), &album, None)).unwrap_err();
    assert_eq!(error, JudgeError::Outage(Outage("no blobs today".into())));
    // The front needs none.
    now(judged(&judge, &duel("front-1", "front-9"), &album, None)).unwrap();
}
