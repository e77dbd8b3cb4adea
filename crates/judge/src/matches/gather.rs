//! Duels of a match, several at once, until the match is decided.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::{Judged, Plan, Stopped};

/// How the duels of a match came out.
#[derive(Debug)]
pub enum Gathered<E> {
    /// The match is decided: where it ended, and all that was judged up to there at least, in its order.
    Over(Stopped, Vec<Judged>),
    /// A duel failed. Those under way with it were waited for.
    Failed(E),
    /// It was told to break off. Those under way were waited for.
    BrokenOff,
}

/// Of so many places at once one is always used, however near the end of the match seems.
const ALWAYS_USED: usize = 8;

/// Judges a match, `at_once` duels at a time at most, and fewer where the match may end before them. `judge` gets the place of a
/// prompt in the plan; `break_off` is asked before each duel. What comes out is the same for any number at once.
pub async fn gather<F, E>(
    plan: &Plan,
    at_once: usize,
    judge: impl Fn(usize) -> F,
    mut break_off: impl FnMut() -> bool,
) -> Gathered<E>
where
    F: Future<Output = Result<Judged, E>>,
{
    let order = plan.order();
    let mut outcomes: Vec<Option<Judged>> = vec![None; order.len()];
    let mut winners = vec![None; order.len()];
    let mut running = FuturesUnordered::new();
    let mut waiting = order.into_iter().enumerate().peekable();
    let (mut failure, mut is_over) = (None, false);
    loop {
        if failure.is_none()
            && let Some(stopped) = plan.stopped(&winners)
        {
            let judged = outcomes.into_iter().map_while(|outcome| outcome).collect();
            return Gathered::Over(stopped, judged);
        }
        let judged = winners.iter().take_while(|winner| winner.is_some()).count();
        let worth = plan.likely_end(&winners).max(judged + at_once.div_ceil(ALWAYS_USED).max(1));
        while failure.is_none()
            && running.len() < at_once.max(1)
            && waiting.peek().is_some_and(|(place, _)| *place < worth)
        {
            if is_over || break_off() {
                is_over = true;
                break;
            }
            let Some((place, prompt)) = waiting.next() else { break };
            let duel = judge(prompt);
            running.push(async move { (place, duel.await) });
        }
        match running.next().await {
            Some((place, Ok(outcome))) => {
                winners[place] = Some(outcome.winner);
                outcomes[place] = Some(outcome);
            }
            // Those under way may still end well, and what they rest on is kept then.
            Some((_, Err(error))) => failure = failure.or(Some(error)),
            None => match failure {
                _ if is_over => return Gathered::BrokenOff,
                Some(error) => return Gathered::Failed(error),
                // Every duel has an outcome, so the match was decided above.
                None => unreachable!("a match without open duels is decided"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::convert::Infallible;
    use std::future::poll_fn;
    use std::task::Poll;

    use ledger::files::config::Crown;
    use ledger::files::duels::{DuelWinner, Side};
    use ledger::files::outputs::AssetKind;
    use ledger::json::Json;
    use proptest::prelude::*;

    use super::*;
    use crate::matches::Prompt;

    fn plan(prompts: usize, may_stop: bool, crown: Crown) -> Plan {
        let prompt = |n| Prompt {
            stem: format!("p{n}"),
            url: String::new(),
            left: Side::default(),
            right: Side::default(),
        };
        Plan {
            left: "leader".to_owned(),
            right: "A".to_owned(),
            kind: AssetKind::Module,
            prompts: (0..prompts).map(prompt).collect(),
            order_key: [7; 32],
            threshold: 0.05,
            crown,
            may_stop,
            confidence: 0.9,
        }
    }

    /// Runs a future that never waits for anything but other turns.
    fn run<T>(future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        for _ in 0..1_000_000 {
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return value;
            }
        }
        panic!("it does not end");
    }

    /// Waits for so many turns.
    async fn turns(mut left: u8) {
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    fn judged(winner: DuelWinner) -> Judged {
        Judged { winner, detail: Json::Null }
    }

    fn any_winner() -> impl Strategy<Value = DuelWinner> {
        prop::sample::select(vec![DuelWinner::Left, DuelWinner::Draw, DuelWinner::Right])
    }

    proptest! {
        /// However many run at once, and whichever ends first.
        #[test]
        fn the_end_does_not_depend_on_how_many_run_at_once(
            duels in prop::collection::vec((any_winner(), 0..9_u8), 1..60),
            at_once in 1..70_usize,
            may_stop: bool,
            crown in prop::sample::select(vec![Crown::Margin, Crown::Interval]),
        ) {
            let plan = plan(duels.len(), may_stop, crown);
            let outcome = |at_once, slow: bool| {
                let most = Cell::new(0);
                let open = RefCell::new(0);
                let judge = |at: usize| {
                    *open.borrow_mut() += 1;
                    most.set(most.get().max(*open.borrow()));
                    let ((winner, turns_left), open) = (duels[at], &open);
                    async move {
                        turns(if slow { turns_left } else { 0 }).await;
                        *open.borrow_mut() -= 1;
                        Ok::<_, Infallible>(judged(winner))
                    }
                };
                let gathered = run(gather(&plan, at_once, judge, || false));
                let Gathered::Over(stopped, all) = gathered else { panic!("{gathered:?}") };
                (stopped, all[..stopped.judged].to_vec(), most.get())
            };
            let (stopped, all, _) = outcome(1, false);
            let (also_stopped, also_all, most) = outcome(at_once, true);
            prop_assert_eq!(stopped, also_stopped);
            prop_assert_eq!(all, also_all);
            prop_assert!(most <= at_once);
            prop_assert!(may_stop || stopped.judged == duels.len());
        }
    }

    #[test]
    fn after_a_failure_no_duel_begins_and_those_under_way_end() {
        let plan = plan(20, false, Crown::Margin);
        let (begun, ended) = (Cell::new(0), Cell::new(0));
        let judge = |_: usize| {
            begun.set(begun.get() + 1);
            let number = begun.get();
            let ended = &ended;
            async move {
                turns(if number == 2 { 0 } else { 5 }).await;
                ended.set(ended.get() + 1);
                if number == 2 { Err("down") } else { Ok(judged(DuelWinner::Draw)) }
            }
        };
        let gathered = run(gather(&plan, 4, judge, || false));
        assert!(matches!(gathered, Gathered::Failed("down")));
        assert_eq!((begun.get(), ended.get()), (4, 4));
    }

    #[test]
    fn it_breaks_off_between_duels() {
        let plan = plan(20, false, Crown::Margin);
        let begun = Cell::new(0);
        let judge = |_: usize| {
            begun.set(begun.get() + 1);
            async { Ok::<_, Infallible>(judged(DuelWinner::Draw)) }
        };
        let gathered = run(gather(&plan, 2, judge, || begun.get() == 7));
        assert!(matches!(gathered, Gathered::BrokenOff));
        assert_eq!(begun.get(), 7);
    }

    #[test]
    fn no_prompts_are_no_trouble() {
        let judge = |_: usize| async { Ok::<_, Infallible>(judged(DuelWinner::Draw)) };
        let gathered = run(gather(&plan(0, true, Crown::Margin), 4, judge, || false));
        assert!(matches!(gathered, Gathered::Over(Stopped { judged: 0, why: None }, _)));
    }
}
