//! A match of 128 duels against a judge that answers in 300 ms: one duel at a time, 32 at once, and with sequential stopping.
//!
//! `cargo run --release -p arena --example match` prints seconds, calls, and whether the winners agree.

#![expect(clippy::print_stdout, reason = "figures are printed")]

use std::cell::Cell;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use judge::Description;
use judge::matches::{Gathered, Judged, Plan, Prompt, gather, order_key, report};
use ledger::files::config::Crown;
use ledger::files::duels::{DuelWinner, Side};
use ledger::files::outputs::{AssetKind, Outputs};
use ledger::json::Json;

/// Prompts of a match.
const PROMPTS: usize = 128;

/// Time of a call.
const ANSWER: Duration = Duration::from_millis(300);

/// A match of which the challenger wins so many duels and loses so many; `seed` says which.
fn plan(seed: u32, may_stop: bool) -> Plan {
    let prompt = |n: usize| Prompt {
        stem: format!("p{n}"),
        url: String::new(),
        left: Side::default(),
        right: Side::default(),
    };
    Plan {
        left: "leader".to_owned(),
        right: "challenger".to_owned(),
        kind: AssetKind::Module,
        prompts: (0..PROMPTS).map(prompt).collect(),
        order_key: order_key(seed, &Outputs::default(), &Outputs::default()),
        threshold: 0.05,
        crown: Crown::Margin,
        may_stop,
        confidence: 0.95,
    }
}

/// What the judge says of the prompt at this place of the round's file.
fn answer(place: usize, wins: usize, losses: usize) -> DuelWinner {
    if place < wins {
        DuelWinner::Right
    } else if place < wins + losses {
        DuelWinner::Left
    } else {
        DuelWinner::Draw
    }
}

/// What a match took: seconds, calls, prompts that count, and whether the challenger won.
struct Took {
    time: Duration,
    calls: usize,
    judged: usize,
    won: bool,
}

/// Plays a match with so many calls in flight, each of which takes so long.
async fn play(plan: &Plan, wins: usize, losses: usize, in_flight: usize, time: Duration) -> Took {
    let began = now();
    let calls = Cell::new(0);
    let judge = |at: usize| {
        calls.set(calls.get() + 1);
        async move {
            if !time.is_zero() {
                tokio::time::sleep(time).await;
            }
            Ok(Judged { winner: answer(at, wins, losses), detail: Json::Null })
        }
    };
    match gather::<_, Infallible>(plan, in_flight, judge, || false).await {
        Gathered::Over(stopped, judged) => {
            let description = Description {
                name: "stub".to_owned(),
                version: 1,
                model: None,
                settings: serde_json::Value::Null,
            };
            let won = report(plan, stopped, &judged, &description).margin >= plan.threshold;
            Took { time: began.elapsed(), calls: calls.get(), judged: stopped.judged, won }
        }
        other => unreachable!("{other:?}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "this measures")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("128 prompts, 300 ms a call, win margin 5 %\n");
    let whole = plan(1, false);
    let one = play(&whole, 40, 24, 1, ANSWER).await;
    let many = play(&whole, 40, 24, 32, ANSWER).await;
    println!("one call at a time   {:6.1} s, {} calls", one.time.as_secs_f64(), one.calls);
    println!(
        "32 calls in flight   {:6.1} s, {} calls: {:.1} times as fast\n",
        many.time.as_secs_f64(),
        many.calls,
        one.time.as_secs_f64() / many.time.as_secs_f64(),
    );
    println!("sequential stopping at 95 %, mean of 200 orders of the prompts:");
    println!("wins losses margin | calls, 1 in flight | 8 | 32 | prompts that count | same winner");
    for (wins, losses) in
        [(100, 10), (64, 20), (45, 15), (30, 10), (30, 20), (26, 20), (26, 19), (20, 40), (5, 60)]
    {
        let mut calls = [0_usize; 3];
        let (mut judged, mut same) = (0, 0);
        for seed in 0..200 {
            for (sum, in_flight) in calls.iter_mut().zip([1, 8, 32]) {
                let took = play(&plan(seed, true), wins, losses, in_flight, Duration::ZERO).await;
                *sum += took.calls;
                if in_flight == 1 {
                    let truth = play(&plan(seed, false), wins, losses, 1, Duration::ZERO).await;
                    judged += took.judged;
                    same += usize::from(took.won == truth.won);
                }
            }
        }
        let share = |sum: usize| 100.0 * sum as f64 / (200 * PROMPTS) as f64;
        println!(
            "{wins:4} {losses:6} {:+6.1}% | {:17.0}% | {:.0}% | {:.0}% | {:17.0}% | {same} of 200",
            100.0 * (wins as f64 - losses as f64) / PROMPTS as f64,
            share(calls[0]),
            share(calls[1]),
            share(calls[2]),
            share(judged),
        );
    }
}
