//! Weights: what is set and when, and what a chain may do wrong.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arena::owner::{Owner as _, Turn};
use arena::ports::Validator;
use arena::setter::{Seen, Setter, Settings, Step, decide};
use chain::dev::{DevChain, Genesis, Member};
use chain::{Account, Chain as _, Keypair, ManualClock, Neuron};
use ledger::JsonFile as _;
use ledger::files::leader::Leaders;

use crate::closing_ports::{Fault, World, now};

fn pair(name: &str) -> Keypair {
    Keypair::from_uri(&format!("//{name}")).unwrap()
}

fn leader(weight: &str, block: u64) -> String {
    let hotkey = pair("Miner").account();
    format!(
        r#"[{{"hotkey": "{hotkey}", "repo": "a/b", "commit": "c", "docker": "d", "weight": {weight}, "effective_block": {block}}}]"#
    )
}

fn settings() -> Settings {
    Settings { owner_uid: 0, ..Settings::default() }
}

/// Owner, validator and miner at places 0, 1 and 2; block 1000.
fn world() -> World<DevChain> {
    let start = "2031-03-01T00:00:00Z".parse().unwrap();
    let clock = Arc::new(ManualClock::at(start));
    let member =
        |name: &str| Member { hotkey: pair(name).account(), coldkey: Account([9; 32]), stake: 1 };
    let mut genesis = Genesis::new(17, start, member("Owner"), [0; 32]);
    genesis.members.extend([member("Validator"), member("Miner")]);
    let chain = DevChain::in_memory(genesis, clock.clone()).unwrap();
    clock.advance(Duration::from_secs(1000 * 12));
    let world = World::new(clock, chain);
    world.write(&[("leader.json", Some(&leader("0.75", 900)))]);
    world
}

fn setter(settings: Settings) -> Setter {
    Setter::new(settings, Validator { hotkey: pair("Validator") })
}

/// Seconds until the owner wants to be asked again.
fn wait(world: &World<DevChain>, setter: &mut Setter) -> i64 {
    match now(setter.turn(&world.ports)).unwrap() {
        Turn::Until(then) => then.duration_since(world.ports.clock.now()).as_secs(),
        other => panic!("{other:?}"),
    }
}

fn stored(world: &World<DevChain>) -> Vec<(u16, u16)> {
    let head = now(world.chain.head()).unwrap();
    now(world.chain.weights(head, 17, 1)).unwrap()
}

fn sent(world: &World<DevChain>) -> u32 {
    world.chain.sent.load(Ordering::Relaxed)
}

#[test]
fn shares_land_and_are_fresh_for_half_an_hour() {
    let world = world();
    assert_eq!(wait(&world, &mut setter(settings())), 1800 - 12, "one block passed meanwhile");
    assert_eq!(stored(&world), [(0, 21_845), (2, 65_535)]);
    // A process that begins anew does not set them again, nor does news wake anybody for nothing.
    assert_eq!(wait(&world, &mut setter(settings())), 1800);
    assert_eq!(sent(&world), 1);
    world.clock.advance(Duration::from_secs(1800));
    wait(&world, &mut setter(settings()));
    assert_eq!(sent(&world), 2);
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn a_new_leader_is_waited_for_when_it_is_near() {
    let world = world();
    world.write(&[("leader.json", Some(&leader("1.0", 1100)))]);
    assert_eq!(wait(&world, &mut setter(settings())), 1200);
    assert_eq!(sent(&world), 0);
    world.write(&[("leader.json", Some(&leader("1.0", 1126)))]);
    wait(&world, &mut setter(settings()));
    assert_eq!(stored(&world), [(0, 65_535)], "nobody leads yet, so the owner has all");
}

#[test]
fn failures_are_told_and_tried_again() {
    for (fault, reason) in [
        (Fault::Silent, "it took longer than 600 s"),
        (Fault::Forgets, "the chain took the weights, but did not set them by block 1003"),
        (Fault::Lies, "the chain has [(0, 1), (1, 65535)], not [(0, 21845), (2, 65535)]"),
    ] {
        let world = world();
        world.breaks(fault);
        let mut setter = setter(settings());
        assert_eq!(wait(&world, &mut setter), 247, "240 s and what the dice say");
        let notices = world.notices();
        assert_eq!(notices[0].title, "Weights Setter Iteration Failed");
        assert!(notices[0].text.contains(reason), "{fault:?}: {}", notices[0].text);
        // News wakes it before it is time.
        world.clock.advance(Duration::from_secs(100));
        assert_eq!(wait(&world, &mut setter), 147);
        assert_eq!(world.told(), [""; 0]);
        // Half an hour later the chain is sound, and its rate is no hindrance.
        world.clock.advance(Duration::from_secs(1800));
        world.breaks(Fault::Nothing);
        assert!(wait(&world, &mut setter) > 1000, "{fault:?}");
        assert_eq!(stored(&world), [(0, 21_845), (2, 65_535)], "{fault:?}");
    }
}

#[test]
fn an_answer_that_was_lost_does_no_harm() {
    let world = world();
    world.breaks(Fault::AnswerLost);
    assert_eq!(wait(&world, &mut setter(settings())), 1788);
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn who_is_not_registered_says_so() {
    let world = world();
    let mut setter = Setter::new(settings(), Validator { hotkey: pair("Eve") });
    wait(&world, &mut setter);
    assert!(world.notices()[0].text.contains("is not registered on subnet 17"));
    assert_eq!(sent(&world), 0);
}

#[test]
fn settings_that_make_no_sense() {
    let world = world();
    let wrong = Settings { retry_min_s: 400, ..settings() };
    let error = now(setter(wrong).turn(&world.ports)).unwrap_err();
    assert!(error.needs_operator);
    insta::assert_snapshot!(error, @"setting weights: retry_min_s, 400, is more than retry_max_s, 360");
    assert_eq!(
        Settings { interval_s: 9, ..settings() }.problem().unwrap(),
        "interval_s is 9; use 60 or more"
    );
    assert_eq!(
        Settings { leader_wait_s: 59, ..settings() }.problem().unwrap(),
        "leader_wait_s is 59; use 60 or more"
    );
    world.write(&[("leader.json", Some("{"))]);
    assert!(now(setter(settings()).turn(&world.ports)).unwrap_err().needs_operator);
}

#[test]
fn the_last_leader_is_paid_for_a_round_after_the_end() {
    let leaders = Leaders::from_text("leader.json", &leader("0.5", 100)).unwrap();
    let neurons: Vec<Neuron> = (0..)
        .zip(["Owner", "Validator", "Miner"])
        .map(|(uid, name)| Neuron {
            uid,
            hotkey: pair(name).account(),
            coldkey: Account([0; 32]),
            stake: 0,
            validator_permit: true,
            last_update: 0,
        })
        .collect();
    let shares = |block, ended| {
        let seen = Seen {
            leaders: &leaders,
            ended,
            block,
            block_time: arena::schedule::BLOCK_TIME,
            neurons: &neurons,
            last_update: 0,
            stored: &[],
        };
        match decide(&seen, &settings()).unwrap() {
            Step::Set(goal) => goal.shares,
            step @ Step::Wait { .. } => panic!("{step:?}"),
        }
    };
    let both = vec![(0, 0.5), (2, 0.5)];
    assert_eq!(shares(7200 * 3 + 99, Some(3)), both);
    assert_eq!(shares(7200 * 3 + 100, Some(3)), [(0, 1.0)]);
    assert_eq!(shares(7200 * 3 + 100, None), both);
}

#[test]
fn the_end_is_read_from_the_state() {
    let world = world();
    world.clock.advance(Duration::from_secs(12 * 30_000));
    let config = r#"{"name": "demo", "description": "", "first_evaluation_date": "2031-03-01", "last_competition_date": "2031-03-02",
        "win_margin": 0.05, "weight_decay": 0.1, "weight_floor": 0.4, "prompts_per_round": 8, "carryover_prompts": 2}"#;
    world.write(&[
        ("state.json", Some(r#"{"current_round": 1, "stage": "finished"}"#)),
        ("config.json", Some(config)),
    ]);
    wait(&world, &mut setter(Settings { keep_paying: true, ..settings() }));
    assert_eq!(stored(&world), [(0, 21_845), (2, 65_535)]);
    world.clock.advance(Duration::from_secs(1800));
    wait(&world, &mut setter(settings()));
    assert_eq!(stored(&world), [(0, 65_535)]);
    // A state that is being mended stops nobody's pay.
    world.clock.advance(Duration::from_secs(1800));
    world.write(&[("state.json", Some("{"))]);
    wait(&world, &mut setter(settings()));
    assert_eq!(stored(&world), [(0, 21_845), (2, 65_535)]);
}
