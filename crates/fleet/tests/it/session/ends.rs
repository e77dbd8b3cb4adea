//! How sessions end, and what is on record then.

use std::fmt::Write as _;

use fleet::session::{Clock, Limits, Observation, Outcome, Plan, Row, Session};
use insta::assert_snapshot;

use super::world::{Conduct, Deploys, S, Trouble, World, plan};

/// Runs it, checks what always holds, and tells the story in a few lines.
fn story(plan: Plan, conduct: impl Fn(usize) -> Conduct + 'static) -> String {
    let mut world = World::new(plan, conduct);
    world.run();
    told(&mut world)
}

pub(crate) fn told(world: &mut World) -> String {
    check(world);
    let session = &world.session;
    let mut text = format!(
        "{:?}, {} replaced, {} s lost, {}\n",
        session.outcome().expect("it is over"),
        session.replacements_used(),
        session.lost() / S,
        session.cost(),
    );
    for pod in session.pods() {
        let lived = pod.gone_at.zip(pod.deployed_at).map(|(gone, born)| (gone - born) / S);
        let end = pod.end.as_ref().map_or("?", |end| end.word());
        writeln!(text, "{} {end} after {lived:?} s {:?}", pod.name, pod.logs).expect("memory");
    }
    for repeat in session.repeats() {
        let made = repeat.rows.values().filter(|row| !row.is_failed()).count();
        let batches = repeat.batches.iter().map(|batch| {
            let took = batch.took.map(|took| took / S);
            let notes = batch.notes.join(", ");
            format!("{}x{}:{took:?} {notes}", batch.id, batch.prompts)
        });
        let batches: Vec<String> = batches.collect();
        writeln!(
            text,
            "{made}/{} in {} s | {}",
            repeat.rows.len(),
            repeat.spent / S,
            batches.join(" | ")
        )
        .expect("memory");
    }
    match session.report() {
        Some(report) => writeln!(text, "{}", serde_json::to_string(&report).expect("JSON")),
        None => writeln!(text, "no report"),
    }
    .expect("memory");
    text
}

/// What holds at the end of every session.
pub(crate) fn check(world: &mut World) {
    assert!(world.session.is_over());
    let left = world.alive();
    let session = &world.session;
    assert!(session.calls().is_empty());
    if session.orphans().is_empty() {
        assert_eq!(left, 0, "pods are left: {session:#?}");
    }
    let limits = &session.plan().limits;
    assert!(session.replacements_used() <= limits.replacements);
    let all = session.plan().prompts.len();
    if session.outcome() == Some(&Outcome::Finished) {
        assert!(session.repeats().iter().all(|repeat| repeat.rows.len() == all));
    }
    // No module stands in two repeats: each was made for its own.
    let mut seen = std::collections::BTreeSet::new();
    for row in session.repeats().iter().flat_map(|repeat| repeat.rows.values()) {
        if let Row::Made { sha256, .. } = row {
            assert!(seen.insert(sha256), "{sha256} counts twice");
        }
    }
}

#[test]
fn all_is_well() {
    assert_snapshot!(story(plan(10, 2), |_| Conduct::default()), @r#"
        Finished, 0 replaced, 0 s lost, $1.193333
        miner-01-5abc123def-0-test1 completed after Some(429) s []
        10/10 in 30 s | round1-miner/r1/b0x4:Some(10)  | round1-miner/r1/b1x4:Some(10)  | round1-miner/r1/b2x2:Some(10) 
        10/10 in 30 s | round1-miner/r2/b3x4:Some(10)  | round1-miner/r2/b4x4:Some(10)  | round1-miner/r2/b5x2:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":10,"failed_prompts":0,"generation_time":30.9},{"repeat_index":2,"generated_prompts":10,"failed_prompts":0,"generation_time":30.9}],"reason":null}
        "#);
}

#[test]
fn some_prompts_fail() {
    let fails = |_| Conduct { fails: ["p001".to_owned()].into(), ..Conduct::default() };
    assert_snapshot!(story(plan(3, 1), fails), @r#"
        Finished, 0 replaced, 0 s lost, $1.050278
        miner-01-5abc123def-0-test1 completed after Some(378) s []
        2/3 in 10 s | round1-miner/r1/b0x3:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":2,"failed_prompts":1,"generation_time":10.3}],"reason":null}
        "#);
}

/// A limit is broken in the first repeat: the second is not begun.
#[test]
fn too_many_fail() {
    let mut plan = plan(6, 2);
    plan.limits.failures = Some(1);
    let stems = ["p000", "p001"].map(str::to_owned);
    let fails = move |_| Conduct { fails: stems.clone().into(), ..Conduct::default() };
    assert_snapshot!(story(plan, fails), @r#"
        Lost, 0 replaced, 0 s lost, $1.050278
        miner-01-5abc123def-0-test1 decided after Some(378) s []
        2/4 in 10 s | round1-miner/r1/b0x4:Some(10) 
        0/0 in 0 s | 
        {"outcome":"rejected","repeats":[{"repeat_index":1,"generated_prompts":2,"failed_prompts":2,"generation_time":10.3}],"reason":"Repeat 1: 2 failed prompts exceed tolerance (1)"}
        "#);
}

#[test]
fn faults_of_the_pod_use_replacements() {
    let of = |trouble: Trouble| {
        story(
            plan(6, 1),
            move |pod| {
                if pod == 0 { Conduct::with(trouble, 1) } else { Conduct::default() }
            },
        )
    };
    assert_snapshot!(of(Trouble::Exits), @r#"
        Finished, 1 replaced, 0 s lost, $2.155000
        miner-01-5abc123def-0-test1 exited after Some(397) s ["Traceback"]
        miner-01-5abc123def-1-test1 completed after Some(378) s []
        6/6 in 40 s | round1-miner/r1/b0x4:Some(10)  | round1-miner/r1/b1x2:Some(19) exited | round1-miner/r1/b2x2:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":6,"failed_prompts":0,"generation_time":40.1}],"reason":null}
        "#);
    assert_snapshot!(of(Trouble::Silent), @r#"
        Finished, 1 replaced, 0 s lost, $2.573611
        miner-01-5abc123def-0-test1 unreachable after Some(548) s ["Traceback"]
        miner-01-5abc123def-1-test1 completed after Some(378) s []
        6/6 in 190 s | round1-miner/r1/b0x4:Some(10)  | round1-miner/r1/b1x2:Some(170) unreachable | round1-miner/r1/b2x2:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":6,"failed_prompts":0,"generation_time":190.8}],"reason":null}
        "#);
    assert_snapshot!(of(Trouble::Replace), @r#"
        Finished, 1 replaced, 0 s lost, $2.101389
        miner-01-5abc123def-0-test1 requested after Some(378) s ["Traceback"]
        miner-01-5abc123def-1-test1 completed after Some(378) s []
        6/6 in 20 s | round1-miner/r1/b0x4:Some(10)  | round1-miner/r1/b1x2:Some(0) requested | round1-miner/r1/b2x2:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":6,"failed_prompts":0,"generation_time":20.8}],"reason":null}
        "#);
    assert_snapshot!(of(Trouble::BadZip), @r#"
        Finished, 1 replaced, 0 s lost, $2.129445
        miner-01-5abc123def-0-test1 download_failed after Some(388) s ["Traceback"]
        miner-01-5abc123def-1-test1 completed after Some(378) s []
        6/6 in 30 s | round1-miner/r1/b0x4:Some(10)  | round1-miner/r1/b1x2:Some(10) download_failed | round1-miner/r1/b2x2:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":6,"failed_prompts":0,"generation_time":30.9}],"reason":null}
        "#);
    assert_snapshot!(of(Trouble::Hangs), @r#"
        Finished, 1 replaced, 0 s lost, $12.100836
        miner-01-5abc123def-0-test1 batch_time_limit after Some(3978) s ["Traceback"]
        miner-01-5abc123def-1-test1 completed after Some(378) s []
        6/6 in 3620 s | round1-miner/r1/b0x4:Some(10)  | round1-miner/r1/b1x2:Some(3600) batch_time_limit | round1-miner/r1/b2x2:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":6,"failed_prompts":0,"generation_time":3620.601}],"reason":null}
        "#);
    assert_snapshot!(of(Trouble::Refuses), @r#"
        Finished, 0 replaced, 0 s lost, $1.078889
        miner-01-5abc123def-0-test1 completed after Some(388) s []
        6/6 in 20 s | round1-miner/r1/b0x4:Some(10)  | round1-miner/r1/b1x2:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":6,"failed_prompts":0,"generation_time":20.6}],"reason":null}
        "#);
}

#[test]
fn what_is_not_a_fault() {
    let of =
        |trouble: Trouble, batch: usize| {
            story(plan(6, 1), move |pod| {
                if pod == 0 { Conduct::with(trouble, batch) } else { Conduct::default() }
            })
        };
    assert_snapshot!(of(Trouble::WarmsUp, 0), @r#"
        Finished, 0 replaced, 0 s lost, $1.135556
        miner-01-5abc123def-0-test1 completed after Some(408) s []
        6/6 in 41 s | round1-miner/r1/b0x4:Some(30)  | round1-miner/r1/b1x2:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":6,"failed_prompts":0,"generation_time":41.0}],"reason":null}
        "#);
    assert_snapshot!(of(Trouble::Forgets, 1), @r#"
        Finished, 0 replaced, 0 s lost, $1.079444
        miner-01-5abc123def-0-test1 completed after Some(388) s []
        6/6 in 20 s | round1-miner/r1/b0x4:Some(10)  | round1-miner/r1/b1x2:Some(10) handed over again: the pod had forgotten it
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":6,"failed_prompts":0,"generation_time":20.8}],"reason":null}
        "#);
    assert_snapshot!(of(Trouble::Stale, 0), @r#"
        Finished, 0 replaced, 0 s lost, $1.107222
        miner-01-5abc123def-0-test1 completed after Some(398) s []
        6/6 in 30 s | round1-miner/r1/b0x4:Some(10)  | round1-miner/r1/b1x2:Some(20) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":6,"failed_prompts":0,"generation_time":30.8}],"reason":null}
        "#);
    assert_snapshot!(of(Trouble::Vanishes, 1), @r#"
        Finished, 0 replaced, 0 s lost, $2.301111
        miner-01-5abc123def-0-test1 gone after Some(450) s []
        miner-01-5abc123def-1-test1 completed after Some(378) s []
        6/6 in 20 s | round1-miner/r1/b0x4:Some(10)  | round1-miner/r1/b1x2:Some(79) gone | round1-miner/r1/b2x2:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":6,"failed_prompts":0,"generation_time":20.6}],"reason":null}
        "#);
}

#[test]
fn never_ready() {
    assert_snapshot!(story(plan(2, 1), |_| Conduct::with(Trouble::ExitsEarly, 0)), @r#"
        NeverReady, 0 replaced, 0 s lost, $0.376112
        miner-01-5abc123def-0-test1 exited after Some(67) s ["Traceback"]
        miner-01-5abc123def-1-test1 exited after Some(67) s ["Traceback"]
        0/0 in 0 s | 
        {"outcome":"rejected","repeats":[],"reason":"Failed to deploy a docker image"}
        "#);
    assert_snapshot!(story(plan(2, 1), |_| Conduct::with(Trouble::NeverReady, 0)), @r#"
        NeverReady, 0 replaced, 0 s lost, $70.376116
        miner-01-5abc123def-0-test1 warm_up_timeout after Some(12667) s ["Traceback"]
        miner-01-5abc123def-1-test1 warm_up_timeout after Some(12667) s ["Traceback"]
        0/0 in 0 s | 
        {"outcome":"rejected","repeats":[],"reason":"Failed to deploy a docker image"}
        "#);
}

#[test]
fn replacements_run_out() {
    assert_snapshot!(story(plan(6, 1), |_| Conduct::with(Trouble::BadZip, 0)), @r#"
        Finished, 1 replaced, 0 s lost, $2.129445
        miner-01-5abc123def-0-test1 download_failed after Some(388) s ["Traceback"]
        miner-01-5abc123def-1-test1 completed after Some(378) s []
        6/6 in 30 s | round1-miner/r1/b0x4:Some(10)  | round1-miner/r1/b1x2:Some(10) download_failed | round1-miner/r1/b2x2:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":6,"failed_prompts":0,"generation_time":30.9}],"reason":null}
        "#);
}

#[test]
fn deployments() {
    let of = |deploys: Deploys| {
        story(plan(2, 1), move |pod| {
            if pod == 0 { Conduct { deploys, ..Conduct::default() } } else { Conduct::default() }
        })
    };
    assert_snapshot!(of(Deploys::Capacity), @r#"
        Finished, 0 replaced, 0 s lost, $1.050278
        miner-01-5abc123def-0-test1 not_deployed after None s []
        miner-01-5abc123def-1-test1 completed after Some(378) s []
        2/2 in 10 s | round1-miner/r1/b0x2:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":2,"failed_prompts":0,"generation_time":10.3}],"reason":null}
        "#);
    // The pod that was made all the same is the one that is used.
    assert_snapshot!(of(Deploys::Unclear), @r#"
        Finished, 0 replaced, 0 s lost, $1.050278
        miner-01-5abc123def-0-test1 completed after Some(378) s []
        2/2 in 10 s | round1-miner/r1/b0x2:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":2,"failed_prompts":0,"generation_time":10.3}],"reason":null}
        "#);
    assert_snapshot!(of(Deploys::Never), @r#"
        Unavailable { reason: "no provider is left" }, 0 replaced, 0 s lost, $0.000000
        miner-01-5abc123def-0-test1 not_deployed after None s []
        0/0 in 0 s | 
        no report
        "#);
    let mut two = plan(2, 1);
    two.providers.push("other".to_owned());
    let never = |pod| {
        let deploys = if pod == 0 { Deploys::Never } else { Deploys::Fine };
        Conduct { deploys, ..Conduct::default() }
    };
    assert_snapshot!(story(two, never), @r#"
        Finished, 0 replaced, 0 s lost, $1.050556
        miner-01-5abc123def-0-test1 not_deployed after None s []
        miner-01-5abc123def-1-test1 completed after Some(378) s []
        2/2 in 10 s | round1-miner/r1/b0x2:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":2,"failed_prompts":0,"generation_time":10.3}],"reason":null}
        "#);
}

/// A service that goes by the set of stems would give its old results for the second repeat.
#[test]
fn repeats_are_made_anew_without_identities() {
    let old = |_| Conduct { knows_identity: false, ..Conduct::default() };
    assert_snapshot!(story(plan(4, 2), old), @r#"
        Finished, 0 replaced, 0 s lost, $1.107500
        miner-01-5abc123def-0-test1 completed after Some(398) s []
        4/4 in 10 s | round1-miner/r1/b0x4:Some(10) 
        4/4 in 20 s | round1-miner/r2/b1x2:Some(10)  | round1-miner/r2/b2x2:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":4,"failed_prompts":0,"generation_time":10.3},{"repeat_index":2,"generated_prompts":4,"failed_prompts":0,"generation_time":20.6}],"reason":null}
        "#);
    assert_snapshot!(story(plan(1, 2), old), @r#"
        Finished, 0 replaced, 0 s lost, $2.100556
        miner-01-5abc123def-0-test1 fresh after Some(378) s []
        miner-01-5abc123def-1-test1 completed after Some(378) s []
        1/1 in 10 s | round1-miner/r1/b0x1:Some(10) fresh
        1/1 in 10 s | round1-miner/r2/b1x1:Some(10) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":1,"failed_prompts":0,"generation_time":10.3},{"repeat_index":2,"generated_prompts":1,"failed_prompts":0,"generation_time":10.3}],"reason":null}
        "#);
}

/// Stopped half-way, another session goes on where it was, with what was used.
#[test]
fn another_session_goes_on() {
    let mut world = World::new(plan(6, 2), |pod| {
        if pod == 0 { Conduct::with(Trouble::BadZip, 1) } else { Conduct::default() }
    });
    world.observe(Observation::Began);
    world.run_until(|world| world.session.repeats()[1].rows.len() == 4);
    world.observe(Observation::Stop { reason: "enough".to_owned() });
    world.run();
    let before = world.session.done();
    let again = Plan { before: before.clone(), ..plan(6, 2) };
    assert_snapshot!(story(again, |_| Conduct::default()), @"");
    let mut all = before;
    all.repeats[1].0 = all.repeats[0].0.clone();
    let again = Plan { before: all, ..plan(6, 2) };
    let mut world = World::new(again, |_| Conduct::default());
    world.run();
    assert_eq!((world.made, world.session.outcome()), (0, Some(&Outcome::Finished)));
}

/// What cannot be deleted is named.
#[test]
fn orphans_are_named() {
    let mut world = World::new(plan(6, 1), |_| Conduct::default());
    world.dark = world.now + 365 * S..u64::MAX;
    world.run();
    check(&mut world);
    assert_snapshot!(format!("{:?}", world.session.orphans()), @"");
}

/// Neither the provider nor the pod answers for half an hour: nobody's time, nobody's fault.
#[test]
fn an_outage_counts_for_nobody() {
    let mut world = World::new(plan(6, 1), |_| Conduct { prompt: 20 * S, ..Conduct::default() });
    let start = world.now;
    world.dark = start + 400 * S..start + 2200 * S;
    world.run();
    assert_snapshot!(told(&mut world), @r#"
        Finished, 0 replaced, 1780 s lost, $6.245556
        miner-01-5abc123def-0-test1 completed after Some(2248) s []
        6/6 in 100 s | round1-miner/r1/b0x4:Some(59)  | round1-miner/r1/b1x2:Some(40) 
        {"outcome":"completed","repeats":[{"repeat_index":1,"generated_prompts":6,"failed_prompts":0,"generation_time":100.2}],"reason":null}
        "#);
    let mut world = World::new(plan(6, 1), |_| Conduct { prompt: 20 * S, ..Conduct::default() });
    world.dark = start + 400 * S..start + 9000 * S;
    world.run();
    assert_snapshot!(told(&mut world), @r#"
        Unavailable { reason: "neither provider nor pod answered, or results could not be kept" }, 0 replaced, 0 s lost, $15.439167
        miner-01-5abc123def-0-test1 stopped after None s []
        0/0 in 59 s | round1-miner/r1/b0x4:Some(59) 
        no report
        "#);
}

#[test]
fn the_time_of_a_repeat_is_watched_live() {
    let slow = |_| Conduct { prompt: 500 * S, ..Conduct::default() };
    assert_snapshot!(story(plan(40, 1), slow), @r#"
        Lost, 0 replaced, 0 s lost, $21.021669
        miner-01-5abc123def-0-test1 decided after Some(7567) s []
        12/12 in 7200 s | round1-miner/r1/b0x4:Some(2000)  | round1-miner/r1/b1x4:Some(2000)  | round1-miner/r1/b2x4:Some(2000)  | round1-miner/r1/b3x4:Some(1199) 
        {"outcome":"rejected","repeats":[{"repeat_index":1,"generated_prompts":12,"failed_prompts":0,"generation_time":7200.001}],"reason":"Repeat 1: time (7200.0s) exceeds limit (7200.0s)"}
        "#);
}

/// One pod fails after its first batch; what counts differs.
#[test]
fn clocks() {
    let of = |clock: Clock| {
        let mut plan = plan(8, 1);
        plan.limits.clock = clock;
        let mut world = World::new(plan, |pod| {
            let trouble = (pod == 0).then_some((1, Trouble::Hangs));
            Conduct { prompt: 30 * S, trouble, ..Conduct::default() }
        });
        world.run();
        check(&mut world);
        world.session.repeats()[0].spent / S
    };
    assert_snapshot!(format!("{} {} {}", of(Clock::FinishedBatches), of(Clock::Batches), of(Clock::Wall)), @"240 3840 4201");
}

#[test]
fn stopped_at_any_line() {
    let whole = {
        let mut world = World::new(plan(6, 2), |_| Conduct::default());
        world.run();
        world.lines
    };
    for line in 1..whole {
        let mut world = World::new(plan(6, 2), |_| Conduct::default());
        world.observe(Observation::Began);
        world.run_until(|world| world.lines >= line);
        let was_clear = world.session.outcome().is_some();
        world.observe(Observation::Stop { reason: "round stage change".to_owned() });
        world.run();
        check(&mut world);
        let outcome = world.session.outcome().expect("it is over");
        assert_eq!(matches!(outcome, Outcome::Stopped { .. }), !was_clear, "line {line}");
        assert_eq!(world.session.replacements_used(), 0);
    }
}

#[test]
fn cost_is_capped() {
    let mut plan = plan(40, 1);
    plan.limits.cost = Some(pod::wire::Usd::from_dollars(5.0));
    assert_snapshot!(story(plan, |_| Conduct { prompt: 60 * S, ..Conduct::default() }), @r#"
        Stopped { reason: "the pods cost too much" }, 0 replaced, 0 s lost, $5.021111
        miner-01-5abc123def-0-test1 stopped after Some(1807) s []
        20/20 in 1439 s | round1-miner/r1/b0x4:Some(240)  | round1-miner/r1/b1x4:Some(240)  | round1-miner/r1/b2x4:Some(240)  | round1-miner/r1/b3x4:Some(240)  | round1-miner/r1/b4x4:Some(240)  | round1-miner/r1/b5x4:Some(238) 
        no report
        "#);
}

#[test]
fn statistics_of_pods() {
    let mut world = World::new(plan(6, 2), |pod| {
        if pod == 0 { Conduct::with(Trouble::Replace, 3) } else { Conduct::default() }
    });
    world.run();
    let stats = serde_json::to_string_pretty(&world.session.pod_stats()).expect("JSON");
    assert_snapshot!(stats, @r#"
        {
          "miner-01-5abc123def-0-test1-r1": {
            "pod_id": "miner-01-5abc123def-0-test1",
            "repeat_index": 1,
            "provider": "sim",
            "batch_times": [
              10.3,
              10.3
            ],
            "total_generation_time": 20.6,
            "termination_reason": "completed",
            "payload": null
          },
          "miner-01-5abc123def-0-test1-r2": {
            "pod_id": "miner-01-5abc123def-0-test1",
            "repeat_index": 2,
            "provider": "sim",
            "batch_times": [
              10.3
            ],
            "total_generation_time": 10.3,
            "termination_reason": "requested",
            "payload": null
          },
          "miner-01-5abc123def-1-test1-r2": {
            "pod_id": "miner-01-5abc123def-1-test1",
            "repeat_index": 2,
            "provider": "sim",
            "batch_times": [
              10.3
            ],
            "total_generation_time": 10.3,
            "termination_reason": "completed",
            "payload": null
          }
        }
        "#);
}

#[test]
fn plans_that_are_none() {
    let said = |change: fn(&mut Plan)| {
        let mut plan = plan(2, 1);
        change(&mut plan);
        Session::new(plan).expect_err("no plan").to_string()
    };
    assert_snapshot!(said(|plan| plan.id = "a--b".to_owned()), @r#"session "a--b": 1 to 60 lower-case letters, digits and single hyphens between"#);
    assert_snapshot!(said(|plan| plan.first_pod = "miner-1-x-0-test1".to_owned()), @r#"first pod "miner-1-x-0-test1": not a name of a pod with index 0"#);
    assert_snapshot!(said(|plan| plan.first_pod = "pod-x-1-test1".to_owned()), @r#"first pod "pod-x-1-test1": not a name of a pod with index 0"#);
    assert_snapshot!(said(|plan| plan.providers.clear()), @"no provider");
    assert_snapshot!(said(|plan| plan.repeats = 0), @"no prompts, or not once");
    assert_snapshot!(said(|plan| plan.prompts[0].stem = "A".to_owned()), @r#"stem "A": lower-case letters and digits only"#);
    assert_snapshot!(said(|plan| plan.prompts[0].stem = "p001".to_owned()), @"stem p001: twice");
    assert_snapshot!(said(|plan| plan.limits.batch_size = 100), @"100 prompts in a batch: 1 to 99");
    assert_snapshot!(said(|plan| plan.limits = Limits { poll: 0, ..Limits::default() }), @"pauses of 0 ms between looks");
}
