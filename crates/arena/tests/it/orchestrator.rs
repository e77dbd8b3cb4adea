//! The orchestrator, in a world of fakes.

mod world;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arena::notify::notices::PodTrouble;
use arena::orchestrator::reports::{self, Limits};
use arena::orchestrator::{tag, track};
use arena::owner::Turn;
use arena::ports::{BuildSeen, Keep, OrderEnd};
use ledger::files::builds::{BuildStatus, Builds};
use ledger::files::reports::{GenerationOutcome, Repeat};
use ledger::files::submissions::Submissions;
use ledger::{JsonFile as _, Layout, Round};

use self::world::{Script, hold, part, ports, round, turn, watch};

#[test]
fn a_leader_and_a_miner_are_made() {
    let world = round();
    let ports = ports(&world);
    assert!(matches!(turn(&world, &ports), Ok(Turn::Until(_))));
    // Builds and the baseline: nobody is to be audited yet.
    assert_eq!(*world.orders.lock().unwrap(), ["leader"]);
    assert!(
        world
            .brief("rounds/1/builds.json")
            .contains(r#""tag":"0123456-demo-1","status":"success","docker_image":"one:1""#)
    );
    assert_eq!(
        world.file("rounds/1/leader/generated_1.json").matches("\"views\": \"https").count(),
        3
    );
    world.put("state.json", r#"{"current_round": 1, "stage": "duels"}"#);
    world.ask(&["5Two"]);
    turn(&world, &ports).unwrap();
    // Only what was submitted is made again, as often as the configuration says.
    let rows = world.brief("rounds/1/5Two/generated_2.json");
    insta::assert_snapshot!(rows, @r#"{"a":{"js":"https://cdn.example/rounds/1/5Two/generated_2/a.js","views":"https://cdn.example/rounds/1/5Two/generated_2/a","failure_reason":null,"size":2,"sha256":"b2239ae33d9bc5614aeb2e439e5032b1fe77c32f7080d3211c1d03f1b17ffcf6","views_sha256":"5d99e7cd8fb908ea70512ae035bbec8e2ad010c9e1c864d052f900e8711ecdfb"},"b":{"js":"https://cdn.example/rounds/1/5Two/generated_2/b.js","views":"https://cdn.example/rounds/1/5Two/generated_2/b","failure_reason":null,"size":2,"sha256":"ecc2853c85e37f5544d87b8c8322b33bcb8986bf36e480d404da04bc221adb04","views_sha256":"5b89f5ed8699e7dd1d64d62711c8da974dec68e54ac848fe2037acf9ed90613f"}}"#);
    insta::assert_snapshot!(world.brief("rounds/1/generation_reports.json"), @r#"{"5Two":{"hotkey":"5Two","outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":2,"failed_prompts":0,"generation_time":100.0},{"repeat_index":2,"generated_prompts":2,"failed_prompts":0,"generation_time":100.0}],"reason":""}}"#);
    assert!(world.file("rounds/1/5Two/pod_stats.json").contains("pod-5Two-r1"));
    // Nothing is left to do.
    let head = world.file("rounds/1/generation_reports.json");
    turn(&world, &ports).unwrap();
    assert_eq!(*world.orders.lock().unwrap(), ["leader", "5Two"]);
    assert_eq!(world.file("rounds/1/generation_reports.json"), head);
    assert!(ports.journals.open("orchestrator").unwrap().read().unwrap().is_empty());
}

#[test]
fn idle_in_other_stages() {
    let world = round();
    let ports = ports(&world);
    world.put("state.json", r#"{"current_round": 1, "stage": "paused"}"#);
    assert_eq!(turn(&world, &ports), Ok(Turn::Idle));
    // Pods of a process that died are looked for all the same; what was made waits for the end of the pause.
    assert_eq!(*world.cleared.lock().unwrap(), [Keep::Made(Round(1))]);
    let eta = "2031-03-02T08:00:00Z";
    world.put(
        "state.json",
        &format!(r#"{{"current_round": 2, "stage": "open", "next_stage_eta": "{eta}"}}"#),
    );
    assert_eq!(turn(&world, &ports), Ok(Turn::Until(eta.parse().unwrap())));
    assert_eq!(world.cleared.lock().unwrap().last(), Some(&Keep::Nothing));
    world.put("state.json", r#"{"current_round": 1, "stage": "duels"}"#);
    turn(&world, &ports).unwrap();
    assert_eq!(world.cleared.lock().unwrap().last(), Some(&Keep::Round(Round(1))));
}

/// Wherever the process is cut off, the files end up the same, and no row is made twice.
#[test]
fn the_same_files_after_a_crash_at_any_time() {
    let files = |world: &world::World| {
        ["5One", "5Two", "leader"]
            .iter()
            .flat_map(|who| {
                [1, 2].map(|r| world.file(&format!("rounds/1/{who}/generated_{r}.json")))
            })
            .chain([
                world.file("rounds/1/generation_reports.json"),
                world.file("rounds/1/5One/pod_stats.json"),
            ])
            .collect::<Vec<_>>()
    };
    let whole = {
        let world = round();
        let ports = ports(&world);
        world.ask(&["5One", "5Two"]);
        while world.file("rounds/1/generation_reports.json").matches("completed").count() < 2 {
            turn(&world, &ports).unwrap();
        }
        files(&world)
    };
    for polls in 1..60 {
        let world = round();
        let ports = ports(&world);
        world.ask(&["5One", "5Two"]);
        let was_whole = part(&world, &ports, polls).is_some();
        for _ in 0..4 {
            turn(&world, &ports).unwrap();
        }
        assert_eq!(files(&world), whole, "after {polls} polls");
        assert!(!was_whole || polls > 5);
    }
}

#[test]
fn no_more_orders_at_once_than_allowed() {
    let world = round();
    let ports = ports(&world);
    world.ask(&["5One", "5Two"]);
    turn(&world, &ports).unwrap();
    assert_eq!(world.orders.lock().unwrap().len(), 3);
    assert_eq!(world.active.lock().unwrap().1, 2);
}

/// Pods in trouble: people are told, once of each, and nothing follows from it.
#[test]
fn people_are_told_of_pods_in_trouble() {
    let world = round();
    let ports = ports(&world);
    let troubles = vec![
        (PodTrouble::Deploy, "pod-0: exited: `code` 1"),
        (PodTrouble::Unreachable, "pod-1: unreachable"),
        (PodTrouble::Unreachable, "pod-1: unreachable"),
    ];
    world.script("leader", Script { troubles, ..Script::default() });
    turn(&world, &ports).unwrap();
    let told = world.told.lock().unwrap().join("\n");
    insta::assert_snapshot!(told, @r#"
    Pod Deploy Failed: ```
    pod-0: exited: `code` 1
    ``` Some(("Miner", "leader", true))
    Pod Unreachable: ```
    pod-1: unreachable
    ``` Some(("Miner", "leader", true))
    Round 1 Generation — leader:  Some(("Generated", "3 / 3", true))
    "#);
    assert_eq!(
        world.file("rounds/1/leader/generated_1.json").matches("\"views\": \"https").count(),
        3
    );
}

#[test]
fn ends_soon_when_the_process_is_to_stop() {
    let world = round();
    let ports = ports(&world);
    ports.stop.set();
    assert!(turn(&world, &ports).is_ok());
    assert!(world.orders.lock().unwrap().is_empty());
}

#[test]
fn limits_reject_and_end_the_order() {
    let world = round();
    let ports = ports(&world);
    let slow = Script { seconds: 7300.0, ..Script::default() };
    world.script("5One", slow);
    let fails = ["a", "b"].map(str::to_owned).into();
    world.script("5Two", Script { fails, ..Script::default() });
    world.ask(&["5One", "5Two"]);
    let settings =
        arena::orchestrator::Settings { max_mismatched_prompts: 1, ..Default::default() };
    let mut owner = arena::orchestrator::Orchestrator::new(settings);
    hold(&world.time, usize::MAX, arena::owner::Owner::turn(&mut owner, &ports)).unwrap().unwrap();
    let said = world.brief("rounds/1/generation_reports.json");
    insta::assert_snapshot!(said, @r#"{"5One":{"hotkey":"5One","outcome":"rejected","repeats":[{"repeat_index":1,"generated_prompts":2,"failed_prompts":0,"generation_time":7300.0}],"reason":"Repeat1:time(7300.0s)exceedslimit(7200.0s)"},"5Two":{"hotkey":"5Two","outcome":"rejected","repeats":[{"repeat_index":1,"generated_prompts":0,"failed_prompts":2,"generation_time":100.0}],"reason":"Repeat1:2failedpromptsexceedtolerance(1)"}}"#);
    // The second repeat of neither was made.
    assert_eq!(world.file("rounds/1/5One/generated_2.json"), "");
    insta::assert_snapshot!(world.brief("rounds/1/5Two/generated_1.json"), @r#"{"a":{"js":null,"views":null,"failure_reason":"itfailed","size":0},"b":{"js":null,"views":null,"failure_reason":"itfailed","size":0}}"#);
    let told = world.told.lock().unwrap().join("\n");
    assert_eq!(told.matches("Generation Report").count(), 2, "{told}");
    // How far the runs of all came, those that were lost too, and of each once.
    let runs = told.lines().filter(|line| line.contains(" Generation — "));
    insta::assert_snapshot!(runs.collect::<Vec<_>>().join("\n"), @r#"
    Round 1 Generation — 5One:  Some(("Generated", "2 / 4", true))
    Round 1 Generation — leader:  Some(("Generated", "3 / 3", true))
    Round 1 Generation — 5Two:  Some(("Generated", "0 / 4", true))
    "#);
}

#[test]
fn what_renders_badly_was_made_and_what_cannot_be_drawn_now_is_not_there() {
    let world = round();
    let ports = ports(&world);
    world.put("rounds/1/prompts.txt", "https://i/bad.png\nhttps://gone/b.png\nhttps://i/c.png");
    *world.outages.lock().unwrap() = 3;
    turn(&world, &ports).unwrap();
    let rows = world.file("rounds/1/leader/generated_1.json");
    insta::assert_snapshot!(rows, @r#"
    {
      "bad": {
        "js": "https://cdn.example/rounds/1/leader/generated_1/bad.js",
        "views": null,
        "failure_reason": null,
        "size": 7,
        "sha256": "73df2d60e8d7ac24a96732be6d38d0351f92893a9d0112c7811c5a8d2e53e8de",
        "detail": "no module"
      },
      "b": {
        "js": "https://cdn.example/rounds/1/leader/generated_1/b.js",
        "views": null,
        "failure_reason": "prompt_image_missing",
        "size": 2,
        "sha256": "2caf767aa0a1dc4247210e3c2cfd50b6321a91dd49ff5ee0fe8d2b8b52317d67"
      },
      "c": {
        "js": "https://cdn.example/rounds/1/leader/generated_1/c.js",
        "views": "https://cdn.example/rounds/1/leader/generated_1/c",
        "failure_reason": null,
        "size": 2,
        "sha256": "5788902e12c38ccbbe8276bcf264ef6d0bf9bbeb43678a3ab91543c06518cb3f",
        "views_sha256": "fd6026119ef7e80b1f33eb6dac7d90e908269c5a71a7f4255104b120cb418f75"
      }
    }
    "#);
    assert_eq!(*world.outages.lock().unwrap(), 0);
}

#[test]
fn builds_fail_late_or_never() {
    let world = round();
    let ports = ports(&world);
    let seen = |status, image: Option<&str>| BuildSeen { status, image: image.map(str::to_owned) };
    let failure = [("5One".to_owned(), seen(BuildStatus::Failure, Some("x")))].into();
    *world.builds.lock().unwrap() = vec![None, Some(failure), Some(BTreeMap::new())];
    world.ask(&["5One", "5Two", "5Nobody"]);
    for _ in 0..3 {
        turn(&world, &ports).unwrap();
    }
    insta::assert_snapshot!(world.brief("rounds/1/builds.json"), @r#"{"5One":{"repo":"a/b","commit":"0123456789","revealed_at_block":7,"tag":"0123456-demo-1","status":"failure","docker_image":null,"pending_since":"2031-03-01T08:00:00Z"},"5Two":{"repo":"a/b","commit":"abcdef0123","revealed_at_block":7,"tag":"abcdef0-demo-1","status":"pending","docker_image":null,"pending_since":"2031-03-01T08:00:00Z"}}"#);
    insta::assert_snapshot!(world.brief("rounds/1/generation_reports.json"), @r#"{"5Nobody":{"hotkey":"5Nobody","outcome":"rejected","repeats":[],"reason":"Failedtobuildadockerimage"},"5One":{"hotkey":"5One","outcome":"rejected","repeats":[],"reason":"Failedtobuildadockerimage"}}"#);
    // A list that does not name a build is no failure of it, until its time is over and somebody looked for half an hour on end.
    world.time.pass(Duration::from_secs(10_801));
    let is_late = || world.brief("rounds/1/builds.json").contains("\"status\":\"timed_out\"");
    watch(&world, &ports, 20);
    assert!(!is_late(), "the process has not looked for long");
    watch(&world, &ports, 20);
    assert!(!is_late(), "nor has the next one");
    watch(&world, &ports, 32);
    assert!(is_late());
    assert_eq!(
        world.file("rounds/1/generation_reports.json").matches(reports::NO_IMAGE).count(),
        3
    );
}

/// A build may have been done all the time.
#[test]
fn no_build_is_late_while_builds_cannot_be_looked_at() {
    let world = round();
    let ports = ports(&world);
    let done = std::mem::replace(&mut *world.builds.lock().unwrap(), vec![Some(BTreeMap::new())]);
    turn(&world, &ports).unwrap();
    world.no_builds.store(true, Ordering::SeqCst);
    world.time.pass(Duration::from_secs(10_801));
    turn(&world, &ports).unwrap();
    let builds = || world.brief("rounds/1/builds.json");
    assert_eq!(builds().matches("\"status\":\"pending\"").count(), 2, "{}", builds());
    assert!(world.told.lock().unwrap().iter().any(|told| told.contains("who builds is away")));

    world.no_builds.store(false, Ordering::SeqCst);
    *world.builds.lock().unwrap() = done;
    world.time.pass(Duration::from_secs(3600));
    turn(&world, &ports).unwrap();
    assert_eq!(builds().matches("\"status\":\"success\"").count(), 2, "{}", builds());
}

#[test]
fn verdicts_end_orders() {
    let world = round();
    let ports = ports(&world);
    world.script("5One", Script { pause: Duration::from_secs(1000), ..Script::default() });
    world.ask(&["5One"]);
    let owner = &mut arena::orchestrator::Orchestrator::new(Default::default());
    {
        let verdict = async {
            ports.clock.sleep(Duration::from_secs(1500)).await;
            let text = r#"[{"hotkey": "5One", "verdict": "failed", "reason": "no"}]"#;
            world.put("rounds/1/source_audit.json", text);
            std::future::pending::<()>().await;
        };
        let turn = std::pin::pin!(arena::owner::Owner::turn(owner, &ports));
        let verdict = std::pin::pin!(verdict);
        let both = futures_util::future::select(turn, verdict);
        hold(&world.time, usize::MAX, both).unwrap();
    }
    let said = world.brief("rounds/1/generation_reports.json");
    insta::assert_snapshot!(said, @r#"{"5One":{"hotkey":"5One","outcome":"pending","repeats":[{"repeat_index":1,"generated_prompts":2,"failed_prompts":0,"generation_time":100.0}],"reason":"","stopped":"sourceauditfailed"}}"#);
    let orders = world.orders.lock().unwrap().len();
    turn(&world, &ports).unwrap();
    assert_eq!(world.orders.lock().unwrap().len(), orders);
    // Who was disqualified before this process began is carried out with a stop, once: a pod may be left.
    world.ask(&["5One", "5Two"]);
    let text = r#"{"5Two": {"hotkey": "5Two", "verdict": "failed", "reason": "copied"}}"#;
    world.put("rounds/1/generation_audits.json", text);
    turn(&world, &ports).unwrap();
    turn(&world, &ports).unwrap();
    assert_eq!(world.orders.lock().unwrap()[orders..], ["5Two"]);
    assert_eq!(world.file("rounds/1/5Two/generated_1.json"), "");
    // A verdict that is taken back: on it goes.
    world.put("rounds/1/generation_audits.json", "{}");
    turn(&world, &ports).unwrap();
    assert!(world.brief("rounds/1/generation_reports.json").contains("\"completed\""));
}

#[test]
fn trouble_of_ours_is_no_verdict() {
    let world = round();
    let ports = ports(&world);
    world.script("5One", Script { end: Some(Err("no machines".to_owned())), ..Script::default() });
    world.script(
        "leader",
        Script { end: Some(Ok(OrderEnd::Rejected("no".to_owned()))), ..Script::default() },
    );
    world.ask(&["5One"]);
    let error = turn(&world, &ports).unwrap_err();
    assert_eq!(error.to_string(), "having outputs of 5One made: no machines");
    assert!(!error.needs_operator);
    assert_eq!(world.file("rounds/1/generation_reports.json"), "");
    turn(&world, &ports).unwrap();
    assert!(world.brief("rounds/1/generation_reports.json").contains("\"completed\""));
    // A baseline that cannot be made is not tried for ever.
    assert_eq!(
        world
            .file("rounds/1/leader/generated_1.json")
            .matches("\"failure_reason\": \"no\"")
            .count(),
        3
    );
    assert_eq!(world.orders.lock().unwrap().iter().filter(|who| *who == "leader").count(), 1);
}

#[test]
fn rounds_that_move_on_end_everything() {
    let world = round();
    let ports = ports(&world);
    world.script("leader", Script { pause: Duration::from_secs(100), ..Script::default() });
    let owner = &mut arena::orchestrator::Orchestrator::new(Default::default());
    let next = async {
        ports.clock.sleep(Duration::from_secs(150)).await;
        world.put("state.json", r#"{"current_round": 2, "stage": "duels"}"#);
        std::future::pending::<()>().await;
    };
    let turn = std::pin::pin!(arena::owner::Owner::turn(owner, &ports));
    hold(&world.time, usize::MAX, futures_util::future::select(turn, std::pin::pin!(next)))
        .unwrap();
    // What was made is kept, the rest is not made.
    assert_eq!(world.file("rounds/1/leader/generated_1.json").matches("\"js\"").count(), 2);
}

#[test]
fn what_people_write_stays() {
    let world = round();
    let ports = ports(&world);
    world.script("5One", Script { pause: Duration::from_secs(100), ..Script::default() });
    world.ask(&["5One"]);
    // The row is there before ours is committed, and another file is edited meanwhile.
    let by_hand = async {
        ports.clock.sleep(Duration::from_secs(120)).await;
        world.put("rounds/1/5One/generated_1.json", r#"{"a": {"js": "by hand", "note": 1}}"#);
        std::future::pending::<()>().await;
    };
    let owner = &mut arena::orchestrator::Orchestrator::new(Default::default());
    {
        let turn = std::pin::pin!(arena::owner::Owner::turn(owner, &ports));
        hold(&world.time, usize::MAX, futures_util::future::select(turn, std::pin::pin!(by_hand)))
            .unwrap();
    }
    let rows = world.brief("rounds/1/5One/generated_1.json");
    assert!(rows.starts_with(r#"{"a":{"js":"byhand","note":1},"b":{"js":"https"#), "{rows}");
}

#[test]
fn files_with_errors_are_named_and_nothing_is_written() {
    let world = round();
    let ports = ports(&world);
    let head = || world.file("rounds/1/builds.json");
    for (path, text, named) in [
        ("config.json", "{}", "config.json:1:1"),
        (
            "rounds/1/builds.json",
            r#"{"5One": {"repo": 1}}"#,
            "rounds/1/builds.json:1:19: 5One.repo",
        ),
        ("rounds/1/seed.json", "", "rounds/1/seed.json"),
        ("rounds/1/prompts.txt", "\n", "rounds/1/prompts.txt: there is no prompt"),
    ] {
        let before = world.file(path);
        world.put(path, text);
        let error = turn(&world, &ports).unwrap_err();
        assert!(error.needs_operator && error.reason.contains(named), "{error}");
        assert!(!head().contains("success") || path != "config.json");
        world.put(path, &before);
    }
    assert!(world.orders.lock().unwrap().is_empty());
}

/// Nothing is final because of a file that somebody lost.
#[test]
fn a_miner_whose_submitted_outputs_are_not_known_is_told_of_and_not_rejected() {
    let world = round();
    let ports = ports(&world);
    let path = "rounds/1/5One/submitted.json";
    let before = world.file(path);
    world.put(path, "");
    world.ask(&["5One", "5Two"]);
    for _ in 0..3 {
        turn(&world, &ports).unwrap();
    }
    let report = |hotkey: &str| world.brief("rounds/1/generation_reports.json").contains(hotkey);
    assert!(report("5Two") && !report("5One"));
    let told = world.told.lock().unwrap().join("\n");
    assert!(told.contains("rounds/1/5One/submitted.json: the file is missing"), "{told}");
    world.put(path, &before);
    for _ in 0..3 {
        turn(&world, &ports).unwrap();
    }
    assert!(report("5One"));
}

/// Every asset of an image takes all the time there is to draw one: two tries of the first, one of two others, none of the rest.
#[test]
fn what_takes_for_ever_to_draw_is_made_and_holds_nobody_up() {
    let world = round();
    let ports = ports(&world);
    turn(&world, &ports).unwrap();
    world.endless.store(true, Ordering::SeqCst);
    world.ask(&["5One"]);
    for _ in 0..3 {
        turn(&world, &ports).unwrap();
    }
    let reports = world.brief("rounds/1/generation_reports.json");
    assert!(reports.contains(r#""5One":{"hotkey":"5One","outcome":"completed""#), "{reports}");
    assert!(world.brief("rounds/1/5One/generated_2.json").contains("notdrawninitstime"));
    assert!(*world.endless_tries.lock().unwrap() <= 8, "{:?}", world.endless_tries);
}

#[test]
fn builds_over_time() {
    let submissions = r#"{"5One": {"repo": "a/b", "commit": "0123456789", "revealed_at_block": 7, "round": "demo-1"}}"#;
    let submissions = Submissions::from_text("submissions.json", submissions).unwrap();
    assert_eq!(tag(&submissions["5One"]), "0123456-demo-1");
    let timeout = Duration::from_secs(60);
    let at = |second: i64| jiff::Timestamp::from_second(1_900_000_000 + second).unwrap();
    let seen = |status, image: Option<&str>| -> BTreeMap<String, BuildSeen> {
        [("5One".to_owned(), BuildSeen { status, image: image.map(str::to_owned) })].into()
    };
    let first = track(&Builds::new(), &submissions, None, at(0), timeout);
    assert_eq!(first["5One"].status, BuildStatus::Pending);
    let running =
        track(&first, &submissions, Some(&seen(BuildStatus::InProgress, None)), at(59), timeout);
    assert_eq!(running["5One"].status, BuildStatus::InProgress);
    // What has succeeded by the time it is late has succeeded.
    let done = track(
        &running,
        &submissions,
        Some(&seen(BuildStatus::Success, Some("i"))),
        at(999),
        timeout,
    );
    assert_eq!(done["5One"].runnable(), Some("i"));
    let late = track(&running, &submissions, Some(&BTreeMap::new()), at(61), timeout);
    assert_eq!(late["5One"].status, BuildStatus::TimedOut);
    // Final is final.
    assert_eq!(
        track(&late, &submissions, Some(&seen(BuildStatus::Success, Some("i"))), at(62), timeout),
        late
    );
    // A clock that was set back times nobody out.
    let back = track(&first, &submissions, None, at(-500), timeout);
    assert_eq!(back["5One"].status, BuildStatus::Pending);
}

#[test]
fn verdicts_on_repeats() {
    let limits = Limits { time_s: 7200.0, failures: 12 };
    let one = |index, failed, time| Repeat {
        repeat_index: index,
        generated_prompts: 20,
        failed_prompts: failed,
        generation_time: time,
        layout: Layout::default(),
    };
    let say = |repeats: Vec<Repeat>| {
        let report = reports::verdict(reports::new("5One"), repeats, 3, limits);
        format!("{} {}", report.outcome, report.reason)
    };
    assert_eq!(say(vec![]), "pending ");
    assert_eq!(say(vec![one(2, 12, Some(7200.0)), one(1, 0, None)]), "pending ");
    assert_eq!(say(vec![one(1, 0, None), one(2, 0, None), one(3, 12, Some(1.0))]), "completed ");
    let all = vec![one(2, 13, Some(7200.05)), one(1, 0, Some(7300.0)), one(3, 0, None)];
    insta::assert_snapshot!(say(all), @"rejected Repeat 1: time (7300.0s) exceeds limit (7200.0s); Repeat 2: time (7200.1s) exceeds limit (7200.0s); Repeat 2: 13 failed prompts exceed tolerance (12)");
    assert!(matches!(reports::new("5One").outcome, GenerationOutcome::Pending));
}
