//! Duels at the same time: calls stay within the budget, and evidence does not depend on who is answered first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use judge::stages::{MultiStage, Settings};
use judge::vlm::{Chat, Reply, Request};
use judge::{Budget, Duel, DuelJudge as _, JudgeError, Pending};

use crate::script::{Album, Asked, Naps, duel, honest, judged, now, parts};

/// Answers after some turns of the runtime, so that calls overtake each other.
#[derive(Debug, Default)]
struct Slow {
    in_flight: AtomicUsize,
    most: AtomicUsize,
    turns: usize,
}

impl Chat for Slow {
    fn ask<'a>(&'a self, request: &'a Request) -> Pending<'a, Result<Reply, JudgeError>> {
        Box::pin(async move {
            let asked = Asked::of(request);
            let many = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(many, Ordering::SeqCst);
            for _ in 0..(asked.label.len() * 7 + asked.pictures[0].len()) % 11 * self.turns {
                tokio::task::yield_now().await;
            }
            self.in_flight.fetch_sub(1, Ordering::SeqCst);
            Ok(Reply { outcome: honest(&asked), latency: Duration::ZERO })
        })
    }
}

fn duels() -> Vec<Duel> {
    let names = [("front-2", "front-5"), ("pale+gray-1", "x"), ("list-1", "list-4"), ("a", "b")];
    let some = names.into_iter().enumerate();
    some.map(|(at, (left, right))| duel(&format!("{at}+{left}"), right)).collect()
}

#[test]
fn calls_stay_within_the_budget_and_order_does_not_matter() {
    let alone = MultiStage::new(Settings::default(), Arc::new(Slow::default()));
    let album = Album::default();
    let expected: Vec<_> = duels()
        .iter()
        .map(|duel| now(judged(&alone, duel, &album, None)).unwrap().evidence.unwrap())
        .collect();
    for (calls, turns) in [(1, 1), (3, 2), (1000, 3)] {
        let chat = Arc::new(Slow { turns, ..Slow::default() });
        let judge = MultiStage::new(Settings::default(), chat.clone());
        let (naps, budget) = (Naps::default(), Budget::new(calls));
        let duels = duels();
        let all =
            join_all(duels.iter().map(|duel| judge.judge(duel, parts(&album, &naps, &budget))));
        let all: Vec<_> =
            now(all).into_iter().map(|verdict| verdict.unwrap().evidence.unwrap()).collect();
        assert_eq!(all, expected);
        let most = chat.most.load(Ordering::SeqCst);
        assert!(most <= calls, "{most} in flight of {calls}");
        assert!(calls == 1 || most > 1, "they do overlap");
    }
}
