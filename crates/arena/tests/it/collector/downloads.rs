//! Files of miners who do what they can, and of some who do what they should not.

use std::sync::atomic::Ordering;
use std::time::Duration;

use arena::collector::{Collector, Settings};
use arena::owner::{Owner as _, Turn, TurnError};
use arena::ports::WebError;
use bytes::Bytes;
use futures_util::future::{Either, select};
use jiff::{SignedDuration, Timestamp};
use ledger::Stage;
use ledger::json::Json;

use super::turns::{account, downloading, ends, rows, stage, stems, turn, world};
use super::world::{Reply, World, run};

/// What miner 1 has at its first prompt.
fn first(world: &World, reply: Reply) {
    let stem = stems(world).remove(0);
    world.web.set(&format!("http://h1/{stem}.js"), reply);
}

/// What became of miner 1's first prompt, if its server does this.
async fn fate(reply: Reply) -> String {
    let world = world(1);
    downloading(&world).await;
    first(&world, reply);
    assert_eq!(turn(&world).await, Ok(Turn::Again));
    assert_eq!(stage(&world), Stage::Duels);
    let stem = stems(&world).remove(0);
    let row = &rows(&world, 1)[&stem];
    let reason = row.failure_reason.clone().unwrap_or_else(|| "fine".to_owned());
    let detail = row.layout.get("detail").and_then(Json::as_str).unwrap_or_default();
    format!("{reason} {} {} {} {detail}", row.asset.is_some(), row.picture.is_some(), row.size)
}

#[test]
fn each_fault_has_its_reason() {
    run(async {
        let file = |content: &[u8]| Reply::File(Bytes::copy_from_slice(content));
        let error = |kind| Reply::Error(WebError::Kind(kind));
        insta::assert_snapshot!(fate(file(b"fine")).await, @"fine true true 4 ");
        insta::assert_snapshot!(fate(file(b"")).await, @"js_empty false false 0 ");
        insta::assert_snapshot!(fate(file(b"\xff\xfe")).await, @"js_not_utf8 false false 0 ");
        insta::assert_snapshot!(fate(file(&vec![b' '; 1 << 20])).await, @"fine true true 1048576 ");
        insta::assert_snapshot!(fate(file(&vec![b' '; (1 << 20) + 1])).await, @"js_too_large false false 0 ");
        insta::assert_snapshot!(fate(file(b"bad")).await, @"render_failed true false 3 it has no default export");
        insta::assert_snapshot!(fate(Reply::Error(WebError::Status(404))).await, @"js_fetch_failed: HTTP 404 false false 0 ");
        insta::assert_snapshot!(fate(Reply::Error(WebError::Status(302))).await, @"js_fetch_failed: HTTP 302 false false 0 ");
        insta::assert_snapshot!(fate(error("refused_address")).await, @"js_fetch_failed: refused_address false false 0 ");
        insta::assert_snapshot!(fate(error("connect")).await, @"js_fetch_failed: connect false false 0 ");
        insta::assert_snapshot!(fate(error("slow")).await, @"js_fetch_failed: slow false false 0 ");
    });
}

#[test]
fn what_may_pass_is_tried_again() {
    run(async {
        insta::assert_snapshot!(fate(Reply::Flaky(2, "fine".into())).await, @"fine true true 4 ");
        let after = |status, times| Reply::After(status, times, "fine".into());
        insta::assert_snapshot!(fate(after(404, 2)).await, @"fine true true 4 ");
        insta::assert_snapshot!(fate(after(302, 2)).await, @"fine true true 4 ");
        insta::assert_snapshot!(fate(after(410, 1)).await, @"js_fetch_failed: HTTP 410 false false 0 ");
        insta::assert_snapshot!(fate(Reply::Flaky(3, "fine".into())).await, @"js_fetch_failed: HTTP 503 false false 0 ");
    });
}

#[test]
fn an_asset_that_breaks_the_studio_each_time_is_to_blame_when_the_studio_works() {
    run(async {
        insta::assert_snapshot!(fate(Reply::File("crash".into())).await, @"render_failed true false 5 no sandbox");
    });
}

/// Each of its assets takes all the time there is to draw one: twice the first, once the others.
#[test]
fn nobody_waits_for_hours_for_assets_that_take_for_ever_to_draw() {
    run(async {
        let world = world(2);
        downloading(&world).await;
        for stem in ["a", "b", "c", "d"] {
            world.web.set(&format!("http://h1/{stem}.js"), Reply::File("endless".into()));
        }
        let began = world.ports.clock.elapsed();
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        assert_eq!(stage(&world), Stage::Duels);
        let took = world.ports.clock.elapsed() - began;
        assert!(took <= Duration::from_secs(5 * 300), "{took:?}");
        assert!(world.studio.endless.load(Ordering::SeqCst) <= 5);
        for (_, row) in rows(&world, 1) {
            assert_eq!(row.failure_reason.as_deref(), Some("render_failed"));
            let detail = row.layout.get("detail").and_then(Json::as_str).unwrap_or_default();
            assert!(detail.starts_with("not drawn in its time: "), "{detail}");
        }
        assert!(ends(&world, 2).iter().all(|end| end.contains("fine")));
    });
}

/// An operator corrects who takes part while files are fetched: who came in has its rows before the stage ends.
#[test]
fn the_stage_ends_with_those_who_take_part_at_its_end() {
    run(async {
        let world = world(2);
        downloading(&world).await;
        let path = "rounds/1/submissions.json";
        let whole = world.read(path).unwrap();
        let mut fewer: serde_json::Value = serde_json::from_str(&whole).unwrap();
        fewer.as_object_mut().unwrap().remove(&account(2).to_string());
        world.write(&[(path, Some(&fewer.to_string()))]);
        first(&world, Reply::Slow(Duration::from_secs(20), "late".into()));
        let correcting = async {
            world.ports.clock.sleep(Duration::from_secs(5)).await;
            world.write(&[(path, Some(&whole))]);
        };
        let (end, ()) = futures_util::future::join(turn(&world), correcting).await;
        assert_eq!(end, Ok(Turn::Again));
        assert_eq!(stage(&world), Stage::Downloading);
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        assert_eq!(stage(&world), Stage::Duels);
        assert_eq!((ends(&world, 1).len(), ends(&world, 2).len()), (3, 3));
    });
}

/// Seed 644 of the simulation.
#[test]
fn an_asset_is_not_to_blame_for_a_studio_that_works_again_just_after_the_last_try() {
    run(async {
        insta::assert_snapshot!(fate(Reply::File("late".into())).await, @"fine true true 4 ");
    });
}

#[test]
fn when_the_studio_is_down_nothing_is_decided_and_no_file_is_asked_for_again() {
    run(async {
        let world = world(2);
        downloading(&world).await;
        world.studio.down.store(true, Ordering::SeqCst);
        let error = turn(&world).await.unwrap_err();
        assert!(!error.needs_operator && error.to_string().contains("no sandbox"), "{error}");
        assert_eq!(stage(&world), Stage::Downloading);
        assert!(ends(&world, 1).is_empty());
        // From here on the miner may change what it likes.
        for stem in stems(&world) {
            world.web.set(&format!("http://h1/{stem}.js"), Reply::File("changed".into()));
        }
        world.studio.down.store(false, Ordering::SeqCst);
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        assert_eq!(stage(&world), Stage::Duels);
        assert_eq!(world.web.asked_for("http://h"), 6);
        for (stem, row) in rows(&world, 1) {
            let digest = store::Digest::of(format!("module 1 {stem}").as_bytes()).to_string();
            assert_eq!(row.sha256, Some(digest));
        }
    });
}

#[test]
fn pictures_of_prompts_are_waited_for_but_not_for_ever() {
    run(async {
        let world = world(2);
        downloading(&world).await;
        let stem = stems(&world).remove(0);
        world.web.set(&format!("http://img/{stem}.png"), Reply::Error(WebError::Status(404)));
        let error = turn(&world).await.unwrap_err().to_string();
        assert!(error.contains(&format!("http://img/{stem}.png: HTTP 404")), "{error}");
        assert_eq!(ends(&world, 1).len(), 2, "the others are done");
        assert_eq!(stage(&world), Stage::Downloading);
        world.chain.go_to(300 + 6 * 300 + 1);
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        let row = &rows(&world, 1)[&stem];
        assert_eq!(row.failure_reason.as_deref(), Some("prompt_image_missing"));
        assert!(row.asset.is_some() && row.picture.is_none());
    });
}

#[test]
fn one_missing_picture_holds_up_no_other_prompt() {
    run(async {
        let world = world(20);
        downloading(&world).await;
        let stem = stems(&world).remove(0);
        world.web.set(&format!("http://img/{stem}.png"), Reply::Error(WebError::Status(404)));
        turn(&world).await.unwrap_err();
        assert!((1..=20).all(|n| ends(&world, n).len() == 2));
        assert!(world.web.asked_for("http://img/") <= 8, "asked for once or twice each");
    });
}

#[test]
fn when_nobody_answers_the_network_is_asked_about() {
    run(async {
        let world = world(3);
        downloading(&world).await;
        for n in 1..=3 {
            for stem in ["a", "b", "c", "d"] {
                let silent = Reply::Error(WebError::Kind("connect"));
                world.web.set(&format!("http://h{n}/{stem}.js"), silent);
            }
        }
        let error = turn(&world).await.unwrap_err();
        assert!(error.to_string().contains("is the network down?"), "{error}");
        assert!(ends(&world, 1).is_empty());
        // One that answers shows that it is the others' fault.
        for stem in ["a", "b", "c", "d"] {
            world.web.set(&format!("http://h2/{stem}.js"), Reply::File("here".into()));
        }
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        assert_eq!(stage(&world), Stage::Duels);
        assert!(ends(&world, 1)[0].contains("js_fetch_failed: connect"));
        assert!(ends(&world, 2)[0].contains("fine"));
    });
}

#[test]
fn nobody_slow_makes_others_wait() {
    run(async {
        let world = world(12);
        downloading(&world).await;
        // Ten of twelve drip; each of them could hold four slots.
        for n in 1..=10 {
            for stem in ["a", "b", "c", "d"] {
                let drip = Reply::Slow(Duration::from_secs(50), "at last".into());
                world.web.set(&format!("http://h{n}/{stem}.js"), drip);
            }
        }
        let began = world.ports.clock.now();
        let settings = Settings { downloads: 12, ..Settings::default() };
        let end = Collector::new(settings).turn(&world.ports).await;
        assert_eq!(end, Ok(Turn::Again));
        let last = |n| rows(&world, n).values().filter_map(|row| row.fetched_at).max().unwrap();
        let after = |time: Timestamp| time.duration_since(began);
        assert!(after(last(1)) >= SignedDuration::from_secs(100), "{}", after(last(1)));
        for n in [11, 12] {
            assert!(after(last(n)) <= SignedDuration::from_secs(1), "{}", after(last(n)));
        }
        assert!(world.web.running_max.load(Ordering::SeqCst) <= 12 + 2);
    });
}

#[test]
fn a_miner_has_so_much_time_and_no_more() {
    run(async {
        let world = world(2);
        downloading(&world).await;
        for stem in ["a", "b", "c", "d"] {
            let drip = Reply::Slow(Duration::from_secs(50), "at last".into());
            world.web.set(&format!("http://h1/{stem}.js"), drip);
        }
        let settings = Settings { miner_time_s: 60, downloads_per_miner: 1, ..Settings::default() };
        assert_eq!(Collector::new(settings).turn(&world.ports).await, Ok(Turn::Again));
        let reasons: Vec<_> =
            ends(&world, 1).into_iter().filter(|end| end.contains("time")).collect();
        assert_eq!(reasons.len(), 1, "{reasons:?}");
        assert!(reasons[0].contains("js_fetch_failed: time_budget"), "{reasons:?}");
    });
}

/// A turn that dies after so long.
async fn killed(world: &World, after: Duration) -> Option<Result<Turn, TurnError>> {
    killed_with(Settings::default(), world, after).await
}

async fn killed_with(
    settings: Settings,
    world: &World,
    after: Duration,
) -> Option<Result<Turn, TurnError>> {
    let mut collector = Collector::new(settings);
    let turn = collector.turn(&world.ports);
    match select(turn, world.ports.clock.sleep(after)).await {
        Either::Left((end, _)) => Some(end),
        Either::Right(_) => None,
    }
}

/// One file of 50 s is in and a second is under way for 20 s when the process dies; with the second's 50 s the time of 105 s is over.
#[test]
fn a_restart_gives_no_miner_its_time_anew() {
    run(async {
        let world = world(2);
        downloading(&world).await;
        for stem in ["a", "b", "c", "d"] {
            let drip = Reply::Slow(Duration::from_secs(50), "at last".into());
            world.web.set(&format!("http://h1/{stem}.js"), drip);
        }
        let settings =
            Settings { miner_time_s: 105, downloads_per_miner: 1, ..Settings::default() };
        let dies = Duration::from_secs(70);
        assert!(killed_with(settings.clone(), &world, dies).await.is_none());
        assert_eq!(Collector::new(settings).turn(&world.ports).await, Ok(Turn::Again));
        let ends = ends(&world, 1);
        let late = ends.iter().filter(|end| end.contains("js_fetch_failed: time_budget"));
        assert_eq!(late.count(), 1, "{ends:?}");
    });
}

#[test]
fn what_was_written_down_is_not_lost_with_the_process() {
    run(async {
        let world = world(2);
        downloading(&world).await;
        let slow = Reply::Slow(Duration::from_secs(40), "late".into());
        first(&world, slow);
        assert!(killed(&world, Duration::from_secs(10)).await.is_none());
        let asked = world.web.asked_for("http://h2");
        for stem in ["a", "b", "c", "d"] {
            world.web.set(&format!("http://h2/{stem}.js"), Reply::File("changed".into()));
        }
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        assert_eq!(stage(&world), Stage::Duels);
        assert_eq!(world.web.asked_for("http://h2"), asked);
        assert_eq!(rows(&world, 1)[&stems(&world)[0]].size, 4);
        for (stem, row) in rows(&world, 2) {
            let digest = store::Digest::of(format!("module 2 {stem}").as_bytes()).to_string();
            assert_eq!(row.sha256, Some(digest));
        }
    });
}

#[test]
fn a_pause_is_honoured_and_what_was_done_stays() {
    run(async {
        let world = world(2);
        downloading(&world).await;
        first(&world, Reply::Slow(Duration::from_secs(55), "late".into()));
        assert!(killed(&world, Duration::from_secs(10)).await.is_none());
        let paused = r#"{"current_round": 1, "stage": "paused", "resume_stage": "downloading"}"#;
        let working = async {
            let end = turn(&world).await;
            (end, world.ports.clock.elapsed())
        };
        let began = world.ports.clock.elapsed();
        let pausing = async {
            world.ports.clock.sleep(Duration::from_secs(2)).await;
            world.write(&[("state.json", Some(paused))]);
        };
        let ((end, ended), ()) = futures_util::future::join(working, pausing).await;
        assert_eq!(end, Ok(Turn::Again));
        assert!(ended - began <= Duration::from_secs(31), "it ended after {:?}", ended - began);
        assert_eq!(turn(&world).await, Ok(Turn::Idle));
        assert_eq!(world.read("state.json").unwrap(), paused);
        world.write(&[("state.json", Some(r#"{"current_round": 1, "stage": "downloading"}"#))]);
        let asked = world.web.asked_for("http://h2");
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        assert_eq!(stage(&world), Stage::Duels);
        assert_eq!(world.web.asked_for("http://h2"), asked);
        assert_eq!((ends(&world, 1).len(), ends(&world, 2).len()), (3, 3));
    });
}

#[test]
fn an_operator_who_deletes_a_row_has_it_made_again_from_the_stored_file() {
    run(async {
        let world = world(1);
        downloading(&world).await;
        first(&world, Reply::File("bad".into()));
        turn(&world).await.unwrap();
        let asked = world.web.asked_for("http://h1");
        let stem = stems(&world).remove(0);
        let path = format!("rounds/1/{}/submitted.json", account(1));
        let mut rows = rows(&world, 1);
        rows.shift_remove(&stem);
        rows[0].layout.set("note", Json::from("looked at"));
        let text = ledger::JsonFile::to_text(&rows);
        let state = r#"{"current_round": 1, "stage": "downloading", "next_stage_eta": null}"#;
        world.write(&[(&path, Some(&text)), ("state.json", Some(state))]);
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        assert_eq!(world.web.asked_for("http://h1"), asked);
        assert_eq!(ends(&world, 1).len(), 3);
        assert!(world.read(&path).unwrap().contains("looked at"), "members we do not know stay");
    });
}

#[test]
fn a_stored_file_that_is_not_what_it_was_is_fetched_again() {
    run(async {
        let world = world(1);
        downloading(&world).await;
        world.studio.down.store(true, Ordering::SeqCst);
        turn(&world).await.unwrap_err();
        world.studio.down.store(false, Ordering::SeqCst);
        let stem = stems(&world).remove(0);
        let key = format!("rounds/1/{}/submitted/{stem}.js", account(1));
        world.ports.store.put(&key, "torn".into(), "text/plain").await.unwrap();
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        assert_eq!(ends(&world, 1).iter().filter(|end| end.contains("fine")).count(), 3);
        assert_eq!(world.web.asked_for(&format!("http://h1/{stem}.js")), 2);
    });
}

#[test]
fn a_process_told_to_stop_stops_soon_and_keeps_what_it_has() {
    run(async {
        let world = world(2);
        downloading(&world).await;
        first(&world, Reply::Slow(Duration::from_secs(55), "late".into()));
        let stopping = async {
            world.ports.clock.sleep(Duration::from_secs(3)).await;
            world.ports.stop.set();
            world.ports.clock.elapsed()
        };
        let working = async { (turn(&world).await, world.ports.clock.elapsed()) };
        let ((end, ended), told) = futures_util::future::join(working, stopping).await;
        assert_eq!(end, Ok(Turn::Idle));
        assert!(ended - told <= Duration::from_secs(1), "{:?}", ended - told);
        assert_eq!((ends(&world, 1).len(), ends(&world, 2).len()), (2, 3));
        assert_eq!(stage(&world), Stage::Downloading);
    });
}

#[test]
fn meshes_have_a_picture_and_no_views() {
    run(async {
        let world = world(1);
        let config = world.read("config.json").unwrap();
        let meshes = config.replacen('{', r#"{"crucible": {"kind": "meshes"}, "#, 1);
        world.write(&[("config.json", Some(&meshes))]);
        downloading(&world).await;
        for stem in ["a", "b", "c", "d"] {
            world.web.set(&format!("http://h1/{stem}.glb"), Reply::File("\u{0}glTF".into()));
        }
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        let rows = rows(&world, 1);
        let (stem, row) = rows.first().unwrap();
        let prefix = format!("https://cdn.test/rounds/1/{}/submitted/{stem}", account(1));
        assert_eq!(row.asset, Some(format!("{prefix}.glb")));
        assert_eq!(row.picture, Some(format!("{prefix}/grid.png")));
        let text = world.read(&format!("rounds/1/{}/submitted.json", account(1))).unwrap();
        assert!(text.contains("\"glb\": ") && text.contains("\"png\": "), "{text}");
    });
}

#[test]
fn an_alert_when_many_assets_of_many_miners_cannot_be_drawn() {
    run(async {
        let world = world(8);
        downloading(&world).await;
        for n in 1..=8 {
            for stem in ["a", "b", "c", "d"] {
                world.web.set(&format!("http://h{n}/{stem}.js"), Reply::File("bad".into()));
            }
        }
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        let titles = world.titles();
        let alerts = titles.iter().filter(|title| *title == "Render Failures Detected").count();
        assert_eq!(alerts, 1, "{titles:?}");
    });
}
