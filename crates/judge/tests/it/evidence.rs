//! Evidence: a verdict again without asking anybody, and what is not what the rules asked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use insta::assert_snapshot;
use judge::recheck::recheck;
use judge::single::SingleQuestion;
use judge::stages::{MultiStage, Settings};
use judge::vlm::{Model, PicturesBy};
use judge::{Call, DuelJudge, Evidence, JudgeError, Notebook, Outage, Outcome, Verdict};
use proptest::prelude::*;
use serde_json::json;

use crate::script::{Album, Asked, Script, duel, honest, judged, noted, now, parts};

fn by_data() -> Settings {
    let model = Model { pictures: PicturesBy::Data, ..Model::default() };
    Settings { model, ..Settings::default() }
}

/// Duels that reach every stage.
const DUELS: [(&str, &str); 6] = [
    ("front-2", "front-5"),
    ("front-2+trick-4", "front-5"),
    ("best-1+neat-1", "best-3+neat-3"),
    ("pale+gray-2", "gray-5"),
    ("list-1", "list-4"),
    ("one", "two"),
];

/// As it is written and read again.
fn through_text(evidence: &Evidence) -> Evidence {
    serde_json::from_str(&serde_json::to_string(evidence).unwrap()).unwrap()
}

fn verdicts(judge: &dyn DuelJudge) -> Vec<Verdict> {
    let judged =
        |(left, right)| now(judged(judge, &duel(left, right), &Album::default(), None)).unwrap();
    DUELS.into_iter().map(judged).collect()
}

fn judges() -> Vec<Arc<dyn DuelJudge>> {
    vec![
        Arc::new(MultiStage::new(Settings::default(), clumsy())),
        Arc::new(MultiStage::new(by_data(), clumsy())),
        Arc::new(SingleQuestion::new(judge::single::Settings::default(), clumsy())),
    ]
}

/// Its first answer to every third question is malformed.
fn clumsy() -> Arc<Script> {
    Script::new(|asked| {
        let is_malformed = asked.attempt == 0 && asked.label.len().is_multiple_of(3);
        Ok(if is_malformed { Outcome::Answer("Hm.".into()) } else { honest_by_label(asked) })
    })
}

/// Pictures that come inside of a request do not say whose they are.
fn honest_by_label(asked: &Asked) -> Outcome {
    if asked.pictures[0].starts_with("data:") {
        let mut asked = asked.clone();
        let first = if asked.label.ends_with("/ba") { "front-6+neat-6" } else { "front-4" };
        asked.pictures = asked.pictures.iter().map(|_| first.to_owned()).collect();
        return honest(&asked);
    }
    honest(asked)
}

#[test]
fn a_recheck_comes_to_the_same() {
    for judge in judges() {
        for verdict in verdicts(&*judge) {
            let evidence = through_text(&verdict.evidence.unwrap());
            assert_eq!(recheck(&evidence), Ok((verdict.winner, verdict.detail)));
        }
    }
}

#[test]
fn with_evidence_nobody_is_asked() {
    for settings in [Settings::default(), by_data()] {
        let first = MultiStage::new(settings.clone(), clumsy());
        for verdict in verdicts(&first) {
            let evidence = through_text(&verdict.evidence.unwrap());
            let mute = Script::new(|asked| panic!("{} was asked again", asked.label));
            let again = MultiStage::new(settings.clone(), mute);
            // Not even blobs are needed.
            let album = Album { is_down: true, ..Album::default() };
            let had = now(judged(&again, &evidence.duel, &album, Some(&evidence))).unwrap();
            assert_eq!((had.winner, had.detail), (verdict.winner, verdict.detail));
            assert_eq!(had.evidence.unwrap(), evidence);
        }
    }
}

#[test]
fn evidence_of_something_else_is_not_used() {
    let chat = Script::honest();
    let judge = MultiStage::new(Settings::default(), chat.clone());
    let album = Album::default();
    let verdict = now(judged(&judge, &duel("front-2", "front-5"), &album, None)).unwrap();
    let evidence = verdict.evidence.unwrap();
    chat.asked();
    let other = duel("front-2", "front-6");
    now(judged(&judge, &other, &album, Some(&evidence))).unwrap();
    assert!(chat.asked().len() > 8, "another duel");
    let settings = Settings { explain: false, ..Settings::default() };
    let judge = MultiStage::new(settings, chat.clone());
    now(judged(&judge, &evidence.duel, &album, Some(&evidence))).unwrap();
    assert_eq!(chat.asked().len(), 10, "another judge");
}

/// What an earlier run has not got is asked; nothing else.
#[test]
fn evidence_with_a_gap_is_filled() {
    let chat = Script::honest();
    let judge = MultiStage::new(Settings::default(), chat.clone());
    let album = Album::default();
    let duel = duel("front-2", "front-5");
    let whole = now(judged(&judge, &duel, &album, None)).unwrap().evidence.unwrap();
    chat.asked();
    let mut part = whole.clone();
    part.calls.remove(3);
    let filled = now(judged(&judge, &duel, &album, Some(&part))).unwrap();
    assert_eq!(filled.evidence.unwrap(), whole);
    assert_eq!(chat.asked().len(), 1);
}

/// Calls as they were answered, and what was sent inside of them.
#[derive(Default)]
struct Notes(Mutex<(Vec<Call>, BTreeMap<String, String>)>);

impl Notebook for Notes {
    fn answered(&self, call: &Call, inputs: &BTreeMap<String, String>) {
        let mut notes = self.0.lock().unwrap();
        notes.0.push(call.clone());
        notes.1.extend(inputs.clone());
    }
}

/// A model that is away from the so manieth call on.
fn away_from(call: usize) -> Arc<Script> {
    let calls = AtomicUsize::new(0);
    Script::new(move |asked| {
        if calls.fetch_add(1, Ordering::SeqCst) >= call {
            return Err(Outage("away".into()).into());
        }
        let is_malformed = asked.attempt == 0 && asked.label.len().is_multiple_of(3);
        Ok(if is_malformed { Outcome::Answer("Hm.".into()) } else { honest_by_label(asked) })
    })
}

/// Wherever a duel is broken off, what was answered is not asked again, and evidence and verdict are the same.
#[test]
fn calls_of_a_duel_that_was_broken_off_are_not_made_again() {
    // With pictures inside, both sides look the same to the last two questions, and one answer serves both.
    for (settings, besides) in [(Settings::default(), 0), (by_data(), 2)] {
        let duel = duel("one", "two");
        let whole = clumsy();
        let judge = MultiStage::new(settings.clone(), whole.clone());
        let whole_verdict = now(judged(&judge, &duel, &Album::default(), None)).unwrap();
        let evidence = whole_verdict.evidence.unwrap();
        let calls = whole.asked().len();
        for answered in 0..calls - besides {
            let notes = Notes::default();
            let album = Album::default();
            let judge = MultiStage::new(settings.clone(), away_from(answered));
            let broken = now(noted(&judge, &duel, &album, None, Some(&notes)));
            assert!(matches!(broken, Err(JudgeError::Outage(_))));
            let (noted_calls, inputs) = notes.0.into_inner().unwrap();
            assert_eq!(noted_calls.len(), answered);
            let figures = serde_json::Value::Null;
            let part = Evidence { calls: noted_calls, inputs, figures, ..evidence.clone() };
            let rest = clumsy();
            let judge = MultiStage::new(settings.clone(), rest.clone());
            let verdict = now(judged(&judge, &duel, &album, Some(&through_text(&part)))).unwrap();
            assert_eq!(rest.asked().len(), calls - answered);
            assert_eq!(verdict.evidence.as_ref(), Some(&evidence));
            assert_eq!(recheck(&evidence), Ok((verdict.winner, verdict.detail)));
        }
    }
}

/// As a journal gives them back: what was answered in all runs, one after the other.
fn part_of(evidence: &Evidence, notes: &Notes) -> Evidence {
    let (calls, inputs) = notes.0.lock().unwrap().clone();
    let figures = serde_json::Value::Null;
    through_text(&Evidence { calls, inputs, figures, ..evidence.clone() })
}

/// A model that says nothing, or no to everything, is away; once it is mended the duel goes on, also in another process.
#[test]
fn a_model_that_was_mute_is_asked_again() {
    let duel = duel("front-2", "front-5");
    let album = Album::default();
    for settings in [Settings::default(), by_data()] {
        let honest = || Script::new(|asked| Ok(honest_by_label(asked)));
        let chat = honest();
        let judge = MultiStage::new(settings.clone(), chat.clone());
        let whole = now(judged(&judge, &duel, &album, None)).unwrap().evidence.unwrap();
        let calls = chat.asked().len();
        for mute in [Outcome::Answer("Hm.".into()), Outcome::Refused("HTTP 400".into())] {
            let notes = Notes::default();
            for _ in 0..2 {
                let chat = Script::new({
                    let mute = mute.clone();
                    move |_| Ok(mute.clone())
                });
                let judge = MultiStage::new(settings.clone(), chat.clone());
                let part = part_of(&whole, &notes);
                let broken = now(noted(&judge, &duel, &album, Some(&part), Some(&notes)));
                assert!(matches!(broken, Err(JudgeError::Outage(_))));
                assert!(chat.asked().len() >= 7, "it is asked in each turn");
            }
            // It breaks off once more on the way, with some answers.
            let few = std::sync::atomic::AtomicUsize::new(0);
            let chat = Script::new(move |asked| {
                let is_away = few.fetch_add(1, Ordering::SeqCst) >= 3;
                if is_away { Err(Outage("away".into()).into()) } else { Ok(honest_by_label(asked)) }
            });
            let judge = MultiStage::new(settings.clone(), chat);
            let part = part_of(&whole, &notes);
            now(noted(&judge, &duel, &album, Some(&part), Some(&notes))).unwrap_err();
            let chat = honest();
            let judge = MultiStage::new(settings.clone(), chat.clone());
            let part = part_of(&whole, &notes);
            let verdict = now(noted(&judge, &duel, &album, Some(&part), Some(&notes))).unwrap();
            assert_eq!(verdict.evidence.as_ref(), Some(&whole));
            assert_eq!(chat.asked().len(), calls - 3, "what was answered is not asked again");
        }
    }
}

/// Evidence of a verdict is as good as ever; whoever doubts its silence may insist.
#[test]
fn silence_of_a_whole_duel_is_asked_for_again_where_somebody_insists() {
    let duel = duel("front-2", "front-5");
    let album = Album::default();
    let chat = Script::new(|asked| {
        let is_mute = asked.label.contains("front_right/");
        Ok(if is_mute { Outcome::Refused("HTTP 400".into()) } else { honest(asked) })
    });
    let judge = MultiStage::new(Settings::default(), chat);
    let evidence = now(judged(&judge, &duel, &album, None)).unwrap().evidence.unwrap();
    let (naps, budget) = (crate::script::Naps::default(), judge::Budget::new(4));
    let chat = Script::honest();
    let judge = MultiStage::new(Settings::default(), chat.clone());
    for (insist, calls) in [(false, 0), (true, 2)] {
        let parts =
            judge::Parts { earlier: Some(&evidence), insist, ..parts(&album, &naps, &budget) };
        let verdict = now(judge.judge(&duel, parts)).unwrap();
        assert_eq!(chat.asked().len(), calls);
        assert_eq!(recheck(&verdict.evidence.unwrap()), Ok((verdict.winner, verdict.detail)));
    }
}

/// Answers about other pictures go with nothing that is seen now.
#[test]
fn a_picture_that_changed_makes_the_duel_anew() {
    let judge = |chat| MultiStage::new(by_data(), chat);
    let duel = duel("one", "two");
    let album = Album::default();
    let whole = now(judged(&judge(clumsy()), &duel, &album, None)).unwrap().evidence.unwrap();
    let mut part = whole.clone();
    part.calls.truncate(4);
    part.figures = serde_json::Value::Null;
    let prompt = part.inputs.get_mut(&duel.prompt).unwrap();
    *prompt = "0".repeat(64);
    let again = now(judged(&judge(clumsy()), &duel, &album, Some(&part))).unwrap();
    assert_eq!(again.evidence.unwrap(), whole);
}

#[test]
fn damaged_evidence_is_as_good_as_none() {
    let chat = Script::honest();
    let judge = MultiStage::new(Settings::default(), chat.clone());
    let album = Album::default();
    let duel = duel("one", "two");
    let whole = now(judged(&judge, &duel, &album, None)).unwrap().evidence.unwrap();
    let mut damaged = whole.clone();
    damaged.figures["similarities"] = json!({ "a": "?" });
    damaged.calls[2].outcome = Outcome::Answer("?".into());
    damaged.calls[3].request_sha256 = "?".into();
    let mended = now(judged(&judge, &duel, &album, Some(&damaged))).unwrap();
    assert_eq!(mended.evidence.unwrap(), whole);
}

/// Thresholds of strangers may be anything.
#[test]
fn extreme_thresholds_are_held_by() {
    let extreme = |change: fn(&mut judge::stages::Thresholds)| {
        let mut settings = Settings::default();
        change(&mut settings.thresholds);
        let judge = MultiStage::new(settings, Script::honest());
        for (left, right) in DUELS {
            let duel = duel(left, right);
            let verdict = now(judged(&judge, &duel, &Album::default(), None)).unwrap();
            assert_eq!(recheck(&verdict.evidence.unwrap()), Ok((verdict.winner, verdict.detail)));
        }
    };
    extreme(|limits| limits.checklist_object = i64::MAX);
    extreme(|limits| limits.checklist_object = i64::MIN);
    extreme(|limits| limits.checklist_vote = i64::MIN);
    extreme(|limits| limits.front_views = usize::MAX);
    extreme(|limits| limits.front_split_views = 0);
    extreme(|limits| limits.guard_sides = 0);
    extreme(|limits| limits.guard_sides = usize::MAX);
    extreme(|limits| limits.front_draw = f64::MAX);
    extreme(|limits| limits.vote = -1.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a model says: a verdict that a recheck comes to, or an outage.
    #[test]
    fn any_answers_get_a_verdict_or_an_outage(
        answers in proptest::collection::vec(
            prop_oneof![
                r#"[{}\[\]",:0-9a-z ]{0,40}"#,
                (0..12_i32, 0..12_i32).prop_map(|(one, two)| {
                    format!(r#"{{"penalty_1":{one},"penalty_2":{two},"issues":""}}"#)
                }),
                Just(String::new()),
            ],
            1..6,
        ),
        honesty in 0..4_usize,
    ) {
        let chat = Script::new(move |asked| {
            let at = asked.label.len() + asked.attempt as usize;
            let is_honest = at % 4 < honesty;
            let said = || Outcome::Answer(answers[at % answers.len()].clone());
            Ok(if is_honest { honest(asked) } else { said() })
        });
        let judge = MultiStage::new(Settings::default(), chat);
        match now(judged(&judge, &duel("pale", "two"), &Album::default(), None)) {
            Ok(verdict) => {
                let evidence = through_text(&verdict.evidence.unwrap());
                prop_assert_eq!(recheck(&evidence), Ok((verdict.winner, verdict.detail)));
            }
            Err(error) => prop_assert!(matches!(error, JudgeError::Outage(_))),
        }
    }
}

/// What recheck says of evidence that somebody changed.
fn changed(change: impl FnOnce(&mut Evidence)) -> String {
    let judge = MultiStage::new(Settings::default(), Script::honest());
    let duel = duel("pale+gray-2", "gray-5");
    let verdict = now(judged(&judge, &duel, &Album::default(), None)).unwrap();
    let mut evidence = verdict.evidence.unwrap();
    change(&mut evidence);
    match recheck(&evidence) {
        Ok((winner, _)) => format!("{winner:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn changed_evidence_is_found_out() {
    assert_snapshot!(changed(|_| {}), @"Left");
    assert_snapshot!(changed(|evidence| evidence.judge.name = "oracle".into()), @"no judge oracle of version 2 is known here");
    assert_snapshot!(changed(|evidence| evidence.judge.version += 1), @"no judge multi-stage of version 3 is known here");
    assert_snapshot!(changed(|evidence| evidence.judge.settings = json!({ "mood": 1 })), @"settings of the judge: unknown field `mood`, expected one of `model`, `explain`, `thresholds`");
    assert_snapshot!(changed(|evidence| evidence.judge.settings["thresholds"]["front_draw"] = "x".into()), @r#"settings of the judge: invalid type: string "x", expected f64"#);
    assert_snapshot!(changed(|evidence| drop(evidence.calls.pop())), @"the evidence lacks s4_per_angle/a/back, attempt 0");
    assert_snapshot!(changed(|evidence| drop(evidence.calls.remove(4))), @"the evidence lacks s1_prompt_match/front_below/ab, attempt 0");
    assert_snapshot!(changed(|evidence| evidence.calls.swap(1, 2)), @"the evidence lacks s1_prompt_match/front_left/ba, attempt 0");
    assert_snapshot!(changed(|evidence| evidence.calls.push(evidence.calls[0].clone())), @"the evidence has s1_prompt_match/front_left/ab, which the rules do not ask for there");
    assert_snapshot!(changed(|evidence| evidence.calls[5].attempt = 1), @"the evidence lacks s1_prompt_match/front_below/ba, attempt 0");
    assert_snapshot!(changed(|evidence| evidence.duel.seed += 1), @"the request of s1_prompt_match/front_left/ab is not what the rules ask");
    assert_snapshot!(changed(|evidence| evidence.duel.prompt.push('?')), @"the request of s1_prompt_match/front_left/ab is not what the rules ask");
    assert_snapshot!(changed(|evidence| evidence.duel.left = None), @"no verdict follows from it: a side has no pictures");
    assert_snapshot!(changed(|evidence| evidence.figures = json!({})), @"the evidence lacks figure similarities");
    assert_snapshot!(changed(|evidence| evidence.figures["gray_pixels"]["a"]["pale"] = (-1).into()), @"figure gray_pixels: a is neither null nor counts of pixels");
    assert_snapshot!(changed(|evidence| evidence.figures["similarities"]["b"] = json!([["../x", 1]])), @"figure similarities: b is neither null nor views with similarities in millionths");
    assert_snapshot!(changed(|evidence| evidence.figures["mood"] = 1.into()), @"the evidence has mood, which the rules do not ask for there");
    // Answers themselves are the model's: those recheck believes.
    assert_snapshot!(changed(|evidence| {
        for call in evidence.calls.iter_mut().filter(|call| call.label.starts_with("s3")) {
            call.outcome = Outcome::Answer(r#"{"penalty_1":4,"penalty_2":4,"issues":""}"#.into());
        }
        let guard = |label: &str| label.starts_with("s4");
        evidence.calls.retain(|call| !guard(&call.label));
    }), @"the evidence lacks s4_per_angle/a/right, attempt 0");
}

#[test]
fn pictures_inside_of_requests_are_hashed() {
    let judge = MultiStage::new(by_data(), Script::new(|asked| Ok(honest_by_label(asked))));
    let duel = duel("front-2", "front-5");
    let verdict = now(judged(&judge, &duel, &Album::default(), None)).unwrap();
    let mut evidence = verdict.evidence.unwrap();
    let hash = evidence.inputs.get_mut("https://img.example/chair.png").unwrap();
    hash.replace_range(..1, if hash.starts_with('0') { "1" } else { "0" });
    let error = recheck(&evidence).unwrap_err().to_string();
    assert!(error.starts_with("the request of "), "{error}");
}

#[test]
fn a_missing_picture_is_silence_and_blobs_that_are_down_are_an_outage() {
    let script = || Script::new(|asked| Ok(honest_by_label(asked)));
    let judge = MultiStage::new(by_data(), script());
    let duel = duel("one", "two");
    let album = Album { without: vec!["two/white/front_below".into()], ..Album::default() };
    let verdict = now(judged(&judge, &duel, &album, None)).unwrap();
    let detail = crate::script::detail(&verdict);
    assert_eq!(detail["s1"]["angles"][2]["status"], "failed");
    recheck(&verdict.evidence.unwrap()).unwrap();
    let album = Album { is_down: true, ..Album::default() };
    let error = now(judged(&judge, &duel, &album, None)).unwrap_err();
    assert!(matches!(error, JudgeError::Outage(_)), "{error}");
}
