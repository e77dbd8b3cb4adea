//! The single-question judge: its rule, and what became of it.

use std::sync::Arc;

use judge::recheck::recheck;
use judge::single::{Settings, SingleQuestion};
use judge::{DuelJudge as _, JudgeError, Outcome};
use ledger::files::duels::DuelWinner;
use serde_json::json;

use crate::script::{Album, Script, detail, duel, judged, mirrored, now};

fn judge(chat: Arc<Script>) -> SingleQuestion {
    SingleQuestion::new(Settings::default(), chat)
}

#[test]
fn the_lower_penalty_wins_beyond_one() {
    for (left, right, winner) in [
        ("sheet-2", "sheet-4", DuelWinner::Left),
        ("sheet-4", "sheet-2", DuelWinner::Right),
        ("sheet-2", "sheet-3", DuelWinner::Draw),
        ("sheet-3", "sheet-3", DuelWinner::Draw),
    ] {
        let chat = Script::honest();
        let duel = duel(left, right);
        let verdict = now(judged(&judge(chat.clone()), &duel, &Album::default(), None)).unwrap();
        assert_eq!(verdict.winner, winner, "{left} {right}");
        let asked = chat.asked();
        assert_eq!(asked.len(), 2);
        assert_eq!(
            (asked[0].seed, &*asked[0].format),
            (4242, "judge-response"),
            "the round's seed"
        );
        assert_eq!(asked[0].pictures[1], asked[1].pictures[2], "both orders");
        assert!(asked[0].pictures[1].ends_with("/grid.png"));
        assert_eq!(recheck(&verdict.evidence.unwrap()), Ok((winner, verdict.detail)));
    }
}

#[test]
fn the_detail_is_that_of_the_first_order() {
    let chat = Script::honest();
    let duel = duel("sheet-2", "sheet-5");
    let verdict = now(judged(&judge(chat), &duel, &Album::default(), None)).unwrap();
    let expected = json!({
        "penalty_a": 2.0, "penalty_b": 5.0, "status": "agreed",
        "decided_by": "single question", "issues": "as they are",
        "questions": { "asked": 2, "unanswered": 0, "control": null },
    });
    assert_eq!(detail(&verdict), expected);
}

#[test]
fn contradictions_and_silence_are_draws_and_a_mute_model_is_an_outage() {
    let love =
        Script::new(|_| Ok(Outcome::Answer(r#"{"penalty_1":0,"penalty_2":9,"issues":""}"#.into())));
    let album = Album::default();
    let one = duel("one", "two");
    let verdict = now(judged(&judge(love), &one, &album, None)).unwrap();
    assert_eq!(verdict.winner, DuelWinner::Draw, "the means are the same");
    assert_eq!(detail(&verdict)["status"], "contradictory");

    let shy = Script::new(|asked| {
        let answer = Outcome::Answer(r#"{"penalty_1":0,"penalty_2":0,"issues":""}"#.into());
        Ok(if asked.is_control() { answer } else { Outcome::Answer("no".into()) })
    });
    let verdict = now(judged(&judge(shy.clone()), &one, &album, None)).unwrap();
    assert_eq!(verdict.winner, DuelWinner::Draw);
    assert_eq!(detail(&verdict)["status"], "failed");
    assert_eq!(shy.asked().len(), 11, "two questions of five attempts, and a control");
    recheck(&verdict.evidence.unwrap()).unwrap();

    let mute = Script::new(|_| Ok(Outcome::Answer("no".into())));
    let error = now(judged(&judge(mute), &one, &album, None)).unwrap_err();
    assert!(matches!(error, JudgeError::Outage(_)));
}

/// As in the earlier eras; a setting makes it a draw.
#[test]
fn orders_that_contradict_each_other_go_by_their_means() {
    let answer = |first: u8, second: u8| {
        Outcome::Answer(format!(r#"{{"penalty_1":{first},"penalty_2":{second},"issues":""}}"#))
    };
    let chat = || {
        Script::new(move |asked| {
            Ok(if asked.label.ends_with("ab") { answer(2, 8) } else { answer(5, 6) })
        })
    };
    for (contradictions_draw, winner) in [(false, DuelWinner::Left), (true, DuelWinner::Draw)] {
        let settings = Settings { contradictions_draw, ..Settings::default() };
        let judge = SingleQuestion::new(settings, chat());
        let verdict = now(judged(&judge, &duel("one", "two"), &Album::default(), None)).unwrap();
        assert_eq!(verdict.winner, winner);
        assert_eq!(detail(&verdict)["status"], "contradictory");
        recheck(&verdict.evidence.unwrap()).unwrap();
    }
}

#[test]
fn a_prompt_that_no_model_looks_at_is_a_draw() {
    let chat = Script::new(|asked| {
        let is_plain = asked.label == "plain_judge/ab";
        let answer = Outcome::Answer(r#"{"penalty_1":0,"penalty_2":0,"issues":""}"#.into());
        Ok(if is_plain { answer } else { Outcome::Refused("HTTP 403".into()) })
    });
    let verdict = now(judged(&judge(chat), &duel("one", "two"), &Album::default(), None)).unwrap();
    assert_eq!(verdict.winner, DuelWinner::Draw);
    assert_eq!(detail(&verdict)["decided_by"], "prompt unanswerable");
    assert_eq!(detail(&verdict)["questions"]["control"], "plain");
    recheck(&verdict.evidence.unwrap()).unwrap();
}

#[test]
fn its_model_is_that_of_the_earlier_eras() {
    let given = |json| serde_json::from_value::<Settings>(json);
    let name = "zai-org/GLM-4.1V-9B-Thinking";
    assert_eq!(Settings::default().model.name, name);
    assert_eq!(given(json!({ "model": { "revision": "1" } })).unwrap().model.name, name);
    assert_eq!(given(json!({ "model": { "name": "x" } })).unwrap().model.name, "x");
    assert!(given(json!({ "model": { "nam": "x" } })).is_err());
    let one = Settings::default();
    assert_eq!(given(serde_json::to_value(&one).unwrap()).unwrap(), one);
}

#[test]
fn it_is_symmetric_and_needs_pictures() {
    let album = Album::default();
    let one = duel("sheet-1", "sheet-9");
    let verdict = now(judged(&judge(Script::honest()), &mirrored(&one), &album, None)).unwrap();
    assert_eq!(verdict.winner, DuelWinner::Right);
    let alone = duel("", "sheet-9");
    let verdict = now(judged(&judge(Script::honest()), &alone, &album, None)).unwrap();
    assert_eq!(verdict.winner, DuelWinner::Right);
    assert!(verdict.evidence.is_none());
    assert_eq!(judge(Script::honest()).describe().name, "single-question");
}
