//! The multi-stage judge from front to guard: who wins, what is asked on the way, and what the detail says.

use std::sync::Arc;

use insta::assert_snapshot;
use judge::DuelJudge as _;
use judge::stages::{MultiStage, Settings};
use judge::vlm::Chat;
use ledger::files::duels::DuelWinner;
use proptest::prelude::*;

use crate::script::{Album, Script, detail, duel, honest, judged, mirrored, now};

fn judge(chat: Arc<dyn Chat>) -> MultiStage {
    MultiStage::new(Settings::default(), chat)
}

/// Winner, who decided, and how many questions of each kind.
fn story(left: &str, right: &str) -> String {
    story_with(left, right, &Album::default())
}

fn story_with(left: &str, right: &str, album: &Album) -> String {
    let chat = Script::honest();
    let verdict = now(judged(&judge(chat.clone()), &duel(left, right), album, None)).unwrap();
    let decided = detail(&verdict)["decided_by"].as_str().unwrap().to_owned();
    let counts = chat.counts();
    let all: usize = counts.values().sum();
    let counts: Vec<_> = counts.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    format!("{:?}, {decided}; {all}: {}", verdict.winner, counts.join(", "))
}

#[test]
fn the_front_decides_and_the_guard_looks_at_the_winner() {
    assert_snapshot!(story("front-2", "front-5"), @"Left, S1; 11: explain 1, s1_prompt_match 8, s4_per_angle 2");
    assert_snapshot!(story("front-5", "front-2"), @"Right, S1; 11: explain 1, s1_prompt_match 8, s4_per_angle 2");
}

#[test]
fn a_facade_that_wins_the_front_wins_nothing() {
    assert_snapshot!(story("front-2+trick-3", "front-5"), @"Draw, S4 step-down (was A); 15: explain 1, s1_prompt_match 8, s4_per_angle 6");
    assert_snapshot!(story("front-2+trick-2", "front-5"), @"Left, S1; 13: explain 1, s1_prompt_match 8, s4_per_angle 4");
    assert_snapshot!(story("front-2+trick-4", "front-5+trick-4"), @"Left, S1; 17: explain 1, s1_prompt_match 8, s4_per_angle 8");
}

#[test]
fn the_second_stage_asks_the_third_voter_only_where_it_matters() {
    assert_snapshot!(story("best-1+neat-1", "best-3+neat-3"), @"Left, S2 strong_voter [bv|-2.0|]; 15: explain 1, s1_prompt_match 8, s2ac 2, s2bv 2, s4_per_angle 2");
    assert_snapshot!(story("best-2+neat-2", "best-3+neat-3"), @"Left, S2 consensus; 15: explain 1, s1_prompt_match 8, s2ac 2, s2bv 2, s4_per_angle 2");
    assert_snapshot!(story("best-5", "list-3"), @"Right, S2 strong_voter [bv|+2.0|]; 18: explain 1, s1_prompt_match 8, s2ac 2, s2bv 2, s2cl_decompose 1, s2cl_verify 2, s4_per_angle 2");
    assert_snapshot!(story("neat-5", "list-3"), @"Right, S2 consensus; 18: explain 1, s1_prompt_match 8, s2ac 2, s2bv 2, s2cl_decompose 1, s2cl_verify 2, s4_per_angle 2");
    assert_snapshot!(story("list-1", "list-4"), @"Right, S2 strong_voter [cl|-6|]; 18: explain 1, s1_prompt_match 8, s2ac 2, s2bv 2, s2cl_decompose 1, s2cl_verify 2, s4_per_angle 2");
}

#[test]
fn without_descriptors_there_are_two_voters() {
    let album = Album { without_descriptors: true, ..Album::default() };
    assert_snapshot!(story_with("best-9+neat-5", "list-3", &album), @"Right, S2 consensus; 16: explain 1, s1_prompt_match 8, s2ac 2, s2cl_decompose 1, s2cl_verify 2, s4_per_angle 2");
}

#[test]
fn one_pale_model_brings_the_gray_rescue() {
    assert_snapshot!(story("pale+gray-2", "gray-5"), @"Left, S3 gray-rescue; 20: explain 1, s1_prompt_match 8, s2ac 2, s2bv 2, s2cl_decompose 1, s2cl_verify 2, s3_gray 2, s4_per_angle 2");
    assert_snapshot!(story("pale+gray-4", "gray-5"), @"Draw, S3 (no clear difference) → draw; 22: explain 1, s1_prompt_match 8, s2ac 2, s2bv 2, s2cl_decompose 1, s2cl_verify 2, s3_gray 2, s4_per_angle 4");
    assert_snapshot!(story("gray-2", "gray-5"), @"Draw, S3 (gate did not fire) → draw; 20: explain 1, s1_prompt_match 8, s2ac 2, s2bv 2, s2cl_decompose 1, s2cl_verify 2, s4_per_angle 4");
}

#[test]
fn a_trick_loses_a_draw() {
    assert_snapshot!(story("plain", "trick-4"), @"Left, S4 step-down (was draw); 22: explain 1, s1_prompt_match 8, s2ac 2, s2bv 2, s2cl_decompose 1, s2cl_verify 2, s4_per_angle 6");
}

#[test]
fn who_has_no_pictures_loses_and_nobody_is_asked() {
    let chat = Script::honest();
    let judge = judge(chat.clone());
    for (left, right, winner, reason) in [
        ("", "x", DuelWinner::Right, "no preview from left"),
        ("x", "", DuelWinner::Left, "no preview from right"),
        ("", "", DuelWinner::Draw, "no previews on either side"),
    ] {
        let verdict = now(judged(&judge, &duel(left, right), &Album::default(), None)).unwrap();
        assert_eq!(verdict.winner, winner);
        assert_eq!(detail(&verdict), serde_json::json!({ "reason": reason }));
        assert!(verdict.evidence.is_none());
    }
    assert!(chat.asked().is_empty());
}

#[test]
fn the_detail_says_all_of_it() {
    let chat = Script::honest();
    let album = Album::default();
    let duel = duel("like=back+neat-5", "pale+like=left+list-3");
    let verdict = now(judged(&judge(chat), &duel, &album, None)).unwrap();
    insta::assert_snapshot!(ledger::json::write(&verdict.detail, ledger::json::Style::Indented), @r#"
    {
      "s1": {
        "choice": "draw",
        "n_total": 4,
        "n_asked": 4,
        "n_consistent": 4,
        "angles": [
          {
            "label": "front_left",
            "pen_a": 3.0,
            "pen_b": 3.0,
            "status": "agreed"
          },
          {
            "label": "front_right",
            "pen_a": 3.0,
            "pen_b": 3.0,
            "status": "agreed"
          },
          {
            "label": "front_below",
            "pen_a": 3.0,
            "pen_b": 3.0,
            "status": "agreed"
          },
          {
            "label": "front_above",
            "pen_a": 3.0,
            "pen_b": 3.0,
            "status": "agreed"
          }
        ]
      },
      "s2": {
        "choice": "B",
        "source": "consensus_3",
        "best_view": {
          "penalty_a": 3.0,
          "penalty_b": 3.0,
          "status": "agreed",
          "view_a": "back",
          "view_b": "left"
        },
        "artifact_compare": {
          "penalty_a": 5.0,
          "penalty_b": 3.0,
          "status": "agreed"
        },
        "checklist": {
          "main_object": "a chair",
          "main_object_correct_a": true,
          "main_object_correct_b": true,
          "features": [
            {
              "feature": "four legs",
              "category": "shape",
              "side_a": "yes",
              "side_b": "yes"
            },
            {
              "feature": "a round seat",
              "category": "shape",
              "side_a": "yes",
              "side_b": "yes"
            },
            {
              "feature": "a tall back",
              "category": "shape",
              "side_a": "no",
              "side_b": "yes"
            },
            {
              "feature": "red paint",
              "category": "shape",
              "side_a": "no",
              "side_b": "no"
            }
          ],
          "score_a": 5,
          "score_b": 7,
          "verify_failed": false,
          "status": "judged"
        }
      },
      "s4": {
        "choice": "B",
        "side_verdicts": {
          "a": "ok",
          "b": "ok"
        },
        "per_angle": {
          "a": {
            "right": "ok",
            "back": "ok",
            "left": "ok",
            "top_down": "ok"
          },
          "b": {
            "right": "ok",
            "back": "ok",
            "left": "ok",
            "top_down": "ok"
          }
        },
        "side_status": {
          "a": "not asked",
          "b": "ok"
        },
        "angle_status": {
          "a": {
            "right": "not asked",
            "back": "not asked",
            "left": "not asked",
            "top_down": "not asked"
          },
          "b": {
            "right": "ok",
            "back": "ok",
            "left": "not asked",
            "top_down": "not asked"
          }
        },
        "addresses_judge": {
          "a": false,
          "b": false
        }
      },
      "decided_by": "S2 consensus",
      "issues": "The first is fine, the second too.",
      "questions": {
        "asked": 18,
        "unanswered": 0,
        "control": null
      }
    }
    "#);
}

/// Which pictures a question shows, by its label.
#[test]
fn questions_show_what_they_say() {
    let chat = Script::honest();
    let album = Album::default();
    let duel = duel("pale+like=back", "like=left");
    now(judged(&judge(chat.clone()), &duel, &album, None)).unwrap();
    let asked = chat.asked();
    let lines: Vec<_> = asked
        .iter()
        .map(|asked| {
            let pictures = asked.pictures.join(" ");
            let pictures = pictures
                .replace("https://cdn.example/pale+like=back", "A")
                .replace("https://cdn.example/like=left", "B")
                .replace("https://img.example/chair.png", "P");
            let (label, format, seed) = (&asked.label, &asked.format, asked.seed);
            format!("{label} {format} seed {seed} t {}: {pictures}", asked.temperature)
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    s1_prompt_match/front_left/ab s1_prompt_match-response seed 4342 t 0: P A/white/front_left.png B/white/front_left.png
    s1_prompt_match/front_left/ba s1_prompt_match-response seed 4342 t 0: P B/white/front_left.png A/white/front_left.png
    s1_prompt_match/front_right/ab s1_prompt_match-response seed 4342 t 0: P A/white/front_right.png B/white/front_right.png
    s1_prompt_match/front_right/ba s1_prompt_match-response seed 4342 t 0: P B/white/front_right.png A/white/front_right.png
    s1_prompt_match/front_below/ab s1_prompt_match-response seed 4342 t 0: P A/white/front_below.png B/white/front_below.png
    s1_prompt_match/front_below/ba s1_prompt_match-response seed 4342 t 0: P B/white/front_below.png A/white/front_below.png
    explain explain-response seed 4342 t 0: P A/grid.png B/grid.png
    s1_prompt_match/front_above/ab s1_prompt_match-response seed 4342 t 0: P A/white/front_above.png B/white/front_above.png
    s1_prompt_match/front_above/ba s1_prompt_match-response seed 4342 t 0: P B/white/front_above.png A/white/front_above.png
    s2bv/ab s2bv_ab-response seed 4342 t 0: P A/white/back.png B/white/left.png
    s2bv/ba s2bv_ba-response seed 4342 t 0: P B/white/left.png A/white/back.png
    s2ac/ab s2ac_ab-response seed 4342 t 0: P A/grid.png B/grid.png
    s2ac/ba s2ac_ba-response seed 4342 t 0: P B/grid.png A/grid.png
    s2cl_decompose s2cl_decompose-response seed 4342 t 0: P
    s2cl_verify/a s2cl_verify-response seed 4442 t 0: P A/grid.png
    s2cl_verify/b s2cl_verify-response seed 4442 t 0: P B/grid.png
    s3_gray/ab s3_gray_ab-response seed 4342 t 0: P A/gray/front_left.png B/gray/front_left.png
    s3_gray/ba s3_gray_ba-response seed 4342 t 0: P B/gray/front_left.png A/gray/front_left.png
    s4_per_angle/a/right s4_per_angle-response seed 9342 t 0: A/white/front_left.png A/white/right.png
    s4_per_angle/a/back s4_per_angle-response seed 9442 t 0: A/white/front_left.png A/white/back.png
    s4_per_angle/b/right s4_per_angle-response seed 9342 t 0: B/white/front_left.png B/white/right.png
    s4_per_angle/b/back s4_per_angle-response seed 9442 t 0: B/white/front_left.png B/white/back.png
    ");
}

#[test]
fn a_prompts_checklist_and_a_leaders_findings_are_asked_for_once() {
    let chat = Script::honest();
    let judge = judge(chat.clone());
    let album = Album::default();
    now(judged(&judge, &duel("leader", "one"), &album, None)).unwrap();
    chat.asked();
    let second = now(judged(&judge, &duel("leader", "two"), &album, None)).unwrap();
    let asked = chat.asked();
    let shared =
        asked.iter().filter(|asked| asked.kind.starts_with("s2cl") || asked.kind.starts_with("s4"));
    let labels: Vec<_> = shared.map(|asked| asked.label.as_str()).collect();
    assert_eq!(labels, ["s2cl_verify/b", "s4_per_angle/b/right", "s4_per_angle/b/back"]);
    judge::recheck::recheck(&second.evidence.unwrap()).unwrap();
    // The other way round, what was found of the same model has another label.
    let mirrored = now(judged(&judge, &duel("two", "leader"), &album, None)).unwrap();
    judge::recheck::recheck(&mirrored.evidence.unwrap()).unwrap();
    assert!(!chat.asked().iter().any(|asked| asked.kind.starts_with("s2cl")));
}

#[test]
fn writing_to_the_judge_makes_a_trick() {
    let chat = Script::new(|asked| {
        let honest = honest(asked);
        let judge::Outcome::Answer(text) = &honest else { return Ok(honest) };
        let speaks = asked.kind == "s4_per_angle" && asked.pictures[0].contains("praise");
        let text = text.replace(r#""addresses_judge":false"#, r#""addresses_judge":true"#);
        Ok(if speaks { judge::Outcome::Answer(text) } else { honest })
    });
    let duel = duel("front-1+praise", "front-5");
    let verdict = now(judged(&judge(chat), &duel, &Album::default(), None)).unwrap();
    assert_eq!(verdict.winner, DuelWinner::Draw);
    let detail = detail(&verdict);
    assert_eq!(detail["s4"]["addresses_judge"], serde_json::json!({ "a": true, "b": false }));
    assert_eq!(detail["decided_by"], "S4 step-down (was A)");
}

#[test]
fn it_says_what_it_is() {
    let mut settings = Settings::default();
    settings.model.revision = Some("0a1b".into());
    let description = MultiStage::new(settings.clone(), Script::honest()).describe();
    assert_eq!(description.name, "multi-stage");
    assert_eq!(description.model.as_deref(), Some("glm-4.6v-flash@0a1b"));
    assert_eq!(serde_json::from_value::<Settings>(description.settings).unwrap(), settings);
    let strange = serde_json::json!({ "thresholds": { "front_drow": 1 } });
    assert!(serde_json::from_value::<Settings>(strange).is_err());
}

fn any_asset() -> impl Strategy<Value = String> {
    let grade = || 0..=10_i64;
    let some = (grade(), grade(), grade(), grade(), 0..=4_i64, 0..=4_i64, any::<bool>());
    some.prop_map(|(front, best, neat, gray, list, trick, is_pale)| {
        let pale = if is_pale { "+pale" } else { "" };
        // Half of the fronts are alike, so that the later stages are reached.
        let front = if front < 6 { 3 } else { front };
        format!("front-{front}+best-{best}+neat-{neat}+gray-{gray}+list-{list}+trick-{trick}{pale}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_mirrored_duel_has_the_mirrored_verdict(left in any_asset(), right in any_asset()) {
        let album = Album::default();
        let duel = duel(&format!("l+{left}"), &format!("r+{right}"));
        let winner = |duel: &judge::Duel| {
            now(judged(&judge(Script::honest()), duel, &album, None)).unwrap().winner
        };
        let other = match winner(&mirrored(&duel)) {
            DuelWinner::Left => DuelWinner::Right,
            DuelWinner::Right => DuelWinner::Left,
            same => same,
        };
        prop_assert_eq!(winner(&duel), other);
    }

    /// A model that loves the first place is no help to anybody: both orders contradict each other, whatever it says.
    #[test]
    fn who_is_shown_first_wins_nothing_by_it(left in any_asset(), right in any_asset()) {
        let chat = Script::new(|asked| {
            let love = r#"{"penalty_1":1,"penalty_2":9,"issues":""}"#;
            let is_love = ["s1_prompt_match", "s2bv", "s2ac", "s3_gray"].contains(&&*asked.kind);
            Ok(if is_love { judge::Outcome::Answer(love.into()) } else { honest(asked) })
        });
        let list = |name: &str| name.split('+').find(|word| word.starts_with("list")).unwrap().to_owned();
        let (left, right) = (list(&left), list(&right));
        let duel = duel(&left, &right);
        let verdict = now(judged(&judge(chat), &duel, &Album::default(), None)).unwrap();
        let decided = detail(&verdict)["decided_by"].as_str().unwrap().to_owned();
        // Only the checklist, which has no order, can decide.
        prop_assert!(verdict.winner == DuelWinner::Draw || decided.contains("cl|"), "{}", decided);
    }
}
