//! From the open window to the fetched files, turn by turn.

use arena::collector::{Collector, Settings, seed};
use arena::owner::{Owner as _, Turn, TurnError};
use chain::{Account, Neuron, Revealed};
use ledger::files::outputs::Outputs;
use ledger::files::state::State;
use ledger::files::submissions::Submissions;
use ledger::{JsonFile as _, Round, Stage};

use super::stored;
use super::world::{Reply, World, run};

const CONFIG: &str = r#"{"name": "demo", "description": "", "first_evaluation_date": "2031-03-01",
    "last_competition_date": "2031-12-01", "generation_stage_minutes": 20, "win_margin": 0.05, "weight_decay": 0.15,
    "weight_floor": 0.4, "prompts_per_round": 3, "carryover_prompts": 1, "round_duration_days": 3}"#;
const SCHEDULE: &str = r#"{"earliest_reveal_block": 100, "latest_reveal_block": 200, "generation_deadline_block": 300}"#;
const POOL: &str = "http://img/a.png\nhttp://img/b.png\nhttp://img/c.png\nhttp://img/d.png\n";

pub(super) fn account(n: u8) -> Account {
    Account([n; 32])
}

/// A competition in round 1 with so many miners, each with its server `http://h{n}`; round 0 was empty.
pub(super) fn world(miners: u8) -> World {
    let world = World::new();
    world.write(&[
        ("config.json", Some(CONFIG)),
        ("prompts.txt", Some(POOL)),
        ("rounds/1/schedule.json", Some(SCHEDULE)),
        ("state.json", Some(r#"{"current_round": 1, "stage": "open", "next_stage_eta": null}"#)),
    ]);
    for n in 1..=miners {
        let text = format!(
            r#"{{"repo": "m/r", "commit": "{}", "cdn_url": "http://h{n}/"}}"#,
            format!("{n:02x}").repeat(20)
        );
        let entries = vec![(stored(&text), 100 + u64::from(n))];
        world.chain.revealed.lock().unwrap().push(Revealed { hotkey: account(n), entries });
        world.chain.neurons.lock().unwrap().push(Neuron {
            uid: u16::from(n),
            hotkey: account(n),
            coldkey: account(100 + n),
            stake: 0,
            validator_permit: false,
            last_update: 0,
        });
        world.chain.locks.lock().unwrap().insert(account(100 + n), 100_000_000_000);
        for stem in ["a", "b", "c", "d"] {
            let file = format!("module {n} {stem}");
            world.web.set(&format!("http://h{n}/{stem}.js"), Reply::File(file.into()));
        }
    }
    for stem in ["a", "b", "c", "d"] {
        world.web.set(&format!("http://img/{stem}.png"), Reply::File("picture".into()));
    }
    world
}

pub(super) async fn turn(world: &World) -> Result<Turn, TurnError> {
    Collector::new(Settings::default()).turn(&world.ports).await
}

pub(super) fn stage(world: &World) -> Stage {
    State::from_text("state.json", &world.read("state.json").unwrap()).unwrap().stage
}

/// Up to the stage in which files are fetched.
pub(super) async fn downloading(world: &World) {
    world.chain.go_to(200);
    turn(world).await.unwrap();
    world.chain.go_to(300);
    assert_eq!(turn(world).await, Ok(Turn::Again));
    assert_eq!(stage(world), Stage::Downloading);
}

pub(super) fn rows(world: &World, n: u8) -> Outputs {
    let path = format!("rounds/1/{}/submitted.json", account(n));
    Outputs::from_optional(&path, world.read(&path).as_deref()).unwrap().unwrap_or_default()
}

/// Stems with what became of them.
pub(super) fn ends(world: &World, n: u8) -> Vec<String> {
    let rows = rows(world, n);
    let mut ends: Vec<String> = rows
        .iter()
        .map(|(stem, row)| {
            let reason = row.failure_reason.as_deref().unwrap_or("fine");
            let parts = (row.asset.is_some(), row.picture.is_some());
            format!("{stem} {reason} {parts:?}")
        })
        .collect();
    ends.sort();
    ends
}

/// The stems of the round, in order.
pub(super) fn stems(world: &World) -> Vec<String> {
    let text = world.read("rounds/1/prompts.txt").unwrap();
    text.lines().map(|url| url[11..12].to_owned()).collect()
}

#[test]
fn a_round_from_the_window_to_the_duels() {
    run(async {
        let world = world(3);
        world.chain.go_to(199);
        assert!(matches!(turn(&world).await, Ok(Turn::Until(_))));
        // The window is over on a block that could still go.
        world.chain.head.store(205, std::sync::atomic::Ordering::SeqCst);
        assert!(matches!(turn(&world).await, Ok(Turn::Until(_))));
        assert_eq!(world.messages().len(), 1);

        world.chain.finalized.store(200, std::sync::atomic::Ordering::SeqCst);
        assert!(matches!(turn(&world).await, Ok(Turn::Until(_))));
        assert_eq!(world.messages()[0], "Seed, prompts and submissions for round 1");
        assert_eq!(stage(&world), Stage::MinerGeneration);
        let submissions = world.read("rounds/1/submissions.json").unwrap();
        let submissions = Submissions::from_text("", &submissions).unwrap();
        let hotkeys: Vec<_> = (1..=3).map(|n| account(n).to_string()).collect();
        assert_eq!(submissions.keys().cloned().collect::<Vec<_>>(), hotkeys);
        let seed = seed(17, Round(1), &[200; 32]);
        assert_eq!(world.read("rounds/1/seed.json").unwrap(), format!("{{\"seed\": {seed}}}"));
        // Nothing was carried over: no round before has prompts.
        assert_eq!(stems(&world).len(), 3);
        assert!(
            world.read("rounds/1/commitments.json").unwrap().contains("\"published_block\": 205")
        );
        assert_eq!(world.read("rounds/1/schedule.json").unwrap(), SCHEDULE);

        world.chain.go_to(299);
        assert!(matches!(turn(&world).await, Ok(Turn::Until(_))));
        world.chain.go_to(300);
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        assert_eq!(world.messages()[0], "Round 1: downloading");

        assert_eq!(turn(&world).await, Ok(Turn::Again));
        assert_eq!(world.messages()[0], "Round 1: duels");
        // A line for each miner's file, once.
        let mut lines: Vec<_> = (1..=3)
            .map(|n| account(n).to_string()[..10].to_owned())
            .map(|hotkey| format!("Update submitted.json for round 1, miner {hotkey}"))
            .collect();
        lines.sort();
        assert_eq!(world.messages()[1], lines.join("\n"));
        let state = world.read("state.json").unwrap();
        assert!(
            state.contains("\"duels\"") && state.contains("\"next_stage_eta\": null"),
            "{state}"
        );
        for n in 1..=3 {
            let fine: Vec<_> = {
                let mut stems = stems(&world);
                stems.sort();
                stems.iter().map(|stem| format!("{stem} fine (true, true)")).collect()
            };
            assert_eq!(ends(&world, n), fine);
        }
        assert_eq!(world.titles(), ["Round 1 Submissions Collected", "Round 1 Downloads Complete"]);
        assert_eq!(turn(&world).await, Ok(Turn::Idle));

        // A row and its files, whole.
        let rows = rows(&world, 1);
        let (stem, row) = rows.first().unwrap();
        let key = format!("rounds/1/{}/submitted/{stem}", account(1));
        assert_eq!(row.asset.as_deref(), Some(format!("https://cdn.test/{key}.js").as_str()));
        assert_eq!(row.picture.as_deref(), Some(format!("https://cdn.test/{key}").as_str()));
        let content = format!("module 1 {stem}");
        let digest = store::Digest::of(content.as_bytes());
        assert_eq!(row.sha256, Some(digest.to_string()));
        assert_eq!(row.size, 10);
        assert!(row.fetched_at.is_some());
        let store = &world.ports.store;
        assert!(store.get_exact(&format!("{key}.js"), digest, 100).await.is_ok());
        for part in ["white/front_left.png", "gray/front_above.png", "grid.png", "embeddings.npz"] {
            assert!(store.size(&format!("{key}/{part}")).await.unwrap().is_some(), "{part}");
        }
        let bundle: String = [
            "front_left",
            "front_right",
            "front_below",
            "front_above",
            "right",
            "back",
            "left",
            "top_down",
        ]
        .iter()
        .map(|view| format!("white/{view}.png"))
        .chain(
            ["front_left", "front_right", "front_below", "front_above"]
                .map(|view| format!("gray/{view}.png")),
        )
        .chain(["grid.png".to_owned(), "embeddings.npz".to_owned()])
        .map(|key| format!("{key} {}\n", store::Digest::of(b"module 1picture")))
        .collect();
        let views = row.layout.get("views_sha256").and_then(ledger::json::Json::as_str).unwrap();
        assert_eq!(views, store::Digest::of(bundle.as_bytes()).to_string());
    });
}

#[test]
fn a_round_without_submissions_ends() {
    run(async {
        let world = world(2);
        world.chain.locks.lock().unwrap().clear();
        world.chain.go_to(200);
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        assert_eq!(stage(&world), Stage::Finalizing);
        assert_eq!(world.messages()[0], "Round 1: finalizing");
        for file in ["seed.json", "prompts.txt", "submissions.json", "winner.json"] {
            assert_eq!(world.read(&format!("rounds/1/{file}")), None, "{file}");
        }
        assert!(
            world.read("rounds/1/commitments.json").is_some(),
            "what shows that nobody took part"
        );
        assert_eq!(world.titles(), ["Round 1 — No Submissions"]);
    });
}

#[test]
fn prompts_are_carried_over_from_the_newest_round_that_has_some() {
    run(async {
        let world = world(1);
        let state = r#"{"current_round": 3, "stage": "open", "next_stage_eta": null}"#;
        world.write(&[
            ("rounds/1/prompts.txt", Some("http://img/old.png")),
            ("rounds/3/schedule.json", Some(SCHEDULE)),
            ("state.json", Some(state)),
        ]);
        world.chain.go_to(200);
        turn(&world).await.unwrap();
        let prompts = world.read("rounds/3/prompts.txt").unwrap();
        assert!(prompts.starts_with("http://img/old.png\n"), "{prompts}");
        assert_eq!(prompts.lines().count(), 3);
    });
}

#[test]
fn a_round_that_begins_late_gives_miners_their_time() {
    run(async {
        let world = world(1);
        world.chain.go_to(260);
        turn(&world).await.unwrap();
        insta::assert_snapshot!(world.read("rounds/1/schedule.json").unwrap(), @r#"
    {
      "earliest_reveal_block": 100,
      "latest_reveal_block": 200,
      "generation_deadline_block": 360,
      "planned_deadline_block": 300
    }
    "#);
        // The seed is that of the block, however late.
        let seed = seed(17, Round(1), &[200; 32]);
        assert_eq!(world.read("rounds/1/seed.json").unwrap(), format!("{{\"seed\": {seed}}}"));
    });
}

#[test]
fn a_node_that_forgets_is_asked_about_a_later_block() {
    run(async {
        let world = world(1);
        world.chain.go_to(210);
        world.chain.forgotten.store(205, std::sync::atomic::Ordering::SeqCst);
        turn(&world).await.unwrap();
        let seen = world.read("rounds/1/commitments.json").unwrap();
        assert!(
            seen.contains("\"start_block\": 200") && seen.contains("\"read_block\": 210"),
            "{seen}"
        );
    });
}

#[test]
fn files_with_errors_are_named_and_nothing_is_written() {
    run(async {
        let broken = async |path: &str, text: Option<&str>| {
            let world = world(1);
            world.chain.go_to(200);
            world.write(&[(path, text)]);
            let before = world.messages().len();
            let error = turn(&world).await.unwrap_err();
            assert!(error.needs_operator, "{error}");
            assert_eq!(world.messages().len(), before);
            error.to_string()
        };
        insta::assert_snapshot!(broken("state.json", Some("{\"current_round\": 1}")).await, @r#"reading the state: state.json:1:1: "stage" is missing; add "stage": …"#);
        insta::assert_snapshot!(broken("config.json", Some(&CONFIG.replace("20,", "-20,"))).await, @"reading the rules: config.json: generation_stage_minutes: -20 minutes; use 1 to 43200 (30 days)");
        insta::assert_snapshot!(broken("prompts.txt", None).await, @"choosing prompts: prompts.txt is missing; restore it");
        insta::assert_snapshot!(broken("prompts.txt", Some("\n")).await, @"choosing prompts: prompts.txt: there are no prompts; add the URLs of pictures");
        let no_deadline = r#"{"earliest_reveal_block": 100, "latest_reveal_block": 200}"#;
        let line = |a, b| Some(format!("http://img/a.png\nhttp://img/{a}\n http://x/y/{b}\r\n"));
        insta::assert_snapshot!(broken("prompts.txt", line("b.png", "b.jpg").as_deref()).await, @r#"choosing prompts: prompts.txt:3: its name, "b", is also that of prompts.txt:2; give each picture a name of its own"#);
        insta::assert_snapshot!(broken("prompts.txt", line("b.png", ".").as_deref()).await, @r#"choosing prompts: prompts.txt:3: no file can be called "."; give the picture another name"#);
        for blocks in ["300, \"latest_reveal_block\": 200", "100, \"latest_reveal_block\": 300"] {
            let schedule = format!(
                r#"{{"earliest_reveal_block": {blocks}, "generation_deadline_block": 300}}"#
            );
            let problem = broken("rounds/1/schedule.json", Some(&schedule)).await;
            assert!(problem.starts_with("rounds/1/schedule.json: "), "{problem}");
            assert!(problem.contains("set a later block"), "{problem}");
        }
        insta::assert_snapshot!(broken("rounds/1/schedule.json", Some(no_deadline)).await, @"rounds/1/schedule.json: generation_deadline_block is missing; add the block at which outputs must be there");
    });
}

#[test]
fn prompts_of_an_earlier_round_are_told_apart_too() {
    run(async {
        let world = world(1);
        world.write(&[("rounds/0/prompts.txt", Some("http://old/b.png"))]);
        world.write(&[("prompts.txt", Some("http://img/a.png\nhttp://img/b.png"))]);
        world.chain.go_to(200);
        let error = turn(&world).await.unwrap_err();
        insta::assert_snapshot!(error, @r#"choosing prompts: prompts.txt:2: its name, "b", is also that of http://old/b.png, which was carried over; give each picture a name of its own"#);
        assert!(error.needs_operator);
    });
}

#[test]
fn downloads_do_not_begin_without_what_they_work_from() {
    run(async {
        for file in ["seed.json", "prompts.txt", "submissions.json"] {
            let world = world(1);
            world.chain.go_to(200);
            turn(&world).await.unwrap();
            world.write(&[(&format!("rounds/1/{file}"), None)]);
            world.chain.go_to(300);
            let before = world.messages().len();
            let error = turn(&world).await.unwrap_err();
            assert!(error.needs_operator && error.to_string().contains(file), "{error}");
            assert_eq!((stage(&world), world.messages().len()), (Stage::MinerGeneration, before));
        }
    });
}

#[test]
fn an_operator_is_waited_for_at_the_end_of_each_stage() {
    run(async {
        let world = world(1);
        let settings = Settings { pause_on_stage_end: true, ..Settings::default() };
        for (block, next, message) in [
            (200, "miner_generation", "Seed, prompts and submissions for round 1"),
            (300, "downloading", "Round 1: paused"),
            (300, "duels", "Round 1: paused"),
        ] {
            world.chain.go_to(block);
            Collector::new(settings.clone()).turn(&world.ports).await.unwrap();
            assert_eq!(world.messages()[0], message);
            let state = world.read("state.json").unwrap();
            let state = State::from_text("state.json", &state).unwrap();
            let resumes = state.resume_stage.map(|stage| stage.to_string());
            assert_eq!((state.stage, resumes.as_deref()), (Stage::Paused, Some(next)));
            assert_eq!(state.next_stage_eta.is_some(), next == "miner_generation");
            let state = format!(r#"{{"current_round": 1, "stage": "{next}"}}"#);
            world.write(&[("state.json", Some(&state))]);
        }
    });
}

#[test]
fn stages_of_others_are_left_alone() {
    run(async {
        for stage in ["duels", "finalizing", "finished", "paused"] {
            let world = world(1);
            world.chain.go_to(500);
            let state = format!(r#"{{"current_round": 1, "stage": "{stage}"}}"#);
            world.write(&[("state.json", Some(&state))]);
            assert_eq!(turn(&world).await, Ok(Turn::Idle), "{stage}");
            assert_eq!(world.messages().len(), 2);
        }
    });
}
