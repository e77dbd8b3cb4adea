//! Each file of each era: read, written byte for byte, changed with everything else left as it was.

use ledger::files::audits::{AuditRequests, GenerationAudits, SourceAudits, Verdict, source_audit};
use ledger::files::builds::{BuildStatus, Builds};
use ledger::files::config::Config;
use ledger::files::duels::{DuelWinner, MatchReport};
use ledger::files::leader::{AppendError, LeaderEntry, Leaders};
use ledger::files::matrix::Matrix;
use ledger::files::outputs::{AssetKind, Output, Outputs, delivered};
use ledger::files::pod_stats::AllPodStats;
use ledger::files::prompts;
use ledger::files::reports::GenerationReports;
use ledger::files::schedule::{Schedule, SeedFile};
use ledger::files::state::State;
use ledger::files::submissions::{Submissions, in_order};
use ledger::files::winner::{JudgeProgress, Winner};
use ledger::json::{Json, Object, Style, read, write};
use ledger::{JsonFile, Layout, Round, Stage, hotkey10};
use proptest::prelude::*;

fn from<T: JsonFile>(text: &str) -> T {
    T::from_text("file", text).unwrap()
}

fn rewritten<T: JsonFile>(text: &str) -> String {
    T::from_text("file", text).map_or_else(|error| error.to_string(), |file| file.to_text())
}

/// How a file of one kind comes out again.
type Rewrite = fn(&str) -> String;

/// Every kind of file, without layout: the smallest and the fullest of each era.
const FILES: &[(Rewrite, Style, &str)] = &[
    (
        rewritten::<State>,
        Style::Indented,
        r#"{"current_round": 7, "stage": "miner_generation", "next_stage_eta": "2031-03-04T12:00:11.250000Z"}"#,
    ),
    (rewritten::<State>, Style::Indented, r#"{"current_round": 0, "stage": "collecting"}"#),
    (
        rewritten::<State>,
        Style::Indented,
        r#"{"current_round": 7, "stage": "paused", "next_stage_eta": null, "resume_stage": "duels"}"#,
    ),
    (
        rewritten::<Leaders>,
        Style::Indented,
        r#"[{"hotkey": "5A", "repo": "alice/gen3d", "commit": "0123", "docker": "r/c:0123-demo-3", "weight": 0.85, "effective_block": 121600}]"#,
    ),
    (
        rewritten::<Leaders>,
        Style::Indented,
        r#"[{"hotkey": "5A", "effective_block": 1, "weight": 0.0}]"#,
    ),
    (rewritten::<Leaders>, Style::Indented, "[]"),
    (
        rewritten::<Schedule>,
        Style::Indented,
        r#"{"earliest_reveal_block": 100001, "latest_reveal_block": 121600, "generation_deadline_block": 122800}"#,
    ),
    (
        rewritten::<Schedule>,
        Style::Indented,
        r#"{"earliest_reveal_block": 1, "latest_reveal_block": 2}"#,
    ),
    (rewritten::<SeedFile>, Style::Line, r#"{"seed": 3035696319}"#),
    (
        rewritten::<Submissions>,
        Style::IndentedAscii,
        r#"{"5B": {"repo": "bob/forge", "commit": "89ab", "cdn_url": "https://files.example.org/r7/\u00e9", "revealed_at_block": 121580, "round": "demo-7"}}"#,
    ),
    (
        rewritten::<Submissions>,
        Style::IndentedAscii,
        r#"{"5B": {"repo": "bob/forge", "commit": "89ab", "round": "demo-7", "revealed_at_block": 121580}}"#,
    ),
    (rewritten::<Submissions>, Style::IndentedAscii, "{}"),
    (
        rewritten::<Builds>,
        Style::Indented,
        r#"{"5B": {"repo": "bob/forge", "commit": "89ab", "revealed_at_block": 121580, "tag": "89ab-demo-7", "status": "in_progress", "docker_image": null}}"#,
    ),
    (
        rewritten::<AuditRequests>,
        Style::Indented,
        r#"[{"hotkey": "5B", "latest_defender": "leader"}]"#,
    ),
    (
        rewritten::<AuditRequests>,
        Style::Indented,
        r#"[{"hotkey": "5B", "critical_prompts": ["chair_01", "chair_02"]}, {"hotkey": "5C", "critical_prompts": []}]"#,
    ),
    (
        rewritten::<GenerationReports>,
        Style::Indented,
        r#"{"5B": {"hotkey": "5B", "outcome": "pending", "repeats": [{"repeat_index": 1, "generated_prompts": 127, "failed_prompts": 1, "generation_time": 6120.5}, {"repeat_index": 2, "generated_prompts": 0, "failed_prompts": 0, "generation_time": null}], "reason": ""}}"#,
    ),
    (
        rewritten::<GenerationAudits>,
        Style::Indented,
        r#"{"5B": {"hotkey": "5B", "verdict": "failed", "reason": "submitted vs generated #1: -6.25%"}}"#,
    ),
    (
        rewritten::<GenerationAudits>,
        Style::Indented,
        r#"{"5B": {"hotkey": "5B", "outcome": "rejected", "checked_prompts": 128, "failed_prompts": 9, "failed_critical": 0, "generation_time": 41.25, "reason": "x"}, "5C": {"hotkey": "5C", "outcome": "pending", "checked_prompts": 0, "failed_prompts": 0, "failed_critical": 0, "generation_time": null, "reason": ""}}"#,
    ),
    (
        rewritten::<SourceAudits>,
        Style::Indented,
        r#"[{"hotkey": "5B", "reason": "licence and pinning checked", "verdict": "passed"}, {"hotkey": "5C", "verdict": "failed"}]"#,
    ),
    (
        rewritten::<Winner>,
        Style::Indented,
        r#"{"winner_hotkey": "leader", "repo": "alice/gen3d", "commit": "0123", "docker_image": "r/c:0123-demo-3"}"#,
    ),
    (
        rewritten::<JudgeProgress>,
        Style::Indented,
        r#"{"leader": "leader", "completed_hotkeys": ["5A", "5B"]}"#,
    ),
    (
        rewritten::<Outputs>,
        Style::Indented,
        r#"{"chair_01": {"js": "https://cdn.example/chair_01.js", "views": null, "failure_reason": "render_failed", "size": 8120}, "chair_02": {"js": null, "views": null, "failure_reason": "js_too_large", "size": 0}}"#,
    ),
    (
        rewritten::<Outputs>,
        Style::Indented,
        r#"{"chair_01": {"glb": "https://cdn.example/chair_01.glb", "png": null, "generation_time": 61.0, "size": 8120, "attempts": 2, "distance": 0.0009765625}}"#,
    ),
    (
        rewritten::<Outputs>,
        Style::Indented,
        r#"{"chair_01": {"ply": null, "png": null, "generation_time": 0.0, "size": 0}, "chair_02": {}}"#,
    ),
    (
        rewritten::<Outputs>,
        Style::Indented,
        r#"{"chair_01": {"ply": "u", "png": "v", "generation_time": 0.5, "size": 3, "failure_reason": "render_failed", "sha256": "00", "fetched_at": "2031-03-01T08:00:00Z"}}"#,
    ),
    (
        rewritten::<MatchReport>,
        Style::Indented,
        r#"{"left": "leader", "right": "5B", "score": 1, "margin": 1.0, "duels": [{"name": "chair_01", "prompt": "https://img.example/chair_01.png", "left_js": null, "left_png": null, "right_js": "https://cdn.example/x/chair_01.js", "right_png": "https://cdn.example/x/chair_01/grid.png", "winner": "right", "detail": {"s1": {"choice": "A", "n_total": 4}, "issues": "é"}}]}"#,
    ),
    (
        rewritten::<MatchReport>,
        Style::Indented,
        r#"{"left": "leader", "right": "5B", "score": -1, "margin": -0.0078125, "duels": [{"name": "chair_01", "prompt": "p", "left_glb": "a", "left_png": "b", "right_glb": null, "right_png": null, "winner": "left", "issues": "none"}, {"name": "chair_02", "prompt": "q", "left_glb": null, "left_png": null, "right_glb": null, "right_png": null, "winner": "skipped", "issues": ""}]}"#,
    ),
    (
        rewritten::<MatchReport>,
        Style::Indented,
        r#"{"leader": "leader", "hotkey": "5B", "score": 0, "margin": 0.0, "outcome": "leader_defends", "duels": [{"name": "chair_01", "prompt": "p", "leader_ply": "a", "leader_png": "b", "miner_ply": "c", "miner_png": "d", "winner": "miner", "issues": "x"}, {"name": "chair_02", "prompt": "p", "leader_ply": "a", "leader_png": "b", "miner_ply": "c", "miner_png": "d", "winner": "leader", "issues": "x"}]}"#,
    ),
    (
        rewritten::<AllPodStats>,
        Style::Indented,
        r#"{"miner-07-leader-0-r1": {"pod_id": "miner-07-leader-0", "repeat_index": 1, "provider": "targon", "batch_times": [1500.25], "total_generation_time": 1500.25, "termination_reason": "completed", "payload": {"gpu": [1, 2.50]}}}"#,
    ),
    (
        rewritten::<AllPodStats>,
        Style::Indented,
        r#"{"miner-07-5b-0": {"pod_id": "miner-07-5b-0", "processed": 8, "successful": 8, "hard_failed": 0, "hard_overtime": 0, "time_min": 1.5, "time_max": 2.5, "time_avg": 2.0, "time_median": null, "marked_bad": null, "retry_cumulative_delta": -0.5, "retry_delta_count": 3, "termination_reason": "stopped"}}"#,
    ),
];

#[test]
fn files_of_every_era_come_out_as_they_were() {
    for (rewrite, style, text) in FILES {
        let laid_out = write(&read(text).unwrap(), *style);
        assert_eq!(rewrite(&laid_out), laid_out);
        // A newline and other white space, as hands leave it, are not kept.
        assert_eq!(rewrite(&format!(" {text}\n")), laid_out);
    }
}

#[test]
fn layout_on_disk() {
    insta::assert_snapshot!(rewritten::<State>(FILES[0].2), @r#"
    {
      "current_round": 7,
      "stage": "miner_generation",
      "next_stage_eta": "2031-03-04T12:00:11.250000Z"
    }
    "#);
    assert_eq!(SeedFile::new(123).to_text(), "{\"seed\": 123}");
}

#[test]
fn new_records_have_all_members_in_order() {
    let state = State {
        current_round: Round(1),
        stage: Stage::Duels,
        next_stage_eta: None,
        resume_stage: None,
        layout: Layout::default(),
    };
    insta::assert_snapshot!(state.to_text(), @r#"
    {
      "current_round": 1,
      "stage": "duels",
      "next_stage_eta": null
    }
    "#);
    let rows: Outputs = [AssetKind::Module, AssetKind::Mesh, AssetKind::Splats]
        .map(|kind| (kind.extension().to_owned(), Output::new(kind)))
        .into();
    insta::assert_snapshot!(write(&read(&rows.to_text()).unwrap(), Style::Line), @r#"{"js": {"js": null, "views": null, "failure_reason": null, "size": 0}, "glb": {"glb": null, "png": null, "generation_time": 0.0, "size": 0, "attempts": 0, "distance": 0.0}, "ply": {"ply": null, "png": null, "generation_time": 0.0, "size": 0}}"#);
}

#[test]
fn a_change_leaves_the_rest_as_it_was() {
    let text = r#"{"note": [1.0, 2.50], "stage": "finalizing", "current_round": 7.0}"#;
    let mut state: State = from(text);
    state.stage = Stage::Open;
    state.current_round = state.current_round.next();
    state.next_stage_eta = Some("2031-03-04T08:00:00Z".parse().unwrap());
    insta::assert_snapshot!(state.to_text(), @r#"
    {
      "note": [
        1.0,
        2.50
      ],
      "stage": "open",
      "next_stage_eta": "2031-03-04T08:00:00Z",
      "current_round": 8
    }
    "#);
    state.layout.set("resume_note", Json::Null);
    assert!(state.to_text().ends_with("\"resume_note\": null\n}"));
}

#[test]
fn readers_are_tolerant() {
    let state: State =
        from(r#"{"current_round": "7", "stage": "open", "next_stage_eta": "2031-03-01 08:00"}"#);
    assert_eq!(state.current_round, Round(7));
    for time in [
        "2031-03-01T08:00:00Z",
        "2031-03-01T10:00:00+02:00",
        "2031-03-01T08:00:00.000",
        "2031-03-01t08:00:00z",
    ] {
        let other: State = from(&format!(
            r#"{{"current_round": 7, "stage": "open", "next_stage_eta": "{time}"}}"#
        ));
        assert_eq!(other.next_stage_eta, state.next_stage_eta, "{time}");
    }
    // Written in the usual form, but a time that says the same stays as it stood.
    assert!(state.to_text().contains("\"current_round\": 7,"));
    assert!(state.to_text().contains("\"2031-03-01 08:00\""));

    let config: Config = from(
        r#"{"name": "demo", "description": "", "first_evaluation_date": "2031-03-01", "last_competition_date": "2031-12-01",
        "win_margin": 0, "weight_decay": 1, "weight_floor": "0.4", "prompts_per_round": 128.0, "carryover_prompts": 32}"#,
    );
    assert_eq!((config.win_margin, config.weight_floor, config.prompts_per_round), (0.0, 0.4, 128));
    assert_eq!((config.generation_stage_minutes, config.audit_repeats), (None, 3));
    assert_eq!(config.round_start_time.to_string(), "08:00:00");
    // Read all the same; who plans a round with it is told.
    let problems: Vec<_> = config.problems().iter().map(|problem| problem.field).collect();
    assert_eq!(problems, ["generation_stage_minutes"]);
    assert_eq!(State::from_optional("state.json", Some(" \n")).unwrap(), None);
    assert_eq!(State::from_optional("state.json", None).unwrap(), None);
}

#[test]
fn one_digit_hours_are_refused() {
    let config = |time| {
        let text = format!(
            r#"{{"name": "demo", "description": "", "first_evaluation_date": "2031-03-01", "last_competition_date": "2031-12-01",
            "round_start_time": "{time}", "win_margin": 0, "weight_decay": 1, "weight_floor": 0, "prompts_per_round": 1, "carryover_prompts": 0}}"#
        );
        Config::from_text("config.json", &text).map(|config| config.round_start_time.to_string())
    };
    assert_eq!(config("12:30").unwrap(), "12:30:00");
    assert_eq!(config("12:30:15.5").unwrap(), "12:30:15.5");
    for wrong in ["8:00", "08", "24:00", "08:00:60", "08:60", "", "0800", "08-00"] {
        assert!(config(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn leaders_are_read_in_both_shapes() {
    let array: Leaders = from(
        r#"[{"hotkey": "5A", "weight": 1, "effective_block": 10}, {"hotkey": "5B", "weight": 0.5, "effective_block": 20}]"#,
    );
    let object: Leaders = from(
        r#"{"transitions": [{"hotkey": "5A", "effective_block": 10, "weight": 1.0}, {"hotkey": "5B", "weight": 0.5, "effective_block": 20}]}"#,
    );
    assert_eq!(array, object);
    assert!(object.to_text().starts_with("[\n"));
    let at = |block| array.active_at(block).map(|entry| entry.hotkey.as_str());
    assert_eq!(
        (at(9), at(10), at(19), at(20), at(u64::MAX)),
        (None, Some("5A"), Some("5A"), Some("5B"), Some("5B"))
    );
}

#[test]
fn leaders_stay_sound() {
    let mut leaders: Leaders = from(r#"[{"hotkey": "5A", "weight": 1, "effective_block": 10}]"#);
    let entry = |hotkey: &str, weight, effective_block| LeaderEntry {
        hotkey: hotkey.to_owned(),
        weight,
        effective_block,
        ..leaders.entries[0].clone()
    };
    let (early, heavy, word, fine) = (
        entry("5B", 1.0, 10),
        entry("5B", 1.1, 11),
        entry("leader", 1.0, 11),
        entry("5B", 1.0, 11),
    );
    assert_eq!(leaders.append(early), Err(AppendError::Block { found: 10, last: 10 }));
    assert_eq!(leaders.append(heavy), Err(AppendError::Weight { found: 1.1 }));
    assert_eq!(leaders.append(word), Err(AppendError::Hotkey));
    assert_eq!(leaders.append(fine), Ok(()));
    assert_eq!(leaders.latest().unwrap().effective_block, 11);
}

#[test]
fn submissions_challenge_by_block_and_then_as_they_stand() {
    let one = |hotkey, block| {
        format!(
            r#""{hotkey}": {{"repo": "r/s", "commit": "c", "revealed_at_block": {block}, "round": "demo-1"}}"#
        )
    };
    let text = format!(
        "{{{}, {}, {}, {}}}",
        one("5Late", 9),
        one("5Z", 5),
        one("5A", 5),
        one("5First", 1)
    );
    assert_eq!(in_order(&from::<Submissions>(&text)), ["5First", "5Z", "5A", "5Late"]);
    assert_eq!(
        (hotkey10("5HotkeyExample"), hotkey10("5"), hotkey10("ééééééééééé")),
        ("5HotkeyExa", "5", "éééééééééé")
    );
}

#[test]
fn eras_are_told_apart() {
    let report: MatchReport = from(FILES[27].2);
    assert_eq!((report.left.as_str(), report.right.as_str()), ("leader", "5B"));
    assert_eq!(
        report.duels.iter().map(|duel| duel.winner).collect::<Vec<_>>(),
        [DuelWinner::Right, DuelWinner::Left]
    );
    assert_eq!(
        (report.duels[0].kind, report.duels[0].right.asset.as_deref()),
        (AssetKind::Splats, Some("c"))
    );

    let outputs: Outputs = from(FILES[22].2);
    assert_eq!(outputs["chair_01"].kind, AssetKind::Mesh);
    assert!(delivered(&outputs) && !delivered(&from::<Outputs>(FILES[23].2)));

    let audits: GenerationAudits = from(FILES[17].2);
    assert_eq!((audits["5B"].verdict(), audits["5C"].verdict()), (Some(Verdict::Failed), None));
    let builds: Builds = from(FILES[12].2);
    assert!(!builds["5B"].status.is_final() && BuildStatus::NotFound.is_final());
    let sources: SourceAudits =
        from(r#"[{"hotkey": "5B", "verdict": "passed"}, {"hotkey": "5B", "verdict": "failed"}]"#);
    assert_eq!(source_audit(&sources, "5B").map(|audit| audit.verdict), Some(Verdict::Failed));
}

#[test]
fn matrices() {
    let text = "left,right,margin\nleader,5B,0.109375\n5B,5C,-1.0\nleader,5C,0.0";
    let mut matrix = Matrix::from_text("m", text).unwrap();
    assert_eq!(matrix.to_text(), text);
    assert_eq!(Matrix::from_text("m", &format!("{text}\n")).unwrap(), matrix);
    assert_eq!((matrix.get("leader", "5B"), matrix.get("5B", "leader")), (Some(0.109_375), None));
    matrix.set("leader", "5B", -100.0).unwrap();
    matrix.set("submitted_1", "5B", 1e-5).unwrap();
    assert_eq!(
        matrix.to_text(),
        "left,right,margin\nleader,5B,-100.0\n5B,5C,-1.0\nleader,5C,0.0\nsubmitted_1,5B,1e-05"
    );
    for bad in ["", "a,b", "a\nb", "a\rb"] {
        assert!(matrix.set(bad, "5B", 0.0).is_err());
    }
    assert!(matrix.set("a", "b", f64::NAN).is_err());

    let odd = "whatever\na,b\n\na,b,1,more\r\na,c, 0.5 \na,b,0.25\n";
    let matrix = Matrix::from_text("m", odd).unwrap();
    assert_eq!(matrix.iter().collect::<Vec<_>>(), [("a", "b", 0.25), ("a", "c", 0.5)]);
    assert_eq!((Matrix::line_of(odd, "a", "b"), Matrix::line_of(odd, "b", "a")), (Some(6), None));
    assert_eq!((matrix.len(), Matrix::default().is_empty()), (2, true));
    assert_eq!(Matrix::default().to_text(), "left,right,margin");
}

#[test]
fn prompts_have_two_readers() {
    let text = " a.png \r\n\n\tb.png\u{2028}c.png\n";
    assert_eq!(prompts::pool(text), ["a.png", "b.png", "c.png"]);
    assert_eq!(prompts::of_round(text), ["a.png \r", "\tb.png\u{2028}c.png"]);
    assert_eq!(prompts::to_text(&["a", "b"]), "a\nb");
    let stems = [
        "https://x/a.b.png",
        "https://x/a.png?x=1",
        "https://x/a",
        "https://x/%20a.png",
        "a.",
        ".png",
        "https://x/",
    ]
    .map(prompts::stem);
    assert_eq!(stems, ["a.b", "a", "a", "%20a", "a.", ".png", ""]);
    let unusable = prompts::unusable_stems(&["x/a.png", "y/a.jpg", "z/b.png", "z/"]);
    assert_eq!(unusable.into_iter().collect::<Vec<_>>(), [("", 1), ("a", 2)]);
}

/// Adds members that nobody knows and moves members about, in every object that is a record (and not a map by name).
fn disturb(json: &Json, dice: &mut impl FnMut(usize) -> usize) -> Json {
    match json {
        Json::Array(items) => Json::Array(items.iter().map(|item| disturb(item, dice)).collect()),
        Json::Object(members) => {
            let by_name = |key: &String| {
                key.starts_with(['5', 'm']) && key != "margin" || key.starts_with("chair")
            };
            let mut out: Vec<(String, Json)> =
                members.iter().map(|(key, value)| (key.clone(), disturb(value, dice))).collect();
            if !members.is_empty() && !members.keys().any(by_name) {
                for n in 0..dice(3) {
                    let value =
                        read(["null", "1.50", "[{\"x\": 1e3}]", "\"\\u0000é\""][dice(4)]).unwrap();
                    out.insert(dice(out.len() + 1), (format!("unknown {n}"), value));
                }
                let (a, b) = (dice(out.len().max(1)), dice(out.len().max(1)));
                if !out.is_empty() {
                    out.swap(a, b);
                }
            }
            Json::Object(out.into_iter().collect::<Object>())
        }
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn what_is_not_known_stays_where_it_is(which in 0..FILES.len(), rolls in prop::collection::vec(0_usize..1000, 64)) {
        let (rewrite, style, text) = FILES[which];
        let mut rolls = rolls.into_iter().cycle();
        let mut dice = |n: usize| rolls.next().unwrap() % n;
        let disturbed = write(&disturb(&read(text).unwrap(), &mut dice), style);
        prop_assert_eq!(rewrite(&disturbed), disturbed);
    }

    #[test]
    fn leaders_with_any_numbers_are_read_as_they_were_written(
        entries in prop::collection::vec((".*", any::<f64>().prop_filter("finite", |x| x.is_finite()), any::<u64>(), prop::option::of(".*")), 0..8),
    ) {
        let entries = entries.into_iter().map(|(hotkey, weight, effective_block, repo)| LeaderEntry {
            hotkey, weight, effective_block, repo: repo.clone(), commit: repo.clone(), docker: repo, layout: Layout::default(),
        });
        let leaders = Leaders { entries: entries.collect() };
        let read: Leaders = from(&leaders.to_text());
        prop_assert_eq!(&read, &leaders);
        prop_assert_eq!(read.to_text(), leaders.to_text());
    }

    #[test]
    fn matrices_are_read_as_they_were_written(rows in prop::collection::vec(("[A-Za-z0-9_ é]{1,12}", "[A-Za-z0-9]{1,12}", -200.0_f64..200.0), 0..20)) {
        let mut matrix = Matrix::default();
        for (left, right, margin) in rows {
            matrix.set(&left, &right, margin).unwrap();
        }
        prop_assert_eq!(Matrix::from_text("m", &matrix.to_text()).unwrap(), matrix);
    }
}
