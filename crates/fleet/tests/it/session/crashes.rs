//! The process dies at every line of the journal; the world fails in every way at once.

use fleet::session::{Outcome, Row};

use super::ends::check;
use super::world::{Conduct, Faults, S, Trouble, World, plan};

/// What must not depend on crashes.
fn essence(world: &World) -> String {
    let rows = world.session.repeats().iter().map(|repeat| {
        let row = |row: &Row| match row {
            Row::Made { .. } => "made",
            Row::Failed { .. } => "failed",
        };
        repeat.rows.iter().map(|(stem, found)| format!("{stem}:{}", row(found))).collect::<String>()
    });
    let rows: Vec<String> = rows.collect();
    let session = &world.session;
    format!("{:?} {} {rows:?}", session.outcome(), session.replacements_used())
}

fn conduct(pod: usize) -> Conduct {
    let mut conduct = if pod == 0 { Conduct::with(Trouble::BadZip, 2) } else { Conduct::default() };
    conduct.fails = ["p001".to_owned()].into();
    conduct.knows_identity = pod != 1;
    conduct
}

#[test]
fn at_every_line() {
    let mut whole = World::new(plan(6, 2), conduct);
    whole.run();
    check(&mut whole);
    let expected = essence(&whole);
    let spent: Vec<u64> = whole.session.repeats().iter().map(|repeat| repeat.spent).collect();
    for line in 1..whole.lines {
        for all_happen in [false, true] {
            let mut world = World::new(plan(6, 2), conduct);
            world.observe(fleet::session::Observation::Began);
            world.run_until(|world| world.lines >= line);
            world.crash(all_happen, 3600 * S);
            world.run();
            check(&mut world);
            assert_eq!(essence(&world), expected, "line {line}, {all_happen}");
            // An hour without us is not the miner's.
            for (repeat, spent) in world.session.repeats().iter().zip(&spent) {
                assert!(repeat.spent < spent + 60 * S, "line {line}: {} s", repeat.spent / S);
            }
        }
    }
}

/// Twice in a row: between the restart and whatever it asks for.
#[test]
fn again_while_it_starts_again() {
    let mut whole = World::new(plan(3, 1), conduct);
    whole.run();
    let expected = essence(&whole);
    for line in 1..whole.lines {
        for step in 0..3 {
            let mut world = World::new(plan(3, 1), conduct);
            world.observe(fleet::session::Observation::Began);
            world.run_until(|world| world.lines >= line);
            world.crash(true, S);
            let lines = world.lines;
            world.run_until(|world| world.lines >= lines + step);
            world.crash(false, S);
            world.run();
            check(&mut world);
            assert_eq!(essence(&world), expected, "line {line}, {step}");
        }
    }
}

/// Calls are lost, answers are lost, come twice or late, disks are full, the process dies: pods are gone at the end all the
/// same, budgets are kept, and with pods that do their work everything is made.
#[test]
fn faults_everywhere() {
    let faults = Faults { lost: 60, unanswered: 40, doubled: 40, crash: 10, disk: 100 };
    let mut finished = 0;
    let mut crashes = 0;
    for seed in 0..300 {
        let mut world = World::new(plan(9, 2), conduct).seeded(seed, faults);
        world.run();
        check(&mut world);
        crashes += world.crashes;
        finished += usize::from(world.session.outcome() == Some(&Outcome::Finished));
        assert!(
            !matches!(world.session.outcome(), Some(Outcome::Unavailable { .. })),
            "seed {seed}: {:?}",
            world.session.outcome()
        );
    }
    assert!(finished >= 250, "only {finished} of 300 finished");
    assert!(crashes > 300, "only {crashes} crashes");
}

/// The same, and somebody stops it on the way.
#[test]
fn faults_everywhere_and_stopped() {
    let faults = Faults { lost: 60, unanswered: 60, doubled: 40, crash: 30, disk: 100 };
    for seed in 0..300 {
        let mut world = World::new(plan(9, 2), conduct).seeded(seed, faults);
        world.observe(fleet::session::Observation::Began);
        let line = usize::try_from(seed).expect("small") / 2 + 1;
        world.run_until(|world| world.lines >= line);
        world.observe(fleet::session::Observation::Stop { reason: "enough".to_owned() });
        world.run();
        check(&mut world);
    }
}

/// The same seed, the same journal.
#[test]
fn seeds_replay_exactly() {
    let faults = Faults { lost: 50, unanswered: 50, doubled: 50, crash: 10, disk: 50 };
    let journal = |seed| {
        let mut world = World::new(plan(9, 2), conduct).seeded(seed, faults);
        world.run();
        world.journal
    };
    assert_eq!(journal(5), journal(5));
    assert_ne!(journal(5), journal(6));
}
