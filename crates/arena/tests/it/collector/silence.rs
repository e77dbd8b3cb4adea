//! Servers that do not answer: whose fault that is, and what it costs.

use std::time::Duration;

use arena::collector::{Collector, Settings};
use arena::owner::{Owner as _, Turn};
use arena::ports::WebError;
use ledger::Stage;

use super::turns::{downloading, ends, stage, turn, world};
use super::world::{Reply, World, run};

/// Every file of a miner comes after so long.
fn serves(world: &World, n: u8, time: Duration) {
    for stem in ["a", "b", "c", "d"] {
        let reply = Reply::Slow(time, format!("module {n} {stem}").into());
        world.web.set(&format!("http://h{n}/{stem}.js"), reply);
    }
}

fn is_silent(world: &World, n: u8) {
    for stem in ["a", "b", "c", "d"] {
        let reply = Reply::Error(WebError::Kind("connect"));
        world.web.set(&format!("http://h{n}/{stem}.js"), reply);
    }
}

fn fine(world: &World, n: u8) -> usize {
    ends(world, n).iter().filter(|end| end.contains("fine")).count()
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn an_outage_of_ours_costs_nobody_anything_whenever_it_begins() {
    run(async {
        let world = world(3);
        downloading(&world).await;
        (1..=3).for_each(|n| serves(&world, n, SECOND));
        let settings = Settings { downloads_per_miner: 1, ..Settings::default() };
        // Each has one file by then. It lasts longer than anybody may be silent.
        world.web.go_away("http://h", SECOND, 2000 * SECOND);
        let mut turns = 0;
        while stage(&world) == Stage::Downloading {
            turns += 1;
            assert!(turns < 20);
            let end = Collector::new(settings.clone()).turn(&world.ports).await;
            if let Err(error) = end {
                assert!(error.to_string().contains("is the network down?"), "{error}");
                assert_eq!((fine(&world, 1), ends(&world, 1).len()), (1, 1));
                world.ports.clock.sleep(60 * SECOND).await;
            }
        }
        assert!(turns > 2, "{turns}");
        assert!((1..=3).all(|n| fine(&world, n) == 3), "{:?}", ends(&world, 1));
    });
}

#[test]
fn an_address_that_is_refused_is_no_server_that_answers() {
    run(async {
        let world = world(3);
        downloading(&world).await;
        for stem in ["a", "b", "c", "d"] {
            let refused = Reply::Error(WebError::Kind("refused_address"));
            world.web.set(&format!("http://h1/{stem}.js"), refused);
        }
        is_silent(&world, 2);
        is_silent(&world, 3);
        let error = turn(&world).await.unwrap_err().to_string();
        assert!(error.contains("is the network down?"), "{error}");
        assert_eq!([1, 2, 3].map(|n| ends(&world, n).len()), [3, 0, 0]);
    });
}

#[test]
fn who_is_alone_is_waited_for_longer() {
    run(async {
        let world = world(1);
        downloading(&world).await;
        is_silent(&world, 1);
        let began = world.ports.clock.elapsed();
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        let took = world.ports.clock.elapsed() - began;
        assert!((3600 * SECOND..4000 * SECOND).contains(&took), "{took:?}");
        assert!(ends(&world, 1).iter().all(|end| end.contains("js_fetch_failed: connect")));
    });
}

#[test]
fn a_server_that_is_away_for_a_while_costs_its_miner_nothing() {
    run(async {
        for away in [20, 150] {
            let world = world(2);
            downloading(&world).await;
            world.web.go_away("http://h1", Duration::ZERO, away * SECOND);
            assert_eq!(turn(&world).await, Ok(Turn::Again));
            assert_eq!((fine(&world, 1), fine(&world, 2)), (3, 3), "{away} s");
        }
    });
}

#[test]
fn who_stays_silent_while_others_answer_gets_rows_after_a_while() {
    run(async {
        let world = world(2);
        downloading(&world).await;
        is_silent(&world, 1);
        let began = world.ports.clock.elapsed();
        assert_eq!(turn(&world).await, Ok(Turn::Again));
        let took = world.ports.clock.elapsed() - began;
        assert!((300 * SECOND..600 * SECOND).contains(&took), "{took:?}");
        assert!(ends(&world, 1).iter().all(|end| end.contains("js_fetch_failed: connect")));
        assert_eq!((ends(&world, 1).len(), fine(&world, 2)), (3, 3));
        // Nobody waits where nobody is to be waited for.
        let world = super::turns::world(2);
        downloading(&world).await;
        is_silent(&world, 1);
        let began = world.ports.clock.elapsed();
        let at_once = Settings { silence_s: 0, ..Settings::default() };
        assert_eq!(Collector::new(at_once).turn(&world.ports).await, Ok(Turn::Again));
        assert!(world.ports.clock.elapsed() - began < 15 * SECOND);
    });
}

#[test]
fn an_outage_of_ours_is_nobodys_time() {
    run(async {
        let world = world(2);
        downloading(&world).await;
        (1..=2).for_each(|n| serves(&world, n, 5 * SECOND));
        world.web.go_away("http://h", SECOND, 200 * SECOND);
        // Three files of 5 s; each try in vain takes 39 s.
        let settings = Settings { miner_time_s: 30, downloads_per_miner: 1, ..Settings::default() };
        assert_eq!(Collector::new(settings).turn(&world.ports).await, Ok(Turn::Again));
        assert_eq!((fine(&world, 1), fine(&world, 2)), (3, 3), "{:?}", ends(&world, 1));
    });
}

/// Of its files one in five is answered, so that it is never silent for long; each of the others takes 39 s.
#[test]
fn silence_between_answers_is_the_miners_time() {
    run(async {
        let world = world(2);
        downloading(&world).await;
        let stems = super::turns::stems(&world);
        for stem in &stems[..2] {
            let hangs = format!("http://h1/{stem}.js");
            world.web.go_away(String::leak(hangs), Duration::ZERO, 100_000 * SECOND);
        }
        let settings = Settings { miner_time_s: 60, downloads_per_miner: 1, ..Settings::default() };
        let began = world.ports.clock.elapsed();
        assert_eq!(Collector::new(settings).turn(&world.ports).await, Ok(Turn::Again));
        assert!(world.ports.clock.elapsed() - began < 600 * SECOND);
        let ends = ends(&world, 1);
        assert_eq!(ends.iter().filter(|end| end.contains("fine")).count(), 1, "{ends:?}");
        assert_eq!(ends.iter().filter(|end| end.contains("time")).count(), 2, "{ends:?}");
    });
}
