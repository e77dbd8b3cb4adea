//! The stage of duels, from the first match to the winner, on files in memory.

mod pictures;
mod world;

use std::sync::atomic::Ordering;
use std::time::Duration;

use arena::judging::Settings;
use arena::owner::Turn;
use insta::assert_snapshot;
use ledger::JsonFile as _;
use ledger::files::duels::{DuelWinner, MatchReport};
use ledger::json::Json;

use world::World;

/// D beats A, who beat the leader; twenty prompts, so that one of them is a margin of 5 %.
const CHAIN: &str = "leader-A=2 leader-B=0 leader-C=1 leader-D=5 A-C=-1 A-D=3 C-D=1";

#[test]
fn a_whole_round() {
    let world = World::new(&["A", "B", "C", "D"], 20, CHAIN, "");
    assert_eq!(world.run(), Turn::Idle, "it waits for reports and audits");
    assert_snapshot!(world.text("rounds/0/matches_matrix.csv").unwrap(), @r"
    left,right,margin
    leader,A,0.1
    leader,B,0.0
    leader,C,0.05
    leader,D,0.25
    A,C,-0.05
    A,D,0.15
    C,D,0.05
    ");
    assert_eq!(world.asked(), 7 * 20);
    world.scores("A-A_1=0 leader-A_1=2 D-D_1=-1 A-D_1=2");
    world.audited(&["A", "D"], "passed");
    assert_eq!(world.run(), Turn::Idle);
    assert_eq!(world.asked(), 11 * 20, "a new owner for each turn asks nothing twice");
    assert_snapshot!(world.text("rounds/0/audit_matrix.csv").unwrap(), @r"
    left,right,margin
    submitted_1,A,0.0
    leader_1,A,0.1
    submitted_1,D,-0.05
    A_1,D,0.1
    ");
    assert_snapshot!(world.text("rounds/0/winner.json").unwrap(), @r#"
    {
      "winner_hotkey": "D",
      "repo": "a/b",
      "commit": "D000000000000000000000000000000000000000",
      "docker_image": "image-D"
    }
    "#);
    assert_snapshot!(world.text("state.json").unwrap(), @r#"
    {
      "current_round": 0,
      "stage": "finalizing",
      "next_stage_eta": null
    }
    "#);
    assert_snapshot!(world.text("rounds/0/judging.json").unwrap(), @r#"
    {
      "began_at": "2031-03-04T12:00:00Z",
      "deadlines": {
        "A": {
          "asked_at": "2031-03-04T12:00:00Z",
          "closed_at": null
        },
        "D": {
          "asked_at": "2031-03-04T12:00:00Z",
          "closed_at": null
        }
      },
      "rejected": {},
      "timeline": [
        "leader",
        "  1. A won +10.00% vs leader  [verified]",
        "  2. C lost to A (-5.00%)",
        "  3. D won +15.00% vs A  [verified]",
        "Current leader: D"
      ]
    }
    "#);
    assert_snapshot!(world.messages().join("\n"), @r"
    Update judging notes for round 0
    Match report: leader vs A | Update audit requests for round 0 | Update judging notes for round 0 | Update matches matrix for round 0
    Match report: leader vs B | Update matches matrix for round 0
    Match report: leader vs C | Update judging notes for round 0 | Update matches matrix for round 0
    Match report: leader vs D | Update judging notes for round 0 | Update matches matrix for round 0
    Match report: A vs C | Update judging notes for round 0 | Update matches matrix for round 0
    Match report: A vs D | Update audit requests for round 0 | Update judging notes for round 0 | Update matches matrix for round 0
    Match report: C vs D | Update matches matrix for round 0
    Audit report: submitted vs A | Update audit matrix for round 0
    Audit report: leader vs A | Update audit matrix for round 0 | Update generation audits for round 0 | Update judging notes for round 0
    Audit report: submitted vs D | Update audit matrix for round 0
    Audit report: A vs D | Update audit matrix for round 0 | Update generation audits for round 0 | Update judging notes for round 0
    Round 0 winner: D | Update state (finalizing) for round 0
    ");
    assert_snapshot!(world.titles().join("\n"), @r"
    Round 0 Audit Requested
    Round 0 timeline
    Round 0 timeline
    Round 0 Audit Requested
    Round 0 timeline
    Round 0 Audit Completed
    Round 0 timeline
    Round 0 Audit Completed
    Round 0 timeline
    Round 0 Finalized
    ");
    assert!(world.files().contains(&"rounds/0/D/audit_submitted_1.json".to_owned()));
}

fn report(world: &World, path: &str) -> MatchReport {
    MatchReport::from_text(path, &world.text(path).unwrap()).unwrap()
}

#[test]
fn reports_tell_how_sure_they_are_and_name_their_evidence() {
    let world = World::new(&["A"], 3, "leader-A=1", "");
    world.run();
    let text = world.text("rounds/0/A/duels_leader.json").unwrap();
    let (one, rest) =
        (text.find("    {\n      \"name\": \"p1\"").unwrap(), text.find("\n  ],").unwrap());
    assert_snapshot!(format!("{}    …{}", &text[..one], &text[rest..]), @r#"
    {
      "left": "leader",
      "right": "A",
      "score": 1,
      "margin": 0.3333333333333333,
      "duels": [
        {
          "name": "p0",
          "prompt": "https://img.example/p0.png",
          "left_js": "https://cdn.example/rounds/0/leader/generated_1/p0.js",
          "left_png": "https://cdn.example/rounds/0/leader/generated_1/p0/grid.png",
          "right_js": "https://cdn.example/rounds/0/A/submitted/p0.js",
          "right_png": "https://cdn.example/rounds/0/A/submitted/p0/grid.png",
          "winner": "right",
          "detail": {
            "swap": {
              "asked": 2,
              "agreed": 1
            },
            "evidence": {
              "key": "rounds/0/evidence/A/duels_leader/p0.json",
              "sha256": "426bd887ae2a551001924cbba6a933e64d27b502c2f8a9266ef03ca7bf2f921b"
            }
          }
        },
        …
      ],
      "interval": [
        0.0,
        1.0
      ],
      "confidence": 0.95,
      "swap_consistency": 0.5,
      "judged": 3,
      "stopped": null,
      "judge": {
        "name": "stub",
        "version": 1,
        "model": null
      },
      "order": "67c08ae7b2b373238944017264a0bb71cd64540592cbe89f7ebadff0c51681d7"
    }
    "#);
    let report = report(&world, "rounds/0/A/duels_leader.json");
    let evidence = report.duels[0].detail.as_ref().unwrap().as_object().unwrap()["evidence"]
        .as_object()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let stored =
        runtime.block_on(world.ports.store.get(evidence["key"].as_str().unwrap(), 1 << 20));
    let stored = stored.unwrap().unwrap();
    assert_eq!(store::Digest::of(&stored).to_string(), evidence["sha256"].as_str().unwrap());
    serde_json::from_slice::<judge::Evidence>(&stored).unwrap();
}

#[test]
fn nobody_submitted() {
    let world = World::new(&[], 2, "", "");
    assert_eq!(world.run(), Turn::Idle);
    assert!(world.text("rounds/0/winner.json").unwrap().contains(r#""winner_hotkey": "leader""#));
    assert!(world.text("rounds/0/winner.json").unwrap().contains("old-image"));
    assert_snapshot!(world.messages().join("\n"), @"Round 0 winner: leader | Update state (finalizing) for round 0");
    assert!(world.text("rounds/0/matches_matrix.csv").is_none());
}

#[test]
fn other_stages_are_others() {
    let world = World::new(&["A"], 2, "leader-A=1", "");
    for stage in ["open", "downloading", "finalizing", "paused", "finished"] {
        world.put(&[("state.json", &format!(r#"{{"current_round": 0, "stage": "{stage}"}}"#))]);
        assert_eq!(world.turn(), Ok(Turn::Idle), "{stage}");
    }
    assert!(world.messages().is_empty());
}

#[test]
fn a_round_may_end_in_a_pause_that_knows_what_comes_next() {
    let world = World::new(&[], 2, "", "");
    world.run_with(&Settings { pause_on_stage_end: true, ..Settings::default() });
    let state = world.text("state.json").unwrap();
    assert!(
        state.contains(r#""stage": "paused""#) && state.contains(r#""resume_stage": "finalizing""#)
    );
}

#[test]
fn an_outage_stops_the_match_and_what_was_judged_is_not_asked_again() {
    let world = World::new(&["A"], 20, "leader-A=2", "");
    let one_by_one = Settings { max_concurrent_duels: 1, ..Settings::default() };
    world.turn_with(one_by_one.clone()).unwrap();
    world.answers.fails_from.store(8, Ordering::SeqCst);
    let error = world.turn_with(one_by_one.clone()).unwrap_err();
    assert!(!error.needs_operator);
    assert_snapshot!(error, @"judging A against leader: the judge is not to be had: the model is down");
    assert!(world.text("rounds/0/matches_matrix.csv").is_none(), "no margin of half a match");
    world.answers.fails_from.store(usize::MAX, Ordering::SeqCst);
    world.run();
    assert_eq!(world.asked(), 8 + 13, "seven were kept");
    assert_eq!(report(&world, "rounds/0/A/duels_leader.json").score, 2);
}

/// Also within a duel: three calls each, and the model is away after the 17th.
#[test]
fn calls_of_an_unfinished_duel_are_kept() {
    let world = World::new(&["A"], 20, "leader-A=2", "");
    world.answers.calls.store(3, Ordering::SeqCst);
    world.run_until(|world| world.files().contains(&"rounds/0/judging.json".to_owned()));
    world.answers.fails_from.store(18, Ordering::SeqCst);
    assert!(!world.turn().unwrap_err().needs_operator);
    assert!(!world.journals.bytes("judge").is_empty(), "what was answered is written down");
    world.answers.asked.lock().unwrap().clear();
    world.answers.fails_from.store(usize::MAX, Ordering::SeqCst);
    world.run();
    assert_eq!(world.asked(), 60 - 17, "17 were answered before");
    assert!(world.journals.bytes("judge").is_empty(), "the match is over");
    let report = world.text("rounds/0/A/duels_leader.json").unwrap();

    // Nobody needs more than one process for it: the files are the same.
    let whole = World::new(&["A"], 20, "leader-A=2", "");
    whole.answers.calls.store(3, Ordering::SeqCst);
    whole.run();
    assert_eq!(whole.text("rounds/0/A/duels_leader.json").unwrap(), report);
}

/// A store may take evidence after it said that it failed: what is stored the next time must be the same to the byte.
#[test]
fn evidence_that_may_be_stored_late_is_the_same_the_next_time() {
    let world = World::new(&["A"], 4, "leader-A=2", "");
    world.answers.calls.store(3, Ordering::SeqCst);
    world.run_until(|world| world.files().contains(&"rounds/0/judging.json".to_owned()));
    world.answers.fails_from.store(10, Ordering::SeqCst);
    assert!(!world.turn().unwrap_err().needs_operator);
    let stored = world.evidence();
    assert!(!stored.is_empty(), "some duels were over before the outage");
    // As if the store had failed and the process had died; and as if it were judged otherwise now.
    world.forget(stored.keys());
    world.scores("leader-A=3");
    world.answers.fails_from.store(usize::MAX, Ordering::SeqCst);
    world.run();
    let now = world.evidence();
    for (key, bytes) in &stored {
        assert_eq!(now.get(key), Some(bytes), "{key}");
    }
}

/// A torn line at the end of the journal, and one that is no line, cost calls and nothing else.
#[test]
fn a_damaged_journal_of_calls_is_no_trouble() {
    let world = World::new(&["A"], 4, "leader-A=2", "");
    world.answers.calls.store(2, Ordering::SeqCst);
    let mut journal = world.ports.journals.open("judge").unwrap();
    journal.append(b"0123 {\"over\": ").unwrap();
    world.run();
    assert_eq!(world.asked(), 8);
    assert_eq!(report(&world, "rounds/0/A/duels_leader.json").score, 2);
}

#[test]
fn a_pause_is_honoured_between_duels() {
    let world = World::new(&["A"], 20, "leader-A=2", "");
    *world.answers.meanwhile.lock().unwrap() = Some(|world, asked| {
        world.later(Duration::from_secs(10));
        if asked == 5 {
            world.put(&[("state.json", r#"{"current_round": 0, "stage": "paused"}"#)]);
        }
    });
    let one_by_one = Settings { max_concurrent_duels: 1, ..Settings::default() };
    assert_eq!(world.run_with(&one_by_one), Turn::Idle);
    assert!((5..9).contains(&world.asked()), "{}", world.asked());
    assert!(world.text("state.json").unwrap().contains("paused"));
    assert!(world.text("rounds/0/matches_matrix.csv").is_none());
    world.put(&[("state.json", r#"{"current_round": 0, "stage": "duels"}"#)]);
    world.run_with(&one_by_one);
    assert_eq!(world.asked(), 20, "it went on where it stood");
}

/// Also where all duels are under way: calls in flight end, and no further one is begun.
#[test]
fn a_pause_is_noticed_between_answers() {
    let world = World::new(&["A"], 4, "leader-A=2", "");
    world.answers.calls.store(3, Ordering::SeqCst);
    *world.answers.meanwhile.lock().unwrap() = Some(|world, asked| {
        world.later(Duration::from_secs(10));
        if asked == 4 {
            world.put(&[("state.json", r#"{"current_round": 0, "stage": "paused"}"#)]);
        }
    });
    assert_eq!(world.run(), Turn::Idle);
    assert!((4..8).contains(&world.asked()), "{}", world.asked());
    assert!(world.text("rounds/0/matches_matrix.csv").is_none());
    assert!(!world.titles().contains(&"Judge LLM Errors".to_owned()), "nothing is wrong with it");
    world.put(&[("state.json", r#"{"current_round": 0, "stage": "duels"}"#)]);
    world.run();
    assert_eq!(world.asked(), 12, "it went on where it stood");
}

/// A model that leaves much unanswered makes no match, and people hear of it; once it is mended it is asked again.
#[test]
fn a_match_with_much_silence_does_not_count() {
    let world = World::new(&["A"], 8, "leader-A=2", "");
    world.turn().unwrap();
    world.answers.is_mute.store(true, Ordering::SeqCst);
    for turns in 1..3 {
        let error = world.turn().unwrap_err();
        assert!(!error.needs_operator);
        insta::allow_duplicates! {
            assert_snapshot!(error, @"judging A against leader: 24 of 24 questions came to no answer of the model, in 8 of 8 duels too many: the match does not count, and is judged again");
        }
        assert!(world.text("rounds/0/matches_matrix.csv").is_none());
        assert!(world.text("rounds/0/A/duels_leader.json").is_none());
        assert_eq!(world.asked(), turns * 8, "it is asked in each turn");
    }
    assert!(world.titles().contains(&"Judge LLM Errors".to_owned()));
    // Whoever wants it may have it all the same.
    let all = Settings { unanswered_max: 1.0, ..Settings::default() };
    let other = World::new(&["A"], 8, "leader-A=2", "");
    other.answers.is_mute.store(true, Ordering::SeqCst);
    other.run_with(&all);
    assert_eq!(report(&other, "rounds/0/A/duels_leader.json").score, 2);
    world.answers.is_mute.store(false, Ordering::SeqCst);
    world.run();
    assert_eq!(world.asked(), 3 * 8, "and now it answers");
    assert_eq!(report(&world, "rounds/0/A/duels_leader.json").score, 2);
}

#[test]
fn people_hear_once_that_a_match_fails() {
    use arena::owner::Owner as _;
    let world = World::new(&["A"], 8, "leader-A=2", "");
    world.turn().unwrap();
    world.answers.fails_from.store(3, Ordering::SeqCst);
    let mut owner = arena::judging::Judging::new(Settings::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..3 {
        runtime.block_on(owner.turn(&world.ports)).unwrap_err();
    }
    let told = || world.titles().iter().filter(|title| *title == "Judge LLM Errors").count();
    assert_eq!(told(), 1);
}

#[test]
fn reports_tell_how_many_calls_an_early_end_saved() {
    let world = World::new(&["A"], 40, "leader-A=40", r#""sequential_stopping": true"#);
    world.answers.calls.store(3, Ordering::SeqCst);
    world.run();
    let report = report(&world, "rounds/0/A/duels_leader.json");
    let count = |key: &str| match &report.layout.get(key) {
        Some(Json::Number(text)) => text.parse::<usize>().unwrap(),
        other => panic!("{key}: {other:?}"),
    };
    assert!(count("judged") < 40);
    assert_eq!(count("calls"), 3 * count("judged"));
    assert_eq!(count("calls_saved"), 3 * (40 - count("judged")));
}

/// Margins that are averaged are not cut off: audits go to their end under the pooled rule.
#[test]
fn pooled_audits_are_judged_to_their_end() {
    let scores = "leader-A=40 A-A_1=0 leader-A_1=40";
    for (rule, ends) in [("each", false), ("pooled", true)] {
        let options = format!(r#""sequential_stopping": true, "audit_rule": "{rule}""#);
        let world = World::new(&["A"], 40, scores, &options);
        world.run();
        world.audited(&["A"], "passed");
        world.run();
        let judged = |file: &str| {
            let report = report(&world, &format!("rounds/0/A/{file}.json"));
            report.duels.iter().filter(|duel| duel.winner != DuelWinner::Skipped).count()
        };
        assert!(judged("duels_leader") < 40, "{rule}");
        assert_eq!(judged("audit_leader_1") == 40, ends, "{rule}");
        assert_eq!(judged("audit_submitted_1") == 40, ends, "{rule}");
        assert!(world.text("rounds/0/winner.json").unwrap().contains("\"A\""));
    }
}

#[test]
fn duels_run_at_once_and_the_report_is_the_same() {
    let reports = [1, 7, 20].map(|at_once| {
        let world = World::new(&["A"], 20, "leader-A=9", r#""sequential_stopping": true"#);
        let settings = Settings { max_concurrent_duels: at_once, ..Settings::default() };
        world.turn_with(settings.clone()).unwrap();
        world.turn_with(settings).unwrap();
        assert!(world.most_under_way() <= at_once && (at_once == 1 || world.most_under_way() > 1));
        (world.text("rounds/0/A/duels_leader.json").unwrap(), world.asked())
    });
    assert!(reports[0].0 == reports[1].0 && reports[0].0 == reports[2].0);
    assert!(reports[0].1 < 20, "it ended early");
    assert!(reports[0].0.contains("the match was decided before this prompt"));
}

#[test]
fn who_delivered_nothing_is_walked_over_until_it_delivers() {
    let world = World::new(&["A", "B"], 20, "leader-A=3 leader-B=1 A-B=-1", "");
    world.put(&[("rounds/0/leader/generated_1.json", "{}"), ("rounds/0/B/submitted.json", "{}")]);
    assert!(matches!(world.run(), Turn::Until(_)), "the leader has six hours");
    world.later(Duration::from_secs(6 * 3600));
    world.run();
    assert_eq!(
        world.text("rounds/0/matches_matrix.csv").unwrap(),
        "left,right,margin\nleader,A,1.0\nleader,B,0.0"
    );
    assert_eq!(world.asked(), 0);
    // The leader was only late.
    world.outputs("leader", "generated_1");
    world.run();
    assert_eq!(
        world.text("rounds/0/matches_matrix.csv").unwrap(),
        "left,right,margin\nleader,A,0.15\nleader,B,-1.0"
    );
    assert!(world.files().contains(&"rounds/0/A/duels_leader.json".to_owned()));
}

/// A won against a leader without outputs: its audit against that leader is no match either, and the round goes on.
/// Who met a part of the leader's outputs meets the rest when it comes; what was judged is not judged again.
#[test]
fn a_match_against_a_part_of_the_baseline_stands_until_the_rest_comes() {
    let world = World::new(&["A"], 20, "leader-A=0", "");
    let row = |n| {
        let folder = "https://cdn.example/rounds/0/leader/generated_1";
        format!(r#""p{n}": {{"js": "{folder}/p{n}.js", "views": "{folder}/p{n}"}}"#)
    };
    let part: Vec<String> = (0..15).map(row).collect();
    world.put(&[("rounds/0/leader/generated_1.json", &format!("{{{}}}", part.join(",")))]);
    assert!(matches!(world.run(), Turn::Until(_)), "the rest may still come");
    world.later(Duration::from_secs(7 * 3600));
    world.run();
    let matrix = |world: &World| world.text("rounds/0/matches_matrix.csv").unwrap();
    assert_snapshot!(matrix(&world), @"
    left,right,margin
    leader,A,0.25
    ");
    assert!(world.text("rounds/0/judging.json").unwrap().contains("partial"));
    world.outputs("leader", "generated_1");
    world.run();
    assert_snapshot!(matrix(&world), @"
    left,right,margin
    leader,A,0.0
    ");
    assert_eq!(world.asked(), 15 + 5);
    assert!(!world.text("rounds/0/judging.json").unwrap().contains("partial"));
    assert!(world.text("rounds/0/winner.json").unwrap().contains("leader"));
}

#[test]
fn a_walkover_in_an_audit_is_no_trap() {
    let world = World::new(&["A"], 20, "A-A_1=0", "");
    world.put(&[("rounds/0/leader/generated_1.json", "{}")]);
    world.run();
    world.later(Duration::from_secs(6 * 3600));
    world.run();
    world.audited(&["A"], "passed");
    assert_eq!(world.run(), Turn::Idle);
    assert_eq!(
        world.text("rounds/0/audit_matrix.csv").unwrap(),
        "left,right,margin\nleader_1,A,1.0\nsubmitted_1,A,0.0"
    );
    assert!(world.text("rounds/0/winner.json").unwrap().contains("image-A"));
}

/// Each has its time from when its audit was asked for.
#[test]
fn who_owes_at_the_deadline_is_out_and_who_takes_the_place_has_as_long() {
    let world = World::new(
        &["A", "B"],
        20,
        "leader-A=3 leader-B=1 A-B=-1",
        r#""audit_deadline_hours": 2.0"#,
    );
    let turn = world.run();
    assert_eq!(turn, Turn::Until("2031-03-04T14:00:00Z".parse().unwrap()));
    world.later(Duration::from_secs(2 * 3600));
    let turn = world.run();
    assert_eq!(turn, Turn::Until("2031-03-04T16:00:00Z".parse().unwrap()), "B is asked now");
    let requests = world.text("rounds/0/require_audit.json").unwrap();
    assert!(requests.contains(r#""B""#), "{requests}");
    world.later(Duration::from_secs(2 * 3600));
    assert_eq!(world.run(), Turn::Idle);
    let notes = world.text("rounds/0/judging.json").unwrap();
    assert_snapshot!(notes, @r#"
    {
      "began_at": "2031-03-04T12:00:00Z",
      "deadlines": {
        "A": {
          "asked_at": "2031-03-04T12:00:00Z",
          "closed_at": "2031-03-04T14:00:00Z"
        },
        "B": {
          "asked_at": "2031-03-04T14:00:00Z",
          "closed_at": "2031-03-04T16:00:00Z"
        }
      },
      "rejected": {
        "A": "no complete generation report by the deadline",
        "B": "no complete generation report by the deadline"
      },
      "timeline": [
        "leader",
        "  1. A rejected: no complete generation report by the deadline",
        "  2. B rejected: no complete generation report by the deadline"
      ]
    }
    "#);
    assert!(world.text("rounds/0/winner.json").unwrap().contains(r#""winner_hotkey": "leader""#));
    assert!(world.text("rounds/0/generation_audits.json").unwrap().contains("by the deadline"));
}

#[test]
fn a_winner_whose_image_failed_is_out_and_one_whose_image_is_late_is_waited_for() {
    let world = World::new(&["A"], 20, "leader-A=3 A-A_1=0 leader-A_1=3", "");
    let build = |status: &str| {
        format!(
            r#"{{"A": {{"repo": "a/b", "commit": "c", "revealed_at_block": 1, "tag": "t", "status": "{status}", "docker_image": null}}}}"#
        )
    };
    world.put(&[("rounds/0/builds.json", &build("in_progress"))]);
    world.run();
    world.audited(&["A"], "passed");
    let error = (0..20).find_map(|_| world.turn().err()).unwrap();
    assert!(error.needs_operator);
    assert_snapshot!(error, @"ending the round: rounds/0/builds.json: A won and has no image yet; let its build end, or set its status");
    world.put(&[("rounds/0/builds.json", &build("failure"))]);
    world.run();
    assert!(world.text("rounds/0/winner.json").unwrap().contains(r#""winner_hotkey": "leader""#));
}

#[test]
fn a_broken_file_is_named_and_nothing_is_written() {
    let world = World::new(&["A"], 20, "leader-A=3", "");
    world.run();
    let before = world.messages().len();
    for (path, text) in [
        ("rounds/0/generation_reports.json", r#"{"A": {"hotkey": "A", "outcome": "done"}}"#),
        ("rounds/0/matches_matrix.csv", "left,right,margin\nleader,A,x"),
        ("rounds/0/judging.json", "{"),
        ("config.json", "{}"),
        ("rounds/0/A/submitted.json", r#"{"p0": {"js": 5}}"#),
        ("rounds/0/prompts.txt", "https://a/x.png\nhttps://b/x.jpg"),
    ] {
        let was = world.text(path);
        world.put(&[(path, text)]);
        let error = world.turn().unwrap_err();
        assert!(error.needs_operator && error.to_string().contains(path), "{error}");
        world.put(&[(path, &was.unwrap_or_default())]);
    }
    assert_eq!(world.messages().len(), before);
}

#[test]
fn files_that_change_during_a_match_make_it_anew() {
    let world = World::new(&["A"], 20, "leader-A=3", "");
    *world.answers.meanwhile.lock().unwrap() = Some(|world, asked| {
        if asked == 20 {
            // Another report comes in, which changes nothing, and A's first output is taken away, which does.
            world.put(&[("rounds/0/generation_reports.json", "{}")]);
            let text = world.text("rounds/0/A/submitted.json").unwrap();
            world.put(&[("rounds/0/A/submitted.json", &text.replace(r#""p0":"#, r#""other":"#))]);
        }
    });
    world.run();
    assert_eq!(report(&world, "rounds/0/A/duels_leader.json").duels[0].winner, DuelWinner::Left);
    assert_eq!(world.asked(), 20, "the other nineteen stood");
}

#[test]
fn an_interval_may_decide() {
    // Two of twenty prompts are 10 %, and chance may have given them.
    let world = World::new(&["A"], 20, "leader-A=2", r#""crown": "interval""#);
    world.run();
    assert_eq!(
        report(&world, "rounds/0/A/duels_leader.json").layout.get("interval"),
        Some(&Json::Array(vec![Json::float(0.0), Json::float(0.25)]))
    );
    assert!(world.text("rounds/0/winner.json").unwrap().contains(r#""winner_hotkey": "leader""#));
}

/// A small round with everything in it: walkovers, matches, audits, a rejection, a winner. A failing turn is made again.
fn small_round(fails_in: usize, after: bool) -> (std::sync::Arc<World>, usize) {
    let scores = "leader-A=2 leader-B=1 A-B=1 A-A_1=0 leader-A_1=2 B-B_1=-1 A-B_1=0 leader-B_1=1";
    let world = World::new(&["A", "B", "C"], 4, scores, "");
    world.put(&[("rounds/0/C/submitted.json", "{}")]);
    let begun = world.books.calls.load(Ordering::SeqCst);
    world.books.after.store(after, Ordering::SeqCst);
    world.books.fails_in.store(fails_in, Ordering::SeqCst);
    let until_rest = || (0..200).any(|_| matches!(world.turn(), Ok(turn) if turn != Turn::Again));
    assert!(until_rest());
    // Others have a repository that works.
    let left = world.books.fails_in.swap(0, Ordering::SeqCst);
    world.audited(&["A", "B"], "passed");
    world.books.fails_in.store(left, Ordering::SeqCst);
    assert!(until_rest());
    let calls = world.books.calls.load(Ordering::SeqCst) - begun;
    world.books.fails_in.store(0, Ordering::SeqCst);
    (world, calls)
}

/// Whichever call to the repository fails, before or after it did its work, the files end up as if none had, no duel is asked
/// for twice, and people are told all of it.
#[test]
fn a_failure_anywhere_changes_nothing() {
    let (whole, calls) = small_round(0, false);
    assert!(whole.text("rounds/0/winner.json").unwrap().contains("image-A"), "B failed its audit");
    let files = |world: &World| -> Vec<(String, Option<String>)> {
        world.files().into_iter().map(|path| (path.clone(), world.text(&path))).collect()
    };
    let expected = files(&whole);
    // Some hundred calls: every seventh of them, so that every kind is met, with another one each time.
    for fails_in in (1..calls).step_by(7) {
        let (world, _) = small_round(fails_in, fails_in % 2 == 0);
        assert!(files(&world) == expected, "call {fails_in} of {calls}");
        assert_eq!(world.asked(), whole.asked(), "call {fails_in} of {calls}");
        let told = world.titles();
        for title in whole.titles() {
            assert!(told.contains(&title), "call {fails_in} of {calls}: nobody was told {title}");
        }
    }
}
